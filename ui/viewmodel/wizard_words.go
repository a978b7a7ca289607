package viewmodel

import (
	"strings"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/mask"
)

// CheckLamp is one of the five lamps of the list, with its checks.
type CheckLamp struct {
	ID     string // as in fault.Layer
	Name   string
	Open   bool // its checks are shown
	State  CheckState
	Note   string // its time, or what it waits for
	Checks []Check
}

// Lamps are the five from this computer to the server. One is good when all that was
// looked at is, bad when something is, and not known where nothing was reached.
func (w *Wizard) Lamps() []CheckLamp {
	var out []CheckLamp
	for i, l := range fault.Layers {
		lamp := CheckLamp{ID: string(l), Name: w.setup.Words.T("connection.lamp." + lampKeys[i])}
		for _, c := range w.checks {
			if c.Layer == string(l) {
				lamp.Checks = append(lamp.Checks, c)
			}
		}
		if len(lamp.Checks) == 0 {
			continue
		}
		var took time.Duration
		lamp.State, took = together(lamp.Checks)
		if lamp.State == CheckGood || lamp.State == CheckBad {
			lamp.Note = milliseconds(took)
		}
		if lamp.State == CheckSkipped {
			lamp.Note = w.CheckNote(lamp.Checks[0])
		}
		lamp.Open = w.opened(lamp)
		out = append(out, lamp)
	}
	return out
}

// opened reports whether the checks of a lamp are shown: all while they run, then those
// of a lamp that failed, unless the clerk wants it otherwise.
func (w *Wizard) opened(l CheckLamp) bool {
	if open, chosen := w.open[l.ID]; chosen {
		return open
	}
	return w.stage == StageRunning || l.State == CheckBad
}

// Open shows the checks of a lamp, or folds them.
func (w *Wizard) Open(lamp string) {
	for _, l := range w.Lamps() {
		if l.ID == lamp {
			if w.open == nil {
				w.open = map[string]bool{}
			}
			w.open[lamp] = !l.Open
		}
	}
	w.changed()
}

// together is the state of several checks as one, and the longest of them.
func together(checks []Check) (CheckState, time.Duration) {
	count, took := map[CheckState]int{}, time.Duration(0)
	for _, c := range checks {
		count[c.State]++
		took = max(took, c.Took)
	}
	switch {
	case count[CheckBad] > 0:
		return CheckBad, took
	case count[CheckRunning] > 0 || count[CheckPending] > 0 && count[CheckPending] < len(checks):
		return CheckRunning, took
	case count[CheckGood] > 0:
		return CheckGood, took // what was skipped beside it was not needed
	case count[CheckSkipped] > 0:
		return CheckSkipped, took
	}
	return CheckPending, took
}

// Around is what the program works around at the end; empty where there is nothing.
func (w *Wizard) Around() (out []string) {
	if w.stage != StageFixed && w.stage != StageHealthy {
		return nil
	}
	for _, t := range w.finding.Around {
		out = append(out, t.In(w.setup.Words))
	}
	return out
}

// Took is how long the whole run was, as words.
func (w *Wizard) Took() string {
	if w.stage == StageIdle || w.stage == StageRunning {
		return ""
	}
	key := "wizard.likely"
	if w.finding.Proven {
		key = "wizard.proven"
	}
	if w.finding.Fault == "" {
		key = "wizard.done"
	}
	return w.setup.Words.T("wizard.took", w.took.Seconds()) + " · " + w.setup.Words.T(key)
}

// CheckNote is what stands at the right of a check.
func (w *Wizard) CheckNote(c Check) string {
	if n := c.Note.In(w.setup.Words); n != "" {
		return n
	}
	switch c.State {
	case CheckRunning:
		return w.setup.Words.T("wizard.check.running")
	case CheckSkipped:
		if !w.held(c) {
			return w.setup.Words.T("wizard.check.unneeded")
		}
		return w.setup.Words.T("wizard.check.skipped")
	case CheckGood, CheckBad:
		return milliseconds(c.Took)
	}
	return ""
}

// held reports whether a check that failed stands before another.
func (w *Wizard) held(c Check) bool {
	for _, x := range w.checks {
		switch {
		case x.ID == c.ID:
			return false
		case x.State == CheckBad:
			return true
		}
	}
	return false
}

