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

	"counterfoil/app/locale"
	"counterfoil/app/money"
	"counterfoil/app/settings"
	"counterfoil/ui/look"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// window wires view-models, pages and shell; it is built anew when language or
// theme change, the view-models stay.
type window struct {
	*session
	app   fyne.App
	win   fyne.Window
	words *locale.Catalog
	shell *Shell
	facts *facts
	post  dispatcher
	check *selfCheck
	acts  *actions

	list      *viewmodel.Invoices
	editor    *viewmodel.Editor
	conflicts *viewmodel.Conflicts
	conn      *viewmodel.Connection
	wizard    *viewmodel.Wizard
	settings  *viewmodel.Settings
	first     *viewmodel.FirstRun
	practice  *viewmodel.Practice
	reports   *viewmodel.Reports
	customers *viewmodel.Catalog
	items     *viewmodel.Catalog

	editorPage *screen.Editor
	told       bool // that the disk does not take what is typed
	conflict   *screen.Conflicts
	connPage   *screen.Connection // once it was shown
	failed     error
	synced     []string      // invoices that the round changed
	filled     chan struct{} // closed when the pages are there
	stop       func()        // of the clock
	ended      bool          // another folder is shown

	practise func(settings.Settings) // goes to the practice folder
	leave    func()                  // goes back to the real one
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
	w.facts = &facts{d: d}
	w.check = newSelfCheck(d, w.facts)
	waiting := func() int { return w.facts.Facts().Waiting }
	w.acts = &actions{func(page string) { post(func() { w.shell.Show(page) }) }, startProgram}
	w.list = viewmodel.NewInvoices(setup, d.Store)
	w.editor = viewmodel.NewEditor(setup, d.Books, d.Store, post.after)
	w.conflicts = viewmodel.NewConflicts(setup, d.Store, d.Books, d.Books.Merge)
	w.conn = viewmodel.NewConnection(setup, w.facts)
	w.wizard = viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting)
	place := viewmodel.PlaceFacts{Keyring: keyringName(d.Keys.Keyring.Kind()), Folder: d.Dir, Version: s.opts.Version}
	w.settings = viewmodel.NewSettings(setup, d.Store, d, keeper{d}, s.chosen, place)
	w.first = viewmodel.NewFirstRun(setup, d.Store, d, keeper{d}, viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting), s.chosen)
	w.practice = viewmodel.NewPractice(setup, trainer{s})
	w.reports = viewmodel.NewReports(setup, d.Store)
	w.customers = viewmodel.NewCatalog(setup, w.readCustomers)
	w.items = viewmodel.NewCatalog(setup, w.readItems)
	w.editor.Merge = d.Books.Merge
	w.editor.Saved = func(id string) {
		w.list.Touch(id)
		d.Engine().Kick()
		w.count()
	}
	w.conflicts.Settled = func() {
		w.list.Load()
		d.Engine().Kick()
		w.count()
	}
	w.settings.Restyled, w.first.Restyled = w.restyle, w.restyle
	w.first.Practise = func(v settings.Settings) { w.practise(v) }
	w.first.Finished = func() { w.build("invoices"); w.newInvoice() }
	d.Changed(func(invoice string) { post(func() { w.happened(invoice) }) })
	d.Monitor().Subscribe(func() { post(w.tick) })
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
	w.list.Load()
	w.conflicts.Load(w.ctx)
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
	if w.editorPage != nil {
		w.editorPage.Commit()
	}
	ctx, stop := context.WithTimeout(w.ctx, saveLimit)
	defer stop()
	if err := w.editor.Flush(ctx); err != nil && !w.told && w.shell != nil {
		w.told = true
		w.shell.Show("editor")
		dialog.ShowInformation(w.words.T("shell.unsaved"), w.words.T("shell.unsaved.more", viewmodel.Sentence(w.words, err)), w.win)
		stay()
		return
	}
	done()
}

// save takes over what is typed, also in the cell, and begins to write it.
func (w *window) save() {
	if w.editorPage != nil {
		w.editorPage.Commit()
	}
	w.editor.Save()
}

// end stops what the window does by itself; the session may then be closed.
func (w *window) end() {
	w.ended = true
	w.wizard.Stop()
	w.first.Wizard.Stop()
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

func keyringName(kind string) viewmodel.Bilingual {
	switch kind {
	case "file":
		return viewmodel.Bilingual{ZH: "加密文件（不是系统密码库）", EN: "encrypted file (not the system's store)"}
	case "memory":
		return viewmodel.Bilingual{ZH: "仅本次运行（没有可用的系统密码库）", EN: "this run only (no password store here)"}
	}
	return viewmodel.Bilingual{ZH: "系统密码库", EN: "the system's password store"}
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

func (w *window) submit() {
	switch w.shell.Current() {
	case "editor":
		w.editorPage.Commit()
		w.editor.Submit()
	case "conflicts":
		w.conflict.Accept()
	}
}

func (w *window) newInvoice() {
	w.editor.New()
	w.shell.Show("editor")
	w.editorPage.Focus(w.win.Canvas())
}

func (w *window) open(id string) {
	w.editorPage.FocusNext()
	w.editor.Open(id)
	w.shell.Show("editor")
}

func (w *window) selfCheck() {
	w.shell.Show("wizard")
	w.wizard.Start()
}

// count reads the counts off the window's goroutine.
func (w *window) count() {
	go func() {
		if w.facts.read(w.ctx) == nil {
			w.post(w.tick)
		}
	}()
}

func (w *window) happened(invoice string) {
	if w.shell == nil || w.ended {
		return // the pages load when they are built
	}
	if invoice != "" {
		w.editor.Reload(invoice)
		if w.synced = append(w.synced, invoice); len(w.synced) == 1 {
			w.post.after(500*time.Millisecond, w.touch) // once for all of a moment
		}
		return
	}
	w.touch()
	if w.shell.Current() == "connection" {
		w.conn.Refresh()
	}
}

// touch reads what a sync changed.
func (w *window) touch() {
	if w.ended {
		return
	}
	w.list.Touch(w.synced...)
	w.synced = nil
	w.conflicts.Load(w.ctx)
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
	if w.shell.Current() == "connection" {
		w.conn.Refresh()
	}
}

func (w *window) readCustomers(ctx context.Context, search string) ([][3]string, error) {
	all, err := w.d.Store.Customers(ctx, search, 200)
	var out [][3]string
	for _, c := range all {
		out = append(out, [3]string{c.Name, c.TaxNo, c.Bank + " " + c.Account})
	}
	return out, err
}

func (w *window) readItems(ctx context.Context, search string) ([][3]string, error) {
	all, err := w.d.Store.Items(ctx, search, 200)
	var out [][3]string
	for _, i := range all {
		price := "—"
		if i.Price != nil {
			price = money.Format(*i.Price)
		}
		out = append(out, [3]string{i.Name, i.TaxCode, price + "  " + i.Rate.Percent() + "  " + i.Unit})
	}
	return out, err
}
