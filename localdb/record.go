package localdb

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// recordShelf holds the documents of one of the types that share a table.
type recordShelf struct{ t document.Type }

var recordColumns = `SELECT r.n, r.version, r.conflict, r.sum IS row_sum(` + of("r", recordSummed) + `), r.doc, r.doc_sum, r.base, r.base_sum, NULL, NULL,
	` + pending("document_type = r.type AND document_id = r.id") + ` FROM record r WHERE r.type = `

var recordStored = map[document.Type]string{}

func init() {
	for _, k := range document.Kinds() {
		recordStored[k.Type] = recordColumns + `'` + string(k.Type) + `' AND r.id = ?`
	}
}

func (s recordShelf) stored() string { return recordStored[s.t] }

func (s recordShelf) head(t *tx, id string) (head, error) {
	var h head
	err := t.one(`SELECT n, version, length(doc) FROM record WHERE type = ? AND id = ?`, []any{s.t, id}, &h.n, &h.version, &h.size)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, nil
	}
	return h, err
}

func (s recordShelf) put(t *tx, old head, d document.Document, body []byte, change baseChange, base []byte) (int64, error) {
	k, m := document.KindOf(d), d.Meta()
	args := []any{sortKey(k.Name(d)), recordText(k, d), old.version + 1, m.Revision, body}
	if old.n == 0 {
		return t.insert(`INSERT INTO record (key, search, version, revision, doc, base, type, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, append(args, base, s.t, m.ID)...)
	}
	if change == keepBase {
		return old.n, t.exec(`UPDATE record SET key = ?, search = ?, version = ?, revision = ?, doc = ? WHERE n = ?`, append(args, old.n)...)
	}
	return old.n, t.exec(`UPDATE record SET key = ?, search = ?, version = ?, revision = ?, doc = ?, base = ? WHERE n = ?`, append(args, base, old.n)...)
}

func (s recordShelf) settle(t *tx, d document.Document, body []byte) (bool, error) {
	m := d.Meta()
	n, err := t.change(`UPDATE record SET version = version + 1, revision = ?1, doc = ?2, base = ?2
		WHERE type = ?3 AND id = ?4 AND conflict = 0 AND revision <= ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE document_type = ?3 AND document_id = ?4)
		AND sum IS row_sum(`+recordSummed+`)`, m.Revision, body, s.t, m.ID)
	return n > 0, err
}

func (s recordShelf) revision(t *tx, id string) (int64, error) {
	n := int64(-1)
	err := t.one(`SELECT iif(sum IS row_sum(`+recordSummed+`), revision, -1) FROM record WHERE type = ? AND id = ?`, []any{s.t, id}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

func (recordShelf) copied() string {
	return `SELECT ?, ?, ?, ?, ?, ?, doc, doc_sum FROM record WHERE n = ?`
}

func (recordShelf) flag(t *tx, n int64) error {
	return t.exec(`UPDATE record SET conflict = 1, version = version + 1 WHERE n = ?`, n)
}

func (s recordShelf) unflag(t *tx, id string) error {
	return t.exec(`UPDATE record SET conflict = 0 WHERE type = ? AND id = ?`, s.t, id)
}

func (recordShelf) heal(t *tx, n int64) error {
	changed, err := t.change(`UPDATE record SET conflict = EXISTS (SELECT 1 FROM conflict c WHERE c.type = record.type AND c.document_id = record.id)
		WHERE n = ? AND sum IS NOT row_sum(`+recordSummed+`)`, n)
	if err != nil || changed == 0 {
		return err
	}
	return t.exec(`UPDATE record SET sum = row_sum(`+recordSummed+`) WHERE n = ?`, n)
}

func (recordShelf) drop(t *tx, n int64) error { return t.exec(`DELETE FROM record WHERE n = ?`, n) }

// recordText is everything a document is found by.
func recordText(k *document.Kind, d document.Document) string {
	var b strings.Builder
	for _, f := range k.Fields {
		if s := f.Text(d); s != "" && f.Searched {
			b.WriteString(fold(s))
			b.WriteByte('\n')
		}
	}
	for _, name := range k.Names(d) {
		b.WriteString(initials(name))
		b.WriteByte('\n')
	}
	return b.String()
}

// Find implements books.Store. What is damaged is left out: it holds up no other, and
// Check names it.
func (d *DB) Find(ctx context.Context, t document.Type, search string, limit int) ([]books.Record, error) {
	query, args := recordColumns+`? AND r.sum IS row_sum(`+of("r", recordSummed)+`)`, []any{t}
	for _, w := range searchWords(search) {
		query += ` AND instr(r.search, ?) > 0`
		args = append(args, w)
	}
	var all []books.Record
	err := d.each(ctx, query+` ORDER BY r.key LIMIT ?`, append(args, limit), func(r *sql.Rows) error {
		one, err := scanRecord(document.Key{Type: t}, r.Scan)
		if errors.Is(err, books.ErrDamaged) {
			return nil
		}
		all = append(all, one)
		return err
	})
	return all, wrap("find", err)
}

// Save implements books.Store.
func (d *DB) Save(ctx context.Context, doc document.Document, version int64, kind books.OperationKind, h books.HistoryEntry) (int64, error) {
	var now head
	err := d.inTx(ctx, func(t *tx) (err error) {
		now, err = t.save(doc, version, kind, h)
		return err
	})
	return now.version, wrap("save", err)
}

// save writes a document that a person changed, and its operation.
func (t *tx) save(d document.Document, version int64, kind books.OperationKind, h books.HistoryEntry) (head, error) {
	k := document.KeyOf(d)
	old, err := shelfOf(k.Type).head(t, k.ID)
	if err != nil {
		return old, err
	}
	if old.version != version {
		return old, books.ErrStale
	}
	// History first: it copies the body that is about to be replaced.
	if err := t.putHistory(old.n, k, h); err != nil {
		return old, err
	}
	now, err := t.put(old, d, nil, keepBase, nil)
	if err != nil {
		return old, err
	}
	if err := fits(old.size, now.size); err != nil {
		return old, err
	}
	switch {
	case kind == "":
		return now, nil
	case old.n == 0: // no operation stands for it yet
		return now, t.addUnsent(d, kind, old.state)
	}
	return now, t.enqueue(d, kind, old.state)
}

// Revert implements books.Store.
func (d *DB) Revert(ctx context.Context, k document.Key, h books.HistoryEntry) error {
	return wrap("revert", d.inTx(ctx, func(t *tx) error {
		r, err := t.Document(k)
		switch {
		case err != nil:
			return err
		case r.Base == nil:
			return t.Remove(k, h)
		}
		if err := t.SetClean(r.Base, nil, h); err != nil {
			return err
		}
		return t.exec(`DELETE FROM outbox WHERE document_type = ? AND document_id = ?`, k.Type, k.ID)
	}))
}
