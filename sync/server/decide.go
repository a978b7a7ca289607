package server

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/books"
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// refusal is an operation that is answered rejected. It has written nothing.
type refusal struct {
	code   string
	fields map[string]string
	doc    *Document // the server's document, when it helps the client
}

func (r *refusal) Error() string { return "rejected: " + r.code }

// decider answers the operations of one batch inside one transaction.
type decider struct {
	s      *Server
	tx     Tx
	key    ed25519.PrivateKey
	device string // whose operations they are; empty for the server's own work
	who    access.Principal
	now    time.Time
	taxUp  bool
}

// everyBranch owns what a company's own token wrote.
const everyBranch = "*"

// branchOf is the branch that a principal's documents and devices belong to.
func branchOf(p access.Principal) string { return cmp.Or(p.Branch, everyBranch) }

// sees reports whether a document is one that this principal may know of.
func (d *decider) sees(doc Document) bool {
	return d.who.Whole || doc.Branch == "" || doc.Branch == branchOf(d.who)
}

func (d *decider) prefetch(ops []wire.Operation) error {
	ids, operations := make([]string, len(ops)), make([]string, len(ops))
	for i, op := range ops {
		ids[i], operations[i] = op.DocumentID, op.OperationID
	}
	return d.tx.Prefetch(string(invoice.Type), ids, operations)
}

// asked is what an operation id stands for: the body, and what to do with it. The
// same body may be asked to be stored or deleted.
func asked(op wire.Operation) string {
	return fmt.Sprintf("%s %s %d", op.Hash, op.Kind, op.BaseRevision)
}

// answer gives the stored bytes of the answer to op.
func (d *decider) answer(op wire.Operation) (jsontext.Value, error) {
	// An id that names other bytes is never applied, and never remembered.
	refuse := func(code string) (jsontext.Value, error) {
		return wire.Marshal(wire.Answer{OperationID: op.OperationID, Result: wire.Rejected, Code: code})
	}
	if wire.Hash(op.Body) != op.Hash {
		return refuse("hash_mismatch")
	}
	hash, stored, found, err := d.tx.Answer(op.OperationID)
	switch {
	case err != nil:
		return nil, err
	case found && hash != asked(op) && hash != op.Hash: // the ledgers of older servers held the body's hash alone
		return refuse("operation_reused")
	case found:
		return stored, nil
	}
	a, err := d.decide(op)
	var no *refusal
	if errors.As(err, &no) {
		a = wire.Answer{Result: wire.Rejected, Code: no.code, Fields: no.fields}
		if no.doc != nil && jsontext.Value(no.doc.Body).IsValid() {
			a.Receipt = no.doc.Receipt
			a.Revision, a.State, a.Number, a.Body = no.doc.Revision, no.doc.State, no.doc.Number, no.doc.Body
		}
	} else if err != nil {
		return nil, err
	}
	a.OperationID = op.OperationID
	raw, err := wire.Marshal(a)
	if err != nil {
		return nil, err
	}
	return raw, d.tx.Record(op.OperationID, asked(op), raw, d.now)
}

