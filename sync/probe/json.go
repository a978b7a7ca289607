package probe

import (
	"fmt"
	"strings"

	"counterfoil/sync/fault"
)

// Evidence is one check's result.
type Evidence struct {
	Probe  string `json:"probe"`
	Result string `json:"result"`
	MS     int64  `json:"ms"`
}

// Evidence lists what the checks found that were made.
func (r Report) Evidence() []Evidence {
	out := []Evidence{}
	for _, c := range r.Checks {
		if c.State == Good || c.State == Bad {
			out = append(out, Evidence{c.ID, c.Result, c.MS})
		}
	}
	return out
}

// Selfcheck is the report for scripts.
type Selfcheck struct {
	Verdict      fault.ID            `json:"verdict"`
	Name         string              `json:"name"`
	Layer        fault.Layer         `json:"layer"`
	Confidence   fault.Confidence    `json:"confidence"`
	Who          fault.Who           `json:"who"`
	Title        string              `json:"title"`
	Sentence     string              `json:"sentence"`
	Report       string              `json:"report,omitempty"` // for who must act
	Cure         string              `json:"cure,omitempty"`   // what cfoil fix would do
	Steps        []string            `json:"steps"`
	Evidence     []Evidence          `json:"evidence"`
	Findings     []fault.Finding     `json:"findings"`        // the verdict and what is beside it
	Also         []fault.ID          `json:"also"`            // independent faults beside it
	Suppressed   []fault.ID          `json:"suppressed"`      // explained by one of them
	Notes        []fault.Finding     `json:"notes,omitempty"` // nothing wrong, worth knowing
	Observations []fault.Observation `json:"observations"`
	MS           int64               `json:"ms"`
}

// SelfcheckJSON converts a report. All that names a host or a person passes masked.
func SelfcheckJSON(r Report, masked func(string) string) Selfcheck {
	out := Selfcheck{
		Verdict: r.Fault, Name: string(r.Fault), Confidence: r.Confidence, Who: fault.App, Title: ending(r.Fault).EN,
		Steps: []string{}, Evidence: r.Evidence(), Also: []fault.ID{}, Suppressed: append([]fault.ID{}, r.Hidden...), MS: r.Took.Milliseconds(),
	}
	if f, ok := fault.Lookup(r.Fault); ok {
		out.Name, out.Layer, out.Who, out.Title = f.Name, f.Layer, f.Who, f.Title.EN
		out.Sentence, out.Report, out.Cure = masked(f.Say("en", r.Values)), masked(f.Tell("en", r.Values)), f.Cure
		for _, s := range f.Steps {
			out.Steps = append(out.Steps, s.EN)
		}
	}
	for _, f := range append([]fault.Finding{r.Finding}, r.Also...) {
		f.Values = maskedValues(f.Values, masked)
		out.Findings = append(out.Findings, f)
	}
	for _, f := range r.Notes {
		f.Values = maskedValues(f.Values, masked)
		out.Notes = append(out.Notes, f)
	}
	for _, f := range r.Also {
		out.Also = append(out.Also, f.Fault)
	}
	for i := range out.Evidence {
		out.Evidence[i].Result = masked(out.Evidence[i].Result)
	}
	for _, o := range r.Observations {
		o.Target, o.Detail, o.Values = masked(o.Target), masked(o.Detail), maskedValues(o.Values, masked)
		out.Observations = append(out.Observations, o)
	}
	return out
}

func maskedValues(values map[string]string, masked func(string) string) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		out[k] = masked(v)
	}
	return out
}

// ending is what is said where no fault is named.
func ending(id fault.ID) fault.Text {
	if id == fault.OK {
		return fault.Text{ZH: "一切正常。", EN: "Everything works."}
	}
	return fault.Text{ZH: "没有找到确定的原因。", EN: "No certain cause was found."}
}

// Text is the report for people in "zh" or "en".
func (r Report) Text(lang string) string {
	f, ok := fault.Lookup(r.Fault)
	if !ok {
		return ending(r.Fault).In(lang)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n%s\n", f.ID, f.Title.In(lang), f.Say(lang, r.Values))
	for i, s := range f.Steps {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, s.In(lang))
	}
	for _, a := range r.Also {
		if f, ok := fault.Lookup(a.Fault); ok {
			fmt.Fprintf(&b, "%s %s  %s\n", fault.Text{ZH: "另外：", EN: "Also:"}.In(lang), f.ID, f.Title.In(lang))
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
