package localdb

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// spread reports median, 95th and 99th percentile of one call.
func spread(b *testing.B, call func(i int)) {
	b.Helper()
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for i := range b.N {
		start := time.Now()
		call(i)
		took = append(took, time.Since(start))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkSave drafts new invoices of five lines, references allotted.
func BenchmarkSave(b *testing.B) {
	d := openTemp(b)
	spread(b, func(i int) {
		v, _ := sample(i, 5)
		v.Reference = ""
		mustSave(b, d, v, 0, books.Put)
	})
}

// BenchmarkSaveFloor writes the same rows as BenchmarkSave with prepared
// statements and nothing else: no encoding, no spelling, no checks, no sums.
func BenchmarkSaveFloor(b *testing.B) {
	d := openTemp(b)
	ctx := context.Background()
	conn := d.writer.conn
	for _, t := range []string{"invoice_sum", "body_sum", "outbox_sum", "history_sum"} {
		if _, err := conn.ExecContext(ctx, `DROP TRIGGER `+t); err != nil {
			b.Fatal(err)
		}
	}
	prepare := func(q string) *sql.Stmt {
		st, err := conn.PrepareContext(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { st.Close() })
		return st
	}
	begin, commit := prepare(`BEGIN IMMEDIATE`), prepare(`COMMIT`)
	invoices := prepare(`INSERT INTO invoice (reference, number, date, buyer, buyer_key, taxno, kind, state, red, gross_fen, gross, rejection,
			created, updated, version, revision, id) VALUES (?,'',?,?,?,?,'ordinary','draft',0,?,'','',?,?,1,0,?)`)
	bodies := prepare(`INSERT INTO body (n, doc, base) VALUES (?, ?, NULL)`)
	searches := prepare(`INSERT INTO search VALUES (?, ?)`)
	index := prepare(`INSERT INTO search_index (rowid, text) VALUES (?, ?)`)
	outbox := prepare(`INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state) VALUES ('invoice', ?, 'put', 0, 'unsent', ?, '')`)
	history := prepare(`INSERT INTO history (document, at, event, detail, before) VALUES (?, ?, 'edited', '', NULL)`)
	type rows struct {
		id, reference, date, buyer, key, taxno, text string
		doc                                          []byte
		fen, at                                      int64
	}
	ready := make([]rows, b.N)
	for i := range ready {
		v, s := sample(i, 5)
		doc, _ := document.Encode(v)
		fen, _ := grossColumns(s.Gross)
		ready[i] = rows{v.ID, v.Reference, v.Date, v.Buyer.Name, sortKey(v.Buyer.Name), v.Buyer.TaxNo, searchText(v), doc, fen, nanos(v.CreatedAt)}
	}
	run := func(st *sql.Stmt, args ...any) {
		if _, err := st.ExecContext(ctx, args...); err != nil {
			b.Fatal(err)
		}
	}
	spread(b, func(i int) {
		r, n := ready[i], i+1
		run(begin)
		run(invoices, r.reference, r.date, r.buyer, r.key, r.taxno, r.fen, r.at, r.at, r.id)
		run(bodies, n, r.doc)
		run(searches, n, r.text)
		run(index, n, r.text)
		run(outbox, r.id, r.at)
		run(history, r.id, r.at)
		run(commit)
	})
}

// loaded is how many invoices the file has that all benchmarks of a run share.
// COUNTERFOIL_INVOICES sets another number, COUNTERFOIL_LARGE a file to keep.
var loaded = func() int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_INVOICES")); err == nil {
		return n
	}
	return 100_000
}()

func openLarge(b *testing.B) *DB {
	b.Helper()
	path := largePath()
	if kept := os.Getenv("COUNTERFOIL_LARGE"); kept != "" {
		path = kept
	}
	d := openAt(b, path)
	if c, err := d.Counts(context.Background(), books.Filter{}); err != nil {
		b.Fatal(err)
	} else if c.All < loaded {
		load(b, d, loaded)
	}
	return d
}

func list(b *testing.B, d *DB, f books.Filter, o books.Order, after string) books.Page {
	p, err := d.List(context.Background(), f, o, after, 100)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

var allOrders = []string{"created", "date", "buyer", "number", "gross"}

func BenchmarkFirstPage(b *testing.B) {
	d := openLarge(b)
	for _, by := range allOrders {
		b.Run(by, func(b *testing.B) {
			spread(b, func(int) { list(b, d, books.Filter{}, books.Order{By: by, Desc: true}, "") })
		})
	}
	b.Run("drafts", func(b *testing.B) {
		spread(b, func(int) { list(b, d, books.Filter{State: "draft"}, books.Order{Desc: true}, "") })
	})
	b.Run("drafts-by-date", func(b *testing.B) {
		spread(b, func(int) { list(b, d, books.Filter{State: "draft"}, books.Order{By: "date", Desc: true}, "") })
	})
	b.Run("rejected-by-gross", func(b *testing.B) {
		spread(b, func(int) { list(b, d, books.Filter{State: "rejected"}, books.Order{By: "gross"}, "") })
	})
	b.Run("month-by-gross", func(b *testing.B) {
		spread(b, func(int) {
			list(b, d, books.Filter{From: "2026-10-01", To: "2026-10-31"}, books.Order{By: "gross"}, "")
		})
	})
}

// BenchmarkDeepPage asks for a page after four fifths of the list.
func BenchmarkDeepPage(b *testing.B) {
	d := openLarge(b)
	for _, by := range allOrders {
		b.Run(by, func(b *testing.B) {
			column := orders[by]
			var key any
			var p books.Place
			err := d.one(context.Background(), `SELECT `+column+`, n FROM invoice ORDER BY `+column+`, n LIMIT 1 OFFSET ?`, []any{loaded * 4 / 5}, &key, &p.Row)
			if err != nil {
				b.Fatal(err)
			}
			p.Text, p.Number = keyParts(key)
			o := books.Order{By: by}
			spread(b, func(int) { list(b, d, books.Filter{}, o, o.Mark(p)) })
		})
	}
}

// BenchmarkLastPage jumps to the end.
func BenchmarkLastPage(b *testing.B) {
	d := openLarge(b)
	for _, by := range allOrders {
		b.Run(by, func(b *testing.B) {
			spread(b, func(int) {
				if _, err := d.ListBack(context.Background(), books.Filter{}, books.Order{By: by}, "", 100); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	d := openLarge(b)
	for name, q := range map[string]string{
		"common": "有限公司", "one-character": "长", "one-rare": "ü", "two": "重阳", "number": "00073021", "initials": "hqbl",
		"tail": "有限公司997 合同", "never-together": "长江 重阳", "none": "不存在的", "none-two": "鑫鑫", "two-words": "打印纸 99998", "reference": "AB0123",
	} {
		b.Run(name, func(b *testing.B) {
			spread(b, func(int) { list(b, d, books.Filter{Search: q}, books.Order{Desc: true}, "") })
		})
	}
	b.Run("rare-and-old", func(b *testing.B) {
		spread(b, func(int) { list(b, d, books.Filter{Search: "合同 77 "}, books.Order{By: "gross"}, "") })
	})
}

func BenchmarkCounts(b *testing.B) {
	d := openLarge(b)
	for name, f := range map[string]books.Filter{
		"all": {}, "month": {From: "2026-10-01", To: "2026-10-31"}, "search": {Search: "hqbl"}, "search-number": {Search: "00073021"}, "search-everything": {Search: "合同"}, "search-one": {Search: "长"}} {
		b.Run(name, func(b *testing.B) {
			spread(b, func(int) {
				if _, err := d.Counts(context.Background(), f); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
