package probe

import "counterfoil/sync/fault"

// Selfcheck is the report for scripts.
type Selfcheck struct {
	Verdict    fault.ID         `json:"verdict"`
	Name       string           `json:"name"`
	Layer      fault.Layer      `json:"layer"`
	Confidence fault.Confidence `json:"confidence"`
	Who        fault.Who        `json:"who"`
	Title      string           `json:"title"`
	Steps      []string         `json:"steps"`
	Evidence   []fault.Evidence `json:"evidence"`
	Suppressed []fault.ID       `json:"suppressed"`
	MS         int64            `json:"ms"`
}

// SelfcheckJSON converts a report.
func SelfcheckJSON(r Report) Selfcheck {
	out := Selfcheck{
		Verdict: r.Finding.Fault, Name: string(r.Finding.Fault), Confidence: r.Finding.Confidence, Who: fault.App,
		Steps: []string{}, Evidence: r.Finding.Evidence, Suppressed: r.Finding.Suppressed, MS: r.Took.Milliseconds(),
	}
	if f, ok := fault.Lookup(r.Finding.Fault); ok {
		out.Name, out.Layer, out.Who, out.Title = f.Name, f.Layer, f.Who, f.Title.EN
		for _, s := range f.Steps {
			out.Steps = append(out.Steps, s.Text.EN)
		}
	} else if r.Finding.Fault == fault.OK {
		out.Title = "everything works"
	} else {
		out.Title = "no certain cause was found"
	}
	if out.Evidence == nil {
		out.Evidence = []fault.Evidence{}
	}
	if out.Suppressed == nil {
		out.Suppressed = []fault.ID{}
	}
	return out
}
