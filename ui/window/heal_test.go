package window

import (
	"testing"
	"time"

	"counterfoil/sync/desk"
	"counterfoil/ui/viewmodel"
)

// A fault ends; the self-check that finds the way open, or the switch that ended
// it, brings the pill back to green at once, although the server had asked to be
// left alone for half an hour.
func TestPillTurnsGreenAtOnce(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	e := r.w.d.Engine()
	for _, end := range []string{"self-check", "switch", "send now"} {
		r.until("the line", func() bool { return r.w.facts.Facts().Online })
		if err := r.w.server.Set("H21", true); err != nil {
			t.Fatal(err)
		}
		e.Wake()
		r.until("the refusal", func() bool { return e.LastError() != nil && time.Until(e.NextTry()) > 20*time.Minute })
		r.w.selfCheck()
		r.until("the finding", func() bool {
			s := r.w.Wizard.Stage()
			return s == viewmodel.StageFinding || s == viewmodel.StageHanded
		})
		r.until("the pill", func() bool { return !r.w.facts.Facts().Online })
		switch end {
		case "self-check": // the server comes back by itself; the wizard looks every second
			if err := r.w.server.Set("H21", false); err != nil {
				t.Fatal(err)
			}
		case "switch":
			r.w.Wizard.Stop()
			r.w.shell.Show("practice")
			r.w.Practice.Set(t.Context(), "H21", false)
		case "send now":
			r.w.Wizard.Stop()
			if err := r.w.server.Set("H21", false); err != nil {
				t.Fatal(err)
			}
			r.w.shell.Show("connection")
			r.until("the button", r.w.Connection.CanSend)
			r.w.Connection.Send()
		}
		r.until("a green pill after the "+end, func() bool { return r.w.shell.Pill().State == viewmodel.LampGood })
	}
}

// What the program works around is in nobody's way: the wizard ends by itself, says so,
// and does not ask for what is done already.
func TestWizardEndsWhenWorkedAround(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	for _, id := range []string{"S09", "S24"} {
		r.until("the line", func() bool { return r.w.facts.Facts().Online })
		if err := r.w.server.Set(id, true); err != nil {
			t.Fatal(err)
		}
		r.w.selfCheck()
		r.until("the end of "+id, func() bool {
			s := r.w.Wizard.Stage()
			return s == viewmodel.StageFixed || s == viewmodel.StageHealthy
		})
		if len(r.w.d.Cures()) == 0 || len(r.w.Wizard.Around()) == 0 {
			t.Errorf("%s: in force %v, said %q", id, r.w.d.Cures(), r.w.Wizard.Around())
		}
		r.w.Wizard.Stop()
		if err := r.w.server.Set(id, false); err != nil {
			t.Fatal(err)
		}
	}
}
