package screen

import (
	"context"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

func init() {
	register(Page{Name: "conflicts", Place: 20, Badge: func(h *Host) int { return h.Conflicts.Count() }, Open: func(h *Host) func() Content {
		return func() Content {
			s := NewConflicts(h.Conflicts, h.Words)
			load := func() { h.Conflicts.Load(context.Background()) }
			return Content{Object: s.Object(), Refresh: load, Synced: func([]document.Key) { load() }, Submit: s.Accept}
		}
	}})
}

// Conflicts is the page on which a person settles what two sides changed.
type Conflicts struct {
	vm   *viewmodel.Conflicts
	t    viewmodel.Phrases
	root *fyne.Container
}

// NewConflicts makes the page and follows the model's changes.
func NewConflicts(vm *viewmodel.Conflicts, t viewmodel.Phrases) *Conflicts {
	s := &Conflicts{vm: vm, t: t, root: container.NewStack()}
	vm.Changed = s.Refresh
	s.Refresh()
	return s
}

// Object is the page.
func (s *Conflicts) Object() fyne.CanvasObject { return wideEnough(s.root) }

// Accept is what Ctrl+Enter does.
func (s *Conflicts) Accept() { s.vm.Accept(context.Background()) }

// Refresh draws the page anew.
func (s *Conflicts) Refresh() {
	s.root.Objects = []fyne.CanvasObject{s.build()}
	s.root.Refresh()
}

func (s *Conflicts) build() fyne.CanvasObject {
	cur, ok := s.vm.Current()
	if !ok {
		empty := container.New(stacked{gap}, words(s.t.T("conflicts.none"), titleSize, true, plainInk),
			words(s.t.T("conflicts.none.more"), bodySize, false, mutedInk))
		if m := s.vm.Message(); m != "" {
			empty.Add(prose(m, false, badInk))
		}
		return page(s.t.T("conflicts.title"), "", nil, column(false, card(empty)))
	}
	accept := button(s.t.T("conflicts.accept")+"  "+s.t.T("key.enter"), true, s.Accept)
	if !s.vm.Ready() {
		accept.Disable()
	}
	both := button(s.t.T("conflicts.both"), false, func() { s.vm.KeepBoth(context.Background()) })
	if s.vm.Busy() || cur.Deleting {
		both.Disable() // of a deletion there is no copy
	}
	actions := []fyne.CanvasObject{
		button(s.t.T("conflicts.all_mine"), false, func() { s.vm.ChooseAll(books.Mine) }),
		button(s.t.T("conflicts.all_theirs"), false, func() { s.vm.ChooseAll(books.Theirs) }),
		both, accept,
	}
	parts := []fyne.CanvasObject{}
	if cards := s.vm.Cards(); len(cards) > 1 {
		parts = append(parts, s.cards(cards))
	}
	parts = append(parts, s.story(cur), s.table(cur))
	if m := s.merged(cur); m != nil {
		parts = append(parts, m)
	}
	body := container.NewVScroll(column(false, parts...))
	return page(s.t.T("conflicts.title"), cur.Title+" · "+cur.Name, actions,
		container.New(footLayout{gap}, body, s.foot(cur)))
}

func (s *Conflicts) cards(cards []viewmodel.ConflictCard) fyne.CanvasObject {
	list := []fyne.CanvasObject{}
	for _, c := range cards {
		b := button(c.Title+" · "+clip(c.Name, 24), c.Open, func() { s.vm.Open(c.Key) })
		list = append(list, b)
	}
	return container.NewHScroll(row(list...))
}

func (s *Conflicts) story(c viewmodel.ConflictCard) fyne.CanvasObject {
	text := s.t.T("conflicts.story", c.MineAt, c.Branch, c.TheirsAt, c.This, c.Merged, c.Choices)
	switch {
	case c.Deleted:
		text = s.t.T("conflicts.story.deleted", c.MineAt, c.This, c.Branch)
	case c.Deleting:
		text = s.t.T("conflicts.story.deleting", c.This, c.Branch)
	case s.vm.OneSideOnly():
		text = s.t.T("conflicts.story.one_side", c.Branch)
	}
	box := container.New(stacked{4}, prose(text, false, plainInk))
	if m := s.vm.Message(); m != "" {
		box.Add(prose(m, true, badInk))
	}
	all := xwidget.NewCheck(s.t.T("conflicts.show_all"), nil)
	all.Checked = s.vm.ShowsAll()
	all.OnChanged = s.vm.ShowAll
	return framed(around(container.NewBorder(nil, nil, nil, container.NewCenter(all), box), 10, inset))
}

var conflictShares = shares{parts: []float32{200, 308, 308, 308}}

func (s *Conflicts) table(c viewmodel.ConflictCard) fyne.CanvasObject {
	head := container.New(conflictShares)
	for _, h := range []string{s.t.T("conflicts.head.field"), s.t.T("conflicts.head.base"), s.t.T("conflicts.head.mine"), s.t.T("conflicts.head.theirs", c.Branch)} {
		head.Add(around(words(h, smallSize, false, mutedInk), 7, 12))
	}
	rows := container.New(stacked{0}, head)
	for _, r := range s.vm.Rows() {
		line := container.New(conflictShares, around(prose(r.Label, false, mutedInk), 10, 12), around(s.base(r), 10, 12),
			s.side(r, books.Mine), s.side(r, books.Theirs))
		rows.Add(rule())
		rows.Add(line)
	}
	return framed(rows)
}

// base is what both sides began with.
func (s *Conflicts) base(r viewmodel.ConflictRow) fyne.CanvasObject {
	if r.Same {
		return prose(r.Base, false, mutedInk)
	}
	text := spanned{ink: mutedInk}
	for _, p := range r.Parts {
		text.line(p.Label, []viewmodel.Span{{Text: s.orAbsent(p.Base)}})
	}
	return text.object()
}

func (s *Conflicts) orAbsent(text string) string {
	if text == "" {
		return s.t.T("conflicts.absent")
	}
	return text
}

// side is one cell to choose: a tap or Space takes it. It shows the values that
// differ, whole, and marks where.
func (s *Conflicts) side(r viewmodel.ConflictRow, side books.Side) fyne.CanvasObject {
	if r.Same {
		return around(prose(r.Mine, false, mutedInk), 10, 12)
	}
	sign := "○  "
	back := canvas.NewRectangle(color.Transparent)
	text := spanned{ink: plainInk}
	if r.Side == side {
		sign, text.ink = "◉  ", blueInk
		back.FillColor = tinted(blueInk)
	}
	text.sign = sign
	whole := r.Mine
	if side == books.Theirs {
		whole = r.Theirs
	}
	if whole == "" && r.Path != "state" {
		text.line("", []viewmodel.Span{{Text: s.t.T("conflicts.absent")}})
	} else {
		for _, p := range r.Parts {
			mine, other := p.Mine, p.Theirs
			if side == books.Theirs {
				mine, other = other, mine
			}
			spans := viewmodel.Spans(mine, other)
			if mine == "" {
				spans = []viewmodel.Span{{Text: s.t.T("conflicts.absent")}}
			}
			text.line(p.Label, spans)
		}
	}
	b := xwidget.NewButton("", func() { s.vm.Choose(r.Path, side) })
	b.Importance = widget.LowImportance
	return container.NewStack(back, b, around(text.object(), 10, 12))
}

// spanned builds a text of several lines in which pieces stand out.
type spanned struct {
	ink      fyne.ThemeColorName
	sign     string // before the first line; the others are set in as far
	segments []widget.RichTextSegment
}

func (t *spanned) add(text string, bold bool, name fyne.ThemeColorName, inline bool) {
	t.segments = append(t.segments, &widget.TextSegment{Text: text, Style: widget.RichTextStyle{
		ColorName: name, SizeName: theme.SizeNameText, TextStyle: fyne.TextStyle{Bold: bold}, Inline: inline,
	}})
}

// line adds a value after its name.
func (t *spanned) line(label string, spans []viewmodel.Span) {
	if t.sign != "" && len(t.segments) == 0 {
		t.add(t.sign, false, t.ink, true)
	} else if t.sign != "" {
		t.add("    ", false, t.ink, true)
	}
	if label != "" {
		t.add(label+"  ", false, mutedInk, true)
	}
	for i, p := range spans {
		t.add(p.Text, p.Differs, t.ink, i < len(spans)-1)
	}
}

func (t *spanned) object() fyne.CanvasObject {
	l := widget.NewRichText(t.segments...)
	l.Wrapping = fyne.TextWrapBreak
	return container.New(layout.NewCustomPaddedLayout(-6, -6, -8, -8), l)
}

func (s *Conflicts) merged(c viewmodel.ConflictCard) fyne.CanvasObject {
	list := s.vm.MergedRows()
	if len(list) == 0 {
		return nil
	}
	box := container.New(stacked{2}, words(s.t.T("conflicts.merged"), bodySize, true, plainInk))
	for _, r := range list {
		who := s.t.T("conflicts.only_you")
		if r.Side == books.Theirs {
			who = s.t.T("conflicts.only_them", c.Branch)
		}
		text := spanned{ink: plainInk}
		for _, p := range r.Parts {
			to := p.Mine
			if r.Side == books.Theirs {
				to = p.Theirs
			}
			spans := []viewmodel.Span{{Text: s.orAbsent(to)}}
			if p.Base != "" {
				spans = append([]viewmodel.Span{{Text: p.Base + " → "}}, spans...)
			}
			text.line(p.Label, spans)
		}
		box.Add(container.New(shares{parts: []float32{200, 444, 444}}, prose(r.Label, false, mutedInk), text.object(), prose(who, false, mutedInk)))
	}
	return card(box)
}

func (s *Conflicts) foot(c viewmodel.ConflictCard) fyne.CanvasObject {
	sum := s.vm.Totals()
	title := s.t.T("conflicts.outcome")
	if c.Amounts {
		title = s.t.T("conflicts.result")
	}
	if n := s.vm.Missing(); n > 0 {
		title += " · " + s.t.T("conflicts.missing", n)
	}
	if !c.Amounts {
		return card(container.NewBorder(nil, nil, words(title, bodySize, true, plainInk), words(s.t.T("conflicts.kept"), smallSize, false, mutedInk)))
	}
	money := func(v string) string {
		if v == "" {
			return "–"
		}
		return v
	}
	left := container.New(stacked{2}, words(title, smallSize, false, mutedInk), words("¥ "+money(sum.Result), 24, true, plainInk))
	mid := container.NewHBox(words(s.t.T("conflicts.mine_total", money(sum.Mine)), bodySize, false, mutedInk), words("    ", bodySize, false, mutedInk),
		words(s.t.T("conflicts.theirs_total", money(sum.Theirs)), bodySize, false, mutedInk))
	return card(container.NewBorder(nil, nil, left, container.NewCenter(words(s.t.T("conflicts.kept"), smallSize, false, mutedInk)), container.NewCenter(mid)))
}
