package viewmodel

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
	"counterfoil/app/seller"
	"counterfoil/app/tax"
)

// fieldSample is a text that a field can hold, another for each n.
func fieldSample(b *bench, f document.Field, n int, set func(string), issue func() bool) string {
	b.t.Helper()
	tries := []string{fmt.Sprintf("样%d", n), fmt.Sprintf("SAMPLE%d", n), fmt.Sprintf("2026-12-%02d", n+1), fmt.Sprintf("%d.5", n), fmt.Sprintf("%019d", n)}
	if all := f.Choices("2026-11-23"); all != nil {
		tries = []string{all[len(all)-1]}
	}
	for _, text := range tries {
		if set(text); !issue() {
			return text
		}
	}
	b.t.Fatalf("%s takes none of %v", f.Key, tries)
	return ""
}

// Every field of the table can be edited, is stored, and is shown again: a field
// that is added to the invoice cannot be forgotten here.
func TestEveryFieldIsEdited(t *testing.T) {
	b := newBench(t)
	b.SetCell(0, ColName, "法兰")
	stops := func(field string) bool {
		for _, i := range b.Issues() {
			if i.Field == field && i.Severity == invoice.SeverityError {
				return true
			}
		}
		return false
	}
	head, line := map[string]string{}, map[string]string{}
	for n, f := range invoice.Fields {
		head[f.Key] = fieldSample(b, f, n, func(s string) { b.Set(f.Key, s) }, func() bool { return stops(f.Key) })
	}
	for n, f := range detailFields {
		line[f.Key] = fieldSample(b, f, n, func(s string) { b.SetDetail(0, f.Key, s) }, func() bool { return stops("lines[1]." + f.Key) })
	}
	b.settle()
	st := b.stored()
	c := b.again()
	c.open(st.Invoice.ID)
	for _, f := range invoice.Fields {
		if want := head[f.Key]; f.Text(st.Invoice) != want || c.Text(f.Key) != want {
			t.Errorf("%s is stored as %q and shown as %q, was %q", f.Key, f.Text(st.Invoice), c.Text(f.Key), want)
		}
	}
	for _, f := range invoice.LineFields {
		want, detail := line[f.Key]
		if !detail {
			continue // a column
		}
		if f.Text(st.Invoice.Lines[0]) != want || c.Detail(0, f.Key) != want {
			t.Errorf("%s of a line is %q, was %q", f.Key, f.Text(st.Invoice.Lines[0]), want)
		}
	}
	if len(line) < 2 || len(st.Typed) > 0 {
		t.Errorf("%d fields beside the grid; beside the invoice: %v", len(line), st.Typed)
	}
	// Each is one step back.
	for range len(head) + len(line) {
		b.Undo()
	}
	for _, f := range invoice.Fields {
		if b.Text(f.Key) == head[f.Key] && f.Choices("") == nil {
			t.Errorf("undone, %s is still %q", f.Key, head[f.Key])
		}
	}
}

// What a field of the folded part cannot hold is kept beside the invoice and comes
// back with its message, in an open part.
func TestMoreKeepsAnyText(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "苏州明远")
	if b.MoreOpen() {
		t.Error("nothing is in it, and it is open")
	}
	long := strings.Repeat("长", 120)
	for key, text := range map[string]string{"buyer.address": long, "due": "月底", "payee": "a\x01b"} {
		b.Set(key, text)
	}
	b.settle()
	c := b.again()
	c.open(b.only())
	if c.Text("buyer.address") != long || c.Text("due") != "月底" || c.Text("payee") != "a\x01b" {
		t.Errorf("%q %q %q", c.Text("buyer.address"), c.Text("due"), c.Text("payee"))
	}
	got := c.codes()
	if got["buyer.address"] != "too_long" || got["due"] != "date_malformed" || got["payee"] != "bad_characters" {
		t.Errorf("%v", got)
	}
	if !c.MoreOpen() || !c.MoreWrong() || c.MoreSays() != 3 {
		t.Errorf("open %t, wrong %t, %d say something", c.MoreOpen(), c.MoreWrong(), c.MoreSays())
	}
	c.Set("buyer.address", "苏州工业园区")
	c.Set("payee", "李梅")
	c.Set("due", "2026-11-01")
	if got := c.codes(); got["due"] != "due_before_date" {
		t.Errorf("due before it is dated: %v", got)
	}
	c.Set("date", "2026-1") // a half date says nothing about the other
	if got := c.codes(); got["due"] != "" {
		t.Errorf("beside a half date: %v", got)
	}
	c.settle()
	if st := c.stored(); st.Typed["due"] != "2026-11-01" || st.Typed["date"] != "2026-1" || st.Invoice.Date != "2026-11-23" {
		t.Errorf("dated %s, beside it %v", st.Invoice.Date, st.Typed)
	}
	c.Set("date", "2026-11-23")
	c.Set("due", "2026-12-23")
	c.settle()
	if st := c.stored(); st.Typed != nil || st.Invoice.Due != "2026-12-23" || st.Invoice.Payee != "李梅" {
		t.Errorf("%+v beside %v", st.Invoice, st.Typed)
	}
}

