package window

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/settings"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/ui/viewmodel"

	"github.com/google/uuid"
)

// kept reads what a folder keeps of its connection; the folder must be closed.
func kept(t *testing.T, folder string) map[string]string {
	t.Helper()
	db, err := localdb.Open(t.Context(), filepath.Join(folder, "counterfoil.db"), localdb.Options{Now: time.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	out := map[string]string{}
	for _, name := range []string{"server_url", "enrolled_url", "ca_sha256", "practice"} {
		if out[name], err = db.Setting(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// fill makes a folder with settings and, when asked, a draft.
func fill(t *testing.T, folder string, values map[string]string, draft bool) {
	t.Helper()
	db, err := localdb.Open(t.Context(), filepath.Join(folder, "counterfoil.db"), localdb.Options{Now: time.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for k, v := range values {
		if err := db.SetSetting(t.Context(), k, v); err != nil {
			t.Fatal(err)
		}
	}
	if draft {
		d := &books.Desk{Store: db, Now: time.Now, NewID: uuid.NewString}
		if _, _, err := d.Draft(t.Context(), invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, State: invoice.Draft, Date: "2026-11-24"}); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *rig) turned(what string) {
	r.t.Helper()
	was := r.w
	r.until(what, func() bool { return r.now != was && !r.turning })
	r.shown()
}

// Practice chosen in the first-run guide has a folder of its own: the real one is
// as it was, is what a reopened program shows, and is where leaving leads.
func TestPracticeHasItsOwnFolder(t *testing.T) {
	real := filepath.Join(t.TempDir(), "desk")
	r := newRig(t, Options{Folder: desk.Folder{Dir: real}})
	if r.w.shell.Current() != "firstrun" || r.w.shell.Band != nil {
		t.Fatal("a new folder begins with the guide, without the band:", r.w.shell.Current())
	}
	r.w.FirstRun.Language(settings.English)
	r.w.FirstRun.Practice()
	r.turned("the practice folder")
	if r.w.shell.Band == nil || r.now.d.Dir != real+"-practice" || r.w.words.Language() != "en" {
		t.Fatalf("band %v, folder %s, language %s", r.w.shell.Band, r.now.d.Dir, r.w.words.Language())
	}
	r.until("the first sync", func() bool { return r.w.facts.Facts().Online })

	// Another server is refused in the settings, and nothing is kept of it.
	r.w.Settings.Connect("https://invoices.example.com", "token")
	r.until("the answer", func() bool { return !r.w.Settings.Busy() })
	if want := viewmodel.Sentence(r.w.words, desk.ErrOther); r.w.Settings.Message() != want || r.w.d.URL() != r.w.server.URL() {
		t.Fatalf("%q, %s", r.w.Settings.Message(), r.w.d.URL())
	}

	r.w.shell.Band.Press()
	r.turned("the real folder")
	if r.now.d.Dir != real || r.w.shell.Band != nil || r.w.server != nil || r.w.shell.Current() != "firstrun" {
		t.Fatalf("folder %s, page %s", r.now.d.Dir, r.w.shell.Current())
	}
	r.w.FirstRun.Practice()
	r.turned("the practice folder again")
	for k, v := range kept(t, real) {
		if v != "" {
			t.Errorf("the real folder keeps %s = %q of practice", k, v)
		}
	}
	s, err := openSession(t.Context(), Options{Folder: desk.Folder{Dir: real}, Keyring: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	if s.server != nil {
		t.Fatal("a reopened program practises")
	}
}

// A folder bound to a real server, or with invoices in it, is never practised in.
func TestPracticeRefusesRealFolders(t *testing.T) {
	for name, made := range map[string]struct {
		values map[string]string
		draft  bool
	}{
		"bound":      {map[string]string{"server_url": "https://invoices.example.com"}, false},
		"with draft": {nil, true},
	} {
		folder := t.TempDir()
		fill(t, folder, made.values, made.draft)
		before := kept(t, folder)
		_, err := openSession(t.Context(), Options{Folder: desk.Folder{Dir: folder, Practice: true}, Keyring: "memory"})
		var e *books.Error
		if !errors.As(err, &e) || e.Code != "practice_here" {
			t.Fatalf("%s: %v", name, err)
		}
		if after := kept(t, folder); after["practice"] != "" || after["server_url"] != before["server_url"] {
			t.Fatalf("%s: the folder was changed: %v", name, after)
		}
	}
}
