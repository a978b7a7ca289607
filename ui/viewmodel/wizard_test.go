package viewmodel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ladder is a self-check whose fault can be mended.
type ladder struct {
	mu    sync.Mutex
	fault string
	who   string
	steps []WizardStep
	done  []string
	err   error
}

func (l *ladder) mend() { l.mu.Lock(); l.fault = ""; l.mu.Unlock() }
func (l *ladder) state() CheckState {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != "" {
		return CheckBad
	}
	return CheckGood
}
func (l *ladder) Run(_ context.Context, p func(Check)) Finding {
	p(Check{ID: "clock"})
	p(Check{ID: "clock", State: CheckRunning})
	p(Check{ID: "clock", State: l.state(), Took: time.Millisecond})
	l.mu.Lock()
	defer l.mu.Unlock()
	return Finding{Fault: l.fault, Who: l.who, Steps: l.steps, Proven: true, Minutes: 1,
		Title: Bilingual{ZH: "时间"}, Sentence: Bilingual{ZH: "host secret.example at 10.1.2.3"}}
}
func (l *ladder) Recheck(context.Context, string) ([]Check, bool) {
	return []Check{{ID: "clock", State: l.state()}}, l.state() == CheckGood
}
func (l *ladder) Do(a string) error { l.done = append(l.done, a); return l.err }

type clockwork struct {
	tick    func()
	stopped int
}

func (c *clockwork) ticker(_ time.Duration, f func()) func() {
	c.tick = f
	return func() { c.stopped++ }
}

func TestWizardLeadsToFixed(t *testing.T) {
	w, s := newWindow(t)
	l := &ladder{fault: "S03", who: WhoYou, steps: []WizardStep{{Action: "open"}, {}}}
	c := &clockwork{}
	m := NewWizard(s, l, l, c.ticker, func() int { return 12 })
	m.Start()
	w.until("finding", func() bool { return m.Stage() == StageFinding })
	if len(m.Checks()) != 1 || m.Checks()[0].State != CheckBad || !strings.Contains(m.Ending(), "12") {
		t.Fatalf("checks %+v, ending %q", m.Checks(), m.Ending())
	}
	if text := m.ForIT(); !strings.Contains(text, "S03") || strings.Contains(text, "secret") || strings.Contains(text, "10.1.2.3") || !strings.Contains(text, "主机1") {
		t.Fatalf("text for IT: %s", text)
	}
	m.Do(0)
	w.until("second step", func() bool { return m.Step() == 1 && !m.Rechecking() })
	if m.Stage() != StageFinding || len(l.done) != 1 {
		t.Fatalf("stage %s, actions %v", m.Stage(), l.done)
	}
	l.mend()
	c.tick()
	w.until("fixed", func() bool { return m.Stage() == StageFixed })
	if c.stopped != 1 || !strings.HasPrefix(m.Ending(), "wizard.fixed[") {
		t.Fatalf("stopped %d, ending %q", c.stopped, m.Ending())
	}
}

func TestWizardHandedHealthyStopped(t *testing.T) {
	w, s := newWindow(t)
	l := &ladder{fault: "S01", who: WhoServer}
	c := &clockwork{}
	m := NewWizard(s, l, l, c.ticker, func() int { return 0 })
	m.Start()
	w.until("handed", func() bool { return m.Stage() == StageHanded })
	if m.Ending() != "wizard.handed" {
		t.Fatal(m.Ending())
	}
	m.Stop()
	c.tick() // after Stop it counts for nothing
	for len(w.q) > 0 {
		(<-w.q)()
	}
	if m.Rechecking() {
		t.Fatal("rechecks after Stop")
	}
	l.mend()
	m.Start()
	w.until("healthy", func() bool { return m.Stage() == StageHealthy })

	l.fault, l.who, l.steps, l.err = "K01", WhoYou, []WizardStep{{Action: "unlock"}}, errors.New("no prompt")
	m.Start()
	w.until("finding", func() bool { return m.Stage() == StageFinding })
	m.Do(0)
	w.until("message", func() bool { return m.Message() == "no prompt" })
	if m.Step() != 0 {
		t.Fatal("a failed action moved on")
	}
}

