// Package cure is what the program can do against a fault by itself.
//
// Words: a Cure is one thing that can be done, known by its Name, which the rows of
// sync/fault carry; an Offer is a cure prepared for what a self-check found, with the
// sentence that is shown before anything is changed; a Ward keeps the cures that are in
// force, tries each before it stays, takes back what does not help, and ends what is no
// longer needed. Most cures change the Route over which the program dials; the others
// are Acts that whoever opens the ward hands in.
//
// It refuses to lower TLS or to leave a check of the certificate out, to show a secret
// to a server that is not verified, and to change a setting that nobody agreed to.
package cure

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

// Name is the stable name of a cure, as rows and settings hold it.
type Name string

// The cures.
const (
	LastGoodAddress  Name = "last_good_address"
	TCPDNS           Name = "tcp_dns"
	FreshDNS         Name = "fresh_dns"
	IPv4Only         Name = "ipv4_only"
	ClassicKeys      Name = "classic_keys"
	SmallSegments    Name = "small_segments"
	DirectWay        Name = "direct"
	OSProxy          Name = "os_proxy"
	ProxySignIn      Name = "proxy_signin"
	SourceAddress    Name = "source_address"
	RememberedBeside Name = "remembered_intermediate"
	HTTP1            Name = "http1"
	IdentityEncoding Name = "identity_encoding"
	OtherPort        Name = "other_port"
	OtherNode        Name = "other_node"
	HTTPS            Name = "https"
	RestoreURL       Name = "restore_url"
	SignInPage       Name = "sign_in_page"
	RefreshToken     Name = "refresh_token"
	Reconnect        Name = "reconnect"
	ImportCA         Name = "import_ca"
	UnlockKeyring    Name = "unlock_keyring"
	SplitKeyring     Name = "split_keyring"
	RebuildCache     Name = "rebuild_cache"
	RestoreBackup    Name = "restore_backup"
	RepairData       Name = "repair_data"
	FreeSpace        Name = "free_space"
	MoveData         Name = "move_data"
	Park             Name = "park"
	FocusWindow      Name = "focus_window"
)

// Cure is what is known of one.
type Cure struct {
	Name    Name       `json:"-"`
	Changes fault.Text `json:"changes"` // the sentence before it is applied, with {placeholders}
	Risk    fault.Text `json:"risk"`    // empty: none
	Itself  bool       `json:"itself"`  // harmless: the program applies it when the fault is proven
	Consent bool       `json:"consent"` // changes a setting: only where a person agreed
	Person  bool       `json:"person"`  // hands over to a person: the next check tells whether it helped
	AgainM  int        `json:"again_min"`
}

// Again is how long it is in force before it is looked whether it is needed still; 0:
// it is in force until it is taken back.
func (c Cure) Again() time.Duration { return time.Duration(c.AgainM) * time.Minute }

// Offer is a cure prepared for what was found.
type Offer struct {
	Cure
	Fault  fault.ID          // that it is for
	Route  route.Route       // what it changes on the way; plain for an act
	Values map[string]string // fill the placeholders of its texts
}

// Preview is what it will change, in "zh" or "en".
func (o Offer) Preview(lang string) string { return fault.Render(o.Changes.In(lang), o.Values) }

//go:embed cures.json
var file []byte

// read parses the embedded file once; only the tests see its error.
var read = sync.OnceValues(func() (map[Name]Cure, error) {
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	out := map[Name]Cure{}
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	for n, c := range out {
		c.Name = n
		out[n] = c
	}
	return out, nil
})

// Lookup returns a cure by its name.
func Lookup(n Name) (Cure, bool) {
	all, _ := read() // see there
	c, ok := all[n]
	return c, ok
}

// Names are all cures, sorted.
func Names() []Name {
	all, _ := read() // see there
	var out []Name
	for n := range all {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Why a cure was not applied.
var (
	ErrNoHelp   = errors.New("the cure does not help; everything is as before")
	ErrNone     = errors.New("there is no such cure for what was found")
	ErrConsent  = errors.New("the cure changes a setting: somebody must agree first")
	ErrNotAlive = errors.New("no such cure is in force")
)
