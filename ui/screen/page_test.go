package screen

import (
	"image/color"
	"testing"

	"counterfoil/app/locale"
	"counterfoil/ui/look"
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
