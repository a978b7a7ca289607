package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
)

// worked is a desk with a backup and a day's work after it, closed.
type worked struct {
	Shelf
	file          string
	before, after map[string]string // at the backup, and at the end
}

func work(t *testing.T) worked {
	t.Helper()
	s := shelf(t)
	w := worked{Shelf: s, file: filepath.Join(s.Data, localdb.FileName)}
	d := s.open(t)
	r := fill(t, d)
	w.before = state(t, d)
	if _, err := s.Make(context.Background(), d, ByHand); err != nil {
		t.Fatal(err)
	}
	for i := 100; i < 140; i++ {
		r.draft(i, "after the backup")
	}
	r.edit(1, "edited after the backup", books.Put)
	r.edit(2, "handed in after the backup", books.Transition)
	r.issued(5, "26110000000000000005") // it was handed in before
	r.must(d.Update(context.Background(), func(tx books.SyncTx) error {
		return tx.Remove(key(3), books.HistoryEntry{Event: "deleted"})
	}))
	r.must(d.PutTyped(context.Background(), key(4).ID, books.Typed{"date": "明天"}))
	w.after = state(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w worked) restore(t *testing.T) (Outcome, map[string]string) {
	t.Helper()
	out, err := Restore(context.Background(), w.plan())
	if err != nil {
		t.Fatal(err)
	}
	d := w.open(t)
	defer d.Close()
	if err := d.IntegrityCheck(context.Background()); err != nil {
		t.Fatal(err)
	}
	if dev, err := d.Device(context.Background()); err != nil || dev.ID != "device after a restore 1" && dev.ID != "device after a restore 2" {
		t.Errorf("the device is %q %v: its operations would be taken for those sent before", dev.ID, err)
	}
	return out, state(t, d)
}

// A file that is lost whole comes back as the backup has it.
func TestLostFile(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(file string) error{
		"deleted": os.Remove,
		"emptied": func(f string) error { return os.Truncate(f, 0) },
		"noise":   func(f string) error { return os.WriteFile(f, bytes.Repeat([]byte("\xa5"), 100_000), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := work(t)
			if err := lose(w.file); err != nil {
				t.Fatal(err)
			}
			out, got := w.restore(t)
			if d := differ(got, w.before); len(d) > 0 || out.Backup == nil {
				t.Errorf("%+v; not as the backup: %s", out, d)
			}
			if _, err := os.Stat(out.Aside); name != "deleted" && err != nil {
				t.Error("what was there was thrown away:", err)
			}
		})
	}
}

// A header that is damaged hides nothing, nor does a first page that is gone.
func TestHeader(t *testing.T) {
	t.Parallel()
	w := work(t)
	whole, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string]func(b []byte){"page": func(b []byte) { clear(b[:4096]) }}
	for bit := range 100 * 8 {
		if bit%101 == 0 || bit%13 == 0 && os.Getenv("COUNTERFOIL_PAGES") == "all" {
			damaged[fmt.Sprint("bit ", bit)] = func(b []byte) { b[bit/8] ^= 1 << (bit % 8) }
		}
	}
	for name, damage := range damaged {
		b := bytes.Clone(whole)
		damage(b)
		if err := os.WriteFile(w.file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := Restore(context.Background(), w.plan())
		if errors.Is(err, localdb.ErrNewer) {
			continue // the schema's number grew: it looks like the file of a newer program
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d := w.open(t)
		want := maps.Clone(w.after)
		if out.Damage == "" { // a bit that nobody reads: what was deleted comes back
			want[key(3).ID] = w.before[key(3).ID]
		}
		if diff := differ(state(t, d), want); len(diff) > 0 {
			t.Errorf("%s (%s): %d documents are not as they were: %s", name, out.Damage, len(diff), diff[0])
		}
		d.Close()
	}
}

// Whichever page is lost, each document comes back as it was last or, where it lay
// on that page, as the backup has it; what lay on other pages is never lost.
func TestLostPage(t *testing.T) {
	t.Parallel()
	w := work(t)
	whole, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	pages, tried, kept := len(whole)/4096, 0, 0
	for p := 1; p < pages; p++ {
		if p > 6 && p%7 != 0 && os.Getenv("COUNTERFOIL_PAGES") != "all" {
			continue // make kill loses each of them
		}
		tried++
		b := bytes.Clone(whole)
		clear(b[p*4096 : (p+1)*4096])
		if err := os.WriteFile(w.file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, got := w.restore(t)
		old := 0
		for id, want := range w.after {
			switch {
			case got[id] == want:
			case got[id] == w.before[id], w.before[id] == "" && got[id] == "":
				old++
			default:
				t.Errorf("page %d: %s is neither as it was nor as in the backup\n is  %s\n was %s\n in the backup %s", p, id, got[id], want, w.before[id])
			}
		}
		for id := range got {
			if w.after[id] == "" && got[id] != w.before[id] {
				t.Errorf("page %d: %s came from nowhere", p, id)
			}
		}
		// A page of the tree above the leaves hides many; a leaf a few.
		if old <= 8 {
			kept++
		}
		if t.Failed() {
			t.Fatalf("%+v", out)
		}
	}
	if kept < tried*7/10 {
		t.Errorf("only of %d pages in %d was nearly all kept", kept, tried)
	}
	t.Logf("%d of %d pages lost one by one, nearly all kept without %d of them", tried, pages, kept)
}

// A file cut off keeps what is in front of the cut.
func TestTruncated(t *testing.T) {
	t.Parallel()
	w := work(t)
	info, err := os.Stat(w.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(w.file, info.Size()/4096/2*4096); err != nil {
		t.Fatal(err)
	}
	_, got := w.restore(t)
	for id, want := range w.before {
		if got[id] == "" && w.after[id] != "" {
			t.Errorf("%s is lost: %s", id, want)
		}
	}
}

// A file that is whole loses nothing, and what was deleted since comes back.
func TestWholeFile(t *testing.T) {
	t.Parallel()
	w := work(t)
	w.after[key(3).ID] = w.before[key(3).ID]
	out, got := w.restore(t)
	if d := differ(got, w.after); len(d) > 0 || out.Damage != "" || !out.Salvaged.Whole {
		t.Errorf("%+v: %s", out, d)
	}
}

// Without a backup the new file is made of what is whole in the damaged one.
func TestNoBackup(t *testing.T) {
	t.Parallel()
	w := work(t)
	if err := os.RemoveAll(w.Dir()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(w.file, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(make([]byte, 4096), 4096*9)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	out, got := w.restore(t)
	if len(got) < len(w.after)-12 || out.Backup != nil {
		t.Errorf("%d of %d documents; %+v", len(got), len(w.after), out)
	}
	d := w.open(t)
	defer d.Close()
	if v, err := d.Setting(context.Background(), "server_url"); v != "https://invoices.example" {
		t.Errorf("the settings are lost: %q %v", v, err)
	}
	w2 := work(t)
	if err := errors.Join(os.RemoveAll(w2.Dir()), os.Truncate(w2.file, 0)); err != nil {
		t.Fatal(err)
	}
	var be *books.Error
	if _, err := Restore(context.Background(), w2.plan()); !errors.As(err, &be) || be.Code != "backup_none" {
		t.Errorf("with nothing at all: %v", err)
	}
	if info, err := os.Stat(w2.file); err != nil || info.Size() != 0 {
		t.Error("a restore that failed changed something")
	}
	p := w2.plan()
	p.Anew = true
	if _, err := Restore(context.Background(), p); err != nil {
		t.Errorf("anew: %v", err)
	}
}

// A backup that is not whole is passed over, and a preview changes nothing.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	w := work(t)
	d := w.open(t)
	newest, err := w.Make(context.Background(), d, ByClock)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	f, err := os.OpenFile(newest.Path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{1, 2, 3}, newest.Size/2)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(w.file, 0); err != nil {
		t.Fatal(err)
	}
	p := w.plan()
	p.DryRun = true
	out, err := Restore(context.Background(), p)
	if err != nil || len(out.Passed) != 1 || out.Backup == nil || out.Backup.Path == newest.Path || out.Aside != "" {
		t.Errorf("%+v %v", out, err)
	}
	if info, err := os.Stat(w.file); err != nil || info.Size() != 0 {
		t.Error("a preview changed the data")
	}
	p = w.plan()
	p.From = newest.Path
	var be *books.Error
	if _, err := Restore(context.Background(), p); !errors.As(err, &be) || be.Code != "backup_broken" {
		t.Errorf("a broken backup by name: %v", err)
	}
	if _, got := w.restore(t); len(differ(got, w.before)) > 0 {
		t.Error("not as the backup that is whole")
	}
}

// While others have the data open nothing is replaced.
func TestOpenElsewhere(t *testing.T) {
	t.Parallel()
	w := work(t)
	d := w.open(t)
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	if _, err := Restore(ctx, w.plan()); !errors.Is(err, localdb.ErrLocked) {
		t.Errorf("restored under an open desk: %v", err)
	}
	if diff := differ(state(t, d), w.after); len(diff) > 0 {
		t.Error(diff)
	}
}

// A backup of a clock that was ahead is no newer than those made since.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	s, ctx := shelf(t), context.Background()
	d := s.open(t)
	r := rig{t, d}
	r.draft(1, "while the clock was ahead")
	ahead := s
	ahead.Now = func() time.Time { return day0.AddDate(70, 0, 0) }
	if _, err := ahead.Make(ctx, d, ByClock); err != nil {
		t.Fatal(err)
	}
	r.draft(2, "since")
	right, err := s.Make(ctx, d, ByClock)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.List()
	if err != nil || len(all) != 2 || all[0].Path != right.Path {
		t.Fatalf("%+v %v", all, err)
	}
	want := state(t, d)
	if err := errors.Join(d.Close(), os.Truncate(filepath.Join(s.Data, localdb.FileName), 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(ctx, s.plan()); err != nil {
		t.Fatal(err)
	}
	if diff := differ(state(t, s.open(t)), want); len(diff) > 0 {
		t.Errorf("%d documents are not as they were: %s", len(diff), diff[0])
	}
}

// A restore that is refused or cannot be done changes nothing.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	refused := errors.New("somebody else's")
	newer := func(t *testing.T, w worked) string {
		file := filepath.Join(t.TempDir(), "newer.db")
		all, err := w.List()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(all[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		copy(raw[60:], []byte{0, 0, 3, 231}) // user_version 999
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, w worked, p *Plan)
		is     error
		code   string
	}{
		"a disk without room": {func(_ *testing.T, _ worked, p *Plan) {
			p.Free = func(string) (uint64, error) { return little, nil }
		}, nil, "copy_space"},
		"a backup of somebody else": {func(_ *testing.T, _ worked, p *Plan) {
			p.Check = func(context.Context, *localdb.DB) error { return refused }
		}, refused, ""},
		"a backup of a newer program": {func(t *testing.T, w worked, p *Plan) { p.From = newer(t, w) }, localdb.ErrNewer, "localdb_newer"},
		"a text":                      {func(t *testing.T, _ worked, p *Plan) { p.From = file(t, "no backup at all") }, nil, "backup_broken"},
		"nothing at all":              {func(_ *testing.T, _ worked, p *Plan) { p.From = "/nowhere/backup.db" }, nil, "backup_broken"},
		"a folder":                    {func(t *testing.T, _ worked, p *Plan) { p.From = t.TempDir() }, nil, "backup_broken"},
		"what has no end of writing": {func(_ *testing.T, _ worked, p *Plan) {
			p.Finish = func(context.Context, *localdb.DB) error { return &os.PathError{Op: "write", Err: syscall.ENOSPC} }
		}, nil, "copy_space"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := work(t)
			p := w.plan()
			c.change(t, w, &p)
			before := tree(t, w.Data)
			_, err := Restore(context.Background(), p)
			var b *books.Error
			if err == nil || c.is != nil && !errors.Is(err, c.is) || c.code != "" && (!errors.As(err, &b) || b.Code != c.code) {
				t.Errorf("%v", err)
			}
			delete(before, w.file+".use") // the lock
			after := tree(t, w.Data)
			delete(after, w.file+".use")
			if fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("something has changed:\n%v\n%v", before, after)
			}
			if diff := differ(state(t, w.open(t)), w.after); len(diff) > 0 {
				t.Errorf("%d documents are not as they were: %s", len(diff), diff[0])
			}
		})
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.db")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Restored twice, and again from what the first restore set aside, nothing is lost.
func TestRestoredTwice(t *testing.T) {
	t.Parallel()
	w := work(t)
	raw, err := os.ReadFile(w.file)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw[:4096])
	if err := os.WriteFile(w.file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	first, _ := w.restore(t)
	_, got := w.restore(t)
	for id, was := range w.after {
		if got[id] != was {
			t.Errorf("%s was %q and is %q", id, was, got[id])
		}
	}
	p := w.plan()
	p.From = filepath.Join(first.Aside, localdb.FileName)
	if _, err := Restore(context.Background(), p); err == nil {
		t.Error("a damaged file is taken for a backup")
	}
	if _, err := os.Stat(p.From); err != nil {
		t.Error(err)
	}
}

// An edit is newer than the backup whatever the clocks said: the document came from a
// desk whose clock is ahead of this one.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	s, ctx := shelf(t), context.Background()
	d := s.open(t)
	r := rig{t, d}
	v := bill(1, "of a desk whose clock is ahead")
	v.Revision, v.UpdatedAt = 3, day0.AddDate(0, 1, 0)
	r.must(d.Update(ctx, func(tx books.SyncTx) error {
		return tx.SetClean(v, nil, books.HistoryEntry{Event: "pulled"})
	}))
	if _, err := s.Make(ctx, d, ByHand); err != nil {
		t.Fatal(err)
	}
	st, err := d.Invoice(ctx, v.ID)
	r.must(err)
	st.Invoice.Remark, st.Invoice.UpdatedAt = "edited here", day0
	_, err = d.SaveInvoice(ctx, st.Invoice, st.Version, books.Put, books.HistoryEntry{Event: "edited"})
	r.must(err)
	want := state(t, d)
	r.must(d.Close())
	file := filepath.Join(s.Data, localdb.FileName)
	raw, err := os.ReadFile(file)
	r.must(err)
	clear(raw[:4096])
	r.must(os.WriteFile(file, raw, 0o600))
	out, err := Restore(ctx, s.plan())
	r.must(err)
	if diff := differ(state(t, s.open(t)), want); len(diff) > 0 || out.Salvaged.Documents != 1 {
		t.Errorf("%+v: %v", out.Salvaged, diff)
	}
}
