package viewmodel

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
)

// again is another editor over the same store: the program was closed, or
// killed, and is open again.
func (b *bench) again() *bench {
	w, setup := newWindow(b.t)
	c := &bench{t: b.t, w: w, db: b.db, desk: b.desk}
	c.Editor = NewEditor(setup, c.desk, b.db, func(_ time.Duration, f func()) func() {
		c.due = f
		return func() { c.due = nil }
	})
	c.Merge = b.Merge
	return c
}

// only is the one invoice in the store.
func (b *bench) only() string {
	b.t.Helper()
	p, err := b.db.List(context.Background(), books.Filter{}, books.Order{}, "", 10)
	if err != nil || len(p.Rows) != 1 {
		b.t.Fatalf("%d invoices, %v", len(p.Rows), err)
	}
	return p.Rows[0].ID
}

func (b *bench) open(id string) {
	b.t.Helper()
	b.Open(id)
	b.w.until("the invoice", func() bool { return b.Invoice().ID == id })
}

func (b *bench) codes() map[string]string {
	out := map[string]string{}
	for _, i := range b.Issues() {
		out[i.Field] = i.Code
	}
	return out
}

func TestMoneyAsClerksWriteIt(t *testing.T) {
	for text, want := range map[string]string{
		"¥28.32": "28.32", "￥28.32": "28.32", "28.32元": "28.32", "２８．３２": "28.32", "¥ 1,234.50": "1234.5", "１，２３４": "1234", "-¥5": "-5", " 7 ": "7",
		"85,5": "", "¥": "", "28 32": "", "元28": "", "二十": "", "--5": "",
	} {
		d, err := typedNumber(text)
		if (err == nil) != (want != "") || err == nil && d.String() != want {
			t.Errorf("%q reads %s %v, want %q", text, d, err, want)
		}
	}
	b := newBench(t)
	b.Paste(0, ColName, "法兰\tDN50\t个\t12\t¥28.32\t5 %\t13 %\n垫片\t\t片\t1\t28.32元\t５％\t13\n")
	if got := b.Cell(0, ColPrice) + " " + b.Cell(0, ColDiscount) + " " + b.Cell(1, ColDiscount); got != "28.32 5% 5%" {
		t.Errorf("%s, %v", got, b.Issues())
	}
}

// Whatever is wrong with it, what is typed is on disk, comes back where it was
// typed with its message, keeps the draft from being handed in, and is gone when
// it is corrected.
func TestAnythingTypedIsKept(t *testing.T) {
	b := newBench(t)
	long := strings.Repeat("长", 120)
	b.Set("buyer.name", long)
	b.Set("date", "2026-1")
	b.Set("remark", "a\x01b")
	b.Paste(0, ColName, "法兰\tDN50\t个\t12\t28元5角\t5 %\t13\n"+long+"\t\t片\t1\t2\t\t9\n垫片\t\t片\t\t\t10%\tmuch\n螺母\t\t只\t1\t2\t\t13\n")
	if err := b.Flush(context.Background()); err != nil || b.Unsaved() {
		t.Fatal(err)
	}
	st := b.stored()
	if l := st.Invoice.Lines; len(l) != 4 || l[0].Qty.String() != "12" || l[3].Price.String() != "2" || len(st.Typed) < 7 {
		t.Fatalf("%+v beside %v", l, st.Typed)
	}
	c := b.again()
	c.open(b.only())
	for what, pair := range map[string][2]string{
		"buyer": {c.Invoice().Buyer.Name, long}, "date": {c.Invoice().Date, "2026-1"}, "remark": {c.Invoice().Remark, "a\x01b"},
		"price": {c.Cell(0, ColPrice), "28元5角"}, "discount": {c.Cell(0, ColDiscount), "5%"}, "name": {c.Cell(1, ColName), long},
		"discount of nothing": {c.Cell(2, ColDiscount), "10%"}, "rate": {c.Cell(2, ColRate), "much"}, "whole line": {c.Cell(3, ColName), "螺母"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, was %q", what, pair[0], pair[1])
		}
	}
	want := map[string]string{"buyer.name": "too_long", "date": "date_malformed", "remark": "bad_characters", "lines[1].price": "number_malformed",
		"lines[2].name": "too_long", "lines[3].discount": "discount_range", "lines[3].rate": "rate_malformed"}
	got := c.codes()
	if got["lines[1].discount"] != "" || got["lines[1].amount"] != "" {
		t.Errorf("what follows from a price that is none is told too: %v", got)
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s: %q, want %s (%v)", field, got[field], code, got)
		}
	}
	if c.Unsaved() || c.Sheet().Gross.String() != "4.44" { // 2 × 1.09 + 2 × 1.13
		t.Errorf("opening it changed it: %v, %s", c.Unsaved(), c.Sheet().Gross)
	}
	c.Submit()
	c.w.until("a refusal", func() bool { return c.Message() != "" })
	if c.stored().Invoice.State != invoice.Draft {
		t.Error("it was handed in with what cannot be read")
	}
	c.Set("buyer.name", "苏州明远")
	c.Set("date", "2026-11-23")
	c.Set("remark", "ab")
	c.SetCell(0, ColPrice, "28.5") // the discount has something to be of now
	c.SetCell(1, ColName, "垫片")
	c.SetCell(2, ColRate, "13")
	c.settle()
	_, err := c.desk.Submit(context.Background(), c.Invoice().ID)
	var told *books.Error
	if !errors.As(err, &told) || told.Code != "typed_unread" || told.Field != "lines[3].discount" {
		t.Fatalf("%v", err)
	}
	c.SetCell(2, ColQty, "1")
	c.SetCell(2, ColPrice, "1")
	c.settle()
	if st := c.stored(); st.Typed != nil || st.Invoice.Lines[0].Discount == nil || st.Invoice.Buyer.Name != "苏州明远" {
		t.Errorf("corrected, and beside it: %v", st.Typed)
	}
	c.Submit()
	c.w.until("the submit", func() bool { return c.Invoice().State == invoice.Waiting })
}

