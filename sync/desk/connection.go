package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"counterfoil/app/attention"
	"counterfoil/app/books"
	"counterfoil/localdb"
	"counterfoil/sync/cure"
	"counterfoil/sync/engine"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/sync/remote"
	"counterfoil/sync/route"
	"counterfoil/sync/trust"
)

// Names of the settings kept in the local store.
const (
	settingURL       = "server_url"
	settingEnrolled  = "enrolled_url"
	settingLink      = "link_state"
	settingDiagnosis = "diagnosis" // what is known of the line, for other programs
	settingGood      = "last_good" // the line as it last worked
	settingTrusted   = "ca_sha256" // of the CA trusted last; tells "never loaded" from "lost"
)

// A Connection is how a desk speaks to its invoice server: trusted CA, HTTP client,
// monitor, engine. It is safe for concurrent use.
type Connection struct {
	cfg     Config
	store   *localdb.DB // nil: it does not open, because of trouble
	trouble error
	mended  bool   // it was restored since
	trusted string // fingerprint, where store is nil
	holds   bool   // this process holds the folder
	monitor *link.Monitor
	engine  *engine.Engine
	ward    *cure.Ward
	ill     chan probe.Report // what self-checks found, for who heals; holds one

	hears atomic.Bool // a stream of hints is open

	mu        sync.Mutex // guards all below
	url       string
	enrolled  string
	token     string
	tokenRead bool
	device    string
	bound     identity // of the server that the folder belongs to; zero: of none yet
	transport *http.Transport
	remote    *remote.Client
	quiet     *remote.Client                                                             // the same past the monitor and without the token
	hints     *remote.Client                                                             // with the token, past the monitor: a stream is no request
	hangUp    func()                                                                     // ends the stream of hints; nil: there is none
	met       *remote.Client                                                             // remote, once its server was found to be the folder's
	other     bool                                                                       // it was found to be another
	report    *found                                                                     // by the last self-check; nil: there was none
	route     route.Route                                                                // on which requests go
	askUser   func(ctx context.Context, proxy string) (name, password string, err error) // may be nil
	proxyUser *trust.ProxyUser
	told      func(Notice) // who is told of faults; may be nil
	left      Kept         // what another program knows of the line; zero where this one syncs

	register           *attention.Register
	authorityEnds      time.Time // when the first of the CA certificates ends; zero: not read
	oldest             string    // version of this program that the server takes; empty: any
	conflicts, refused int       // documents that wait for a decision
	copied, begun      time.Time // when the newest backup was made, and the data file
	quotaLists         []func() []attention.Quota
	onCures            func() // may be nil
	goals              link.Goals
	provided           map[cure.Name]cure.Act
}

// newConnection reads the settings and makes the parts; it sends nothing.
func newConnection(ctx context.Context, cfg Config, store *localdb.DB, notify func(engine.Event)) (*Connection, error) {
	c := &Connection{cfg: cfg, store: store, holds: cfg.Use != Draft, ill: make(chan probe.Report, 1)}
	c.monitor = link.New(link.Config{Now: cfg.Now, Place: func() link.Place { return probe.Place(c.URL(), cfg.Proxy) }})
	var err error
	if c.url, err = store.Setting(ctx, settingURL); err != nil {
		return nil, err
	}
	if c.enrolled, err = store.Setting(ctx, settingEnrolled); err != nil {
		return nil, err
	}
	bound, err := store.Setting(ctx, settingBound)
	if err != nil {
		return nil, err
	}
	if bound != "" {
		if err := json.Unmarshal([]byte(bound), &c.bound); err != nil {
			return nil, fmt.Errorf("which server the data folder belongs to: %w", err)
		}
	}
	dev, err := store.Device(ctx)
	if err != nil {
		return nil, err
	}
	c.device = dev.ID
	if state, err := store.Setting(ctx, settingLink); err == nil && state != "" {
		// A state that cannot be read costs only history.
		_ = c.monitor.Restore([]byte(state))
	}
	c.logStates()
	c.recall(ctx)
	c.note(ctx)
	c.engine = engine.New(engine.Config{
		Store: store, Remote: c, Now: cfg.Now, NewID: cfg.NewID, Rand: cfg.Rand, Notify: notify, Version: cfg.Version, Told: c.hears.Load,
	})
	if c.ward, err = c.openWard(ctx, store); err != nil {
		return nil, err
	}
	if c.oldest, err = store.Setting(ctx, settingOldest); err != nil {
		return nil, err
	}
	wanted, err := store.Setting(ctx, settingGoals)
	if err != nil {
		return nil, err
	}
	c.goals = link.GoalsOf(wanted)
	if !c.holds {
		// What cannot be read costs only what another program knows.
		c.left, _, _ = c.Kept(ctx)
	}
	c.openRegister(ctx, store)
	return c, nil
}

// URL is the connected server's address, empty when there is none yet.
func (c *Connection) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url
}

// Monitor is the passive monitor under every request.
func (c *Connection) Monitor() *link.Monitor { return c.monitor }

// Engine is the sync engine.
func (c *Connection) Engine() *engine.Engine { return c.engine }

