package localdb

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/google/uuid"

	"counterfoil/app/books"
)

// TestReference takes references with saves: each another one, for its date, none
// for a save that failed or already had one.
func TestReference(t *testing.T) {
	d, ctx := openTemp(t), context.Background()
	save := func(i int, date, reference string) string {
		t.Helper()
		v, _ := sample(i, 1)
		v.Date, v.Reference = date, reference
		got, err := d.SaveInvoice(ctx, v, 0, books.Put, books.HistoryEntry{Event: "drafted"})
		if err != nil {
			t.Fatal(err)
		}
		st, err := d.Invoice(ctx, v.ID)
		if err != nil || st.Invoice.Reference != got.Reference {
			t.Fatalf("stored %q, given back %q, %v", st.Invoice.Reference, got.Reference, err)
		}
		if p, err := d.List(ctx, books.Filter{Search: got.Reference}, books.Order{}, "", 5); err != nil || len(p.Rows) != 1 {
			t.Fatalf("searched by it: %+v %v", p, err)
		}
		return got.Reference
	}
	first := save(1, "2026-11-23", "")
	if !regexp.MustCompile(`^20261123-[B-Z]{6}0001$`).MatchString(first) {
		t.Fatal(first)
	}
	if v, _ := sample(1, 1); true {
		v.Reference = ""
		if _, err := d.SaveInvoice(ctx, v, 7, books.Put, books.HistoryEntry{}); !errors.Is(err, books.ErrStale) {
			t.Fatal(err)
		}
	}
	letters := first[9:15]
	for i, want := range []string{"20261123-" + letters + "0002", "20261124-" + letters + "0001", "20261123-AB0007", "20261123-" + letters + "0003"} {
		date := []string{"2026-11-23", "2026-11-24", "2026-11-23", "23.11.26"}[i] // the last is none: today's
		given := ""
		if i == 2 {
			given = want // of an older version
		}
		if got := save(10+i, date, given); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestDeviceLetters counts how often two of 50 desks share their letters.
func TestDeviceLetters(t *testing.T) {
	seen := map[string]bool{}
	const desks = 50_000 // 1000 companies of 50 desks; among all pairs 14 shared ones are expected
	for range desks {
		seen[deviceLetters(uuid.NewString())] = true
	}
	if shared := desks - len(seen); shared > 60 {
		t.Fatalf("%d of %d devices share their letters: two of 50 would once in %d companies", shared, desks, desks*desks/2/(shared*1225))
	}
}
