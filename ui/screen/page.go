package screen

import (
	"cmp"
	"slices"

	"fyne.io/fyne/v2"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/ui/viewmodel"
)

// A Page is one screen of the window. It registers itself, in the file that draws
// it: a new page is its view-model, its screen and its texts.
type Page struct {
	Name     string // "invoices", …; its texts are under shell.<name> and help.<name>, its icon is assets/icon/<name>.svg
	Place    int    // in the rail, from the top; 0: it is reached otherwise
	Practice bool   // in the rail only while the practice server runs
	Under    string // the page that the rail marks while this one is shown
	Bare     bool   // shown without the rail

	// Badge is a number beside the name in the rail; nil: there is none.
	Badge func(h *Host) int
	// Open makes what the page keeps for a session and returns what draws it: called
	// when it is first shown, and again in another language or theme.
	Open func(h *Host) func() Content
}

// Content is a page that is shown.
type Content struct {
	Object  fyne.CanvasObject
	Refresh func()      // whenever it is shown; may be nil
	Ready   func() bool // what it shows was read; nil: it is at once
	Tick    func()      // about every second while it is shown; may be nil
	// Synced is told what sync changed, some of it at a time, whether or not the page
	// is shown; nothing when a round ended. It may be nil.
	Synced func(changed []document.Key)

	// What the shortcuts do while it is shown; nil: nothing, or what they do anywhere.
	New, Save, Submit, Print, Back func()
	Find                           func(fyne.Canvas)
	Key                            func(fyne.KeyName) // any other key that no field takes
}

// A Host is what pages find in the window that shows them.
type Host struct {
	viewmodel.Setup
	Store books.Store
	Books *books.Desk

	// View-models that the window or several pages speak to; the others are made by
	// their page.
	Invoices   *viewmodel.Invoices
	Editor     *viewmodel.Editor
	Conflicts  *viewmodel.Conflicts
	Connection *viewmodel.Connection
	Wizard     *viewmodel.Wizard
	Reporting  *viewmodel.Report
	Settings   *viewmodel.Settings
	FirstRun   *viewmodel.FirstRun
	Practice   *viewmodel.Practice
	Backups    *viewmodel.Backups // nil: there are none to speak of

	Practising bool                 // the practice server runs in the program
	Counts     func() books.Counts  // as they were read last
	Offline    func() bool          // the line to the server is down
	Changed    func()               // says that a page wrote what is to be sent
	Show       func(page string)    // another page
	Open       func(invoice string) // in the editor
	Copy       func(text string)    // to the clipboard

	New, Save, SelfCheck   func()
	PrintOpen, PrintChosen func()
	Export                 func() // the list, into a file
	Report                 func() // of the connection
	SaveReport             func()
	Choose                 func(got func(pem []byte)) // a certificate file
	Practise, Leave        func()                     // to the practice folder, and back

	// Form is the page made last that the window speaks to; nil before.
	Form *Editor

	catalogs map[document.Type]*viewmodel.Catalog // by type, those that a page asked for
	names    map[document.Type]string             // of those pages
}

// Catalog is the list of a type, for the page of this name.
func (h *Host) Catalog(t document.Type, page string) *viewmodel.Catalog {
	if h.catalogs[t] == nil {
		if h.catalogs == nil {
			h.catalogs, h.names = map[document.Type]*viewmodel.Catalog{}, map[document.Type]string{}
		}
		kind, _ := document.Lookup(t)
		merge := func(base, mine, theirs document.Document, choices map[string]books.Side) books.Merge {
			return h.Books.Merge(base, mine, theirs, choices)
		}
		c := viewmodel.NewCatalog(h.Setup, kind, h.Store, h.Books, merge)
		c.Wrote = h.Changed
		h.catalogs[t], h.names[t] = c, page
	}
	return h.catalogs[t]
}

// Unsaved is the name of a page on which something is typed that is not on disk and
// goes there only when the clerk says so; "" when there is none.
func (h *Host) Unsaved() string {
	for t, c := range h.catalogs {
		if f := c.Form(); f != nil && f.Unsaved() {
			return h.names[t]
		}
	}
	return ""
}

// idsOf are the ids of the documents of a type.
func idsOf(typ document.Type, keys []document.Key) []string {
	var out []string
	for _, k := range keys {
		if k.Type == typ {
			out = append(out, k.ID)
		}
	}
	return out
}

var registered []Page

func register(p Page) { registered = append(registered, p) }

// Pages are all pages: those of the rail in its order, then the others by name.
func Pages() []Page {
	const last = 1 << 30
	out := slices.Clone(registered)
	slices.SortFunc(out, func(a, b Page) int {
		return cmp.Or(cmp.Compare(cmp.Or(a.Place, last), cmp.Or(b.Place, last)), cmp.Compare(a.Name, b.Name))
	})
	return out
}