// A draft of a drawer alone is a draft.
func TestMoreAloneIsKept(t *testing.T) {
	b := newBench(t)
	b.Set("kind", string(invoice.Special))
	if b.Save(); b.Invoice().ID != "" || b.due != nil && b.Unsaved() && b.saving {
		t.Error("a kind alone is saved")
	}
	b.Set("drawer", "王")
	b.Set("drawer", "王芳")
	b.settle()
	if b.stored().Invoice.Drawer != "王芳" {
		t.Error("it is not on disk")
	}
	if b.Undo(); b.Text("drawer") != "" { // typed on in one field: one step
		t.Errorf("undone: %q", b.Text("drawer"))
	}
}

// The folded part opens for a document in which it says something and where an
// issue stands in it, and is as the clerk left it for the documents after.
func TestFold(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "苏州明远")
	if b.SetCustomer(customer.Customer{Party: party.Party{Name: "苏州明远", Address: "苏州"}}); b.MoreOpen() || b.MoreSays() != 1 {
		t.Error("a customer is taken, and the lines move away")
	}
	b.settle()
	id := b.Invoice().ID
	b.New()
	if b.open(id); !b.MoreOpen() {
		t.Error("it says something and is folded")
	}
	if b.Set("buyer.address", ""); !b.MoreOpen() {
		t.Error("it folds under the one who empties it")
	}
	if b.Fold(); b.MoreOpen() {
		t.Error("folded by hand, and open")
	}
	b.Set("payee", "李梅")
	b.settle()
	b.New()
	if b.open(id); b.MoreOpen() {
		t.Error("folded by hand, and it opens by itself")
	}
	if b.Set("due", "x"); !b.MoreOpen() || !b.MoreWrong() {
		t.Error("an issue stands in a folded part")
	}
	b.Set("due", "")
	if b.New(); b.MoreOpen() {
		t.Error("left folded, and the next is open")
	}
	b.Fold()
	if b.New(); !b.MoreOpen() {
		t.Error("left open, and the next is folded")
	}
}

// A customer of the list fills all that it knows, as one step.
func TestCustomerFillsAll(t *testing.T) {
	b := newBench(t)
	c := customer.Customer{Email: "a@b.cn", Party: party.Party{Name: "苏州明远", TaxNo: "91310112087994932F", Address: "苏州工业园区 8 号", Phone: "0512-1", Bank: "工行", Account: "11020"}}
	b.Set("buyer.name", "szmy")
	b.SetCustomer(c)
	b.settle()
	inv := b.stored().Invoice
	if inv.Buyer.Address != c.Address || inv.Buyer.Phone != c.Phone || inv.Buyer.Bank != c.Bank || inv.Buyer.Account != c.Account || inv.Email != c.Email {
		t.Errorf("%+v", inv)
	}
	if b.Undo(); b.Text("buyer.name") != "szmy" || b.Text("email") != "" || b.Text("buyer.account") != "" {
		t.Errorf("undone: %+v", b.Invoice())
	}
}

