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
	if l, isLine := from.(invoice.Line); isLine && text != "" {
		switch {
		case f.Key == "rate" && l.ID == "":
			return ""
		case f.Key == "discount":
			return cellText(l, ColDiscount)
		}
	}
	return valueText(p, f.Key, text)
}

// valueText is a canonical text of a field as people read it.
func valueText(p Phrases, key, text string) string {
	if text == "" {
		return ""
	}
	last := key[strings.LastIndexByte(key, '.')+1:]
	if name := "value." + last + "." + text; p.T(name) != name {
		return p.T(name)
	}
	if last == "rate" {
		if r, err := tax.ParseRate(text); err == nil {
			return r.Percent()
		}
	}
	return text
}
