package viewmodel

import (
	"context"
	"slices"

	"counterfoil/app/books"
	"counterfoil/app/document"
)

// listed is how many documents a list shows; a search narrows it down.
const listed = 200

// CatalogStore is what a list reads.
type CatalogStore interface {
	books.Finder
	FormStore
}

// Catalog is the list of the documents of one type, by name, with a search, and the
// form of the one that is open.
type Catalog struct {
	Changed func() // called after each change; nil is allowed
	Wrote   func() // something is on disk that is to be sent; nil is allowed

	setup Setup
	kind  *document.Kind
	store CatalogStore
	desk  FormDesk
	merge books.Merger

	search   string
	rows     []books.Record
	more     bool // than rows
	read     bool // rows are those of the disk
	selected string
	message  string
	form     *Form
}

// NewCatalog makes a list of a type; Load fills it.
func NewCatalog(s Setup, kind *document.Kind, store CatalogStore, desk FormDesk, merge books.Merger) *Catalog {
	return &Catalog{setup: s, kind: kind, store: store, desk: desk, merge: merge}
}

// What the screen shows. More reports whether there are others than the rows.
func (c *Catalog) Kind() *document.Kind { return c.kind }
func (c *Catalog) Rows() []books.Record { return c.rows }
func (c *Catalog) More() bool           { return c.more }
func (c *Catalog) Read() bool           { return c.read }
func (c *Catalog) Search() string       { return c.search }
func (c *Catalog) Selected() string     { return c.selected }
func (c *Catalog) Message() string      { return c.message }
func (c *Catalog) Form() *Form          { return c.form }

// Label names a field of the type.
func (c *Catalog) Label(key string) string {
	return fieldLabel(c.setup.Words, string(c.kind.Type), key)
}

// NewTitle says that a new one is made.
func (c *Catalog) NewTitle() string { return newTitle(c.setup.Words, c.kind) }

// Cell is a field of a row as people read it.
func (c *Catalog) Cell(r books.Record, key string) string {
	f, ok := c.kind.Fields.Find(key)
	if !ok {
		return ""
	}
	return fieldText(c.setup.Words, f, r.Document)
}

// Note says more of how a row stands: why it was refused, since when it waits.
func (c *Catalog) Note(r books.Record) string {
	switch StandingOf(r.Status) {
	case StandsRefused:
		return Refusal(c.setup.Words, r.Refusal)
	case StandsConflict:
		return c.setup.Words.T("catalog.conflict.more")
	case StandsWaiting, StandsDeleting:
		return Ago(c.setup.Words, c.setup.Now(), r.Document.Meta().Updated)
	}
	return ""
}

// Find searches.
func (c *Catalog) Find(s string) {
	c.search = s
	c.Load()
}

// Load reads the rows. The answer to an earlier search is dropped.
func (c *Catalog) Load() {
	search := c.search
	away(c.setup, context.Background(), func(ctx context.Context) ([]books.Record, error) {
		return c.store.Find(ctx, c.kind.Type, search, listed+1)
	}, func(rows []books.Record, err error) {
		if search != c.search {
			return
		}
		if c.message = Sentence(c.setup.Words, err); err == nil {
			c.more, c.read = len(rows) > listed, true
			c.rows = rows[:min(len(rows), listed)]
			if c.at() < 0 {
				c.selected = ""
			}
		}
		c.changed()
	})
}

// Refresh reads all that is shown again.
func (c *Catalog) Refresh() {
	c.Load()
	if c.form != nil {
		c.form.Reload()
	}
}

// Touch reads what sync changed.
func (c *Catalog) Touch(ids ...string) {
	c.Load()
	if c.form != nil && slices.Contains(ids, c.form.Key().ID) {
		c.form.Reload()
	}
}

func (c *Catalog) at() int {
	return slices.IndexFunc(c.rows, func(r books.Record) bool { return r.Document.Meta().ID == c.selected })
}

// Select marks a row.
func (c *Catalog) Select(id string) { c.selected = id }

// Move selects the row n below the selected one, counting from above the first
// when none is, and returns its index; -1 when there are no rows.
func (c *Catalog) Move(n int) int {
	if len(c.rows) == 0 {
		return -1
	}
	at := min(max(c.at()+n, 0), len(c.rows)-1)
	c.selected = c.rows[at].Document.Meta().ID
	return at
}

// New opens an empty form; Open that of the row with this id. A form with
// something typed stays: it has to be closed first.
func (c *Catalog) New() {
	if !c.kind.HandedOut {
		c.show(books.Record{})
	}
}

// Open opens the form of a row.
func (c *Catalog) Open(id string) {
	c.selected = id
	if at := c.at(); at >= 0 {
		c.show(c.rows[at])
		if c.form != nil {
			c.form.Reload() // the row may be older
		}
	}
}

func (c *Catalog) show(r books.Record) {
	if c.form != nil && c.form.Unsaved() {
		c.form.Close() // asks
		return
	}
	f := newForm(c.setup, c.kind, c.desk, c.store, c.merge, r)
	f.Changed = c.changed
	f.Wrote = func() {
		if c.Wrote != nil {
			c.Wrote()
		}
		c.Load()
	}
	f.Closed = func() {
		if id := f.Key().ID; id != "" {
			c.selected = id
		}
		if c.form == f {
			c.form = nil
		}
		c.Load()
		c.changed()
	}
	c.form = f
	c.changed()
}

func (c *Catalog) changed() {
	if c.Changed != nil {
		c.Changed()
	}
}