// Connect keeps the address and, when it is not empty, the token. A token belongs
// to the address it was given for: another one without a token of its own begins
// without (Forgets tells). Nothing is sent but, where the folder belongs to a server
// already, a question who answers there: ErrOther when that is another, and nothing
// is kept. A malformed address gives a *books.Error with code "bad_url".
func (c *Connection) Connect(ctx context.Context, address, token string) error {
	u, err := CleanURL(address)
	if err != nil {
		return err
	}
	if err := c.greet(ctx, u); err != nil {
		return err
	}
	if token != "" {
		if err := c.cfg.Keys.SaveToken(ctx, u, token); err != nil {
			return err
		}
	} else if was := c.registered(); !sameOrigin(u, was) {
		// One with its address is not used at another; one of an older version would be.
		if err := c.cfg.Keys.ForgetToken(ctx); err != nil && was != "" && !errors.Is(err, trust.ErrUnavailable) {
			return err
		}
	}
	if err := c.store.SetSetting(ctx, settingURL, u); err != nil {
		return err
	}
	if err := c.store.SetSetting(ctx, settingEnrolled, u); err != nil {
		return err
	}
	c.mu.Lock()
	c.url, c.enrolled = u, u
	c.mu.Unlock()
	c.note(ctx)
	c.Reset()
	return nil
}

func (c *Connection) registered() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enrolled
}

// Forgets reports whether connecting to an address without a token loses the one
// that is kept, because that was given for another address.
func (c *Connection) Forgets(ctx context.Context, address string) bool {
	u, err := CleanURL(address)
	if err != nil || sameOrigin(u, c.registered()) {
		return false
	}
	_, _, err = c.cfg.Keys.LoadToken(ctx)
	return err == nil
}

// loadToken returns the token that was given for an address, empty when there is none.
func (c *Connection) loadToken(ctx context.Context, address, enrolled string) (string, error) {
	of, token, err := c.cfg.Keys.LoadToken(ctx)
	if errors.Is(err, trust.ErrMissing) {
		return "", nil
	}
	if err == nil && !sameOrigin(address, cmp.Or(of, enrolled)) {
		return "", nil // it was given for another address
	}
	return token, err
}

// Trust keeps a bundle whose fingerprint was confirmed as the only root for the
// server; the next request uses it. It gives the errors of the keyring.
func (c *Connection) Trust(ctx context.Context, b *trust.Bundle) error {
	if err := c.cfg.Keys.Save(ctx, b); err != nil {
		return err
	}
	if err := c.store.SetSetting(ctx, settingTrusted, b.Summary()[0].Fingerprint); err != nil {
		return err
	}
	c.note(ctx)
	c.Reset()
	return nil
}

// Reset forgets connections, CA and token, so that the next request reads the
// keyring again: after a new CA, a repaired keyring, a new address, a network change.
func (c *Connection) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
}

// forget is Reset; c.mu is held.
func (c *Connection) forget() {
	if c.transport != nil {
		c.transport.CloseIdleConnections()
	}
	c.endStream()
	c.transport, c.remote, c.quiet, c.hints, c.met = nil, nil, nil, nil, nil
	c.tokenRead, c.other = false, false
}

// endStream ends the stream of hints, which is then opened anew; c.mu is held.
func (c *Connection) endStream() {
	if c.hangUp != nil {
		c.hangUp()
		c.hangUp = nil
	}
}

// ErrNotConnected says that no server address is set yet.
var ErrNotConnected = &books.Error{
	Code: "not_connected", Text: "no invoice server is set up yet",
	Hint: "run the first-run guide, or cfoil connect URL",
}

// Remote returns the HTTP client, made on first use with the CA from the keyring.
func (c *Connection) Remote(ctx context.Context) (*remote.Client, error) {
	r, refused, err := c.make(ctx)
	if refused != nil {
		o := fault.OfError(refused)
		o.Kind = "keyring"
		c.monitor.Observe(o) // which asks for the address again
	}
	return r, err
}

// make is Remote; refused is the keyring's error, when that was in the way.
func (c *Connection) make(ctx context.Context) (r *remote.Client, refused, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.remote != nil {
		return c.remote, nil, nil
	}
	if c.url == "" {
		return nil, nil, ErrNotConnected
	}
	bundle, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return nil, err, err
	}
	if !c.tokenRead {
		token, err := c.loadToken(ctx, c.url, c.enrolled)
		if err != nil {
			return nil, nil, err
		}
		c.token, c.tokenRead = token, true
	}
	c.trusts(bundle)
	transport := c.route.Transport(c.ground(c.url, bundle))
	session := &remote.Session{}
	spoken, err := c.speak(c.url, c.token, c.monitor.Wrap(transport), session)
	if err != nil {
		return nil, nil, err
	}
	quiet, err := c.speak(c.url, "", transport, nil)
	if err != nil {
		return nil, nil, err
	}
	hints, err := c.speak(c.url, c.token, transport, session)
	if err != nil {
		return nil, nil, err
	}
	c.transport, c.remote, c.quiet, c.hints = transport, spoken, quiet, hints
	return c.remote, nil, nil
}

// speak makes an HTTP client of an address.
func (c *Connection) speak(address, token string, over http.RoundTripper, session *remote.Session) (*remote.Client, error) {
	return remote.New(remote.Config{
		BaseURL:   address,
		Token:     func() string { return token },
		Transport: over,
		Device:    func() string { return c.device },
		Version:   c.cfg.Version,
		Now:       c.cfg.Now,
		Session:   session,
	})
}
