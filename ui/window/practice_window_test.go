//go:build !race

package window

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/sync/practice"
	"counterfoil/ui/xwidget"
)

// Drawing a window with the race detector takes a quarter of a minute; the paths
// of these tests are those of TestPracticeHasItsOwnFolder, which it watches.

// A folder in which the version before practised stays one of practice; leaving
// it moves it beside and begins a real one in its place.
func TestPracticeFolderOfBefore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "desk")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	fill(t, folder, map[string]string{"practice": "on", "server_url": "https://127.0.0.1:1", "first_run_done": "yes"}, true)
	r := newRig(t, Options{Folder: desk.Folder{Dir: folder}})
	if r.w.shell.Band == nil || r.w.server == nil {
		t.Fatal("it is not practised")
	}
	r.w.Leave()
	r.turned("a real folder")
	if r.w.server != nil || r.now.d.Dir != folder || r.w.d.URL() != "" {
		t.Fatalf("%s is not a new real folder: %s", r.now.d.Dir, r.w.d.URL())
	}
	if was := kept(t, folder+"-practice"); was["practice"] != "on" {
		t.Fatal("the practice was not kept beside:", was)
	}
}

// A practice folder that cannot be opened leaves the window where it was.
func TestPracticeThatCannotBeOpened(t *testing.T) {
	real := filepath.Join(t.TempDir(), "desk")
	r := newRig(t, Options{Folder: desk.Folder{Dir: real}})
	other, err := openSession(t.Context(), Options{Folder: desk.Folder{Dir: real + "-practice", Practice: true}, Keyring: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.close() }()
	r.w.FirstRun.Practice()
	r.turned("the real folder again")
	if r.now.d.Dir != real || r.win.Canvas().Overlays().Top() == nil {
		t.Fatal("it does not say why:", r.now.d.Dir)
	}
}

// What is typed when practice is left is on disk, the cell being typed included.
func TestPracticeKeepsWhatIsTyped(t *testing.T) {
	folder := t.TempDir()
	r := newRig(t, Options{Folder: desk.Folder{Dir: folder, Practice: true, Real: filepath.Join(t.TempDir(), "desk")}})
	r.w.newInvoice()
	r.w.Editor.Set("buyer.name", "苏州明远精密机械有限公司")
	r.w.Leave()
	r.turned("the real folder")
	db, err := localdb.Open(context.WithoutCancel(t.Context()), filepath.Join(folder, "counterfoil.db"), localdb.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := db.List(t.Context(), books.Filter{Search: "明远精密"}, books.Order{}, "", 10)
	if err != nil || len(p.Rows) == 0 {
		t.Fatal("the draft is lost:", p, err)
	}
}

// A folder that belongs to a practice server elsewhere says so on every page from
// the first contact on; there is no practice to leave.
func TestPracticeServerElsewhere(t *testing.T) {
	p, err := practice.Start(t.Context(), practice.Config{Dir: t.TempDir(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.WithoutCancel(t.Context())) }()
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir()}})
	if r.w.shell.Band != nil {
		t.Fatal("a new folder practises")
	}
	if err := (keeper{r.w.d}).Trust(t.Context(), p.CAPEM(), p.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	if err := r.w.d.Connect(t.Context(), p.URL(), p.Token()); err != nil {
		t.Fatal(err)
	}
	r.w.d.Engine().Wake()
	r.until("the band", func() bool { return r.w.shell.Band != nil })
	if r.w.shell.Band.Press != nil || !r.w.d.Practising() {
		t.Fatal("there is a practice to leave")
	}
}

// The settings lead into practice as well; the invoices of the real folder stay.
func TestPracticeFromTheSettings(t *testing.T) {
	real := filepath.Join(t.TempDir(), "desk")
	if err := os.MkdirAll(real, 0o700); err != nil {
		t.Fatal(err)
	}
	fill(t, real, map[string]string{"server_url": "https://127.0.0.1:1", "enrolled_url": "https://127.0.0.1:1", "first_run_done": "yes"}, true)
	before := kept(t, real)
	r := newRig(t, Options{Folder: desk.Folder{Dir: real}})
	r.w.shell.Show("settings")
	var in *xwidget.Button
	for _, b := range buttons(r.win.Canvas().Content()) {
		if b.Text == r.w.words.T("firstrun.practice") {
			in = b
		}
	}
	if in == nil {
		t.Fatal("no way into practice")
	}
	test.Tap(in)
	r.turned("practice")
	if !r.w.d.Practising() || r.w.shell.Band == nil {
		t.Fatal("it does not practise")
	}
	r.w.Leave()
	r.turned("the real folder")
	r.until("its draft", func() bool { return len(r.w.Invoices.Rows()) == 1 })
	if r.w.d.URL() != "https://127.0.0.1:1" || r.w.d.Practising() {
		t.Fatal("the real folder was changed:", r.w.d.URL())
	}
	if n := r.w.server; n != nil {
		t.Fatal("the practice server still runs")
	}
	for k, v := range before {
		if now, err := r.w.d.Store.Setting(t.Context(), k); err != nil || now != v {
			t.Errorf("%s was %q and is %q (%v)", k, v, now, err)
		}
	}
}
