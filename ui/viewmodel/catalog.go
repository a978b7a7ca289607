package viewmodel

import "context"

// Catalog is a read-only list of master data with a search.
type Catalog struct {
	Changed func()

	setup  Setup
	read   func(ctx context.Context, search string) ([][3]string, error)
	search string
	rows   [][3]string
}

// NewCatalog makes a list; read gives its rows.
func NewCatalog(s Setup, read func(context.Context, string) ([][3]string, error)) *Catalog {
	return &Catalog{setup: s, read: read}
}

// Rows are what is shown: three texts each.
func (c *Catalog) Rows() [][3]string { return c.rows }

// Find searches.
func (c *Catalog) Find(s string) {
	c.search = s
	c.Load()
}

// Load reads the rows.
func (c *Catalog) Load() {
	search := c.search
	away(c.setup, context.Background(), func(ctx context.Context) ([][3]string, error) { return c.read(ctx, search) },
		func(rows [][3]string, err error) {
			if err == nil && search == c.search {
				c.rows = rows
				if c.Changed != nil {
					c.Changed()
				}
			}
		})
}
