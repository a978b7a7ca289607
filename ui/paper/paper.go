// Package paper draws invoices as pages to look at and to print: one HTML
// document without anything from outside, which the system's browser prints.
package paper

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"

	"github.com/shopspring/decimal"

	"counterfoil/app/invoice"
	"counterfoil/app/money"
	"counterfoil/app/party"
)

//go:embed invoice.html
var page string

var pageTemplate = template.Must(template.New("invoice").Parse(page))

type row struct{ Name, Policy, Spec, Unit, Qty, Price, Net, Rate, Tax string }

// A side is the buyer or the seller: what it is called, and what is said of it.
type side struct {
	Label string
	Lines [][2]string // a label and a text
}

// Texts translates keys of the language files.
type Texts interface {
	T(key string, args ...any) string
}

type sheet struct {
	Title, Mark, Ref, RefLabel, Date, DateLabel          string
	Due, DueLabel                                        string
	Sides                                                []side
	Columns                                              []string
	Rows                                                 []row
	SumLabel, Net, Tax, GrossLabel, Gross, Words, Remark string
	RemarkLabel                                          string
	Signers                                              []string
	Red                                                  bool
	Practice                                             string // said above and below the page; empty for a real one
}

// Page is an invoice and what it computes to.
type Page struct {
	Invoice invoice.Invoice
	Sheet   invoice.Sheet
}

// Document draws a page for each invoice. One that is not issued, and every one
// of a practice, carries a mark, so that nobody takes it for an invoice.
func Document(pages []Page, t Texts, practice bool) ([]byte, error) {
	var all struct{ Sheets []sheet }
	for _, p := range pages {
		s := draw(p.Invoice, p.Sheet, t)
		if practice {
			s.Mark, s.Practice = t.T("paper.practice"), t.T("paper.practice.note")
		}
		all.Sheets = append(all.Sheets, s)
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, all)
	return out.Bytes(), err
}

func draw(inv invoice.Invoice, s invoice.Sheet, t Texts) sheet {
	p := sheet{
		Title: t.T("editor." + string(inv.Kind)), Ref: inv.Number, RefLabel: t.T("paper.number"), Date: inv.Date, DateLabel: t.T("paper.date"),
		Due: inv.Due, DueLabel: t.T("field.invoice.due"),
		Sides:    []side{drawSide("field.invoice.buyer", inv.Buyer, t), drawSide("field.invoice.seller", inv.Seller, t)},
		SumLabel: t.T("editor.sum"), Net: money.Format(s.Net), Tax: money.Format(s.Tax), GrossLabel: t.T("paper.gross"),
		Gross: money.Format(s.Gross), Words: s.Words, RemarkLabel: t.T("editor.remark"), Remark: inv.Remark,
		Red: inv.Reverses != "",
	}
	if inv.Number == "" {
		p.Ref, p.RefLabel = inv.Reference, t.T("paper.reference")
	}
	if inv.State != invoice.Issued && inv.State != invoice.Reversed {
		p.Mark = t.T("paper.mark")
	}
	for _, c := range []string{"name", "spec", "unit", "qty", "price", "net", "rate", "tax"} {
		p.Columns = append(p.Columns, t.T("field.line."+c))
	}
	for _, r := range s.Rows {
		policy := ""
		if r.Policy != "" && r.Type != invoice.DiscountRow {
			policy = t.T("value.policy." + string(r.Policy))
		}
		p.Rows = append(p.Rows, row{
			Name: r.Name, Policy: policy, Spec: r.Spec, Unit: r.Unit, Qty: plain(r.Qty), Price: plain(r.Price),
			Net: money.Format(r.Net), Rate: r.Rate.Percent(), Tax: money.Format(r.Tax),
		})
	}
	for _, x := range [][2]string{{"paper.payee", inv.Payee}, {"paper.reviewer", inv.Reviewer}, {"paper.drawer", inv.Drawer}} {
		if x[1] != "" {
			p.Signers = append(p.Signers, t.T(x[0])+" "+x[1])
		}
	}
	return p
}

// drawSide has the name and the tax number always, the rest where it is known.
func drawSide(label string, p party.Party, t Texts) side {
	out := side{Label: t.T(label), Lines: [][2]string{{t.T("paper.name"), p.Name}, {t.T("paper.taxno"), p.TaxNo}}}
	for _, x := range [][3]string{{"paper.address", p.Address, p.Phone}, {"paper.bank", p.Bank, p.Account}} {
		if text := strings.TrimSpace(x[1] + "  " + x[2]); text != "" {
			out.Lines = append(out.Lines, [2]string{t.T(x[0]), text})
		}
	}
	return out
}

func plain(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}
