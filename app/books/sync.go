package books

import (
	"context"
	"time"

	"counterfoil/app/invoice"
	"counterfoil/app/party"
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

// Change is one change read from the server. Exactly one body is set unless Deleted or Own.
type Change struct {
	Seq      int64
	Type     DocumentType
	ID       string
	Revision int64
	Deleted  bool
	Own      bool // this device made it; no body
	Invoice  *invoice.Invoice
	Sheet    *invoice.Sheet // computed from Invoice
	Customer *party.Customer
	Item     *invoice.Item
	Receipt  []byte // of an issued invoice, as the server signed it
	Aside    *Aside // it cannot be read; no body
}

// Ready is an operation that may be sent now.
type Ready struct {
	Operation
	Document *invoice.Invoice // of an Unsent one; nil when it is gone
	Receipt  []byte           // of the document, for a Present
	Err      error            // the document cannot be read: it holds up no other
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
	// Invoice gives ErrNotFound when there is none, ErrDamaged with Pending alone
	// when what is stored is not what was written; SetClean makes it whole.
	Invoice(id string) (Stored, error)
	// Conflict gives the open conflict of an invoice, ErrNotFound when there is
	// none, ErrDamaged when it is not what was written.
	Conflict(invoiceID string) (Conflict, error)
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
	// Revision is the server's revision that the document of an invoice rests on,
	// -1 when there is no such invoice or it is damaged.
	Revision(id string) (int64, error)
	// Settle writes what the server made of an invoice that was sent as it
	// stands: its state, number and revision; document and base are then equal.
	// It writes nothing and gives false when there is more to it: an operation
	// that waits, a conflict, a newer revision, or no such invoice.
	Settle(inv invoice.Invoice, h HistoryEntry) (bool, error)
	// Park keeps the operation for a person, with the code of why; an unsent one
	// of the same document, which carries newer content, takes its place instead.
	// Attempt notes a try that had no answer.
	Park(id int64, code string) error
	Attempt(id int64, code string) error
	// Reoffer puts the operations that were applied back into the outbox as Sent,
	// with their old Seq and Bytes, except those of documents that have a receipt. It
	// returns how many, and begins to remember what is Seen.
	Reoffer() (int, error)
	// Seen notes that the server has an invoice. OfferUnseen asks to bring to the
	// server what it had and was not seen since Reoffer, except what already waits
	// or is in conflict. It returns how many and ends the remembering.
	Seen(id string) error
	OfferUnseen() (int, error)
	// Offer asks to present an issued invoice, unless something of it waits already.
	Offer(id string) error
	// KeepReceipt keeps the receipt of an invoice, signed at the change seq; Receipt
	// returns it, nil when there is none.
	KeepReceipt(id string, seq int64, receipt []byte) error
	Receipt(id string) ([]byte, error)
	SetMark(mark string) error
	SetBehind(since time.Time) error

	// SetClean writes the invoice as the server has it: document and base are
	// equal, and every unsent operation of it is dropped.
	SetClean(inv invoice.Invoice, sheet invoice.Sheet, h HistoryEntry) error
	// SetBase writes a new base under local edits that are not answered yet and
	// replaces the document by doc (the merge result, or the document unchanged,
	// with its Revision set to base.Revision). kind is the operation to have
	// unsent for it; empty leaves the outbox alone.
	SetBase(doc invoice.Invoice, sheet invoice.Sheet, base invoice.Invoice, kind OperationKind, h HistoryEntry) error
	// OpenConflict opens or replaces the conflict of c.InvoiceID and drops its
	// unsent and sent operations; the document stays mine.
	OpenConflict(c Conflict, h HistoryEntry) error
	DeleteInvoice(id string, h HistoryEntry) error
	SetCustomer(c party.Customer, deleted bool) error
	SetItem(i invoice.Item, deleted bool) error
	SetCursor(c Cursor) error
	// SetAside keeps a version that cannot be read in the place of an older one;
	// EndAside forgets it, if there is one.
	SetAside(a Aside) error
	EndAside(kind DocumentType, id string) error
}
