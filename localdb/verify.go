package localdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// A proof finds the rows of a table that are not as they were written, by name.
type proof struct{ what, query string }

// counter is computed from the invoices.
const counter = "counter of"

// proofs are for every row that holds what people wrote or the server said.
var proofs = []proof{
	{"invoice", `SELECT coalesce(nullif(reference, ''), id) FROM invoice WHERE sum IS NOT row_sum(` + invoiceSummed + `)`},
	{"invoice", `SELECT coalesce(nullif(i.reference, ''), i.id, 'row ' || b.n) FROM body b LEFT JOIN invoice i ON i.n = b.n
		WHERE doc_sum IS NOT row_sum(doc) OR base_sum IS NOT row_sum(base)`},
	{"invoice without content", `SELECT coalesce(nullif(reference, ''), id) FROM invoice i WHERE NOT EXISTS (SELECT 1 FROM body b WHERE b.n = i.n)`},
	{"typed text of invoice", `SELECT coalesce(i.reference, 'row ' || t.n) FROM typed t LEFT JOIN invoice i ON i.n = t.n WHERE t.sum IS NOT row_sum(` + of("t", typedSummed) + `)`},
	{"operation of", `SELECT document_id FROM outbox WHERE sum IS NOT row_sum(` + outboxSummed + `) OR bytes_sum IS NOT row_sum(bytes)`},
	{"operation of", unreachable},
	{"answered operation of", `SELECT document_id FROM answered WHERE sum IS NOT row_sum(` + answeredSummed + `)`},
	{"conflict of", `SELECT document_id FROM conflict WHERE sum IS NOT row_sum(` + conflictSummed + `)`},
	{"history of", `SELECT document FROM history WHERE sum IS NOT row_sum(` + historySummed + `) OR before_sum IS NOT row_sum(before)`},
	{"document", `SELECT type || ' ' || id FROM record WHERE sum IS NOT row_sum(` + recordSummed + `) OR doc_sum IS NOT row_sum(doc) OR base_sum IS NOT row_sum(base)`},
	{counter, `SELECT date || ' ' || state FROM (
		SELECT date, state, red, conflict, count(*), sum(iif(gross = '', gross_fen, 0)) FROM invoice GROUP BY 1, 2, 3, 4
		EXCEPT SELECT * FROM tally)`},
	{counter, `SELECT date || ' ' || state FROM (
		SELECT * FROM tally WHERE count <> 0
		EXCEPT SELECT date, state, red, conflict, count(*), sum(iif(gross = '', gross_fen, 0)) FROM invoice GROUP BY 1, 2, 3, 4)`},
}

// unreachable are operations that the index of their documents does not lead to:
// their invoices would look as if the server had all of them.
const unreachable = `SELECT document_id FROM outbox o NOT INDEXED WHERE NOT EXISTS (
	SELECT 1 FROM outbox p INDEXED BY outbox_document WHERE p.document_id = o.document_id AND p.id = o.id)`

// CheckOutbox reports ErrDamaged when an invoice could be shown without an
// operation that waits for it. It takes time with the length of the outbox.
func (d *DB) CheckOutbox(ctx context.Context) error {
	var bad error
	err := d.each(ctx, unreachable+` LIMIT 1`, nil, func(r *sql.Rows) error {
		var id string
		if err := r.Scan(&id); err != nil {
			return err
		}
		bad = damaged("operation of", id)
		return nil
	})
	return wrap("check outbox", errors.Join(err, bad))
}

// named is how many damaged rows are named, of each kind.
const named = 5

// verify compares every row with its sum, and the counters with the rows: ErrCorrupt,
// or ErrCache where only counters are wrong.
func verify(ctx context.Context, db *sql.DB) error {
	var bad []string
	kind := ErrCache
	for _, p := range proofs {
		rows, err := db.QueryContext(ctx, p.query+` LIMIT ?`, named)
		if err != nil {
			return err
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				rows.Close()
				return err
			}
			bad = append(bad, p.what+" "+name)
			if p.what != counter {
				kind = ErrCorrupt
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s", kind, strings.Join(bad, ", "))
	}
	return nil
}
