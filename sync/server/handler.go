package server

import (
	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/seller"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// A handler is what the server does with documents of one type, beside what it
// does with all of them: compare the revision, check the fields, answer conflicts,
// keep tombstones. Who makes and reads a type that is handed out, and what its
// fields are, the registry of package document says.
type handler struct {
	// own documents belong to the branch that makes them; others are everybody's.
	own bool
	// role is what a principal needs to write; empty is none.
	role string
	// accept does what follows from a document that is taken, and writes it. What
	// is refused is refused before anything was written.
	accept func(*decider, document.Document, Document) (wire.Answer, error)
	// present takes a lost document back; nil: such are never presented.
	present func(d *decider, op wire.Operation, cur Document, found bool) (wire.Answer, error)
	// issueLater issues or rejects a document that waits; nil: such never wait.
	issueLater func(*decider, Document) error
}

// handlers of every type that this server serves.
var handlers = map[document.Type]handler{
	invoice.Type:  {own: true, accept: (*decider).acceptInvoice, present: (*decider).present, issueLater: (*decider).issueLater},
	customer.Type: {accept: (*decider).write},
	item.Type:     {accept: (*decider).write, role: access.Catalog},
	seller.Type:   {},
}

// writes lists the types whose documents a principal may change.
func writes(who access.Principal) []string {
	var out []string
	for _, k := range document.Kinds() {
		if h, served := handlers[k.Type]; served && !k.HandedOut && (h.role == "" || who.Has(h.role)) {
			out = append(out, string(k.Type))
		}
	}
	return out
}
