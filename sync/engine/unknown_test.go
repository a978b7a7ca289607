package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// grow puts a field that no program knows into every object of a document, but not
// into maps whose names are data. It gives how many.
func grow(v any, path string, rnd *rand.Rand) int {
	n := 0
	switch x := v.(type) {
	case map[string]any:
		for name, child := range x {
			n += grow(child, path+"."+name, rnd)
		}
		if !strings.HasSuffix(path, ".fields") {
			values := []any{"v" + path, map[string]any{"deep": []any{path}}, []any{path}, true, nil}
			x[fmt.Sprintf("zz_new_%d", rnd.Intn(1000))] = values[rnd.Intn(len(values))]
			n++
		}
	case []any:
		for i, child := range x {
			n += grow(child, fmt.Sprint(path, i), rnd)
		}
	}
	return n
}

// unknown gathers the fields that grow put in, as path and value.
func unknown(v any, path string, out map[string]string) {
	switch x := v.(type) {
	case map[string]any:
		for name, child := range x {
			if strings.HasPrefix(name, "zz_new_") {
				text, _ := json.Marshal(child)
				out[path+"."+name] = string(text)
				continue
			}
			unknown(child, path+"."+name, out)
		}
	case []any:
		for i, child := range x {
			unknown(child, fmt.Sprint(path, i), out)
		}
	}
}

func unknownOf(t *testing.T, body []byte) map[string]string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	unknown(v, "", out)
	return out
}

// whole is an invoice with every part that a document can have.
func whole(t *testing.T) invoice.Invoice {
	t.Helper()
	inv := flapInvoice(rand.New(rand.NewSource(3)))
	inv.ID, inv.State, inv.Revision, inv.Date, inv.Reference = newID(), invoice.Draft, 1, "2026-11-24", "R"
	ten, cent := decimal.New(10, 0), decimal.New(1, -2)
	for i := range inv.Lines {
		inv.Lines[i].ID = newID()
	}
	inv.Lines[0].Discount = &invoice.Discount{Percent: &ten}
	inv.Lines[1].Discount = &invoice.Discount{Amount: &cent}
	invoice.Place(inv.Lines)
	return inv
}

// grown is its body with unknown fields on every level.
func grown(t *testing.T, inv invoice.Invoice, rnd *rand.Rand) []byte {
	t.Helper()
	body, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if n := grow(v, "", rnd); n < 9 {
		t.Fatalf("only %d objects", n)
	}
	body, err = json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for path, value := range want {
		if got[path] != value {
			t.Errorf("%s: %s is %q, was %s", what, path, got[path], value)
		}
	}
}

// Fields of a newer program survive on every level: wire, store, edit in the
// program, merge with the edit of another desk, copy, wire.
func TestUnknownFieldsOnEveryLevel(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	rnd := rand.New(rand.NewSource(5))
	for range 20 {
		d := newBranch(t, p)
		inv := whole(t)
		// What a draft cannot have as well: red rows and a refusal.
		full := inv
		sheet, err := invoice.Compute(inv)
		if err != nil {
			t.Fatal(err)
		}
		full.ID, full.Lines, full.State = newID(), nil, invoice.Rejected
		full.Reverses, full.RedRows = newID(), invoice.FullRed(sheet.Rows)
		full.Rejection = &invoice.Rejection{Code: "required", Fields: map[string]string{"buyer.name": "required"}}
		for _, x := range []invoice.Invoice{inv, full} {
			body := grown(t, x, rnd)
			want := unknownOf(t, body)
			read, err := invoice.Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.db.Update(ctx, func(tx books.SyncTx) error { return tx.SetClean(read, nil, books.HistoryEntry{}) }); err != nil {
				t.Fatal(err)
			}
			again, err := document.Encode(d.get(t, x.ID).Invoice)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "stored", unknownOf(t, again), want)
		}
		// An editor that rebuilds what it shows loses nothing.
		want := unknownOf(t, must(document.Encode(d.get(t, inv.ID).Invoice)))
		before := d.get(t, inv.ID)
		d.edit(t, inv.ID, func(i *invoice.Invoice) {
			i.Remark, i.Extra, i.Buyer.Extra = "edited", nil, nil
			for k := range i.Lines {
				i.Lines[k].Extra = nil
				if x := i.Lines[k].Discount; x != nil {
					i.Lines[k].Discount = &invoice.Discount{Amount: x.Amount, Percent: x.Percent}
				}
			}
		})
		edited := d.get(t, inv.ID).Invoice
		same(t, "edited", unknownOf(t, must(document.Encode(edited))), want)
		// Another desk's program wrote one more field and another remark.
		theirs := before.Invoice
		theirs.Payee, theirs.Revision = "theirs", 2
		theirs.Buyer.Extra = map[string]json.RawMessage{"zz_new_more": []byte(`1`)}
		for name, value := range before.Invoice.Buyer.Extra {
			theirs.Buyer.Extra[name] = value
		}
		m := d.books.Merge(*before.Base, edited, theirs, nil)
		got := unknownOf(t, must(document.Encode(m.Result)))
		same(t, "merged", got, want)
		if got[".buyer.zz_new_more"] != "1" || m.Result.(invoice.Invoice).Remark != "edited" || m.Result.(invoice.Invoice).Payee != "theirs" {
			t.Errorf("%v", got)
		}
		copied, err := d.books.Duplicate(ctx, inv.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "copied", unknownOf(t, must(document.Encode(copied.Invoice))), want)
		if t.Failed() {
			return
		}
	}
}

func must(body []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return body
}
