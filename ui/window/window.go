// Package window is the program's window: it opens a data folder as a desk.Desk,
// makes the view-models over it and shows the pages that registered in ui/screen.
//
// Words: a session is one data folder that is open and syncs; the program is the
// window with the session it shows. The shell is the rail, the pill, the band and
// the page beside them. The dispatcher is the one way from another goroutine to
// the window.
//
// It refuses to reach the store past the desk, and to hold rules of the business:
// those are in app and the view-models.
package window

import (
	"context"
	"fmt"
	"image"
	"runtime"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/locale"
	"counterfoil/app/settings"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/ui/look"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// window wires view-models, pages and shell; shell and pages are built anew when
// language or theme change, the view-models stay.
type window struct {
	*session
	screen.Host
	app   fyne.App
	win   fyne.Window
	words *locale.Catalog
	shell *Shell
	pages []func() screen.Content // what draws screen.Pages, in that order
	facts *facts
	post  dispatcher
	check *selfCheck
	acts  *steps

	told   bool // that the disk does not take what is typed
	failed error
	synced []document.Key // what the round changed
	filled chan struct{}  // closed when the pages are there
	stop   func()         // of the clock
	ended  bool           // another folder is shown
}

// windowTitle is the window's; practice is said in it.
const windowTitle = "存根开票 Counterfoil"

// newWindow makes the view-models of a session; begin shows them.
func newWindow(a fyne.App, win fyne.Window, post dispatcher, s *session) *window {
	d := s.d
	w := &window{session: s, app: a, post: post, win: win, filled: make(chan struct{})}
	words, err := locale.New(string(s.chosen.Language))
	if err != nil {
		// The texts are embedded: a test holds that they can be read.
		words, w.failed = &locale.Catalog{}, err
	}
	if runtime.GOOS == "darwin" {
		words.Apple()
	}
	w.words = words
	setup := viewmodel.Setup{Post: post, Now: time.Now, Words: words}
	w.facts = &facts{d: d, words: words}
	w.check = newSelfCheck(d, words)
	waiting := func() int { return w.facts.Facts().Waiting }
	w.acts = &steps{
		open:  func(page string) { post(func() { w.shell.Show(page) }) },
		copy:  func() { post(func() { w.Host.Copy(w.Wizard.ForOthers()) }) },
		start: startProgram,
		fix:   func(ctx context.Context, n cure.Name) error { return fix(ctx, d, n) },
	}
	w.Invoices = viewmodel.NewInvoices(setup, d.Store)
	w.Editor = viewmodel.NewEditor(setup, d.Books, d.Store, post.after)
	w.Conflicts = viewmodel.NewConflicts(setup, d.Store, d.Books, d.Books.Merge)
	w.Connection = viewmodel.NewConnection(setup, w.facts)
	w.Wizard = viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting)
	w.Reporting = viewmodel.NewReport(setup, reporter{w.check, words, s.opts.Version}, w.Connection.Head)
	place := viewmodel.PlaceFacts{Keyring: said(words, "settings.keyring."+d.Keys.Keyring.Kind()), Folder: d.Dir, Version: s.opts.Version}
	w.Settings = viewmodel.NewSettings(setup, d.Store, d, keeper{d}, s.chosen, place)
	w.FirstRun = viewmodel.NewFirstRun(setup, d.Store, d, keeper{d}, viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting), s.chosen)
	w.Backups = viewmodel.NewBackups(setup, archive{d, s.opts.config()})
	w.Practice = viewmodel.NewPractice(setup, trainer{s})
	w.Editor.Merge = d.Books.Merge
	w.Editor.Saved = func(id string) {
		w.Invoices.Touch(id)
		w.wrote()
	}
	w.Conflicts.Settled = func(k document.Key) {
		w.Invoices.Load() // a copy may be new
		w.shell.synced([]document.Key{k})
		w.wrote()
	}
	w.Settings.Restyled, w.FirstRun.Restyled = w.restyle, w.restyle
	w.FirstRun.Finished = func() { w.build("invoices"); w.newInvoice() }
	w.host(setup)
	d.Changed(func(k document.Key) { post(func() { w.happened(k) }) })
	d.Monitor().Subscribe(func() { post(w.tick) })
	d.Notices(func(n desk.Notice) { post(func() { w.notice(n) }) })
	d.CuresChanged(func() { post(w.tick) })
	w.provide()
	d.Fronted(func() { post(func() { w.win.Show(); w.win.RequestFocus() }) })
	return w
}

// begin fills the window after its first frame; while the fonts are being loaded
// it is there, bare.
func (w *window) begin(fonts <-chan struct{}) {
	w.win.SetTitle(windowTitle)
	if w.server != nil {
		w.win.SetTitle(windowTitle + " · 练习 Practice")
	}
	w.drawn(func() {
		w.say("frame")
		w.fill(fonts)
	})
}

