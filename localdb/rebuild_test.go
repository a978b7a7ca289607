package localdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// What is computed is made anew, and nothing else is touched.
func TestRebuild(t *testing.T) {
	for name, damage := range map[string]string{
		"counters":        `UPDATE tally SET count = count + 7`,
		"no counters":     `DELETE FROM tally`,
		"search's texts":  `DELETE FROM search`,
		"search's index":  `INSERT INTO search_index (search_index) VALUES ('delete-all')`,
		"what waits":      `INSERT OR IGNORE INTO search_later SELECT n FROM invoice`,
		"index's content": `UPDATE search_index_data SET block = x'00112233' WHERE id > 10`,
	} {
		t.Run(name, func(t *testing.T) {
			d, ctx := openTemp(t), context.Background()
			for i := range 30 {
				v, _ := sample(i, 2)
				mustSave(t, d, v, 0, books.Put)
			}
			found := func() (n int) {
				p, err := d.List(ctx, books.Filter{Search: "上海重阳"}, books.Order{}, "", 50)
				if err != nil {
					t.Fatal(err)
				}
				return len(p.Rows)
			}
			want, counts := found(), func() books.Counts {
				c, err := d.Counts(ctx, books.Filter{})
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			before := counts()
			if want == 0 {
				t.Fatal("nothing is found")
			}
			if _, err := d.writer.conn.ExecContext(ctx, damage); err != nil {
				t.Fatal(err)
			}
			if err := d.Rebuild(ctx); err != nil {
				t.Fatal(err)
			}
			if err := d.Check(ctx); err != nil {
				t.Error(err)
			}
			if n := found(); n != want {
				t.Errorf("%d found, not %d", n, want)
			}
			if after := counts(); after.All != before.All || !after.Gross.Equal(before.Gross) || after.Unsynced != before.Unsynced {
				t.Errorf("%+v, not %+v", after, before)
			}
		})
	}
}

// What is stuck is named while it is; operations that had no answer at all are not.
func TestStuck(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	for i := range 3 {
		v, _ := sample(i, 1)
		mustSave(t, d, v, 0, books.Put)
	}
	stuck := func() *Stuck {
		s, err := d.Stuck(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	attempt := func(code string, times int) {
		for range times {
			if err := d.Update(ctx, func(x books.SyncTx) error { return x.Attempt(2, code) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s := stuck(); s != nil {
		t.Fatalf("%+v", s)
	}
	attempt("no_answer", 9)
	if s := stuck(); s != nil {
		t.Fatalf("without a line: %+v", s)
	}
	attempt("malformed", 1)
	v, _ := sample(1, 1)
	if s := stuck(); s == nil || s.Name != v.Reference || s.Waiting != 2 || s.Code != "malformed" {
		t.Fatalf("%+v", s)
	}
	if err := d.Update(ctx, func(x books.SyncTx) error { return x.Park(2, "malformed") }); err != nil {
		t.Fatal(err)
	}
	if s := stuck(); s == nil || s.Waiting != 2 {
		t.Fatalf("%+v", s)
	}
}

// Nobody opens data that are being replaced, and a replacement that was cut short is
// finished by the next who opens them.
func TestReplace(t *testing.T) {
	ctx, path, other := context.Background(), closedFile(t), closedFile(t)
	release, err := InUse(ctx, path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, reopen(path), ErrLocked, "localdb_locked")
	release()
	d := openAt(t, path)
	if _, err := InUse(ctx, path, 50*time.Millisecond); !errors.Is(err, ErrLocked) {
		t.Fatal("taken from under an open desk:", err)
	}
	d.Close()
	o := openAt(t, other)
	v, _ := sample(9, 1)
	mustSave(t, o, v, 0, books.Put)
	o.Close()
	if err := copyFile(other, path+restoredSuffix); err != nil { // as a Replace leaves it that is cut short
		t.Fatal(err)
	}
	d = openAt(t, path)
	if _, err := d.Document(ctx, document.KeyOf(v)); err != nil {
		t.Error("not replaced:", err)
	}
}

// A file whose first page is lost is read by the copy of it that lies beside, also where
// no backup was ever made.
func TestFirstBeside(t *testing.T) {
	ctx := context.Background()
	path := closedFile(t)
	d, err := Open(ctx, path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	is, err := d.Contents(ctx)
	if err = errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw[:pageSize])
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := Open(ctx, filepath.Join(t.TempDir(), "new.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	out, err := made.Salvage(ctx, Wreck{Path: path, Dir: t.TempDir(), Damaged: true})
	if err != nil || !out.Readable || !out.Whole {
		t.Fatalf("%+v %v", out, err)
	}
	if now, err := made.Contents(ctx); err != nil || now.Invoices != is.Invoices || now.Records != is.Records || is.Invoices == 0 {
		t.Errorf("%+v, it was %+v: %v", now, is, err)
	}
	// One that is noise itself is not kept.
	keepFirst(path, raw[:pageSize])
	if page, err := os.ReadFile(path + firstSuffix); err != nil || !bytes.HasPrefix(page, []byte(sqliteMagic)) {
		t.Error("noise was kept:", err)
	}
}

// A table that is gone takes nothing else with it.
func TestTableGone(t *testing.T) {
	ctx := context.Background()
	for _, table := range []string{"outbox", "history", "typed", "receipt", "conflict", "invoice"} {
		path := closedFile(t)
		d, err := Open(ctx, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		is, err := d.Contents(ctx)
		if err = errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
		raw(t, path, `DROP TABLE `+table)
		made, err := Open(ctx, filepath.Join(t.TempDir(), "new.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := made.Salvage(ctx, Wreck{Path: path, Dir: t.TempDir(), Damaged: true})
		if err != nil || !out.Readable || out.Whole {
			t.Errorf("%s: %+v %v", table, out, err)
		}
		now, err := made.Contents(ctx)
		if err != nil || now.Invoices != is.Invoices || now.Records != is.Records || is.Invoices == 0 {
			t.Errorf("%s: %+v, it was %+v: %v", table, now, is, err)
		}
		if table == "outbox" && now.Unsent == 0 {
			t.Error("what was never sent is not to be sent any more")
		}
		made.Close()
	}
}

// What stands in the place of a restored file and is none does not take that of the data.
func TestRestoredIsNone(t *testing.T) {
	path := closedFile(t)
	for _, noise := range []string{"", "noise", strings.Repeat("noise", 10_000)} {
		if err := os.WriteFile(path+restoredSuffix, []byte(noise), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := reopen(path); err != nil {
			t.Errorf("%d bytes: %v", len(noise), err)
		}
		if aside, _ := filepath.Glob(filepath.Join(filepath.Dir(path), asidePrefix+"*")); len(aside) > 0 {
			t.Error("the data were set aside:", aside)
		}
	}
}
