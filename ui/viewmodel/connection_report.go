package viewmodel

import (
	"strings"

	"counterfoil/sync/mask"
)

// Head is what the page says of the connection as text, unmasked: the report begins
// with it.
func (c *Connection) Head() string {
	c.facts = c.source.Facts() // the page may not have been shown for long
	f, w := c.facts, c.setup.Words
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "  ") + "\n") }
	if f.Fault != "" {
		line(w.T("connection.report.fault"), f.Fault)
	}
	line(c.Headline())
	line(c.Sentence())
	b.WriteString("\n")
	for _, l := range c.Lamps() {
		line(mark(l.State), l.Name, l.Note)
	}
	b.WriteString("\n")
	for _, t := range c.Tiles() {
		line(t.Title, t.Figure, t.Note)
	}
	for _, part := range []struct {
		title string
		lines []ConnectionLine
	}{{"connection.timeline", c.Timeline()}, {"connection.what_changed", c.WhatChanged()}} {
		if len(part.lines) > 0 {
			b.WriteString("\n" + w.T(part.title) + "\n")
		}
		for _, l := range part.lines {
			line(l.When, l.Text)
		}
	}
	return b.String()
}

func mark(s LampState) string {
	switch s {
	case LampGood:
		return "[ok]"
	case LampSlow:
		return "[slow]"
	case LampBad:
		return "[bad]"
	}
	return "[--]"
}

// Masked takes secrets, names of hosts and users, addresses, tax and phone numbers
// out of a text for IT, and besides the names given, but for the kinds to keep; see
// package mask.
func Masked(p Phrases, text string, names []string, keep ...mask.Kind) string {
	words := mask.Chinese
	if (Bilingual{ZH: "zh", EN: "en"}).In(p) == "en" {
		words = mask.English
	}
	return mask.New(words, names...).Keep(keep...).Text(text)
}
