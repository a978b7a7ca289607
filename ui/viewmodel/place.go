package viewmodel

import (
	"regexp"
	"strconv"

	"counterfoil/app/invoice"
)

var lineField = regexp.MustCompile(`^lines\[(\d+)\](?:\.(\w+))?`)

// Place names a field for people: with its line and column where it is in one.
func Place(p Phrases, field string) string {
	m := lineField.FindStringSubmatch(field)
	if m == nil {
		if t := p.T("editor.field." + field); t != "editor.field."+field {
			return t
		}
		return field
	}
	n, _ := strconv.Atoi(m[1])
	out := p.T("editor.line", n)
	if t := p.T("editor.col." + m[2]); t != "editor.col."+m[2] {
		out += " " + t
	}
	return out
}

// Issue is what is wrong with a field, with the field's name; its own text where
// the catalogue has no words for it.
func Issue(p Phrases, i invoice.Issue) string {
	if whole := "issue." + i.Field + "." + i.Code; p.T(whole) != whole {
		return p.T(whole)
	}
	text := p.T("issue." + i.Code)
	if text == "issue."+i.Code {
		text = i.Text
	}
	if text == "" || i.Field == "" {
		return text
	}
	return Place(p, i.Field) + " " + text
}
