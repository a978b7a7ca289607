// Package probe looks: observers walk from this computer to the invoice server and
// append what they see to one set of observations.
//
// An observer looks at one thing, after those that it needs and beside all others.
// It can be run alone, by its name: then those that it needs run too.
//
// An observer never names a fault; sync/fault judges the set. A probe never carries
// a secret over a connection it has not verified: the handshake that only captures
// a certificate sends no request.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
	"counterfoil/sync/osproxy"
	"counterfoil/sync/route"
	"counterfoil/sync/wire"
)

// State of a check.
type State string

// States.
const (
	Pending State = "pending"
	Running State = "running"
	Good    State = "good"
	Bad     State = "bad"
	Skipped State = "skipped" // what it needs is not there
)

// Check is one observer's line of the self-check.
type Check struct {
	ID     string // the observer's name
	Title  fault.Text
	Layer  fault.Layer
	State  State
	Result string
	MS     int64
}

// Config of a Ladder. Roots, Transport, CheckStore, Now and Timeout are needed.
type Config struct {
	ServerURL, EnrolledURL string
	Asked                  bool // ServerURL is not that of the settings: a person asks about another
	Roots                  func(context.Context) ([]*x509.Certificate, error)
	// Transport makes what the program's own requests go over.
	Transport func(roots []*x509.Certificate) *http.Transport
	// Varied makes the same with something different; nil: that cannot be tried.
	Varied     func(roots []*x509.Certificate, r route.Route) *http.Transport
	CheckStore func(context.Context) error
	Held       func() bool                           // whether another process has the data folder; nil: not known
	Stuck      func(context.Context) (*Stuck, error) // nil: not known
	Trusted    string                                // fingerprint of the CA that was imported last; empty: not known
	DataDir    string
	Proxy      func(*http.Request) (*url.URL, error)
	Tunnels    *route.Tunnels                         // how Transport goes through an HTTP proxy; nil: signed in by its address alone
	Settings   func(context.Context) osproxy.Settings // the system's own of proxies; nil: not known
	Now        func() time.Time
	Token      func(context.Context) (string, error)
	Other      func(context.Context, wire.Health) bool // whether the server is another than the folder's; nil: never
	// Environment is that of the folder's server, like "production"; empty: not known.
	Environment string
	Version     string // of this program
	Device      string
	Timeout     time.Duration       // of the whole walk
	LastGood    *link.Snapshot      // nil: it never worked
	Seen        []fault.Observation // of real requests lately, that bears on this walk
	Status      string              // URL of the company's page that tells how the service is; empty: none
	Controls    []string            // host:port that the owner names to tell whether the line outside works

	ProtocolMin, ProtocolMax int
}

// Ladder runs the observers.
type Ladder struct{ cfg Config }

// New makes a ladder; it sends nothing.
func New(cfg Config) *Ladder { return &Ladder{cfg: cfg} }

// Report is the outcome of a walk.
type Report struct {
	fault.Verdict
	Address      string // of the server that was walked to
	Checks       []Check
	Observations []fault.Observation
	Took         time.Duration
	Learned      link.Snapshot // of the line, where the walk ended well
}

// An observer looks at one thing and reports what it saw in words, and whether that
// serves the way to the server.
type observer struct {
	name  string
	title fault.Text
	layer fault.Layer
	after []string // observers whose finds it needs; one after "~" comes along and is not waited for
	cause bool     // it only tells why the way is shut: given up where it is open
	look  func(*walk, context.Context) (result string, state State)
}

// beside stands before the name of an observer that is not waited for.
const beside = "~"

// observers stand after those that they need.
var observers = slices.Concat(localObservers, networkObservers, proxyObservers, nameObservers, routeObservers, secureObservers, serverObservers, []observer{repeated})

// walk is one run. What an observer finds for others stands below; it is read only
// by those that come after it.
type walk struct {
	Config
	set *fault.Set

	facts      osnet.Facts // of this computer's networks; empty where they cannot be read
	host, port string      // of the server; empty where the address is none
	base       *url.URL
	unread     bool // the address of the settings is none; the way is that to the registered one
	proxy      *url.URL
	roots      []*x509.Certificate
	addresses  []net.IP
	inquiry    inquiry
	loaded     <-chan struct{} // closed when the keyring was read; nil where nobody does
	asked      <-chan struct{} // closed when the proxy was asked; nil where nobody does
	table      *table          // of connections to the server
	conns      conns           // of requests
	opened     latch           // of the way
	waiting    atomic.Bool     // a far router may still say that nobody has the address
	open       string          // host:port that took a connection: the proxy's or the server's
	real       *http.Transport
	offer      *tls.Config     // of the real path; nil where there is none
	ours       bool            // the product has named itself, and it is the folder's server
	way        *http.Transport // real, or another one like it that stalls no more; for what comes after the health
	health     asked           // the answer of the server's health
	echoed     time.Duration   // that a large message took; 0: none did
	waits      []time.Duration // for the first byte of what was asked after the health
	slowest    time.Duration   // of what invoices go over; 0: nothing was asked there
	stalled    bool            // something of that was not answered at all
	passes     bool            // the server wants its token changed for a pass
	free       *gate           // for what takes much of the line

	learning sync.Mutex // guards all below
	learned  link.Snapshot
	claimed  []string // what is dialled, and how
	hopped   []hopped // not concluded from yet
	dials    map[string]*dialling
	late     int // connections to the server that came only after the first packet was lost
}

