package window

import (
	"sync"
	"time"

	"fyne.io/fyne/v2"
)

// A dispatcher runs functions on the window's goroutine, later. Nothing else in
// the program may reach the window from another goroutine: its maps have no locks.
type dispatcher func(func())

// A tail is the real window's dispatcher that knows the end: what comes after the
// window is gone is run by drain, on the goroutine that was the window's.
type tail struct {
	mu   sync.Mutex // guards over
	over bool
	rest chan func() // read by drain
}

func newTail() *tail { return &tail{rest: make(chan func(), 1024)} }

func (q *tail) post(f func()) {
	q.mu.Lock()
	over := q.over
	q.mu.Unlock()
	if !over {
		fyne.Do(f)
		return
	}
	select {
	case q.rest <- f:
	default: // nobody looks any more
	}
}

// end says that the window is gone.
func (q *tail) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
}

// drain runs what still comes until done reports true or the limit is over.
func (q *tail) drain(limit time.Duration, done func() bool) {
	t := time.NewTimer(limit)
	defer t.Stop()
	for !done() {
		select {
		case f := <-q.rest:
			f()
		case <-t.C:
			return
		}
	}
}

// wait runs f on the window's goroutine and returns when it has run. It must not
// be called there.
func (p dispatcher) wait(f func()) {
	done := make(chan struct{})
	p(func() {
		defer close(done)
		f()
	})
	<-done
}

// after runs f on the window's goroutine after d, unless stop is called before.
func (p dispatcher) after(d time.Duration, f func()) (stop func()) {
	stopped := false // read and written on the window's goroutine
	t := time.AfterFunc(d, func() {
		p(func() {
			if !stopped {
				f()
			}
		})
	})
	return func() {
		stopped = true
		t.Stop()
	}
}

// every runs f on the window's goroutine every d until stop is called.
func (p dispatcher) every(d time.Duration, f func()) (stop func()) {
	return ticker(d, func() { p(f) })
}

// ticker calls f every d on a goroutine of its own until stop is called.
func ticker(d time.Duration, f func()) (stop func()) {
	t, end := time.NewTicker(d), make(chan struct{})
	go func() {
		defer t.Stop()
		for {
			select {
			case <-t.C:
				f()
			case <-end:
				return
			}
		}
	}()
	return func() { close(end) }
}
