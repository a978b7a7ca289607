package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/draftjson"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/merge"
)

// words are texts for fields that do not take any; every other gets one made of
// its key.
var fieldTexts = map[string][2]string{
	"kind": {"special", "ordinary"}, "basis": {"excl", "incl"}, "date": {"2026-11-24", "2026-11-25"}, "due": {"2026-12-24", "2026-12-25"},
	"tax_code": {"3070401000000000000", "1060105040000000000"}, "qty": {"2", "3"}, "price": {"1.25", "1.5"}, "amount": {"2.50", "4.50"},
	"rate": {"0.13", "exempt"}, "policy": {"03", "08"}, "taxpayer": {"general", "small"},
}

// textFor is one of two texts that a field can hold.
func textFor(f document.Field, second bool) string {
	last := f.Key[strings.LastIndexByte(f.Key, '.')+1:]
	n := 0
	if second {
		n = 1
	}
	if t, ok := fieldTexts[last]; ok {
		return t[n]
	}
	text := []string{"甲 ", "乙 "}[n] + f.Key
	for utf8.RuneCountInString(text) > f.Max {
		text = text[:len(text)-1]
	}
	return text
}

// filled has a text in every field of the table but those of the group discount.
func filled[T any](t *testing.T, table document.Table, in T, second bool) T {
	t.Helper()
	for _, f := range table {
		if f.Key == "discount" {
			continue
		}
		var err error
		if in, err = document.Set(f, in, textFor(f, second)); err != nil {
			t.Fatalf("%s: %v", f.Key, err)
		}
	}
	return in
}

// whole is a document of the kind in which nothing is empty.
func wholeOf(t *testing.T, k *document.Kind, second bool) document.Document {
	t.Helper()
	m := document.Meta{ID: "01890a5d-ac96-774b-bcce-b302099a8057", Revision: 3, State: document.Draft, Branch: "城东店",
		Created: time.UnixMilli(1_700_000_000_123).UTC(), Updated: time.UnixMilli(1_700_000_000_456).UTC()}
	d := filled(t, k.Fields, k.Zero().WithMeta(m), second)
	d = document.MergeExtra(d, d, func(_, _ document.Extra) document.Extra { return document.Extra{"zz": json.RawMessage(`{"a":1.50}`)} })
	if inv, ok := d.(invoice.Invoice); ok {
		l := filled(t, invoice.LineFields, invoice.Line{ID: "l1", Order: "a"}, second)
		off := filled(t, document.TableOf[invoice.Discount](), invoice.Discount{}, second)
		off.Percent, l.Discount = nil, &off
		l.Extra = document.Extra{"zz": json.RawMessage(`1`)}
		inv.Lines, inv.Reference = []invoice.Line{l}, "20261124-AB0001"
		d = inv
	}
	return d
}

func body(t *testing.T, d document.Document) string {
	t.Helper()
	raw, err := document.Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func same(t *testing.T, what string, got, want document.Document) {
	t.Helper()
	if body(t, got) != body(t, want) {
		t.Errorf("%s: got  %s\nwant %s", what, body(t, got), body(t, want))
	}
}

// serverSets are what no person edits and only a server or a rule fills.
var serverSets = map[string]bool{"Number": true, "IssuedAt": true, "Rejection": true, "Reverses": true, "RedRows": true, "ReviewNeeded": true, "Percent": true, "Extra": true}

// noneEmpty reports every empty field of a struct, so that one which is added and
// forgotten here, in the body or in the table shows.
func noneEmpty(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch {
		case serverSets[name]:
		case f.IsZero():
			t.Errorf("%s.%s is empty", where, name)
		case f.Kind() == reflect.Struct && f.Type().PkgPath() != "time" && name != "Rate":
			noneEmpty(t, where+"."+name, f)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			noneEmpty(t, where+"."+name, f.Index(0))
		case f.Kind() == reflect.Pointer && f.Type().Elem().NumField() > 0 && name == "Discount":
			noneEmpty(t, where+"."+name, f.Elem())
		}
	}
}

