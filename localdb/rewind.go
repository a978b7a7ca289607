package localdb

import (
	"database/sql"
	"errors"
	"time"
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
		AND NOT EXISTS (SELECT 1 FROM invoice i JOIN receipt r ON r.n = i.n WHERE i.id = a.document_id)`)
	if err != nil {
		return 0, err
	}
	return int(n), t.exec(`DELETE FROM answered WHERE id IN (SELECT id FROM outbox)`)
}

func (t *tx) Seen(id string) error {
	return t.exec(`INSERT OR IGNORE INTO seen VALUES (?)`, id)
}

// offer is the way of a document to a server that lost it: what was issued is
// presented, in the order in which it was; a red-letter invoice comes after its
// blue one.
const offer = `INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state)
	SELECT 'invoice', i.id, CASE WHEN i.state IN ('issued', 'reversed') THEN 'present' WHEN i.state = 'waiting' THEN 'transition' ELSE 'put' END,
		i.revision, 'unsent', ?, i.state
	FROM invoice i LEFT JOIN receipt r ON r.n = i.n
	WHERE i.conflict = 0 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.document_id = i.id)
	AND (i.state IN ('draft', 'waiting') OR r.n IS NOT NULL)`

// OfferUnseen implements books.SyncTx.
func (t *tx) OfferUnseen() (int, error) {
	n, err := t.change(offer+` AND i.revision > 0 AND i.id NOT IN (SELECT id FROM seen) ORDER BY r.seq, i.n`, nanos(t.d.now()))
	if err != nil {
		return 0, err
	}
	return int(n), t.exec(`DELETE FROM seen`)
}

// Offer implements books.SyncTx.
func (t *tx) Offer(id string) error {
	return t.exec(offer+` AND i.id = ?`, nanos(t.d.now()), id)
}

func (t *tx) KeepReceipt(id string, seq int64, receipt []byte) error {
	return t.exec(`INSERT OR REPLACE INTO receipt SELECT n, ?, ? FROM invoice WHERE id = ?`, seq, receipt, id)
}

func (t *tx) Receipt(id string) (receipt []byte, err error) {
	err = t.one(`SELECT r.receipt FROM invoice i JOIN receipt r ON r.n = i.n WHERE i.id = ?`, []any{id}, &receipt)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return receipt, err
}

func (t *tx) SetBehind(since time.Time) error {
	return t.exec(`UPDATE cursor SET behind = ?`, nanos(since))
}

func (t *tx) SetMark(mark string) error { return t.exec(`UPDATE cursor SET mark = ?`, mark) }
