package localdb

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/app/books"
)

// TestCheckBesideSearches saves, searches through pooled readers and checks, all
// at once: a whole file is never called damaged. COUNTERFOIL_SAVES sets how many saves.
func TestCheckBesideSearches(t *testing.T) {
	saves := 200
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_SAVES")); err == nil {
		saves = n
	}
	d, ctx := openTemp(t), context.Background()
	if saves > 10_000 { // the long campaign is about reading, not about power cuts
		if _, err := d.writer.conn.ExecContext(ctx, `PRAGMA synchronous = OFF`); err != nil {
			t.Fatal(err)
		}
	}
	var saved atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range saves {
			v, _ := sample(i, 2)
			if _, err := d.SaveInvoice(ctx, v, 0, books.Put, books.HistoryEntry{Event: "drafted"}); err != nil {
				t.Error(i, err)
			}
			saved.Add(1)
		}
	})
	checks := 0
	for end := false; !end; checks++ {
		end = saved.Load() == int64(saves)
		for _, q := range []string{"公司", "有限公司", "中心"} { // readers come to know the index
			least := int(min(saved.Load()/5, 5))
			p, err := d.List(ctx, books.Filter{Search: q, State: "draft"}, books.Order{}, "", 5)
			if err != nil || len(p.Rows) < least {
				t.Errorf("after %d saves %q finds %d, %v", saved.Load(), q, len(p.Rows), err)
			}
		}
		if err := d.Check(ctx); err != nil {
			t.Errorf("after %d saves: %v, called %s", saved.Load(), err, troubleCode(err))
		}
	}
	wg.Wait()
	if err := d.IntegrityCheck(ctx); err != nil {
		t.Error(err)
	}
	t.Logf("%d saves, %d checks", saves, checks)
}

// TestStaleReader holds why Check opens the file anew: a reader that searched
// before others wrote calls the file damaged, and the same bytes are whole.
func TestStaleReader(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	d.read.SetMaxOpenConns(1)
	for i := range 300 {
		v, _ := sample(i, 2)
		mustSave(t, d, v, 0, books.Put)
		if i != 50 {
			continue
		}
		if _, err := d.List(ctx, books.Filter{Search: "有限公司", State: "issued"}, books.Order{}, "", 5); err != nil {
			t.Fatal(err)
		}
	}
	stale := pragmaCheck(ctx, d.read, "quick_check(1)")
	if err := d.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(stale, ErrCorrupt) {
		t.Log("SQLite's readers now look for a newer shape of the index:", stale)
	}
	if err := d.anew(func(db *sql.DB) error { return pragmaCheck(ctx, db, "integrity_check(1)") }); err != nil {
		t.Fatal(err)
	}
}

// A file too large for the time of a check is not called damaged, nor whole by
// IntegrityCheck when it is not.
func TestCheckIsBrief(t *testing.T) {
	defer func(was time.Duration) { glimpse = was }(glimpse)
	glimpse = time.Nanosecond
	d, ctx := openTemp(t), context.Background()
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	spoil(t, d, "invoice", `gross_fen = 1`)
	if err := d.Check(ctx); err != nil {
		t.Error(err)
	}
	if err := d.IntegrityCheck(ctx); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := d.Check(ended); err == nil || troubleCode(err) != "" {
		t.Errorf("a check that was given up says %v, called %q", err, troubleCode(err))
	}
}
