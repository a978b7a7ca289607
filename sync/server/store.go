package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"counterfoil/app/books"
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
	Branch   string // whose it is: who sees and writes it; empty is everybody's
	Body     []byte // nil when deleted
	Receipt  []byte // of an issued invoice, JSON; nil when there is none
	// Unreadable is set, and Body nil, where a page met a body that is damaged or
	// over the cap: "damaged", "too_large".
	Unreadable string
}

// MaxKept caps a body that is kept, in bytes: what was asked for and what the
// server adds. Larger ones can only be an older program's.
const MaxKept = books.MaxDocument + 4<<10

// Head is where the store stands: what a Mark says.
type Head struct {
	Epoch  string
	Seq    int64  // of the last change
	Hash   []byte // the running hash up to it
	Number int64  // the last invoice number given
}

// Extend is the running hash after d. Every change has one, so that two stores
// that agree on a hash agree on all that came before.
func Extend(before []byte, d Document) []byte {
	body := sha256.Sum256(d.Body)
	h := sha256.New()
	h.Write(before)
	fmt.Fprintf(h, "\x00%d\x00%s\x00%s\x00%d\x00%t\x00", d.Seq, d.Type, d.ID, d.Revision, d.Deleted)
	h.Write(body[:])
	return h.Sum(nil)[:16]
}

// PageQuery asks for changes.
type PageQuery struct {
	After   int64  // seq
	Limit   int    // changes
	Bytes   int    // of bodies; one change comes whatever its size
	Without string // bodies that this device wrote stay nil
	Branch  string // what this branch sees; empty sees all
}

// Store keeps documents, the ledger and the counters.
type Store interface {
	// Update runs fn in one durable write transaction; an error rolls it back.
	Update(ctx context.Context, fn func(Tx) error) error
	// Page reads changes in seq order from one snapshot, with the head of it.
	Page(ctx context.Context, q PageQuery) (Page, error)
	// HashAt is the running hash up to a seq; nil when no change has that seq.
	HashAt(ctx context.Context, seq int64) ([]byte, error)
	Document(ctx context.Context, typ, id string) (Document, bool, error)
	// Invoices lists the invoices in a state, newest change first.
	Invoices(ctx context.Context, state string, limit int) ([]Document, error)
	Epoch(ctx context.Context) (string, error)
	// Seed is the Ed25519 seed of the server's key, made with the data.
	Seed(ctx context.Context) ([]byte, error)
	// Head is where the store stands.
	Head(ctx context.Context) (Head, error)
	Ping(ctx context.Context) error
	// Prune forgets the answers given before a time and returns how many.
	Prune(ctx context.Context, before time.Time) (int64, error)
}

// Page is a run of changes.
type Page struct {
	Head    Head
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
	// Head is where the store stands within this transaction. HashAt as in Store.
	Head() (Head, error)
	HashAt(seq int64) ([]byte, error)
	// LiftNumber makes the counter of numbers at least n.
	LiftNumber(n int64) error
	// ByNumber is the id of the invoice that has a number; empty when none has.
	ByNumber(number string) (id string, err error)
	// Owner is the branch that a device belongs to; Enrol writes it.
	Owner(device string) (branch string, found bool, err error)
	Enrol(device, branch string, at time.Time) error
	// Waiting lists waiting invoices after a seq, oldest first.
	Waiting(after int64, limit int) ([]Document, error)
	// Reds lists the invoices that reverse id and are waiting or issued.
	Reds(id string) ([]Document, error)
	SetEpoch(epoch string) error
}
