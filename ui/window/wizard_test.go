package window

import (
	"context"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"

	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// check opens the wizard on a fault and goes to one of its steps.
func (r *rig) check(f fault.Fault, step int) []*xwidget.Button {
	r.t.Helper()
	r.found.Store(&probe.Report{
		Verdict: fault.Verdict{Finding: fault.Finding{Fault: f.ID, Confidence: fault.Likely}},
		Checks:  []probe.Check{{ID: "server", Title: fault.Text{ZH: "发票服务器", EN: "Invoice server"}, State: probe.Bad, MS: 3}},
	})
	r.w.selfCheck()
	r.until("the finding of "+string(f.ID), func() bool {
		s := r.w.Wizard.Stage()
		return r.w.Wizard.Finding().Fault == string(f.ID) && (s == viewmodel.StageFinding || s == viewmodel.StageHanded)
	})
	for i := range step {
		r.w.Wizard.Done(i)
	}
	r.until("the last recheck", func() bool { return !r.w.Wizard.Rechecking() })
	return buttons(r.win.Canvas().Content())
}

// Every button that the wizard can show, of every fault of the catalogue at every
// step, is pressed; what it does comes back on the window's goroutine alone.
func TestEveryWizardButton(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	r.w.check.look = func(_ context.Context, progress func(probe.Check), _ ...string) probe.Report {
		f := *r.found.Load()
		for _, c := range f.Checks {
			if progress != nil {
				progress(c)
			}
		}
		return f
	}
	pressed, actions := 0, map[string]bool{}
	for _, f := range fault.All() {
		r.check(f, 0)
		steps := r.w.Wizard.Steps()
		for step := range max(1, len(steps)) {
			all := r.check(f, step)
			for i, n := 0, len(all); i < n; i++ {
				if all = r.check(f, step); len(all) != n {
					t.Fatalf("%s: step %d showed %d buttons, then %d", f.ID, step, n, len(all))
				}
				own := len(steps) > step && steps[step].Action != "" && all[i].Text == steps[step].Button.In(r.w.words)
				if step > 0 && !own {
					continue // the page's buttons were pressed at the first step
				}
				test.Tap(all[i])
				pressed++
				if own {
					actions[steps[step].Action] = true
				}
				r.until("the end of "+all[i].Text, func() bool { return !r.w.Wizard.Acting() })
			}
		}
	}
	all := slices.Clone(stepActions)
	for _, a := range stepActions {
		if !actions[a] && slices.ContainsFunc(fault.All(), func(f fault.Fault) bool {
			return f.Who == fault.You && slices.ContainsFunc(f.Steps, func(st fault.Step) bool { return st.Action == a })
		}) {
			t.Errorf("the button of %s was never pressed", a)
		}
	}
	for _, n := range cure.Names() {
		all = append(all, cureAction+string(n))
	}
	for _, a := range all {
		if key := "wizard.action." + a; r.w.words.T(key) == key {
			t.Errorf("%s has no words", a)
		}
	}
	t.Logf("%d presses", pressed)
}
