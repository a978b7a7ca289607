package viewmodel

import (
	"regexp"
	"sort"
	"strings"
)

// Report is the text for IT or the server team, with names and secrets masked.
// The page shows it before it is saved, so it holds nothing that is not seen.
func (c *Connection) Report() string {
	f, w := c.facts, c.setup.Words
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "  ") + "\n") }
	line(w.T("connection.report.title"), c.setup.Now().Format("2006-01-02 15:04:05 -0700"))
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
	return Masked(b.String(), f.Names)
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

var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bbearer\s+\S+`),
	regexp.MustCompile(`(?i)\b(token|password|secret|authorization)\s*[=:]\s*\S+`),
	regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`),           // JWT
	regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+`),            // e-mail
	regexp.MustCompile(`\b[0-9A-HJ-NPQRTUWXY]{15,20}\b`),        // tax or account number
	regexp.MustCompile(`\b1[3-9]\d{9}\b`),                       // mobile phone
	regexp.MustCompile(`(?i)([a-z]:\\users\\|/home/)[^\\/\s]+`), // user name in a path
	regexp.MustCompile(`(?s)-----BEGIN [^-]+-----.*?-----END [^-]+-----`),
}

// Masked replaces the names given and everything that looks like a secret, a
// tax number, a phone number or an e-mail address by "***".
func Masked(text string, names []string) string {
	names = append([]string{}, names...)
	sort.Slice(names, func(i, j int) bool { return len(names[i]) > len(names[j]) })
	for _, n := range names {
		if strings.TrimSpace(n) != "" {
			text = strings.ReplaceAll(text, n, "***")
		}
	}
	for _, r := range secrets {
		text = r.ReplaceAllString(text, "***")
	}
	return text
}
