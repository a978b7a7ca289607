package main

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// rig is the program's window on Fyne's test driver. That driver runs fyne.Do on
// the caller's goroutine, so the rig has a dispatcher of its own: a queue that the
// test's goroutine drains. With the race detector a call that goes past it is seen.
type rig struct {
	t     *testing.T
	w     *window
	queue chan func()
	found atomic.Pointer[probe.Report] // what the self-check finds
	ran   atomic.Int32                 // programs of the system that were to be started
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, queue: make(chan func(), 10_000)}
	o := options{data: t.TempDir(), keyring: "memory", lang: "zh", theme: "light", practice: true}
	ctx, cancel := context.WithCancel(t.Context())
	d, err := openDesk(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.Theme{Choice: "light"})
	fonts := make(chan struct{})
	close(fonts)
	r.w = newWindow(ctx, app, func(f func()) { r.queue <- f }, d, fonts)
	r.w.acts.start = func(string, ...string) error {
		if r.ran.Add(1)%2 == 0 {
			return errors.New("there is no such program")
		}
		return nil
	}
	r.w.check.look = func(_ context.Context, progress func(probe.Check)) probe.Report {
		f := *r.found.Load()
		for _, c := range f.Checks {
			if progress != nil {
				progress(c)
			}
		}
		return f
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.client.Engine().Run(ctx)
	}()
	r.w.win.Canvas().Capture() // the first frame
	r.until("the pages", func() bool { return r.w.shell != nil })
	t.Cleanup(func() {
		r.w.wizard.Stop()
		r.w.win.Close()
		cancel()
		<-done
		if err := d.close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return r
}

// until runs what was posted until ok; it fails after ten seconds.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	limit := time.After(10 * time.Second)
	for !ok() {
		select {
		case f := <-r.queue:
			f()
		case <-limit:
			r.t.Fatalf("%s never came; the page is %s, the wizard %q", what, r.w.shell.Current(), r.w.wizard.Stage())
		}
	}
}

// buttons are those that are seen below o.
func buttons(o fyne.CanvasObject) (out []*xwidget.Button) {
	if !o.Visible() {
		return nil
	}
	switch o := o.(type) {
	case *xwidget.Button:
		return []*xwidget.Button{o}
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, buttons(c)...)
		}
	case *container.Scroll:
		return buttons(o.Content)
	}
	return out
}

// check opens the wizard on a fault and goes to one of its steps.
func (r *rig) check(f fault.Fault, step int) []*xwidget.Button {
	r.t.Helper()
	r.found.Store(&probe.Report{
		Finding: fault.Finding{Fault: f.ID, Confidence: fault.Likely, Evidence: []fault.Evidence{{Probe: "tried", Result: "failed", MS: 3}}},
		Checks:  []probe.Check{{ID: "server", Title: fault.Text{ZH: "发票服务器", EN: "Invoice server"}, State: probe.Bad, MS: 3}},
	})
	r.w.selfCheck()
	r.until("the finding of "+string(f.ID), func() bool {
		s := r.w.wizard.Stage()
		return r.w.wizard.Finding().Fault == string(f.ID) && (s == viewmodel.StageFinding || s == viewmodel.StageHanded)
	})
	for i := range step {
		r.w.wizard.Done(i)
	}
	r.until("the last recheck", func() bool { return !r.w.wizard.Rechecking() })
	return buttons(r.w.win.Canvas().Content())
}

// Every button that the wizard can show, of every fault of the catalogue at every
// step, is pressed; what it does comes back on the window's goroutine alone.
func TestEveryWizardButton(t *testing.T) {
	r := newRig(t)
	pressed, actions := 0, map[string]bool{}
	for _, f := range fault.All() {
		for step := range max(1, len(f.Steps)) {
			all := r.check(f, step)
			for i, n := 0, len(all); i < n; i++ {
				if all = r.check(f, step); len(all) != n {
					t.Fatalf("%s: step %d showed %d buttons, then %d", f.ID, step, n, len(all))
				}
				own := len(f.Steps) > step && f.Steps[step].Action != "" && all[i].Text == stepButtons[f.Steps[step].Action].ZH
				if step > 0 && !own {
					continue // the page's buttons were pressed at the first step
				}
				test.Tap(all[i])
				pressed++
				if own {
					actions[f.Steps[step].Action] = true
				}
				r.until("the end of "+all[i].Text, func() bool { return !r.w.wizard.Acting() })
			}
		}
	}
	for a := range stepButtons {
		if !actions[a] {
			t.Errorf("the button of %s was never pressed", a)
		}
	}
	t.Logf("%d presses", pressed)
}
