package attack

import (
	"strings"
	"testing"
	"time"
)

// While the tax service is away two red-letter invoices of one invoice are
// handed in, with innocent ones before and behind them.
func TestRedPairWhileTaxIsAway(t *testing.T) {
	t.Parallel()
	s := practice(t)
	open := func() *desk {
		d := newDesk(t)
		d.trusts(s)
		d.connect(s.url, "any-token-of-practice-123")
		d.sync()
		return d
	}
	a, b := open(), open()
	blue := a.handIn("blue")
	a.sync()
	b.sync()
	s.stop()
	s.args = append(s.args, "--fault", "B04")
	s.start()
	red := func(d *desk) string {
		id := text(d.must("", "reverse", blue), "id")
		d.must("", "submit", id)
		return id
	}
	innocent := []string{a.handIn("before")}
	reds := []string{red(a), red(b)}
	innocent = append(innocent, a.handIn("behind"), b.handIn("behind too"))
	a.run("", "sync", "--once")
	b.run("", "sync", "--once")
	for _, id := range innocent {
		if st := text(a.rows()[id], "state"); st == "issued" {
			t.Fatal("the tax service is not away")
		}
	}
	s.stop()
	s.args = s.args[:len(s.args)-2]
	s.start() // the tax service is back; old data must not stop the start
	issued := func() bool {
		a.run("", "sync", "--once")
		b.run("", "sync", "--once")
		for _, id := range innocent {
			if text(a.rows()[id], "state") != "issued" && text(b.rows()[id], "state") != "issued" {
				return false
			}
		}
		return true
	}
	within(t, 20*time.Second, "the innocent invoices are issued", issued)
	rows := a.rows()
	if text(rows[blue], "state") != "reversed" {
		t.Errorf("the blue one is %v", rows[blue])
	}
	taken, refused := 0, 0
	for i, d := range []*desk{a, b} {
		r := d.rows()[reds[i]]
		switch {
		case text(r, "state") == "issued":
			taken++
		case text(r, "rejection") != "" || r["conflict"] == true || strings.Contains(text(r, "state"), "reject"):
			refused++
		default:
			t.Errorf("a red-letter invoice is %v", r)
		}
	}
	if taken != 1 || refused != 1 {
		t.Errorf("%d red-letter invoices were issued and %d visibly refused", taken, refused)
	}
	next := a.handIn("the day after")
	a.sync()
	if got := text(a.rows()[next], "state"); got != "issued" {
		t.Errorf("the day after: %s", got)
	}
}
