package viewmodel

import (
	"context"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/item"
	"counterfoil/app/seller"
)

// A counter is a list and its form over a real store.
type counter struct {
	*bench
	*Catalog
	wrote int
}

func newCounter(t *testing.T, kind *document.Kind) *counter {
	t.Helper()
	b := newBench(t)
	c := &counter{bench: b, Catalog: NewCatalog(b.Editor.setup, kind, b.db, b.desk, b.desk.Merge)}
	c.Catalog.Wrote = func() { c.wrote++ }
	return c
}

// typed types into fields, one after the other: "party.name", "Ming", …
func (c *counter) typed(pairs ...string) *Form {
	f := c.Form()
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
		f.Leave(pairs[i])
	}
	return f
}

// idle waits until nothing is under way.
func (c *counter) idle() {
	c.t.Helper()
	c.w.until("the desk", func() bool { return c.Form() == nil || !c.Form().Busy() })
}

// drafted saves a new document and returns its key; its form stays open.
func (c *counter) drafted(pairs ...string) document.Key {
	c.t.Helper()
	c.Catalog.New()
	f := c.typed(pairs...)
	f.Save()
	c.idle()
	if f.New() || f.Unsaved() {
		c.t.Fatalf("not saved: %q %+v", f.Message(), f.Fields())
	}
	return f.Key()
}

