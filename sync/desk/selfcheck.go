package desk

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"net/http"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/osproxy"
	"counterfoil/sync/probe"
	"counterfoil/sync/route"
	"counterfoil/sync/trust"
	"counterfoil/sync/wire"
)

// SelfCheck walks the ladder against the connected server, or against address
// when it is not empty, with the CA of this desk; only: the named observers and those
// that they need. It changes nothing but what is known of the line when it is well.
func (c *Connection) SelfCheck(ctx context.Context, address string, timeout time.Duration, progress func(probe.Check), only ...string) probe.Report {
	r := c.Ladder(address, timeout).Run(ctx, progress, only...)
	c.learn(ctx, r)
	fill(&r)
	return r
}

// fill gives the texts of all findings the host that was walked to, where the walk
// itself did not name one.
func fill(r *probe.Report) {
	host := hostOf(r.Address)
	named := func(f *fault.Finding) {
		if f.Values["host"] == "" && host != "" && f.Fault != fault.OK {
			f.Values = maps.Clone(f.Values)
			if f.Values == nil {
				f.Values = map[string]string{}
			}
			f.Values["host"] = host
		}
	}
	named(&r.Finding)
	for i := range r.Also {
		named(&r.Also[i])
	}
}

// Ladder is the self-check set up for this desk.
func (c *Connection) Ladder(address string, timeout time.Duration) *probe.Ladder {
	c.mu.Lock()
	url, enrolled, way := c.url, c.enrolled, c.route
	c.mu.Unlock()
	if address != "" {
		url = address
	}
	return probe.New(probe.Config{
		ServerURL:   url,
		EnrolledURL: enrolled,
		Asked:       address != "",
		Roots: func(ctx context.Context) ([]*x509.Certificate, error) {
			b, err := c.cfg.Keys.Load(ctx)
			if errors.Is(err, trust.ErrMissing) && !c.everTrusted(ctx) {
				return nil, nil // nothing is lost where nothing was ever loaded
			}
			if err != nil {
				return nil, err
			}
			return b.Certs, nil
		},
		Transport: func(roots []*x509.Certificate) *http.Transport {
			return way.Transport(c.ground(url, &trust.Bundle{Certs: roots}))
		},
		Varied: func(roots []*x509.Certificate, r route.Route) *http.Transport {
			return way.With(r).Transport(c.ground(url, &trust.Bundle{Certs: roots}))
		},
		CheckStore:  c.checkStore,
		Stuck:       c.stuck,
		Trusted:     c.lastTrusted(context.Background()),
		Held:        c.heldByAnother,
		DataDir:     c.cfg.Dir,
		Proxy:       way.Choose(c.ground(url, &trust.Bundle{})),
		Tunnels:     way.Tunnels(c.ground(url, &trust.Bundle{})),
		Settings:    c.settings(),
		Now:         c.cfg.Now,
		Other:       c.isOther,
		Token:       func(ctx context.Context) (string, error) { return c.loadToken(ctx, url, enrolled) },
		Environment: c.Environment(),
		Version:     c.cfg.Version,
		Device:      c.device,
		Timeout:     timeout,
		ProtocolMin: wire.ProtocolMin,
		ProtocolMax: wire.ProtocolMax,
		LastGood:    c.monitor.LastGood(),
		Seen:        c.seen(address),
	})
}

// seen is what real requests told of the server that is walked to.
func (c *Connection) seen(address string) []fault.Observation {
	if address != "" {
		return nil // another
	}
	return c.monitor.Seen()
}

// settings reads the system's proxy settings, where they are a way that may be taken.
func (c *Connection) settings() func(context.Context) osproxy.Settings {
	if c.cfg.System == nil {
		return nil
	}
	return osproxy.Read
}
