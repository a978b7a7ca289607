package screen

import (
	"regexp"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/document"
	"counterfoil/app/locale"
	"counterfoil/ui/viewmodel"
)

// Every type that desks write has a page, and every column and field of it a name.
func TestCatalogsAreWhole(t *testing.T) {
	test.NewTempApp(t)
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{Setup: viewmodel.Setup{Post: func(func()) {}, Now: time.Now, Words: words}, Store: asked{reads: make(chan document.Type, 9)}}
	for _, p := range Pages() {
		if p.Place < 30 || p.Place >= 50 { // the lists of documents
			continue
		}
		content := p.Open(h)()
		for _, typ := range document.Kinds() {
			c := h.catalogs[typ.Type]
			if c == nil || h.names[typ.Type] != p.Name || typ.HandedOut {
				continue
			}
			c.New()
			for _, f := range c.Form().Fields() {
				if f.Label == f.Key {
					t.Errorf("%s %s has no name", typ.Type, f.Key)
				}
			}
			c.Form().Close()
		}
		key := regexp.MustCompile(`^[a-z_.]+$`)
		eachText(content.Object, func(x string) {
			if key.MatchString(x) {
				t.Errorf("%s shows %q", p.Name, x)
			}
		})
	}
	for _, k := range document.Kinds() {
		if !k.Issued && h.catalogs[k.Type] == nil {
			t.Errorf("%s has no page", k.Type)
		}
	}
}

func eachText(o fyne.CanvasObject, f func(string)) {
	switch o := o.(type) {
	case *canvas.Text:
		f(o.Text)
	case *fyne.Container:
		for _, c := range o.Objects {
			eachText(c, f)
		}
	}
}
