//go:build !race

package window

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"counterfoil/app/locale"
	"counterfoil/app/settings"
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
				if least := shell.frame.MinSize(); least.Width > 1366 || least.Height > 690 {
					t.Errorf("%s needs %v: a screen of 1366×768 has a title bar and a task bar as well", p.Name, least)
				}
				compare(t, fmt.Sprintf("%s-%s-%s", p.Name, lang, theme), halved(shell.Window.Canvas().Capture()))
			}
		}
	}
}

// golden is the window of that day; load brings what a page shows.
func golden(t *testing.T, words *locale.Catalog, lang, theme string, practice bool) (*Shell, func(page string)) {
	posted := make(loop, 1000)
	setup := viewmodel.Setup{Post: func(f func()) { posted <- f }, Now: func() time.Time { return noon }, Words: words}
	values := settings.Settings{Language: settings.Language(lang), Theme: settings.Theme(theme), Started: true}
	var b branch
	later := func(time.Duration, func()) func() { return func() {} }
	list := viewmodel.NewInvoices(setup, b)
	editor := viewmodel.NewEditor(setup, b, b, later)
	conflicts := viewmodel.NewConflicts(setup, b, b, keepMine)
	wizard := viewmodel.NewWizard(setup, b, b, b.clock, func() int { return 12 })
	reports := viewmodel.NewReports(setup, b)
	customers := viewmodel.NewCatalog(setup, b.customers)
	place := viewmodel.PlaceFacts{Keyring: two("系统密码库", "the system's password store"), Folder: "/home/clerk/counterfoil", Version: "0.1.0"}
	choose := func(func([]byte)) {}

	w := test.NewTempWindow(t, nil)
	s := New(w, words)
	page := func(name string, o fyne.CanvasObject) {
		rail := name != "editor" && name != "wizard" && name != "firstrun"
		under := map[string]string{"editor": "invoices", "wizard": "connection"}[name]
		s.Pages = append(s.Pages, Page{Name: name, Rail: rail, Under: under, Bare: name == "firstrun", Make: func() Content { return Content{Object: o} }})
	}
	page("invoices", screen.NewInvoices(list, words, setup.Now).Object())
	page("conflicts", screen.NewConflicts(conflicts, words).Object())
	page("customers", screen.NewCatalog(customers, words.T("shell.customers"), words.T("catalog.customers.note"), words.T("catalog.search"), [3]string{words.T("catalog.name"), words.T("catalog.taxno"), words.T("catalog.bank")}).Object())
	page("reports", screen.NewReports(reports, words).Object())
	page("connection", screen.NewConnection(viewmodel.NewConnection(setup, b), words).Object())
	preferences := screen.NewSettings(viewmodel.NewSettings(setup, b, b, b, values, place), words, choose)
	preferences.Practise = func() {}
	preferences.Refresh()
	page("settings", preferences.Object())
	page("practice", screen.NewPractice(viewmodel.NewPractice(setup, b), words).Object())
	page("editor", screen.NewEditor(editor, words).Object())
	page("wizard", screen.NewWizard(wizard, words).Object())
	page("firstrun", screen.NewFirstRun(viewmodel.NewFirstRun(setup, b, b, b, viewmodel.NewWizard(setup, b, b, b.clock, func() int { return 0 }), values), words, choose).Object())
	s.Badge = func(name string) int { return map[string]int{"conflicts": 1}[name] }
	s.Pill = func() viewmodel.Pill { return viewmodel.NewPill(words, b.Facts(), "os", noon) }
	s.Send = b.Send
	if practice {
		s.Band = &Band{Title: words.T("practice.band"), More: words.T("practice.band.more"), Button: words.T("practice.leave"), Press: func() {}}
	}
	s.Build("invoices", Actions{})
	w.Resize(fyne.NewSize(1366, 768))
	return s, func(page string) {
		switch page {
		case "invoices":
			list.Load()
			posted.until(t, "the list", func() bool { return len(list.Rows()) > 0 && list.Counts().All > 0 })
			list.Mark("1")
			list.Mark("3")
			list.Select("2")
		case "conflicts":
			conflicts.Load(context.Background())
			posted.until(t, "the conflict", func() bool { return len(conflicts.Rows()) > 0 })
		case "customers":
			customers.Load()
			posted.until(t, "customers", func() bool { return len(customers.Rows()) > 0 })
		case "reports":
			reports.Load()
			posted.until(t, "the report", func() bool { return len(reports.Months()) > 0 })
		case "editor":
			editor.Open("01")
			posted.until(t, "the invoice", func() bool { return editor.Invoice().ID == "01" })
		case "wizard":
			wizard.Start()
			posted.until(t, "the finding", func() bool { return wizard.Stage() == viewmodel.StageFinding })
		}
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
		now := filepath.Join("..", "out", "golden", name+".png")
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
