package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
	"counterfoil/sync/route"
)

const (
	// silentAfter is when a connection is given up: a second packet was sent after 1 s,
	// a third would follow after 3 s.
	silentAfter = 2 * time.Second
	// hostGone is when a router has said that nobody has the address: it asks for it three
	// times, a second apart. A round trip is added.
	hostGone = 3150 * time.Millisecond
	farthest = 250 * time.Millisecond // of round trips that are waited for
	// besideOpen is how long the other addresses are waited for where one is open.
	besideOpen = 1600 * time.Millisecond
	// otherBudget is that of a second packet, for what only tells why.
	otherBudget = 1500 * time.Millisecond
	moreAfter   = 250 * time.Millisecond // other ports are tried
	againAfter  = 500 * time.Millisecond // the same address is tried again
	again       = 3
	// apart is when an address is silent whose neighbour is open: it was tried again.
	apart = againAfter + 100*time.Millisecond
	late  = 900 * time.Millisecond // nearly the second packet's time
)

// A table is one round of connections to all that may be the server.
type table struct {
	w      *walk
	all    []string // the services
	start  time.Time
	ctx    context.Context // of all dials
	giveUp context.CancelFunc
	silent atomic.Bool // giveUp was ours: who has not answered is silent

	services sync.WaitGroup
	looks    sync.WaitGroup // at the routers on the way
	others   sync.WaitGroup
	openOnce sync.Once
	opened   chan struct{} // closed with the first open service
	ended    chan struct{} // closed when all services are known

	mu        sync.Mutex
	open      string
	rtt       time.Duration
	last      error
	failed    int // services
	refusedBy []turnedAway
}

// turnedAway is how fast a service port refused.
type turnedAway struct {
	address string
	rtt     time.Duration
}

// newTable starts to dial.
func newTable(ctx context.Context, w *walk, services []string) *table {
	t := &table{w: w, all: services, start: time.Now(), opened: make(chan struct{}), ended: make(chan struct{}), last: errNoAddress}
	t.ctx, t.giveUp = context.WithCancel(ctx)
	for _, address := range services {
		t.services.Go(func() { t.service(address) })
	}
	go func() { t.services.Wait(); close(t.ended) }()
	for _, address := range services[:min(len(services), 2)] {
		t.looks.Go(func() {
			if t.shut(lineAfter) {
				w.hops(t.ctx, hopped{address: address, via: "server"})
			}
		})
	}
	t.looks.Go(func() { t.more(services) })
	return t
}

// first waits for the first open service; open is empty where there is none, and then
// all services are known, and from where they were refused.
func (t *table) first() (text, open string) {
	select {
	case <-t.opened:
	case <-t.ended:
	case <-time.After(silentAfter):
		t.wait()
	}
	if t.isOpen() {
		host, _, _ := net.SplitHostPort(t.open) // it was joined here
		return host + " " + t.rtt.Round(time.Millisecond).String(), t.open
	}
	t.looks.Wait()
	t.conclude()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last.Error(), ""
}

// isOpen reports whether a service took a connection; then open and rtt stand.
func (t *table) isOpen() bool {
	select {
	case <-t.opened:
		return true
	default:
		return false
	}
}

// wait gives the services up, or waits on where they may be told to be gone.
func (t *table) wait() {
	if t.mayBeGone() {
		select {
		case <-t.opened:
		case <-t.ended:
		case <-time.After(time.Until(t.start.Add(hostGone + t.w.farOff()))):
		}
	}
	if !t.isOpen() {
		t.stop()
		<-t.ended
	}
}

// waitsForWord reports whether the server's addresses may still answer, or a far router
// say that nobody has them.
func (w *walk) waitsForWord() bool { return w.waiting.Load() }

// mayBeGone reports whether the line is known to be well, or nobody is there to tell, and
// nothing of the server answers: then a far router may say that nobody has its address.
func (t *table) mayBeGone() bool {
	saw := func(p fault.Pattern) bool { return t.w.set.Saw(p) }
	beyond := saw(fault.Pattern{Kind: "way", Stage: "beyond", Outcome: string(fault.Yes)})
	well := saw(fault.Pattern{Kind: "control", Outcome: string(fault.Yes)}) || saw(fault.Pattern{Kind: "gateway", Outcome: string(fault.Yes)}) && !saw(fault.Pattern{Kind: "control"})
	spoke := saw(fault.Pattern{Kind: "port", Outcome: string(fault.Yes)}) || saw(fault.Pattern{Kind: "port", Code: refused})
	return beyond && well && !spoke && t.wordMatters()
}

