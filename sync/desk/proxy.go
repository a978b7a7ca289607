package desk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"counterfoil/sync/cure"
	"counterfoil/sync/fault"
	"counterfoil/sync/trust"
)

// KeepProxyUser keeps the user name and password for an office's proxy (host:port) in
// the keyring; they are used once the cure that signs in there is applied.
func (c *Connection) KeepProxyUser(ctx context.Context, u trust.ProxyUser) error {
	if err := c.cfg.Keys.SaveProxyUser(ctx, u); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proxyUser = &u
	c.forget()
	return nil
}

// AskProxyUser sets who asks a person for the sign-in at an office's proxy (host:port)
// where none is kept; an error of its own ends the cure that wanted it.
func (c *Connection) AskProxyUser(f func(ctx context.Context, proxy string) (name, password string, err error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.askUser = f
}

// canSignIn reports whether a sign-in for a proxy is kept, or somebody can be asked.
func (c *Connection) canSignIn(proxy string) bool {
	if _, ok := c.knownUser(proxy); ok {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.askUser != nil
}

// learnUser asks for the sign-in at a proxy where none is kept.
func (c *Connection) learnUser(ctx context.Context, proxy string) error {
	if _, ok := c.knownUser(proxy); ok {
		return nil
	}
	c.mu.Lock()
	ask := c.askUser
	c.mu.Unlock()
	if ask == nil {
		return cure.ErrNone
	}
	name, password, err := ask(ctx, proxy)
	if err != nil {
		return err
	}
	return c.KeepProxyUser(ctx, trust.ProxyUser{Proxy: proxy, Name: name, Password: password})
}

// unlearnUser forgets a sign-in that the proxy refuses: the next time it is asked for.
func (c *Connection) unlearnUser(ctx context.Context, why error) error {
	var a *fault.ProxyAnswer
	if !errors.As(why, &a) || a.Status != http.StatusProxyAuthRequired && a.Status != http.StatusUnauthorized {
		return nil
	}
	c.mu.Lock()
	c.proxyUser = nil
	c.mu.Unlock()
	return c.cfg.Keys.ForgetProxyUser(ctx)
}

// knownUser is the sign-in that is kept for a proxy, read from the keyring once.
func (c *Connection) knownUser(proxy string) (trust.ProxyUser, bool) {
	c.mu.Lock()
	u := c.proxyUser
	c.mu.Unlock()
	if u == nil {
		const patience = 3 * time.Second
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		kept, err := c.cfg.Keys.LoadProxyUser(ctx)
		if err != nil {
			return trust.ProxyUser{}, false
		}
		u = &kept
		c.mu.Lock()
		c.proxyUser = u
		c.mu.Unlock()
	}
	return *u, u.Proxy != "" && u.Proxy == proxy
}

// signIn is what a proxy is shown; nil for one that no sign-in is kept for.
func (c *Connection) signIn(proxy *url.URL) *url.Userinfo {
	u, ok := c.knownUser(proxy.Host)
	if !ok {
		return nil
	}
	return url.UserPassword(u.Name, u.Password)
}

// ProxyInUse is the proxy (host:port) on the way to the server; "" for none.
func (c *Connection) ProxyInUse() string {
	return c.proxyOf(c.way().Choose(c.ground(c.URL(), &trust.Bundle{})))
}

// proxyOf is the proxy (host:port) that something chooses for the server; "" for none.
func (c *Connection) proxyOf(choose func(*http.Request) (*url.URL, error)) string {
	u, err := url.Parse(c.URL())
	if err != nil || choose == nil {
		return ""
	}
	via, err := choose(&http.Request{URL: u, Header: http.Header{}})
	if err != nil || via == nil {
		return ""
	}
	return via.Host
}
