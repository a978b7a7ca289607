package desk

import (
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
)

// What happened to the line is on disk at once, not only when the program ends well;
// another program reads what is wrong, and a line that is well is not red for what was.
func TestKeptThroughACrash(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	now := time.Now()
	open := func(u Use) *Desk {
		t.Helper()
		d, err := Open(ctx, Config{Dir: dir, Use: u, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open(Sync)
	g := d.newGuard()
	pass := func(by time.Duration) { now = now.Add(by); g.second(ctx, now) }
	d.Monitor().Observe(fault.Observation{Kind: "http", Outcome: fault.Yes})
	pass(time.Second)
	d.Monitor().Observe(expired)
	pass(20 * time.Second)
	other := open(Draft)
	if x := other.Diagnosis(); x.Fault != "S01" || !x.Known() {
		t.Errorf("another program: %+v", x.Finding)
	}
	if k, alive, err := other.Kept(ctx); err != nil || !alive || k.Kind != link.Offline {
		t.Errorf("%+v %v %v", k, alive, err)
	}
	_ = other.Close()
	_ = d.lock.Unlock() // the program is gone without a word
	again := open(Sync)
	defer again.Close()
	if e := again.Monitor().Timeline(now.Add(-time.Hour)); len(e) != 2 || e[0].Kind != link.Offline || e[0].Fault != "S01" {
		t.Errorf("%+v", e)
	}
	if x := again.Diagnosis(); x.Known() || again.Monitor().State().Kind != link.Unknown {
		t.Errorf("before the first request: %+v", x.Finding)
	}
	_ = d.Store.Close()
}
