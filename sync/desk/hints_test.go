package desk_test

import (
	"context"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"counterfoil/sync/desk"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/trust"
)

// A switchboard is the reference server, which counts and may refuse streams.
type switchboard struct {
	*httptest.Server
	ca      []byte
	streams atomic.Int64 // that are open
	asked   atomic.Int64 // how often one was asked for
	refuse  atomic.Int64 // status for who asks; 0: none
}

func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "server.db"), uuid.NewString())
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(server.Config{Store: store, Now: time.Now, NewID: uuid.NewString, Version: "test", Environment: "test",
		Access: func(string) (access.Principal, error) { return access.Principal{Branch: "West", Whole: true}, nil }})
	b := &switchboard{}
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/events" {
			b.asked.Add(1)
			if no := b.refuse.Load(); no != 0 {
				w.Header().Set("X-Counterfoil-Product", "counterfoil")
				w.WriteHeader(int(no))
				return
			}
			b.streams.Add(1)
			defer b.streams.Add(-1)
		}
		s.ServeHTTP(w, r)
	}))
	b.EnableHTTP2 = true
	b.Config.ErrorLog = log.New(io.Discard, "", 0)
	b.StartTLS()
	b.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Certificate().Raw})
	t.Cleanup(func() {
		s.Close()
		b.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// join is a desk of its own that syncs in the background.
func (b *switchboard) join(t *testing.T) *desk.Desk {
	t.Helper()
	d := must[*desk.Desk](t)(desk.Open(t.Context(), desk.Config{Dir: t.TempDir(), Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}))
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Trust(t.Context(), must[*trust.Bundle](t)(trust.ParseBundle(b.ca))); err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(t.Context(), b.URL, "token"); err != nil {
		t.Fatal(err)
	}
	d.Start()
	return d
}

// within waits until ok, and returns how long that took.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(5 * time.Millisecond) // the pace of looking
	}
	return time.Since(start)
}

// has reports whether a desk has an invoice.
func has(d *desk.Desk, id string) func() bool {
	return func() bool {
		_, err := d.Store.Invoice(context.Background(), id)
		return err == nil
	}
}

// What one desk changes is at the other within a second, which polls each half
// minute only; also after the line was cut and the stream was opened anew.
func TestColleaguesChange(t *testing.T) {
	b := newSwitchboard(t)
	one, two := b.join(t), b.join(t)
	write := func(remark string) string {
		st, _, err := one.Books.Draft(t.Context(), bill(remark))
		if err != nil {
			t.Fatal(err)
		}
		one.Engine().Kick()
		return st.Invoice.ID
	}
	for _, turn := range []string{"first", "second", "after the line was cut"} {
		if turn == "after the line was cut" {
			b.CloseClientConnections()
		}
		within(t, 20*time.Second, "both listen", func() bool { return b.streams.Load() == 2 })
		// A round that is under way would bring it by itself.
		within(t, 20*time.Second, "both rest", func() bool {
			return time.Until(one.Engine().NextTry()) > 5*time.Second && time.Until(two.Engine().NextTry()) > 5*time.Second
		})
		asked := b.asked.Load()
		id := write(turn)
		if took := within(t, 10*time.Second, turn, has(two, id)); took > time.Second {
			t.Errorf("%s: it took %v", turn, took)
		}
		if b.asked.Load() != asked {
			t.Errorf("%s: streams were opened anew", turn)
		}
	}
}

// A server that has no stream for this token is not asked for one again and
// again; polling goes on. With a new connection it is asked again.
func TestNoStream(t *testing.T) {
	b := newSwitchboard(t)
	b.refuse.Store(http.StatusForbidden)
	d := b.join(t)
	within(t, 20*time.Second, "it was asked", func() bool { return b.asked.Load() > 0 })
	rested := d.Engine().NextTry
	within(t, 20*time.Second, "it polls", func() bool { return time.Until(rested()) > 5*time.Second })
	time.Sleep(2500 * time.Millisecond) // for which nothing must come
	if n := b.asked.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	b.refuse.Store(0)
	d.Reset()
	d.Engine().Kick()
	within(t, 20*time.Second, "a stream", func() bool { return b.streams.Load() == 1 })
}
