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
	docs    map[server.Key]row
}

type answered struct {
	hash   string
	answer []byte
}

// row is a document and its key in the table; key 0 when there is none.
type row struct {
	key int64
	doc server.Document
}

// Prefetch implements server.Tx with one query for each table.
func (x *tx) Prefetch(docs []server.Key, operations []string) error {
	if len(operations) == 1 {
		return nil // there is nothing to gain
	}
	x.known = known{make(map[string]answered, len(operations)), make(map[server.Key]row, len(docs))}
	for _, o := range operations {
		x.known.answers[o] = answered{}
	}
	pairs := make([][2]string, len(docs))
	for i, k := range docs {
		x.known.docs[k] = row{}
		pairs[i] = [2]string{k.Type, k.ID}
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
	return x.each("SELECT d.key, "+columns+"WHERE (d.type, d.id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))", []any{list(pairs)}, func(r *sql.Rows) error {
		found, err := scanRow(r)
		x.known.docs[server.Key{Type: found.doc.Type, ID: found.doc.ID}] = found
		return err
	})
}

// list is a JSON array, for json_each.
func list(of any) string {
	b, _ := json.Marshal(of) // of strings: cannot fail
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
	if r, ok := x.known.docs[server.Key{Type: typ, ID: id}]; ok {
		return r, nil
	}
	err = x.each("SELECT d.key, "+columns+"WHERE d.type = ? AND d.id = ?", []any{typ, id}, func(rows *sql.Rows) error {
		r, err = scanRow(rows)
		return err
	})
	if err == nil {
		x.known.docs[server.Key{Type: typ, ID: id}] = r
	}
	return r, err
}
