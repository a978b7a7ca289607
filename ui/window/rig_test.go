package window

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"counterfoil/sync/probe"
	"counterfoil/ui/look"
	"counterfoil/ui/xwidget"
)

// rig is the program's window on Fyne's test driver. That driver runs fyne.Do on
// the caller's goroutine, so the rig has a dispatcher of its own: a queue that the
// test's goroutine drains. With the race detector a call that goes past it is seen.
type rig struct {
	*program
	t     *testing.T
	w     *window
	queue chan func()
	found atomic.Pointer[probe.Report] // what the self-check finds
	ran   atomic.Int32                 // programs of the system that were to be started
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	r := &rig{t: t, queue: make(chan func(), 10_000)}
	o.Keyring, o.Language, o.Theme = "memory", "zh", "light"
	app := test.NewTempApp(t)
	app.Settings().SetTheme(look.Theme{Choice: "light"})
	s, err := openSession(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.program = newProgram(t.Context(), app, func(f func()) { r.queue <- f })
	<-r.fonts // the renderers of the test before expire meanwhile; the program has none yet
	r.show(s)
	r.shown()
	t.Cleanup(func() {
		r.now.end()
		if err := r.end(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// shown waits for the pages of the session shown, and holds what it would do outside.
func (r *rig) shown() {
	r.t.Helper()
	r.w = r.now
	r.w.acts.start = func(string, ...string) error {
		if r.ran.Add(1)%2 == 0 {
			return errors.New("there is no such program")
		}
		return nil
	}
	r.win.Canvas().Capture() // the first frame
	r.until("the pages", func() bool { return r.w.shell != nil })
}

// until runs what was posted until ok; it fails after half a minute.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case f := <-r.queue:
			f()
		case <-limit:
			r.t.Fatalf("%s never came; the page is %s, the wizard %q", what, r.w.shell.Current(), r.w.Wizard.Stage())
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