// Every field of every type goes through wire, disk, merge, copy and overlay.
func TestEveryFieldOfEveryType(t *testing.T) {
	if n := len(document.Kinds()); n < 4 {
		t.Fatalf("only %d types", n)
	}
	for _, k := range document.Kinds() {
		t.Run(string(k.Type), func(t *testing.T) {
			mine, theirs := wholeOf(t, k, false), wholeOf(t, k, true)
			for _, is := range document.Errors(k.Check(mine, document.StageDraft)) {
				t.Errorf("refused: %v", is)
			}
			t.Run("wire", func(t *testing.T) {
				back, err := document.Decode(k.Type, []byte(body(t, mine)))
				if err != nil {
					t.Fatal(err)
				}
				noneEmpty(t, string(k.Type), reflect.ValueOf(back))
				if !reflect.DeepEqual(back, mine) {
					same(t, "there and back", back, mine)
				}
			})
			t.Run("disk", func(t *testing.T) { onDisk(t, mine) })
			t.Run("merge", func(t *testing.T) { merged(t, k, mine, theirs) })
			t.Run("overlay", func(t *testing.T) {
				said, err := json.Marshal(draftjson.Fields(mine))
				if err != nil {
					t.Fatal(err)
				}
				named, err := draftjson.Read(strings.NewReader(string(said)), k.Fields)
				if err != nil {
					t.Fatal(err)
				}
				over, err := named.Onto(theirs)
				if err != nil || !k.Fields.Equal(over, mine) {
					t.Errorf("%v: %s", err, body(t, over))
				}
			})
			t.Run("copy", func(t *testing.T) {
				made := k.Copied(mine)
				for _, f := range k.Fields {
					want := f.Text(mine)
					if f.Fresh {
						want = ""
					}
					if got := f.Text(made); got != want {
						t.Errorf("%s is %q, want %q", f.Key, got, want)
					}
				}
				for _, extra := range extras(made) {
					if extra["zz"] == nil {
						t.Error("a copy loses unknown fields")
					}
				}
				if m := made.Meta(); m.ID != "" || m.Revision != 0 || m.Number != "" {
					t.Errorf("%+v", m)
				}
			})
		})
	}
}

// extras are the unknown fields of a document and of each of its parts.
func extras(d document.Document) (out []document.Extra) {
	document.MergeExtra(d, d, func(mine, _ document.Extra) document.Extra {
		out = append(out, mine)
		return mine
	})
	return out
}

