package sqlite

import (
	"database/sql"
	"encoding/json"

	"counterfoil/sync/server"
)

// known is what a transaction has read, or written, of the ledger and the
// documents. What was looked for and is not there is known too.
type known struct {
	answers map[string]answered
	docs    map[docID]row
}

type answered struct {
	hash   string
	answer []byte
}

type docID struct{ typ, id string }

// row is a document and its key in the table; key 0 when there is none.
type row struct {
	key int64
	doc server.Document
}

// Prefetch implements server.Tx with one query for each table.
func (x *tx) Prefetch(typ string, ids, operations []string) error {
	if len(operations) == 1 {
		return nil // there is nothing to gain
	}
	x.known = known{make(map[string]answered, len(operations)), make(map[docID]row, len(ids))}
	for _, o := range operations {
		x.known.answers[o] = answered{}
	}
	for _, id := range ids {
		x.known.docs[docID{typ, id}] = row{}
	}
	err := x.each(`SELECT operation, hash, answer FROM ledger WHERE operation IN (SELECT value FROM json_each(?))`, []any{list(operations)}, func(r *sql.Rows) error {
		var operation string
		var a answered
		if err := r.Scan(&operation, &a.hash, &a.answer); err != nil {
			return err
		}
		x.known.answers[operation] = a
		return nil
	})
	if err != nil {
		return err
	}
	return x.each("SELECT d.key, "+columns+"WHERE d.type = ? AND d.id IN (SELECT value FROM json_each(?))", []any{typ, list(ids)}, func(r *sql.Rows) error {
		found, err := scanRow(r)
		x.known.docs[docID{typ, found.doc.ID}] = found
		return err
	})
}

// list is a JSON array, for json_each.
func list(of []string) string {
	b, _ := json.Marshal(of) // strings: cannot fail
	return string(b)
}

func scanRow(r interface{ Scan(...any) error }) (row, error) {
	var out row
	var err error
	out.doc, err = scan(keyed{r, &out.key})
	return out, err
}

// keyed scans the key before the columns of a document.
type keyed struct {
	r   interface{ Scan(...any) error }
	key *int64
}

func (k keyed) Scan(into ...any) error { return k.r.Scan(append([]any{k.key}, into...)...) }

func (x *tx) each(q string, args []any, scan func(*sql.Rows) error) error {
	rows, err := x.g.QueryContext(background, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row reads a document once a transaction.
func (x *tx) row(typ, id string) (r row, err error) {
	if r, ok := x.known.docs[docID{typ, id}]; ok {
		return r, nil
	}
	err = x.each("SELECT d.key, "+columns+"WHERE d.type = ? AND d.id = ?", []any{typ, id}, func(rows *sql.Rows) error {
		r, err = scanRow(rows)
		return err
	})
	if err == nil {
		x.known.docs[docID{typ, id}] = r
	}
	return r, err
}
