package viewmodel

import (
	"context"
	"slices"

	"counterfoil/app/books"
)

// A turn ends what was asked before: its context, and its answers.
type turn struct {
	n    int
	ctx  context.Context
	stop context.CancelFunc
}

func (t *turn) next() {
	if t.stop != nil {
		t.stop()
	}
	t.n++
	t.ctx, t.stop = context.WithCancel(context.Background())
}

// read asks the store for rows; one question at a time. An answer to another
// filter or order is dropped.
func read[T any](v *Invoices, ask func(context.Context) (T, error), use func(T)) {
	v.loading = true
	n := v.turn.n
	away(v.setup, v.turn.ctx, ask, func(answer T, err error) {
		if n != v.turn.n {
			return
		}
		v.loading = false
		v.message = Sentence(v.setup.Words, err)
		v.stuck = err != nil
		if err == nil {
			use(answer)
			v.reselect()
		}
		v.tell()
		v.goOn()
	})
}

// goOn reads what was asked for meanwhile, or on while a search has filled no page.
func (v *Invoices) goOn() {
	switch {
	case v.loading:
	case v.again:
		v.again = false
		v.Load()
	case len(v.touched) > 0:
		ids := v.touched
		v.touched = nil
		v.Touch(ids...)
	case v.stuck:
	case v.next != "" && len(v.rows) < listPage:
		v.more()
	case v.prev != "" && len(v.rows) < listPage:
		v.back()
	}
}

// reselect: keys act on what is seen, never on a row that the filter took away.
func (v *Invoices) reselect() {
	if !slices.ContainsFunc(v.rows, func(r books.Row) bool { return r.ID == v.selected }) {
		v.selected = ""
	}
}

// refilter reads from the top for another filter or order; what is being read for
// the one before ends.
func (v *Invoices) refilter() {
	v.turn.next()
	v.loading, v.again, v.touched, v.prev, v.next = false, false, nil, "", ""
	v.first(false)
}

// first reads from the top and, if it shall, selects the first row.
func (v *Invoices) first(selects bool) {
	f, o := v.filter(), v.order
	read(v, func(ctx context.Context) (books.Page, error) { return v.store.List(ctx, f, o, "", listPage) }, func(p books.Page) {
		v.rows, v.prev, v.next = p.Rows, "", p.Next
		if selects && len(v.rows) > 0 {
			v.selected = v.rows[0].ID
		}
		v.count()
	})
}

// reloaded is how many rows Load reads again at most. Rows further on stay; what
// changed among them comes by Touch.
const reloaded = 3 * listPage

// Load reads the list again, from the end that it begins with. Rows further on,
// the selection, and marks stay.
func (v *Invoices) Load() {
	if v.loading {
		v.again = true
		return
	}
	f, o, backward := v.filter(), v.order, v.prev != "" && v.next == ""
	wanted := min(max(len(v.rows), listPage), reloaded)
	read(v, func(ctx context.Context) (books.Page, error) {
		var out books.Page
		for n := 0; n == 0 || out.Next != "" && len(out.Rows) < wanted && n < reloaded/listPage; n++ {
			list := v.store.List
			if backward {
				list = v.store.ListBack
			}
			p, err := list(ctx, f, o, out.Next, listPage)
			if err != nil {
				return out, err
			}
			if out.Next = p.Next; backward {
				out.Rows = append(p.Rows, out.Rows...)
			} else {
				out.Rows = append(out.Rows, p.Rows...)
			}
		}
		return out, nil
	}, func(p books.Page) {
		v.splice(p, backward)
		v.count()
	})
}

// splice puts what was read again in the place of what it covers.
func (v *Invoices) splice(p books.Page, backward bool) {
	var rest []books.Row
	if at, err := v.order.Place(p.Next); err == nil {
		for _, r := range v.rows {
			if c := v.order.Compare(r.Place, at); c > 0 && !backward || c < 0 && backward {
				rest = append(rest, r)
			}
		}
	}
	switch {
	case backward && len(rest) > 0:
		v.rows = append(rest, p.Rows...)
	case backward:
		v.rows, v.prev = p.Rows, p.Next
	case len(rest) > 0:
		v.rows = append(p.Rows, rest...)
	default:
		v.rows, v.prev, v.next = p.Rows, "", p.Next
	}
}

// touchable is how many changed rows are read one by one; where more changed, those
// that are shown are, and the list's begin once.
const touchable = 1000