// The cell that is being typed is on disk although nobody left it, and the
// invoice does not change before somebody does.
func TestKilledInMidCell(t *testing.T) {
	b := newBench(t)
	b.Typing(0, ColName, "法")
	if b.due == nil {
		t.Fatal("nothing is going to be saved")
	}
	b.settle()
	id := b.only()
	b.Typing(0, ColName, "法兰")
	b.settle()
	if st := b.stored(); len(st.Invoice.Lines) != 0 || st.Version != 1 {
		t.Errorf("typing changed the invoice: %+v", st.Invoice.Lines)
	}
	c := b.again() // killed
	c.open(id)
	if c.Cell(0, ColName) != "法兰" || !c.Unsaved() {
		t.Fatalf("%q after a kill", c.Cell(0, ColName))
	}
	c.settle()
	c.SetCell(0, ColQty, "1")
	c.SetCell(0, ColPrice, "780")
	c.settle()
	line := c.stored().Invoice.Lines[0].ID
	c.Typing(0, ColPrice, "750")
	c.settle()
	if p := c.stored().Invoice.Lines[0].Price.String(); p != "780" {
		t.Errorf("half a price is in the invoice: %s", p)
	}
	if _, err := c.desk.Submit(context.Background(), id); err == nil {
		t.Error("handed in from the list with half a price")
	}
	e := c.again()
	e.open(id)
	if e.Cell(0, ColPrice) != "750" || e.Invoice().Lines[0].ID != line {
		t.Errorf("price %q", e.Cell(0, ColPrice))
	}
	// Esc takes it back, on disk too.
	c.Typing(0, ColPrice, "780")
	c.settle()
	if st := c.stored(); st.Typed != nil {
		t.Errorf("taken back, and still beside it: %v", st.Typed)
	}
	// The line that was begun is the line that is left.
	c.Typing(1, ColName, "垫")
	c.settle()
	var begun string
	for key := range c.stored().Typed {
		begun, _ = books.Typed{}.Line(key)
	}
	c.SetCell(1, ColName, "垫片")
	c.settle()
	if l := c.stored().Invoice.Lines; len(l) != 2 || l[1].ID != begun || c.stored().Typed != nil {
		t.Errorf("%+v, begun as %s", l, begun)
	}
}

