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
	"counterfoil/app/document"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// refusal is an operation that is answered rejected. It has written nothing.
type refusal struct {
	code   string
	fields map[string]string
	doc    *Document // the server's document, when it helps the client
	// passing: it lies in the token or in this version of the server, not in what was
	// asked. The answer is not remembered; asked again another day it may be another.
	passing bool
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
	keys, operations := make([]Key, len(ops)), make([]string, len(ops))
	for i, op := range ops {
		keys[i], operations[i] = Key{op.DocumentType, op.DocumentID}, op.OperationID
	}
	return d.tx.Prefetch(keys, operations)
}

// asked is what an operation id stands for: the body, and what to do with it. The
// same body may be asked to be stored or deleted.
func asked(op wire.Operation) string {
	return fmt.Sprintf("%s %s %d", op.Hash, op.Kind, op.BaseRevision)
}

// answer returns the stored bytes of the answer to op.
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
	if err != nil || no != nil && no.passing {
		return raw, err
	}
	return raw, d.tx.Record(op.OperationID, asked(op), raw, d.now)
}

func (d *decider) decide(op wire.Operation) (wire.Answer, error) {
	t, what := document.Type(op.DocumentType), books.OperationKind(op.Kind)
	kind, known := document.Lookup(t)
	h, served := handlers[t]
	largest := books.MaxDocument
	if what == books.Present {
		largest = MaxKept // it comes with what the server added, and its receipt
	}
	switch {
	case op.Schema < 1 || op.Schema > wire.Schema:
		return wire.Answer{}, &refusal{code: "schema_unknown", passing: true}
	case len(op.Body) > largest:
		return wire.Answer{}, &refusal{code: "document_too_large"}
	case !known || !served:
		return wire.Answer{}, &refusal{code: "document_type_unknown", passing: true}
	case kind.HandedOut:
		return wire.Answer{}, &refusal{code: "master_data_read_only", passing: true}
	case !d.who.Has(h.role) && h.role != "":
		return wire.Answer{}, &refusal{code: "role_needed", passing: true}
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
	switch {
	case what == books.Delete:
		return d.remove(op, cur, found)
	case what == books.Present && h.present != nil:
		return h.present(d, op, cur, found)
	case what != books.Put && (what != books.Transition || !kind.Issued):
		return wire.Answer{}, &refusal{code: "kind_unknown", passing: true}
	}
	doc, err := document.Decode(t, op.Body)
	if err != nil || doc.Meta().ID != op.DocumentID {
		return wire.Answer{}, &refusal{code: "malformed"}
	}
	to := document.Draft
	if what == books.Transition {
		to = doc.Meta().State
	}
	return d.change(h, op, doc, to, cur, found)
}

// change takes a document to a state, unless the server's own stands against it.
func (d *decider) change(h handler, op wire.Operation, doc document.Document, to document.State, cur Document, found bool) (wire.Answer, error) {
	was := document.State(cur.State)
	if to != document.Waiting && to != document.Draft {
		return wire.Answer{}, &refusal{code: "transition_unknown", passing: true}
	}
	if books.OperationKind(op.Kind) == books.Transition && to == document.Draft && found && was.Final() {
		return wire.Answer{}, &refusal{code: "already_issued", doc: &cur}
	}
	// A document this server never had (restored from an old backup) is taken
	// with the revision the device knows; a tombstone is never brought back.
	if found && op.BaseRevision != cur.Revision {
		if a, same := d.same(doc, to, cur); same {
			return a, nil
		}
		return conflict(cur)
	}
	if found && cur.Deleted {
		return conflict(cur)
	}
	if found && !was.Editable() && (books.OperationKind(op.Kind) == books.Put || to == document.Waiting) {
		return wire.Answer{}, &refusal{code: "not_a_draft", doc: &cur}
	}
	stage := document.StageDraft
	if to == document.Waiting {
		stage = document.StageSubmit
	}
	if no := wrong(doc, stage); no != nil {
		return wire.Answer{}, no
	}
	m := doc.Meta()
	m.State, m.Number, m.IssuedAt, m.Rejection = to, "", time.Time{}, nil
	m.Branch, m.Revision = d.who.Branch, op.BaseRevision+1
	row := Document{Device: d.device, Branch: cur.Branch}
	if row.Branch == "" && h.own {
		row.Branch = branchOf(d.who)
	}
	return h.accept(d, doc.WithMeta(m), row)
}

// wrong refuses a document that is not what its type asks for at a stage.
func wrong(doc document.Document, stage document.Stage) error {
	bad := document.Errors(document.KindOf(doc).Check(doc, stage))
	if len(bad) == 0 {
		return nil
	}
	no := &refusal{code: bad[0].Code, fields: map[string]string{}}
	for _, i := range bad {
		no.fields[i.Field] = i.Code
	}
	return no
}

// write stores a document. row says whose it is: the branch, the device that knows
// its content from its own operation, empty when another has to be told, and what
// its type adds.
func (d *decider) write(doc document.Document, row Document) (wire.Answer, error) {
	var err error
	if row.Body, err = document.Encode(doc); err != nil {
		return wire.Answer{}, err
	}
	if row.Seq == 0 {
		if row.Seq, err = d.tx.NextSeq(); err != nil {
			return wire.Answer{}, err
		}
	}
	m := doc.Meta()
	row.Type, row.ID, row.Revision, row.State, row.Number = string(doc.DocumentType()), m.ID, m.Revision, string(m.State), m.Number
	return applied(row, m), d.tx.Write(row)
}

func (d *decider) remove(op wire.Operation, cur Document, found bool) (wire.Answer, error) {
	switch {
	case !found || cur.Deleted:
		return wire.Answer{Result: wire.Applied, Revision: cur.Revision, Seq: cur.Seq, Deleted: true}, nil
	case document.State(cur.State).Final():
		return wire.Answer{}, &refusal{code: "already_issued", doc: &cur}
	case op.BaseRevision != cur.Revision:
		return conflict(cur)
	case !document.State(cur.State).Editable():
		return wire.Answer{}, &refusal{code: "not_a_draft", doc: &cur}
	}
	return d.tombstone(cur)
}

// tombstone deletes a document.
func (d *decider) tombstone(cur Document) (wire.Answer, error) {
	seq, err := d.tx.NextSeq()
	if err != nil {
		return wire.Answer{}, err
	}
	gone := Document{Type: cur.Type, ID: cur.ID, Revision: cur.Revision + 1, Seq: seq, Deleted: true, Device: d.device, Branch: cur.Branch}
	return wire.Answer{Result: wire.Applied, Revision: gone.Revision, Seq: seq, Deleted: true}, d.tx.Write(gone)
}

func applied(row Document, m document.Meta) wire.Answer {
	a := wire.Answer{Result: wire.Applied, Revision: row.Revision, Seq: row.Seq, State: row.State, Number: row.Number, Branch: m.Branch, Receipt: row.Receipt}
	if !m.IssuedAt.IsZero() {
		a.IssuedAt = &m.IssuedAt
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
func (d *decider) same(doc document.Document, to document.State, cur Document) (wire.Answer, bool) {
	if cur.Deleted {
		return wire.Answer{}, false
	}
	have, err := document.Decode(doc.DocumentType(), cur.Body)
	if err != nil {
		return wire.Answer{}, false
	}
	is := have.Meta().State
	reached := is == to || to == document.Waiting && is.Final() || !document.KindOf(doc).Issued
	if !reached || !equal(have, doc) {
		return wire.Answer{}, false
	}
	a := applied(cur, have.Meta())
	a.Body = cur.Body // the times are those of whoever came first
	return a, true
}

// equal compares what neither the server nor a clock sets.
func equal(a, b document.Document) bool {
	content := func(d document.Document) ([]byte, error) {
		return document.Encode(d.WithMeta(document.Meta{ID: d.Meta().ID, State: document.Draft}))
	}
	x, errX := content(a)
	y, errY := content(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
