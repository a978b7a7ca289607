package link

import (
	"testing"
	"time"

	"counterfoil/sync/fault"
)

// One instance that fails while another answers is told once and forgotten once it
// answers; what fails everywhere, or once, is no bad instance.
func TestNodes(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	answer := func(node string, status int) fault.Observation {
		o := fault.Observation{Kind: "http", Status: status, Outcome: fault.Yes, Values: map[string]string{"instance": node}}
		if status >= 500 {
			o.Outcome = fault.No
		}
		return o
	}
	say := func(n *nodes, node string, status int) string {
		at = at.Add(5 * time.Second)
		return n.learn(answer(node, status), at)
	}
	var n nodes
	told := 0
	for range 6 {
		for _, s := range []string{say(&n, "a", 200), say(&n, "b", 500)} {
			if s == "b" {
				told++
			} else if s != "" {
				t.Error(s)
			}
		}
	}
	if told != 1 || n.told != "b" {
		t.Errorf("told %d times of %q", told, n.told)
	}
	if say(&n, "b", 200); n.told != "" {
		t.Error("it answers, and is bad still")
	}
	for what, statuses := range map[string][2]int{"both fail": {500, 500}, "both answer": {200, 200}} {
		var n nodes
		for range 9 {
			say(&n, "a", statuses[0])
			say(&n, "b", statuses[1])
		}
		if n.told != "" {
			t.Error(what, n.told)
		}
	}
	var once nodes
	for range 9 {
		say(&once, "a", 200)
	}
	if say(&once, "b", 500); once.told != "" {
		t.Error("it failed once")
	}
	var old nodes
	for range 3 {
		say(&old, "b", 500)
	}
	at = at.Add(nodeFor)
	for range 5 {
		say(&old, "a", 200)
	}
	if old.told != "" {
		t.Error("that was long ago")
	}
	var many nodes
	for i := range 500 {
		say(&many, time.Duration(i).String(), 500)
	}
	if len(many.all) > maxNodes {
		t.Errorf("%d are kept", len(many.all))
	}
}

// The monitor asks for a self-check and gives it what it saw: likely, for another look
// may find one request that fails wherever it goes.
func TestSeenNode(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	m := New(Config{Now: func() time.Time { return at }})
	saw := func(node string, status int, o fault.Outcome) {
		at = at.Add(25 * time.Second)
		m.seen(request{start: at, end: at, answered: true, seen: fault.Observation{Kind: "http", Via: fault.Real, Target: "sync", Status: status, Outcome: o, Values: map[string]string{"instance": node}}})
	}
	for range 4 {
		saw("a", 200, fault.Yes)
		saw("b", 500, fault.No)
	}
	select {
	case why := <-m.Bell():
		if why != BadNode {
			t.Error(why)
		}
	default:
		t.Error("nobody rings")
	}
	v := fault.Judge(fault.SetOf(append(m.Seen(), fault.Observation{Kind: "http", Target: "signin", Via: fault.Real, Outcome: fault.Yes, Status: 200})...))
	if v.Fault != "B05" || v.Confidence != fault.Likely || v.Values["bad"] != "b" {
		t.Errorf("%+v", v)
	}
	saw("b", 200, fault.Yes)
	if s := m.Seen(); len(s) != 0 {
		t.Errorf("%+v", s)
	}
}
