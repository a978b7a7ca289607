package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/fault"
	"counterfoil/sync/remote"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// settingBound holds which server the data folder belongs to, as JSON.
const settingBound = "bound_server"

// another is what is seen where a server is not the folder's.
var another = fault.Observation{Kind: "health", Stage: "identity", Via: fault.Real, Outcome: fault.No}

// ErrOther says that the server is not the one that the data folder belongs to.
// Nothing is sent to it.
var ErrOther = &books.Error{
	Code: "other_server", Field: "url", Text: "this is not the invoice server that this data folder belongs to; nothing was sent",
	Hint: "type the old address again; for another server use a new data folder; what is not sent yet stays here and can be exported",
}

// An identity is which server a data folder belongs to. It is learnt at the first
// contact and never changes.
type identity struct {
	Server      string   `json:"server,omitempty"` // empty: an old server, which has none
	Company     string   `json:"company,omitempty"`
	Environment string   `json:"environment"`
	CA          []string `json:"ca,omitempty"` // fingerprints trusted when it was learnt: what tells old servers apart
}

// differs reports whether two identities are of different servers, as far as both say.
func (i identity) differs(other identity) bool {
	apart := func(a, b string) bool { return a != "" && b != "" && a != b }
	return apart(i.Environment, other.Environment) || apart(i.Company, other.Company) || apart(i.Server, other.Server)
}

func identityOf(h wire.Health, b *trust.Bundle) identity {
	i := identity{Server: h.Server, Company: h.Company, Environment: h.Environment}
	for _, s := range b.Summary() {
		i.CA = append(i.CA, s.Fingerprint)
	}
	return i
}

// is reports whether the server seen is the one that i stands for. Its zero value
// stands for any.
func (i identity) is(seen identity) bool {
	switch {
	case i.Environment == "":
		return true
	case i.Environment != seen.Environment, i.Company != "" && i.Company != seen.Company:
		return false
	case i.Server != "":
		return i.Server == seen.Server
	}
	return slices.ContainsFunc(seen.CA, func(s string) bool { return slices.Contains(i.CA, s) })
}

// bind returns the HTTP client once its server has shown itself to be the one that
// the data folder belongs to; a new folder belongs to the first. ErrOther, or
// what is in the way of asking.
func (c *Connection) bind(ctx context.Context) (*remote.Client, error) {
	if c.cfg.Use == Draft {
		return nil, errDrafting
	}
	r, err := c.Remote(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	met, quiet := c.met == r, c.quiet
	if c.other {
		r = quiet // so that the line does not look well each time it is asked
	}
	c.mu.Unlock()
	if met {
		return r, nil
	}
	h, err := r.Health(ctx)
	switch {
	case err != nil:
	case h.Product != wire.Product:
		err = &remote.Error{Op: "health", Status: http.StatusOK, NotOurs: true}
	default:
		err = c.belongs(ctx, h)
	}
	out, err := c.meet(r, err)
	if err == ErrOther {
		c.monitor.Proven(fault.Judge(fault.SetOf(another)).Finding) // asks for the address: c.mu is free
	}
	return out, err
}

// meet notes what came of asking r who it is.
func (c *Connection) meet(r *remote.Client, err error) (*remote.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == ErrOther || c.other && err != nil:
		c.other = true
		return nil, ErrOther
	case err != nil:
		return nil, err
	case c.remote == nil || c.remote != r && c.quiet != r:
		return nil, errReset
	}
	c.other, c.met = false, c.remote
	return c.remote, nil
}

// errDrafting says that another process may be syncing the folder.
var errDrafting = errors.New("the data folder was opened for drafting alone")

// errReset says that the connection was reset while it was made; the next try works.
var errReset = errors.New("the connection was reset")

// belongs compares a health answer with the folder's server, and learns what the
// folder does not know of it yet.
func (c *Connection) belongs(ctx context.Context, h wire.Health) error {
	b, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return err
	}
	seen := identityOf(h, b)
	c.mu.Lock()
	bound := c.bound
	c.mu.Unlock()
	if !bound.is(seen) {
		return ErrOther
	}
	c.heard(ctx, h)
	if bound.Environment != "" && (bound.Server != "" || seen.Server == "") && (bound.Company != "" || seen.Company == "") &&
		(bound.Server != "" || slices.Equal(bound.CA, seen.CA)) {
		return nil
	}
	raw, err := json.Marshal(seen)
	if err == nil {
		err = c.store.SetSetting(ctx, settingBound, string(raw))
	}
	if err == nil {
		c.mu.Lock()
		c.bound = seen
		c.mu.Unlock()
	}
	return err
}

// Environment is that of the server which the folder belongs to, like "production"
// or "practice"; empty before the first contact.
func (c *Connection) Environment() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bound.Environment
}

// isOther reports whether a health answer comes from another server than the
// folder's, for the self-check.
func (c *Connection) isOther(ctx context.Context, h wire.Health) bool {
	b, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.bound.is(identityOf(h, b))
}

// greeting is how long Connect waits for a new address to show who it is.
const greeting = 3 * time.Second

// greet asks a new address who it is, without the token: ErrOther when it is
// reached and is another server. What cannot be reached is found out later.
func (c *Connection) greet(ctx context.Context, address string) error {
	c.mu.Lock()
	bound, same := c.bound.Environment != "", address == c.url
	c.mu.Unlock()
	if !bound || same {
		return nil
	}
	b, err := c.cfg.Keys.Load(ctx)
	if err != nil {
		return nil
	}
	t := c.way().Transport(c.ground(address, b))
	defer t.CloseIdleConnections()
	r, err := c.speak(address, "", t, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	if h, err := r.Health(ctx); err == nil && c.isOther(ctx, h) {
		return ErrOther
	}
	return nil
}
