//go:build !race

package window

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/item"
	"counterfoil/app/locale"
	"counterfoil/app/settings"
	"counterfoil/sync/merge"
	"counterfoil/ui/look"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// Every screen looks as it was looked at: in both languages and both themes, at
// 1366×768, kept at half the size. COUNTERFOIL_GOLDEN=write keeps what it shows
// now; a picture that differs is left beside the kept one, in out/golden.
func TestGolden(t *testing.T) {
	was := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = was })
	app := test.NewTempApp(t)
	for _, lang := range []string{"zh", "en"} {
		words, err := locale.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, theme := range []string{"light", "dark"} {
			app.Settings().SetTheme(look.Theme{Choice: theme})
			real, load := golden(t, words, lang, theme, false)
			practising, _ := golden(t, words, lang, theme, true)
			for _, p := range real.Pages {
				shell := real
				if p.Name == "practice" {
					shell = practising // under its band
				}
				shell.Show(p.Name)
				load(p.Name)
				if least := need(shell); least.Width > 1366 || least.Height > 690 {
					t.Errorf("%s needs %v: a screen of 1366×768 has a title bar and a task bar as well", p.Name, least)
				}
				compare(t, fmt.Sprintf("%s-%s-%s", p.Name, lang, theme), halved(shell.Window.Canvas().Capture()))
			}
			for _, state := range []string{"form", "form-issues", "form-differs", "form-question", "form-refused", "form-item", "conflicts-customer", "editor-more", "editor-issued", "wizard-steps"} {
				load(state)
				compare(t, fmt.Sprintf("%s-%s-%s", state, lang, theme), halved(real.Window.Canvas().Capture()))
			}
		}
	}
}

// need is how large a window must be to show its page without scrolling.
func need(s *Shell) fyne.Size {
	page := s.Content(s.current).Object.MinSize()
	l := frameLayout{s}
	return fyne.NewSize(page.Width+l.width(), page.Height+l.top())
}

// golden is the window of that day; load brings what a page shows.
func golden(t *testing.T, words *locale.Catalog, lang, theme string, practice bool) (*Shell, func(page string)) {
	posted := make(loop, 1000)
	setup := viewmodel.Setup{Post: func(f func()) { posted <- f }, Now: func() time.Time { return noon }, Words: words}
	values := settings.Settings{Language: settings.Language(lang), Theme: settings.Theme(theme), Started: true}
	var b branch
	place := viewmodel.PlaceFacts{Keyring: two("系统密码库", "the system's password store"), Folder: "/home/clerk/counterfoil", Version: "0.1.0"}
	h := &screen.Host{
		Setup: setup, Store: &shelf{}, Books: &books.Desk{Merge: merge.Three},
		Invoices:   viewmodel.NewInvoices(setup, b),
		Editor:     viewmodel.NewEditor(setup, b, b, func(time.Duration, func()) func() { return func() {} }),
		Conflicts:  viewmodel.NewConflicts(setup, b, b, keepMine),
		Connection: viewmodel.NewConnection(setup, b),
		Wizard:     viewmodel.NewWizard(setup, b, b, b.clock, func() int { return 12 }),
		Reporting:  viewmodel.NewReport(setup, b, func() string { return "" }),
		Settings:   viewmodel.NewSettings(setup, b, b, b, values, place),
		FirstRun:   viewmodel.NewFirstRun(setup, b, b, b, viewmodel.NewWizard(setup, b, b, b.clock, func() int { return 0 }), values),
		Practice:   viewmodel.NewPractice(setup, b),
		Counts:     func() books.Counts { return books.Counts{Conflict: 1} },
		Practise:   func() {},
		Copy:       func(string) {},
		Report:     func() {},
	}
	w := test.NewTempWindow(t, nil)
	s := New(w, words)
	for _, p := range screen.Pages() {
		s.Pages = append(s.Pages, page{Page: p, rail: p.Place > 0, draw: p.Open(h)})
	}
	s.Badge = func(p screen.Page) int {
		if p.Badge == nil {
			return 0
		}
		return p.Badge(h)
	}
	s.Pill = func() viewmodel.Pill { return viewmodel.NewPill(words, b.Facts(), "os", noon) }
	s.Send = b.Send
	if practice {
		s.Band = &Band{Title: words.T("practice.band"), More: words.T("practice.band.more"), Button: words.T("practice.leave"), Press: func() {}}
	}
	s.Build("invoices", actions{})
	w.Resize(fyne.NewSize(1366, 768))
	return s, func(page string) {
		if ready := s.Content(page).Ready; ready != nil {
			posted.until(t, page, ready)
		}
		switch page {
		case "invoices":
			posted.until(t, "the list", func() bool { return len(h.Invoices.Rows()) > 0 && h.Invoices.Counts().All > 0 })
			h.Invoices.Mark("1")
			h.Invoices.Mark("3")
			h.Invoices.Select("2")
		case "conflicts":
			posted.until(t, "the conflict", func() bool { return len(h.Conflicts.Rows()) > 0 })
		case "conflicts-customer":
			s.Show("conflicts")
			h.Conflicts.Open(document.Key{Type: customer.Type, ID: "5"})
			posted.until(t, "the conflict", func() bool { return h.Conflicts.Missing() > 0 })
			h.Conflicts.Choose("party.phone", books.Theirs)
		case "editor":
			h.Editor.Open("01")
			posted.until(t, "the invoice", func() bool { return h.Editor.Invoice().ID == "01" && len(h.Editor.Sellers()) > 0 })
		case "editor-more", "editor-issued":
			id := map[string]string{"editor-more": "02", "editor-issued": "03"}[page]
			s.Show("editor")
			h.Editor.Open(id)
			posted.until(t, "the invoice", func() bool { return h.Editor.Invoice().ID == id && len(h.Editor.Sellers()) > 0 })
			if least := need(s); least.Height > 690 {
				t.Errorf("the open head needs %v", least)
			}
		case "form", "form-issues", "form-differs", "form-question", "form-refused":
			s.Show("customers")
			open(t, h, page, posted)
		case "form-item":
			s.Show("items")
			c := h.Catalog(item.Type, "items")
			c.Open("1")
			posted.until(t, "the form", func() bool { return c.Form() != nil && c.Form().Name() != "" })
		case "wizard-steps":
			clockWrong.Store(true)
			s.Show("wizard")
			h.Wizard.Start()
			posted.until(t, "the finding", func() bool { return h.Wizard.Stage() == viewmodel.StageFinding })
			clockWrong.Store(false)
		case "wizard":
			h.Wizard.Start()
			posted.until(t, "the finding", func() bool { return h.Wizard.Stage() == viewmodel.StageHanded })
		}
	}
}

