package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// conflictBody is the JSON of a conflict; the three versions are bodies.
type conflictBody struct {
	Base    jsontext.Value    `json:"base,omitempty"`
	Mine    jsontext.Value    `json:"mine"`
	Theirs  jsontext.Value    `json:"theirs"`
	Deleted bool              `json:"deleted,omitzero"`
	Diffs   []books.FieldDiff `json:"diffs,omitempty"`
	Merged  []books.FieldDiff `json:"merged,omitempty"`
}

func encodeConflict(c books.Conflict) ([]byte, error) {
	b := conflictBody{Deleted: c.Deleted, Diffs: c.Diffs, Merged: c.Merged}
	var errs [3]error
	if c.Base != nil {
		b.Base, errs[0] = document.Encode(c.Base)
	}
	b.Mine, errs[1] = document.Encode(c.Mine)
	b.Theirs, errs[2] = document.Encode(c.Theirs)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return marshal(b)
}

func decodeConflict(data []byte, c *books.Conflict) error {
	var b conflictBody
	if err := unmarshal(data, &b); err != nil {
		return fmt.Errorf("%w: conflict: %w", ErrCorrupt, err)
	}
	var errs [3]error
	c.Base, errs[0] = decodeMaybe(c.Type, b.Base)
	c.Mine, errs[1] = decode(c.Type, b.Mine)
	c.Theirs, errs[2] = decode(c.Type, b.Theirs)
	c.Deleted, c.Diffs, c.Merged = b.Deleted, b.Diffs, b.Merged
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("conflict: %w", err)
	}
	return nil
}

const conflictColumns = `SELECT type, document_id, id, opened, body, sum FROM conflict`

func scanConflict(scan func(into ...any) error) (books.Conflict, error) {
	var c books.Conflict
	var opened int64
	var body []byte
	var sum sql.NullInt64
	err := scan(&c.Type, &c.DocumentID, &c.ID, &opened, &body, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return c, books.ErrNotFound
	}
	if err != nil {
		return c, err
	}
	if err := intact(sum, sumOf(string(c.Type), c.DocumentID, c.ID, opened, body), "conflict of", c.DocumentID); err != nil {
		return c, err
	}
	c.OpenedAt = fromNanos(opened)
	return c, decodeConflict(body, &c)
}

// Conflicts lists the open conflicts, oldest first. Where some are damaged it
// returns the others and ErrDamaged, which names them.
func (d *DB) Conflicts(ctx context.Context) ([]books.Conflict, error) {
	var all []books.Conflict
	var bad error
	err := d.each(ctx, conflictColumns+` ORDER BY opened, id`, nil, func(r *sql.Rows) error {
		c, err := scanConflict(r.Scan)
		if errors.Is(err, books.ErrDamaged) {
			bad = errors.Join(bad, err)
			return nil
		}
		all = append(all, c)
		return err
	})
	return all, wrap("conflicts", errors.Join(err, bad))
}

const conflictQuery = conflictColumns + ` WHERE type = ? AND document_id = ?`

// Conflict returns ErrNotFound when the document has no open one.
func (d *DB) Conflict(ctx context.Context, k document.Key) (books.Conflict, error) {
	c, err := scanConflict(func(into ...any) error { return d.one(ctx, conflictQuery, []any{k.Type, k.ID}, into...) })
	return c, wrap("conflict", err)
}

// Conflict implements books.SyncTx.
func (t *tx) Conflict(k document.Key) (books.Conflict, error) {
	return scanConflict(func(into ...any) error { return t.one(conflictQuery, []any{k.Type, k.ID}, into...) })
}

// OpenConflict implements books.SyncTx.
func (t *tx) OpenConflict(c books.Conflict, h books.HistoryEntry) error {
	s := shelfOf(c.Type)
	old, err := s.head(t, c.DocumentID)
	if err != nil {
		return err
	}
	if old.n == 0 {
		return books.ErrNotFound
	}
	if c.OpenedAt.IsZero() {
		c.OpenedAt = t.d.now()
	}
	body, err := encodeConflict(c)
	if err != nil {
		return err
	}
	if err := t.putHistory(old.n, c.Key(), h); err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO conflict (type, document_id, id, opened, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET id = excluded.id, opened = excluded.opened, body = excluded.body`,
		c.Type, c.DocumentID, c.ID, nanos(c.OpenedAt), body); err != nil {
		return err
	}
	if err := s.flag(t, old.n); err != nil {
		return err
	}
	return t.forgetOperations(c.Key())
}

func (t *tx) forgetOperations(k document.Key) error {
	return t.exec(`DELETE FROM outbox WHERE document_id = ? AND document_type = ?`, k.ID, k.Type)
}

// closeConflict does nothing when none is open.
func (t *tx) closeConflict(k document.Key) error {
	n, err := t.change(`DELETE FROM conflict WHERE type = ? AND document_id = ?`, k.Type, k.ID)
	if err != nil || n == 0 {
		return err
	}
	return shelfOf(k.Type).unflag(t, k.ID)
}

// Resolve implements books.Store. It returns ErrNotFound when the conflict is
// closed already and ErrStale when another one took its place. With kind empty
// and a deletion on their side the document goes.
func (d *DB) Resolve(ctx context.Context, c books.Conflict, result document.Document, kind books.OperationKind, h books.HistoryEntry) error {
	return wrap("resolve", d.inTx(ctx, func(t *tx) error {
		open, err := t.Conflict(c.Key())
		switch {
		case err != nil && !errors.Is(err, books.ErrDamaged):
			return err
		case err == nil && open.ID != c.ID:
			return books.ErrStale
		}
		old, err := shelfOf(c.Type).head(t, c.DocumentID)
		if err != nil {
			return err
		}
		if h.Before == nil && kind != "" { // mine stays in the edits' history; theirs is the side not chosen
			h.Before = c.Theirs
		}
		if err := t.putHistory(old.n, c.Key(), h); err != nil {
			return err
		}
		if kind == "" && c.Deleted {
			return t.drop(old.n, c.Key())
		}
		result = document.WithRevision(result, c.Theirs.Meta().Revision)
		now, err := t.put(old, result, nil, setBase, c.Theirs)
		if err != nil {
			return err
		}
		if kind != "" { // a person's version, not the server's
			if err := fits(old.size, now.size); err != nil {
				return err
			}
		}
		if err := t.closeConflict(c.Key()); err != nil {
			return err
		}
		if err := t.forgetOperations(c.Key()); err != nil || kind == "" {
			return err
		}
		return t.addUnsent(result, kind, c.Theirs.Meta().State)
	}))
}