// Where others act the clerk has no list of chores: what the program can do, what may
// be tried, and the text for them.
func TestWizardForOthers(t *testing.T) {
	w, s := newWindow(t)
	l := &ladder{fault: "S26", who: WhoIT, steps: []WizardStep{
		{Text: Bilingual{ZH: "热点"}, Action: "open:wifi"}, {Text: Bilingual{ZH: "不用等"}}, {Text: Bilingual{ZH: "复制"}, Action: "copy_report"},
	}}
	m := NewWizard(s, l, l, (&clockwork{}).ticker, func() int { return 3 })
	m.Start()
	w.until("handed", func() bool { return m.Stage() == StageHanded })
	if len(m.Steps()) != 0 || m.Meanwhile() != "wizard.meanwhile[热点]" || !strings.Contains(m.Ending(), "3") {
		t.Fatalf("%+v, %q, %q", m.Steps(), m.Meanwhile(), m.Ending())
	}
	if text := m.ForOthers(); !strings.Contains(text, "S26") || !strings.Contains(text, "secret.example") || strings.Contains(m.ForIT(), "secret.example") {
		t.Fatal(text)
	}
	l.steps = append(l.steps, WizardStep{Text: Bilingual{ZH: "绕开"}, Action: "cure:http1"})
	m.Start()
	w.until("a step", func() bool {
		return m.Stage() == StageFinding && len(m.Steps()) == 1 && m.Steps()[0].Action == "cure:http1"
	})
}

// What was skipped behind a check that failed waits for it; before it, it was not needed.
func TestWizardSaysWhatWaits(t *testing.T) {
	_, s := newWindow(t)
	m := NewWizard(s, nil, nil, nil, nil)
	for _, c := range []Check{{ID: "proxy", Layer: "internet", State: CheckSkipped}, {ID: "route", Layer: "internet", State: CheckBad}, {ID: "tls", Layer: "secure", State: CheckSkipped}} {
		m.put(c)
	}
	all := m.Checks()
	if a, b := m.CheckNote(all[0]), m.CheckNote(all[2]); a != "wizard.check.unneeded" || b != "wizard.check.skipped" {
		t.Error(a, b)
	}
	lamps := m.Lamps()
	if len(lamps) != 2 || lamps[0].State != CheckBad || lamps[1].State != CheckSkipped {
		t.Errorf("%+v", lamps)
	}
}

// All checks are shown while they run, then those of the lamp that failed; the clerk
// opens and folds the others.
func TestWizardFoldsWhatIsWell(t *testing.T) {
	_, s := newWindow(t)
	m := NewWizard(s, nil, nil, nil, nil)
	for _, c := range []Check{{ID: "data", Layer: "pc", State: CheckGood}, {ID: "route", Layer: "internet", State: CheckBad}, {ID: "tls", Layer: "secure", State: CheckSkipped}} {
		m.put(c)
	}
	open := func() (out []bool) {
		for _, l := range m.Lamps() {
			out = append(out, l.Open)
		}
		return out
	}
	m.stage = StageRunning
	if got := open(); !slices.Equal(got, []bool{true, true, true}) {
		t.Error("running:", got)
	}
	m.stage = StageFinding
	if got := open(); !slices.Equal(got, []bool{false, true, false}) {
		t.Error("found:", got)
	}
	m.Open("pc")
	m.Open("internet")
	if got := open(); !slices.Equal(got, []bool{true, false, false}) {
		t.Error("pressed:", got)
	}
	if l := m.Lamps()[2]; l.Note != "wizard.check.skipped" {
		t.Errorf("%+v", l)
	}
}

// A fault with which invoices are issued nevertheless is not "over" one day: it is dealt
// with. What the program deals with has nothing to be sent to anybody.
func TestWizardSpeaksOfMildFaults(t *testing.T) {
	_, s := newWindow(t)
	m := NewWizard(s, nil, nil, nil, func() int { return 0 })
	m.stage, m.finding = StageHanded, Finding{Fault: "S27", Who: WhoServer, Mild: true}
	if m.Ending() != "wizard.mild" || m.Watching() != "wizard.watched_mild" || !m.Sends() {
		t.Error(m.Ending(), m.Watching(), m.Sends())
	}
	m.finding = Finding{Fault: "S01", Who: WhoServer}
	if m.Ending() != "wizard.handed" || m.Watching() != "wizard.watched" || !m.Sends() {
		t.Error(m.Ending(), m.Watching(), m.Sends())
	}
	m.finding = Finding{Fault: "H11", Who: WhoApp}
	if m.Ending() != "wizard.itself" || m.Sends() {
		t.Error(m.Ending(), m.Sends())
	}
	m.finding = Finding{Fault: "S03", Who: WhoYou}
	if m.Watching() != "wizard.by_itself" || m.Sends() {
		t.Error(m.Watching(), m.Sends())
	}
}

// At the end it is told what became of the invoices that waited.
func TestWizardEndsWithTheInvoices(t *testing.T) {
	_, s := newWindow(t)
	n := 3
	m := NewWizard(s, nil, nil, func(time.Duration, func()) func() { return func() {} }, func() int { return n })
	m.ended(Finding{Fault: "T01", Who: WhoServer})
	if m.Ending() != "wizard.handed_waiting[3]" {
		t.Error(m.Ending())
	}
	if m.ended(Finding{}); m.Ending() != "wizard.fixed[3]" {
		t.Error(m.Ending())
	}
	if n = 0; m.Ending() != "wizard.fixed_sent[3]" {
		t.Error(m.Ending())
	}
}