// Ending is the sentence at the end or foot of the page: what happens to the invoices
// that wait, and whether there is anything left to do.
func (w *Wizard) Ending() string {
	n, t := w.waiting(), w.setup.Words.T
	some := func(none, many string) string {
		if n > 0 {
			return t(many, n)
		}
		return t(none)
	}
	switch {
	case w.stage == StageFixed && n == 0 && w.waited > 0:
		return t("wizard.fixed_sent", w.waited)
	case w.stage == StageFixed:
		return some("wizard.fixed_none", "wizard.fixed")
	case w.stage == StageHealthy:
		return some("wizard.healthy", "wizard.healthy_waiting")
	case w.stage == StageHanded && w.finding.Who == WhoApp:
		return some("wizard.itself", "wizard.itself_waiting")
	case w.stage == StageHanded && w.finding.Mild:
		return some("wizard.mild", "wizard.mild_waiting")
	case w.stage == StageHanded:
		return some("wizard.handed", "wizard.handed_waiting")
	case w.Tried():
		return some("wizard.tried", "wizard.tried_waiting")
	case n > 0:
		return t("wizard.safe", n)
	}
	return ""
}

// WhoText names who must act and about how long it takes.
func (w *Wizard) WhoText() string {
	f := w.finding
	if f.Who == "" {
		return ""
	}
	s := w.setup.Words.T("wizard.who." + f.Who)
	if f.Who == WhoYou && f.Minutes > 0 {
		s += " · " + w.setup.Words.T("wizard.minutes", f.Minutes)
	}
	return s
}

// Watching says who looks whether it is over, and when.
func (w *Wizard) Watching() string {
	switch f := w.finding; {
	case f.Who == WhoYou:
		return w.setup.Words.T("wizard.by_itself")
	case f.Mild:
		return w.setup.Words.T("wizard.watched_mild")
	}
	return w.setup.Words.T("wizard.watched")
}

// Sends reports whether there is a text for others: who must act is neither the clerk
// nor the program.
func (w *Wizard) Sends() bool { return w.finding.Who == WhoIT || w.finding.Who == WhoServer }

// AlsoText names a second fault, its number and who must act.
func (w *Wizard) AlsoText(b Beside) string {
	p := w.setup.Words
	return p.T("wizard.also", b.Title.In(p), p.T("wizard.who."+b.Who), b.Fault)
}

// Meanwhile is what the clerk may try while others act; empty where there is nothing.
func (w *Wizard) Meanwhile() string {
	var texts []string
	for _, t := range w.finding.meanwhile() {
		texts = append(texts, t.In(w.setup.Words))
	}
	if len(texts) == 0 {
		return ""
	}
	return w.setup.Words.T("wizard.meanwhile", strings.Join(texts, w.setup.Words.T("wizard.meanwhile.or")))
}

// ForOthers is the ready text for who must act: the fault's number and what they should
// do. It names the servers they look after; people and secrets are masked.
func (w *Wizard) ForOthers() string {
	f, p := w.finding, w.setup.Words
	text := f.Report.In(p)
	if text == "" {
		text = f.Sentence.In(p)
	}
	return Masked(p, p.T("wizard.forit.title", f.Fault, f.Title.In(p))+"\n"+text, f.Names, mask.Hosts, mask.Addresses)
}

// ForIT is the same, masked, with why we know it and every check.
func (w *Wizard) ForIT() string {
	f, p := w.finding, w.setup.Words
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s + "\n")
		}
	}
	line(p.T("wizard.forit.title", f.Fault, f.Title.In(p)))
	if text := f.Report.In(p); text != "" {
		line(text)
	} else {
		line(f.Sentence.In(p))
	}
	for _, a := range f.Also {
		line(w.AlsoText(a))
	}
	for _, e := range f.Evidence {
		line("- " + e.In(p))
	}
	b.WriteString("\n")
	for _, c := range w.checks {
		sign := map[CheckState]string{CheckGood: "[ok] ", CheckBad: "[bad] "}[c.State]
		if sign == "" {
			sign = "[--] "
		}
		line(sign + c.Title.In(p) + "  " + w.CheckNote(c))
	}
	line(w.setup.Now().Format("2006-01-02 15:04:05 -0700"))
	return Masked(p, b.String(), f.Names)
}
