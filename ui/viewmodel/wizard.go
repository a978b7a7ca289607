package viewmodel

import (
	"context"
	"strings"
	"time"
)

// CheckState says how far a check is.
type CheckState string

// The states. Skipped: a check before it failed.
const (
	CheckPending CheckState = ""
	CheckRunning CheckState = "running"
	CheckGood    CheckState = "good"
	CheckBad     CheckState = "bad"
	CheckSkipped CheckState = "skipped"
)

// Check is one line of the list.
type Check struct {
	ID    string
	Title Bilingual
	State CheckState
	Took  time.Duration
	Note  Bilingual // replaces the time: "none", "1 year slow"
}

// WizardStep is one thing to do. Action is handed to Actions, with Button as
// its word; both empty when the program cannot help.
type WizardStep struct {
	Text, Detail, Button Bilingual
	Action               string
}

// Finding is what the self-check found. An empty Fault means all is well.
type Finding struct {
	Fault           string // number
	CheckID         string // the check that failed
	Title, Sentence Bilingual
	Evidence        []Bilingual
	Proven          bool
	Who             string // WhoYou …
	Minutes         int    // about how long it takes the clerk; 0: not said
	Steps           []WizardStep
	Names           []string // masked in the text for IT: hosts, the user
}

// SelfCheck looks for the fault. Both methods may take seconds, end with ctx,
// and are called on goroutines of their own.
type SelfCheck interface {
	// Run reports each check as it starts and ends, first all of them as pending.
	Run(ctx context.Context, progress func(Check)) Finding
	// Recheck does one check again.
	Recheck(ctx context.Context, id string) Check
}

// Actions does what a step's button promises.
type Actions interface{ Do(action string) error }

// Ticker calls f every d until stop is called; f may run on any goroutine.
type Ticker func(d time.Duration, f func()) (stop func())

// Stage is where the wizard stands.
type Stage string

// The stages. Healthy: nothing was wrong at the first look. Fixed: it was, and
// is no more. Handed: somebody else must act; the clerk works on.
const (
	StageIdle    Stage = ""
	StageRunning Stage = "running"
	StageFinding Stage = "finding"
	StageHanded  Stage = "handed"
	StageFixed   Stage = "fixed"
	StageHealthy Stage = "healthy"
)

const recheckEvery = time.Second

// Wizard is the self-check page.
type Wizard struct {
	Changed func()

	setup   Setup
	check   SelfCheck
	actions Actions
	ticker  Ticker
	waiting func() int // invoices that wait to be sent

	stage      Stage
	checks     []Check
	finding    Finding
	step       int
	run        int // raised by every start and stop; older answers are dropped
	cancel     context.CancelFunc
	stopTicker func()
	rechecking bool
	acting     bool
	found      bool // a fault was seen since Start
	started    time.Time
	took       time.Duration
	folded     bool
	message    string
}

// NewWizard makes the page; Start runs it. waiting gives the number of invoices
// that wait to be sent.
func NewWizard(s Setup, check SelfCheck, actions Actions, ticker Ticker, waiting func() int) *Wizard {
	return &Wizard{setup: s, check: check, actions: actions, ticker: ticker, waiting: waiting, folded: true}
}

// Start runs all checks from the beginning.
func (w *Wizard) Start() {
	w.found = false
	w.begin()
}

func (w *Wizard) begin() {
	w.halt()
	w.stage, w.checks, w.step, w.message = StageRunning, nil, 0, ""
	w.started = w.setup.Now()
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	run := w.run
	go func() {
		f := w.check.Run(ctx, func(c Check) {
			w.setup.Post(func() {
				if run == w.run {
					w.put(c)
					w.changed()
				}
			})
		})
		w.setup.Post(func() {
			if run == w.run {
				w.ended(f)
			}
		})
	}()
	w.changed()
}

// Stop ends checks and ticking; the page may be started again.
func (w *Wizard) Stop() {
	w.halt()
	if w.stage == StageRunning {
		w.stage = StageIdle
	}
	w.changed()
}

func (w *Wizard) halt() {
	w.run++
	if w.cancel != nil {
		w.cancel()
		w.cancel = nil
	}
	if w.stopTicker != nil {
		w.stopTicker()
		w.stopTicker = nil
	}
	w.rechecking, w.acting = false, false
}

func (w *Wizard) put(c Check) {
	for i := range w.checks {
		if w.checks[i].ID == c.ID {
			w.checks[i] = c
			return
		}
	}
	w.checks = append(w.checks, c)
}

