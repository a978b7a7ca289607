package engine

import (
	"context"
	"time"

	"counterfoil/sync/wire"
)

// A reader reads a page ahead while the one before is written.
type reader struct {
	remote Remote
	now    func() time.Time
	begin  func(func())
	ahead  *page
}

// A page is one answer. ans, err and took hold once done is closed.
type page struct {
	query  wire.PullQuery
	cancel context.CancelFunc
	done   chan struct{}
	ans    wire.PullAnswer
	err    error
	took   time.Duration
}

// start reads a page that will probably be asked for next.
func (r *reader) start(ctx context.Context, q wire.PullQuery) {
	r.stop()
	ctx, cancel := context.WithCancel(ctx)
	p := &page{query: q, cancel: cancel, done: make(chan struct{})}
	r.ahead = p
	r.begin(func() {
		defer close(p.done)
		start := r.now()
		p.ans, p.err = r.remote.Pull(ctx, q)
		p.took = r.now().Sub(start)
	})
}

// read returns the page that was read ahead, or reads one when it is another,
// and how long it took.
func (r *reader) read(ctx context.Context, q wire.PullQuery) (wire.PullAnswer, time.Duration, error) {
	if r.ahead == nil || r.ahead.query != q {
		r.start(ctx, q)
	}
	p := r.ahead
	r.ahead = nil
	defer p.cancel()
	<-p.done
	return p.ans, p.took, p.err
}

// stop drops what was read ahead and waits for the request to end.
func (r *reader) stop() {
	if r.ahead == nil {
		return
	}
	r.ahead.cancel()
	<-r.ahead.done
	r.ahead = nil
}
