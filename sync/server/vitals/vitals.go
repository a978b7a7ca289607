// Package vitals watches what an invoice server stands on: its database, its disk,
// its tax service, the sign-in and the queue of invoices that wait to be issued.
//
// A Watch looks once a second and answers from what it saw: whoever asks is never
// held up by a database that is. Figures are what it saw; what they mean stands in
// one place, Figures.Deps.
//
// The package refuses to mend anything.
package vitals

import (
	"context"
	"sync"
	"time"

	"counterfoil/sync/disk"
	"counterfoil/sync/server"
)

// Config of a Watch. Store is needed.
type Config struct {
	Store server.Store
	Dir   string // whose disk is watched; empty: none
	// TaxUp and LoginUp report whether the tax service and what knows the tokens
	// can be asked; nil is always.
	TaxUp, LoginUp func() bool
	// More tells the state of further services by their key in healthz.
	More map[string]func() string
	// Observe is told of every use of the database: what for ("read", "write"), how
	// long it waited for its turn and how long it took with that; nil: nobody.
	Observe func(op string, wait, took time.Duration)
	// Free returns the bytes that are left for a folder; nil is disk.Free.
	Free func(dir string) (free, total uint64, err error)
	// Fresh is how long a look counts; 0 is a second. Patience is how long an answer
	// waits for one; 0 is 30 ms.
	Fresh, Patience time.Duration
}

// Watch is safe for concurrent use.
type Watch struct {
	cfg   Config
	store *measured

	mu    sync.Mutex // guards all below
	seen  Figures
	ended time.Time     // of the last look; zero before the first
	begun time.Time     // of the step that is under way; zero when none is
	step  *step         // that it is
	done  chan struct{} // closed when the look under way ends
}

// New makes a watch; it looks when it is asked, or while Run runs.
func New(cfg Config) *Watch {
	if cfg.Fresh == 0 {
		cfg.Fresh = time.Second
	}
	if cfg.Patience == 0 {
		cfg.Patience = 30 * time.Millisecond
	}
	if cfg.Free == nil {
		cfg.Free = disk.Free
	}
	return &Watch{cfg: cfg, store: &measured{Store: cfg.Store, observe: cfg.Observe}}
}

// Store is the database as the server is to use it, so that the watch sees what
// real requests meet.
func (w *Watch) Store() server.Store { return w.store }

// Run looks once a second until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(w.cfg.Fresh)
	defer tick.Stop()
	for {
		w.look()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look begins a look unless one is under way or the last one counts still.
func (w *Watch) look() (done <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil && time.Since(w.ended) >= w.cfg.Fresh*9/10 {
		w.done = make(chan struct{})
		go w.walk()
	}
	return w.done
}

// Figures are what was seen last; a step that is under way counts as long as it
// takes already. It returns within the patience.
func (w *Watch) Figures() Figures {
	if done := w.look(); done != nil {
		t := time.NewTimer(w.cfg.Patience)
		defer t.Stop()
		select {
		case <-done:
		case <-t.C:
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.seen
	if w.step != nil {
		if so := time.Since(w.begun); so > *w.step.took(&f) {
			*w.step.took(&f) = so
		}
	}
	f.Locked = w.locked()
	return f
}

// Vitals is what healthz says of it.
func (w *Watch) Vitals() server.Vitals {
	f := w.Figures()
	return server.Vitals{Epoch: f.Head.Epoch, Deps: f.Deps(), QueueLag: f.QueueLag}
}
