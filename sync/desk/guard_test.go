package desk

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// guarded runs a guard over a line in fake time; look is the self-check, network where
// the computer stands.
func guarded(t *testing.T, look func() probe.Report, body func(c *Connection, network *atomic.Value)) {
	synctest.Test(t, func(t *testing.T) {
		c := &Connection{cfg: Config{Now: time.Now}, monitor: link.New(link.Config{Now: time.Now}), url: "https://invoice.example"}
		g := c.newGuard()
		g.look = func(context.Context) probe.Report { return look() }
		var network atomic.Value
		network.Store("192.168.1.20/24")
		g.place = func() link.Place { return link.Place{Network: network.Load().(string)} }
		ctx, stop := context.WithCancel(t.Context())
		go g.run(ctx)
		body(c, &network)
		stop()
		synctest.Wait()
	})
}

func finds(id fault.ID) probe.Report {
	return probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: id, Confidence: fault.Proven}}}
}

var expired = fault.Observation{Kind: "tls", Outcome: fault.No, Code: "x509:expired"}

// wait lets fake time pass.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// One hard error runs one self-check, whose finding shows at once; the same fault is
// looked at again a minute later, and one notice tells of it.
func TestGuardLooksByItself(t *testing.T) {
	looks := 0
	var told []Notice
	guarded(t, func() probe.Report { looks++; return finds("S01") }, func(c *Connection, _ *atomic.Value) {
		c.Notices(func(n Notice) { told = append(told, n) })
		c.monitor.Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
		wait(10 * time.Second)
		for range 30 {
			c.monitor.Observe(expired)
			wait(time.Second)
		}
		if d := c.Diagnosis(); looks != 1 || d.Fault != "S01" || !d.Checked || c.monitor.State().Kind != link.Offline {
			t.Errorf("%d looks, %+v", looks, d.Finding)
		}
		wait(time.Minute)
		c.monitor.Observe(expired)
		wait(time.Second)
		if looks != 2 || len(told) != 1 || told[0].Row.ID != "S01" || told[0].Over {
			t.Errorf("%d looks, told %+v", looks, told)
		}
		c.monitor.Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
		wait(time.Minute)
		if len(told) != 2 || !told[1].Over || c.Diagnosis().Fault != "" {
			t.Errorf("told %+v", told)
		}
	})
}

// A line that comes and goes is told of once.
func TestNoticesDoNotSpam(t *testing.T) {
	var told []Notice
	guarded(t, func() probe.Report { return finds("S01") }, func(c *Connection, _ *atomic.Value) {
		c.Notices(func(n Notice) { told = append(told, n) })
		for range 20 {
			c.monitor.Observe(expired)
			wait(15 * time.Second)
			c.monitor.Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
			wait(15 * time.Second)
		}
		if n := len(slices.DeleteFunc(slices.Clone(told), func(n Notice) bool { return n.Over })); n != 1 || len(told) != 2 {
			t.Errorf("told %d times of %d", n, len(told))
		}
	})
}

// Where the computer moved it is looked; a guard that has nothing to do does nothing.
func TestGuardMoves(t *testing.T) {
	var looks atomic.Int32
	guarded(t, func() probe.Report { looks.Add(1); return finds(fault.OK) }, func(_ *Connection, network *atomic.Value) {
		wait(10 * time.Minute)
		if n := looks.Load(); n != 0 {
			t.Fatalf("%d looks at a line that is well", n)
		}
		network.Store("172.20.10.3/28")
		wait(20 * time.Second)
		if n := looks.Load(); n != 1 {
			t.Errorf("%d looks", n)
		}
	})
}

// What a check found beside a line that works is looked for again before it is
// believed any longer.
func TestGuardLooksAgain(t *testing.T) {
	var slow fault.ID
	for _, row := range fault.All() {
		if row.Beside {
			slow = row.ID
		}
	}
	looks := 0
	guarded(t, func() probe.Report { looks++; return finds(fault.OK) }, func(c *Connection, _ *atomic.Value) {
		c.monitor.Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
		c.Found(finds(slow))
		wait(time.Minute)
		if d := c.Diagnosis(); d.Fault != slow {
			t.Errorf("%+v", d.Finding)
		}
		wait(lasts)
		if looks != 1 || c.Diagnosis().Known() {
			t.Errorf("%d looks, %+v", looks, c.Diagnosis().Finding)
		}
	})
}

// What an idle minute costs: it must stay far below a thousandth of one core.
func BenchmarkIdleMinute(b *testing.B) {
	c := &Connection{cfg: Config{Now: time.Now, Proxy: http.ProxyFromEnvironment}, monitor: link.New(link.Config{Now: time.Now}), url: "https://invoice.example"}
	c.monitor.Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
	g := c.newGuard()
	at := g.start
	for b.Loop() {
		for range 60 {
			at = at.Add(beat)
			g.second(b.Context(), at)
		}
	}
}
