package window

import (
	"strings"
	"testing"

	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/ui/viewmodel"
)

// Nobody presses anything: the line breaks, the program looks by itself, and pill,
// page and wizard name the same fault with the same actor; when it is over all of them
// are green.
func TestAllScreensAgree(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	well := func() bool { f := r.w.facts.Facts(); return f.Online && f.Fault == "" }
	all := []string{"S07", "H24", "B04", "S01", "S11", "T01", "H01", "H16", "H21", "B01"}
	if testing.Short() {
		all = all[:3]
	}
	for _, id := range all {
		t.Run(id, func(t *testing.T) {
			r.until("the line", well)
			if err := r.w.server.Set(id, true); err != nil {
				t.Fatal(err)
			}
			row, _ := fault.Lookup(fault.ID(id))
			if row.Beside {
				r.w.selfCheck() // requests work: nothing asks for a look
			}
			r.until("the fault, by itself", func() bool {
				r.w.d.Engine().Wake() // it would try again, but later and later
				return r.w.facts.Facts().Fault == id
			})
			r.w.shell.Show("connection")
			f, d := r.w.facts.Facts(), r.w.d.Diagnosis()
			if f.Who != string(row.Who) || r.w.Connection.Headline() != row.Title.ZH || !strings.HasPrefix(r.w.Connection.Sentence(), row.Say("zh", d.Values)) || strings.ContainsAny(r.w.Connection.Sentence(), "{?") {
				t.Errorf("the page says %q, %q, of %s", r.w.Connection.Headline(), r.w.Connection.Sentence(), f.Who)
			}
			r.until("the pill", func() bool { p := r.w.shell.Pill(); return p.State != viewmodel.LampGood && p.Sub == row.Title.ZH })
			r.w.selfCheck()
			r.until("the wizard", func() bool {
				s := r.w.Wizard.Stage()
				return s == viewmodel.StageFinding || s == viewmodel.StageHanded || s == viewmodel.StageHealthy
			})
			w := r.w.Wizard.Finding()
			if w.Fault != id || w.Who != f.Who || r.w.facts.Facts().Fault != id {
				t.Errorf("the wizard says %s of %s, the page %s", w.Fault, w.Who, r.w.facts.Facts().Fault)
			}
			r.w.Wizard.Stop()
			if err := r.w.server.Set(id, false); err != nil {
				t.Fatal(err)
			}
			r.w.selfCheck()
			r.until("all green", func() bool {
				return r.w.Wizard.Stage() == viewmodel.StageHealthy && well() && r.w.shell.Pill().State == viewmodel.LampGood
			})
			r.w.Wizard.Stop()
		})
	}
}
