package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/locale"
	"counterfoil/app/money"
	"counterfoil/app/settings"
	"counterfoil/sync/engine"
	"counterfoil/sync/link"
	"counterfoil/sync/merge"
	"counterfoil/ui"
	"counterfoil/ui/look"
	"counterfoil/ui/paper"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// window wires view-models, pages and shell; it is built anew when language or
// theme change, the view-models stay.
type window struct {
	ctx   context.Context
	d     *desk
	app   fyne.App
	win   fyne.Window
	words *locale.Catalog
	shell *ui.Shell
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
	conflict   *screen.Conflicts
	connPage   *screen.Connection // once it was shown
	failed     error
	filled     chan struct{} // closed when the pages are there
}

// newWindow makes a window that is there at once, bare, while the fonts are being
// loaded; after its first frame it is filled.
func newWindow(ctx context.Context, a fyne.App, post dispatcher, d *desk, fonts <-chan struct{}) *window {
	w := &window{ctx: ctx, d: d, app: a, post: post, win: a.NewWindow("存根开票 Counterfoil"), filled: make(chan struct{})}
	words, err := locale.New(string(d.settings.Language))
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
	w.list = viewmodel.NewInvoices(setup, d.db)
	w.editor = viewmodel.NewEditor(setup, d.books, d.db, post.after)
	w.conflicts = viewmodel.NewConflicts(setup, d.db, d.books, merge.Three)
	w.conn = viewmodel.NewConnection(setup, w.facts)
	w.wizard = viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting)
	place := viewmodel.PlaceFacts{Keyring: keyringName(d.trust.Keyring.Kind()), Folder: d.opts.data, Version: version}
	w.settings = viewmodel.NewSettings(setup, d.db, d.client, keeper{d}, d.settings, place)
	w.first = viewmodel.NewFirstRun(setup, d.db, d.client, keeper{d}, d, viewmodel.NewWizard(setup, w.check, w.acts, ticker, waiting), d.settings)
	w.practice = viewmodel.NewPractice(setup, trainer{d})
	w.reports = viewmodel.NewReports(setup, d.db)
	w.customers = viewmodel.NewCatalog(setup, w.readCustomers)
	w.items = viewmodel.NewCatalog(setup, w.readItems)
	w.editor.Merge = merge.Three
	w.editor.Saved = func(string) {
		w.list.Load()
		d.client.Engine().Kick()
		w.count()
	}
	w.settings.Restyled, w.first.Restyled = w.restyle, w.restyle
	w.first.Finished = func() { w.build("invoices"); w.newInvoice() }
	d.mu.Lock()
	d.notify = func(e engine.Event) { post(func() { w.happened(e) }) }
	d.mu.Unlock()
	d.client.Monitor().Subscribe(func() { post(w.tick) })
	w.win.SetPadded(false)
	w.win.SetContent(ui.Bare())
	w.win.Resize(fyne.NewSize(1366, 768))
	w.drawn(func() {
		w.say("frame")
		w.fill(fonts)
	})
	w.win.Show()
	return w
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
	w.restyle(w.d.settings)
	stop := w.post.every(time.Second, w.tick)
	w.win.SetOnClosed(stop)
	w.win.SetCloseIntercept(func() {
		w.editorPage.Commit()
		w.editor.Save()
		w.win.Close()
	})
	w.list.Load()
	w.conflicts.Load(w.ctx)
	w.count()
	close(w.filled)
	if w.d.opts.smoke == "frame" {
		w.drawn(func() { w.say("pages") })
	}
}

