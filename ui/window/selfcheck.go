package window

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"counterfoil/app/locale"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/ui/viewmodel"
)

// selfCheck walks the ladder for the wizard.
type selfCheck struct {
	d     *desk.Desk
	words *locale.Catalog
	look  func(ctx context.Context, progress func(probe.Check), only ...string) probe.Report
}

func newSelfCheck(d *desk.Desk, words *locale.Catalog) *selfCheck {
	return &selfCheck{d, words, func(ctx context.Context, progress func(probe.Check), only ...string) probe.Report {
		return d.SelfCheck(ctx, "", 15*time.Second, progress, only...)
	}}
}

func convert(c probe.Check) viewmodel.Check {
	out := viewmodel.Check{ID: c.ID, Title: both(c.Title), Took: time.Duration(c.MS) * time.Millisecond}
	switch c.State {
	case probe.Running:
		out.State = viewmodel.CheckRunning
	case probe.Good:
		out.State = viewmodel.CheckGood
	case probe.Bad:
		out.State = viewmodel.CheckBad
	case probe.Skipped:
		out.State = viewmodel.CheckSkipped
	}
	return out
}

// Run walks all checks.
func (s *selfCheck) Run(ctx context.Context, progress func(viewmodel.Check)) viewmodel.Finding {
	r := s.look(ctx, func(c probe.Check) { progress(convert(c)) })
	s.d.Found(r)
	out := viewmodel.Finding{Proven: r.Confidence == fault.Proven, Names: desk.Personal(s.d.Dir, s.d.URL())}
	out.CheckID = telling(r)
	for _, e := range r.Evidence() {
		text := fmt.Sprintf("%s: %s (%d ms)", e.Probe, e.Result, e.MS)
		out.Evidence = append(out.Evidence, viewmodel.Bilingual{ZH: text, EN: text})
	}
	if r.Fault == fault.OK {
		return viewmodel.Finding{}
	}
	out.Fault = string(r.Fault)
	row, ok := fault.Lookup(r.Fault)
	if !ok {
		out.Title, out.Sentence = said(s.words, "wizard.unknown"), said(s.words, "wizard.unknown.more")
		out.Who = viewmodel.WhoIT
		return out
	}
	out.Title, out.Who, out.Minutes = both(row.Title), string(row.Who), 1
	out.Sentence = viewmodel.Bilingual{ZH: row.Say("zh", r.Values), EN: row.Say("en", r.Values)}
	for _, st := range row.Steps {
		w := viewmodel.WizardStep{Text: both(st.Text)}
		if hasButton(st.Action) {
			w.Button, w.Action = said(s.words, "wizard.action."+st.Action), st.Action
		}
		out.Steps = append(out.Steps, w)
	}
	return out
}

// telling is the check that tells whether what was found is over: one that the row
// names, else the first that is bad.
func telling(r probe.Report) string {
	row, _ := fault.Lookup(r.Fault)
	first := ""
	for _, c := range r.Checks {
		if c.State != probe.Bad {
			continue
		}
		if slices.Contains(row.Recheck, c.ID) {
			return c.ID
		}
		first = cmp.Or(first, c.ID)
	}
	return first
}

// Recheck does one check again, and those that it needs.
func (s *selfCheck) Recheck(ctx context.Context, id string) viewmodel.Check {
	for _, c := range s.look(ctx, nil, id).Checks {
		if c.ID == id {
			return convert(c)
		}
	}
	return viewmodel.Check{ID: id}
}
