package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"counterfoil/sync/wire"
)

// giving is a server that gives passes, of which it takes the last that good names; refuse
// answers for /v1/token where it is not 0.
type giving struct {
	mu     sync.Mutex
	given  int
	good   int // the oldest that counts
	refuse int
	pulls  atomic.Int32
}

func (g *giving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/healthz":
		answer(w, 200, "counterfoil", "application/json", `{"product":"counterfoil","pass_life_s":3600}`)
	case r.URL.Path == "/v1/token" && g.refuse != 0:
		answer(w, g.refuse, "counterfoil", "application/problem+json", `{"code":"token_revoked","title":"x"}`)
	case r.URL.Path == "/v1/token" && bearer == "secret":
		g.given++
		answer(w, 200, "counterfoil", "application/json", fmt.Sprintf(`{"token":"pass %d","expires_in":3600}`, g.given))
	default:
		g.pulls.Add(1)
		n := 0
		if _, err := fmt.Sscanf(bearer, "pass %d", &n); err != nil || n < g.good {
			answer(w, 401, "counterfoil", "application/problem+json", `{"code":"token_expired","title":"x"}`)
			return
		}
		answer(w, 200, "counterfoil", "application/json", `{"epoch":"e","cursor":"e:0:all","changes":[]}`)
	}
}

func (g *giving) set(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func pull(c *Client) error {
	_, err := c.Pull(context.Background(), wire.PullQuery{Limit: 1})
	return err
}

// What ran out is renewed in passing: nobody hears of it.
func TestRenew(t *testing.T) {
	g := &giving{}
	c := against(t, g.ServeHTTP)
	if _, err := c.Health(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := pull(c); err != nil {
			t.Fatal(err)
		}
	}
	if g.given != 1 || g.pulls.Load() != 3 {
		t.Errorf("%d passes for %d pulls", g.given, g.pulls.Load())
	}
}

// A server that is not known to give passes is shown the token, and says so.
func TestRenewUnasked(t *testing.T) {
	g := &giving{}
	if err := pull(against(t, g.ServeHTTP)); err != nil || g.given != 1 || g.pulls.Load() != 2 {
		t.Errorf("%v, %d passes for %d pulls", err, g.given, g.pulls.Load())
	}
}

// Many requests at once ask for one pass.
func TestRenewOnce(t *testing.T) {
	g := &giving{}
	c := against(t, g.ServeHTTP)
	if _, err := c.Health(context.Background()); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := pull(c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if g.given != 1 {
		t.Errorf("%d passes were asked for", g.given)
	}
}

// A server that takes none of the passes that it gives is not asked for ever.
func TestNoStorm(t *testing.T) {
	g := &giving{good: 1 << 30}
	c := against(t, g.ServeHTTP)
	for range 10 {
		var e *Error
		if err := pull(c); !errors.As(err, &e) || e.Problem.Code != "token_expired" {
			t.Fatal(err)
		}
	}
	if g.given != 1 {
		t.Errorf("%d passes for 10 requests", g.given)
	}
}

// A token that was taken back gets no pass; when it is given back, all goes on.
func TestRenewRefused(t *testing.T) {
	g := &giving{refuse: 401}
	c := against(t, g.ServeHTTP)
	var e *Error
	if err := pull(c); !errors.As(err, &e) || e.Op != "token" || e.Problem.Code != "token_revoked" {
		t.Fatal(err)
	}
	g.set(func() { g.refuse = 503 })
	if err := pull(c); !errors.As(err, &e) || e.Op != "token" || e.Status != 503 {
		t.Fatal(err)
	}
	g.set(func() { g.refuse = 0 })
	if err := pull(c); err != nil {
		t.Fatal(err)
	}
}
