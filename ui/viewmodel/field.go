package viewmodel

import (
	"strings"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/tax"
)

// fieldLabel names a field or group of a type ("invoice", "line", "customer") for
// people; one without a name is shown by its key.
func fieldLabel(p Phrases, of, key string) string {
	name := "field." + of + "." + key
	if t := p.T(name); t != name && t != "" {
		return t
	}
	return key
}

// fieldText is the value of a field as people read it: a rate in percent, a choice
// by its name.
func fieldText(p Phrases, f document.Field, from any) string {
	text := f.Text(from)
	if text == "" {
		return ""
	}
	last := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
	l, isLine := from.(invoice.Line)
	switch {
	case last == "rate" && isLine && l.ID == "":
		return ""
	case last == "rate":
		if r, err := tax.ParseRate(text); err == nil {
			return r.Percent()
		}
	case last == "discount" && isLine:
		return cellText(l, ColDiscount)
	}
	if key := "value." + last + "." + text; p.T(key) != key {
		return p.T(key)
	}
	return text
}
