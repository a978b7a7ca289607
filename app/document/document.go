// Package document holds what every type of document shares: an identity, a
// revision, a table of the fields that people edit, and the one body that it has
// on disk and on the wire.
//
// Words: a Document is one thing that desks and server keep alike: an invoice, a
// customer, an item, a seller. Its Type names what it is. Its body is its JSON.
// Its Revision is the server's count of its versions. A Field is one value that
// people edit; fields of a group change as one. The registry knows every type.
//
// The package refuses to know any single type, and clocks, disks and networks.
package document

import "time"

// Type names a type of document, as on the wire.
type Type string

// State is a station in a document's life; types without a life-cycle have none.
type State string

// The stations: draft → waiting → issued → reversed; waiting → rejected → draft;
// waiting → draft (recalled, only while not issued). A document without a
// life-cycle has "".
const (
	Draft    State = "draft"
	Waiting  State = "waiting"
	Issued   State = "issued"
	Rejected State = "rejected"
	Reversed State = "reversed"
)

// Editable reports whether the content may change.
func (s State) Editable() bool { return s == Draft || s == Rejected || s == "" }

// Final reports whether the server has issued the document: it has a number and
// its content stands for ever.
func (s State) Final() bool { return s == Issued || s == Reversed }

// Meta is what all types have.
type Meta struct {
	ID       string // UUID, made where the document is made
	Revision int64  // the server's revision that this content is based on; 0: the server never had it
	State    State
	Branch   string    // name of the branch that last changed it, as the server knows it
	Created  time.Time // device time
	Updated  time.Time // device time of the last edit

	// Of an issued type alone.
	Number    string     // given by the server when it issues; empty before
	IssuedAt  time.Time  // server time; zero before
	Rejection *Rejection // why the server refused it; nil otherwise
}

// Rejection is the server's refusal of a document that was handed in.
type Rejection struct {
	Code   string            `json:"code"`             // stable code, e.g. "buyer_tax_no_required"
	Fields map[string]string `json:"fields,omitempty"` // field path → code
	Extra  Extra             `json:",embed"`
}

// Document is a value of a registered type. It is never changed in place.
type Document interface {
	DocumentType() Type
	Meta() Meta
	// WithMeta returns the same document with other Meta; what its type does not
	// have is dropped.
	WithMeta(Meta) Document
}

// Key names one document.
type Key struct {
	Type Type
	ID   string
}

// KeyOf returns the key of a document.
func KeyOf(d Document) Key { return Key{d.DocumentType(), d.Meta().ID} }

// WithRevision returns d with another revision.
func WithRevision(d Document, revision int64) Document {
	m := d.Meta()
	m.Revision = revision
	return d.WithMeta(m)
}

// WithState returns d in another state.
func WithState(d Document, s State) Document {
	m := d.Meta()
	m.State = s
	return d.WithMeta(m)
}

// Severity tells what stops a document from what is only worth a look.
type Severity string

// Severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Stage is what is about to be done with a document.
type Stage int

// What is incomplete may be drafted, not submitted. A type without a life-cycle
// knows the first alone.
const (
	StageDraft Stage = iota
	StageSubmit
)

// Issue is one thing found beside a field. Code is stable and the key of the
// translated sentence.
type Issue struct {
	Field    string // "buyer.name", "lines[2].qty"
	Code     string
	Severity Severity
	Text     string
}

func (i Issue) Error() string { return i.Field + ": " + i.Text }

// Errors keeps the issues that stop.
func Errors(issues []Issue) []Issue {
	var out []Issue
	for _, i := range issues {
		if i.Severity == SeverityError {
			out = append(out, i)
		}
	}
	return out
}
