package viewmodel

import (
	"context"
	"slices"
	"strings"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/seller"
)

// The head is edited by the keys of its field table, so that a field that is added
// to the invoice can be typed without a word here.

// placed are the fields that the page shows where it wants them. The seller is
// chosen whole; every other field stands in the part of the head that folds.
var placed = []string{"date", "kind", "basis", "buyer.name", "buyer.tax_no", "remark"}

var (
	sellerFields = invoice.Fields.Of("seller")
	moreFields   = folded(invoice.Fields)
)

// folded are the fields of the part that folds, those of the buyer first.
func folded(all document.Table) (out document.Table) {
	for _, f := range all {
		if f.Group != "seller" && !slices.Contains(placed, f.Key) {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b document.Field) int {
		rank := map[bool]int{true: 0, false: 1}
		return rank[a.Group == "buyer"] - rank[b.Group == "buyer"]
	})
	return out
}

// Text is a field of the head as it stands there: also what the invoice cannot
// hold. It is empty for a key that the table does not have.
func (e *Editor) Text(key string) string {
	if text, unread := e.raw[key]; unread {
		return text
	}
	f, ok := invoice.Fields.Find(key)
	if !ok {
		return ""
	}
	return f.Text(e.inv)
}

// Set edits a field of the head.
func (e *Editor) Set(key, text string) {
	f, ok := invoice.Fields.Find(key)
	if strings.HasSuffix(key, ".tax_no") {
		text = party.NormalizeTaxNo(text)
	}
	if ok && text != e.Text(key) {
		e.change(key, func(i *invoice.Invoice) { setField(e.raw, key, f, i, text) })
	}
}

// setField writes a text into a field of a head or line, or into raw under its key
// what is none.
func setField[T any](raw map[string]string, key string, f document.Field, to *T, text string) {
	delete(raw, key)
	got, err := document.Set(f, *to, text)
	if err != nil {
		raw[key] = text
		return
	}
	*to = got
}

// says reports whether a field of the head says something.
func (d *draft) says(f document.Field) bool {
	_, unread := d.raw[f.Key]
	return unread || f.Text(d.inv) != f.Text(invoice.Invoice{})
}

// More are the fields of the part that folds, in their order.
func (e *Editor) More() []FormField {
	out := make([]FormField, 0, len(moreFields))
	for _, f := range moreFields {
		out = append(out, e.shown("invoice", f, e.Text(f.Key), f.Key))
	}
	return out
}

// shown is a field of the head or of a line as it is shown; issues name it so.
func (e *Editor) shown(of string, f document.Field, text, issues string) FormField {
	p := e.setup.Words
	out := FormField{Key: f.Key, Label: fieldLabel(p, of, f.Key), Text: text, Max: f.Max, Choices: choices(p, f, e.inv.Date, text)}
	if at := slices.IndexFunc(e.issues, func(i invoice.Issue) bool { return i.Field == issues }); at >= 0 {
		out.Issue, out.Stops = Issue(p, e.issues[at]), e.issues[at].Severity == invoice.SeverityError
	}
	return out
}

// MoreSays is how many fields of that part say something.
func (d *draft) MoreSays() (n int) {
	for _, f := range moreFields {
		if d.says(f) {
			n++
		}
	}
	return n
}

// MoreWrong reports whether an issue stands in that part.
func (d *draft) MoreWrong() bool {
	return slices.ContainsFunc(d.issues, func(i invoice.Issue) bool {
		_, in := moreFields.Find(i.Field)
		return in
	})
}

// MoreOpen reports whether that part is open.
func (d *draft) MoreOpen() bool { return d.open }

// Fold opens or folds that part; other documents follow until it is done again.
func (e *Editor) Fold() {
	e.open = !e.open
	chosen := e.open
	e.unfolded = &chosen
	e.tell()
}

// unfold opens the part of a document that is about to be shown where it says
// something, or as the clerk left it. Later only an issue opens it: a customer that
// fills it must not move the lines away, nor may it fold under who types there.
func (d *draft) unfold() {
	d.open = d.open || d.MoreSays() > 0
	if chosen := d.editor.unfolded; chosen != nil {
		d.open = *chosen || d.MoreWrong()
	}
}

