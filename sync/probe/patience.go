package probe

import (
	"context"
	"time"

	"counterfoil/sync/fault"
)

// enoughAfter is how long a walk looks for a second fault where the first is proven.
const enoughAfter = time.Second

// patience ends observers that can tell nothing more: those that look for a cause as
// soon as the way is open, and all once what shuts it is proven.
type patience struct {
	set           *fault.Set
	start         time.Time
	all, causes   context.Context
	stop, noCause context.CancelFunc
	late          *time.Timer
}

func newPatience(ctx context.Context, set *fault.Set) *patience {
	p := &patience{set: set, start: time.Now()}
	p.all, p.stop = context.WithCancel(ctx)
	p.causes, p.noCause = context.WithCancel(p.all)
	p.late = time.AfterFunc(enoughAfter, p.look)
	return p
}

// with is the context of an observer.
func (p *patience) with(cause bool) context.Context {
	if cause {
		return p.causes
	}
	return p.all
}

// look ends what is not needed any more.
func (p *patience) look() {
	if p.set.Worked() {
		p.noCause()
	}
	if time.Since(p.start) >= enoughAfter && explained(fault.Judge(p.set)) {
		p.stop()
	}
}

// end gives up all that still runs.
func (p *patience) end() {
	p.late.Stop()
	p.stop()
}

// explained reports whether a verdict proves why the way is shut. What lies beside
// the way does not.
func explained(v fault.Verdict) bool {
	for _, f := range append(v.Also, v.Finding) {
		if row, ok := fault.Lookup(f.Fault); ok && f.Confidence == fault.Proven && !row.Beside {
			return true
		}
	}
	return false
}
