package localdb

import (
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

const invoiceType = invoice.Type

// A shelf is where documents lie: invoices on one of their own, with amounts,
// counters and an index for searching millions; every other type on the common
// one. What the sync engine needs of a document it can have of any.
type shelf interface {
	// stored selects one document by id: row, version, conflict, whether the row is
	// sound, body and base with their sums, what is typed with its sum, and pending.
	stored() string
	// head is what a write must know of the stored row; n is 0 when there is none.
	head(t *tx, id string) (head, error)
	// put writes row and body, and returns the row.
	put(t *tx, old head, d document.Document, body []byte, change baseChange, base []byte) (n int64, err error)
	// settle writes the state, number and revision of a document that waits for
	// nothing; false when there is more to it.
	settle(t *tx, d document.Document, body []byte) (bool, error)
	revision(t *tx, id string) (int64, error)
	// copied is the SELECT of a history entry that takes over the stored body.
	copied() string
	// flag marks a conflict and raises the version; unflag takes the mark away.
	flag(t *tx, n int64) error
	unflag(t *tx, id string) error
	// heal lets go of what is damaged in a document that is about to be replaced whole.
	heal(t *tx, n int64) error
	drop(t *tx, n int64) error
}

func shelfOf(t document.Type) shelf {
	if t == invoiceType {
		return invoiceShelf{}
	}
	return recordShelf{t}
}

// head is what a write must know of the stored row.
type head struct {
	n, version int64
	state      document.State
	size       int // of the body
}

// What put does with the base.
type baseChange int

const (
	keepBase baseChange = iota
	docIsBase
	setBase
)

// pending is the newest operation of a document as one word: "!" where it is
// damaged, "-" where it deletes, its state, and after ":" why it is parked.
func pending(key string) string {
	return `coalesce((SELECT iif(sum IS row_sum(` + outboxSummed + `), '', '!') || iif(kind = 'delete', '-', '') || state || iif(state = 'parked', ':' || last_error, '')
		FROM outbox WHERE ` + key + ` ORDER BY id DESC LIMIT 1), '')`
}

// put writes a document and returns its new head. body is the body as it came, nil
// to write it anew; base is used with setBase only, nil for none.
func (t *tx) put(old head, d document.Document, body []byte, change baseChange, base document.Document) (head, error) {
	var err error
	if body == nil {
		if body, err = document.Encode(d); err != nil {
			return old, err
		}
	}
	var baseBody []byte
	switch {
	case change == docIsBase:
		baseBody = body
	case change == setBase && base != nil:
		if baseBody, err = document.Encode(base); err != nil {
			return old, err
		}
	}
	now := head{version: old.version + 1, state: d.Meta().State, size: len(body)}
	now.n, err = shelfOf(d.DocumentType()).put(t, old, d, body, change, baseBody)
	return now, err
}
