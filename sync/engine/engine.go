// Package engine carries the outbox to the server and the server's changes to
// the desk.
//
// An operation's bytes are frozen before they are first sent and asked again
// under the same id until they have an answer. A document with edits that have
// no answer is never overwritten: what comes is merged, or becomes a conflict.
//
// The engine refuses to know how operations are stored or sent: Store and Remote
// are handed in, and so are time and randomness.
package engine

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/sync/remote"
	"counterfoil/sync/wire"
)

// Remote is what the engine needs of the server.
type Remote interface {
	Push(ctx context.Context, req wire.PushRequest) (wire.PushAnswer, error)
	Pull(ctx context.Context, q wire.PullQuery) (wire.PullAnswer, error)
}

// Event tells the window what happened.
type Event struct {
	Kind string // "pushed", "pulled", "conflict", "rejected", "issued", "parked", "aside", "failed", "round"
	document.Key
	Err error
}

// Config of an Engine. Notify may be nil; it is called from the engine's goroutine.
type Config struct {
	Store  books.SyncStore
	Remote Remote
	Now    func() time.Time
	NewID  func() string
	Rand   func() float64 // 0 ≤ x < 1
	Notify func(Event)
	// Version of the program; another one reads again what this one set aside.
	Version string
	// Told reports whether changes of others are told as they come, so that polling is only
	// to be sure: it is half as often then. nil: they are not.
	Told func() bool
	// Go starts a request beside the other work; nil gives it a goroutine. A
	// simulation that is to run the same again answers it at once.
	Go func(func())
}

// Timing of the loop.
const (
	pollEvery = 30 * time.Second
	firstWait = time.Second
	maxWait   = 5 * time.Minute
	breath    = 50 * time.Millisecond // after a round that failed and yet moved something
)

// Engine is safe for concurrent use; one round runs at a time.
type Engine struct {
	cfg  Config
	kick chan struct{}
	wake chan struct{}

	round sync.Mutex // held during a round
	size  amount     // of a push; under round
	page  amount     // of a pull; under round
	doubt suspicion  // under round

	rereadDone bool // what was set aside was read again; under round
	anew       bool // all is read again; under round
	epochs     int  // new ones in this round; under round

	mu   sync.Mutex // guards below
	next time.Time
	last error
}

// New makes an engine; Once or Run start it.
func New(cfg Config) *Engine {
	if cfg.Notify == nil {
		cfg.Notify = func(Event) {}
	}
	if cfg.Go == nil {
		cfg.Go = func(f func()) { go f() }
	}
	return &Engine{
		cfg: cfg, kick: make(chan struct{}, 1), wake: make(chan struct{}, 1), doubt: suspicion{alone: map[int64]int{}},
		size: amount{n: firstAmount, most: maxOps}, page: amount{n: firstAmount, most: maxPage},
	}
}

// Summary counts what one round did.
type Summary struct {
	Pushed    int `json:"pushed"`  // operations answered
	Applied   int `json:"applied"` // of these, applied
	Issued    int `json:"issued"`
	Rejected  int `json:"rejected"`
	Merged    int `json:"merged"`
	Conflicts int `json:"conflicts"` // opened in this round
	Pulled    int `json:"pulled"`    // changes read
	Parked    int `json:"parked"`    // operations refused by name, which wait for a person
}

func (s *Summary) add(more Summary) {
	s.Pushed += more.Pushed
	s.Applied += more.Applied
	s.Issued += more.Issued
	s.Rejected += more.Rejected
	s.Merged += more.Merged
	s.Conflicts += more.Conflicts
	s.Pulled += more.Pulled
	s.Parked += more.Parked
}

// moved reports whether anything was answered, read or found out.
func (s Summary) moved() bool { return s.Pushed+s.Pulled+s.Parked > 0 }

// Once pushes everything that is ready and pulls to the end. What it did before
// an error stays done; asking again goes on from there.
func (e *Engine) Once(ctx context.Context) (Summary, error) {
	e.round.Lock()
	defer e.round.Unlock()
	var sum Summary
	e.epochs = 0
	e.doubt.anew()
	if err := e.reread(ctx, &sum); err != nil && !errors.Is(err, errUnanswered) {
		return sum, err
	}
	// A merge found while pulling makes a new operation, and its push may find the
	// next merge; a few turns settle all but a permanent race with another desk.
	for turn := 0; turn < 8; turn++ {
		pushed, refused := e.push(ctx, &sum)
		if refused != nil && patience(refused) == 0 {
			return sum, refused
		}
		// A server that refuses what is sent may still be read.
		pulled, err := e.pull(ctx, &sum)
		if err = cmp.Or(err, refused); err != nil {
			return sum, err
		}
		if pushed == 0 && pulled == 0 {
			break
		}
	}
	e.cfg.Notify(Event{Kind: "round"})
	return sum, nil
}

// Kick asks for a round now, or as soon as the server wants to be asked again.
func (e *Engine) Kick() { ring(e.kick) }

// Wake asks for a round now and ends the back-off, also where the server asked to
// be left alone: a self-check has just found the way open, or a person wants it.
func (e *Engine) Wake() { ring(e.wake) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // it rings already
	}
}

// NextTry is when the loop will try again; zero while a round runs or none is planned.
func (e *Engine) NextTry() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.next
}

// LastError is the error of the last round; nil when it went through.
func (e *Engine) LastError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

// Run syncs until ctx ends: at once, at each Kick, after poll intervals with
// jitter, and after failures with full-jitter back-off or as the server says. A
// round that moved anything before it failed is progress: the next goes on at
// once, so that a line which is cut every second is used all the time.
func (e *Engine) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		e.note(time.Time{}, e.LastError())
		sum, err := e.Once(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := e.jitter(e.every())
		switch {
		case err == nil:
			failures = 0
		case sum.moved() && asked(err) == 0:
			failures = 0
			wait = e.jitter(breath)
		default:
			wait = e.backoff(failures, err)
			failures++
			e.cfg.Notify(Event{Kind: "failed", Err: err})
		}
		e.note(e.cfg.Now().Add(wait), err)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-e.wake:
			failures = 0
		case <-e.kick:
			// The server's own wish is kept even when a clerk goes on typing.
			if ra := asked(err); ra > 0 {
				select {
				case <-ctx.Done():
				case <-timer.C:
				case <-e.wake:
					failures = 0
				}
			}
		}
		timer.Stop()
	}
}

func (e *Engine) note(next time.Time, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next, e.last = next, err
}

func asked(err error) time.Duration {
	var r *remote.Error
	if errors.As(err, &r) {
		return min(r.RetryAfter, time.Hour)
	}
	return 0
}

// every is the time between two polls.
func (e *Engine) every() time.Duration {
	if e.cfg.Told != nil && e.cfg.Told() {
		return 2 * pollEvery
	}
	return pollEvery
}

// jitter spreads d by ±20 %.
func (e *Engine) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*e.cfg.Rand()))
}

// backoff is full jitter under a doubling ceiling, never below what the server asked.
func (e *Engine) backoff(failures int, err error) time.Duration {
	ceiling := min(firstWait<<min(failures, 16), maxWait)
	wait := time.Duration(float64(ceiling) * e.cfg.Rand())
	if ra := asked(err); ra > 0 {
		return ra + time.Duration(float64(time.Second)*e.cfg.Rand())
	}
	return max(wait, 200*time.Millisecond)
}
