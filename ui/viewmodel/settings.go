package viewmodel

import (
	"context"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/settings"
)

// CASummary is what a person reads of a certificate before trusting it.
type CASummary struct {
	Subject, Issuer     string
	NotBefore, NotAfter time.Time
	Fingerprint         string // SHA-256, hex
}

// CAKeeper reads and keeps the certificate of the invoice team.
type CAKeeper interface {
	Parse(pem []byte) ([]CASummary, error)
	// Trust keeps the certificates when the fingerprint is theirs; an error otherwise.
	Trust(ctx context.Context, pem []byte, fingerprint string) error
}

// CAImport leads from a file to a trusted certificate: file, summary,
// fingerprint compared, trusted. Nothing is kept before the fingerprint is right.
type CAImport struct {
	Changed func()

	setup   Setup
	keeper  CAKeeper
	pem     []byte
	list    []CASummary
	typed   string
	busy    bool
	trusted bool
	message string
}

// NewCAImport makes an empty import.
func NewCAImport(s Setup, keeper CAKeeper) *CAImport { return &CAImport{setup: s, keeper: keeper} }

// File takes the content of the chosen file.
func (c *CAImport) File(pem []byte) {
	if c.busy {
		return
	}
	c.pem, c.typed, c.trusted, c.message = append([]byte{}, pem...), "", false, ""
	var err error
	if c.list, err = c.keeper.Parse(c.pem); err != nil {
		c.pem, c.list, c.message = nil, nil, Sentence(c.setup.Words, err)
	}
	c.changed()
}

// Type takes the fingerprint as the clerk heard or got it; spaces, colons,
// dashes and capitals do not matter.
func (c *CAImport) Type(s string) {
	c.typed = s
	c.changed()
}

func plainHex(s string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", ":", "", "-", "", "\n", "", "\t", "", "\r", "").Replace(s))
}

// Match says whether the typed fingerprint is the first certificate's; Wrong
// says that what was typed already differs.
func (c *CAImport) Match() bool {
	return len(c.list) > 0 && plainHex(c.typed) != "" && plainHex(c.typed) == plainHex(c.list[0].Fingerprint)
}

// Wrong says that what was typed so far cannot become right.
func (c *CAImport) Wrong() bool {
	return len(c.list) > 0 && !strings.HasPrefix(plainHex(c.list[0].Fingerprint), plainHex(c.typed))
}

// Trust keeps the certificate when the fingerprint matches.
func (c *CAImport) Trust(ctx context.Context) {
	if !c.Match() || c.busy {
		return
	}
	c.busy, c.message = true, ""
	pem, typed := c.pem, plainHex(c.typed)
	away(c.setup, ctx, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.keeper.Trust(ctx, pem, typed) },
		func(_ struct{}, err error) {
			c.busy, c.trusted, c.message = false, err == nil, Sentence(c.setup.Words, err)
			c.changed()
		})
	c.changed()
}

// Summary, Busy, Trusted and Message are what the page shows.
func (c *CAImport) Summary() []CASummary { return c.list }
func (c *CAImport) Busy() bool           { return c.busy }
func (c *CAImport) Trusted() bool        { return c.trusted }
func (c *CAImport) Message() string      { return c.message }

// Grouped is a fingerprint as it is read aloud: groups of four.
func (s CASummary) Grouped() string {
	var b strings.Builder
	for i, r := range strings.ToUpper(plainHex(s.Fingerprint)) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (c *CAImport) changed() {
	if c.Changed != nil {
		c.Changed()
	}
}

// Connector keeps the server's address and token.
type Connector interface {
	URL() string
	// Connect keeps the address and, when not empty, the token.
	Connect(ctx context.Context, address, token string) error
	// Forgets reports whether connecting without a token loses the one that is kept,
	// because that was given for another address.
	Forgets(ctx context.Context, address string) bool
}

// errForgotten tells what is left to do after the address was kept.
var errForgotten = &books.Error{Code: "token_forgotten", Text: "the address is kept; the token was given for the old one and is forgotten", Hint: "type the token of the new server"}

// PlaceFacts are shown and cannot be changed here.
type PlaceFacts struct {
	Keyring Bilingual // which keyring holds the secrets
	Folder  string    // data folder
	Version string
}

// Settings is the settings page. The token is written and never shown.
type Settings struct {
	Changed  func()
	Restyled func(settings.Settings) // language or theme was changed: rebuild the window
	CA       *CAImport
	Place    PlaceFacts

	setup   Setup
	store   settings.Store
	conn    Connector
	values  settings.Settings
	busy    bool
	message string
	saved   bool
}

// NewSettings makes the page with the values that were loaded at start.
func NewSettings(s Setup, store settings.Store, conn Connector, keeper CAKeeper, values settings.Settings, place PlaceFacts) *Settings {
	v := &Settings{setup: s, store: store, conn: conn, values: values, Place: place}
	v.CA = NewCAImport(s, keeper)
	v.CA.Changed = v.changed
	return v
}

// Values, URL, Busy, Saved and Message are what the page shows.
func (v *Settings) Values() settings.Settings { return v.values }
func (v *Settings) URL() string               { return v.conn.URL() }
func (v *Settings) Busy() bool                { return v.busy }
func (v *Settings) Saved() bool               { return v.saved }
func (v *Settings) Message() string           { return v.message }

// SetLanguage and SetTheme take effect at once and are kept.
func (v *Settings) SetLanguage(l settings.Language) {
	next := v.values
	next.Language = l
	v.restyle(next)
}

// SetTheme changes the look at once.
func (v *Settings) SetTheme(t settings.Theme) {
	next := v.values
	next.Theme = t
	v.restyle(next)
}

// SetNotices lets the desktop tell of faults, or not.
func (v *Settings) SetNotices(on bool) {
	if v.values.Notices == on {
		return
	}
	v.values.Notices = on
	next := v.values
	v.keep(func(ctx context.Context) error { return settings.Save(ctx, v.store, next) })
}

func (v *Settings) restyle(next settings.Settings) {
	if next == v.values {
		return
	}
	v.values = next
	v.keep(func(ctx context.Context) error { return settings.Save(ctx, v.store, next) })
	if v.Restyled != nil {
		v.Restyled(next)
	}
}

// Connect keeps the address and, when given, the token. A token that does not
// belong to the address is forgotten, and the message says so.
func (v *Settings) Connect(address, token string) {
	if v.busy {
		return
	}
	address, token = strings.TrimSpace(address), strings.TrimSpace(token)
	v.keep(func(ctx context.Context) error {
		forgets := token == "" && v.conn.Forgets(ctx, address)
		if err := v.conn.Connect(ctx, address, token); err != nil || !forgets {
			return err
		}
		return errForgotten
	})
}

func (v *Settings) keep(work func(context.Context) error) {
	v.busy, v.saved, v.message = true, false, ""
	away(v.setup, context.Background(), func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) },
		func(_ struct{}, err error) {
			v.busy, v.saved, v.message = false, err == nil, Sentence(v.setup.Words, err)
			v.changed()
		})
	v.changed()
}

func (v *Settings) changed() {
	if v.Changed != nil {
		v.Changed()
	}
}
