package link

import (
	"slices"
	"time"

	"counterfoil/sync/fault"
)

// Reason is why a self-check is to run by itself; empty: it is not.
type Reason string

// The reasons.
const (
	HardError Reason = "hard_error" // one that does not go away by itself
	TwoErrors Reason = "two_errors" // that may have, within a short time
	BadNode   Reason = "node"       // one of several servers fails, others answer
	Moved     Reason = "network"    // this computer stands elsewhere in its network
	Woke      Reason = "wake"       // this computer slept, or its clock was set
	Again     Reason = "again"      // the fault goes on; the last look was a while ago
)

// When a self-check runs by itself.
const (
	together = 20 * time.Second // two soft errors within this
	apart    = 20 * time.Second // between two checks for errors
	slept    = 10 * time.Second // wall clock and monotonic clock, or a tick and the next
	settles  = 2 * time.Second  // a network that changes is looked at once it stays so
)

// again is how long after a check the next one runs while the same fault goes on.
var again = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}

// A watch decides when a self-check runs by itself. It holds no clock; the monitor's
// lock guards it.
type watch struct {
	soft    []time.Time // soft errors since it worked, oldest first
	checked time.Time   // when the last check ended; zero: there was none
	about   fault.ID    // what failed when that ran
	times   int         // checks about it in a row

	last    Stamp
	ticked  bool
	place   Place
	placed  bool
	moving  Place // differs from place since movedAt
	movedAt time.Duration
}

// hard reports whether a failure does not go away by itself.
func hard(o fault.Observation) bool {
	switch o.Kind {
	case "tcp", "dns", "tls":
		return o.Code != "" && o.Code != "timeout" && o.Code != "rcode:SERVFAIL"
	case "proxy", "keyring":
		return true
	}
	return o.Status == 407 || o.Status == 401 || o.Status == 403 || o.Status == 426 || o.Media == "html" || o.Code == "gzip"
}

func (w *watch) worked() { w.soft, w.about, w.times = nil, "", 0 }

func (w *watch) failed(now time.Time, id fault.ID, hard bool) Reason {
	if w.times > 0 && id == w.about {
		if now.Sub(w.checked) >= again[min(w.times, len(again))-1] {
			return Again
		}
		return ""
	}
	if !w.checked.IsZero() && now.Sub(w.checked) < apart && w.about != "" {
		return "" // one look at a time, however the errors differ
	}
	if hard {
		return HardError
	}
	w.soft = append(slices.DeleteFunc(w.soft, func(t time.Time) bool { return now.Sub(t) > together }), now)
	if len(w.soft) >= 2 {
		return TwoErrors
	}
	return ""
}

// looked notes that a self-check ended while id failed; empty: nothing did.
func (w *watch) looked(now time.Time, id fault.ID) {
	if id == w.about {
		w.times++
	} else {
		w.about, w.times = id, 1
	}
	w.checked, w.soft = now, nil
}

// A Stamp is a moment on both clocks: Wall can be set, Mono runs on and stands still,
// on some systems, while the computer sleeps.
type Stamp struct {
	Wall time.Time
	Mono time.Duration
}

// tick is told the time every second or so.
func (w *watch) tick(now Stamp) Reason {
	before := w.last
	w.last = now
	if !w.ticked {
		w.ticked = true
		return ""
	}
	wall, mono := now.Wall.Sub(before.Wall), now.Mono-before.Mono
	if (wall-mono).Abs() > slept || mono > slept {
		return Woke
	}
	return ""
}

// stands is told where the computer stands. A change counts once it stays.
func (w *watch) stands(p Place, mono time.Duration) Reason {
	switch {
	case !w.placed:
		w.place, w.placed = p, true
	case p == w.place:
		w.moving = Place{}
	case p != w.moving:
		w.moving, w.movedAt = p, mono
	case mono-w.movedAt >= settles:
		w.place, w.moving = p, Place{}
		return Moved
	}
	return ""
}

// Bell rings with the reason when a self-check is to run by itself. A reason that
// nobody took is kept, later ones are not.
func (m *Monitor) Bell() <-chan Reason { return m.bell }

// Ring asks for a self-check; "" does not.
func (m *Monitor) Ring(why Reason) {
	if why == "" {
		return
	}
	select {
	case m.bell <- why:
	default:
	}
}

// Looked notes that a self-check ended, whoever asked for it.
func (m *Monitor) Looked() {
	now := m.cfg.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watch.looked(now, m.found.Fault)
	select {
	case <-m.bell: // it was for this
	default:
	}
}

// Tick is to be called every second or so: time turns yellow into red, and what
// happened to the computer meanwhile rings the bell.
func (m *Monitor) Tick(now Stamp) Reason {
	m.mu.Lock()
	why := m.watch.tick(now)
	m.settled(m.cfg.Now())
	m.Ring(why)
	return why
}

// Stands is to be told, now and then, where the computer stands.
func (m *Monitor) Stands(p Place, mono time.Duration) Reason {
	m.mu.Lock()
	why := m.watch.stands(p, mono)
	if why != "" || m.now.Place == (Place{}) {
		m.now.Place = p
	}
	m.mu.Unlock()
	m.Ring(why)
	return why
}
