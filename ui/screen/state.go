//go:build daytest

package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"counterfoil/ui/xwidget"
)

// What a test build tells of its pages.

// Grid is the page's grid.
func (s *Editor) Grid() *xwidget.Grid { return s.grid }

// Fields are the texts of the head as they stand in their entries.
func (s *Editor) Fields() map[string]string {
	out := map[string]string{
		"buyer": s.buyer.Text, "taxno": s.taxno.Text, "remark": s.remark.Text, "date": s.date.Text,
		"kind": s.kind.Selected, "basis": s.basis.Selected, "seller": s.head.by.Selected,
	}
	for _, in := range s.head.parts {
		if in.entry != nil {
			out[in.key] = in.entry.Text
		} else {
			out[in.key] = in.choice.Selected
		}
	}
	return out
}

// Names gives the names of the head's entries.
func (s *Editor) Names() map[fyne.Focusable]string {
	out := map[fyne.Focusable]string{s.buyer: "buyer", s.taxno: "taxno", s.remark: "remark", s.date: "date", s.kind: "kind", s.basis: "basis", s.head.by: "seller", s.head.fold: "more"}
	for _, in := range append(s.head.parts[:len(s.head.parts):len(s.head.parts)], s.detail.parts...) {
		out[in.control()] = in.key
	}
	return out
}

// Offers are the completions that are shown.
func (s *Editor) Offers() (out []string) {
	for _, o := range s.offers.Objects {
		if t, ok := o.(*xwidget.Touch); ok {
			out = append(out, Texts(t.Content())...)
		}
	}
	return out
}

// Texts are the words that are drawn below o.
func Texts(o fyne.CanvasObject) (out []string) {
	if o == nil || !o.Visible() {
		return nil
	}
	switch o := o.(type) {
	case *canvas.Text:
		return []string{o.Text}
	case *widget.RichText:
		return []string{o.String()}
	case *xwidget.Prose:
		return []string{o.String()}
	case *widget.Label:
		return []string{o.Text}
	case *xwidget.Button:
		return []string{o.Text}
	case *xwidget.Hit:
		return Texts(o.Content())
	case *container.Scroll:
		return Texts(o.Content)
	case *fyne.Container:
		for _, c := range o.Objects {
			out = append(out, Texts(c)...)
		}
	}
	return out
}
