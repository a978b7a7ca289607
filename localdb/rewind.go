package localdb

import (
	"database/sql"
	"errors"
	"time"

	"counterfoil/app/document"
)

// Reoffer implements books.SyncTx. It leaves out what had no effect: asked again,
// a submit that was refused or met a conflict might be issued now. It also leaves
// out answers of an earlier device id, whose sequence numbers mean other
// operations now, and those that are damaged.
func (t *tx) Reoffer() (int, error) {
	if err := t.exec(`DELETE FROM seen`); err != nil {
		return 0, err
	}
	n, err := t.change(`INSERT INTO outbox (id, seq, document_type, document_id, kind, base_revision, bytes, hash, state, created, sent)
		SELECT a.id, a.seq, document_type, document_id, kind, base_revision, bytes, hash, 'sent', created, sent
		FROM answered a, device d WHERE a.device = d.id AND a.seq > 0 AND a.kind <> 'present'
		AND CASE WHEN json_valid(a.answer) THEN json_extract(a.answer, '$.result') END = 'applied'
		AND a.bytes IS NOT NULL AND a.sum IS row_sum(` + of("a", answeredSummed) + `)
		AND NOT EXISTS (SELECT 1 FROM invoice i JOIN receipt r ON r.n = i.n WHERE a.document_type = 'invoice' AND i.id = a.document_id)`)
	if err != nil {
		return 0, err
	}
	return int(n), t.exec(`DELETE FROM answered WHERE id IN (SELECT id FROM outbox)`)
}

// Seen implements books.SyncTx.
func (t *tx) Seen(k document.Key) error {
	return t.exec(`INSERT OR IGNORE INTO seen VALUES (?)`, text(k))
}

// offer is the way of an invoice to a server that lost it: what was issued is
// presented, in the order in which it was; a red-letter invoice comes after its
// blue one.
const offer = `INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state)
	SELECT 'invoice', i.id, CASE WHEN i.state IN ('issued', 'reversed') THEN 'present' WHEN i.state = 'waiting' THEN 'transition' ELSE 'put' END,
		i.revision, 'unsent', ?, i.state
	FROM invoice i LEFT JOIN receipt r ON r.n = i.n
	WHERE i.conflict = 0 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.document_type = 'invoice' AND o.document_id = i.id)
	AND (i.state IN ('draft', 'waiting') OR r.n IS NOT NULL)`

// offerRecords is that of every other document that desks write.
const offerRecords = `INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created)
	SELECT d.type, d.id, 'put', d.revision, 'unsent', ? FROM record d
	WHERE d.type = ? AND d.conflict = 0 AND d.revision > 0 AND d.type || '/' || d.id NOT IN (SELECT document FROM seen)
	AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.document_type = d.type AND o.document_id = d.id) ORDER BY d.n`

// OfferUnseen implements books.SyncTx.
func (t *tx) OfferUnseen() (int, error) {
	n, err := t.change(offer+` AND i.revision > 0 AND i.id NOT IN (SELECT document FROM seen) ORDER BY r.seq, i.n`, nanos(t.d.now()))
	if err != nil {
		return 0, err
	}
	for _, k := range document.Kinds() {
		if k.Issued || k.HandedOut {
			continue
		}
		more, err := t.change(offerRecords, nanos(t.d.now()), k.Type)
		if err != nil {
			return 0, err
		}
		n += more
	}
	return int(n), t.exec(`DELETE FROM seen`)
}

// Offer implements books.SyncTx; a document that is not issued is not presented.
func (t *tx) Offer(k document.Key) error {
	if k.Type != invoiceType {
		return nil
	}
	return t.exec(offer+` AND i.id = ?`, nanos(t.d.now()), k.ID)
}

// KeepReceipt implements books.SyncTx; what is not issued has none.
func (t *tx) KeepReceipt(k document.Key, seq int64, receipt []byte) error {
	if k.Type != invoiceType {
		return nil
	}
	return t.exec(`INSERT OR REPLACE INTO receipt SELECT n, ?, ? FROM invoice WHERE id = ?`, seq, receipt, k.ID)
}

// Receipt implements books.SyncTx.
func (t *tx) Receipt(k document.Key) (receipt []byte, err error) {
	if k.Type != invoiceType {
		return nil, nil
	}
	err = t.one(`SELECT r.receipt FROM invoice i JOIN receipt r ON r.n = i.n WHERE i.id = ?`, []any{k.ID}, &receipt)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return receipt, err
}

func (t *tx) SetBehind(since time.Time) error {
	return t.exec(`UPDATE cursor SET behind = ?`, nanos(since))
}

func (t *tx) SetMark(mark string) error { return t.exec(`UPDATE cursor SET mark = ?`, mark) }
