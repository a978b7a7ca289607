package invoice

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"counterfoil/app/document"
	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// Severity, Stage and Issue are those of every document.
type (
	Severity = document.Severity
	Stage    = document.Stage
	Issue    = document.Issue
)

// Severities and stages.
const (
	SeverityError   = document.SeverityError
	SeverityWarning = document.SeverityWarning
	StageDraft      = document.StageDraft
	StageSubmit     = document.StageSubmit
)

// Limits on sizes.
const (
	MaxLines = document.MaxList
)

type checker struct {
	issues []Issue
	at     int // the line that is looked at, from 1; 0 for the head
}

func (c *checker) fail(field, code, text string) {
	if c.at > 0 {
		field = fmt.Sprintf("lines[%d].%s", c.at, field)
	}
	c.issues = append(c.issues, Issue{Field: field, Code: code, Severity: SeverityError, Text: text})
}

// fields checks the texts of a head or line by its table.
func (c *checker) fields(t document.Table, v any) {
	prefix := ""
	if c.at > 0 {
		prefix = fmt.Sprintf("lines[%d].", c.at)
	}
	c.issues = append(c.issues, t.Check(v, prefix)...)
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
			c.issues = append(c.issues, Issue{Field: "buyer.tax_no", Code: warning, Severity: SeverityWarning, Text: "the tax number does not hold its check; compare it with the buyer's papers"})
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
	date, dated := c.day("date", inv.Date)
	if due, ok := c.day("due", inv.Due); ok && dated && due.Before(date) {
		c.fail("due", "due_before_date", "it is to be paid before it is dated; choose a later day or leave it empty")
	}
	c.issues = append(c.issues, document.CheckText("reference", inv.Reference, 20)...)
	c.fields(Fields, inv)
}

// day reads a date; false for none and for what is none, which is an issue.
func (c *checker) day(field, text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		c.fail(field, "date_malformed", "write the date like 2026-11-23")
	}
	return at, err == nil
}

func (c *checker) line(l Line) {
	c.fields(LineFields, l)
	if !tax.ValidCode(l.TaxCode) {
		c.fail("tax_code", "tax_code_malformed", "a tax classification code has 19 digits; choose it from the list or leave it empty")
	}
	if !l.Policy.Known() {
		c.fail("policy", "policy_unknown", "there is no preferential policy of this number; choose one from the list")
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
func Errors(issues []Issue) []Issue { return document.Errors(issues) }
