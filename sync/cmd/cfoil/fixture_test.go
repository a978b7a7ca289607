package main

import (
	"archive/zip"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/sync/practice"
	"counterfoil/sync/trust"
)

// keptFolders are the data of older versions: the folder in which the kept keyring
// was filled, and a time soon after they were made.
var keptFolders = map[string]struct {
	profile string
	after   time.Time
}{
	"v1": {"e04297bf66f5", time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)},
	"v2": {"3db896a46a8b", time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)},
}

func unzip(t *testing.T, file string) string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A kept is a desk and a server in the kept folders of an older version.
type kept struct {
	*desk.Desk
	server *practice.Practice
}

// openKept opens the folders; dir is the desk's.
func openKept(t *testing.T, of, dir string) *kept {
	t.Helper()
	ctx := context.Background()
	start := keptFolders[of].after
	began := time.Now()
	now := func() time.Time { return start.Add(time.Since(began)) }
	p, err := practice.Start(ctx, practice.Config{Dir: unzip(t, "../../server/sqlite/testdata/"+of+"/server.zip"), Listen: "127.0.0.1:0", Now: now, NoInvoices: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(ctx) })
	keys := &trust.Store{Keyring: trust.FileKeyring(filepath.Join(dir, "keyring"), trust.Passphrase), Profile: keptFolders[of].profile}
	d, err := desk.Open(ctx, desk.Config{Dir: dir, Use: desk.Sync, Keys: keys, Version: version, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	_, token, err := keys.LoadToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(ctx, p.URL(), token); err != nil { // its port is another one today
		t.Fatal(err)
	}
	return &kept{d, p}
}

// taxBack lets the tax service come back, which was away when the server stopped.
func (k *kept) taxBack(t *testing.T) {
	t.Helper()
	for _, away := range []bool{true, false} {
		if err := k.server.Set("B04", away); err != nil {
			t.Fatal(err)
		}
	}
}

func (k *kept) sync(t *testing.T) {
	t.Helper()
	for range 3 {
		if _, err := k.Engine().Once(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSyncOfOlderVersions opens the kept folders of desk and server of older versions
// and goes on: what waited is issued, the conflict settles, nothing is numbered anew.
func TestSyncOfOlderVersions(t *testing.T) {
	for of := range keptFolders {
		t.Run(of, func(t *testing.T) { goesOn(t, of) })
	}
}

func goesOn(t *testing.T, of string) {
	ctx := context.Background()
	k := openKept(t, of, unzip(t, "../../../localdb/testdata/"+of+"/desk.zip"))
	db, desk := k.Store, k.Books
	numbers := func() map[string]string {
		t.Helper()
		page, err := db.List(ctx, books.Filter{}, books.Order{}, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, r := range page.Rows {
			if r.Number != "" {
				out[r.Reference] = r.Number
			}
		}
		return out
	}
	before := numbers()
	k.taxBack(t)
	k.sync(t)
	open, err := db.Conflicts(ctx)
	if err != nil || len(open) != 1 {
		t.Fatalf("%+v %v", open, err)
	}
	if _, err := desk.ResolveSide(ctx, open[0].Key(), books.Mine); err != nil {
		t.Fatal(err)
	}
	k.sync(t)
	after := numbers()
	for ref, n := range before {
		if after[ref] != n {
			t.Errorf("%s was %s and is %s", ref, n, after[ref])
		}
	}
	if len(after) != 7 {
		t.Errorf("numbers %v", after)
	}
	n, err := db.Counts(ctx, books.Filter{})
	if err != nil || n.Unsynced != 0 || n.Conflict != 0 || n.Waiting != 0 || n.Draft != 2 {
		t.Errorf("%+v %v", n, err)
	}
	for _, d := range []invoice.State{invoice.Issued, invoice.Reversed} {
		page, err := db.List(ctx, books.Filter{State: d}, books.Order{}, "", 100)
		if err != nil || len(page.Rows) == 0 {
			t.Errorf("%s: %+v %v", d, page, err)
		}
	}
}

// TestSyncMakesWhole damages invoices of the desk on the disk: one that the server
// has gone on with is made whole by it, one with unsent edits stays visibly
// damaged and is not sent, and the others go on.
func TestSyncMakesWhole(t *testing.T) {
	ctx := context.Background()
	dir := unzip(t, "../../../localdb/testdata/v1/desk.zip")
	file := filepath.Join(dir, localdb.FileName)
	db, err := localdb.Open(ctx, file, localdb.Options{}) // brings it to today's schema
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	var keeps string // the trigger that would keep the sums
	err = raw.QueryRow(`SELECT sql FROM sqlite_master WHERE name = 'body_doc_sum'`).Scan(&keeps)
	for _, q := range []string{`DROP TRIGGER body_doc_sum`, `UPDATE body SET doc = replace(doc, '"480"', '"490"')`, `UPDATE body SET doc = replace(doc, '订书机', '订书杌')`, keeps} {
		if err == nil {
			_, err = raw.Exec(q)
		}
	}
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	k := openKept(t, "v1", dir)
	find := func(search string) books.Row {
		t.Helper()
		p, err := k.Store.List(ctx, books.Filter{Search: search}, books.Order{}, "", 9)
		if err != nil || len(p.Rows) != 1 {
			t.Fatalf("%q: %+v %v", search, p, err)
		}
		return p.Rows[0]
	}
	held, unsent, other := find("硒鼓"), find("订书机"), find("信封")
	for _, r := range []books.Row{held, unsent} {
		if _, err := k.Store.Invoice(ctx, r.ID); !errors.Is(err, books.ErrDamaged) {
			t.Fatalf("%s: %v", r.Reference, err)
		}
	}
	k.taxBack(t)
	k.sync(t)
	if st, err := k.Store.Invoice(ctx, held.ID); err != nil || st.Invoice.State != invoice.Issued || st.Invoice.Lines[0].Price.String() != "480" {
		t.Errorf("the issued one: %+v %v", st, err)
	}
	if _, err := k.Store.Invoice(ctx, unsent.ID); !errors.Is(err, books.ErrDamaged) {
		t.Errorf("the unsent one: %v", err)
	}
	served, err := sql.Open("sqlite", k.server.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	var there int
	if err := served.QueryRow(`SELECT count(*) FROM document WHERE id = ?`, unsent.ID).Scan(&there); err != nil || there != 0 {
		t.Errorf("the damaged one was sent: %d %v", there, err)
	}
	if st, err := k.Store.Invoice(ctx, other.ID); err != nil || st.Pending != "" {
		t.Errorf("another draft was held up: %+v %v", st, err)
	}
}
