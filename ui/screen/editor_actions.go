package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"counterfoil/app/invoice"
)

func (s *Editor) title() string {
	inv := s.vm.Invoice()
	switch {
	case inv.Number != "":
		return s.t.T("editor.open", inv.Number)
	case inv.Reference != "":
		return s.t.T("editor.open", inv.Reference)
	}
	return s.t.T("editor.new")
}

func (s *Editor) actions() []fyne.CanvasObject {
	inv := s.vm.Invoice()
	state := s.t.T("editor.unsaved")
	switch {
	case !s.vm.Editable():
		state = s.t.T("invoices." + string(inv.State))
	case !s.vm.Unsaved() && !s.vm.SavedAt().IsZero():
		state = s.t.T("editor.saved", s.vm.SavedText())
	}
	name := mutedInk
	if !s.vm.Editable() {
		name = stateInk(inv.State)
	}
	out := []fyne.CanvasObject{container.NewCenter(chip(state, name)), button(s.t.T("shell.back")+"  Esc", false, func() {
		s.grid.Commit()
		s.vm.Save()
		s.Back()
	})}
	if s.vm.Invoice().ID != "" && s.Print != nil {
		out = append(out, button(s.t.T("shell.print")+"  "+s.t.T("key.print"), false, s.Print))
	}
	if !s.vm.Editable() && inv.RedRows == nil {
		out = append(out, button(s.t.T("editor.duplicate"), false, s.vm.Duplicate))
	}
	if inv.State == invoice.Issued && inv.Reverses == "" {
		out = append(out, button(s.t.T("editor.reverse"), false, s.vm.Reverse))
	}
	if inv.State == invoice.Waiting {
		out = append(out, button(s.t.T("editor.recall"), false, s.vm.Recall))
	}
	if s.vm.Editable() {
		out = append(out, button(s.t.T("shell.submit")+"  "+s.t.T("key.enter"), true, func() {
			s.grid.Commit()
			s.vm.Submit()
		}))
	}
	return out
}
