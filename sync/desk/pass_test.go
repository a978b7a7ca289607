package desk_test

import (
	"context"
	"crypto/tls"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/remote"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/trust"
)

// A server that gives passes: late is how many seconds its clock is on, revoked whether
// the token was taken back.
type passing struct {
	late    atomic.Int64
	revoked atomic.Bool
}

func (p *passing) serve(t *testing.T) (address string, ca []byte) {
	return referenceWith(t, func(*tls.Config) {}, func(c *server.Config) {
		c.PassLife = time.Hour
		c.Now = func() time.Time { return time.Now().Add(time.Duration(p.late.Load()) * time.Second) }
		let := c.Access
		c.Access = func(s string) (access.Principal, error) {
			if s == token && p.revoked.Load() {
				return access.Principal{}, access.ErrRevoked
			}
			return let(s)
		}
	})
}

// connected is a new desk of a server.
func connected(t *testing.T, address string, ca []byte) *desk.Desk {
	t.Helper()
	ctx := context.Background()
	d := must[*desk.Desk](t)(desk.Open(ctx, desk.Config{Dir: filepath.Join(t.TempDir(), "desk"), Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}))
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))); err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(ctx, address, token); err != nil {
		t.Fatal(err)
	}
	return d
}

// What runs out is renewed in passing: sync goes on and nothing is shown. A token that was
// taken back asks for a sign-in, and what was drafted stays.
func TestPassRunsOut(t *testing.T) {
	var p passing
	address, ca := p.serve(t)
	d := connected(t, address, ca)
	ctx := context.Background()
	once := func(remark string) error {
		t.Helper()
		if _, _, err := d.Books.Draft(ctx, bill(remark)); err != nil {
			t.Fatal(err)
		}
		_, err := d.Engine().Once(ctx)
		return err
	}
	if err := once("with the first pass"); err != nil {
		t.Fatal(err)
	}
	p.late.Store(3600)
	if err := once("with the second"); err != nil {
		t.Fatal(err)
	}
	if s := d.Monitor().State(); s.Kind != link.Online || s.Fault != "" {
		t.Errorf("%+v is shown", s)
	}
	if r := d.SelfCheck(ctx, "", 10*time.Second, nil, "signin"); r.Fault != fault.OK {
		t.Errorf("%s %s", r.Confidence, r.Fault)
	}
	p.revoked.Store(true)
	var e *remote.Error
	if err := once("kept"); !errors.As(err, &e) || e.Problem.Code != "token_revoked" {
		t.Fatal(err)
	}
	if r := d.SelfCheck(ctx, "", 10*time.Second, nil, "signin"); r.Fault != "A02" {
		t.Errorf("%s %s", r.Confidence, r.Fault)
	}
	p.revoked.Store(false)
	if sum, err := d.Engine().Once(ctx); err != nil || sum.Pushed != 1 {
		t.Errorf("%+v %v", sum, err)
	}
}

// Desks that renew at the same time do not sign each other out.
func TestPassesAtOnce(t *testing.T) {
	var p passing
	address, ca := p.serve(t)
	desks := []*desk.Desk{connected(t, address, ca), connected(t, address, ca)}
	for _, late := range []int64{0, 3600, 7200} {
		p.late.Store(late)
		var group sync.WaitGroup
		for _, d := range desks {
			group.Go(func() {
				for range 3 {
					if _, err := d.Engine().Once(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	}
}
