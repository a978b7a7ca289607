package localdb

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strings"

	"counterfoil/app/books"
)

// orders maps Order.By to the column and the index behind it.
var orders = map[string]string{"": "created", "created": "created", "date": "date", "buyer": "buyer_key", "number": "number", "gross": "gross_fen"}

var rowColumns = `i.n, i.id, i.reference, i.number, i.date, i.buyer, i.kind, i.state, i.red, i.conflict,
	coalesce((SELECT iif(sum IS row_sum(` + outboxSummed + `), '', '!') || state FROM outbox o WHERE o.document_id = i.id ORDER BY o.id DESC LIMIT 1), ''),
	i.gross_fen, i.gross, i.rejection, i.created, i.updated, i.buyer_key, i.taxno, i.version, i.revision, i.sum`

// place is where a page ended: the sort key and the row id of its last row.
type place struct {
	Order string `json:"o"`
	Key   any    `json:"k"`
	N     int64  `json:"n"`
}

func (p place) String() string {
	data, _ := json.Marshal(p) // a string, two integers: cannot fail
	return base64.RawURLEncoding.EncodeToString(data)
}

func orderName(column string, desc bool) string {
	if desc {
		return "-" + column
	}
	return column
}

func parsePlace(s, order string) (place, error) {
	bad := &books.Error{Code: "page_invalid", Text: "The place in the list is not known.", Hint: "Start again from the top of the list."}
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return place{}, bad
	}
	var p place
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber() // created is beyond what a float holds
	if dec.Decode(&p) != nil || p.Order != order {
		return place{}, bad
	}
	if number, ok := p.Key.(json.Number); ok {
		if p.Key, err = number.Int64(); err != nil {
			return place{}, bad
		}
	}
	return p, nil
}

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
	column, ok := orders[o.By]
	if !ok {
		return books.Page{}, &books.Error{Code: "order_invalid", Text: "The list cannot be sorted by " + o.By + ".", Hint: "Sort by created, date, buyer, number or gross."}
	}
	if limit < 1 {
		return books.Page{}, nil
	}
	filter, err := d.listWhere(ctx, f, column)
	if err != nil {
		return books.Page{}, wrap("list", err)
	}
	q := listQuery{filter: filter, column: column, desc: o.Desc, limit: limit + 1}
	if after != "" {
		p, err := parsePlace(after, orderName(column, o.Desc))
		if err != nil {
			return books.Page{}, err
		}
		q.after = &p
	}
	rows, err := d.find(ctx, q, searchWords(f.Search))
	if err != nil {
		return books.Page{}, wrap("list", err)
	}
	return q.page(rows, limit), nil
}

// listQuery is one page asked for. limit is one more than the page holds, to
// know whether there is a next one.
type listQuery struct {
	filter *where
	column string
	desc   bool
	after  *place
	limit  int
}

// keyed is a row with its sort key.
type keyed struct {
	books.Row
	n   int64
	key any
}

func (q listQuery) page(rows []keyed, limit int) books.Page {
	var p books.Page
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		p.Next = place{orderName(q.column, q.desc), last.key, last.n}.String()
	}
	p.Rows = make([]books.Row, len(rows))
	for i, r := range rows {
		p.Rows[i] = r.Row
	}
	return p
}

// scope is the filter with the place, on the invoice table.
func (q listQuery) scope() *where {
	w := &where{append([]string(nil), q.filter.conditions...), append([]any(nil), q.filter.args...)}
	if q.after != nil {
		sign := ">"
		if q.desc {
			sign = "<"
		}
		w.add("(i."+q.column+", i.n) "+sign+" (?, ?)", q.after.Key, q.after.N)
	}
	return w
}

func (q listQuery) order(table string) string {
	dir := ""
	if q.desc {
		dir = " DESC"
	}
	return " ORDER BY " + table + "." + q.column + dir + ", " + table + ".n" + dir
}

// rows runs a query whose columns are the sort key and rowColumns.
func (d *DB) rows(ctx context.Context, query string, args []any) ([]keyed, error) {
	var all []keyed
	err := d.each(ctx, query, args, func(r *sql.Rows) error {
		var k keyed
		var fen, created, updated, version, revision int64
		var exact, pending, buyerKey, taxno string
		var sum sql.NullInt64
		err := r.Scan(&k.key, &k.n, &k.ID, &k.Reference, &k.Number, &k.Date, &k.BuyerName, &k.Kind, &k.State, &k.Red, &k.Conflict,
			&pending, &fen, &exact, &k.RejectionCode, &created, &updated, &buyerKey, &taxno, &version, &revision, &sum)
		if err != nil {
			return err
		}
		pending, broken := strings.CutPrefix(pending, "!")
		if broken || !sum.Valid || sum.Int64 != sumOf(k.n, k.ID, k.Reference, k.Number, k.Date, k.BuyerName, buyerKey, taxno, string(k.Kind), string(k.State),
			k.Red, k.Conflict, fen, exact, k.RejectionCode, created, updated, version, revision) {
			// Named, and nothing said of it.
			all = append(all, keyed{Row: books.Row{ID: k.ID, Reference: k.Reference, Damaged: true}, n: k.n, key: k.key})
			return nil
		}
		k.Pending = books.OutboxState(pending)
		k.CreatedAt, k.UpdatedAt = fromNanos(created), fromNanos(updated)
		k.Gross, err = grossOf(fen, exact)
		all = append(all, k)
		return err
	})
	return all, err
}
