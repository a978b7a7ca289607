// Package client puts the parts of a desk's connection together: trusted CA,
// HTTP client, monitor, engine and self-check. It is what a window or a headless
// program holds to talk to the invoice server.
//
// It refuses to open the local store (the caller does, and hands it in) and to
// trust anything but the CA in the keyring.
package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/engine"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
	"counterfoil/sync/remote"
	"counterfoil/sync/trust"
)

// Names of the settings kept in the local store.
const (
	settingURL      = "server_url"
	settingEnrolled = "enrolled_url"
	settingLink     = "link_state"
	settingTrusted  = "ca_sha256" // of the CA trusted last; tells "never loaded" from "lost"
)

// Store is what the client needs of the local store.
type Store interface {
	books.SyncStore
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
	Check(ctx context.Context) error
}

// Config of a Client. Every field but Notify, Proxy and ClassifyStore is needed.
type Config struct {
	Store         Store
	Trust         *trust.Store
	Dir           string // data folder
	Version       string
	Now           func() time.Time
	NewID         func() string
	Rand          func() float64
	Proxy         func(*http.Request) (*url.URL, error) // nil: the environment's
	ClassifyStore func(error) string                    // fault id of a store error, or ""
	Notify        func(engine.Event)
}

// Client is safe for concurrent use.
type Client struct {
	cfg     Config
	monitor *link.Monitor
	engine  *engine.Engine

	mu        sync.Mutex // guards all below
	url       string
	enrolled  string
	token     string
	tokenRead bool
	device    string
	transport *http.Transport
	remote    *remote.Client
}

// New reads the settings and makes the parts; it sends nothing.
func New(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	c := &Client{cfg: cfg}
	c.monitor = link.New(link.Config{Now: cfg.Now, Classify: classify, Place: func() link.Place { return probe.Place(c.URL(), cfg.Proxy) }})
	var err error
	if c.url, err = cfg.Store.Setting(ctx, settingURL); err != nil {
		return nil, err
	}
	if c.enrolled, err = cfg.Store.Setting(ctx, settingEnrolled); err != nil {
		return nil, err
	}
	dev, err := cfg.Store.Device(ctx)
	if err != nil {
		return nil, err
	}
	c.device = dev.ID
	if state, err := cfg.Store.Setting(ctx, settingLink); err == nil && state != "" {
		// A state that cannot be read costs only history.
		_ = c.monitor.Restore([]byte(state))
	}
	c.engine = engine.New(engine.Config{
		Store: cfg.Store, Remote: c, Now: cfg.Now, NewID: cfg.NewID, Rand: cfg.Rand, Notify: cfg.Notify, Version: cfg.Version,
	})
	return c, nil
}

// URL is the connected server's address, empty when there is none yet.
func (c *Client) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url
}

// Monitor is the passive monitor under every request.
func (c *Client) Monitor() *link.Monitor { return c.monitor }

// Engine is the sync engine.
func (c *Client) Engine() *engine.Engine { return c.engine }

// Connect keeps the address and, when it is not empty, the token. It sends nothing.
// A malformed address gives a *books.Error with code "bad_url".
func (c *Client) Connect(ctx context.Context, address, token string) error {
	u, err := CleanURL(address)
	if err != nil {
		return err
	}
	if token != "" {
		if err := c.cfg.Trust.SaveToken(ctx, token); err != nil {
			return err
		}
	}
	if err := c.cfg.Store.SetSetting(ctx, settingURL, u); err != nil {
		return err
	}
	if err := c.cfg.Store.SetSetting(ctx, settingEnrolled, u); err != nil {
		return err
	}
	c.mu.Lock()
	c.url, c.enrolled = u, u
	c.token, c.tokenRead = token, token != ""
	c.mu.Unlock()
	c.Reset()
	return nil
}

// Trust keeps a bundle whose fingerprint was confirmed as the only root for the
// server; the next request uses it. It gives the errors of the keyring.
func (c *Client) Trust(ctx context.Context, b *trust.Bundle) error {
	if err := c.cfg.Trust.Save(ctx, b); err != nil {
		return err
	}
	if err := c.cfg.Store.SetSetting(ctx, settingTrusted, b.Summary()[0].Fingerprint); err != nil {
		return err
	}
	c.Reset()
	return nil
}

// Reset forgets connections, CA and token, so that the next request reads the
// keyring again: after a new CA, a repaired keyring, a new address, a network change.
func (c *Client) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.transport != nil {
		c.transport.CloseIdleConnections()
	}
	c.transport, c.remote = nil, nil
	c.tokenRead = false
}

// ErrNotConnected says that no server address is set yet.
var ErrNotConnected = &books.Error{
	Code: "not_connected", Text: "no invoice server is set up yet",
	Hint: "run the first-run guide, or cfoil connect URL",
}

// Remote gives the HTTP client, made on first use with the CA from the keyring.
func (c *Client) Remote(ctx context.Context) (*remote.Client, error) {
	r, refused, err := c.make(ctx)
	if refused != nil {
		c.monitor.Fault(trust.Classify(refused)) // which asks for the address again
	}
	return r, err
}

// make is Remote; refused is the keyring's error, when that was in the way.
func (c *Client) make(ctx context.Context) (r *remote.Client, refused, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.remote != nil {
		return c.remote, nil, nil
	}
	if c.url == "" {
		return nil, nil, ErrNotConnected
	}
	bundle, err := c.cfg.Trust.Load(ctx)
	if err != nil {
		return nil, err, err
	}
	if !c.tokenRead {
		token, err := c.cfg.Trust.LoadToken(ctx)
		if err != nil && !errors.Is(err, trust.ErrMissing) {
			return nil, nil, err
		}
		c.token, c.tokenRead = token, true
	}
	c.transport = newTransport(trust.TLSConfig(bundle, c.cfg.Now), c.cfg.Proxy)
	token := c.token
	device := c.device
	c.remote, err = remote.New(remote.Config{
		BaseURL:   c.url,
		Token:     func() string { return token },
		Transport: c.monitor.Wrap(c.transport),
		Device:    func() string { return device },
		Version:   c.cfg.Version,
		Now:       c.cfg.Now,
	})
	return c.remote, nil, err
}

func newTransport(t *tls.Config, proxy func(*http.Request) (*url.URL, error)) *http.Transport {
	return &http.Transport{
		Proxy:                 proxy,
		TLSClientConfig:       t,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   2,
		ForceAttemptHTTP2:     true,
	}
}

// SaveState keeps the monitor's history for the next start.
func (c *Client) SaveState(ctx context.Context) error {
	b, err := c.monitor.Export()
	if err != nil {
		return err
	}
	return c.cfg.Store.SetSetting(ctx, settingLink, string(b))
}