// A latch stays open once it was opened.
type latch struct {
	once sync.Once
	open chan struct{}
}

func (l *latch) unlock() { l.once.Do(func() { close(l.open) }) }

// isOpen reports whether it was opened.
func (l *latch) isOpen() bool {
	select {
	case <-l.open:
		return true
	default:
		return false
	}
}

// learn notes what a working line looks like.
func (w *walk) learn(note func(*link.Snapshot)) {
	w.learning.Lock()
	defer w.learning.Unlock()
	note(&w.learned)
}

func newWalk(cfg Config) *walk {
	return &walk{Config: cfg, set: &fault.Set{}, opened: latch{open: make(chan struct{})}, free: newGate()}
}

// Run walks all observers, or only the named ones and those that they need; progress
// is told of each change, one at a time. It changes nothing. Without a name that is
// known it runs all.
func (l *Ladder) Run(ctx context.Context, progress func(Check), only ...string) Report {
	all := chosen(only)
	if progress == nil {
		progress = func(Check) {}
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	start := time.Now()
	w := newWalk(l.cfg)
	w.set.Add(l.cfg.Seen...)
	checks := make([]Check, len(all))
	ended := map[string]chan struct{}{}
	for i, o := range all {
		checks[i] = Check{ID: o.name, Title: o.title, Layer: o.layer, State: Pending}
		ended[o.name] = make(chan struct{})
		progress(checks[i])
	}
	w.loaded, w.asked = ended["keyring"], ended["proxy"]
	var line time.Duration
	if w.LastGood != nil {
		line = w.LastGood.RTT
	}
	patience := newPatience(ctx, w.set, w.waitsForWord, w.loaded, line)
	defer patience.end()
	var telling sync.Mutex
	var group sync.WaitGroup
	for i, o := range all {
		group.Go(func() {
			defer close(ended[o.name])
			for _, n := range o.after {
				if !strings.HasPrefix(n, beside) {
					<-ended[n]
				}
			}
			c := &checks[i]
			defer w.survive(c)
			tell := func() {
				telling.Lock()
				defer telling.Unlock()
				progress(*c)
			}
			c.State = Running
			tell()
			t := time.Now()
			c.Result, c.State = o.look(w, patience.with(o.cause))
			c.MS = time.Since(t).Milliseconds()
			tell()
			patience.look()
		})
	}
	group.Wait()
	w.stillThere()
	for _, t := range []*http.Transport{w.real, w.way} {
		if t != nil {
			t.CloseIdleConnections()
		}
	}
	w.conns.end()
	r := Report{Verdict: fault.Judge(w.set), Address: w.ServerURL, Checks: checks, Observations: w.set.All(), Took: time.Since(start)}
	if w.set.Worked() {
		w.learned.At, w.learned.Place = w.Now(), w.place()
		r.Learned = w.learned
	}
	for _, f := range append(r.Also, r.Finding) {
		if c := r.good(f.Fault); c != nil {
			c.State = Bad
			progress(*c)
		}
	}
	return r
}

// good is the check that a fault shows at, where none of its checks is bad: what an
// observer saw need not look bad to it. nil where one is.
func (r Report) good(id fault.ID) (at *Check) {
	row, _ := fault.Lookup(id)
	for i := range r.Checks {
		c := &r.Checks[i]
		switch {
		case !slices.Contains(row.Recheck, c.ID):
		case c.State == Bad:
			return nil
		case c.State == Good:
			at = c
		}
	}
	return at
}

// failed reports whether something of a kind and stage turned out bad.
func (w *walk) failed(kind, stage string) bool {
	return w.set.Saw(fault.Pattern{Kind: kind, Stage: stage, Outcome: string(fault.No)})
}

// chosen are the named observers and those that they need.
func chosen(names []string) []observer {
	need := map[string]bool{}
	for _, o := range slices.Backward(observers) { // those needed stand before
		if need[o.name] || slices.Contains(names, o.name) {
			need[o.name] = true
			for _, n := range o.after {
				need[strings.TrimPrefix(n, beside)] = true
			}
		}
	}
	if len(need) == 0 {
		return observers
	}
	return slices.DeleteFunc(slices.Clone(observers), func(o observer) bool { return !need[o.name] })
}

// yes is the outcome of a question.
func yes(b bool) fault.Outcome {
	if b {
		return fault.Yes
	}
	return fault.No
}

// good is the state of a check.
func good(b bool) State {
	if b {
		return Good
	}
	return Bad
}

const inTheWay = "not asked: something before it is in the way"
