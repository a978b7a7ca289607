package screen

import (
	"context"
	"image/color"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/locale"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
)

// A page that registered itself has what the window shows of it: words in both
// languages, an icon, a place of its own; and it is marked under a page that is there.
func TestPagesAreWhole(t *testing.T) {
	names, places := map[string]bool{}, map[int]string{}
	for _, p := range Pages() {
		if p.Name == "" || p.Open == nil || names[p.Name] {
			t.Errorf("%q registered twice or without what it is", p.Name)
		}
		names[p.Name] = true
		if p.Place == 0 {
			continue
		}
		if other := places[p.Place]; other != "" {
			t.Errorf("%s and %s both stand at %d", p.Name, other, p.Place)
		}
		places[p.Place] = p.Name
		if look.Icon(p.Name, color.Black) == nil {
			t.Errorf("%s has no icon", p.Name)
		}
		for _, lang := range []string{"zh", "en"} {
			words, err := locale.New(lang)
			if err != nil {
				t.Fatal(err)
			}
			if key := "shell." + p.Name; words.T(key) == key {
				t.Errorf("%s has no name in %s", p.Name, lang)
			}
		}
	}
	for _, p := range Pages() {
		if p.Under != "" && !names[p.Under] || p.Under == "" && p.Place == 0 && !p.Bare {
			t.Errorf("%s is reached from no page", p.Name)
		}
	}
	if len(names) < 11 {
		t.Errorf("only %d pages registered", len(names))
	}
}

// asked is a store that tells what a page reads.
type asked struct {
	books.Store
	reads chan document.Type
}

func (a asked) Find(_ context.Context, t document.Type, _ string, _ int) ([]books.Record, error) {
	a.reads <- t
	return nil, nil
}

// A list that is open is read again when sync changed what is in it, and only then.
func TestListsFollowSync(t *testing.T) {
	test.NewTempApp(t)
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Pages() {
		typ, is := map[string]document.Type{"customers": customer.Type, "items": item.Type}[p.Name]
		if !is {
			continue
		}
		store := asked{reads: make(chan document.Type, 9)}
		posted := make(chan func(), 9)
		h := &Host{Setup: viewmodel.Setup{Post: func(f func()) { posted <- f }, Now: time.Now, Words: words}, Store: store}
		c := p.Open(h)()
		c.Synced([]document.Key{{Type: invoice.Type, ID: "1"}})
		c.Synced(nil)
		c.Synced([]document.Key{{Type: invoice.Type, ID: "1"}, {Type: typ, ID: "2"}})
		(<-posted)()
		if n := len(store.reads); n != 1 || <-store.reads != typ {
			t.Errorf("%s was read %d times", p.Name, n)
		}
	}
}
