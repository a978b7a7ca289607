package practice

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
)

// Desk is the computer beside the practice server, as far as a switch plays with it.
type Desk interface {
	// HideCA takes the trusted certificates out of the keyring, and puts something
	// in their place that is none where damaged is set. back undoes it.
	HideCA(ctx context.Context, damaged bool) (back func(context.Context) error, err error)
	// Mistype changes the server's address as a slip of the hand does: one text in it
	// becomes another. back undoes it.
	Mistype(ctx context.Context, from, to string) (back func(context.Context) error, err error)
	// Database is the file of the desk's data.
	Database() string
}

// here reports whether a switch plays with the computer that the desk runs on.
func (e Effect) here() bool {
	return e == proxied || e == loseCA || e == damageCA || e == holdTheDesk || e == mistype
}

// apply does what a switch needs done once.
func (p *Practice) apply(f Fault, on bool) error {
	ctx := context.Background()
	switch f.Does {
	case Stop:
		p.mu.Lock()
		defer p.mu.Unlock()
		if on {
			return p.ln.Close()
		}
		return p.listen(ctx)
	case pause:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paused = p.cfg.Now()
	case loseTaxService:
		if !on {
			return p.srv.IssueWaiting(ctx)
		}
	case lockDatabase:
		return p.keep(f.ID, on, func() (func() error, error) { return hold(ctx, p.cfg.DB, "IMMEDIATE") })
	case holdTheDesk:
		return p.keep(f.ID, on, func() (func() error, error) { return hold(ctx, p.cfg.Desk.Database(), "EXCLUSIVE") })
	case loseCA, damageCA:
		return p.keep(f.ID, on, func() (func() error, error) {
			back, err := p.cfg.Desk.HideCA(ctx, f.Does == damageCA)
			return func() error { return back(ctx) }, err
		})
	case mistype:
		return p.keep(f.ID, on, func() (func() error, error) {
			back, err := p.cfg.Desk.Mistype(ctx, f.Typed[0], f.Typed[1])
			return func() error { return back(ctx) }, err
		})
	case proxied:
		return p.keep(f.ID, on, func() (func() error, error) { return p.openProxy(ctx, f) })
	}
	return nil
}

// keep begins something that is undone when the switch goes back.
func (p *Practice) keep(id string, on bool, begin func() (func() error, error)) error {
	if !on {
		p.mu.Lock()
		undo := p.undo[id]
		delete(p.undo, id)
		p.mu.Unlock()
		if undo == nil {
			return nil
		}
		return undo()
	}
	undo, err := begin()
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.undo[id] = undo
	p.mu.Unlock()
	return nil
}

// hold keeps a database locked, as another program does, until let go.
func hold(ctx context.Context, file, how string) (letGo func() error, err error) {
	u := url.URL{Path: file}
	db, err := sql.Open("sqlite", "file:"+u.EscapedPath()+"?_pragma=busy_timeout(2000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN "+how)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() error {
		_, err := conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, conn.Close(), db.Close())
	}, nil
}

// A Detour is the way by which a desk reaches its server: what the environment says,
// and while it leads to a practice, over the proxy of a switch that is on. The zero
// value leads to none; it is safe for concurrent use.
type Detour struct{ p atomic.Pointer[Practice] }

// Lead makes the detour that of a practice.
func (d *Detour) Lead(p *Practice) { d.p.Store(p) }

// Proxy is for http.Transport.
func (d *Detour) Proxy(r *http.Request) (*url.URL, error) {
	if p := d.p.Load(); p != nil {
		if at := p.proxy(); at != nil {
			return at, nil
		}
	}
	return http.ProxyFromEnvironment(r)
}

// proxy is that of the switch which is on; nil for none.
func (p *Practice) proxy() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proxyAt
}
