package attack

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// How long a connection that does nothing may be held open.
const (
	headerLimit = 25 * time.Second
	stillLimit  = 45 * time.Second  // of a body that stands still
	dripLimit   = 130 * time.Second // of a body that goes on by a byte a second
	readLimit   = 330 * time.Second // of an answer that nobody reads
)

// A slow attacker holds connections; each kind is dropped within its limit.
type slow struct {
	name  string
	limit time.Duration
	// hold opens a connection, says what it says and then waits until the server
	// drops it. The error of being dropped is the good end.
	hold func(t *testing.T, s *server, k token) (net.Conn, func(net.Conn) error)
}

func dialTLS(t *testing.T, s *server) net.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.listen, &tls.Config{RootCAs: ca(t).pool, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// waits reads until the server hangs up.
func waits(c net.Conn) error { _, err := io.Copy(io.Discard, c); return err }

// drips writes a byte a second until the server hangs up.
func drips(c net.Conn) error {
	gone := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, c); close(gone) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-gone:
			return nil
		case <-tick.C:
			if _, err := io.WriteString(c, "x"); err != nil {
				return err
			}
		}
	}
}

func slows() []slow {
	says := func(head string, then func(net.Conn) error) func(*testing.T, *server, token) (net.Conn, func(net.Conn) error) {
		return func(t *testing.T, s *server, k token) (net.Conn, func(net.Conn) error) {
			c := dialTLS(t, s)
			if _, err := io.WriteString(c, strings.ReplaceAll(strings.ReplaceAll(head, "\n", "\r\n"), "TOKEN", k.secret)); err != nil {
				t.Fatal(err)
			}
			return c, then
		}
	}
	const post = "POST /v1/push HTTP/1.1\nHost: x\nAuthorization: Bearer TOKEN\nContent-Type: application/json\n"
	return []slow{
		{"no handshake", headerLimit, func(t *testing.T, s *server, _ token) (net.Conn, func(net.Conn) error) {
			c, err := net.Dial("tcp", s.listen)
			if err != nil {
				t.Fatal(err)
			}
			return c, waits
		}},
		{"no request", headerLimit, says("", waits)},
		{"withheld headers", headerLimit, says("GET /v1/pull HTTP/1.1\nHost: x\n", waits)},
		{"dripping headers", headerLimit, says("GET /v1/pull HTTP/1.1\nHost: x\nX-A: ", drips)},
		{"withheld body", stillLimit, says(post+"Content-Length: 1000\n\n{", waits)},
		{"dripping body", dripLimit, says(post+"Content-Length: 100000\n\n{", drips)},
		{"withheld chunk", stillLimit, says(post+"Transfer-Encoding: chunked\n\n5\n{\"a\"", waits)},
		{"withheld body without a token", stillLimit, says("POST /v1/push HTTP/1.1\nHost: x\nContent-Type: application/json\nContent-Length: 1000\n\n{", waits)},
		{"withheld body of a GET", stillLimit, says("GET /healthz HTTP/1.1\nHost: x\nContent-Length: 1000\n\n", waits)},
		{"body that continues never", stillLimit, says(post+"Expect: 100-continue\nContent-Length: 1000\n\n", waits)},
	}
}

// TestSlow holds many connections of each kind and works beside them.
func TestSlow(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	f := newForger(t, s.url, east.secret)
	for range 30 {
		id := newID()
		f.accepted(f.operation("put", id, 0, sized(id, 200<<10)))
	}
	rest := s.idle()
	const each = 8
	var wg sync.WaitGroup
	for _, a := range slows() {
		if a.limit > time.Minute && !campaign() {
			continue // make attack has the time to see these dropped
		}
		for range each {
			c, then := a.hold(t, s, east)
			t.Cleanup(func() { _ = c.Close() })
			wg.Go(func() {
				begun := time.Now()
				_ = c.SetDeadline(begun.Add(a.limit))
				err := then(c)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s: still open after %v", a.name, a.limit)
				}
			})
		}
	}
	// Readers that ask for everything, again and again, and read nothing.
	var readers []net.Conn
	for range each {
		c := dialTLS(t, s)
		readers = append(readers, c)
		t.Cleanup(func() { _ = c.Close() })
		wg.Go(func() {
			begun := time.Now()
			limit := begun.Add(readLimit)
			_ = c.SetDeadline(limit)
			for time.Now().Before(limit) {
				// When the server's buffers are full this write waits too.
				if _, err := fmt.Fprintf(c, "GET /v1/pull?limit=2000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", east.secret); err != nil {
					if errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("a slow reader: still open after %v", time.Since(begun))
					}
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	begun := time.Now()
	for n := range 20 {
		begun := time.Now()
		f.put(newID(), fmt.Sprint("beside the slow ", n), 0)
		if r := f.get("/v1/pull?limit=10"); r.status != http.StatusOK {
			t.Errorf("a pull beside the slow: %v", r)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("a push and a pull beside the slow took %v", took)
		}
	}
	t.Logf("20 pushes and pulls beside %d slow connections: %v", each*(len(slows())+1), time.Since(begun))
	if !campaign() {
		for _, c := range readers {
			_ = c.Close()
		}
	}
	wg.Wait()
	s.peakAbove(rest, fmt.Sprintf("%d slow connections", each*(len(slows())+1)))
	begun = time.Now()
	s.stop()
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// A server that holds a desk: the desk gives up by itself and says so.
func TestDeskHeld(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	held := func(before func(w http.ResponseWriter), drip string) lie {
		return func(w http.ResponseWriter, r *http.Request, _ func() *passed) bool {
			before(w)
			for r.Context().Err() == nil {
				if drip != "" {
					_, _ = io.WriteString(w, drip)
					_ = http.NewResponseController(w).Flush()
				}
				select {
				case <-r.Context().Done():
				case <-time.After(500 * time.Millisecond):
				}
			}
			return true
		}
	}
	begin := func(w http.ResponseWriter) {
		ours(w, "application/json")
		_, _ = io.WriteString(w, `{"epoch":`)
		_ = http.NewResponseController(w).Flush()
	}
	for name, l := range map[string]lie{
		"withheld headers":    held(func(http.ResponseWriter) {}, ""),
		"withheld body":       held(begin, ""),
		"dripping body":       held(begin, " "),
		"withheld health":     on("/healthz", held(func(http.ResponseWriter) {}, "")),
		"withheld push alone": on("/v1/push", held(begin, "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMiddle(t, s)
			d := enrolled(t, m.url, east)
			id := d.handIn(name)
			m.lies(l)
			r := d.run("", "sync", "--once")
			if r.code != 1 && r.code != 0 || r.took > 80*time.Second {
				t.Errorf("exit %d after %v: %s", r.code, r.took, clip(r.both()))
			}
			if r.code == 0 && name != "withheld health" {
				t.Errorf("the sync ended well: %s", r.out)
			}
			m.lies(nil)
			d.sync()
			if got := text(d.rows()[id], "state"); got != "issued" {
				t.Errorf("after it the invoice is %s", got)
			}
		})
	}
}