// say tells how far the start is to who measures it.
func (w *window) say(what string) {
	if w.d.opts.smoke == "frame" {
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
	if w.d.client.URL() == "" && !v.Started {
		first = "firstrun"
	}
	w.build(first)
}

func (w *window) build(show string) {
	t := w.words
	w.shell = ui.New(w.win, t)
	list := screen.NewInvoices(w.list, t, time.Now)
	w.editorPage = screen.NewEditor(w.editor, t)
	w.conflict = screen.NewConflicts(w.conflicts, t)
	catalog := func(vm *viewmodel.Catalog, note string, columns [3]string) func() ui.Content {
		return func() ui.Content {
			c := screen.NewCatalog(vm, t.T("shell."+note), t.T("catalog."+note+".note"), t.T("catalog.search"), columns)
			return ui.Content{Object: c.Object(), Refresh: c.Refresh}
		}
	}

	list.Open = w.open
	list.New = w.newInvoice
	list.Submit = func() { w.list.SubmitMarked(w.d.books, func() { w.d.client.Engine().Kick(); w.count() }) }
	list.Export, list.Print = w.export, w.print
	w.editorPage.Print = w.print
	w.editorPage.Back = func() { w.shell.Show("invoices") }
	w.editorPage.Offline = func() bool { return w.d.client.Monitor().State().Kind == link.Offline }
	closeWizard := func() { w.wizard.Stop(); w.shell.Show("connection") }
	copied := w.app.Clipboard().SetContent

	w.shell.Pages = []ui.Page{
		{Name: "invoices", Rail: true, Make: func() ui.Content { return ui.Content{Object: list.Object(), Refresh: w.list.Load} }},
		{Name: "conflicts", Rail: true, Make: func() ui.Content {
			return ui.Content{Object: w.conflict.Object(), Refresh: func() { w.conflicts.Load(w.ctx) }}
		}},
		{Name: "customers", Rail: true, Make: catalog(w.customers, "customers", [3]string{t.T("catalog.name"), t.T("catalog.taxno"), t.T("catalog.bank")})},
		{Name: "items", Rail: true, Make: catalog(w.items, "items", [3]string{t.T("catalog.name"), t.T("catalog.code"), t.T("catalog.price")})},
		{Name: "reports", Rail: true, Make: func() ui.Content {
			s := screen.NewReports(w.reports, t)
			return ui.Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "connection", Rail: true, Make: func() ui.Content {
			s := screen.NewConnection(w.conn, t)
			s.SelfCheck, s.Copy, s.SaveReport = w.selfCheck, copied, w.saveReport
			w.connPage = s
			return ui.Content{Object: s.Object(), Refresh: w.conn.Refresh}
		}},
		{Name: "settings", Rail: true, Make: func() ui.Content {
			s := screen.NewSettings(w.settings, t, w.choose)
			return ui.Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "practice", Rail: w.d.practiceServer() != nil, Make: func() ui.Content {
			s := screen.NewPractice(w.practice, t)
			return ui.Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "editor", Under: "invoices", Make: func() ui.Content {
			return ui.Content{Object: w.editorPage.Object(), Refresh: w.editorPage.Refresh}
		}},
		{Name: "wizard", Under: "connection", Make: func() ui.Content {
			s := screen.NewWizard(w.wizard, t)
			s.Copy, s.Close, s.Export = copied, closeWizard, w.report
			return ui.Content{Object: s.Object()}
		}},
		{Name: "firstrun", Bare: true, Make: func() ui.Content {
			return ui.Content{Object: screen.NewFirstRun(w.first, t, w.choose).Object()}
		}},
	}
	w.shell.Badge = func(name string) int {
		if name == "conflicts" {
			w.facts.mu.Lock()
			defer w.facts.mu.Unlock()
			return w.facts.counts.Conflict
		}
		return 0
	}
	w.shell.Pill = func() viewmodel.Pill {
		return viewmodel.NewPill(t, w.facts.Facts(), w.d.trust.Keyring.Kind(), time.Now())
	}
	w.shell.Build(show, ui.Actions{
		New: w.newInvoice, Find: func() { w.shell.Show("invoices"); list.Find(w.win.Canvas()) },
		Save:   func() { w.editorPage.Commit(); w.editor.Save() },
		Submit: w.submit, SelfCheck: w.selfCheck,
		Back: func() {
			switch w.shell.Current() {
			case "editor":
				w.editorPage.Commit()
				w.editor.Save()
				w.shell.Show("invoices")
			case "wizard":
				closeWizard()
			}
		},
		Print: w.print,
		Key: func(k fyne.KeyName) {
			if w.shell.Current() == "invoices" {
				list.Key(k)
			}
		},
		Help: func() {
			text := t.T("help.text")
			if key := "help." + w.shell.Current(); t.T(key) != key {
				text = t.T(key) + "\n\n" + text
			}
			dialog.ShowCustom(t.T("shell.shortcuts"), t.T("shell.close"), widget.NewLabel(text), w.win)
		},
	})
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

// print shows the open invoice, or those chosen in the list, as pages in the
// system's browser, which prints them.
func (w *window) print() {
	switch w.shell.Current() {
	case "editor":
		w.editorPage.Commit()
		w.editor.Save()
		w.preview([]paper.Page{{Invoice: w.editor.Invoice(), Sheet: w.editor.Sheet()}}, nil)
	case "invoices":
		ids := w.list.Chosen()
		if len(ids) == 0 {
			return
		}
		go func() {
			var pages []paper.Page
			for _, id := range ids {
				st, err := w.d.db.Invoice(w.ctx, id)
				var sheet invoice.Sheet
				if err == nil {
					sheet, err = invoice.Compute(st.Invoice)
				}
				if err != nil {
					w.post(func() { w.preview(nil, err) })
					return
				}
				pages = append(pages, paper.Page{Invoice: st.Invoice, Sheet: sheet})
			}
			w.post(func() { w.preview(pages, nil) })
		}()
	}
}

// preview opens pages in the browser, or says why there are none.
func (w *window) preview(pages []paper.Page, err error) {
	var html []byte
	if err == nil {
		html, err = paper.Document(pages, w.words)
	}
	file := filepath.Join(w.d.opts.data, "preview.html")
	if err == nil {
		err = os.WriteFile(file, html, 0o600)
	}
	if err == nil {
		abs, _ := filepath.Abs(file) // of a file just written
		err = w.app.OpenURL(&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)})
	}
	if err != nil {
		dialog.ShowInformation(w.words.T("shell.print"), w.words.T("paper.failed", viewmodel.Sentence(w.words, err)), w.win)
	}
}

// export asks for a file and writes the list into it.
func (w *window) export() {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err == nil && f != nil {
			w.list.Export(f, func(error) {})
		}
	}, w.win)
	d.SetFileName("invoices-" + time.Now().Format("20060102") + ".csv")
	d.Show()
}

// report shows what the connection report holds.
func (w *window) report() {
	w.wizard.Stop()
	w.shell.Show("connection")
	w.connPage.Report()
}

// saveReport asks for a file and writes the report into it.
func (w *window) saveReport(text string) {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil || f == nil {
			return
		}
		_, err = io.WriteString(f, text)
		if err = errors.Join(err, f.Close()); err != nil {
			dialog.ShowInformation(w.words.T("connection.report"), w.words.T("report.failed", err), w.win)
		}
	}, w.win)
	d.SetFileName("connection-" + time.Now().Format("20060102-1504") + ".txt")
	d.Show()
}

