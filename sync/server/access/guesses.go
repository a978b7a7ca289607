package access

import (
	"net/netip"
	"sync"
	"time"

	"counterfoil/sync/server/listen"
)

// How often an address may be wrong, and how much is remembered.
const (
	maxWrong  = 10
	window    = time.Minute
	maxKept   = 10_000 // addresses, and tokens let in
	goodCount = 24 * time.Hour
)

// Guesses counts wrong tokens by address, so that nobody can try many. A token
// that was let in from an address before stays good there while others guess.
// The zero value is ready; it is safe for concurrent use.
type Guesses struct {
	mu    sync.Mutex
	wrong map[netip.Prefix]tries
	good  map[visit]time.Time
}

type tries struct {
	since time.Time
	n     int
}

type visit struct {
	from netip.Prefix
	hash string
}

// Wait returns how long an address must wait before the token is looked at; 0 is
// not at all. remote is host:port.
func (g *Guesses) Wait(remote, token string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := listen.Network(remote)
	t, ok := g.wrong[from]
	if !ok || t.n < maxWrong || gone(now, t.since, window) {
		return 0
	}
	if at, ok := g.good[visit{from, Hash(token)}]; ok && !gone(now, at, goodCount) {
		return 0
	}
	return t.since.Add(window).Sub(now)
}

// Note remembers the outcome of a look at a token. Only a wrong one counts as a guess:
// an expired or revoked one was right once, and a missing one is none.
func (g *Guesses) Note(remote, token string, err error, now time.Time) {
	if token == "" || err != nil && Code(err) != "token_invalid" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	from := listen.Network(remote)
	if err == nil {
		if g.good == nil {
			g.good = map[visit]time.Time{}
		}
		makeRoom(g.good, func(at time.Time) bool { return gone(now, at, goodCount) })
		g.good[visit{from, Hash(token)}] = now
		return
	}
	if g.wrong == nil {
		g.wrong = map[netip.Prefix]tries{}
	}
	t := g.wrong[from]
	if gone(now, t.since, window) {
		t = tries{since: now}
	}
	t.n++
	makeRoom(g.wrong, func(t tries) bool { return gone(now, t.since, window) })
	g.wrong[from] = t
}

// makeRoom keeps a map below maxKept: what is old goes, then anything.
func makeRoom[K comparable, V any](m map[K]V, old func(V) bool) {
	if len(m) < maxKept {
		return
	}
	for k, v := range m {
		if old(v) {
			delete(m, k)
		}
	}
	for k := range m {
		if len(m) < maxKept*9/10 {
			return
		}
		delete(m, k)
	}
}

// gone reports whether d has passed since t, or the clock was set back before it.
func gone(now, t time.Time, d time.Duration) bool { return now.Sub(t) >= d || now.Before(t) }