// onDisk keeps a document in a real file, edits it there, and reads both back.
func onDisk(t *testing.T, d document.Document) {
	ctx := context.Background()
	db, err := localdb.Open(ctx, filepath.Join(t.TempDir(), localdb.FileName), localdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if inv, ok := d.(invoice.Invoice); ok {
		_, err = db.SaveInvoice(ctx, inv, 0, books.Put, books.HistoryEntry{Event: "drafted"})
	} else {
		_, err = db.Save(ctx, d, 0, books.Put, books.HistoryEntry{Event: "drafted"})
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := db.Document(ctx, document.KeyOf(d))
	if err != nil || r.Pending != books.Unsent {
		t.Fatalf("%+v %v", r, err)
	}
	same(t, "read back", r.Document, d)
	kind := document.KindOf(d)
	for _, f := range kind.Fields {
		if !f.Searched {
			continue
		}
		found := 0
		if d.DocumentType() == invoice.Type {
			p, err := db.List(ctx, books.Filter{Search: f.Text(d)}, books.Order{}, "", 9)
			if err != nil {
				t.Fatal(err)
			}
			found = len(p.Rows)
		} else {
			all, err := db.Find(ctx, d.DocumentType(), f.Text(d), 9)
			if err != nil {
				t.Fatal(err)
			}
			found = len(all)
		}
		if found != 1 {
			t.Errorf("searched by %s %q: %d found", f.Key, f.Text(d), found)
		}
	}
	err = db.Update(ctx, func(tx books.SyncTx) error { return tx.SetClean(d, nil, books.HistoryEntry{Event: "received"}) })
	if err != nil {
		t.Fatal(err)
	}
	if r, err = db.Document(ctx, document.KeyOf(d)); err != nil || r.Pending != "" {
		t.Fatalf("%+v %v", r, err)
	}
	same(t, "as the server has it", r.Document, d)
	same(t, "its base", r.Base, d)
}

// merged changes one field at a time: on one side it is taken, on both it is asked for.
func merged(t *testing.T, k *document.Kind, mine, theirs document.Document) {
	base := wholeOf(t, k, false)
	newer := document.MergeExtra(base, base, func(_, _ document.Extra) document.Extra {
		return document.Extra{"zz": json.RawMessage(`2`), "yy": json.RawMessage(`1`)}
	})
	for _, extra := range extras(merge.Three(base, mine, newer, nil).Result) {
		if string(extra["zz"]) != "2" || string(extra["yy"]) != "1" {
			t.Errorf("unknown fields of theirs are lost: %s", extra)
		}
	}
	for _, f := range k.Fields {
		changed, err := document.Set(f, base, f.Text(theirs))
		if err != nil {
			t.Fatal(err)
		}
		for what, m := range map[string]books.Merge{"theirs": merge.Three(base, base, changed, nil), "mine": merge.Three(base, changed, base, nil)} {
			if len(m.Diffs) > 0 || f.Text(m.Result) != f.Text(theirs) {
				t.Errorf("%s changed %s: %q, %+v", what, f.Key, f.Text(m.Result), m.Diffs)
			}
		}
		blank := document.Copy(document.Table{f}, base, k.Zero())
		m := merge.Three(blank, base, changed, nil)
		if len(m.Diffs) != 1 || m.Diffs[0].Path != f.Group || m.Diffs[0].Mine == m.Diffs[0].Theirs {
			t.Errorf("both changed %s: %+v", f.Key, m.Diffs)
		}
	}
	inv, ok := base.(invoice.Invoice)
	if !ok {
		return
	}
	other := theirs.(invoice.Invoice).Lines[0]
	for _, f := range invoice.LineFields {
		changed := inv
		l := document.Copy(document.Table{f}, inv.Lines[0], other)
		changed.Lines = []invoice.Line{l}
		m := merge.Three(inv, inv, changed, nil)
		if got := m.Result.(invoice.Invoice).Lines[0]; len(m.Diffs) > 0 || f.Text(got) != f.Text(l) {
			t.Errorf("theirs changed %s of a line: %q, %+v", f.Key, f.Text(got), m.Diffs)
		}
	}
}

// The page on bodies says what the tables say. COUNTERFOIL_DOCS=write writes it anew.
func TestFieldsPage(t *testing.T) {
	const file = "../../docs/bodies.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(page), "\n## ")
	if !found {
		t.Fatal("the page has no part yet")
	}
	var b strings.Builder
	b.WriteString(head)
	table := func(name string, fields document.Table) {
		fmt.Fprintf(&b, "\n## %s\n\n| field | changes with | characters |\n| --- | --- | --- |\n", name)
		for _, f := range fields {
			with, limit := f.Group, ""
			if with == f.Key {
				with = ""
			}
			if f.Max > 0 {
				limit = fmt.Sprint(f.Max)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Key, with, limit)
		}
	}
	for _, k := range document.Kinds() {
		table(string(k.Type), k.Fields)
		if k.Type == invoice.Type {
			table("a line of an invoice", invoice.LineFields)
		}
	}
	if b.String() == string(page) {
		return
	}
	if os.Getenv("COUNTERFOIL_DOCS") != "write" {
		t.Fatalf("%s is not what the tables say; COUNTERFOIL_DOCS=write go test ./sync/desk -run FieldsPage writes it", file)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every field of every type that desks write goes to the server's row and, in a page
// of changes, to another desk.
func TestEveryFieldTravels(t *testing.T) {
	ctx := context.Background()
	address, ca := reference(t)
	a, b := enrolled(t, address, ca), enrolled(t, address, ca)
	sent := map[document.Key]document.Document{}
	for _, k := range document.Kinds() {
		if k.HandedOut {
			continue
		}
		d := document.WithRevision(wholeOf(t, k, false), 0)
		var err error
		if inv, ok := d.(invoice.Invoice); ok {
			_, err = a.Store.SaveInvoice(ctx, inv, 0, books.Put, books.HistoryEntry{Event: "drafted"})
		} else {
			_, err = a.Store.Save(ctx, d, 0, books.Put, books.HistoryEntry{Event: "drafted"})
		}
		if err != nil {
			t.Fatal(err)
		}
		sent[document.KeyOf(d)] = d
	}
	round(t, a)
	round(t, b)
	if len(sent) < 3 {
		t.Fatalf("only %d types", len(sent))
	}
	for k, d := range sent {
		for desk, s := range map[string]books.Store{"its own": a.Store, "another": b.Store} {
			r, err := s.Document(ctx, k)
			if err != nil || r.Pending != "" || r.Document.Meta().Revision != 1 || r.Document.Meta().Branch != "West" {
				t.Fatalf("%s desk has %s: %+v %v", desk, k.Type, r, err)
			}
			m := d.Meta()
			m.Revision, m.Branch = 1, "West"
			same(t, desk+" desk", r.Document, d.WithMeta(m))
		}
	}
}
