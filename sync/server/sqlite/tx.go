package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"time"

	"counterfoil/sync/server"
)

// Update implements server.Store. It shares its commit with those that come at the
// same time.
func (s *Store) Update(ctx context.Context, fn func(server.Tx) error) error {
	return told(s.writer.do(ctx, func(x *tx) error { return fn(x) }))
}

// tx is the transaction of one request within its group.
type tx struct {
	g     *group
	known known
}

func (x *tx) Answer(operation string) (hash string, answer []byte, found bool, err error) {
	a, known := x.known.answers[operation]
	if !known {
		err = one(background, x.g, "SELECT hash, answer FROM ledger WHERE operation = ?", []any{operation}, &a.hash, &a.answer)
	}
	return a.hash, a.answer, a.hash != "", err
}

func (x *tx) Record(operation, hash string, answer []byte, at time.Time) error {
	x.known.answers[operation] = answered{hash, answer}
	return x.g.exec("INSERT INTO ledger VALUES (?, ?, ?, ?)", operation, hash, answer, at.UnixMilli())
}

func (x *tx) Document(typ, id string) (server.Document, bool, error) {
	r, err := x.row(typ, id)
	return r.doc, r.key != 0, err
}

// NextSeq implements server.Tx.
func (x *tx) NextSeq() (int64, error) {
	err := x.g.stand()
	x.g.Seq++
	return x.g.Seq, err
}

// NextNumber implements server.Tx.
func (x *tx) NextNumber(s server.Series) (int64, error) {
	err := x.g.stand()
	n := x.g.Numbers[s] + 1
	return n, errors.Join(err, x.LiftNumber(s, n))
}

// LiftNumber implements server.Tx.
func (x *tx) LiftNumber(s server.Series, n int64) error {
	if err := x.g.stand(); err != nil || n <= x.g.Numbers[s] {
		return err
	}
	x.g.Numbers[s] = n
	return nil
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (x *tx) Write(d server.Document) error {
	r, err := x.row(d.Type, d.ID)
	if err != nil {
		return err
	}
	values := []any{d.Revision, d.Seq, d.Deleted, d.State, null(d.Number), d.Series.Company, d.Series.Name, null(d.Reverses), d.Device, d.Branch}
	if r.key != 0 {
		err = x.g.exec("UPDATE document SET revision = ?, seq = ?, deleted = ?, state = ?, number = ?, company = ?, series = ?, reverses = ?, device = ?, branch = ? WHERE key = ?", append(values, r.key)...)
	} else {
		var done sql.Result
		if done, err = x.g.result("INSERT INTO document (revision, seq, deleted, state, number, company, series, reverses, device, branch, type, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", append(values, d.Type, d.ID)...); err == nil {
			r.key, err = done.LastInsertId()
		}
	}
	if err == nil {
		err = x.extend(d)
	}
	if err == nil && d.Receipt != nil {
		err = x.g.exec("INSERT OR REPLACE INTO receipt VALUES (?, ?)", r.key, d.Receipt)
	}
	if err != nil {
		return err
	}
	if d.Receipt == nil {
		d.Receipt = r.doc.Receipt // it stands for what was issued, whatever came later
	}
	x.known.docs[server.Key{Type: d.Type, ID: d.ID}] = row{r.key, d}
	if d.Deleted {
		return x.g.exec("DELETE FROM body WHERE key = ?", r.key)
	}
	return x.g.exec("INSERT OR REPLACE INTO body VALUES (?, ?)", r.key, d.Body)
}

// extend writes the running hash after d.
func (x *tx) extend(d server.Document) error {
	if err := x.g.stand(); err != nil {
		return err
	}
	x.g.Hash = server.Extend(x.g.Hash, d)
	return x.g.exec("INSERT INTO chain VALUES (?, ?)", d.Seq, x.g.Hash)
}

// Head implements server.Tx.
func (x *tx) Head() (server.Head, error) {
	err := x.g.stand()
	h := x.g.Head
	h.Numbers = maps.Clone(h.Numbers)
	return h, err
}

// HashAt implements server.Tx.
func (x *tx) HashAt(seq int64) ([]byte, error) { return hashAt(background, x.g, seq) }

// ByNumber implements server.Tx.
func (x *tx) ByNumber(s server.Series, number string) (id string, err error) {
	err = one(background, x.g, "SELECT id FROM document WHERE company = ? AND series = ? AND number = ?", []any{s.Company, s.Name, number}, &id)
	return id, err
}

// Owner implements server.Tx.
func (x *tx) Owner(device string) (branch string, found bool, err error) {
	err = one(background, x.g, "SELECT branch, 1 FROM device WHERE id = ?", []any{device}, &branch, &found)
	return branch, found, err
}

// Enrol implements server.Tx.
func (x *tx) Enrol(device, branch string, at time.Time) error {
	return x.g.exec("INSERT OR REPLACE INTO device VALUES (?, ?, ?)", device, branch, at.UnixMilli())
}

// List implements server.Tx.
func (x *tx) List(typ string) ([]server.Document, error) {
	return all(x.g.QueryContext(background, "SELECT "+columns+"WHERE d.type = ? AND NOT d.deleted ORDER BY d.seq", typ))
}

// Waiting implements server.Tx.
func (x *tx) Waiting(after int64, limit int) ([]server.Document, error) {
	return all(x.g.QueryContext(background, "SELECT "+columns+"WHERE d.state = 'waiting' AND d.seq > ? ORDER BY d.seq LIMIT ?", after, limit))
}

func (x *tx) Reds(id string) ([]server.Document, error) {
	return all(x.g.QueryContext(background, "SELECT "+columns+"WHERE d.reverses = ? AND d.state IN ('waiting', 'issued')", id))
}

// SetEpoch implements server.Tx.
func (x *tx) SetEpoch(epoch string) error {
	err := x.g.stand()
	x.g.Epoch = epoch
	return errors.Join(err, x.g.exec("UPDATE meta SET value = ? WHERE name = 'epoch'", epoch))
}

// Prune implements server.Store.
func (s *Store) Prune(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.writer.do(ctx, func(x *tx) error {
		r, err := x.g.result("DELETE FROM ledger WHERE at < ?", before.UnixMilli())
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

// Claim implements server.Store.
func (s *Store) Claim(ctx context.Context, company string) error {
	return s.writer.do(ctx, func(x *tx) error {
		var have string
		if err := one(background, x.g, "SELECT value FROM meta WHERE name = 'company'", nil, &have); err != nil || have == company {
			return err
		}
		if have != "" {
			return fmt.Errorf("%w: they are of %q, not of %q", server.ErrOtherCompany, have, company)
		}
		if err := x.g.exec("INSERT INTO meta VALUES ('company', ?)", company); err != nil {
			return err
		}
		err := x.g.stand()
		for s, n := range x.g.Numbers {
			if err == nil && s.Company == "" {
				delete(x.g.Numbers, s)
				err = errors.Join(x.g.exec("DELETE FROM series WHERE company = '' AND name = ?", s.Name), x.LiftNumber(server.Series{Company: company, Name: s.Name}, n))
			}
		}
		return errors.Join(err, x.g.exec("UPDATE document SET company = ? WHERE number IS NOT NULL AND company = ''", company))
	})
}