// However fast the typing goes on, it begins to be saved within a second: no
// stroke puts that off.
func TestSavesWhileTypingGoesOn(t *testing.T) {
	b := newBench(t)
	now := noon
	b.setup.Now = func() time.Time { return now }
	// Nothing that is posted runs before the typing ends.
	for i := range 20 {
		b.Typing(0, ColName, strings.Repeat("x", i+1))
		now = now.Add(200 * time.Millisecond)
		if !b.saving && now.Sub(noon) > time.Second {
			t.Fatal("a second of typing, and nothing is being saved")
		}
		for b.saving && len(b.answers) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	p, err := b.db.List(context.Background(), books.Filter{}, books.Order{}, "", 10)
	if err != nil || len(p.Rows) != 1 {
		t.Fatalf("%+v %v", p.Rows, err)
	}
	st, err := b.db.Invoice(context.Background(), p.Rows[0].ID)
	if all := strings.Join(values(st.Typed), ""); err != nil || strings.Count(all, "x") < 15 {
		t.Errorf("of 20 letters are on disk: %v %v", st.Typed, err)
	}
}

// Closing waits for the disk, whatever is under way.
func TestFlush(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "甲公司")
	b.New()
	b.Set("buyer.name", "乙公司")
	b.Save()
	b.Set("remark", "typed while it was saved")
	b.Typing(0, ColName, "法")
	if err := b.Flush(context.Background()); err != nil || b.Unsaved() {
		t.Fatal(err)
	}
	p, err := b.db.List(context.Background(), books.Filter{}, books.Order{By: "buyer"}, "", 10)
	if err != nil || len(p.Rows) != 2 {
		t.Fatalf("%+v %v", p.Rows, err)
	}
	if st := b.stored(); st.Invoice.Remark != "typed while it was saved" || !strings.Contains(strings.Join(values(st.Typed), " "), "法") {
		t.Errorf("%+v %v", st.Invoice, st.Typed)
	}
	// A disk that refuses is told, not waited for.
	_ = b.db.Close()
	b.Set("remark", "x")
	if err := b.Flush(context.Background()); err == nil {
		t.Error("all is said to be on a disk that is gone")
	}
}

func values(t books.Typed) (out []string) {
	for v := range maps.Values(t) {
		out = append(out, v)
	}
	return out
}

// What is typed into an invoice that became final meanwhile is a draft of its own
// as soon as it is left.
func TestTypedIntoAFinalInvoice(t *testing.T) {
	for _, close := range []bool{true, false} {
		b := newBench(t)
		b.fill()
		b.settle()
		first := b.Invoice().ID
		b.pulled(func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "00000001" })
		b.Set("remark", "too late")
		b.Save()
		b.w.until("a message", func() bool { return b.Message() != "" && !b.saving })
		if close {
			if err := b.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		} else {
			left := b.draft
			b.New()
			b.w.until("the save", func() bool { return !left.Unsaved() })
		}
		p, err := b.db.List(context.Background(), books.Filter{State: invoice.Draft}, books.Order{}, "", 10)
		if err != nil || len(p.Rows) != 1 || p.Rows[0].ID == first {
			t.Fatalf("%+v %v", p.Rows, err)
		}
		if st, err := b.db.Invoice(context.Background(), p.Rows[0].ID); err != nil || st.Invoice.Remark != "too late" || len(st.Invoice.Lines) != 2 {
			t.Errorf("%+v %v", st.Invoice, err)
		}
	}
}