func (w *window) newInvoice() {
	w.editor.New()
	w.shell.Show("editor")
	w.editorPage.Focus(w.win.Canvas())
}

func (w *window) open(id string) {
	w.editor.Open(id)
	w.shell.Show("editor")
}

func (w *window) selfCheck() {
	w.shell.Show("wizard")
	w.wizard.Start()
}

// choose asks for a certificate file.
func (w *window) choose(got func(pem []byte)) {
	dialog.ShowFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			return
		}
		defer r.Close()
		if raw, err := io.ReadAll(io.LimitReader(r, 2<<20)); err == nil {
			got(raw)
		}
	}, w.win)
}

// count reads the counts off the window's goroutine.
func (w *window) count() {
	go func() {
		if w.facts.read(w.ctx) == nil {
			w.post(func() { w.shell.Tick() })
		}
	}()
}

func (w *window) happened(e engine.Event) {
	if w.shell == nil {
		return // the pages load when they are built
	}
	switch e.Kind {
	case "pushed", "pulled", "issued", "rejected":
		w.editor.Reload(e.InvoiceID)
		return // the round's end redraws once for all
	case "conflict":
		w.editor.Reload(e.InvoiceID)
		return
	}
	w.list.Load()
	w.conflicts.Load(w.ctx)
	w.count()
	if w.shell.Current() == "connection" {
		w.conn.Refresh()
	}
}

// tick redraws what time changes.
func (w *window) tick() {
	if w.shell == nil {
		return
	}
	w.shell.Tick()
	if w.shell.Current() == "connection" {
		w.conn.Refresh()
	}
}

func (w *window) readCustomers(ctx context.Context, search string) ([][3]string, error) {
	all, err := w.d.db.Customers(ctx, search, 200)
	var out [][3]string
	for _, c := range all {
		out = append(out, [3]string{c.Name, c.TaxNo, c.Bank + " " + c.Account})
	}
	return out, err
}

func (w *window) readItems(ctx context.Context, search string) ([][3]string, error) {
	all, err := w.d.db.Items(ctx, search, 200)
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

var _ books.Merger = merge.Three
