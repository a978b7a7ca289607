package probe

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"counterfoil/sync/fault"
)

const (
	// enoughAfter is how long a walk looks for a second fault where the first is proven.
	enoughAfter = time.Second
	// afterKeys is how long it looks on once the keyring was read, for without it no
	// certificate can be judged, beside five round trips for a handshake and a question;
	// longest is how long it waits for that.
	afterKeys = 350 * time.Millisecond
	longest   = 1700 * time.Millisecond
	// nothingAfter is when a walk ends to which nothing has opened: all that is asked has
	// had its second packet by then.
	nothingAfter = 2550 * time.Millisecond
)

// patience ends observers that can tell nothing more: those that look for a cause as
// soon as the way is open, and all once what shuts it is proven.
type patience struct {
	set           *fault.Set
	start         time.Time
	all, causes   context.Context
	stop, noCause context.CancelFunc
	timers        []*time.Timer
	waits         func() bool // whether a router's word is waited for
	enough        atomic.Int64
}

func newPatience(ctx context.Context, set *fault.Set, waits func() bool, keys <-chan struct{}, line time.Duration) *patience {
	p := &patience{set: set, start: time.Now(), waits: waits}
	p.enough.Store(int64(enoughAfter))
	p.all, p.stop = context.WithCancel(ctx)
	p.causes, p.noCause = context.WithCancel(p.all)
	for _, after := range []time.Duration{enoughAfter, nothingAfter} {
		p.timers = append(p.timers, time.AfterFunc(after, p.look))
	}
	if keys != nil {
		p.enough.Store(int64(longest))
		p.timers = append(p.timers, time.AfterFunc(longest, p.look))
		go p.haveKeys(keys, afterKeys+5*line)
	}
	return p
}

// haveKeys notes when the keyring was read, and how long it is looked on after that.
func (p *patience) haveKeys(keys <-chan struct{}, on time.Duration) {
	select {
	case <-keys:
	case <-p.all.Done():
		return
	}
	at := min(max(time.Since(p.start)+on, enoughAfter), longest)
	p.enough.Store(int64(at))
	late := time.AfterFunc(at-time.Since(p.start), p.look)
	<-p.all.Done()
	late.Stop()
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
	took := time.Since(p.start)
	if took >= time.Duration(p.enough.Load()) && (p.nameless() || p.explained() || explainsHello(p.set)) || took >= nothingAfter && !p.opened() && !p.waits() {
		p.stop()
	}
}

// nameless reports whether it is the name alone that leads nowhere: it cannot be looked
// up, while the server proves to be there where it was before.
func (p *patience) nameless() bool {
	return p.set.Saw(fault.Pattern{Kind: "dns", Via: "system", Outcome: string(fault.No)}) &&
		p.set.Saw(fault.Pattern{Kind: "last_good|answer", Stage: "tls", Outcome: string(fault.Yes)})
}

// opened reports whether the server took a connection, the proxy gave a tunnel, or the
// server is at another address.
func (p *patience) opened() bool {
	return p.set.Saw(fault.Pattern{Kind: "port|last_good|answer|proxy|itself", Stage: "service|tcp|connect", Outcome: string(fault.Yes)}) ||
		p.set.Saw(fault.Pattern{Kind: "http|tls", Via: fault.Real})
}

// end gives up all that still runs.
func (p *patience) end() {
	for _, t := range p.timers {
		t.Stop()
	}
	p.stop()
}

// explained reports whether it is proven why the way is shut. What lies beside the way does
// not tell that, nor what is past it, nor what is wrong with this computer's own data or
// an address that nobody walks to: the way may be shut as well.
func (p *patience) explained() bool {
	unread := p.set.Saw(fault.Pattern{Kind: "url", Via: fault.Real, Outcome: string(fault.No), Code: "!url_http"})
	v := fault.Judge(p.set)
	for _, f := range append(v.Also, v.Finding) {
		row, ok := fault.Lookup(f.Fault)
		if ok && f.Confidence == fault.Proven && !f.Past() && !row.Beside && !ofData(row) && !(unread && slices.Contains(row.Recheck, "address")) {
			return true
		}
	}
	return false
}

// explainsHello reports whether a proven fault that lies beside the way is the only one and
// why the hello of the real path was not answered: it would not be named without that.
func explainsHello(set *fault.Set) bool {
	silent := fault.Pattern{Kind: "tls", Via: look.via, Outcome: string(fault.No), Code: "timeout"}
	v := fault.Judge(set)
	if !set.Saw(silent) || v.Confidence != fault.Proven || len(v.Also) > 0 {
		return false
	}
	without := slices.DeleteFunc(set.All(), func(o fault.Observation) bool { return o.Kind == "tls" && o.Via == look.via })
	return fault.Judge(fault.SetOf(without...)).Fault != v.Fault
}

// ofData reports whether a fault is over when the data and the keyring are well.
func ofData(row fault.Fault) bool {
	return !slices.ContainsFunc(row.Recheck, func(n string) bool { return n != "data" && n != "keyring" })
}
