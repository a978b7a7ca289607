package server

import (
	"context"
	"errors"
	"time"
)

// ErrDown says that the store cannot be used now: the database is away.
var ErrDown = errors.New("the database cannot be reached")

// Document is one document as the server holds it. Body holds the revision,
// state, number and branch as well; the fields beside it are what the server
// searches by.
type Document struct {
	Type     string
	ID       string
	Revision int64
	Seq      int64
	Deleted  bool
	State    string // invoices only
	Number   string // issued invoices only
	Reverses string // red-letter invoices only
	Device   string // whose operation wrote it; empty when the server did by itself
	Body     []byte // nil when deleted
}

// Store keeps documents, the ledger and the counters.
type Store interface {
	// Update runs fn in one durable write transaction; an error rolls it back.
	Update(ctx context.Context, fn func(Tx) error) error
	// Page reads the changes after seq in seq order, at most limit, from one
	// snapshot, with the epoch and the last seq of that snapshot. Bodies that the
	// device without wrote stay nil.
	Page(ctx context.Context, after int64, limit int, without string) (Page, error)
	Document(ctx context.Context, typ, id string) (Document, bool, error)
	// Invoices lists the invoices in a state, newest change first.
	Invoices(ctx context.Context, state string, limit int) ([]Document, error)
	Epoch(ctx context.Context) (string, error)
	SetEpoch(ctx context.Context, epoch string) error
	Ping(ctx context.Context) error
}

// Page is a run of changes.
type Page struct {
	Epoch   string
	LastSeq int64 // of the whole store
	More    bool
	Changes []Document
}

// Tx is one write transaction.
type Tx interface {
	// Prefetch says which answers and documents of a type will be asked for, so
	// that a store can read them at once. It changes nothing but speed.
	Prefetch(typ string, ids, operations []string) error
	Answer(operation string) (hash string, answer []byte, found bool, err error)
	Record(operation, hash string, answer []byte, at time.Time) error
	Document(typ, id string) (Document, bool, error)
	// NextSeq and NextNumber raise a counter row of this transaction.
	NextSeq() (int64, error)
	NextNumber() (int64, error)
	Write(d Document) error
	Waiting(limit int) ([]Document, error)
	// Reds lists the invoices that reverse id and are waiting or issued.
	Reds(id string) ([]Document, error)
	Epoch() (string, error)
}
