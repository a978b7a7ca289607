//go:build daytest

package window

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/money"
	"counterfoil/ui/screen"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// control is something that can be pressed, with its place in the window's pixels.
type control struct {
	Kind       string `json:"kind"` // button, hit, check, entry, select
	Text       string `json:"text"`
	X, Y, W, H int
	Disabled   bool `json:"disabled"`
	On         bool `json:"on"`
	Focused    bool `json:"focused"`
	High       bool `json:"high"`
}

// state is all that a test needs to know of the window. It runs on the window's goroutine.
func (p *program) state() map[string]any {
	w := p.now
	out := map[string]any{"practice": p.now.d.Practising(), "folder": p.now.d.Dir, "turning": p.turning, "page": ""}
	if w.shell == nil || p.turning {
		return out
	}
	out["page"], out["language"] = w.shell.Current(), w.words.Language()
	out["dark"] = theme.Color(theme.ColorNameBackground) == w.app.Settings().Theme().Color(theme.ColorNameBackground, theme.VariantDark)
	out["band"], out["pill"] = w.shell.Band != nil, w.shell.Pill()
	facts := w.facts.Facts()
	out["online"], out["waiting"], out["fault"] = facts.Online, facts.Waiting, facts.Fault
	out["next"] = time.Until(facts.NextTry).Seconds()
	all := (&walker{canvas: p.win.Canvas()}).walk(p.win.Canvas().Content())
	dialog := []string{}
	if top := p.win.Canvas().Overlays().Top(); top != nil {
		all = (&walker{canvas: p.win.Canvas(), texts: &dialog}).walk(top)
		out["dialog"] = dialog
	}
	out["controls"] = all
	out["focus"] = w.focus(all)
	out["editor"] = w.editorState()
	rows := []map[string]any{}
	for _, r := range w.Invoices.Rows() {
		rows = append(rows, map[string]any{"id": r.ID, "reference": r.Reference, "number": r.Number, "buyer": r.BuyerName, "state": r.State, "gross": r.Gross.StringFixed(2), "pending": r.Pending, "conflict": r.Conflict, "rejection": r.RejectionCode})
		if len(rows) == 200 {
			break
		}
	}
	out["list"] = map[string]any{"rows": rows, "selected": w.Invoices.Selected(), "search": w.Invoices.Search(), "chip": w.Invoices.Chip(), "counts": w.Invoices.Counts(), "notice": w.Invoices.Notice()}
	out["conflicts"] = map[string]any{"cards": w.Conflicts.Cards(), "rows": w.Conflicts.Rows(), "missing": w.Conflicts.Missing(), "ready": w.Conflicts.Ready(), "busy": w.Conflicts.Busy(), "message": w.Conflicts.Message()}
	f := w.Wizard.Finding()
	out["wizard"] = map[string]any{"stage": w.Wizard.Stage(), "fault": f.Fault, "title": f.Title.In(w.words), "steps": len(f.Steps), "step": w.Wizard.Step(), "acting": w.Wizard.Acting(), "rechecking": w.Wizard.Rechecking(), "message": w.Wizard.Message(), "folded": w.Wizard.Folded()}
	out["practice_page"] = map[string]any{"faults": w.Practice.Faults(), "message": w.Practice.Message()}
	return out
}

func (w *window) editorState() map[string]any {
	e := w.Editor
	var cells [][]string
	for r := range e.Rows() {
		var row []string
		for c := viewmodel.ColName; c <= viewmodel.ColRate; c++ {
			row = append(row, e.Cell(r, c))
		}
		cells = append(cells, row)
	}
	issues := []string{}
	for _, i := range e.Issues() {
		issues = append(issues, fmt.Sprintf("%s %s %s", i.Severity, i.Field, i.Code))
	}
	sheet := e.Sheet()
	row, col, text, selected := w.Form.Grid().State()
	return map[string]any{
		"id": e.Invoice().ID, "reference": e.Invoice().Reference, "number": e.Invoice().Number, "state": e.Invoice().State, "editable": e.Editable(), "unsaved": e.Unsaved(),
		"fields": w.Form.Fields(), "buyer": e.Invoice().Buyer.Name, "taxno": e.Invoice().Buyer.TaxNo, "remark": e.Invoice().Remark, "date": e.Invoice().Date,
		"cells": cells, "issues": issues, "net": money.Format(sheet.Net), "tax": money.Format(sheet.Tax), "gross": sheet.Gross.StringFixed(2),
		"message": e.Message(), "offers": w.Form.Offers(), "row": row, "col": col, "text": text, "selected": selected,
	}
}