// open brings the form of a customer into one of its states.
func open(t *testing.T, h *screen.Host, state string, posted loop) {
	c := h.Catalog(customer.Type, "customers")
	if f := c.Form(); f != nil {
		if f.Close(); c.Form() != nil {
			f.Yes()
		}
	}
	switch state {
	case "form-refused":
		c.Open("3")
	case "form-issues":
		c.New()
		f := c.Form()
		f.Set("party.tax_no", "9131011208799493")
		f.Leave("party.tax_no")
		f.Set("party.address", strings.Repeat("苏州工业园区", 20))
		f.Leave("party.address")
		f.Save()
	default:
		c.Open("1")
	}
	f := c.Form()
	switch state {
	case "form-differs":
		f.Set("party.phone", "0512-65881234")
		f.Leave("party.phone")
		f.Set("email", "ming@example.com")
		f.Leave("email")
		h.Store.(*shelf).newer.Store(true)
		f.Reload()
		posted.until(t, "the newer version", func() bool { return f.Turn() > 0 })
		h.Store.(*shelf).newer.Store(false)
	case "form-question":
		f.Delete()
	}
	for len(posted) > 0 {
		(<-posted)()
	}
}

// halved is a picture at half the size, each point the mean of four.
func halved(p image.Image) *image.RGBA {
	in := image.NewRGBA(p.Bounds().Sub(p.Bounds().Min))
	draw.Draw(in, in.Bounds(), p, p.Bounds().Min, draw.Src)
	out := image.NewRGBA(image.Rect(0, 0, in.Rect.Dx()/2, in.Rect.Dy()/2))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			at, to := in.PixOffset(2*x, 2*y), out.PixOffset(x, y)
			for c := range 4 {
				sum := int(in.Pix[at+c]) + int(in.Pix[at+4+c]) + int(in.Pix[at+in.Stride+c]) + int(in.Pix[at+in.Stride+4+c])
				out.Pix[to+c] = uint8(sum / 4)
			}
		}
	}
	return out
}

// compare allows a few points of another rounding, not a line that moved.
func compare(t *testing.T, name string, got *image.RGBA) {
	t.Helper()
	kept := filepath.Join("testdata", "golden", name+".png")
	if os.Getenv("COUNTERFOIL_GOLDEN") == "write" {
		write(t, kept, got)
		return
	}
	f, err := os.Open(kept)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Error(name, err)
		return
	}
	differ := 0
	if want.Bounds() != got.Bounds() {
		differ = 1 << 30
	} else {
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				r, g, b, _ := want.At(x, y).RGBA()
				c := got.RGBAAt(x, y)
				if far(uint8(r>>8), c.R) || far(uint8(g>>8), c.G) || far(uint8(b>>8), c.B) {
					differ++
				}
			}
		}
	}
	if differ > 40 {
		now := filepath.Join("..", "..", "out", "golden", name+".png")
		write(t, now, got)
		t.Errorf("%s: %d points differ; it looks like %s now", name, differ, now)
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 32 }

func write(t *testing.T, path string, p image.Image) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, p); err != nil {
		t.Fatal(err)
	}
}
