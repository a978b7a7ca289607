package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"counterfoil/app/books"
)

var (
	// ErrDown says that the store cannot be used now: the database is away.
	ErrDown = errors.New("the database cannot be reached")
	// ErrLocked says that another program holds the database.
	ErrLocked = errors.New("another program holds the database")
	// ErrFull says that there is no room left on the disk.
	ErrFull = errors.New("there is no room on the disk")
	// ErrOtherCompany says that the data belong to another company than is claimed.
	ErrOtherCompany = errors.New("the data belong to another company")
	// ErrRetry says that the storage undid a transaction for a reason that lies in
	// others (a deadlock, a commit that was shared): nothing of it was written, and
	// it is likely to pass when it is run again. Do runs it again.
	ErrRetry = errors.New("the transaction was undone and may be run again")
)

// Key names a document.
type Key struct{ Type, ID string }

// Document is one document as the server holds it. Body holds the revision,
// state, number and branch as well; the fields beside it are what the server
// searches by.
type Document struct {
	Type     string
	ID       string
	Revision int64
	Seq      int64
	Deleted  bool
	State    string // of a type with a life-cycle
	Number   string // of what is issued
	Series   Series // of the number
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

// Series is one run of invoice numbers of a company, each given once.
type Series struct{ Company, Name string }

// Head is where the store stands: what a Mark says.
type Head struct {
	Epoch   string           // never empty; given when the storage is made
	Seq     int64            // of the last change
	Hash    []byte           // the running hash up to it
	Numbers map[Series]int64 // the last number given in each series that was begun
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

// Store keeps documents, the ledger and the counters. Every storage keeps this
// contract, and storetest.Run holds it to it:
//
//   - Write transactions are serializable: each run of a function sees what was
//     committed before it, what it wrote itself, and nothing of another.
//   - A transaction is written whole or not at all. When Update returned nil it
//     outlives a loss of power; when it returned an error nothing of it is there,
//     but for an error of the commit itself, which leaves open which of the two it
//     is: whoever asks again learns it from the ledger.
//   - A read sees one snapshot, never half a transaction, and every transaction
//     that Update has returned from before the read began.
//   - What is not there is no error: found is false, text is empty, bytes are nil.
//   - Bytes that are handed in or out are not changed by either side afterwards.
//   - Everything is safe for concurrent use, but a Tx, which belongs to its function.
type Store interface {
	// Update runs fn in one write transaction; an error or a panic of fn undoes it
	// and reaches the caller. fn may be run more than once, each time from the
	// start and with nothing of the run before written: it must not keep what it
	// collected in an earlier run, has no effect outside the transaction, and asks
	// the Tx alone: a call of the store may wait for the transaction it is made in.
	// Only one run is committed, the last. The Tx ends with the run. Update returns only
	// when no run is under way any more. It returns ErrRetry where the storage
	// undid it; call Do, which deals with both.
	Update(ctx context.Context, fn func(Tx) error) error
	// Page reads changes in seq order from one snapshot, with the head of it.
	Page(ctx context.Context, q PageQuery) (Page, error)
	// HashAt is the running hash up to a seq; nil when no change has that seq.
	HashAt(ctx context.Context, seq int64) ([]byte, error)
	// Seed is the Ed25519 seed of the server's key, 32 bytes, made with the data.
	Seed(ctx context.Context) ([]byte, error)
	// Head is where the store stands; all of it is from one snapshot.
	Head(ctx context.Context) (Head, error)
	// Claim says whose data these are. The first name that is not empty stays, and
	// the series that were begun without one become its; data of a company that are
	// claimed for another, or for none, are ErrOtherCompany.
	Claim(ctx context.Context, company string) error
	// Prune forgets the answers given before a time and returns how many.
	Prune(ctx context.Context, before time.Time) (int64, error)
	// Close ends it. Afterwards everything returns an error.
	Close() error
}

// tries is how often Do runs a transaction that the storage undid.
const tries = 5

// Do runs fn in a write transaction and returns what it returned in the run that
// was committed, the zero value with an error. What a run collects it returns, so
// that nothing of an earlier run is left in it. Where the storage undid it, fn is
// run again, five times at most; then the error is ErrRetry.
func Do[T any](ctx context.Context, s Store, fn func(Tx) (T, error)) (T, error) {
	var zero T
	for n := 1; ; n++ {
		out := zero
		err := s.Update(ctx, func(tx Tx) (err error) {
			out, err = fn(tx)
			return err
		})
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, ErrRetry) || n == tries:
			return zero, err
		}
	}
}

// Page is a run of changes.
type Page struct {
	Head    Head
	More    bool // there are changes after the last one
	Changes []Document
}

// Tx is one write transaction. What it reads is as of its own writes. An error of
// a method is one of the storage: the function returns it as it is.
type Tx interface {
	// Prefetch says which answers and documents will be asked for, so that a store
	// can read them at once. It changes nothing but speed.
	Prefetch(docs []Key, operations []string) error
	Answer(operation string) (hash string, answer []byte, found bool, err error)
	// Record keeps the answer to an operation; one that has an answer is an error.
	Record(operation, hash string, answer []byte, at time.Time) error
	// Document reads one, deleted ones too.
	Document(typ, id string) (Document, bool, error)
	// NextSeq and NextNumber raise a counter by one; a series begins with 1. A
	// transaction that is undone gives them back, so there is no gap.
	NextSeq() (int64, error)
	NextNumber(s Series) (int64, error)
	// Write keeps a document under its type and id and extends the running hash.
	// Its seq comes from NextSeq and is written once. A nil receipt leaves the one
	// that is there. A number that another invoice of the series has is an error.
	Write(d Document) error
	// Head is where the store stands within this transaction. HashAt as in Store.
	Head() (Head, error)
	HashAt(seq int64) ([]byte, error)
	// LiftNumber makes the counter of a series at least n.
	LiftNumber(s Series, n int64) error
	// ByNumber is the id of the invoice that has a number; empty when none has.
	ByNumber(s Series, number string) (id string, err error)
	// Owner is the branch that a device belongs to; Enrol writes it.
	Owner(device string) (branch string, found bool, err error)
	Enrol(device, branch string, at time.Time) error
	// List lists the documents of a type that are not deleted, by seq.
	List(typ string) ([]Document, error)
	// Waiting lists what waits to be issued after a seq, oldest first.
	Waiting(after int64, limit int) ([]Document, error)
	// Reds lists the invoices that reverse id and are waiting or issued.
	Reds(id string) ([]Document, error)
	SetEpoch(epoch string) error
}
