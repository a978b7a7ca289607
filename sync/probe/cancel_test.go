package probe

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/link"
	"counterfoil/sync/route"
	"counterfoil/sync/trust"
)

// A walk that is given up at any moment ends at once and leaves nothing behind: neither
// at work nor open.
func TestCancelled(t *testing.T) {
	m := newMaker(t, "Our CA")
	well := answers(t, m.leaf(false, nil), nil, nil)
	stalls := answers(t, m.leaf(false, nil), nil, map[string]http.HandlerFunc{"/healthz": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	for name, address := range map[string]string{"well": well, "no answer": stalls, "no hello": mute(t), "closed": "https://" + closed(t), "no name": "https://nobody.invalid"} {
		t.Run(name, func(t *testing.T) {
			cfg := m.config(address)
			cfg.Varied = func(_ []*x509.Certificate, r route.Route) *http.Transport {
				return r.Transport(route.Ground{TLS: trust.TLSConfig(&trust.Bundle{}, time.Now)})
			}
			cfg.LastGood = &link.Snapshot{Address: "127.0.0.1:9"}
			l := New(cfg)
			before, open := settled(), descriptors(t)
			for _, after := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond, 180 * time.Millisecond, 320 * time.Millisecond, 700 * time.Millisecond, 1100 * time.Millisecond} {
				ctx, cancel := context.WithCancel(t.Context())
				var at time.Time
				time.AfterFunc(after, func() { at = time.Now(); cancel() })
				l.Run(ctx, nil)
				ended := time.Now()
				if ctx.Err() == nil { // it was done before
					cancel()
					continue
				}
				if late := ended.Sub(at); late > 1500*time.Millisecond {
					t.Errorf("after %v: it went on for %v", after, late)
				}
			}
			becomes(t, "goroutines", before, settled)
			becomes(t, "descriptors", open, func() int { return descriptors(t) })
		})
	}
}

// settled is how many goroutines there are, those of the servers of tests not counted.
func settled() int { return len(ours()) }

func ours() (out []string) {
	buf := make([]byte, 4<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		theirs := false
		for _, of := range []string{"net/http/httptest", "net/http.(*conn)", "net/http.(*connReader)", "net/http.(*http2serverConn)", "internal/http2.(*serverConn)"} {
			theirs = theirs || strings.Contains(g, of)
		}
		if !theirs {
			out = append(out, g)
		}
	}
	return out
}

// becomes waits until a number is no more than it was.
func becomes(t *testing.T, what string, was int, now func() int) {
	t.Helper()
	for begun := time.Now(); now() > was; time.Sleep(10 * time.Millisecond) { // the pace of looking
		if time.Since(begun) > 10*time.Second {
			t.Errorf("%d %s, %d before\n%s", now(), what, was, strings.Join(ours(), "\n\n"))
			return
		}
	}
}

// descriptors counts what this process has open; 0 where the system does not tell.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(all)
}

// mute takes everything and says nothing.
func mute(t *testing.T) string {
	ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	return "https://" + ln.Addr().String()
}
