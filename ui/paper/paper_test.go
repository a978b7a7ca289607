package paper

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"counterfoil/app/invoice"
	"counterfoil/app/locale"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

func TestInvoice(t *testing.T) {
	q, p, ten := decimal.NewFromInt(120), decimal.RequireFromString("85.5"), decimal.NewFromInt(10)
	inv := invoice.Invoice{
		Kind: invoice.Special, Basis: invoice.Exclusive, Date: "2026-11-23", Reference: "20261123-A0001", Buyer: party.Party{Name: "<b>苏州</b>"},
		Remark: "<script>alert(1)</script>", Drawer: "王芳", State: invoice.Draft,
		Lines: []invoice.Line{{ID: "1", Name: "*金属制品*法兰", Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)}, Discount: &invoice.Discount{Percent: &ten}}},
	}
	s, err := invoice.Compute(inv)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"zh", "en"} {
		words, err := locale.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Document([]Page{{inv, s}}, words, false)
		if err != nil {
			t.Fatal(err)
		}
		page := string(out)
		for _, want := range []string{"10,260.00", "-1,026.00", "9,234.00", "10,434.42", "壹万零肆佰叁拾肆圆肆角贰分", "20261123-A0001", `class="mark"`, "&lt;script&gt;", "王芳"} {
			if !strings.Contains(strings.ReplaceAll(page, "−", "-"), want) {
				t.Errorf("%s: no %q", lang, want)
			}
		}
		if strings.Contains(page, "paper.") || strings.Contains(page, "editor.") || strings.Contains(page, "<script>") || strings.Contains(page, "onload") {
			t.Errorf("%s: an untranslated or unescaped text:\n%s", lang, page)
		}
	}
	inv.State, inv.Number = invoice.Issued, "00000007"
	words, _ := locale.New("zh")
	issued := Page{inv, s}
	out, err := Document([]Page{issued}, words, false)
	if err != nil || strings.Contains(string(out), `class="mark"`) || !strings.Contains(string(out), "00000007") {
		t.Errorf("issued: %v\n%s", err, out)
	}
	inv.State, inv.Number = invoice.Draft, ""
	out, err = Document([]Page{issued, {inv, s}}, words, false)
	if err != nil || strings.Count(string(out), "<section>") != 2 || strings.Count(string(out), `class="mark"`) != 1 {
		t.Errorf("two: %v\n%s", err, out)
	}
}

// A page of a practice says so, whatever the invoice's state.
func TestPracticeMark(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		words, err := locale.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		page := Page{Invoice: invoice.Invoice{State: invoice.Issued, Number: "00000001"}}
		for _, practice := range []bool{false, true} {
			out, err := Document([]Page{page}, words, practice)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"paper.practice", "paper.practice.note"} {
				if said := strings.Contains(string(out), ">"+words.T(key)+"<"); said != practice {
					t.Errorf("%s: practice %t, %s said %t", lang, practice, key, said)
				}
			}
		}
	}
}

// Both sides, the day it is to be paid and a line's policy are on the page, and what
// nobody said leaves no empty label.
func TestSides(t *testing.T) {
	inv := invoice.Invoice{
		Kind: invoice.Ordinary, Basis: invoice.Exclusive, Date: "2026-11-23", Due: "2026-12-23", Payee: "李梅", Reviewer: "陈立",
		Seller: party.Party{Name: "苏州存根物流有限公司", TaxNo: "91320505MA20AB3C4D", Address: "狮山路 18 号", Phone: "0512-68080000", Bank: "建行园区支行", Account: "3220198"},
		Buyer:  party.Party{Name: "苏州明远", TaxNo: "91310112087994932F", Phone: "0512-65880000"},
	}
	sheet := invoice.Sheet{Rows: []invoice.Row{{Type: invoice.Normal, Name: "装卸", Policy: "08"}}}
	for _, lang := range []string{"zh", "en"} {
		words, err := locale.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		out, err := Document([]Page{{inv, sheet}}, words, false)
		if err != nil {
			t.Fatal(err)
		}
		page := string(out)
		for _, want := range []string{"苏州存根物流有限公司", "91320505MA20AB3C4D", "狮山路 18 号  0512-68080000", "建行园区支行  3220198", "</b>0512-65880000", "2026-12-23", "李梅", "陈立", words.T("value.policy.08")} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q\n%s", lang, want, page)
			}
		}
		if n := strings.Count(page, words.T("paper.bank")); n != 1 {
			t.Errorf("%s: %d banks", lang, n)
		}
		if strings.Contains(page, "value.") || strings.Contains(page, "paper.") || strings.Contains(page, "field.") {
			t.Errorf("%s: an untranslated text:\n%s", lang, page)
		}
	}
}
