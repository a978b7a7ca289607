package window

import (
	"time"

	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"counterfoil/sync/link"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
)

// host fills in what pages find in the window.
func (w *window) host(setup viewmodel.Setup) {
	h := &w.Host
	h.Setup, h.Store, h.Books, h.Practising = setup, w.d.Store, w.d.Books, w.server != nil
	h.Counts = w.facts.Counts
	h.Offline = func() bool { return w.d.Monitor().State().Kind == link.Offline }
	h.Changed = w.wrote
	h.Show = func(page string) { w.shell.Show(page) }
	h.Open, h.New, h.Save, h.SelfCheck = w.open, w.newInvoice, w.save, w.selfCheck
	h.PrintOpen, h.PrintChosen, h.Export = w.printOpen, w.printChosen, w.export
	h.Copy = w.app.Clipboard().SetContent
	h.Report, h.SaveReport, h.Choose = w.report, w.saveReport, w.choose
	for _, p := range screen.Pages() {
		w.pages = append(w.pages, p.Open(h))
	}
}

// build makes the shell with its pages and shows one.
func (w *window) build(show string) {
	t := w.words
	w.shell = New(w.win, t)
	for i, p := range screen.Pages() {
		w.shell.Pages = append(w.shell.Pages, page{Page: p, rail: p.Place > 0 && (!p.Practice || w.server != nil), draw: w.pages[i]})
	}
	w.shell.Badge = func(p screen.Page) int {
		if p.Badge == nil {
			return 0
		}
		return p.Badge(&w.Host)
	}
	w.shell.Pill = func() viewmodel.Pill {
		return viewmodel.NewPill(t, w.facts.Facts(), w.d.Keys.Keyring.Kind(), time.Now())
	}
	w.shell.Send = w.facts.Send
	if w.d.Practising() {
		w.shell.Band = &Band{Title: t.T("practice.band"), More: t.T("practice.band.more")}
	}
	if w.server != nil {
		w.shell.Band.Button, w.shell.Band.Press = t.T("practice.leave"), w.Leave
	}
	for _, name := range []string{"invoices", "editor", "conflicts"} {
		w.shell.Content(name) // they follow what sync and the other pages do before they are seen
	}
	w.shell.Build(show, actions{
		New: w.newInvoice, Save: w.save, SelfCheck: w.selfCheck, Help: w.help,
		Find: func() {
			if w.shell.Content(w.shell.Current()).Find == nil {
				w.shell.Show("invoices")
			}
			w.shell.Content(w.shell.Current()).Find(w.win.Canvas())
		},
	})
}

// help shows the shortcuts, those of the page first.
func (w *window) help() {
	t := w.words
	text := t.T("help.text")
	if key := "help." + w.shell.Current(); t.T(key) != key {
		text = t.T(key) + "\n\n" + text
	}
	dialog.ShowCustom(t.T("shell.shortcuts"), t.T("shell.close"), widget.NewLabel(text), w.win)
}