func (d *decider) decide(op wire.Operation) (wire.Answer, error) {
	largest := books.MaxDocument
	if books.OperationKind(op.Kind) == books.Present {
		largest = MaxKept // it comes with what the server added, and its receipt
	}
	switch {
	case op.Schema < 1 || op.Schema > wire.Schema:
		return wire.Answer{}, &refusal{code: "schema_unknown"}
	case len(op.Body) > largest:
		return wire.Answer{}, &refusal{code: "document_too_large"}
	case op.DocumentType == string(customer.Type) || op.DocumentType == string(item.Type):
		return wire.Answer{}, &refusal{code: "master_data_read_only"}
	case op.DocumentType != string(invoice.Type):
		return wire.Answer{}, &refusal{code: "document_type_unknown"}
	case !wire.ValidID(op.DocumentID, 64) || op.BaseRevision < 0:
		return wire.Answer{}, &refusal{code: "malformed"}
	}
	cur, found, err := d.tx.Document(op.DocumentType, op.DocumentID)
	if err != nil {
		return wire.Answer{}, err
	}
	if found && !d.sees(cur) {
		return wire.Answer{}, &refusal{code: "not_found"}
	}
	switch books.OperationKind(op.Kind) {
	case books.Delete:
		return d.remove(op, cur, found)
	case books.Present:
		return d.present(op, cur, found)
	}
	inv, err := invoice.Decode(op.Body)
	if err != nil || inv.ID != op.DocumentID {
		return wire.Answer{}, &refusal{code: "malformed"}
	}
	to := invoice.Draft
	switch books.OperationKind(op.Kind) {
	case books.Put:
	case books.Transition:
		to = inv.State
		if to != invoice.Waiting && to != invoice.Draft {
			return wire.Answer{}, &refusal{code: "transition_unknown"}
		}
		final := cur.State == string(invoice.Issued) || cur.State == string(invoice.Reversed)
		if to == invoice.Draft && found && final {
			return wire.Answer{}, &refusal{code: "already_issued", doc: &cur}
		}
	default:
		return wire.Answer{}, &refusal{code: "kind_unknown"}
	}
	// A document this server never had (restored from an old backup) is taken
	// with the revision the device knows; a tombstone is never brought back.
	if found && op.BaseRevision != cur.Revision {
		if a, same := d.same(inv, to, cur); same {
			return a, nil
		}
		return conflict(cur)
	}
	if found && cur.Deleted {
		return conflict(cur)
	}
	open := !found || cur.State == string(invoice.Draft) || cur.State == string(invoice.Rejected)
	if !open && (books.OperationKind(op.Kind) == books.Put || to == invoice.Waiting) {
		return wire.Answer{}, &refusal{code: "not_a_draft", doc: &cur}
	}
	return d.accept(op, inv, to, cmp.Or(cur.Branch, branchOf(d.who)))
}

// accept writes the invoice of a branch as draft or waiting, and issues it when it can.
func (d *decider) accept(op wire.Operation, inv invoice.Invoice, to invoice.State, branch string) (wire.Answer, error) {
	stage := invoice.StageDraft
	if to == invoice.Waiting {
		stage = invoice.StageSubmit
	}
	if bad := invoice.Errors(invoice.Validate(inv, stage)); len(bad) > 0 {
		no := &refusal{code: bad[0].Code, fields: map[string]string{}}
		for _, i := range bad {
			no.fields[i.Field] = i.Code
		}
		return wire.Answer{}, no
	}
	inv.State, inv.Number, inv.IssuedAt, inv.Rejection = to, "", time.Time{}, nil
	inv.Branch, inv.Revision = d.who.Branch, op.BaseRevision+1
	if to == invoice.Waiting {
		if err := d.inTime(inv); err != nil {
			return wire.Answer{}, err
		}
	}
	if to == invoice.Waiting && inv.Reverses != "" {
		if err := d.checkRed(inv); err != nil {
			return wire.Answer{}, err
		}
		blue, _, err := d.tx.Document(string(invoice.Type), inv.Reverses)
		if err != nil {
			return wire.Answer{}, err
		}
		branch = blue.Branch // whoever reverses it, its branch sees that
	}
	doc := Document{Device: d.device, Branch: branch}
	if to == invoice.Waiting && d.taxUp {
		var err error
		if doc.Series, err = d.issue(&inv); err != nil {
			return wire.Answer{}, err
		}
	}
	return d.write(inv, doc)
}

// inTime refuses an invoice that is dated outside the server's window, or drawn
// by another than the token's person.
func (d *decider) inTime(inv invoice.Invoice) error {
	if p := d.who.Person; p != "" && inv.Drawer != "" && inv.Drawer != p {
		return &refusal{code: "drawer_foreign", fields: map[string]string{"drawer": "drawer_foreign"}}
	}
	if d.s.cfg.DateBack == 0 {
		return nil
	}
	day, err := time.Parse(time.DateOnly, inv.Date)
	today := d.now.Truncate(24 * time.Hour)
	// A day more on both sides: the branch's zone is not the server's.
	if err != nil || day.Before(today.AddDate(0, 0, -d.s.cfg.DateBack-1)) || day.After(today.AddDate(0, 0, d.s.cfg.DateAhead+1)) {
		return &refusal{code: "date_out_of_window", fields: map[string]string{"date": "date_out_of_window"}}
	}
	return nil
}