// drawn calls f on the window's goroutine after its content was drawn once.
func (w *window) drawn(f func()) {
	var once sync.Once
	w.win.SetContent(container.NewStack(w.win.Content(), canvas.NewRaster(func(int, int) image.Image {
		once.Do(func() { go w.post(f) })
		return image.NewAlpha(image.Rect(0, 0, 1, 1))
	})))
}

// fill builds the pages.
func (w *window) fill(fonts <-chan struct{}) {
	<-fonts
	w.restyle(w.chosen)
	w.stop = w.post.every(time.Second, w.tick)
	w.Invoices.Load()
	w.Conflicts.Load(w.ctx)
	w.count()
	close(w.filled)
	if w.opts.Smoke == "frame" {
		w.drawn(func() { w.say("pages") })
	}
}

// saveLimit is how long the end of a session waits for the disk.
const saveLimit = 3 * time.Second

// settle brings what is typed to disk and calls done when it is there. What the
// disk does not take is told once, by stay, and given up the second time.
func (w *window) settle(done, stay func()) {
	if w.Form != nil {
		w.Form.Commit()
	}
	ctx, stop := context.WithTimeout(w.ctx, saveLimit)
	defer stop()
	if err := w.Editor.Flush(ctx); err != nil && !w.told && w.shell != nil {
		w.told = true
		w.shell.Show("editor")
		dialog.ShowInformation(w.words.T("shell.unsaved"), w.words.T("shell.unsaved.more", viewmodel.Sentence(w.words, err)), w.win)
		stay()
		return
	}
	if page := w.Unsaved(); page != "" && !w.told && w.shell != nil {
		w.told = true
		w.shell.Show(page)
		dialog.ShowInformation(w.words.T("form.leaves"), w.words.T("form.leaves.more"), w.win)
		stay()
		return
	}
	done()
}

// save takes over what is typed, also in the cell, and begins to write it.
func (w *window) save() {
	if w.Form != nil {
		w.Form.Commit()
	}
	w.Editor.Save()
}

// end stops what the window does by itself; the session may then be closed.
func (w *window) end() {
	w.ended = true
	w.Wizard.Stop()
	w.FirstRun.Wizard.Stop()
	if w.stop != nil {
		w.stop()
	}
}

// say tells how far the start is to who measures it.
func (w *window) say(what string) {
	if w.opts.Smoke == "frame" {
		fmt.Println(what)
	}
}

func (w *window) restyle(v settings.Settings) {
	w.words.Use(string(v.Language))
	if th := (look.Theme{Choice: string(v.Theme)}); w.app.Settings().Theme() != th {
		w.app.Settings().SetTheme(th) // every font is loaded anew
	}
	first := "invoices"
	if w.shell != nil {
		first = w.shell.Current()
	}
	if w.d.URL() == "" && !v.Started {
		first = "firstrun"
	}
	w.build(first)
}

func (w *window) newInvoice() {
	w.Editor.New()
	w.shell.Show("editor")
	w.Form.Focus(w.win.Canvas())
}

func (w *window) open(id string) {
	w.Form.FocusNext()
	w.Editor.Open(id)
	w.shell.Show("editor")
}

func (w *window) selfCheck() {
	w.win.Canvas().Unfocus() // what is to be done takes the keyboard
	w.shell.Show("wizard")
	w.Wizard.Start()
}

// wrote sends what the window wrote, and counts anew.
func (w *window) wrote() {
	w.told = false
	w.d.Engine().Kick()
	w.count()
}

// count reads the counts off the window's goroutine.
func (w *window) count() {
	go func() {
		if w.facts.read(w.ctx) == nil {
			w.post(w.tick)
		}
	}()
}

func (w *window) happened(k document.Key) {
	switch {
	case w.shell == nil || w.ended: // the pages load when they are built
	case k == document.Key{}:
		w.tell()
	default:
		if k.Type == invoice.Type {
			w.Editor.Reload(k.ID)
		}
		if w.synced = append(w.synced, k); len(w.synced) == 1 {
			w.post.after(500*time.Millisecond, w.tell) // once for all of a moment
		}
	}
}

// tell tells the pages what sync changed.
func (w *window) tell() {
	if w.ended {
		return
	}
	changed := w.synced
	w.synced = nil
	w.shell.synced(changed)
	w.count()
}

// tick redraws what time changes.
func (w *window) tick() {
	if w.shell == nil || w.ended {
		return
	}
	if w.d.Practising() != (w.shell.Band != nil) {
		w.build(w.shell.Current()) // the first contact with a server of practice
	}
	w.shell.Tick()
	if f := w.shell.Content(w.shell.Current()).Tick; f != nil {
		f()
	}
}