// sellersAtMost is how many sellers are offered; a company has a handful.
const sellersAtMost = 200

// LoadSellers reads the sellers that the server handed out.
func (e *Editor) LoadSellers() {
	type answer struct {
		sellers []seller.Seller
		usual   string
	}
	away(e.setup, context.Background(), func(ctx context.Context) (a answer, err error) {
		if a.sellers, err = books.Find[seller.Seller](ctx, e.store, "", sellersAtMost); err == nil {
			a.usual, err = e.store.Setting(ctx, usualSeller)
		}
		return a, err
	}, func(got answer, err error) {
		if err != nil {
			e.message = Sentence(e.setup.Words, err)
		} else {
			e.sellers = got.sellers
			if e.usual == "" { // else one was chosen since it was read
				e.usual = got.usual
			}
			e.chooseUsual()
			e.compute()
		}
		e.tell()
	})
}

// usualSeller names the setting that remembers the tax number of the seller that
// was chosen last.
const usualSeller = "seller"

// chooseUsual takes the only seller, or the one that was chosen last, into a draft
// that is not on disk yet, also into what undo goes back to: nobody typed it.
func (d *draft) chooseUsual() {
	if d.version > 0 || d.inv.ID != "" || !d.inv.Seller.IsZero() {
		return
	}
	known := d.editor.sellers
	at := slices.IndexFunc(known, func(s seller.Seller) bool { return s.TaxNo == d.editor.usual })
	if len(known) == 1 {
		at = 0
	}
	if at < 0 {
		return
	}
	by := known[at].Known()
	d.inv.Seller, d.base.Seller = by, by
	for _, steps := range [][]stage{d.undo, d.redo} {
		for i := range steps {
			if steps[i].inv.Seller.IsZero() {
				steps[i].inv.Seller = by
			}
		}
	}
	d.compute()
	if !d.empty() {
		d.touched()
	}
}

// Sellers are the texts of the sellers to choose from, each different.
func (e *Editor) Sellers() []string {
	texts := make([]string, len(e.sellers))
	for i, s := range e.sellers {
		texts[i] = sellerText(s.Party)
		if slices.Contains(texts[:i], texts[i]) {
			texts[i] += "  " + s.Account
		}
	}
	return texts
}

func sellerText(p party.Party) string { return strings.TrimSpace(p.Name + "  " + p.TaxNo) }

// Seller is the text of the invoice's seller, empty for none, and which of Sellers
// it is: -1 for none of them. One whose details changed since it was chosen is
// known by its tax number.
func (e *Editor) Seller() (text string, at int) {
	if e.inv.Seller.IsZero() {
		return "", -1
	}
	at = slices.IndexFunc(e.sellers, func(s seller.Seller) bool {
		return sellerFields.Equal(invoice.Invoice{Seller: s.Party}, e.inv)
	})
	if at < 0 {
		at = slices.IndexFunc(e.sellers, func(s seller.Seller) bool { return s.TaxNo == e.inv.Seller.TaxNo })
	}
	return sellerText(e.inv.Seller), at
}

// SetSeller makes the invoice out in the name of one of Sellers, as it is now.
func (e *Editor) SetSeller(at int) {
	if at < 0 || at >= len(e.sellers) {
		return
	}
	by := e.sellers[at].Known()
	if !sellerFields.Equal(invoice.Invoice{Seller: by}, e.inv) {
		e.change("seller", func(i *invoice.Invoice) { i.Seller = by })
	}
	if e.usual != by.TaxNo {
		e.usual = by.TaxNo
		away(e.setup, context.Background(), func(ctx context.Context) (none struct{}, _ error) {
			return none, e.store.SetSetting(ctx, usualSeller, by.TaxNo)
		}, func(_ struct{}, err error) {
			if err != nil {
				e.message = Sentence(e.setup.Words, err)
				e.tell()
			}
		})
	}
}
