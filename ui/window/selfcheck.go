package window

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"counterfoil/app/locale"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/ui/viewmodel"
)

// selfCheck walks the ladder for the wizard.
type selfCheck struct {
	d     *desk.Desk
	words *locale.Catalog
	look  func(ctx context.Context, progress func(probe.Check), only ...string) probe.Report
	last  atomic.Pointer[probe.Report] // of all checks; nil: there was none
}

func newSelfCheck(d *desk.Desk, words *locale.Catalog) *selfCheck {
	return &selfCheck{d: d, words: words, look: func(ctx context.Context, progress func(probe.Check), only ...string) probe.Report {
		return d.SelfCheck(ctx, "", 15*time.Second, progress, only...)
	}}
}

func convert(c probe.Check) viewmodel.Check {
	out := viewmodel.Check{ID: c.ID, Title: both(c.Title), Layer: string(c.Layer), Took: time.Duration(c.MS) * time.Millisecond}
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
	s.last.Store(&r)
	s.d.Found(r)
	if r.Fault == fault.OK {
		return viewmodel.Finding{Around: s.around()}
	}
	out := s.said(r)
	out.Proven = r.Confidence == fault.Proven
	out.Names = desk.Personal(s.d.Dir, s.d.URL())
	for _, e := range r.Evidence() {
		text := fmt.Sprintf("%s (%d ms)", e.Result, e.MS)
		title, plain := titleOf(r, e.Probe), text
		if went(r, e.Probe) { // what was found is said as it was; that all is well, in words
			plain = fmt.Sprintf("%s（%d ms）", s.words.In("zh", "connection.lamp.good"), e.MS)
		}
		out.Evidence = append(out.Evidence, viewmodel.Bilingual{ZH: title.ZH + "：" + plain, EN: title.EN + ": " + text})
	}
	for _, a := range r.Also {
		if row, ok := fault.Lookup(a.Fault); ok {
			out.Also = append(out.Also, viewmodel.Beside{Fault: string(row.ID), Title: both(row.Title), Who: string(row.Who)})
		}
	}
	for _, id := range r.Hidden {
		if row, ok := fault.Lookup(id); ok {
			out.Explained = append(out.Explained, both(row.Title))
		}
	}
	return out
}

// wayRound reports whether the program goes round a fault, and the line works.
func (s *selfCheck) wayRound(id fault.ID) bool {
	return s.d.Monitor().State().Kind == link.Online && slices.ContainsFunc(s.d.Cures(), func(a cure.Active) bool { return a.Fault == id && !a.Trying })
}

// around are the cures in force, as the connection page says them.
func (s *selfCheck) around() (out []viewmodel.Bilingual) {
	for _, a := range s.d.Cures() {
		out = append(out, viewmodel.Bilingual{ZH: a.Text("zh"), EN: a.Text("en")})
	}
	return out
}

// said is what the row of a fault says to the clerk.
func (s *selfCheck) said(r probe.Report) viewmodel.Finding {
	out := viewmodel.Finding{Fault: string(r.Fault)}
	row, ok := fault.Lookup(r.Fault)
	if !ok {
		out.Title, out.Sentence = said(s.words, "wizard.unknown"), said(s.words, "wizard.unknown.more")
		out.Who, out.Report = viewmodel.WhoIT, s.unnamed(r)
		return out
	}
	out.Title, out.Who, out.Minutes = both(row.Title), string(row.Who), row.Minutes
	out.Mild = row.Severity != fault.CannotIssue
	out.Sentence = viewmodel.Bilingual{ZH: row.Say("zh", r.Values), EN: row.Say("en", r.Values)}
	if row.Report.ZH != "" {
		out.Report = viewmodel.Bilingual{ZH: row.Tell("zh", r.Values), EN: row.Tell("en", r.Values)}
	}
	out.Steps = s.steps(r, row)
	return out
}

