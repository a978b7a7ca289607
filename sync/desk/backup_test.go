package desk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
)

// A desk that is restored gets back from the server what was issued since, under the
// same numbers, keeps what was not sent, and sends nothing twice.
func TestRestoredDeskSyncs(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(file string) error
		keeps  bool // what was never sent and is not in the backup
	}{
		"emptied": {func(f string) error { return os.Truncate(f, 0) }, false},
		"deleted": {os.Remove, false},
		"header":  {func(f string) error { return overwrite(f, 0, 100) }, true},
		"whole":   {func(string) error { return nil }, true},
	} {
		t.Run(name, func(t *testing.T) {
			address, ca := reference(t)
			dir := t.TempDir()
			cfg := desk.Config{Dir: dir, Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}
			ctx := context.Background()
			d := must[*desk.Desk](t)(desk.Open(ctx, cfg))
			t.Cleanup(func() { _ = d.Close() })
			if err := d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))); err != nil {
				t.Fatal(err)
			}
			if err := d.Connect(ctx, address, token); err != nil {
				t.Fatal(err)
			}
			draft := func(remark string, submit bool) string {
				st, _, err := d.Books.Draft(ctx, bill(remark))
				if err != nil {
					t.Fatal(err)
				}
				if submit {
					if _, err := d.Books.Submit(ctx, st.Invoice.ID); err != nil {
						t.Fatal(err)
					}
				}
				return st.Invoice.ID
			}
			sync := func() {
				t.Helper()
				for range 2 { // what is issued comes with the next pull
					if _, err := d.Engine().Once(ctx); err != nil {
						t.Fatal(err)
					}
				}
			}
			issued := []string{draft("issued before the backup", true)}
			sync()
			issued = append(issued, draft("handed in at the backup", true))
			open := draft("a draft at the backup", false)
			must[desk.Backup](t)(d.BackUp(ctx, ""))
			issued = append(issued, draft("issued after the backup", true))
			sync()
			never := draft("never sent", false)
			numbers := map[string]string{}
			for _, id := range issued {
				if numbers[id] = must[books.Stored](t)(d.Store.Invoice(ctx, id)).Invoice.Number; numbers[id] == "" {
					t.Fatal("not issued:", id)
				}
			}
			before := must[books.Device](t)(d.Store.Device(ctx))
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.damage(filepath.Join(dir, localdb.FileName)); err != nil {
				t.Fatal(err)
			}
			r := must[desk.Restore](t)(desk.RestoreData(ctx, cfg, desk.Plan{}))
			if r.Backup == nil {
				t.Fatalf("%+v", r)
			}
			d = must[*desk.Desk](t)(desk.Open(ctx, cfg))
			if now := must[books.Device](t)(d.Store.Device(ctx)); now.ID == before.ID {
				t.Error("the device is the old one: its operations would be taken for others")
			}
			more := draft("after the restore", true)
			sync()
			seen := map[string]string{}
			for _, id := range append(issued, more) {
				st := must[books.Stored](t)(d.Store.Invoice(ctx, id))
				n := st.Invoice.Number
				if st.Invoice.State != invoice.Issued || st.Conflict || st.Pending != "" || numbers[id] != "" && n != numbers[id] || seen[n] != "" {
					t.Errorf("%s was %q and is %q, %s, conflict %v, pending %q", st.Invoice.Remark, numbers[id], n, st.Invoice.State, st.Conflict, st.Pending)
				}
				seen[n] = id
			}
			if st := must[books.Stored](t)(d.Store.Invoice(ctx, open)); st.Conflict || st.Pending != "" {
				t.Errorf("the draft: %+v", st)
			}
			if _, err := d.Store.Invoice(ctx, never); (err == nil) != c.keeps {
				t.Errorf("what was never sent: %v", err)
			}
			if got := must[books.Counts](t)(d.Store.Counts(ctx, books.Filter{})); got.Unsynced != 0 || got.Conflict != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func overwrite(file string, at, n int64) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(make([]byte, n), at)
	return err
}

// A backup of another company's server, or of practice, is refused, and so is a restore
// under a window that is open; the folder is as it was, and a folder that knows no
// server takes what it is given.
func TestRestoreOfOthers(t *testing.T) {
	ctx := context.Background()
	cfg := func(dir string) desk.Config {
		return desk.Config{Dir: dir, Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}
	}
	made := func(bound, remark string) (dir, file string) {
		t.Helper()
		dir = t.TempDir()
		d := must[*desk.Desk](t)(desk.Open(ctx, cfg(dir)))
		if bound != "" {
			if err := d.Store.SetSetting(ctx, "bound_server", bound); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := d.Books.Draft(ctx, bill(remark)); err != nil {
			t.Fatal(err)
		}
		b := must[desk.Backup](t)(d.BackUp(ctx, ""))
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		_ = must[*desk.Desk](t)(desk.Open(ctx, cfg(dir))).Close() // which notes the card
		return dir, b.Path
	}
	const ours = `{"server":"a","company":"one","environment":"production"}`
	dir, own := made(ours, "ours")
	for name, bound := range map[string]string{
		"another company": `{"server":"b","company":"two","environment":"production"}`,
		"another server":  `{"server":"b","company":"one","environment":"production"}`,
		"practice":        `{"server":"a","company":"one","environment":"practice"}`,
	} {
		for _, without := range []bool{false, true} {
			if without {
				if err := os.Remove(filepath.Join(dir, "connection.json")); err != nil {
					t.Fatal(err)
				}
			}
			_, theirs := made(bound, "theirs")
			_, err := desk.RestoreData(ctx, cfg(dir), desk.Plan{From: theirs})
			var b *books.Error
			if !errors.As(err, &b) || b.Code != "backup_other" {
				t.Errorf("%s, without the card %v: %v", name, without, err)
			}
			d := must[*desk.Desk](t)(desk.Open(ctx, cfg(dir)))
			p := must[books.Page](t)(d.Store.List(ctx, books.Filter{}, books.Order{}, "", 10))
			if len(p.Rows) != 1 {
				t.Errorf("%s: %d invoices", name, len(p.Rows))
			}
			_ = d.Close()
		}
	}
	_, older := made(`{"company":"one","environment":"production","ca":["x"]}`, "of the time before servers had names")
	for _, from := range []string{own, older} {
		if _, err := desk.RestoreData(ctx, cfg(dir), desk.Plan{From: from}); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
	fresh := t.TempDir()
	if _, err := desk.RestoreData(ctx, cfg(fresh), desk.Plan{From: own}); err != nil {
		t.Errorf("into a new folder: %v", err)
	}
	d := must[*desk.Desk](t)(desk.Open(ctx, cfg(dir)))
	defer d.Close()
	var b *books.Error
	if _, err := desk.RestoreData(ctx, cfg(dir), desk.Plan{}); !errors.As(err, &b) || b.Code != "open_already" {
		t.Errorf("under an open window: %v", err)
	}
}
