//go:build !race

package window

import (
	"context"
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/locale"
	"counterfoil/localdb"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
)

// atHome gives the test's user a home of its own and returns where data are moved to.
func atHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	t.Setenv("AppData", filepath.Join(home, ".config"))
	return filepath.Join(desk.Home(), "counterfoil")
}

// The wizard's step moves the data with what is being typed; the window goes on in the
// new folder, and back from the list of what is in force.
func TestMoveFromTheWizard(t *testing.T) {
	own := atHome(t)
	folder := filepath.Join(t.TempDir(), "OneDrive", "desk")
	r := newRig(t, Options{Folder: desk.Folder{Dir: folder}})
	r.w.newInvoice()
	r.w.Editor.Set("buyer.name", "苏州明远精密机械有限公司")
	r.w.d.Found(r.w.d.SelfCheck(t.Context(), "", lookLimit, nil, "data"))
	if err := r.w.acts.Do(cureAction + string(cure.MoveData)); err != nil {
		t.Fatal(err)
	}
	r.turned("the new folder")
	found := func() int {
		p, err := r.now.d.Store.List(t.Context(), books.Filter{Search: "明远精密"}, books.Order{}, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Rows)
	}
	if r.now.d.Dir != own || found() != 1 || desk.Settled(desk.Home(), folder) != own {
		t.Fatalf("in %s are %d, remembered is %s", r.now.d.Dir, found(), desk.Settled(desk.Home(), folder))
	}
	in := r.w.facts.Facts().Workarounds
	if len(in) != 1 || in[0].Key != string(cure.MoveData) {
		t.Fatalf("%+v", in)
	}
	r.w.facts.TakeBack(in[0].Key)
	r.turned("the old folder")
	if r.now.d.Dir != folder || found() != 1 || len(r.w.facts.Facts().Workarounds) != 0 {
		t.Fatalf("in %s are %d", r.now.d.Dir, found())
	}
}

// A desk that cannot write its folder is moved from the window that says so.
func TestFailureMoves(t *testing.T) {
	own := atHome(t)
	test.NewApp()
	ctx := context.Background()
	o := Options{Folder: desk.Folder{Dir: t.TempDir()}, Keyring: "memory", Version: "test"}
	s, err := openSession(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	v := sample()
	v.ID, v.Reference = "", ""
	if _, _, err := s.d.Books.Draft(ctx, v); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	l := make(loop, 16)
	f := newFailure(o, words, errors.New("read-only"), func(g func()) { l <- g })
	started, ended := false, false
	f.start, f.end = func() error { started = true; return nil }, func() { ended = true }
	f.content(color.Black)
	f.say(probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: readOnly(t)}}})
	if !f.restore.Visible() || f.place != own {
		t.Fatal("no move is offered:", f.place)
	}
	test.Tap(f.restore)
	if _, err := os.Stat(own); err == nil || !f.asked {
		t.Fatal("a preview moved")
	}
	test.Tap(f.restore)
	l.until(t, "the move", func() bool { return ended })
	if !started {
		t.Error("the program is not started again")
	}
	o.Dir = desk.Settled(desk.Home(), o.Dir)
	if s, err = openSession(ctx, o); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if c, err := s.d.Store.Counts(ctx, books.Filter{}); err != nil || c.All != 1 || o.Dir != own {
		t.Errorf("%s %+v %v", o.Dir, c, err)
	}
}

// readOnly is the fault of a folder that cannot be written.
func readOnly(t *testing.T) fault.ID {
	t.Helper()
	o := fault.OfError(localdb.ErrReadOnly)
	o.Kind, o.Code = "store", "localdb_read_only"
	return fault.Judge(fault.SetOf(o)).Fault
}
