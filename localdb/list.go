package localdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"counterfoil/app/books"
)

// orders maps Order.By to the column and the index behind it.
var orders = map[string]string{"": "created", "created": "created", "date": "date", "buyer": "buyer_key", "number": "number", "gross": "gross_fen"}

var rowColumns = `i.n, i.id, i.reference, i.number, i.date, i.buyer, i.kind, i.state, i.red, i.conflict,
	coalesce((SELECT iif(sum IS row_sum(` + outboxSummed + `), '', '!') || state FROM outbox o WHERE o.document_id = i.id ORDER BY o.id DESC LIMIT 1), ''),
	i.gross_fen, i.gross, i.rejection, i.created, i.updated, i.buyer_key, i.taxno, i.version, i.revision, i.sum`

// where collects conditions of a query with their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// filterWhere holds the filter without its search.
func filterWhere(f books.Filter) *where {
	w := &where{}
	if f.State != "" {
		w.add("state = ?", string(f.State))
	}
	if f.Conflict {
		w.add("conflict = 1")
	}
	if f.Red {
		w.add("red = 1")
	}
	if f.From != "" {
		w.add("date >= ?", f.From)
	}
	if f.To != "" {
		w.add("date <= ?", f.To)
	}
	return w
}

// dense: from one row in so many on, walking the list in its order finds a page
// sooner than sorting all rows that the filter picks.
const dense = 20

// listWhere is filterWhere for a list in the order of column. Where the filter
// is dense, a plus sign before its columns keeps the planner on the index of
// the order.
func (d *DB) listWhere(ctx context.Context, f books.Filter, column string) (*where, error) {
	w := filterWhere(f)
	if len(w.conditions) == 0 {
		return w, nil
	}
	var picked, all int
	err := d.one(ctx, `SELECT coalesce(sum(count), 0), coalesce((SELECT sum(count) FROM tally), 0) FROM tally`+w.String(), w.args, &picked, &all)
	if err != nil || picked*dense < all {
		return w, err
	}
	for i, c := range w.conditions {
		ordered := strings.HasPrefix(c, column) || column == "created" && !strings.HasPrefix(c, "date")
		if !ordered {
			w.conditions[i] = "+" + c
		}
	}
	return w, nil
}

// List implements books.Store. A page with limit below 1 is empty.
func (d *DB) List(ctx context.Context, f books.Filter, o books.Order, after string, limit int) (books.Page, error) {
	return d.list(ctx, f, o, after, limit, o.Desc)
}

// ListBack implements books.Store.
func (d *DB) ListBack(ctx context.Context, f books.Filter, o books.Order, before string, limit int) (books.Page, error) {
	p, err := d.list(ctx, f, o, before, limit, !o.Desc)
	slices.Reverse(p.Rows)
	return p, err
}

// columnOf is the column of an order, or *books.Error "order_invalid".
func columnOf(o books.Order) (string, error) {
	column, ok := orders[o.By]
	if !ok {
		return "", &books.Error{Code: "order_invalid", Text: "The list cannot be sorted by " + o.By + ".", Hint: "Sort by created, date, buyer, number or gross."}
	}
	return column, nil
}

// list returns the page from a mark on in either direction.
func (d *DB) list(ctx context.Context, f books.Filter, o books.Order, from string, limit int, desc bool) (books.Page, error) {
	column, err := columnOf(o)
	if err != nil || limit < 1 {
		return books.Page{}, err
	}
	filter, err := d.listWhere(ctx, f, column)
	if err != nil {
		return books.Page{}, wrap("list", err)
	}
	q := listQuery{filter: filter, column: column, desc: desc, limit: limit + 1}
	if from != "" {
		p, err := o.Place(from)
		if err != nil {
			return books.Page{}, err
		}
		q.after = &p
	}
	rows, stopped, err := d.find(ctx, q, searchWords(f.Search))
	if err != nil {
		return books.Page{}, wrap("list", err)
	}
	page := books.Page{Rows: rows}
	switch {
	case len(rows) > limit:
		page.Rows = rows[:limit]
		page.Next = o.Mark(rows[limit-1].Place)
	case stopped != nil:
		page.Next = o.Mark(*stopped)
	}
	return page, nil
}