// wordMatters reports whether that a router says so would name another fault than that
// nobody does.
func (t *table) wordMatters() bool {
	named := func(code string, rtt time.Duration) fault.ID {
		set := fault.SetOf(t.w.set.All()...)
		for _, address := range t.all {
			if set.Saw(fault.Pattern{Kind: "port", Target: address, Stage: "service"}) {
				continue
			}
			set.Add(fault.Observation{Kind: "port", Target: address, Via: "direct", Stage: "service", Outcome: fault.No, Code: code, RTT: rtt.Milliseconds()})
		}
		return fault.Judge(set).Fault
	}
	return named("timeout", silentAfter) != named(expired, hostGone)
}

// farOff is a round trip to the server, or to others outside, as far as it is known.
func (w *walk) farOff() time.Duration {
	var rtt time.Duration
	if w.LastGood != nil {
		rtt = w.LastGood.RTT
	}
	for _, o := range w.set.All() {
		if o.Kind == "control" && o.Outcome == fault.Yes {
			rtt = max(rtt, time.Duration(o.RTT)*time.Millisecond)
		}
	}
	return min(rtt, farthest)
}

// rest waits for what is still asked, and returns how many addresses are silent or
// refuse.
func (t *table) rest() int {
	defer t.giveUp()
	if t.isOpen() {
		select {
		case <-t.ended:
		case <-time.After(time.Until(t.start.Add(besideOpen))):
		}
		t.stop()
		<-t.ended
	}
	t.looks.Wait()
	t.others.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *table) stop() {
	t.silent.Store(true)
	t.giveUp()
}

// service dials the server at its port and notes one observation.
func (t *table) service(address string) {
	o := fault.Observation{Kind: "port", Target: address, Via: "direct", Stage: "service", Values: map[string]string{"address": address, "port": t.w.port}}
	if t.w.noWayV6(address) {
		o.Outcome = fault.Unmeasured
		t.w.set.Add(o)
		return
	}
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	d, mine := t.w.dialling(address)
	e := dialOften(ctx, address)
	if mine {
		d.end(fault.OfError(e.err).Code, e.rtt)
	}
	t.w.toldOf(address, e.told)
	if e.err == nil && (e.again || e.rtt >= late) {
		t.w.lost()
	}
	t.note(o, e.rtt, e.err)
	t.w.ofWord(address, e)
}

// toldOf notes what a router said of an address of the server.
func (w *walk) toldOf(address string, t osnet.Told) {
	if t.What == "" {
		return
	}
	o := fault.Observation{Kind: "told", Target: address, Via: w.whoIs(t.From, address), Stage: t.What, Outcome: fault.No}
	if t.From.IsValid() {
		o.Values = map[string]string{"router": t.From.String()} // or the firewall
	}
	w.set.Add(o)
}

// An end is how dialling ended: rtt is that of the connection, or the time since the
// first packet.
type end struct {
	rtt   time.Duration
	err   error
	again bool // the first packet was not answered, a later one was
	told  osnet.Told
	own   time.Duration // since the first packet of the try that ended so
}

// dialOften dials, and some more times beside where the first packet may be lost, until
// one connection is made or somebody says no.
func dialOften(ctx context.Context, address string) end {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return end{err: err}
	}
	ends := make(chan end, 1+again)
	try := func(again bool) {
		go func() {
			start := time.Now()
			told, err := osnet.Reach(ctx, to, 0)
			took := time.Since(start)
			ends <- end{took, err, again, told, took}
		}()
	}
	start := time.Now()
	try(false)
	more := time.NewTimer(againAfter)
	defer more.Stop()
	var e end
	for open := 1; open > 0; {
		select {
		case <-more.C:
			for range again {
				open++
				try(true)
			}
			continue
		case e = <-ends:
			open--
		}
		if e.err == nil {
			break
		}
		if e.rtt = time.Since(start); spoken(e.err) {
			break
		}
	}
	return e
}

// spoken reports whether an error is what somebody said, rather than silence.
func spoken(err error) bool {
	code := fault.OfError(err).Code
	return code != "timeout" && code != "cancelled"
}

// note keeps how a service turned out.
func (t *table) note(o fault.Observation, rtt time.Duration, err error) {
	seen := fault.OfError(err)
	o.Outcome, o.Code, o.Detail, o.RTT = seen.Outcome, seen.Code, seen.Detail, rtt.Milliseconds()
	if o.Outcome == fault.Unmeasured && (t.silent.Load() || rtt >= silentAfter || t.isOpen() && rtt >= max(apart, 3*t.rtt+againAfter)) {
		o.Outcome, o.Code, o.Detail = fault.No, "timeout", "no answer"
	}
	t.w.set.Add(o)
	t.w.starved(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.last = err
		if o.Outcome == fault.No {
			t.failed++
		}
		if o.Code == refused {
			t.refusedBy = append(t.refusedBy, turnedAway{o.Target, rtt})
		}
		return
	}
	t.openOnce.Do(func() {
		t.open, t.rtt = o.Target, rtt
		t.w.learn(func(s *link.Snapshot) { s.Address = o.Target })
		t.w.connected(rtt)
		close(t.opened)
		t.w.opened.unlock()
	})
}

