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
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/document"
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

// Choices returns the kinds to choose from.
func (Kind) Choices(string) []string { return []string{string(Ordinary), string(Special)} }

// Choices returns the bases to choose from.
func (Basis) Choices(string) []string { return []string{string(Exclusive), string(Inclusive)} }

// State is a station in the invoice's life.
type State = document.State

// Its stations.
const (
	Draft    = document.Draft
	Waiting  = document.Waiting
	Issued   = document.Issued
	Rejected = document.Rejected
	Reversed = document.Reversed
)

// Invoice is one document. The zero value is an empty draft without an id. Its
// tags are its body and its field table, see package document; lengths are in
// characters.
type Invoice struct {
	ID        string              `json:"id"`                  // UUIDv7, made on the device
	Reference string              `json:"reference,omitempty"` // provisional reference 流水号, at most 20 characters, made on the device
	Kind      Kind                `json:"kind" field:"kind"`
	Basis     Basis               `json:"basis" field:"kind"`
	Date      string              `json:"date,omitempty" field:",,fresh"`       // business date, YYYY-MM-DD in the branch's zone
	Due       string              `json:"due,omitempty" field:",,fresh"`        // date until which it is to be paid, YYYY-MM-DD; empty: not said
	Seller    party.Party         `json:"seller,omitzero" field:"seller,,mute"` // as its document said when it was chosen; empty before
	Buyer     party.Party         `json:"buyer" field:"buyer"`
	Lines     document.List[Line] `json:"lines"`
	Remark    string              `json:"remark,omitempty" field:",230"`
	Payee     string              `json:"payee,omitempty" field:",16"`    // 收款人
	Reviewer  string              `json:"reviewer,omitempty" field:",16"` // 复核人
	Drawer    string              `json:"drawer,omitempty" field:",16"`   // 开票人
	Email     string              `json:"email,omitempty" field:",72"`
	// ReviewNeeded is set when lines of two clerks were merged; it must be
	// cleared by a person before submit.
	ReviewNeeded bool `json:"review_needed,omitzero"`

	State     State              `json:"state"`
	Number    string             `json:"number,omitempty"`    // given by the server when it issues; empty before
	Revision  int64              `json:"revision,omitzero"`   // the server's revision this content is based on; 0 when the server never had it
	Rejection *Rejection         `json:"rejection,omitzero"`  // why the server refused; nil otherwise
	Reverses  string             `json:"reverses,omitempty"`  // id of the invoice this red-letter one reverses; empty for a blue one
	RedRows   document.List[Row] `json:"red_rows,omitempty"`  // stored rows of a red-letter invoice (R9); nil for a blue one
	IssuedAt  time.Time          `json:"issued_at,omitzero"`  // server time; zero before
	Branch    string             `json:"branch,omitempty"`    // name of the branch that last changed it, as the server knows it
	CreatedAt time.Time          `json:"created_at,omitzero"` // device time
	UpdatedAt time.Time          `json:"updated_at,omitzero"` // device time of the last edit

	Extra document.Extra `json:",embed"`
}

// Rejection is the server's refusal of a submitted invoice.
type Rejection = document.Rejection

// Line is one input row. Qty and Price, or Amount, are given in the document's
// basis (R1). Nil means "not given".
type Line struct {
	ID       string           `json:"id"`                                    // stable within the document
	Order    string           `json:"order"`                                 // fractional index; lines sort by (Order, ID)
	Name     string           `json:"name,omitempty" field:"amounts,100"`    // 项目名称
	TaxCode  string           `json:"tax_code,omitempty" field:"amounts"`    // 税收分类编码, 19 digits or empty
	Spec     string           `json:"spec,omitempty" field:"description,40"` // 规格型号
	Unit     string           `json:"unit,omitempty" field:"amounts,22"`     // 单位
	Qty      *decimal.Decimal `json:"qty,omitzero" field:"amounts"`
	Price    *decimal.Decimal `json:"price,omitzero" field:"amounts"`
	Amount   *decimal.Decimal `json:"amount,omitzero" field:"amounts"`
	Rate     tax.Rate         `json:"rate" field:"amounts"`
	Policy   tax.Policy       `json:"policy,omitempty" field:"amounts"` // 优惠政策; empty for none
	Discount *Discount        `json:"discount,omitempty" field:"amounts"`
	Extra    document.Extra   `json:",embed"`
}

// Fields and LineFields are the tables of what people edit in the head and in a line.
var (
	Fields     = document.TableOf[Invoice]()
	LineFields = document.TableOf[Line]()
)

// Discount reduces its line (R5). Exactly one of the two is set.
type Discount struct {
	Amount  *decimal.Decimal `json:"amount,omitzero" field:""`  // in the document's basis, > 0
	Percent *decimal.Decimal `json:"percent,omitzero" field:""` // 10 means 10 %
	Extra   document.Extra   `json:",embed"`
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
	Line    int              `json:"line"` // 1-based number of the input line it comes from
	LineID  string           `json:"line_id,omitempty"`
	Type    RowType          `json:"type"`
	Name    string           `json:"name"`
	TaxCode string           `json:"tax_code,omitempty"`
	Spec    string           `json:"spec,omitempty"`
	Unit    string           `json:"unit,omitempty"`
	Qty     *decimal.Decimal `json:"qty,omitzero"`
	Price   *decimal.Decimal `json:"price,omitzero"` // exclusive price (R4 for incl); nil when no qty
	Rate    tax.Rate         `json:"rate"`
	Policy  tax.Policy       `json:"policy,omitempty"`
	Net     decimal.Decimal  `json:"net"`
	Tax     decimal.Decimal  `json:"tax"`
	Gross   decimal.Decimal  `json:"gross"`
	Extra   document.Extra   `json:",embed"` // of a stored row
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
