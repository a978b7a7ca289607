package document

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
)

// Kind is what the rest of the program knows of one type: the store, the sync
// engine, the merge, the server and the pages reach a type through it alone.
type Kind struct {
	Type   Type
	Fields Table // of its head, which people edit
	// Issued types have a life-cycle: they are handed in, and the server issues
	// them under a number.
	Issued bool
	// HandedOut types are made by the server; a desk reads them and never writes.
	HandedOut bool

	zero   Document
	decode func([]byte) (Document, error)
	check  func(Document, Stage) []Issue
	names  func(Document) []string
}

// Of describes a type to Register. D's table is read from its tags.
type Of[D Document] struct {
	Issued, HandedOut bool
	// Check lists what is wrong with a document; nil checks the lengths and
	// characters of its fields alone.
	Check func(D, Stage) []Issue
	// Names are the texts that people look it up by; the first is its name. All of
	// its fields are searched beside them.
	Names func(D) []string
}

var kinds []*Kind

// Register makes a type known. It is called where the type is, before main.
func Register[D Document](of Of[D]) *Kind {
	var zero D
	k := &Kind{Type: zero.DocumentType(), Fields: TableOf[D](), Issued: of.Issued, HandedOut: of.HandedOut, zero: zero}
	if _, twice := Lookup(k.Type); twice {
		panic(fmt.Sprintf("document type %q is registered twice", k.Type))
	}
	k.decode = func(body []byte) (Document, error) {
		var d D
		err := json.Unmarshal(body, &d, reading)
		return d, err
	}
	k.check = func(d Document, s Stage) []Issue {
		if of.Check == nil {
			return k.Fields.Check(d, "")
		}
		return of.Check(d.(D), s)
	}
	k.names = func(d Document) []string { return of.Names(d.(D)) }
	kinds = append(kinds, k)
	slices.SortFunc(kinds, func(a, b *Kind) int { return cmp.Compare(a.Type, b.Type) })
	return k
}

// Lookup finds a type.
func Lookup(t Type) (*Kind, bool) {
	for _, k := range kinds {
		if k.Type == t {
			return k, true
		}
	}
	return nil, false
}

// KindOf is the kind of a document.
func KindOf(d Document) *Kind {
	k, _ := Lookup(d.DocumentType())
	return k
}

// Kinds lists every type, by name.
func Kinds() []*Kind { return slices.Clone(kinds) }

// Zero returns an empty document of the type.
func (k *Kind) Zero() Document { return k.zero }

// Check lists what is wrong with a document at a stage, errors and warnings.
func (k *Kind) Check(d Document, s Stage) []Issue {
	return append(k.Fields.Check(d, ""), k.check(d, s)...)
}

// Name is what people call the document.
func (k *Kind) Name(d Document) string { return k.names(d)[0] }

// Names are the texts that it is looked up by.
func (k *Kind) Names(d Document) []string { return k.names(d) }

// Copied returns a new document with the content of d, fields of a newer program
// among it, and nothing else: no id, no state, nothing that a copy begins without.
func (k *Kind) Copied(d Document) Document {
	var fields Table
	for _, f := range k.Fields {
		if !f.Fresh {
			fields = append(fields, f)
		}
	}
	return MergeExtra(Copy(fields, k.zero, d), d, func(_, theirs Extra) Extra { return theirs })
}

// Edited returns old with the fields that edited has; what people cannot edit
// stays as it was.
func (k *Kind) Edited(old, edited Document) Document { return Copy(k.Fields, old, edited) }
