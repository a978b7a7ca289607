package main

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/client"
	"counterfoil/sync/merge"
	"counterfoil/sync/practice"
	"counterfoil/sync/trust"
)

// keptProfile names the folder in which the kept keyring was filled.
const keptProfile = "e04297bf66f5"

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

// TestSyncOfVersion1 opens the kept folders of desk and server of version 0.1.0
// and goes on: what waited is issued, the conflict settles, nothing is numbered anew.
func TestSyncOfVersion1(t *testing.T) {
	ctx := context.Background()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	began := time.Now()
	now := func() time.Time { return start.Add(time.Since(began)) }
	p, err := practice.Start(ctx, practice.Config{Dir: unzip(t, "../../server/sqlite/testdata/v1/server.zip"), Listen: "127.0.0.1:0", Now: now, NoInvoices: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(ctx) })
	dir := unzip(t, "../../../localdb/testdata/v1/desk.zip")
	db, err := localdb.Open(ctx, filepath.Join(dir, "counterfoil.db"), localdb.Options{Now: now, NewID: newID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	keys := &trust.Store{Keyring: trust.FileKeyring(filepath.Join(dir, "keyring"), trust.Passphrase), Profile: keptProfile}
	desk := &books.Desk{Store: db, Now: now, NewID: newID, Merge: merge.Three}
	c, err := client.New(ctx, client.Config{Store: db, Trust: keys, Dir: dir, Version: version, Now: now, NewID: newID, Rand: random, ClassifyStore: localdb.Classify})
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := keys.LoadToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(ctx, p.URL(), token); err != nil { // its port is another one today
		t.Fatal(err)
	}
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
	for _, away := range []bool{true, false} { // the tax service comes back
		if err := p.Set("B04", away); err != nil {
			t.Fatal(err)
		}
	}
	sync := func() {
		t.Helper()
		for range 3 {
			if _, err := c.Engine().Once(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	sync()
	open, err := db.Conflicts(ctx)
	if err != nil || len(open) != 1 {
		t.Fatalf("%+v %v", open, err)
	}
	if _, err := desk.ResolveSide(ctx, open[0].InvoiceID, books.Mine); err != nil {
		t.Fatal(err)
	}
	sync()
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
