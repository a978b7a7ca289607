package desk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"counterfoil/sync/link"
	"counterfoil/sync/remote"
)

// How the stream of hints is kept open.
const (
	hintBeat   = time.Second            // between two looks whether there is a line
	hintSpread = 250 * time.Millisecond // over which desks that are told at once ask
	hintSteady = time.Minute            // a stream that lived as long was a good one
	hintRest   = 5 * time.Minute        // the longest wait for the next try
	hintAnew   = 3 * time.Second        // over which desks come back whose streams ended at once
)

// listen keeps a stream of hints open while the line is good, and asks the engine
// for a round as soon as the server names a change that is not here: a colleague's
// change is here within a second. Polling stays the truth; without a stream nothing
// is lost but time.
func (c *Connection) listen(ctx context.Context) {
	failures := 0
	var tired *remote.Client // whose token or server has no stream for us
	for wait := time.Duration(0); c.rest(ctx, wait); {
		r := c.hearing()
		if r == nil || r == tired {
			wait = hintBeat
			continue
		}
		tired = nil
		begun := c.cfg.Now()
		err := c.hear(ctx, r)
		if c.cfg.Now().Sub(begun) >= hintSteady {
			failures = 0
		}
		var no *remote.Error
		asked := time.Duration(0)
		if errors.As(err, &no) {
			asked = no.RetryAfter
			if refused(no) {
				tired = r // until the connection is made anew
			}
		}
		wait = hintAgain(failures, asked, c.cfg.Rand())
		failures++
	}
}

// hintAgain is how long it is waited for the next stream after so many failures, and where
// the server asked for a time: a hundred desks whose server was started anew do not all
// come in the same moment. rand is from 0 to 1.
func hintAgain(failures int, asked time.Duration, rand float64) time.Duration {
	over := min(hintAnew<<min(failures, 10), hintRest)
	return max(hintSpread, min(asked, time.Hour)+time.Duration(rand*float64(over)))
}

// refused reports whether asking again with the same token makes no sense.
func refused(e *remote.Error) bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUpgradeRequired:
		return true
	}
	return false
}

// rest waits and reports whether to go on.
func (c *Connection) rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return ctx.Err() == nil
}

// hearing is the client to listen with: none before the server has shown itself to
// be the folder's, nor while the line is broken.
func (c *Connection) hearing() *remote.Client {
	if c.monitor.State().Kind == link.Offline {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met == nil || c.met != c.remote {
		return nil
	}
	return c.hints
}

// hear listens until the stream ends or the connection is made anew.
func (c *Connection) hear(ctx context.Context, r *remote.Client) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	c.mu.Lock()
	if c.hints != r {
		c.mu.Unlock()
		return errReset
	}
	c.hangUp = end
	c.mu.Unlock()
	heard := false
	err := r.Events(ctx, func(seq int64) {
		heard = true
		c.hears.Store(true)
		c.hinted(ctx, seq)
	})
	c.hears.Store(false)
	if heard && ctx.Err() == nil && c.rest(ctx, hintAgain(0, 0, c.cfg.Rand())) {
		c.engine.Kick() // the line may be broken: a real request finds out
	}
	return err
}

// hinted asks for a round when the server is ahead of what was read.
func (c *Connection) hinted(ctx context.Context, seq int64) {
	cur, err := c.store.Cursor(ctx)
	if err != nil || seq <= cur.Seq {
		return
	}
	if c.rest(ctx, time.Duration(float64(hintSpread)*c.cfg.Rand())) {
		c.engine.Kick()
	}
}
