package books

import (
	"context"
	"time"

	"counterfoil/app/document"
)

// Device is the identity of this data folder.
type Device struct {
	ID string // UUIDv7; a cloned folder is given a new one
}

// Cursor is how far this device has read the server's changes. The zero Cursor
// reads from the beginning.
type Cursor struct {
	Epoch string
	Seq   int64
	Scope string
	Again bool // all is read again, because the server was restored from a backup
	// Mark is the newest the server gave; it says where the server stood. Opaque.
	// SyncTx.SetMark writes it.
	Mark string
	// Behind is since when the server has not caught up with this cursor, zero when
	// it has. SyncTx.SetBehind writes it.
	Behind time.Time
}

// Change is one change read from the server. It has its Document unless Deleted, Own
// or Aside says why not.
type Change struct {
	document.Key
	Seq      int64
	Revision int64
	Deleted  bool
	Own      bool // this device made it; no body
	Document document.Document
	Body     []byte // of Document, as it came; nil when it is to be written anew
	Receipt  []byte // of an issued document, as the server signed it
	Aside    *Aside // it cannot be read; no body
}

// Ready is an operation that may be sent now.
type Ready struct {
	Operation
	Document document.Document // of an Unsent one; nil when it is gone
	Body     []byte            // of Document, as it is stored
	Receipt  []byte            // of the document, for a Present
	Err      error             // the document cannot be read: it holds up no other
}

// SyncStore is what the sync engine needs of the local store. Update runs fn in
// ONE durable write transaction; an error from fn rolls it back.
type SyncStore interface {
	Device(ctx context.Context) (Device, error)
	// RenewDevice gives this data folder a new device id, starts its sequence at
	// 1 and turns Sent operations back to Unsent (used when the server says that
	// an operation id was used with other bytes: a cloned folder).
	RenewDevice(ctx context.Context, id string) error
	Cursor(ctx context.Context) (Cursor, error)
	// AnyReady says whether SyncTx.Ready would list anything now.
	AnyReady(ctx context.Context, again bool) (bool, error)
	// RetryParked puts operations parked with one of these codes back among those
	// to be sent, with the ids and bytes they had.
	RetryParked(ctx context.Context, codes ...string) error
	// AsidesBefore lists what other versions of the program set aside with bytes,
	// oldest first.
	AsidesBefore(ctx context.Context, program string, limit int) ([]Aside, error)
	Update(ctx context.Context, fn func(SyncTx) error) error
}

// SyncTx is what can be done inside one transaction of the engine.
type SyncTx interface {
	// Document returns ErrNotFound when there is none, ErrDamaged with Pending alone
	// when what is stored is not what was written; SetClean makes it whole.
	Document(k document.Key) (Record, error)
	// Conflict returns the open conflict of a document, ErrNotFound when there is
	// none, ErrDamaged when it is not what was written.
	Conflict(k document.Key) (Conflict, error)
	// Ready lists operations to send, oldest first, Sent ones before Unsent ones,
	// at most one a document, without Parked ones and without those whose
	// document has an open conflict: at most limit, and only until their bodies
	// reach size bytes. Without again only Unsent ones are listed, because what
	// was sent is on its way.
	Ready(limit, size int, again bool) ([]Ready, error)
	// Freeze marks an unsent operation as sent with these bytes; it allots and
	// returns the next device sequence number. A later edit of the document then
	// makes a new operation. ErrNotFound when no unsent operation has this id.
	Freeze(id int64, bytes []byte, hash string, base int64, at time.Time) (seq int64, err error)
	// Answered removes the operation from the outbox and keeps it, with its
	// answer, in the answered list (offered again after an epoch change). Forget
	// removes what was answered before a time from that list.
	Answered(id int64, answer string, at time.Time) error
	Forget(before time.Time) error
	// Revision is the server's revision that a document rests on, -1 when there is
	// no such document or it is damaged.
	Revision(k document.Key) (int64, error)
	// Settle writes what the server made of a document that was sent as it stands:
	// its state, number and revision; document and base are then equal. It writes
	// nothing and returns false when there is more to it: an operation that waits, a
	// conflict, a newer revision, or no such document.
	Settle(d document.Document, h HistoryEntry) (bool, error)
	// Park keeps the operation for a person, with the code of why; an unsent one
	// of the same document, which carries newer content, takes its place instead.
	// Attempt notes a try that had no answer.
	Park(id int64, code string) error
	Attempt(id int64, code string) error
	// Reoffer puts the operations that were applied back into the outbox as Sent,
	// with their old Seq and Bytes, except those of documents that have a receipt. It
	// returns how many, and begins to remember what is Seen.
	Reoffer() (int, error)
	// Seen notes that the server has a document. OfferUnseen asks to bring to the
	// server what it had and was not seen since Reoffer, except what already waits
	// or is in conflict. It returns how many and ends the remembering.
	Seen(k document.Key) error
	OfferUnseen() (int, error)
	// Offer asks to present an issued document, unless something of it waits already.
	Offer(k document.Key) error
	// KeepReceipt keeps the receipt of an issued document, signed at the change seq;
	// Receipt returns it, nil when there is none.
	KeepReceipt(k document.Key, seq int64, receipt []byte) error
	Receipt(k document.Key) ([]byte, error)
	SetMark(mark string) error
	SetBehind(since time.Time) error

	// SetClean writes the document as the server has it: document and base are
	// equal, and every unsent operation of it is dropped. body is its body as it
	// came, nil to have it written anew.
	SetClean(d document.Document, body []byte, h HistoryEntry) error
	// SetBase writes a new base under local edits that are not answered yet and
	// replaces the document by doc (the merge result, or the document unchanged,
	// with its revision set to that of base). kind is the operation to have unsent
	// for it; empty leaves the outbox alone.
	SetBase(doc, base document.Document, kind OperationKind, h HistoryEntry) error
	// OpenConflict opens or replaces the conflict of a document and drops its
	// unsent and sent operations; the document stays mine.
	OpenConflict(c Conflict, h HistoryEntry) error
	// Remove takes a document away whole, but for its history.
	Remove(k document.Key, h HistoryEntry) error
	SetCursor(c Cursor) error
	// SetAside keeps a version that cannot be read in the place of an older one;
	// EndAside forgets it, if there is one up to this revision.
	SetAside(a Aside) error
	EndAside(k document.Key, revision int64) error
}
