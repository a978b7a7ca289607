package document

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"counterfoil/app/money"
	"counterfoil/app/tax"
)

// A Field is one value that people edit. It is written once, as a tag of the
// struct that has it: `json:"name" field:"group,max,flag"`. group may be empty (the
// field changes alone) and max, in characters, too (it is no free text). The flag
// "fresh" says that a copy of the document begins without it, "mute" that no search
// looks into it. A struct in the group "each" lends its fields one by one.
type Field struct {
	Key      string // its place in the body: "remark", "buyer.tax_no"
	Group    string // what changes as one with it
	Max      int    // characters; 0: not bounded here
	Fresh    bool   // a copy begins without it
	Searched bool   // a search looks into it: it is free text
	index    []int
	chosen   Chosen // nil: it is typed
}

// Chosen is a value that people choose from a list rather than type.
type Chosen interface {
	// Choices returns the texts of the list on a business date, in its order; one is
	// "" where nothing may be chosen.
	Choices(date string) []string
}

// Table lists the fields of one struct, in the order of the body.
type Table []Field

// TableOf reads the table of a struct type from its tags. A nested struct with a
// field tag lends its fields, under its name and in its group.
func TableOf[T any]() Table { return tableOf(reflect.TypeFor[T](), "", "", false, nil) }

func tableOf(t reflect.Type, prefix, group string, mute bool, at []int) Table {
	var out Table
	for i := range t.NumField() {
		sf := t.Field(i)
		tag, ok := sf.Tag.Lookup("field")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		parts := append(strings.Split(tag, ","), "", "")
		f := Field{Key: prefix + name, Group: parts[0], Fresh: parts[2] == "fresh", Searched: parts[1] != "" && !mute, index: append(at[:len(at):len(at)], i)}
		if parts[1] != "" {
			f.Max, _ = strconv.Atoi(parts[1])
		}
		f.chosen, _ = reflect.Zero(sf.Type).Interface().(Chosen)
		switch {
		case group != "":
			f.Group = group
		case f.Group == "":
			f.Group = f.Key
		}
		if nests(sf.Type) {
			inner := f.Group
			if parts[0] == "each" { // its fields change one by one
				inner = ""
			}
			out = append(out, tableOf(sf.Type, f.Key+".", inner, parts[2] == "mute", f.index)...)
			continue
		}
		out = append(out, f)
	}
	return out
}

// nests reports whether a struct type is a part with fields of its own rather
// than one value.
func nests(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[decimal.Decimal]() && t != reflect.TypeFor[tax.Rate]()
}

// Groups lists the groups, each once, in the order of their first fields.
func (t Table) Groups() []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range t {
		if !seen[f.Group] {
			seen[f.Group] = true
			out = append(out, f.Group)
		}
	}
	return out
}

// Of returns the fields of a group.
func (t Table) Of(group string) Table {
	var out Table
	for _, f := range t {
		if f.Group == group {
			out = append(out, f)
		}
	}
	return out
}

// Find returns the field with this key.
func (t Table) Find(key string) (Field, bool) {
	for _, f := range t {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Choices returns the canonical texts that people choose from on a business date,
// nil where the field is typed.
func (f Field) Choices(date string) []string {
	if f.chosen == nil {
		return nil
	}
	return f.chosen.Choices(date)
}

// Text joins the canonical texts of the fields, for people.
func (t Table) Text(from any) string {
	texts := make([]string, len(t))
	v := reflect.ValueOf(from)
	for i, f := range t {
		texts[i] = textOf(v.FieldByIndex(f.index))
	}
	return strings.TrimRight(strings.Join(texts, " "), " ")
}

// Equal reports whether the two structs agree in every field of the table.
func (t Table) Equal(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for _, f := range t {
		if textOf(x.FieldByIndex(f.index)) != textOf(y.FieldByIndex(f.index)) {
			return false
		}
	}
	return true
}

// Copy returns dst with the values that src has in the fields of the table.
func Copy[T any](t Table, dst, src T) T {
	to, from := settable(dst), reflect.ValueOf(src)
	if !from.IsValid() {
		return dst
	}
	for _, f := range t {
		to.FieldByIndex(f.index).Set(from.FieldByIndex(f.index))
	}
	return to.Interface().(T)
}

// settable returns a copy of the struct in v whose fields can be set.
func settable(v any) reflect.Value {
	from := reflect.ValueOf(v)
	to := reflect.New(from.Type()).Elem()
	to.Set(from)
	return to
}

// Text returns the canonical text of the field: "" for none, a decimal as "0.5",
// a rate as "0.13" or "exempt".
func (f Field) Text(from any) string { return textOf(reflect.ValueOf(from).FieldByIndex(f.index)) }

// Set returns in with the field read from a text. An error wraps money.ErrMalformed
// or tax.ErrRate and says what to write.
func Set[T any](f Field, in T, text string) (T, error) {
	out := settable(in)
	at := out.FieldByIndex(f.index)
	switch at.Interface().(type) {
	case decimal.Decimal, *decimal.Decimal:
		if text == "" {
			at.SetZero()
			break
		}
		d, err := money.Parse(text, 13, 32)
		if err != nil {
			return in, err
		}
		if at.Kind() == reflect.Pointer {
			at.Set(reflect.ValueOf(&d))
		} else {
			at.Set(reflect.ValueOf(d))
		}
	case tax.Rate:
		r, err := tax.ParseRate(text)
		if err != nil {
			return in, err
		}
		at.Set(reflect.ValueOf(r))
	default:
		at.SetString(text)
	}
	return out.Interface().(T), nil
}

// Clear returns in without a value in the field.
func Clear[T any](f Field, in T) T {
	out := settable(in)
	out.FieldByIndex(f.index).SetZero()
	return out.Interface().(T)
}

func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case decimal.Decimal:
		return x.String()
	case *decimal.Decimal:
		if x == nil {
			return ""
		}
		return x.String()
	case tax.Rate:
		return x.String()
	}
	if v.Kind() == reflect.Pointer { // a part that may be absent
		if v.IsNil() {
			return ""
		}
		return partTable(v.Type().Elem()).Text(v.Elem().Interface())
	}
	return v.String()
}

var partTables sync.Map // reflect.Type → Table

func partTable(t reflect.Type) Table {
	if known, ok := partTables.Load(t); ok {
		return known.(Table)
	}
	made := tableOf(t, "", "", false, nil)
	partTables.Store(t, made)
	return made
}

// Check lists texts that are too long or hold characters that cannot be printed.
// prefix stands before each key.
func (t Table) Check(v any, prefix string) []Issue {
	var out []Issue
	for _, f := range t {
		if f.Max > 0 {
			out = append(out, CheckText(prefix+f.Key, f.Text(v), f.Max)...)
		}
	}
	return out
}

// CheckText is Check for one text of at most limit characters.
func CheckText(field, s string, limit int) []Issue {
	if n := utf8.RuneCountInString(s); n > limit {
		return []Issue{{Field: field, Code: "too_long", Severity: SeverityError, Text: fmt.Sprintf("%d characters, at most %d are allowed", n, limit)}}
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError }) {
		return []Issue{{Field: field, Code: "bad_characters", Severity: SeverityError, Text: "it holds characters that cannot be printed; type it again"}}
	}
	return nil
}
