// Package wire holds the messages of the sync protocol, version 1. docs/openapi.yaml
// describes the same messages for people who put their own server behind it.
//
// Words: a message is a request or an answer; a body is a document in it, which
// package document writes and reads. A body travels as the bytes it is, so that its
// hash holds.
//
// The package refuses to know what a body says.
package wire

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/document"
)

// ErrMalformed says that a cursor or a mark is none.
var ErrMalformed = errors.New("malformed")

// Protocol is the version this program speaks; Min and Max the range it understands.
const (
	Protocol    = 1
	ProtocolMin = 1
	ProtocolMax = 1
	// Product is the name a server must give in its health answer.
	Product = "counterfoil"
	// Schema is the version of the document bodies.
	Schema = 1
)

// Header names. Every answer of a server carries HeaderProduct; every request
// carries HeaderClient ("counterfoil/<version>; protocol=1-1") and HeaderDevice.
const (
	HeaderProduct = "X-Counterfoil-Product"
	HeaderClient  = "X-Counterfoil-Client"
	HeaderDevice  = "X-Counterfoil-Device"
	HeaderRequest = "X-Request-Id"
	// HeaderInstance names which of several servers behind one address answered.
	HeaderInstance = "X-Counterfoil-Instance"
)

// Agent is the User-Agent of a version of the program: the same of all its requests, for
// filters go by it.
func Agent(version string) string { return "Counterfoil/" + version }

// PushRequest is the body of POST /v1/push.
type PushRequest struct {
	Device     string                   `json:"device"`
	Protocol   int                      `json:"protocol"`
	Mark       string                   `json:"mark,omitempty"` // the newest that the desk has; see Mark
	Operations document.List[Operation] `json:"operations"`
}

// Operation is one change asked for. Body is an Invoice (put, transition) and
// its State says where a transition goes: "waiting" (submit) or "draft" (recall).
// A present carries a Presented.
// OperationID is "device_id:device_seq"; Hash is the hex SHA-256 of Body.
type Operation struct {
	OperationID  string         `json:"operation_id"`
	DocumentType string         `json:"document_type"`
	DocumentID   string         `json:"document_id"`
	BaseRevision int64          `json:"base_revision"`
	Kind         string         `json:"kind"`
	Schema       int            `json:"schema"`
	Hash         string         `json:"hash"`
	Body         jsontext.Value `json:"body"`
}

// Results of an operation. There is no "merged": the server has no base to merge
// with; the client merges and pushes the outcome.
const (
	Applied  = "applied"
	Conflict = "conflict"
	Rejected = "rejected"
)

// PushAnswer has one Answer an operation; OperationID tells which.
type PushAnswer struct {
	Epoch   string                `json:"epoch"`
	Mark    string                `json:"mark"`
	Answers document.List[Answer] `json:"answers"`
}

// Answer to one operation. Applied: Revision, Seq and State are set, Number when
// it was issued. Conflict: Revision and Body are the server's document (Deleted
// when it is gone). Rejected: Code and Fields; code "operation_reused" means the
// same id came with another hash (a cloned data folder); code "already_issued"
// answers a recall that came too late; Body then is the server's document.
type Answer struct {
	OperationID string            `json:"operation_id"`
	Result      string            `json:"result"`
	Revision    int64             `json:"revision,omitzero"`
	Seq         int64             `json:"seq,omitzero"`
	State       string            `json:"state,omitempty"`
	Number      string            `json:"number,omitempty"`
	Branch      string            `json:"branch,omitempty"` // whose operation it was, as the server knows it
	IssuedAt    *time.Time        `json:"issued_at,omitempty"`
	Deleted     bool              `json:"deleted,omitzero"`
	Body        jsontext.Value    `json:"body,omitempty"`
	Code        string            `json:"code,omitempty"`
	Fields      map[string]string `json:"fields,omitempty"`
	Receipt     jsontext.Value    `json:"receipt,omitempty"` // a Receipt, when it was issued
}

// PullAnswer is the body of GET /v1/pull?cursor=EPOCH:SEQ:SCOPE&limit=N&without=DEVICE&mark=MARK.
type PullAnswer struct {
	Epoch   string                `json:"epoch"`
	Cursor  string                `json:"cursor"`
	Mark    string                `json:"mark"`
	More    bool                  `json:"more"`
	Changes document.List[Change] `json:"changes"`
}

// Change is one change in seq order.
type Change struct {
	Seq          int64          `json:"seq"`
	DocumentType string         `json:"document_type"`
	DocumentID   string         `json:"document_id"`
	Revision     int64          `json:"revision"`
	Deleted      bool           `json:"deleted,omitzero"`
	Own          bool           `json:"own,omitzero"`        // made by the asking device, which asked to leave such bodies out
	Unreadable   string         `json:"unreadable,omitzero"` // why there is no body: "too_large", "damaged"
	Body         jsontext.Value `json:"body,omitempty"`
	Receipt      jsontext.Value `json:"receipt,omitempty"` // a Receipt, of an issued invoice that comes with its body
}

// PullQuery are the parameters of a pull.
type PullQuery struct {
	Cursor  string // EPOCH:SEQ:SCOPE; empty reads from the start
	Limit   int    // at most so many changes
	Without string // leave out the bodies of changes that this device made; empty: none
	Mark    string // the newest that the desk has; empty: none yet
}

// Problem is the body of every answer that is not 2xx (application/problem+json).
type Problem struct {
	Code        string       `json:"code"` // "token_invalid", "forbidden", "rate_limited", "maintenance", "overloaded", "internal", "database_down", "database_locked", "storage_full", "upgrade_required", "epoch_changed", "behind", "scope_changed", "mark_invalid", "device_mismatch", "device_foreign", "too_large", "malformed"
	Title       string       `json:"title"`
	Detail      string       `json:"detail,omitempty"`
	RequestID   string       `json:"request_id,omitempty"`
	Maintenance *Maintenance `json:"maintenance,omitempty"`
	Epoch       string       `json:"epoch,omitempty"` // of the server, with "epoch_changed"
}
