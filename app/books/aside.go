package books

import (
	"time"

	"counterfoil/app/document"
)

// Aside is a version of a document that the server has and this program cannot
// read. It is kept for a program that can, and what is here of the document stays
// as it is.
type Aside struct {
	Type     document.Type
	ID       string
	Seq      int64
	Revision int64
	Bytes    []byte // as the server sent them; nil when it could not
	Receipt  []byte // of an issued invoice, as the server signed it
	Reason   string // stable code: "type_unknown", "malformed", "not_computable", "too_large", "damaged"
	Program  string // version of the program that tried last
	At       time.Time
}
