package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"counterfoil/sync/link"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// build makes the shell with its pages and shows one.
func (w *window) build(show string) {
	t := w.words
	w.shell = New(w.win, t)
	list := screen.NewInvoices(w.list, t, time.Now)
	w.editorPage = screen.NewEditor(w.editor, t)
	w.conflict = screen.NewConflicts(w.conflicts, t)
	catalog := func(vm *viewmodel.Catalog, note string, columns [3]string) func() Content {
		return func() Content {
			c := screen.NewCatalog(vm, t.T("shell."+note), t.T("catalog."+note+".note"), t.T("catalog.search"), columns)
			return Content{Object: c.Object(), Refresh: c.Refresh}
		}
	}

	list.Open = w.open
	list.New = w.newInvoice
	list.Submit = func() { w.list.SubmitMarked(w.d.Books, func() { w.d.Engine().Kick(); w.count() }) }
	list.Export, list.Print = w.export, w.print
	w.editorPage.Print = w.print
	w.editorPage.Back = func() { w.shell.Show("invoices") }
	w.editorPage.Offline = func() bool { return w.d.Monitor().State().Kind == link.Offline }
	closeWizard := func() { w.wizard.Stop(); w.shell.Show("connection") }
	copied := w.app.Clipboard().SetContent

	w.shell.Pages = []Page{
		{Name: "invoices", Rail: true, Make: func() Content { return Content{Object: list.Object(), Refresh: w.list.Load} }},
		{Name: "conflicts", Rail: true, Make: func() Content {
			return Content{Object: w.conflict.Object(), Refresh: func() { w.conflicts.Load(w.ctx) }}
		}},
		{Name: "customers", Rail: true, Make: catalog(w.customers, "customers", [3]string{t.T("catalog.name"), t.T("catalog.taxno"), t.T("catalog.bank")})},
		{Name: "items", Rail: true, Make: catalog(w.items, "items", [3]string{t.T("catalog.name"), t.T("catalog.code"), t.T("catalog.price")})},
		{Name: "reports", Rail: true, Make: func() Content {
			s := screen.NewReports(w.reports, t)
			return Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "connection", Rail: true, Make: func() Content {
			s := screen.NewConnection(w.conn, t)
			s.SelfCheck, s.Copy, s.SaveReport = w.selfCheck, copied, w.saveReport
			w.connPage = s
			return Content{Object: s.Object(), Refresh: w.conn.Refresh}
		}},
		{Name: "settings", Rail: true, Make: func() Content {
			s := screen.NewSettings(w.settings, t, w.choose)
			if w.server != nil {
				s.Leave = w.leave
			} else {
				s.Practise = func() { w.practise(w.settings.Values()) }
			}
			return Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "practice", Rail: w.server != nil, Make: func() Content {
			s := screen.NewPractice(w.practice, t)
			s.Leave = w.leave
			return Content{Object: s.Object(), Refresh: s.Refresh}
		}},
		{Name: "editor", Under: "invoices", Make: func() Content {
			return Content{Object: w.editorPage.Object(), Refresh: w.editorPage.Refresh}
		}},
		{Name: "wizard", Under: "connection", Make: func() Content {
			s := screen.NewWizard(w.wizard, t)
			s.Copy, s.Close, s.Export = copied, closeWizard, w.report
			s.Refresh()
			return Content{Object: s.Object()}
		}},
		{Name: "firstrun", Bare: true, Make: func() Content {
			return Content{Object: screen.NewFirstRun(w.first, t, w.choose).Object()}
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
		return viewmodel.NewPill(t, w.facts.Facts(), w.d.Keys.Keyring.Kind(), time.Now())
	}
	w.shell.Send = w.facts.Send
	if w.d.Practising() {
		w.shell.Band = &Band{Title: t.T("practice.band"), More: t.T("practice.band.more")}
	}
	if w.server != nil {
		w.shell.Band.Button, w.shell.Band.Press = t.T("practice.leave"), w.leave
	}
	w.shell.Build(show, Actions{
		New: w.newInvoice, Find: func() { w.shell.Show("invoices"); list.Find(w.win.Canvas()) },
		Save:   w.save,
		Submit: w.submit, SelfCheck: w.selfCheck,
		Back: func() {
			switch w.shell.Current() {
			case "editor":
				w.save()
				w.shell.Show("invoices")
			case "wizard":
				closeWizard()
			default:
				w.win.Canvas().Unfocus() // the keys are the page's again
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