// Rows implements books.Store.
func (d *DB) Rows(ctx context.Context, f books.Filter, o books.Order, ids []string) ([]books.Row, error) {
	column, err := columnOf(o)
	if err != nil {
		return nil, err
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, wrap("rows", err)
	}
	w := filterWhere(f)
	w.add("i.id IN (SELECT value FROM json_each(?))", string(list))
	from := ` FROM invoice i`
	if words := searchWords(f.Search); len(words) > 0 {
		from += ` JOIN search s ON s.n = i.n`
		holds, args := holdsAll(words)
		w.add(holds, args...)
	}
	rows, err := d.rows(ctx, `SELECT i.`+column+`, `+rowColumns+from+w.String(), w.args)
	return rows, wrap("rows", err)
}

// listQuery is one page asked for. limit is one more than the page holds, to
// know whether there is a next one.
type listQuery struct {
	filter *where
	column string
	desc   bool
	after  *books.Place
	limit  int
}

// scope is the filter with the place, on the invoice table.
func (q listQuery) scope() *where {
	w := &where{append([]string(nil), q.filter.conditions...), append([]any(nil), q.filter.args...)}
	if q.after != nil {
		sign := ">"
		if q.desc {
			sign = "<"
		}
		w.add("(i."+q.column+", i.n) "+sign+" (?, ?)", keyOf(q.column, *q.after), q.after.Row)
	}
	return w
}

// keyOf is the sort key of a place.
func keyOf(column string, p books.Place) any {
	if column == "created" || column == "gross_fen" {
		return p.Number
	}
	return p.Text
}

// keyParts is the way back: a sort key as the driver has it.
func keyParts(key any) (text string, number int64) {
	text, _ = key.(string)
	number, _ = key.(int64)
	return text, number
}

func (q listQuery) order(table string) string {
	dir := ""
	if q.desc {
		dir = " DESC"
	}
	return " ORDER BY " + table + "." + q.column + dir + ", " + table + ".n" + dir
}

// rows runs a query whose columns are the sort key and rowColumns.
func (d *DB) rows(ctx context.Context, query string, args []any) ([]books.Row, error) {
	var all []books.Row
	err := d.each(ctx, query, args, func(r *sql.Rows) error {
		k, err := scanRow(r)
		all = append(all, k)
		return err
	})
	return all, err
}

// scanRow returns one that is damaged by its name alone.
func scanRow(r *sql.Rows) (books.Row, error) {
	var k books.Row
	var key any
	var fen, created, updated, version, revision int64
	var exact, pending, buyerKey, taxno string
	var sum sql.NullInt64
	err := r.Scan(&key, &k.Place.Row, &k.ID, &k.Reference, &k.Number, &k.Date, &k.BuyerName, &k.Kind, &k.State, &k.Red, &k.Conflict,
		&pending, &fen, &exact, &k.RejectionCode, &created, &updated, &buyerKey, &taxno, &version, &revision, &sum)
	if err != nil {
		return k, err
	}
	k.Place.Text, k.Place.Number = keyParts(key)
	pending, broken := strings.CutPrefix(pending, "!")
	if broken || !sum.Valid || sum.Int64 != sumOf(k.Place.Row, k.ID, k.Reference, k.Number, k.Date, k.BuyerName, buyerKey, taxno, string(k.Kind), string(k.State),
		k.Red, k.Conflict, fen, exact, k.RejectionCode, created, updated, version, revision) {
		return books.Row{ID: k.ID, Reference: k.Reference, Place: k.Place, Damaged: true}, nil
	}
	k.Pending = books.OutboxState(pending)
	k.CreatedAt, k.UpdatedAt = fromNanos(created), fromNanos(updated)
	k.Gross, err = grossOf(fen, exact)
	return k, err
}