// write stores an invoice. doc says whose it is: the branch, the series of its
// number, and the device that knows its content from its own operation, empty when
// another has to be told. What is issued has its receipt written here, unless doc
// comes with one.
func (d *decider) write(inv invoice.Invoice, doc Document) (wire.Answer, error) {
	body, err := document.Encode(inv)
	if err != nil {
		return wire.Answer{}, err
	}
	doc.Type, doc.ID, doc.Revision, doc.Body = string(invoice.Type), inv.ID, inv.Revision, body
	doc.State, doc.Number, doc.Reverses = string(inv.State), inv.Number, inv.Reverses
	if doc.Seq, err = d.tx.NextSeq(); err != nil {
		return wire.Answer{}, err
	}
	if inv.State == invoice.Issued && doc.Receipt == nil {
		if doc.Receipt, err = d.receipt(inv, doc); err != nil {
			return wire.Answer{}, err
		}
	}
	return applied(doc, inv), d.tx.Write(doc)
}

// receipt signs that an invoice was issued.
func (d *decider) receipt(inv invoice.Invoice, doc Document) ([]byte, error) {
	hash, err := wire.ReceiptHash(inv)
	if err != nil {
		return nil, err
	}
	r, err := wire.Receipt{
		Company: d.s.cfg.Company, Branch: doc.Branch, Series: doc.Series.Name, Number: inv.Number,
		DocumentID: inv.ID, Hash: hash, Seq: doc.Seq, Time: inv.IssuedAt,
	}.Sign(d.key)
	if err != nil {
		return nil, err
	}
	return wire.Marshal(r)
}

func (d *decider) remove(op wire.Operation, cur Document, found bool) (wire.Answer, error) {
	switch {
	case !found || cur.Deleted:
		return wire.Answer{Result: wire.Applied, Revision: cur.Revision, Seq: cur.Seq, Deleted: true}, nil
	case cur.State == string(invoice.Issued) || cur.State == string(invoice.Reversed):
		return wire.Answer{}, &refusal{code: "already_issued", doc: &cur}
	case op.BaseRevision != cur.Revision:
		return conflict(cur)
	case cur.State != string(invoice.Draft) && cur.State != string(invoice.Rejected):
		return wire.Answer{}, &refusal{code: "not_a_draft", doc: &cur}
	}
	seq, err := d.tx.NextSeq()
	if err != nil {
		return wire.Answer{}, err
	}
	doc := Document{Type: cur.Type, ID: cur.ID, Revision: cur.Revision + 1, Seq: seq, Deleted: true, Device: d.device, Branch: cur.Branch}
	return wire.Answer{Result: wire.Applied, Revision: doc.Revision, Seq: seq, Deleted: true}, d.tx.Write(doc)
}

func applied(doc Document, inv invoice.Invoice) wire.Answer {
	a := wire.Answer{Result: wire.Applied, Revision: doc.Revision, Seq: doc.Seq, State: doc.State, Number: doc.Number, Branch: inv.Branch, Receipt: doc.Receipt}
	if !inv.IssuedAt.IsZero() {
		at := inv.IssuedAt
		a.IssuedAt = &at
	}
	return a
}

// conflict shows the server's document; one that this server cannot read is named.
func conflict(cur Document) (wire.Answer, error) {
	if !cur.Deleted && !jsontext.Value(cur.Body).IsValid() {
		return wire.Answer{}, damaged(cur)
	}
	return wire.Answer{Result: wire.Conflict, Revision: cur.Revision, Seq: cur.Seq, State: cur.State, Number: cur.Number, Deleted: cur.Deleted, Body: cur.Body, Receipt: cur.Receipt}, nil
}

// same says that the server already holds exactly what is asked for, whoever
// brought it: then nothing needs to be settled.
func (d *decider) same(inv invoice.Invoice, to invoice.State, cur Document) (wire.Answer, bool) {
	if cur.Deleted {
		return wire.Answer{}, false
	}
	have, err := invoice.Decode(cur.Body)
	if err != nil {
		return wire.Answer{}, false
	}
	reached := have.State == to || to == invoice.Waiting && (have.State == invoice.Issued || have.State == invoice.Reversed)
	x, errX := document.Encode(content(have))
	y, errY := document.Encode(content(inv))
	if !reached || errX != nil || errY != nil || !bytes.Equal(x, y) {
		return wire.Answer{}, false
	}
	a := applied(cur, have)
	a.Body = cur.Body // the times are those of whoever came first
	return a, true
}

// content clears what the server or a clock sets.
func content(inv invoice.Invoice) invoice.Invoice {
	inv.State, inv.Number, inv.Revision, inv.Rejection, inv.Branch = invoice.Draft, "", 0, nil, ""
	inv.IssuedAt, inv.CreatedAt, inv.UpdatedAt = time.Time{}, time.Time{}, time.Time{}
	return inv
}
