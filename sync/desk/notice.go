package desk

import (
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// A Notice tells of a fault once, and once that it is over.
type Notice struct {
	Row  fault.Fault
	Over bool
}

// Notices sets who is told, on the guard's goroutine.
func (c *Connection) Notices(f func(Notice)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = f
}

func (c *Connection) tell(n Notice) {
	c.mu.Lock()
	f := c.told
	c.mu.Unlock()
	if f != nil {
		f(n)
	}
}

// When a notice is due.
const (
	named  = 5 * time.Second  // offline before it is told without a self-check's word
	steady = 10 * time.Second // online before a fault counts as over
	quiet  = 10 * time.Minute // a fault that comes back within this is not told again
)

// A teller decides when a notice is due: one an outage, however it is called while it
// lasts. It holds no clock.
type teller struct {
	told  fault.Fault // zero: nothing is told that is not over
	since time.Time   // when the line was last found offline
	ended map[fault.ID]time.Time
}

func (t *teller) tick(now time.Time, st link.State, d Diagnosis) (Notice, bool) {
	switch {
	case st.Kind == link.Offline:
		t.since = now
		if t.told.ID != "" || !d.Known() || !d.Checked && now.Sub(st.Since) < named {
			return Notice{}, false
		}
		if was, ok := t.ended[d.Fault]; ok && now.Sub(was) < quiet {
			return Notice{}, false
		}
		t.told = d.Row
		return Notice{Row: d.Row}, true
	case st.Kind == link.Online && t.told.ID != "" && now.Sub(t.since) >= steady:
		n := Notice{Row: t.told, Over: true}
		if t.ended == nil {
			t.ended = map[fault.ID]time.Time{}
		}
		t.ended[t.told.ID], t.told = now, fault.Fault{}
		return n, true
	}
	return Notice{}, false
}