// Touch reads the rows of these invoices again and nothing else: they are changed,
// come, go or move to their place.
func (v *Invoices) Touch(ids ...string) {
	if len(ids) == 0 {
		return
	}
	if v.loading {
		v.touched = append(v.touched, ids...)
		return
	}
	if len(ids) > touchable {
		ids = v.shown(ids)
		v.again = true
	}
	f, o := v.filter(), v.order
	read(v, func(ctx context.Context) ([]books.Row, error) {
		var all []books.Row
		for some := range slices.Chunk(ids, 500) {
			rows, err := v.store.Rows(ctx, f, o, some)
			if err != nil {
				return nil, err
			}
			all = append(all, rows...)
		}
		return all, nil
	}, func(now []books.Row) {
		changed := map[string]bool{}
		for _, id := range ids {
			changed[id] = true
		}
		rows := make([]books.Row, 0, len(v.rows)+len(now))
		for _, r := range v.rows {
			if !changed[r.ID] {
				rows = append(rows, r)
			}
		}
		for _, r := range now {
			at, _ := slices.BinarySearchFunc(rows, r.Place, func(x books.Row, p books.Place) int { return o.Compare(x.Place, p) })
			if v.covers(r.Place, at, len(rows)) {
				rows = slices.Insert(rows, at, r)
			}
		}
		v.rows = rows
		v.count()
	})
}

// shown are those of the ids whose rows were read.
func (v *Invoices) shown(ids []string) []string {
	asked := map[string]bool{}
	for _, id := range ids {
		asked[id] = true
	}
	var out []string
	for _, r := range v.rows {
		if asked[r.ID] {
			out = append(out, r.ID)
		}
	}
	return out
}

// covers reports whether a place, which would be index at of n rows, lies in the
// stretch of the list that was read.
func (v *Invoices) covers(p books.Place, at, n int) bool {
	if at == 0 && v.prev != "" {
		from, err := v.order.Place(v.prev)
		return err == nil && v.order.Compare(p, from) >= 0
	}
	if at == n && v.next != "" {
		to, err := v.order.Place(v.next)
		return err == nil && v.order.Compare(p, to) <= 0
	}
	return true
}

// more reads the page after the last row, back the one before the first. They do
// not read the other rows again: far down a long list that would take longer with
// every page.
func (v *Invoices) more() {
	f, o, after := v.filter(), v.order, v.next
	read(v, func(ctx context.Context) (books.Page, error) { return v.store.List(ctx, f, o, after, listPage) }, func(p books.Page) {
		v.rows, v.next = append(v.rows, p.Rows...), p.Next
	})
}

func (v *Invoices) back() {
	f, o, before := v.filter(), v.order, v.prev
	read(v, func(ctx context.Context) (books.Page, error) { return v.store.ListBack(ctx, f, o, before, listPage) }, func(p books.Page) {
		v.rows, v.prev = slices.Concat(p.Rows, v.rows), p.Next
	})
}

// Near is called when row i comes into sight: it reads on before an end.
func (v *Invoices) Near(i int) {
	switch {
	case v.loading, v.stuck:
	case v.next != "" && i >= len(v.rows)-listPage/2:
		v.more()
	case v.prev != "" && i < listPage/2:
		v.back()
	}
}

// count reads the counts, after the rows; a change of the search ends it.
func (v *Invoices) count() {
	if v.counting {
		v.recount = true
		return
	}
	v.counting = true
	n, search := v.tally.n, v.search
	away(v.setup, v.tally.ctx, func(ctx context.Context) (books.Counts, error) {
		return v.store.Counts(ctx, books.Filter{Search: search})
	}, func(c books.Counts, err error) {
		if n != v.tally.n {
			return
		}
		v.counting = false
		if err == nil {
			v.counts, v.counted = c, true
		} else {
			v.message = Sentence(v.setup.Words, err)
		}
		v.tell()
		if v.recount {
			v.recount = false
			v.count()
		}
	})
}

func (v *Invoices) tell() {
	if v.Changed != nil {
		v.Changed()
	}
}

// Move selects the row n below the selected one, counting from above the first
// when none is, and gives its index; -1 when there are no rows.
func (v *Invoices) Move(n int) int {
	if len(v.rows) == 0 {
		return -1
	}
	at := slices.IndexFunc(v.rows, func(r books.Row) bool { return r.ID == v.selected })
	at = min(max(at+n, 0), len(v.rows)-1) // none is -1: one down is the first
	v.selected = v.rows[at].ID
	return at
}

// Home selects the first row of the list and End the last one, reading that end
// when it is not there. They give the row's index, -1 while it is being read.
func (v *Invoices) Home() int {
	if v.prev == "" {
		return v.Move(-1 << 30)
	}
	v.turn.next()
	v.loading = false
	v.first(true)
	return -1
}

// End is Home for the other end.
func (v *Invoices) End() int {
	if v.next == "" {
		return v.Move(1 << 30)
	}
	v.turn.next()
	f, o := v.filter(), v.order
	read(v, func(ctx context.Context) (books.Page, error) { return v.store.ListBack(ctx, f, o, "", listPage) }, func(p books.Page) {
		v.rows, v.prev, v.next = p.Rows, p.Next, ""
		if len(p.Rows) > 0 {
			v.selected = p.Rows[len(p.Rows)-1].ID
		}
	})
	return -1
}
