package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"counterfoil/ui/viewmodel"
	"counterfoil/ui/xwidget"
)

// side is what wants a person over what changed.
func (s *Connection) side() fyne.CanvasObject {
	kept := map[string]*xwidget.Hit{}
	defer func() { s.later = kept }()
	parts := []fyne.CanvasObject{s.attention(kept)}
	if list := s.vm.Workarounds(); len(list) > 0 {
		parts = append(parts, s.workarounds(list, kept))
	}
	return column(true, append(parts, s.changes())...)
}

// attention is the list of what wants a person.
func (s *Connection) attention(kept map[string]*xwidget.Hit) fyne.CanvasObject {
	box := container.New(stacked{8}, words(s.t.T("attention.title"), bodySize, true, plainInk))
	list := s.vm.Attentions()
	if len(list) == 0 {
		box.Add(words(s.t.T("attention.none"), bodySize, false, mutedInk))
	}
	for _, l := range list {
		dot := canvas.NewCircle(ink(lampInk(l.State)))
		name := plainInk
		if l.Snoozed {
			name = mutedInk
		}
		text := container.New(stacked{0}, prose(l.Text, false, name), words(l.More, smallSize, false, mutedInk))
		line := container.New(rightLayout{8}, text, s.buttons(l, kept))
		box.Add(container.New(leftLayout{8}, container.NewVBox(around(fixed(9, 9, dot), 7, 0)), line))
	}
	return card(box)
}

// buttons lead to where a person acts, and put an entry off.
func (s *Connection) buttons(l viewmodel.AttentionLine, kept map[string]*xwidget.Hit) fyne.CanvasObject {
	row := container.New(layout.NewCustomPaddedHBoxLayout(0))
	add := func(word string, press func()) { row.Add(s.hit(l.Key, word, kept, press)) }
	if l.Page != "" && l.Page != "connection" && s.Show != nil {
		add("attention.go", func() { s.Show(l.Page) })
	}
	if l.Snoozed {
		add("attention.wake", func() { s.vm.Snooze(l) })
	} else {
		add("attention.snooze", func() { s.vm.Snooze(l) })
	}
	return row
}

// hit is a word to press beside an entry; it is made once.
func (s *Connection) hit(key, word string, kept map[string]*xwidget.Hit, press func()) fyne.CanvasObject {
	key += " " + word
	h := s.later[key]
	if h == nil {
		h = xwidget.NewHit(around(words(s.t.T(word), smallSize, true, blueInk), 3, 6), press)
	}
	kept[key] = h
	return container.NewCenter(h)
}

// workarounds are the cures in force, each with the word that takes it back.
func (s *Connection) workarounds(list []viewmodel.WorkaroundLine, kept map[string]*xwidget.Hit) fyne.CanvasObject {
	box := container.New(stacked{8}, words(s.t.T("connection.workaround.title"), bodySize, true, plainInk))
	for _, l := range list {
		text := container.New(stacked{0}, prose(l.Text, false, plainInk), words(l.More, smallSize, false, mutedInk))
		box.Add(container.New(rightLayout{8}, text, s.hit(l.Key, "connection.workaround.back", kept, func() { s.vm.TakeBack(l) })))
	}
	return card(box)
}

// changes compare the line with how it last worked.
func (s *Connection) changes() fyne.CanvasObject {
	box := container.New(stacked{1}, words(s.t.T("connection.what_changed"), bodySize, true, plainInk))
	list := s.vm.WhatChanged()
	if len(list) == 0 {
		box.Add(words(s.t.T("connection.nothing_changed"), bodySize, false, mutedInk))
	}
	for _, l := range list {
		name, mark := mutedInk, mutedInk
		if l.State == viewmodel.LampBad {
			name, mark = plainInk, badInk
		}
		box.Add(container.New(leftLayout{8}, around(fixed(52, 18, words(l.When, smallSize, false, mark)), 2, 0), wrapped(l.Text, false, name, theme.SizeNameCaptionText)))
	}
	return card(box)
}
