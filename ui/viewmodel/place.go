package viewmodel

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

var lineField = regexp.MustCompile(`^lines\[(\d+)\](?:\.(\w+))?`)

// Place names a field for people: with its line and column where it is in one.
func Place(p Phrases, field string) string {
	m := lineField.FindStringSubmatch(field)
	if m == nil {
		for _, k := range document.Kinds() {
			if name := "field." + string(k.Type) + "." + field; p.T(name) != name {
				return p.T(name)
			}
		}
		return field
	}
	n, _ := strconv.Atoi(m[1])
	out := p.T("editor.line", n)
	if t := p.T("field.line." + m[2]); t != "field.line."+m[2] {
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

// Beside lists what was typed here into an invoice that became read-only before
// it could be taken in: each text after its field's name.
func (e *Editor) Beside() []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(e.beside)) {
		field, text := key, e.beside[key]
		if id, name := e.beside.Line(key); id != "" {
			if name == "order" {
				continue
			}
			row := e.lineAt(id)
			if row < 0 {
				row = len(e.inv.Lines)
			}
			field = fmt.Sprintf("lines[%d].%s", row+1, name)
		}
		if text != "" {
			out = append(out, Place(e.setup.Words, field)+" "+text)
		}
	}
	return out
}