// unnamed is what IT is told where no cause was found: which checks failed, and how.
func (s *selfCheck) unnamed(r probe.Report) viewmodel.Bilingual {
	out := said(s.words, "wizard.unknown.report")
	for _, c := range r.Checks {
		if c.State == probe.Bad {
			out.ZH += "\n" + c.Title.ZH + "：" + c.Result
			out.EN += "\n" + c.Title.EN + ": " + c.Result
		}
	}
	return out
}

// aroundIt is the step of a cure that no step of the row names.
var aroundIt = fault.Text{ZH: "让程序绕开这个问题", EN: "Let the program work around it"}

// steps are the row's, with what the program can do: a cure that no step names stands
// before them. What the program says it does by itself is not a step.
func (s *selfCheck) steps(r probe.Report, row fault.Fault) []viewmodel.WizardStep {
	offers := s.d.OffersFor(r)
	named := func(o cure.Offer) bool {
		return slices.ContainsFunc(row.Steps, func(st fault.Step) bool { return st.Action == cureAction+string(o.Name) })
	}
	var out []viewmodel.WizardStep
	if i := slices.IndexFunc(offers, func(o cure.Offer) bool { return o.Fault == row.ID && !o.Person }); i >= 0 && !named(offers[i]) {
		out = append(out, s.step(fault.Step{Text: aroundIt, Action: cureAction + string(offers[i].Name)}, offers))
	}
	for _, st := range row.Steps {
		st.ZH, st.EN = fault.Render(st.ZH, r.Values), fault.Render(st.EN, r.Values)
		out = append(out, s.step(st, offers))
	}
	return out
}

func (s *selfCheck) step(st fault.Step, offers []cure.Offer) viewmodel.WizardStep {
	w := viewmodel.WizardStep{Text: both(st.Text), Picture: st.Picture}
	name, isCure := strings.CutPrefix(st.Action, cureAction)
	does := slices.Contains(stepActions, st.Action)
	if isCure {
		i := slices.IndexFunc(offers, func(o cure.Offer) bool { return string(o.Name) == name })
		if i >= 0 {
			w.Detail = preview(offers[i])
		}
		does = i >= 0 || slices.Contains(inSettings, cure.Name(name)) // else it cannot be done here and now
	}
	if does {
		w.Button, w.Action = said(s.words, "wizard.action."+st.Action), st.Action
	}
	if page, ok := strings.CutPrefix(st.Action, "open:"); ok && w.Picture == "" {
		w.Picture = page
	}
	return w
}

// preview is what a cure will change, and its risk.
func preview(o cure.Offer) viewmodel.Bilingual {
	b := viewmodel.Bilingual{ZH: o.Preview("zh"), EN: o.Preview("en")}
	if o.Risk.ZH != "" {
		b.ZH += fault.Render(o.Risk.ZH, o.Values)
		b.EN += " " + fault.Render(o.Risk.EN, o.Values)
	}
	return b
}

// went reports whether a check found all well.
func went(r probe.Report, id string) bool {
	return slices.ContainsFunc(r.Checks, func(c probe.Check) bool { return c.ID == id && c.State == probe.Good })
}

func titleOf(r probe.Report, id string) fault.Text {
	for _, c := range r.Checks {
		if c.ID == id {
			return c.Title
		}
	}
	return fault.Text{ZH: id, EN: id}
}

// Recheck looks again with the observers that a row names and those that they need;
// the whole ladder where it names none.
func (s *selfCheck) Recheck(ctx context.Context, id string) ([]viewmodel.Check, bool) {
	row, _ := fault.Lookup(fault.ID(id))
	r := s.look(ctx, nil, row.Recheck...)
	over := r.Fault != row.ID && !slices.ContainsFunc(r.Also, func(f fault.Finding) bool { return f.Fault == row.ID })
	var out []viewmodel.Check
	if !over && s.wayRound(row.ID) {
		return nil, true // it is there still, and in nobody's way
	}
	for _, c := range r.Checks {
		if len(row.Recheck) == 0 || slices.Contains(row.Recheck, c.ID) {
			out = append(out, convert(c))
			over = over && c.State != probe.Bad
		}
	}
	return out, over
}
