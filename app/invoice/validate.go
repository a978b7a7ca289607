package invoice

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"counterfoil/app/party"
)

// Severity tells what stops a submit from what is only worth a look.
type Severity string

// Severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Stage is what is about to be done with the invoice.
type Stage int

// An incomplete invoice may be drafted, not submitted.
const (
	StageDraft Stage = iota
	StageSubmit
)

// Issue is one thing found beside a field. Code is stable and the key of the
// translated sentence.
type Issue struct {
	Field    string // "buyer.name", "lines[2].qty"
	Code     string
	Severity Severity
	Text     string
}

func (i Issue) Error() string { return i.Field + ": " + i.Text }

// Limits on sizes.
const (
	MaxLines = 2000
)

type checker struct {
	issues []Issue
	at     int // the line that is looked at, from 1; 0 for the head
}

func (c *checker) fail(field, code, text string) {
	if c.at > 0 {
		field = fmt.Sprintf("lines[%d].%s", c.at, field)
	}
	c.issues = append(c.issues, Issue{field, code, SeverityError, text})
}

func (c *checker) length(field, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		c.fail(field, "too_long", fmt.Sprintf("%d characters, at most %d are allowed", n, limit))
	} else if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError }) {
		c.fail(field, "bad_characters", "it holds characters that cannot be printed; type it again")
	}
}

// Validate lists what is wrong with an invoice at a stage, errors and warnings.
func Validate(inv Invoice, stage Stage) []Issue {
	_, draft, submit := Look(inv)
	if stage == StageSubmit {
		return append(draft, submit...)
	}
	for _, i := range submit {
		if i.Severity == SeverityWarning {
			draft = append(draft, i)
		}
	}
	return draft
}

// Look computes an invoice and lists what is wrong with it: draft is what keeps
// it from being stored even as a draft, submit what only keeps it from being
// handed in, and the warnings. The sheet is empty when it cannot be computed.
func Look(inv Invoice) (sheet Sheet, draft, submit []Issue) {
	c := &checker{}
	c.header(inv)
	for i, l := range Sorted(inv.Lines) {
		c.at = i + 1
		c.line(l)
	}
	c.at = 0
	if len(inv.Lines) > MaxLines {
		c.fail("lines", "too_many_lines", fmt.Sprintf("%d lines, at most %d are allowed; split the invoice", len(inv.Lines), MaxLines))
	}
	sheet, err := Compute(inv)
	var in *InputError
	if errors.As(err, &in) {
		c.at = in.Line
		c.fail(in.Field, in.Code, in.Text)
		c.at = 0
	}
	draft, c.issues = c.issues, nil
	c.submit(inv, sheet, err == nil)
	if inv.Buyer.TaxNo != "" {
		if _, warning := party.CheckTaxNo(inv.Buyer.TaxNo); warning != "" {
			c.issues = append(c.issues, Issue{"buyer.tax_no", warning, SeverityWarning, "the tax number does not hold its check; compare it with the buyer's papers"})
		}
	}
	return sheet, draft, c.issues
}

// LookLine lists what keeps a line from being stored even in a draft; the fields
// are named without the line ("qty").
func LookLine(l Line, basis Basis) []Issue {
	c := &checker{}
	c.line(l)
	var in *InputError
	if _, err := lineRows(l, basis, 0); errors.As(err, &in) {
		c.fail(in.Field, in.Code, in.Text)
	}
	return c.issues
}

func (c *checker) header(inv Invoice) {
	if inv.Kind != Special && inv.Kind != Ordinary {
		c.fail("kind", "kind_unknown", "the kind is special or ordinary")
	}
	if inv.Basis != Exclusive && inv.Basis != Inclusive {
		c.fail("basis", "basis_unknown", "the basis is excl or incl")
	}
	if inv.Date != "" {
		if _, err := time.Parse("2006-01-02", inv.Date); err != nil {
			c.fail("date", "date_malformed", "write the date like 2026-11-23")
		}
	}
	c.length("reference", inv.Reference, 20)
	c.length("buyer.name", inv.Buyer.Name, 100)
	c.length("buyer.tax_no", inv.Buyer.TaxNo, 20)
	c.length("buyer.address", inv.Buyer.Address, 100)
	c.length("buyer.phone", inv.Buyer.Phone, 50)
	c.length("buyer.bank", inv.Buyer.Bank, 100)
	c.length("buyer.account", inv.Buyer.Account, 100)
	c.length("remark", inv.Remark, 230)
	c.length("payee", inv.Payee, 16)
	c.length("reviewer", inv.Reviewer, 16)
	c.length("drawer", inv.Drawer, 16)
	c.length("email", inv.Email, 72)
}

func (c *checker) line(l Line) {
	c.length("name", l.Name, 100)
	c.length("spec", l.Spec, 40)
	c.length("unit", l.Unit, 22)
	if l.TaxCode != "" && (len(l.TaxCode) != 19 || strings.Trim(l.TaxCode, "0123456789") != "") {
		c.fail("tax_code", "tax_code_malformed", "a tax classification code has 19 digits; choose it from the list or leave it empty")
	}
}

func (c *checker) submit(inv Invoice, sheet Sheet, computed bool) {
	if inv.ReviewNeeded {
		c.fail("lines", "review_needed", "lines of two clerks were merged; look at them and tick the review")
	}
	if strings.TrimSpace(inv.Buyer.Name) == "" {
		c.fail("buyer.name", "required", "the buyer's name is missing")
	}
	if inv.Kind == Special && inv.Buyer.TaxNo == "" {
		c.fail("buyer.tax_no", "buyer_tax_no_required", "a special VAT invoice needs the buyer's tax number")
	}
	if len(inv.Lines) == 0 && inv.RedRows == nil {
		c.fail("lines", "required", "there is no line yet")
	}
	if inv.Reverses != "" {
		return
	}
	for i, l := range Sorted(inv.Lines) {
		if strings.TrimSpace(l.Name) == "" {
			c.fail(fmt.Sprintf("lines[%d].name", i+1), "required", "the item name is missing")
		}
	}
	if !computed {
		return
	}
	for _, r := range sheet.Rows {
		if r.Type != DiscountRow && !r.Gross.IsPositive() {
			c.fail(fmt.Sprintf("lines[%d].amount", r.Line), "amount_not_positive", "the amount is missing or not above zero")
		}
	}
	if sheet.Words == "" {
		c.fail("lines", "total_too_large", "the total is too large to be written in words; split the invoice")
	}
}

// Errors keeps the issues that stop.
func Errors(issues []Issue) []Issue {
	var out []Issue
	for _, i := range issues {
		if i.Severity == SeverityError {
			out = append(out, i)
		}
	}
	return out
}