// focus says what has the keyboard: kind, name or words, and in the grid the cell.
func (w *window) focus(all []control) map[string]any {
	o := w.win.Canvas().Focused()
	g := w.Form.Grid()
	switch x := o.(type) {
	case nil:
		return map[string]any{"kind": ""}
	case *xwidget.Field:
		return map[string]any{"kind": "field", "name": w.Form.Names()[o], "text": x.Text, "disabled": x.Disabled()}
	default:
		if g.Holds(o) {
			row, col, text, _ := g.State()
			return map[string]any{"kind": "grid", "row": row, "col": col, "text": text}
		}
		for i, c := range all {
			if c.Focused {
				return map[string]any{"kind": c.Kind, "name": c.Text, "at": i}
			}
		}
		return map[string]any{"kind": fmt.Sprintf("%T", o)}
	}
}

// walker finds the controls of a tree of objects.
type walker struct {
	canvas fyne.Canvas
	texts  *[]string // gathers the words when it is not nil
	out    []control
}

func (w *walker) walk(o fyne.CanvasObject) []control {
	w.see(o, "")
	return w.out
}

func (w *walker) see(o fyne.CanvasObject, beside string) {
	if o == nil || !o.Visible() {
		return
	}
	switch o := o.(type) {
	case *fyne.Container:
		for i, c := range o.Objects {
			beside := ""
			if i+1 < len(o.Objects) {
				for _, t := range screen.Texts(o.Objects[i+1]) {
					beside += t
				}
			}
			w.see(c, beside)
		}
	case *container.Scroll:
		w.see(o.Content, "")
	case *container.ThemeOverride:
		w.see(o.Content, "")
	case *widget.PopUp:
		w.see(o.Content, "")
	case *xwidget.Hit:
		words := ""
		for _, t := range screen.Texts(o.Content()) {
			words += t + " "
		}
		w.add(o, control{Kind: "hit", Text: strings.TrimSpace(words)})
	case *xwidget.Touch:
		words := ""
		for _, t := range screen.Texts(o.Content()) {
			words += t + " "
		}
		w.add(o, control{Kind: "touch", Text: strings.TrimSpace(words)})
	case *xwidget.Button:
		text := o.Text
		if text == "" {
			text = beside
		}
		w.add(o, control{Kind: "button", Text: text, Disabled: o.Disabled(), High: o.Importance == widget.HighImportance})
	case *widget.Button:
		w.add(o, control{Kind: "button", Text: o.Text, Disabled: o.Disabled()})
	case *xwidget.Check:
		w.add(o, control{Kind: "check", Text: o.Text, On: o.Checked, Disabled: o.Disabled()})
	case *xwidget.Select:
		w.add(o, control{Kind: "select", Text: o.Selected, Disabled: o.Disabled()})
	case *xwidget.Field:
		w.add(o, control{Kind: "entry", Text: o.Text, Disabled: o.Disabled()})
	case *widget.Entry:
		w.add(o, control{Kind: "entry", Text: o.Text, Disabled: o.Disabled()})
	case *widget.Label:
		if w.texts != nil {
			*w.texts = append(*w.texts, o.Text)
		}
	default:
		if w.texts != nil {
			*w.texts = append(*w.texts, screen.Texts(o)...)
		}
	}
}

func (w *walker) add(o fyne.CanvasObject, c control) {
	at, scale := fyne.CurrentApp().Driver().AbsolutePositionForObject(o), w.canvas.Scale()
	c.X, c.Y = int(at.X*scale), int(at.Y*scale)
	c.W, c.H = int(o.Size().Width*scale), int(o.Size().Height*scale)
	if f, ok := o.(fyne.Focusable); ok {
		c.Focused = w.canvas.Focused() == f
	}
	w.out = append(w.out, c)
}
