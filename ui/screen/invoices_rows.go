package screen

import (
	"slices"

	"fyne.io/fyne/v2/theme"

	"counterfoil/app/books"
)

// rows draws the list. What was in sight stays in sight when rows come or go
// above it, unless another row was selected: then that one is shown.
func (s *Invoices) rows() {
	rows := s.vm.Rows()
	at := slices.IndexFunc(rows, func(r books.Row) bool { return r.ID == s.vm.Selected() })
	stays := at < 0 || s.vm.Selected() == s.chosen
	offset := s.list.GetScrollOffset()
	s.list.Refresh()
	if at >= 0 {
		s.list.Select(at)
	} else {
		s.list.UnselectAll()
	}
	if stays && offset > 0 {
		s.keep(offset, rows)
	}
	s.chosen = s.vm.Selected()
	s.drawn = s.drawn[:0]
	for _, r := range rows {
		s.drawn = append(s.drawn, r.ID)
	}
}

// keep scrolls to the first of the rows that were in sight at an offset and is
// still there; to the top when none is.
func (s *Invoices) keep(offset float32, rows []books.Row) {
	height := s.template().MinSize().Height + s.list.Theme().Size(theme.SizeNamePadding)
	top := int(offset / height)
	for i := top; i < min(top+int(s.list.Size().Height/height)+1, len(s.drawn)); i++ {
		if now := slices.IndexFunc(rows, func(r books.Row) bool { return r.ID == s.drawn[i] }); now >= 0 {
			s.list.ScrollToOffset(offset + float32(now-i)*height)
			return
		}
	}
	s.list.ScrollToTop()
}
