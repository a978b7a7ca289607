package window

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/app/locale"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/ui/look"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// showFailure says in a window why the program cannot start: a clerk has no
// terminal to read it from. What a backup mends is mended from here.
func showFailure(o Options, err error) {
	words, lerr := locale.New(o.Language)
	if lerr != nil {
		return // the texts are embedded: a test holds that they can be read
	}
	a := app.NewWithID(appID)
	a.SetIcon(look.App())
	a.Settings().SetTheme(look.Theme{Choice: o.Theme})
	w := a.NewWindow(windowTitle)
	q := newTail()
	f := newFailure(o, words, err, q.post)
	f.end, f.start, f.copy = w.Close, startAgain, a.Clipboard().SetContent
	w.SetContent(f.content(a.Settings().Theme().Color("foreground", a.Settings().ThemeVariant())))
	w.Canvas().SetOnTypedKey(func(k *fyne.KeyEvent) {
		if k.Name == fyne.KeyEscape {
			w.Close()
		}
	})
	w.Resize(fyne.NewSize(560, 340))
	w.CenterOnScreen()
	f.look()
	w.ShowAndRun()
	q.end()
}

// startAgain starts this program anew, as it was started.
func startAgain() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return startProgram(self, os.Args[1:]...)
}

// A failure is the window that says why the program cannot start. Its methods run on
// the window's goroutine.
type failure struct {
	o     Options
	words *locale.Catalog
	err   error
	post  dispatcher

	head        *canvas.Text  // that it cannot start, and why in a few words
	what, found *widget.Label // the error, or what the self-check says of it; what is to be done
	detail      *widget.Label // for IT
	restore     *xwidget.Button
	report      *xwidget.Button // copies the text for IT
	text        string          // that is copied
	asked       bool            // what would come of it is shown
	place       string          // that the data are moved to, where that mends it; empty: a restore does
	end         func()          // closes the window
	start       func() error    // starts the program again
	copy        func(string)
}

func newFailure(o Options, words *locale.Catalog, err error, post dispatcher) *failure {
	f := &failure{o: o, words: words, err: err, post: post}
	f.what, f.found = widget.NewLabel(viewmodel.Sentence(words, err)), widget.NewLabel("")
	f.found.Hide()
	f.restore = xwidget.NewButton(words.T("start.restore"), f.press)
	f.restore.Importance = widget.HighImportance
	f.restore.Hide()
	f.text = words.T("start.failed") + "\n" + f.what.Text + "\n" + err.Error()
	f.report = xwidget.NewButton(words.T("wizard.action.copy_report"), func() { f.copy(f.text) })
	return f
}

func (f *failure) content(ink color.Color) fyne.CanvasObject {
	f.head = canvas.NewText(f.words.T("start.failed"), ink)
	f.head.TextSize, f.head.TextStyle.Bold = 17, true
	f.detail = widget.NewLabel(f.err.Error())
	for _, l := range []*widget.Label{f.what, f.found, f.detail} {
		l.Wrapping, l.Selectable = fyne.TextWrapBreak, true // Chinese has no blanks to break at
	}
	if f.words.Language() == "en" {
		f.what.Wrapping, f.found.Wrapping, f.detail.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord, fyne.TextWrapWord
	}
	more := widget.NewAccordion(widget.NewAccordionItem(f.words.T("start.detail"), f.detail))
	end := xwidget.NewButton(f.words.T("start.close"), func() { f.end() })
	again := xwidget.NewButton(f.words.T("start.again"), f.reopen)
	inset := func(o fyne.CanvasObject) fyne.CanvasObject {
		return container.New(layout.NewCustomPaddedLayout(8, 4, 7, 7), o)
	}
	return container.NewPadded(container.NewBorder(inset(f.head), inset(container.NewHBox(f.restore, again, f.report, end)), nil, nil,
		container.NewVScroll(container.NewVBox(f.what, f.found, more))))
}

// lookLimit caps the look at the data.
const lookLimit = 10 * time.Second

