package desk

import (
	"context"
	"time"

	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// How the guard of a line works.
const (
	beat       = time.Second
	placeEvery = 5 * time.Second
	saveEvery  = 15 * time.Minute
	copyEvery  = time.Minute      // that it is looked for backups
	byItself   = 10 * time.Second // caps a self-check that nobody asked for
)

// A guard watches the line: it keeps time for the monitor, looks where the computer
// stands, runs a self-check where the bell rings, tells of faults, and keeps on disk
// what is known. Its fields are of one goroutine.
type guard struct {
	c      *Connection
	look   func(context.Context) probe.Report
	place  func() link.Place
	start  time.Time // Stamp.Mono counts from here
	placed time.Time
	saved  time.Time
	copied time.Time  // when it was looked for backups
	shown  link.State // as it was saved
	teller teller
}

func (c *Connection) newGuard() *guard {
	now := time.Now()
	return &guard{
		c: c, start: now, saved: now,
		look:  func(ctx context.Context) probe.Report { return c.SelfCheck(ctx, "", byItself, nil) },
		place: func() link.Place { return probe.Place(c.URL(), c.cfg.Proxy) },
	}
}

// run watches until ctx ends.
func (g *guard) run(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var looking chan probe.Report // nil: no self-check runs
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			g.second(ctx, now)
		case why := <-g.c.monitor.Bell():
			if looking == nil && g.c.URL() != "" {
				g.anew(why)
				looking = g.begin(ctx)
			}
		case r := <-looking:
			looking = nil
			if ctx.Err() == nil {
				g.c.Found(r)
			}
		}
	}
}

func (g *guard) begin(ctx context.Context) chan probe.Report {
	out := make(chan probe.Report, 1)
	go func() { out <- g.look(ctx) }()
	return out
}

// anew drops connections that may be dead since the computer moved or slept.
func (g *guard) anew(why link.Reason) {
	if why != link.Moved && why != link.Woke {
		return
	}
	g.c.mu.Lock()
	if g.c.transport != nil {
		g.c.transport.CloseIdleConnections()
	}
	g.c.endStream()
	g.c.mu.Unlock()
	g.c.wake()
}

// second does what is due at a beat.
func (g *guard) second(ctx context.Context, now time.Time) {
	m, mono := g.c.monitor, now.Sub(g.start)
	m.Tick(link.Stamp{Wall: now.Round(0), Mono: mono})
	if now.Sub(g.placed) >= placeEvery {
		g.placed = now
		m.Stands(g.place(), mono)
	}
	if g.c.store != nil && now.Sub(g.copied) >= copyEvery {
		g.copied = now
		g.c.ReadBackups()
	}
	if g.c.faded(g.c.cfg.Now()) {
		m.Ring(link.Again)
	}
	st := m.State()
	if n, due := g.teller.tick(g.c.cfg.Now(), st, g.c.Diagnosis()); due {
		g.c.tell(n)
	}
	if st.Kind != g.shown.Kind || st.Fault != g.shown.Fault || now.Sub(g.saved) >= saveEvery {
		g.shown, g.saved = st, now
		// What is not kept costs history alone; it is tried again.
		_ = g.c.SaveState(ctx)
	}
}

// faded reports whether what a self-check found beside a line that works is so old
// that it must be looked for again.
func (c *Connection) faded(now time.Time) bool {
	c.mu.Lock()
	r := c.report
	c.mu.Unlock()
	return r != nil && now.Sub(r.at) >= lasts && len(r.beside()) > 0 && c.monitor.State().Kind == link.Online
}
