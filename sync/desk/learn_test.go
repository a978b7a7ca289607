package desk

import (
	"context"
	"testing"
	"time"

	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// What a walk that ended well has seen is there for the next process; a walk to
// another address teaches nothing.
func TestLearn(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	open := func() *Desk {
		d, err := Open(ctx, Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	d := open()
	d.learn(ctx, probe.Report{Address: "https://other.test", Learned: link.Snapshot{At: at, Address: "10.0.0.9:443"}})
	if g := d.Monitor().LastGood(); g != nil {
		t.Errorf("learned of another server: %+v", g)
	}
	d.learn(ctx, probe.Report{Address: d.URL(), Learned: link.Snapshot{At: at, Address: "10.0.0.1:443", Ports: []string{"443"}}})
	d.learn(ctx, probe.Report{Address: d.URL(), Learned: link.Snapshot{At: at.Add(time.Hour), Address: "10.0.0.2:443"}})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open()
	defer d.Close()
	if g := d.Monitor().LastGood(); g == nil || g.Address != "10.0.0.2:443" || len(g.Ports) != 1 || !g.At.Equal(at.Add(time.Hour)) {
		t.Errorf("after a restart: %+v", g)
	}
}