func (c *counter) record(k document.Key) books.Record {
	c.t.Helper()
	r, err := c.db.Document(context.Background(), k)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// pulled is what sync does when the server's version comes over a clean one.
func (c *counter) pulled(k document.Key, pairs ...string) {
	c.t.Helper()
	d := c.record(k).Document
	for i := 0; i < len(pairs); i += 2 {
		f, _ := c.kind.Fields.Find(pairs[i])
		var err error
		if d, err = document.Set(f, d, pairs[i+1]); err != nil {
			c.t.Fatal(err)
		}
	}
	d = document.WithRevision(d, d.Meta().Revision+1)
	c.update(func(tx books.SyncTx) error {
		return tx.SetClean(d, nil, books.HistoryEntry{At: noon, Event: "received"})
	})
}

func (c *counter) update(f func(books.SyncTx) error) {
	c.t.Helper()
	if err := c.db.Update(context.Background(), f); err != nil {
		c.t.Fatal(err)
	}
}

func (f *Form) shown(key string) FormField {
	for _, x := range f.Fields() {
		if x.Key == key {
			return x
		}
	}
	return FormField{}
}

// Every field of every type that desks write is set through its form, saved and
// read back.
func TestFormSetsEveryField(t *testing.T) {
	types := 0
	for _, kind := range document.Kinds() {
		if kind.Issued || kind.HandedOut {
			continue
		}
		types++
		c := newCounter(t, kind)
		c.Catalog.New()
		want := map[string]string{}
		for i, x := range c.Form().Fields() {
			text := strings.Repeat(string(rune('1'+i%9)), min(max(x.Max, 3), 19))
			if x.Choices != nil {
				text = x.Choices[len(x.Choices)-1].Text
			}
			want[x.Key] = text
			c.Form().Set(x.Key, text)
			c.Form().Leave(x.Key)
		}
		c.Form().Save()
		c.idle()
		if c.Form().New() || c.wrote != 1 {
			t.Errorf("%s is not saved: %q", kind.Type, c.Form().Message())
			continue
		}
		r := c.record(c.Form().Key())
		for _, x := range kind.Fields {
			if got := x.Text(r.Document); got != want[x.Key] || got == "" {
				t.Errorf("%s %s is %q, want %q", kind.Type, x.Key, got, want[x.Key])
			}
		}
		if r.Pending != books.Unsent {
			t.Errorf("%s is %q", kind.Type, r.Pending)
		}
	}
	if types < 2 {
		t.Errorf("only %d types are written", types)
	}
}

// What cannot be stored stays typed, is said beside its field, and is not saved;
// nothing is said of a field while it is typed into.
func TestFormKeepsWhatItCannotHold(t *testing.T) {
	c := newCounter(t, item.Kind)
	c.Catalog.New()
	f := c.Form()
	if f.Unsaved() {
		t.Error("nothing was typed")
	}
	for _, x := range f.Fields() {
		if x.Issue != "" {
			t.Errorf("%s before anything is typed: %s", x.Key, x.Issue)
		}
	}
	f.Set("price", "12.")
	if x := f.shown("price"); x.Issue != "" || x.Text != "12." {
		t.Errorf("while it is typed: %+v", x)
	}
	f.Leave("price")
	long := strings.Repeat("长", 41)
	f.Set("spec", long)
	if x := f.shown("price"); x.Issue != "it is no number" || !x.Stops || x.Text != "12." {
		t.Errorf("no number: %+v", x)
	}
	if x := f.shown("spec"); !x.Stops || x.Text != long {
		t.Errorf("too long: %+v", x)
	}
	f.Save()
	if f.Busy() || f.shown("name").Issue == "" || f.shown("rate").Issue != "it has to be chosen" || f.Message() == "" || f.First() != "name" {
		t.Errorf("busy %v, %+v", f.Busy(), f.Fields())
	}
	c.typed("name", "*金属制品*法兰", "spec", "DN50", "price", "¥1,234.50", "rate", "0.13")
	if x := f.shown("price"); x.Text != "1234.5" || x.Issue != "" {
		t.Errorf("as spreadsheets write it: %+v", x)
	}
	f.Submit()
	c.w.until("the list again", func() bool { return c.Form() == nil && len(c.Rows()) == 1 })
	if c.Selected() != document.KeyOf(c.Rows()[0].Document).ID || StandingOf(c.Rows()[0].Status) != StandsWaiting || c.Note(c.Rows()[0]) != "ago.now" {
		t.Errorf("%+v", c.Rows())
	}
}

// Choices are those of the field's type; a rate that the list has not any more
// stays among them.
func TestFormChoices(t *testing.T) {
	c := newCounter(t, item.Kind)
	k := c.drafted("name", "x", "rate", "0.13")
	c.pulled(k, "rate", "0.17")
	c.Form().Reload()
	c.w.until("the pull", func() bool { return c.Form().shown("rate").Text == "0.17" })
	x := c.Form().shown("rate")
	if last := x.Choices[len(x.Choices)-1]; last.Text != "0.17" || last.Label != "17%" || len(x.Choices) < 8 {
		t.Errorf("%+v", x.Choices)
	}
	if p := c.Form().shown("policy"); len(p.Choices) != 21 || p.Choices[0].Text != "" || p.Text != "" {
		t.Errorf("%+v", p.Choices)
	}
}

// Closing asks when something would be lost; a form with something typed is not
// replaced by another.
func TestFormAsksBeforeItLosesSomething(t *testing.T) {
	c := newCounter(t, customer.Kind)
	c.drafted("party.name", "Ming")
	c.Form().Close()
	if c.Form() != nil {
		t.Fatal("nothing was typed, so it closes")
	}
	c.w.until("the row", func() bool { return len(c.Rows()) == 1 })
	c.Open(document.KeyOf(c.Rows()[0].Document).ID)
	f := c.typed("party.phone", "12345")
	c.Catalog.New()
	if c.Form() != f || f.Question() != AskClose {
		t.Fatal("the typing is gone")
	}
	f.No()
	f.Close()
	if f.Question() != AskClose || f.shown("party.phone").Text != "12345" {
		t.Errorf("%q", f.Question())
	}
	f.Yes()
	if c.Form() != nil || c.record(f.Key()).Document.(customer.Customer).Phone != "" {
		t.Error("it was given up and is there")
	}
}

// What sync brings while a form is open comes in beside what is typed; where both
// changed the same, the typing stays and the other text is told.
func TestFormMergesWhatSyncBrings(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming", "party.phone", "1")
	c.pulled(k)
	c.Form().Reload()
	c.w.until("the pull", func() bool { return c.Form().Standing() == "" })
	f := c.typed("party.phone", "2", "email", "a@b.c")
	c.pulled(k, "party.phone", "3", "party.bank", "ICBC")
	c.Touch(k.ID)
	c.w.until("the merge", func() bool { return f.Turn() == 1 })
	if f.shown("party.phone").Text != "2" || f.shown("party.phone").Other != "form.other[3]" || f.shown("party.bank").Text != "ICBC" || f.shown("email").Text != "a@b.c" ||
		!f.Unsaved() || f.Notice() != "form.differs" {
		t.Errorf("%q %+v", f.Notice(), f.Fields())
	}
	// Nothing of this goes when the same is read once more.
	f.Reload()
	c.w.until("nothing", func() bool { return len(c.w.q) == 0 && f.Notice() == "form.differs" })
	if f.shown("party.phone").Other == "" {
		t.Error("what another has is told no more")
	}
	f.Save()
	c.idle()
	got := c.record(k).Document.(customer.Customer)
	if got.Phone != "2" || got.Bank != "ICBC" || got.Email != "a@b.c" || f.Unsaved() || f.shown("party.phone").Other != "" {
		t.Errorf("%+v %q", got, f.Message())
	}
}

// A save that comes too late merges by itself where nobody has to look, and asks to
// be looked at where somebody has.
func TestFormStale(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming")
	f := c.typed("party.phone", "2")
	c.pulled(k, "party.bank", "ICBC")
	f.Save()
	c.w.until("the second save", func() bool { return !f.Busy() && !f.Unsaved() })
	if got := c.record(k).Document.(customer.Customer); got.Phone != "2" || got.Bank != "ICBC" {
		t.Errorf("%+v", got)
	}
	c.typed("party.phone", "4")
	c.pulled(k, "party.phone", "5")
	f.Submit()
	c.w.until("the merge", func() bool { return f.Notice() == "form.differs" })
	if got := c.record(k).Document.(customer.Customer); got.Phone != "5" || !f.Unsaved() || f.shown("party.phone").Text != "4" || c.Form() == nil {
		t.Errorf("%+v", got)
	}
	f.Save()
	c.idle()
	if got := c.record(k).Document.(customer.Customer); got.Phone != "4" {
		t.Errorf("%+v", got)
	}
}

// A document that somebody deleted while it was edited is made anew, whole.
func TestFormOfOneThatIsGone(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming", "party.bank", "ICBC")
	f := c.typed("party.phone", "2")
	c.update(func(tx books.SyncTx) error { return tx.Remove(k, books.HistoryEntry{}) })
	f.Save()
	c.w.until("it is told", func() bool { return f.Gone() && !f.Busy() || f.Key() != k })
	f.Save()
	c.w.until("it is there anew", func() bool { return !f.Busy() && !f.Unsaved() && f.Key() != k })
	if got := c.record(f.Key()).Document.(customer.Customer); got.Phone != "2" || got.Bank != "ICBC" || f.Gone() {
		t.Errorf("%+v", got)
	}
}

// A deletion is asked about once, shown until it is sent, and taken back.
func TestFormDeletes(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming")
	f := c.Form()
	f.Delete()
	if c.record(k).Deleting || f.Question() != AskDelete {
		t.Fatal("deleted unasked")
	}
	f.Yes()
	c.w.until("the list", func() bool { return c.Form() == nil && len(c.Rows()) == 1 && c.Rows()[0].Deleting })
	// Nobody is offered it on an invoice.
	if all, err := books.Find[customer.Customer](context.Background(), c.db, "", 9); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
	c.Open(k.ID)
	f = c.Form()
	if f.Editable() || f.Standing() != StandsDeleting {
		t.Error("it can be edited")
	}
	f.Undelete()
	c.idle()
	if r := c.record(k); r.Deleting || r.Pending != books.Unsent || !f.Editable() {
		t.Errorf("%+v", r.Status)
	}
}

// What the server refused is sent again, or given up; its reason is said in words.
func TestFormRefused(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming")
	c.pulled(k)
	c.Form().Reload()
	c.w.until("the pull", func() bool { return c.Form().Standing() == "" })
	c.typed("party.phone", "2")
	c.Form().Save()
	c.idle()
	park := func() {
		ops, err := c.db.Outbox(context.Background(), 9)
		if err != nil || len(ops) != 1 {
			t.Fatal(ops, err)
		}
		c.update(func(tx books.SyncTx) error { return tx.Park(ops[0].ID, "role_needed") })
		c.Touch(k.ID)
		c.w.until("the refusal", func() bool { return c.Form().Standing() == StandsRefused })
	}
	park()
	f := c.Form()
	if f.Refusal() != "role_needed" || !f.Editable() {
		t.Errorf("%q", f.Refusal())
	}
	f.Retry()
	c.w.until("it waits again", func() bool { return f.Standing() == StandsWaiting })
	park()
	f.Revert()
	f.Yes()
	c.w.until("the list", func() bool { return c.Form() == nil })
	if r := c.record(k); r.Pending != "" || r.Document.(customer.Customer).Phone != "" {
		t.Errorf("%+v", r)
	}
}

// In a conflict the typing stays, nothing is saved, and after it is settled the
// typing is merged onto the outcome.
func TestFormInConflict(t *testing.T) {
	c := newCounter(t, customer.Kind)
	k := c.drafted("party.name", "Ming", "party.phone", "1")
	f := c.typed("email", "a@b.c")
	mine := c.record(k).Document
	theirs := mine.(customer.Customer)
	theirs.Phone, theirs.Revision = "9", 7
	c.update(func(tx books.SyncTx) error {
		m := c.bench.desk.Merge(nil, mine, theirs, nil)
		return tx.OpenConflict(books.Conflict{ID: "c", Type: k.Type, DocumentID: k.ID, Mine: mine, Theirs: theirs, Diffs: m.Diffs}, books.HistoryEntry{Event: "conflict"})
	})
	f.Save() // it came too late
	c.w.until("the conflict", func() bool { return f.Standing() == StandsConflict && !f.Busy() })
	if f.Editable() || f.shown("email").Text != "a@b.c" {
		t.Errorf("%+v", f.Fields())
	}
	conflicts := NewConflicts(c.Editor.setup, c.db, c.bench.desk, c.bench.desk.Merge)
	conflicts.Settled = func(k document.Key) { c.Touch(k.ID) }
	conflicts.Load(context.Background())
	c.w.until("its card", func() bool { return conflicts.Count() == 1 })
	card, _ := conflicts.Current()
	if card.Title != "type.customer" || card.Name != "Ming" || card.Amounts || card.This != "conflicts.this" {
		t.Errorf("%+v", card)
	}
	conflicts.ChooseAll(books.Theirs)
	conflicts.Accept(context.Background())
	c.w.until("it is settled", func() bool { return conflicts.Count() == 0 && !conflicts.Busy() })
	c.w.until("the outcome", func() bool { return f.Standing() == StandsWaiting && f.Editable() })
	if f.shown("party.phone").Text != "9" || f.shown("email").Text != "a@b.c" || !f.Unsaved() {
		t.Errorf("%+v", f.Fields())
	}
}

// Keep both makes a second customer; deletions are settled both ways.
func TestConflictsOfCustomers(t *testing.T) {
	for name, settle := range map[string]func(*Conflicts){
		"both":   func(m *Conflicts) { m.KeepBoth(context.Background()) },
		"mine":   func(m *Conflicts) { m.ChooseAll(books.Mine); m.Accept(context.Background()) },
		"theirs": func(m *Conflicts) { m.ChooseAll(books.Theirs); m.Accept(context.Background()) },
	} {
		for _, deletes := range []books.Side{"", books.Mine, books.Theirs} {
			c := newCounter(t, customer.Kind)
			k := c.drafted("party.name", "Ming", "party.phone", "1")
			c.pulled(k)
			mine := c.record(k).Document
			theirs := mine.(customer.Customer)
			theirs.Phone, theirs.Revision = "9", theirs.Revision+1
			base := mine.(customer.Customer)
			base.Phone = "0"
			x := books.Conflict{ID: "c", Type: k.Type, DocumentID: k.ID, Base: base, Mine: mine, Theirs: theirs, Deleted: deletes == books.Theirs, Diffs: []books.FieldDiff{{Path: "party.phone", Mine: "1", Theirs: "9"}}}
			switch deletes {
			case books.Mine:
				x.Diffs = []books.FieldDiff{{Path: "state", Mine: books.DeletedState}}
			case books.Theirs:
				x.Diffs = []books.FieldDiff{{Path: "state", Theirs: books.DeletedState}}
			}
			c.update(func(tx books.SyncTx) error { return tx.OpenConflict(x, books.HistoryEntry{Event: "conflict"}) })
			m := NewConflicts(c.Editor.setup, c.db, c.bench.desk, c.bench.desk.Merge)
			m.Load(context.Background())
			c.w.until("the conflict", func() bool { return m.Count() == 1 })
			if deletes != "" {
				p := m.Rows()[0].Parts[0]
				if p.Base != "conflicts.there" || (p.Mine == "conflicts.edited") == (p.Theirs == "conflicts.edited") {
					t.Errorf("%s: %+v", deletes, p)
				}
			}
			settle(m)
			c.w.until("it is settled", func() bool { return m.Count() == 0 && !m.Busy() })
			c.read = false
			c.Load()
			c.w.until("the list", c.Read)
			want := map[books.Side]map[string]string{
				"":           {"both": "1 9", "mine": "1", "theirs": "9"},
				books.Mine:   {"both": "1 9", "mine": "9 -", "theirs": "9"},
				books.Theirs: {"both": "1", "mine": "1", "theirs": ""},
			}[deletes][name]
			var got []string
			for _, r := range c.Rows() {
				got = append(got, r.Document.(customer.Customer).Phone)
				if r.Deleting {
					got = append(got, "-")
				}
			}
			if s := strings.Join(got, " "); s != want && !(name == "both" && s == "9 1") {
				t.Errorf("%s deletes, %s: %q, want %q (%s)", deletes, name, s, want, m.Message())
			}
		}
	}
}

// A customer that was just drafted and never synced completes an invoice.
func TestOffersFindWhatWasJustDrafted(t *testing.T) {
	c := newCounter(t, customer.Kind)
	c.drafted("party.name", "苏州明远精密机械有限公司", "party.tax_no", "91310112087994932F")
	for _, typed := range []string{"明远", "szmy", "994932"} {
		offers := c.Customers()
		offers.Ask(typed)
		c.w.until(typed, func() bool { return len(offers.Of(typed)) == 1 })
	}
	// What was handed out is read alone.
	s := newCounter(t, seller.Kind)
	s.Catalog.New()
	if s.Form() != nil {
		t.Error("a seller can be made here")
	}
}