// look asks the self-check what is wrong with the data; what a backup mends gets a
// button. Another error stays as it is.
func (f *failure) look() {
	var b *books.Error
	if !errors.As(f.err, &b) {
		return
	}
	go func() {
		r := desk.Beside(f.o.config(), f.err).SelfCheck(context.Background(), "", lookLimit, nil, "data")
		f.post(func() { f.say(r) })
	}()
}

// say shows what the self-check found.
func (f *failure) say(r probe.Report) {
	row, ok := fault.Lookup(r.Fault)
	if !ok {
		return
	}
	said := viewmodel.Bilingual{ZH: row.Say("zh", r.Values), EN: row.Say("en", r.Values)}
	title := both(row.Title).In(f.words)
	f.detail.SetText(f.what.Text + "\n" + f.err.Error())
	f.text = f.words.T("wizard.forit.title", row.ID, title) + "\n" + said.In(f.words) + "\n" + f.err.Error()
	f.head.Text = f.words.T("start.failed.why", title)
	f.head.Refresh()
	f.what.SetText(said.In(f.words))
	f.found.SetText(f.todo(row, r.Values))
	f.found.Show()
	restores := func(s fault.Step) bool { return s.Action == cureAction+string(cure.RestoreBackup) }
	if row.Cure == string(cure.MoveData) {
		if f.place = desk.NewPlace(f.o.config()); f.place != "" {
			f.restore.SetText(f.words.T("start.move"))
			f.restore.Show()
		}
		return
	}
	if row.Cure == string(cure.RestoreBackup) || row.Cure == string(cure.RebuildCache) || slices.ContainsFunc(row.Steps, restores) {
		f.restore.Show()
	}
}

// todo are the steps of a fault, numbered.
func (f *failure) todo(row fault.Fault, values map[string]string) string {
	var out []string
	for _, s := range row.Steps {
		if name, isCure := strings.CutPrefix(s.Action, cureAction); isCure && cure.Name(name) != cure.RestoreBackup && cure.Name(name) != cure.MoveData {
			continue // nothing here does it
		}
		text := viewmodel.Bilingual{ZH: fault.Render(s.ZH, values), EN: fault.Render(s.EN, values)}
		out = append(out, fmt.Sprintf("%d. %s", len(out)+1, text.In(f.words)))
	}
	return strings.Join(out, "\n")
}

// press shows what would come of a restore or a move, and does it when it is pressed again.
func (f *failure) press() {
	if f.place != "" {
		f.move()
		return
	}
	f.restore.Disable()
	f.what.SetText(f.words.T("start.restore.looking"))
	if !f.asked {
		go func() {
			fact, err := previewRestore(context.Background(), f.o.config(), "")
			f.post(func() { f.ask(fact, err) })
		}()
		return
	}
	go func() {
		_, err := desk.RestoreData(context.Background(), f.o.config(), desk.Plan{})
		f.post(func() { f.restored(err) })
	}()
}

// move is press for a move.
func (f *failure) move() {
	known, _ := cure.Lookup(cure.MoveData)
	if !f.asked {
		text := both(known.Changes).In(f.words)
		f.asked = true
		f.what.SetText(fault.Render(text, map[string]string{"folder": f.place}))
		f.restore.SetText(f.words.T("start.move.yes"))
		return
	}
	f.restore.Disable()
	go func() {
		_, err := desk.MoveData(context.Background(), f.o.config())
		f.post(func() { f.restored(err) })
	}()
}

func (f *failure) ask(fact viewmodel.RestoreFact, err error) {
	if err != nil {
		f.what.SetText(viewmodel.Sentence(f.words, err))
		return
	}
	text := ""
	for _, l := range viewmodel.PreviewOf(f.words, fact) {
		text += "· " + l + "\n"
	}
	f.asked = true
	f.what.SetText(text)
	f.restore.SetText(f.words.T("start.restore.yes"))
	f.restore.Enable()
}

func (f *failure) restored(err error) {
	if err != nil {
		f.what.SetText(viewmodel.Sentence(f.words, err))
		return
	}
	f.what.SetText(f.words.T("start.restore.done"))
	f.reopen()
}

// reopen starts the program again in place of this window.
func (f *failure) reopen() {
	if err := f.start(); err != nil {
		f.what.SetText(viewmodel.Sentence(f.words, err))
		return
	}
	f.end()
}
