// Package invoice holds the invoice a clerk drafts: its header, its lines, what
// it adds up to and the life it leads.
//
// Words: an Invoice is the document as people edit it; a Line is one input row;
// a Sheet is what the lines compute to (printed rows, totals per rate, words).
// Nothing in a Sheet is ever stored as truth or merged: it follows from the
// lines, except for a red-letter invoice, whose rows negate issued ones (R9).
//
// The package refuses to know clocks, disks, networks and the shape of any
// table or message.
package invoice

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/party"
	"counterfoil/app/tax"
)

// Kind says which VAT invoice this is.
type Kind string

// The kinds of invoice.
const (
	Special  Kind = "special"  // 增值税专用发票 专票
	Ordinary Kind = "ordinary" // 增值税普通发票 普票
)

// Basis says whether the line amounts hold the tax (含税) or not (不含税).
type Basis string

// The two bases of a document.
const (
	Exclusive Basis = "excl"
	Inclusive Basis = "incl"
)

// State is a station in the invoice's life.
type State string

// Stations: draft → waiting → issued → reversed; waiting → rejected → draft;
// waiting → draft (recall, only while not issued).
const (
	Draft    State = "draft"
	Waiting  State = "waiting"
	Issued   State = "issued"
	Rejected State = "rejected"
	Reversed State = "reversed"
)

// Invoice is one document. The zero value is an empty draft without an id.
type Invoice struct {
	ID        string // UUIDv7, made on the device
	Reference string // provisional reference 流水号, at most 20 characters, made on the device
	Kind      Kind
	Basis     Basis
	Date      string // business date, YYYY-MM-DD in the branch's zone
	Buyer     party.Party
	Lines     []Line
	Remark    string // at most 230 characters
	Payee     string // 收款人, at most 16
	Reviewer  string // 复核人, at most 16
	Drawer    string // 开票人, at most 16
	Email     string // at most 72
	// ReviewNeeded is set when lines of two clerks were merged; it must be
	// cleared by a person before submit.
	ReviewNeeded bool

	State     State
	Number    string     // given by the server when it issues; empty before
	Revision  int64      // the server's revision this content is based on; 0 when the server never had it
	Rejection *Rejection // why the server refused; nil otherwise
	Reverses  string     // id of the invoice this red-letter one reverses; empty for a blue one
	RedRows   []Row      // stored rows of a red-letter invoice (R9); nil for a blue one
	IssuedAt  time.Time  // server time; zero before
	Branch    string     // name of the branch that last changed it, as the server knows it

	CreatedAt time.Time // device time
	UpdatedAt time.Time // device time of the last edit

	// Extra keeps fields of a newer program unchanged (name → raw JSON).
	Extra map[string]json.RawMessage
}

// Rejection is the server's refusal of a submitted invoice.
type Rejection struct {
	Code   string            // stable code, e.g. "buyer_tax_no_required"
	Fields map[string]string // field path → code
	Extra  map[string]json.RawMessage
}

// Line is one input row. Qty and Price, or Amount, are given in the document's
// basis (R1). Nil means "not given".
type Line struct {
	ID       string // stable within the document
	Order    string // fractional index; lines sort by (Order, ID)
	Name     string // 项目名称, at most 100
	TaxCode  string // 税收分类编码, 19 digits or empty
	Spec     string // 规格型号, at most 40
	Unit     string // 单位, at most 22
	Qty      *decimal.Decimal
	Price    *decimal.Decimal
	Amount   *decimal.Decimal
	Rate     tax.Rate
	Discount *Discount
	Extra    map[string]json.RawMessage
}

// Discount reduces its line (R5). Exactly one of the two is set.
type Discount struct {
	Amount  *decimal.Decimal // in the document's basis, > 0
	Percent *decimal.Decimal // 10 means 10 %
	Extra   map[string]json.RawMessage
}

// RowType is 行性质.
type RowType string

// Types of printed rows.
const (
	Normal      RowType = "normal"     // 0
	Discounted  RowType = "discounted" // 2, followed by its discount row
	DiscountRow RowType = "discount"   // 1
)

// Row is one printed row.
type Row struct {
	Line    int // 1-based number of the input line it comes from
	LineID  string
	Type    RowType
	Name    string
	TaxCode string
	Spec    string
	Unit    string
	Qty     *decimal.Decimal
	Price   *decimal.Decimal // exclusive price (R4 for incl); nil when no qty
	Rate    tax.Rate
	Net     decimal.Decimal
	Tax     decimal.Decimal
	Gross   decimal.Decimal
	Extra   map[string]json.RawMessage // of a stored row
}

// RateTotal sums the rows of one rate.
type RateTotal struct {
	Rate            tax.Rate
	Net, Tax, Gross decimal.Decimal
}

// Sheet is what an invoice computes to.
type Sheet struct {
	Rows            []Row
	ByRate          []RateTotal // in order of first appearance
	Net, Tax, Gross decimal.Decimal
	Words           string // Gross in Chinese capitals (R11); empty when it cannot be written
}
