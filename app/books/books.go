// Package books holds the use cases of the invoicing desk — draft, edit, submit,
// recall, resolve, look up — and the nouns that the local store and the sync
// engine share, so that these two never import each other.
//
// Words: an Operation is one change this device asks the server for; the outbox
// holds operations that have no answer yet; the Base is the version this device
// last had from the server; a Conflict is an invoice changed on both sides in a
// way only a person can settle.
//
// The package refuses to touch disks, networks and clocks: time and ids come in
// through Desk's fields.
package books

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/invoice"

	// The types that the program knows.
	_ "counterfoil/app/customer"
	_ "counterfoil/app/item"
	_ "counterfoil/app/seller"
)

// OperationKind says what an operation asks for.
type OperationKind string

// Kinds. A Transition carries the whole invoice as well, so that an unsent edit
// and the submit after it travel as one operation.
const (
	Put        OperationKind = "put"
	Transition OperationKind = "transition"
	Delete     OperationKind = "delete"
	// Present shows an issued invoice and the receipt for it to a server that
	// lost it.
	Present OperationKind = "present"
)

// OutboxState says how far an operation has come.
type OutboxState string

// Unsent may still be coalesced; Sent has frozen bytes and may or may not have
// reached the server; Parked waits for a person (conflict or refusal).
const (
	Unsent OutboxState = "unsent"
	Sent   OutboxState = "sent"
	Parked OutboxState = "parked"
)

// Operation is one row of the outbox. Bytes, Hash and Seq are set when it is
// frozen; from then on they never change.
type Operation struct {
	ID           int64 // local order, rising
	Seq          int64 // device sequence; 0 while unsent
	DocumentType document.Type
	DocumentID   string
	Kind         OperationKind
	BaseRevision int64
	Bytes        []byte // frozen body, as sent; nil while unsent
	Hash         string // hex SHA-256 of Bytes
	State        OutboxState
	Attempts     int
	LastError    string // stable code of the last answer that was not final; empty when none
	CreatedAt    time.Time
	SentAt       time.Time // first time sent; zero while unsent
}

// Key names the document that the operation is of.
func (o Operation) Key() document.Key { return document.Key{Type: o.DocumentType, ID: o.DocumentID} }

// Status is how a document stands on this device.
type Status struct {
	Version  int64       // local version, raised at each local change of any origin
	Pending  OutboxState // state of its newest operation; empty when none: the server has all of it
	Refusal  string      // stable code of why its newest operation is parked; empty when it is not
	Deleting bool        // its newest operation asks to delete it
	Conflict bool        // an open Conflict exists
	Typed    Typed       // what was typed into it and is not in the document yet; nil when nothing is
}

// Record is a document as this device holds it.
type Record struct {
	Document document.Document
	Base     document.Document // nil when the server never had it
	Status
}

// Stored is a Record of an invoice.
type Stored struct {
	Invoice invoice.Invoice
	Base    *invoice.Invoice // nil when the server never had it
	Status
}

// Stored returns the record of an invoice; of another type its invoice is empty.
func (r Record) Stored() Stored {
	s := Stored{Status: r.Status}
	s.Invoice, _ = r.Document.(invoice.Invoice)
	if base, ok := r.Base.(invoice.Invoice); ok {
		s.Base = &base
	}
	return s
}

// Saved is what a save gave the invoice.
type Saved struct {
	Version   int64  // the new Stored.Version
	Reference string // as given, or the one that was allotted
}

// MaxDocument is the most bytes that a document may have when it is stored or
// sent.
const MaxDocument = 256 << 10

// TooLarge is the error for a document of n bytes, nil when that is within MaxDocument.
func TooLarge(n int) error {
	if n <= MaxDocument {
		return nil
	}
	return &Error{Code: "document_too_large", Text: fmt.Sprintf("it takes %d kB, more than the %d kB that one may have", (n+1023)>>10, MaxDocument>>10),
		Hint: "shorten its texts, or split it"}
}

// FieldDiff is one row in which the two sides differ, or one that was merged.
type FieldDiff struct {
	Path   string // "remark", "buyer", "kind", "date", "state", "line/<id>/amounts", "line/<id>/description", "line/<id>"
	Line   int    // 1-based place of the line in Mine, or in Theirs when Mine has it not; 0 for the header
	Base   string // texts for people, already in canonical form; empty when absent
	Mine   string
	Theirs string
	Side   Side // for a merged row: whose change was taken; for a conflict: empty until chosen
}

// Side is a choice in a conflict.
type Side string

// The sides.
const (
	Mine   Side = "mine"
	Theirs Side = "theirs"
)

// Conflict holds three whole versions of a document and what differs.
type Conflict struct {
	ID         string // UUIDv7
	Type       document.Type
	DocumentID string
	Base       document.Document // nil when both sides made it
	Mine       document.Document
	Theirs     document.Document // its revision is the server's
	Deleted    bool              // theirs is a deletion; Theirs holds the last version known
	Diffs      []FieldDiff       // need a person
	Merged     []FieldDiff       // settled by rule
	OpenedAt   time.Time
}

// Key names the document in conflict.
func (c Conflict) Key() document.Key { return document.Key{Type: c.Type, ID: c.DocumentID} }

// DeletedState stands in a FieldDiff of "state" for a side that deleted the document.
const DeletedState = "deleted"

// Deleting reports whether mine is a deletion, which met a newer version.
func (c Conflict) Deleting() bool {
	return len(c.Diffs) == 1 && c.Diffs[0].Path == "state" && c.Diffs[0].Mine == DeletedState
}

// Merge is the answer of a three-way merge.
type Merge struct {
	Result document.Document // every rule-settled field, and mine where a person must choose
	Diffs  []FieldDiff
	Merged []FieldDiff
}