func (b *bench) handOut(all ...seller.Seller) {
	b.t.Helper()
	err := b.db.Update(context.Background(), func(tx books.SyncTx) error {
		for _, s := range all {
			if err := tx.SetClean(s, nil, books.HistoryEntry{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.LoadSellers()
	b.w.until("the sellers", func() bool { return len(b.Sellers()) >= len(all) })
}

func entity(id, name, taxNo string) seller.Seller {
	return seller.Seller{ID: id, Revision: 1, Party: party.Party{Name: name, TaxNo: taxNo, Bank: "工行", Account: "1" + id}}
}

// Without a seller drafting goes on; the only one is taken by itself into what is
// new, also into one that was begun before it came.
func TestTheOnlySeller(t *testing.T) {
	b := newBench(t)
	b.Set("buyer.name", "苏州明远")
	b.settle()
	begun := b.Invoice().ID
	if text, at := b.Seller(); text != "" || at != -1 || len(b.Sellers()) != 0 {
		t.Errorf("%q %d of none", text, at)
	}
	b.New()
	b.Set("remark", "合同")
	only := entity("1", "上海存根", "91310115MA1K3ABCDE")
	only.Party.Extra = map[string]json.RawMessage{"zz": []byte(`1`)}
	b.handOut(only)
	if b.Invoice().Seller.Account != "11" {
		t.Errorf("begun before it came: %+v", b.Invoice().Seller)
	}
	if b.Invoice().Seller.Extra != nil {
		t.Error("what a newer program knows of a seller goes into an invoice")
	}
	b.settle()
	if b.stored().Invoice.Seller.Name != "上海存根" {
		t.Error("it is not on disk")
	}
	if b.Undo(); b.Text("remark") != "" || b.Invoice().Seller.Name == "" {
		t.Errorf("undo takes back what nobody typed: %+v", b.Invoice())
	}
	b.New()
	if _, at := b.Seller(); at != 0 || b.Unsaved() {
		t.Errorf("a new one has seller %d; unsaved %t", at, b.Unsaved())
	}
	if b.Save(); b.Invoice().ID != "" {
		t.Error("an empty draft is saved for its seller")
	}
	b.open(begun)
	if text, _ := b.Seller(); text != "" {
		t.Errorf("opened, and changed: %q", text)
	}
	b.SetSeller(0)
	b.settle()
	if b.stored().Invoice.Seller.TaxNo != only.TaxNo {
		t.Errorf("%+v", b.stored().Invoice.Seller)
	}
	if b.Undo(); b.Text("seller.name") != "" {
		t.Error("a choice is not undone")
	}
}

// Of several none is taken by itself. One that is no longer handed out stays; one
// whose details changed is known, and chosen again it is as it is now.
func TestSellers(t *testing.T) {
	b := newBench(t)
	b.handOut(entity("1", "上海存根", "91310115MA1K3ABCDE"), entity("2", "苏州存根", "91320594MA1W2X3Y4Z"))
	b.New()
	if text, _ := b.Seller(); text != "" {
		t.Errorf("%q is chosen by itself", text)
	}
	b.Set("buyer.name", "苏州明远")
	b.SetSeller(1)
	text, at := b.Seller()
	if at != 1 || b.Sellers()[at] != text || !strings.Contains(text, b.Invoice().Seller.TaxNo) {
		t.Errorf("%q %d of %q", text, at, b.Sellers())
	}
	b.SetSeller(1)
	b.Undo()
	if text, _ := b.Seller(); text != "" {
		t.Error("the same chosen again is a step of its own")
	}
	b.Set("seller.name", "旧公司")
	b.Set("seller.tax_no", "OLD")
	if text, at := b.Seller(); text != "旧公司  OLD" || at != -1 {
		t.Errorf("an unknown one: %q %d", text, at)
	}
	b.settle()
	if b.stored().Invoice.Seller.Name != "旧公司" {
		t.Error("an unknown one is lost")
	}
	b.SetSeller(0)
	moved := entity("1", "上海存根", "91310115MA1K3ABCDE")
	moved.Revision, moved.Address = 2, "浦东"
	b.handOut(moved)
	b.w.until("the new address", func() bool { _, at := b.Seller(); return b.sellers[at].Address != "" })
	if _, at := b.Seller(); at != 0 || b.Invoice().Seller.Address != "" {
		t.Errorf("%d %+v", at, b.Invoice().Seller)
	}
	if b.SetSeller(0); b.Invoice().Seller.Address != "浦东" {
		t.Errorf("%+v", b.Invoice().Seller)
	}
	same := entity("3", "上海存根", "91310115MA1K3ABCDE") // another account
	b.handOut(moved, entity("2", "苏州存根", "91320594MA1W2X3Y4Z"), same)
	if all := b.Sellers(); all[0] == all[1] {
		t.Errorf("nobody can tell them apart: %q", all)
	}
}

// The policy is the item's, can be changed, and goes with the item.
func TestPolicyOfALine(t *testing.T) {
	b := newBench(t)
	b.SetItem(0, item.Item{Name: "装卸", TaxCode: "3040409990000000000", Rate: tax.Rate{}, Policy: "01"})
	if b.Detail(0, "policy") != "01" || b.Policy(0) == "" {
		t.Errorf("%q, shown as %q", b.Detail(0, "policy"), b.Policy(0))
	}
	b.SetDetail(0, "policy", "03")
	b.SetDetail(1, "policy", "02") // the empty last row
	b.settle()
	if l := b.stored().Invoice.Lines; len(l) != 2 || l[0].Policy != "03" || l[1].Policy != "02" {
		t.Fatalf("%+v", l)
	}
	b.Undo()
	b.Undo()
	if b.Detail(0, "policy") != "01" || b.Rows() != 2 {
		t.Errorf("undone: %q in %d rows", b.Detail(0, "policy"), b.Rows())
	}
	if b.SetCell(0, ColName, ""); b.Detail(0, "policy") != "" || b.Detail(0, "tax_code") != "" {
		t.Error("the item is gone, its policy stays")
	}
}

// A tax code of another length is kept as it is typed.
func TestDetailKeepsAnyText(t *testing.T) {
	b := newBench(t)
	b.SetCell(0, ColName, "法兰")
	for _, code := range []string{"1", "10", "108"} {
		b.SetDetail(0, "tax_code", code)
	}
	b.settle()
	c := b.again()
	c.open(b.only())
	if c.Detail(0, "tax_code") != "108" || c.codes()["lines[1].tax_code"] != "tax_code_malformed" || c.stored().Invoice.Lines[0].TaxCode != "" {
		t.Errorf("%q, %v", c.Detail(0, "tax_code"), c.codes())
	}
	if b.Undo(); b.Detail(0, "tax_code") != "" { // typed on: one step
		t.Errorf("undone: %q", b.Detail(0, "tax_code"))
	}
}

// Of several sellers the one that was chosen last is the next draft's, also for the
// next editor; a draft without one says so.
func TestTheUsualSeller(t *testing.T) {
	b := newBench(t)
	b.handOut(entity("1", "上海存根", "91310115MA1K3ABCDE"), entity("2", "嘉兴存根", "91330402MA2B3CDEF0"))
	b.Set("buyer.name", "苏州明远")
	missing := func(e *Editor) bool {
		return slices.ContainsFunc(e.Issues(), func(i invoice.Issue) bool { return i.Code == "seller_missing" })
	}
	if !missing(b.Editor) || b.Text("seller.name") != "" {
		t.Errorf("%+v", b.Issues())
	}
	at := slices.IndexFunc(b.Sellers(), func(s string) bool { return strings.HasPrefix(s, "嘉兴") })
	b.SetSeller(at)
	if missing(b.Editor) {
		t.Error("it is chosen")
	}
	b.settle()
	b.New()
	if b.Text("seller.name") != "嘉兴存根" {
		t.Errorf("the next: %q", b.Text("seller.name"))
	}
	b.w.until("remembered", func() bool {
		v, err := b.db.Setting(context.Background(), usualSeller)
		return err == nil && v == "91330402MA2B3CDEF0"
	})
	c := b.again()
	c.LoadSellers()
	c.w.until("the sellers", func() bool { return len(c.Sellers()) == 2 })
	c.New()
	if c.Text("seller.name") != "嘉兴存根" {
		t.Errorf("the next program: %q", c.Text("seller.name"))
	}
}
