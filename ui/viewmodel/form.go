package viewmodel

import (
	"context"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// FormDesk is what a form does.
type FormDesk interface {
	SaveDocument(ctx context.Context, d document.Document, version int64) (books.Record, error)
	RemoveDocument(ctx context.Context, k document.Key) error
	RetryDocument(ctx context.Context, k document.Key) error
	Revert(ctx context.Context, k document.Key) error
}

// FormStore is what a form reads.
type FormStore interface {
	Document(ctx context.Context, k document.Key) (books.Record, error)
}

// A Question is what a form asks before it does it; "" when it asks nothing.
type Question string

// The questions.
const (
	AskClose  Question = "close" // what is typed would be given up
	AskDelete Question = "delete"
	AskRevert Question = "revert"
)

// A Form edits one document of any type, by the table of its fields. A text that
// its field cannot hold stays typed, beside a message. What sync brings while it is
// open comes in where nothing was typed; where something was, the typing stays and
// the other text is told.
type Form struct {
	Changed func() // called after each change; nil is allowed
	Wrote   func() // something is on disk that is to be sent; nil is allowed
	Closed  func() // it is done with

	setup Setup
	kind  *document.Kind
	desk  FormDesk
	store FormStore
	merge books.Merger

	was    books.Record      // as it is on disk; without a document when it is new
	doc    document.Document // with what is typed, as far as the fields can hold it
	raw    map[string]string // by field: typed, and no value of it
	theirs map[string]string // by field: what another version says where this one was typed

	typing string          // the field that is typed into
	left   map[string]bool // fields that were typed into and left
	tried  bool            // to save
	gone   bool            // somebody deleted it
	busy   bool            // an answer of the desk is awaited
	missed bool            // sync brought something meanwhile
	turn   int
	asks   Question
	again  func() // saves once more what came too late
	message,
	notice string
}

// newForm edits a stored document, or a new one where r has none.
func newForm(s Setup, kind *document.Kind, desk FormDesk, store FormStore, merge books.Merger, r books.Record) *Form {
	f := &Form{setup: s, kind: kind, desk: desk, store: store, merge: merge, raw: map[string]string{}, left: map[string]bool{}}
	f.was, f.doc = r, r.Document
	if f.New() {
		f.doc = kind.Zero()
		for _, x := range kind.Fields {
			if f.must(x) {
				f.raw[x.Key] = "" // a choice that nobody made is none
			}
		}
	}
	return f
}

// must reports whether one of a field's choices has to be taken.
func (f *Form) must(x document.Field) bool {
	list := x.Choices(f.today())
	return list != nil && !slices.Contains(list, "")
}

func (f *Form) today() string { return f.setup.Now().Format(time.DateOnly) }

// A FormField is one field as it is shown.
type FormField struct {
	Key, Label, Text string
	Max              int      // characters that it may have; 0: not bounded
	Choices          []Choice // nil: it is typed
	Issue            string   // what is wrong with it
	Stops            bool     // it cannot be saved like this
	Other            string   // a sentence that says what another version has here; empty: nothing else
}

// A Choice is one of a field's values, and its name.
type Choice struct{ Text, Label string }

// Fields are all fields in the order of the table.
func (f *Form) Fields() []FormField {
	found := f.found()
	out := make([]FormField, 0, len(f.kind.Fields))
	for _, x := range f.kind.Fields {
		at := FormField{Key: x.Key, Label: fieldLabel(f.setup.Words, string(f.kind.Type), x.Key), Text: f.text(x), Max: x.Max}
		at.Choices = choices(f.setup.Words, x, f.today(), at.Text)
		if i, ok := found[x.Key]; ok {
			at.Issue, at.Stops = f.words(i), i.Severity == document.SeverityError
		}
		if other, ok := f.theirs[x.Key]; ok {
			if other = valueText(f.setup.Words, x.Key, other); other == "" {
				other = f.setup.Words.T("conflicts.absent")
			}
			at.Other = f.setup.Words.T("form.other", other)
		}
		out = append(out, at)
	}
	return out
}

// choices names the texts that a field is chosen from, nil where it is typed; one that the document has and the list has not
// stays among them.
func choices(p Phrases, x document.Field, date, now string) []Choice {
	list := x.Choices(date)
	if list == nil {
		return nil
	}
	var out []Choice
	there := now == ""
	for _, text := range list {
		there = there || text == now
		label := valueText(p, x.Key, text)
		if text == "" {
			label = p.T("form.none")
		}
		out = append(out, Choice{text, label})
	}
	if !there {
		out = append(out, Choice{now, valueText(p, x.Key, now)})
	}
	return out
}

func (f *Form) text(x document.Field) string {
	if text, ok := f.raw[x.Key]; ok {
		return text
	}
	return x.Text(f.doc)
}

// found are the issues to show, one a field, errors before warnings. Nothing is
// said of a field while it is typed into, but that it is too long; nor that
// something is missing before it could be there.
func (f *Form) found() map[string]document.Issue {
	out := map[string]document.Issue{}
	for _, i := range f.issues() {
		early := i.Field == f.typing && i.Code != "too_long" || i.Code == "required" && f.New() && !f.tried && !f.left[i.Field]
		if _, told := out[i.Field]; !told && !early {
			out[i.Field] = i
		}
	}
	return out
}

// issues are what is wrong, errors first.
func (f *Form) issues() []document.Issue {
	var bad, rest []document.Issue
	for _, x := range f.kind.Fields {
		switch text, raw := f.raw[x.Key]; {
		case raw && text == "":
			bad = append(bad, document.Issue{Field: x.Key, Code: "required", Severity: document.SeverityError, Text: "it has to be chosen"})
		case raw:
			bad = append(bad, document.Issue{Field: x.Key, Code: "number_malformed", Severity: document.SeverityError, Text: "it is no number"})
		}
	}
	for _, i := range f.kind.Check(f.doc, document.StageDraft) {
		if i.Severity == document.SeverityError {
			bad = append(bad, i)
		} else {
			rest = append(rest, i)
		}
	}
	return append(bad, rest...)
}

// First is the first field that keeps the document from being saved; "" when none does.
func (f *Form) First() string {
	bad := document.Errors(f.issues())
	for _, x := range f.kind.Fields {
		if slices.ContainsFunc(bad, func(i document.Issue) bool { return i.Field == x.Key }) {
			return x.Key
		}
	}
	return ""
}

// words are an issue beside its field, which is not named again.
func (f *Form) words(i document.Issue) string {
	if whole := "issue." + i.Field + "." + i.Code; f.setup.Words.T(whole) != whole {
		return f.setup.Words.T(whole)
	}
	i.Field = ""
	return Issue(f.setup.Words, i)
}

// Set takes a field as it is typed or chosen.
func (f *Form) Set(key, text string) {
	x, ok := f.kind.Fields.Find(key)
	if !ok || !f.Editable() || text == f.text(x) {
		return
	}
	delete(f.theirs, key)
	f.message, f.notice = "", ""
	if x.Choices(f.today()) == nil {
		f.typing = key
	}
	doc, err := document.Set(x, f.doc, text)
	if err != nil {
		// As clerks and spreadsheets write numbers.
		if n, wrong := typedNumber(text); wrong == nil {
			doc, err = document.Set(x, f.doc, n.String())
		}
	}
	if err != nil {
		f.raw[key] = text
	} else {
		f.doc = doc
		delete(f.raw, key)
	}
	f.changed()
}

// Leave ends the typing in a field.
func (f *Form) Leave(key string) {
	if f.typing == key {
		f.typing = ""
	}
	if !f.left[key] && f.Editable() {
		f.left[key] = true
		f.changed()
	}
}

// New reports whether it was never saved; Gone whether somebody deleted it
// meanwhile: saving then makes it anew.
func (f *Form) New() bool  { return f.was.Document == nil }
func (f *Form) Gone() bool { return f.gone }

// Editable reports whether the fields may be typed into.
func (f *Form) Editable() bool {
	return !f.kind.HandedOut && !f.was.Conflict && !f.was.Deleting
}

// Unsaved reports whether something is typed that is not on disk.
func (f *Form) Unsaved() bool {
	for _, text := range f.raw {
		if text != "" {
			return true
		}
	}
	on := f.was.Document
	if on == nil {
		on = f.kind.Zero()
	}
	return !f.kind.Fields.Equal(on, f.doc)
}

// Key names the document; its id is empty while it is new.
func (f *Form) Key() document.Key {
	k := document.Key{Type: f.kind.Type}
	if !f.New() {
		k = document.KeyOf(f.was.Document)
	}
	return k
}

// Title says what is edited, Name which one.
func (f *Form) Title() string {
	if f.New() {
		return newTitle(f.setup.Words, f.kind)
	}
	return f.setup.Words.T("type." + string(f.kind.Type))
}

// newTitle says that one of a type is made.
func newTitle(p Phrases, kind *document.Kind) string {
	return p.T("form.new", strings.ToLower(p.T("type."+string(kind.Type))))
}

// Name is that of the stored document, empty when it is new.
func (f *Form) Name() string {
	if f.New() {
		return ""
	}
	return f.kind.Name(f.was.Document)
}

// What the screen shows: how the stored document stands and why it was refused;
// Turn counts the times that fields were filled anew, Typing is the field that is
// typed into.
func (f *Form) Standing() Standing  { return StandingOf(f.was.Status) }
func (f *Form) Refusal() string     { return Refusal(f.setup.Words, f.was.Refusal) }
func (f *Form) Busy() bool          { return f.busy }
func (f *Form) Message() string     { return f.message }
func (f *Form) Notice() string      { return f.notice }
func (f *Form) Question() Question  { return f.asks }
func (f *Form) Turn() int           { return f.turn }
func (f *Form) Typing() string      { return f.typing }
func (f *Form) Meta() document.Meta { return f.doc.Meta() }

func (f *Form) changed() {
	if f.Changed != nil {
		f.Changed()
	}
}
