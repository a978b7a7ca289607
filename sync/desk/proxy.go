package desk

import (
	"context"
	"net/http"
	"net/url"
	"time"

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