// Merger merges three versions of a document, choosing a side for the paths given;
// sync/merge is the one that is used. base may be nil.
type Merger func(base, mine, theirs document.Document, choices map[string]Side) Merge

// HistoryEntry is one line of a document's history. Before is the whole version
// that was replaced or not chosen, so nothing is thrown away.
type HistoryEntry struct {
	At     time.Time
	Event  string // "drafted", "edited", "submitted", "recalled", "merged", "conflict", "resolved", "issued", "rejected", "received"
	Detail string
	Before document.Document
}

// Filter picks invoices for a list.
type Filter struct {
	State    invoice.State // empty: all
	Conflict bool          // only those with an open conflict
	Red      bool          // only red-letter ones
	From, To string        // business dates inclusive, YYYY-MM-DD; empty: open
	Search   string        // any part of number, reference, buyer, tax number, item, remark or pinyin initials
}

// Order is a sort order of the list.
type Order struct {
	By   string // "created" (default), "date", "buyer", "number", "gross"
	Desc bool
}

// Row is one list row: what the table shows, without the lines.
type Row struct {
	ID, Reference, Number string
	Date, BuyerName       string
	Kind                  invoice.Kind
	State                 invoice.State
	Red, Conflict         bool
	Pending               OutboxState
	Gross                 decimal.Decimal
	RejectionCode         string
	CreatedAt, UpdatedAt  time.Time
	Place                 Place // in the order that was asked for
	Damaged               bool  // it is not as it was written: nothing but id and reference is given, as they stand
}

// Page is one keyset page. It may hold fewer rows than asked for, even none, where
// rows that a search finds lie far apart: a page is never searched for longer than
// a moment. Next is empty at the end.
type Page struct {
	Rows []Row
	Next string // a mark; give it back for what follows
}

// Counts feed the filter chips and the bottom strip.
type Counts struct {
	All, Draft, Waiting, Issued, Rejected, Red, Conflict int
	AtLeast                                              bool            // there are more than these; Gross is of these alone
	Gross                                                decimal.Decimal // sum over All
	Unsynced                                             int             // operations without an answer
	UnsyncedInvoices                                     int             // invoices that these operations are of
	UnsyncedGross                                        decimal.Decimal // sum of the waiting (submitted) invoices
	OldestUnsynced                                       time.Time       // zero when none
}

// Store keeps everything on this device. Every method is one transaction and
// durable when it returns. Safe for concurrent use.
type Store interface {
	// SaveInvoice writes the invoice, its outbox row (coalesced with an unsent one
	// of the same document) and its history in one transaction. version is the
	// Stored.Version the edit started from, 0 for a new one; another value in the
	// store returns ErrStale. kind is empty for no outbox row. An empty reference is
	// filled in the same transaction: date without dashes, "-", letters of the
	// device, counter; at most 20 characters. A body above MaxDocument is *Error
	// "document_too_large".
	SaveInvoice(ctx context.Context, inv invoice.Invoice, version int64, kind OperationKind, h HistoryEntry) (Saved, error)
	// SaveTyped is SaveInvoice that also replaces what was typed beside the
	// invoice, in the same transaction; SaveInvoice leaves it alone.
	SaveTyped(ctx context.Context, inv invoice.Invoice, version int64, kind OperationKind, h HistoryEntry, typed Typed) (Saved, error)
	// PutTyped replaces what was typed beside an invoice and nothing else: neither
	// its version nor the outbox changes. ErrNotFound when there is no such invoice.
	PutTyped(ctx context.Context, id string, typed Typed) error
	// Invoice returns ErrNotFound when there is none.
	Invoice(ctx context.Context, id string) (Stored, error)
	// List returns a keyset page of at most limit rows after the given mark, from
	// the first when it is empty. ListBack gives those before a mark, in the same
	// order, from the last when it is empty; its Next leads further back.
	List(ctx context.Context, f Filter, o Order, after string, limit int) (Page, error)
	ListBack(ctx context.Context, f Filter, o Order, before string, limit int) (Page, error)
	// Rows returns those of the invoices that the filter picks, in no order.
	Rows(ctx context.Context, f Filter, o Order, ids []string) ([]Row, error)
	// Counts is exact, but for a search that finds more than a bound: then AtLeast is set.
	Counts(ctx context.Context, f Filter) (Counts, error)
	Outbox(ctx context.Context, limit int) ([]Operation, error)
	// Document returns a document of any type, ErrNotFound when there is none.
	Document(ctx context.Context, k document.Key) (Record, error)
	// Save is SaveInvoice for a document of any other type; it returns the new version.
	Save(ctx context.Context, d document.Document, version int64, kind OperationKind, h HistoryEntry) (int64, error)
	// Find lists documents of a type that hold every word of a search, by name in
	// pinyin order; not for invoices, which have a List.
	Find(ctx context.Context, t document.Type, search string, limit int) ([]Record, error)
	// Revert makes a document what the server has and drops its operations; one
	// that the server never had goes. ErrNotFound when there is none.
	Revert(ctx context.Context, k document.Key, h HistoryEntry) error
	// Retry puts the parked operation of a document back among those to be sent,
	// with the id and bytes it had. ErrNotFound when none is parked.
	Retry(ctx context.Context, k document.Key) error
	Conflicts(ctx context.Context) ([]Conflict, error)
	Conflict(ctx context.Context, k document.Key) (Conflict, error)
	// Resolve writes the result as the new document on top of Theirs, its outbox row
	// (none when the result is theirs), the history, and closes the conflict.
	Resolve(ctx context.Context, c Conflict, result document.Document, kind OperationKind, h HistoryEntry) error
	History(ctx context.Context, k document.Key) ([]HistoryEntry, error)
	// Setting and SetSetting keep small values by name; missing is "".
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}