func (w *Wizard) ended(f Finding) {
	w.finding, w.took = f, w.setup.Now().Sub(w.started)
	if f.Fault == "" {
		w.stage = StageHealthy
		if w.found {
			w.stage = StageFixed
		}
		w.changed()
		return
	}
	w.found, w.stage = true, StageFinding
	if f.Who != WhoYou && len(f.Steps) == 0 {
		w.stage = StageHanded
	}
	// Whoever acts, the failed check runs again by itself.
	if f.CheckID != "" {
		run := w.run
		w.stopTicker = w.ticker(recheckEvery, func() {
			w.setup.Post(func() {
				if run == w.run {
					w.recheck()
				}
			})
		})
	}
	w.changed()
}

func (w *Wizard) recheck() {
	if w.rechecking || w.stage != StageFinding && w.stage != StageHanded {
		return
	}
	w.rechecking = true
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	run, id := w.run, w.finding.CheckID
	away(w.setup, ctx, func(ctx context.Context) (Check, error) { return w.check.Recheck(ctx, id), nil },
		func(c Check, _ error) {
			cancel()
			if run != w.run {
				return
			}
			w.rechecking = false
			w.put(c)
			if c.State == CheckGood {
				w.begin() // the rest of the ladder, which may hold another fault
				return
			}
			w.changed()
		})
	w.changed()
}

// Do presses the button of a step: the action runs, then the next step is shown
// and the failed check runs again.
func (w *Wizard) Do(step int) {
	if w.acting || step < 0 || step >= len(w.finding.Steps) || w.finding.Steps[step].Action == "" {
		return
	}
	w.acting, w.message = true, ""
	run, action := w.run, w.finding.Steps[step].Action
	away(w.setup, context.Background(), func(context.Context) (struct{}, error) { return struct{}{}, w.actions.Do(action) },
		func(_ struct{}, err error) {
			if run != w.run {
				return
			}
			w.acting = false
			if err != nil {
				w.message = Sentence(w.setup.Words, err)
				w.changed()
				return
			}
			w.Done(step)
		})
	w.changed()
}

// Done says that the clerk has done a step.
func (w *Wizard) Done(step int) {
	if step == w.step && w.step < len(w.finding.Steps) {
		w.step++
	}
	w.recheck()
	w.changed()
}

// Fold opens or folds the evidence.
func (w *Wizard) Fold() { w.folded = !w.folded; w.changed() }

// Stage, Checks, Finding, Step (the first not done), Folded, Rechecking, Acting
// and Message are what the page shows.
func (w *Wizard) Stage() Stage     { return w.stage }
func (w *Wizard) Checks() []Check  { return append([]Check{}, w.checks...) }
func (w *Wizard) Finding() Finding { return w.finding }
func (w *Wizard) Step() int        { return w.step }
func (w *Wizard) Folded() bool     { return w.folded }
func (w *Wizard) Rechecking() bool { return w.rechecking }
func (w *Wizard) Acting() bool     { return w.acting }
func (w *Wizard) Message() string  { return w.message }

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
		return w.setup.Words.T("wizard.check.skipped")
	case CheckGood, CheckBad:
		return milliseconds(c.Took)
	}
	return ""
}

// Ending is the sentence at the end or foot of the page.
func (w *Wizard) Ending() string {
	n := w.waiting()
	switch {
	case w.stage == StageFixed && n > 0:
		return w.setup.Words.T("wizard.fixed", n)
	case w.stage == StageFixed:
		return w.setup.Words.T("wizard.fixed_none")
	case w.stage == StageHealthy:
		return w.setup.Words.T("wizard.healthy")
	case w.stage == StageHanded:
		return w.setup.Words.T("wizard.handed")
	case n > 0:
		return w.setup.Words.T("wizard.safe", n)
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
	if f.Minutes > 0 {
		s += " · " + w.setup.Words.T("wizard.minutes", f.Minutes)
	}
	return s
}

// ForIT is text to hand to IT or the server team: the fault's number, what was
// found, why we know, and every check. It is masked.
func (w *Wizard) ForIT() string {
	f, p := w.finding, w.setup.Words
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s + "\n")
		}
	}
	line(p.T("wizard.forit.title", f.Fault, f.Title.In(p)))
	line(f.Sentence.In(p))
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

func (w *Wizard) changed() {
	if w.Changed != nil {
		w.Changed()
	}
}
