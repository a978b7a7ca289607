package vitals

import (
	"errors"
	"time"

	"counterfoil/sync/server"
)

// What is too much.
const (
	Crowd   = 50                     // requests that wait for the database
	Slow    = time.Second            // for one small question to it
	Dead    = 5 * time.Second        // for one, after which it counts as gone
	Held    = 250 * time.Millisecond // that another program may hold it
	Backlog = time.Minute            // that an invoice may wait to be issued
	// NoRoom is what must be left on the disk, in bytes: one push with its log.
	NoRoom = 16 << 20
)

// Figures are what was seen of the ground a server stands on.
type Figures struct {
	Head        server.Head   // where the data stood
	Err         error         // why the database could not be asked; nil: it could
	Read, Write time.Duration // of one small question, and of getting a turn to write
	Locked      time.Duration // that another program has held the database by now
	Waiting     int           // requests that wait for the database
	InUse       int           // connections to it that are in use
	Crowded     bool          // more than Crowd waited, twice in a row
	Disk        Disk
	TaxDown     bool
	LoginDown   bool
	QueueLag    time.Duration // how long the oldest invoice has been seen to wait
	Queue       queue
	More        map[string]string
}

// Disk is what is left of one, in bytes.
type Disk struct {
	Free, Total uint64
	Known       bool
	Refused     bool // a write failed for want of room, and none succeeded since
}

// Full reports whether there is no room for one more push.
func (d Disk) Full() bool { return d.Refused || d.Known && d.Free < NoRoom }

type queue struct {
	oldest string // invoice that waits
	since  time.Time
}

// Deps is the state of each thing in a word, as healthz says it.
func (f Figures) Deps() map[string]string {
	out := map[string]string{"db": f.db(), "tax": "ok", "queue": "ok", "login": "ok"}
	if f.TaxDown {
		out["tax"] = "down"
	} else if f.QueueLag > Backlog {
		out["queue"] = "slow" // while the tax service is away that is why
	}
	if f.LoginDown {
		out["login"] = "down"
	}
	if f.Disk.Known || f.Disk.Refused {
		out["disk"] = "ok"
		if f.Disk.Full() {
			out["disk"] = "full"
		}
	}
	for name, state := range f.More {
		out[name] = state
	}
	return out
}

func (f Figures) db() string {
	switch {
	case errors.Is(f.Err, server.ErrLocked) || f.Locked >= Held:
		return "lock"
	case f.Err != nil && !errors.Is(f.Err, server.ErrFull) || f.Read >= Dead:
		return "down"
	case f.Read >= Slow || f.Write >= Slow || f.Crowded:
		return "slow"
	}
	return "ok"
}