// shut waits for a time, or until all services have said no; it reports whether none is
// open then.
func (t *table) shut(after time.Duration) bool {
	select {
	case <-t.opened:
	case <-t.ctx.Done():
		return false
	case <-t.ended:
	case <-time.After(after):
	}
	return !t.isOpen()
}

// more tries what tells why no service is open: other ports, the way past a tunnel, the
// routers on the way.
func (t *table) more(services []string) {
	if !t.shut(moreAfter) {
		return
	}
	for _, address := range services[:min(len(services), 2)] {
		t.others.Go(func() { t.neighbour(address) })
		t.looks.Go(func() { t.w.ofSending(t.ctx, address) })
	}
	for _, address := range services {
		if card := t.w.byCard(address); card.Name != "" && t.w.claim("source", address) {
			t.others.Go(func() { t.w.other(t.ctx, "source", address, &card) })
		}
		host, _, _ := net.SplitHostPort(address) // it was joined here
		t.others.Go(func() {
			// A router tells only some times a second that it cannot: the service and the
			// looks at the way go first.
			if !pause(t.ctx, moreAfter) { // nobody wants it any more
				return
			}
			var group sync.WaitGroup
			for _, port := range t.w.alternatives() {
				group.Go(func() { t.w.other(t.ctx, "alternative", net.JoinHostPort(host, port), nil) })
			}
			group.Wait()
		})
	}
}

// claim reports whether nobody else looks at an address in this way already.
func (w *walk) claim(how, address string) bool {
	w.learning.Lock()
	defer w.learning.Unlock()
	key := how + " " + address
	if slices.Contains(w.claimed, key) {
		return false
	}
	w.claimed = append(w.claimed, key)
	return true
}

// other dials something that is not the service itself; card: past the tunnel, by it.
func (w *walk) other(ctx context.Context, stage, address string, card *osnet.Interface) {
	o := fault.Observation{Kind: "port", Target: address, Via: "direct", Stage: stage, Outcome: fault.Unmeasured}
	if w.noWayV6(address) {
		w.set.Add(o)
		return
	}
	own, cancel := context.WithTimeout(ctx, otherBudget)
	defer cancel()
	d := &net.Dialer{}
	if stage == "alternative" {
		o.Values = map[string]string{"other": address}
	}
	if card != nil {
		d = route.Route{Interface: card.Name, Source: sourceOn(card, address)}.Dialer()
		o.Values = map[string]string{"interface": card.Name}
	}
	start := time.Now()
	c, err := d.DialContext(own, "tcp", address)
	rtt := time.Since(start)
	if err == nil {
		_ = c.Close()
	}
	seen := fault.OfError(err)
	o.Outcome, o.Code, o.Detail, o.RTT = seen.Outcome, seen.Code, seen.Detail, rtt.Milliseconds()
	w.set.Add(o)
}

// sourceOn is the address of a card in the family of another.
func sourceOn(card *osnet.Interface, address string) string {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return ""
	}
	for _, a := range addressesOf([]osnet.Interface{*card}) {
		if a.Addr().Is4() == to.Addr().Unmap().Is4() {
			return a.Addr().String()
		}
	}
	return ""
}

// noWayV6 reports whether an address is one of IPv6 and this computer has no way to it:
// that is no fault.
func (w *walk) noWayV6(address string) bool {
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Addr().Unmap().Is4() || len(w.facts.Interfaces) == 0 || w.facts.Default(false).Interface == 0 {
		return false
	}
	_, err = osnet.RouteTo(to.Addr())
	return err != nil
}

// conclude notes from how far away the service was refused.
func (t *table) conclude() {
	t.w.concludeHops()
	t.mu.Lock()
	all := t.refusedBy
	t.mu.Unlock()
	for _, r := range all {
		t.w.set.Add(t.w.ofRefusal(t.ctx, r))
	}
}

// connected notes how long a connection to the server took. The fastest is kept: a
// computer that is busy makes one look slow, never fast.
func (w *walk) connected(rtt time.Duration) {
	w.learn(func(s *link.Snapshot) {
		if s.RTT == 0 || rtt < s.RTT {
			s.RTT = rtt
		}
	})
}

// lost notes that a connection came only because a packet was sent again.
func (w *walk) lost() {
	w.learning.Lock()
	defer w.learning.Unlock()
	w.late++
}