// A cell that is being typed while the invoice is issued elsewhere, or deleted,
// is shown beside it, or is in a draft of its own.
func TestTypingIntoWhatIsGone(t *testing.T) {
	b := newBench(t)
	b.fill()
	b.settle()
	b.Typing(0, ColQty, "77")
	b.pulled(func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "00000001" })
	b.Reload(b.Invoice().ID)
	b.settle()
	b.w.until("the issued one", func() bool { return b.Invoice().State == invoice.Issued })
	if got := strings.Join(b.Beside(), ","); !strings.HasSuffix(got, " 77") {
		t.Errorf("beside it: %q", got)
	}
	c := newBench(t)
	c.fill()
	c.settle()
	c.Typing(0, ColQty, "77")
	if err := c.db.Update(context.Background(), func(tx books.SyncTx) error {
		return tx.Remove(document.Key{Type: invoice.Type, ID: c.Invoice().ID}, books.HistoryEntry{})
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	e := c.again()
	e.open(c.only())
	if e.Cell(0, ColQty) != "77" || e.Cell(1, ColName) != "垫片" {
		t.Errorf("%q %q", e.Cell(0, ColQty), e.Cell(1, ColName))
	}
}

// While a conflict is open the desk takes no edit: what is typed waits beside it,
// for mine or for the copy of mine; with theirs it goes into the history.
func TestTypedIntoAConflict(t *testing.T) {
	for _, outcome := range []string{"mine", "theirs", "both"} {
		b := newBench(t)
		ctx := context.Background()
		b.fill()
		b.settle()
		mine := b.stored().Invoice
		theirs := mine
		theirs.Remark, theirs.Revision = "theirs", 2
		err := b.db.Update(ctx, func(tx books.SyncTx) error {
			return tx.OpenConflict(books.Conflict{ID: "c", Type: invoice.Type, DocumentID: mine.ID, Mine: mine, Theirs: theirs}, books.HistoryEntry{Event: "conflict"})
		})
		if err != nil {
			t.Fatal(err)
		}
		b.SetCell(0, ColQty, "7")
		b.SetCell(1, ColPrice, "x")
		b.SetCell(2, ColName, "螺母")
		if err := b.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		id := mine.ID
		if outcome == "both" {
			st, err := b.desk.KeepBoth(ctx, document.Key{Type: invoice.Type, ID: id})
			if err != nil {
				t.Fatal(err)
			}
			id = st.Document.(invoice.Invoice).ID
		} else if _, err := b.desk.ResolveSide(ctx, document.Key{Type: invoice.Type, ID: id}, books.Side(outcome)); err != nil {
			t.Fatal(err)
		}
		c := b.again()
		c.open(id)
		c.settle()
		qty, price, lines := "7", "x", 3
		if outcome == "theirs" {
			qty, price, lines = "120", "6.2", 2
		}
		if inv := c.stored().Invoice; len(inv.Lines) != lines || inv.Lines[0].Qty.String() != qty || c.Cell(1, ColPrice) != price {
			t.Errorf("%s: %+v beside %v", outcome, inv, c.stored().Typed)
		}
		if outcome == "mine" {
			continue
		}
		st, err := b.db.Invoice(ctx, mine.ID)
		if err != nil || st.Typed != nil || st.Invoice.Remark != "theirs" {
			t.Errorf("%s: theirs has %v beside it, %v", outcome, st.Typed, err)
		}
		h, err := b.db.History(ctx, document.Key{Type: invoice.Type, ID: mine.ID})
		if err != nil || !strings.Contains(h[len(h)-1].Detail, "螺母") {
			t.Errorf("%s: it is in no history: %+v", outcome, h[len(h)-1])
		}
	}
}

// More lines than an invoice may have, or more than fit into a document, are kept
// as well.
func TestTooManyLines(t *testing.T) {
	b := newBench(t)
	b.Paste(0, ColName, strings.Repeat("法兰\t\t个\t1\t2\t\t13\n", invoice.MaxLines+2)+"最后\t\t个\t1\tx\t\t13\n")
	if err := b.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	c := b.again()
	c.open(b.only())
	last := invoice.MaxLines + 2
	if c.Rows() != last+2 || c.Cell(last, ColName) != "最后" || c.Cell(last, ColPrice) != "x" {
		t.Fatalf("%d rows, the last is %q", c.Rows(), c.Cell(last, ColName))
	}
	if c.codes()["lines"] != "too_many_lines" {
		t.Errorf("it says %v", c.codes())
	}
	c.change("", func(i *invoice.Invoice) { i.Lines = i.Lines[len(i.Lines)-400:] })
	if err := c.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	if st := c.stored(); len(st.Invoice.Lines) != 400 || len(st.Typed) != 1 {
		t.Errorf("%d lines, and %d texts beside them", len(st.Invoice.Lines), len(st.Typed))
	}
}

// Typing in a field is one step of undo.
func TestUndoOfAField(t *testing.T) {
	b := newBench(t)
	for _, s := range []string{"苏", "苏州", "苏州明远"} {
		b.Set("buyer.name", s)
	}
	b.Pause()
	b.Set("buyer.name", "苏州")
	b.Undo()
	if b.Invoice().Buyer.Name != "苏州明远" {
		t.Errorf("one step back: %q", b.Invoice().Buyer.Name)
	}
	b.Undo()
	if b.Invoice().Buyer.Name != "" {
		t.Errorf("two steps back: %q", b.Invoice().Buyer.Name)
	}
	b.Redo()
	if b.Invoice().Buyer.Name != "苏州明远" {
		t.Errorf("and one on: %q", b.Invoice().Buyer.Name)
	}
}
