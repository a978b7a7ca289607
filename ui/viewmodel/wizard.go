package viewmodel

import (
	"context"
	"strings"
	"time"
)

// SelfCheck looks for the fault. Both methods may take seconds, end with ctx,
// and are called on goroutines of their own.
type SelfCheck interface {
	// Run reports each check as it starts and ends, first all of them as pending.
	Run(ctx context.Context, progress func(Check)) Finding
	// Recheck looks whether a fault is over, by what shows it alone, and returns those
	// checks as they stand now.
	Recheck(ctx context.Context, fault string) (checks []Check, over bool)
}

// Actions does what a step's button promises.
type Actions interface{ Do(action string) error }

// isCure reports whether an action is one of the program's own cures.
func isCure(action string) bool { return strings.HasPrefix(action, "cure:") }

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

// How often what failed is looked at again by itself: what the clerk mends at once,
// what others mend less often, so that no server is asked by every desk each second.
const (
	recheckEvery = time.Second
	recheckOther = 5 * time.Second
)

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
	waited     int  // invoices that waited while it was
	began      time.Time
	took       time.Duration
	folded     bool
	open       map[string]bool // lamps that the clerk opened or folded
	message    string
}

// NewWizard makes the page; Start runs it. waiting returns the number of invoices
// that wait to be sent.
func NewWizard(s Setup, check SelfCheck, actions Actions, ticker Ticker, waiting func() int) *Wizard {
	return &Wizard{setup: s, check: check, actions: actions, ticker: ticker, waiting: waiting, folded: true}
}

// Start runs all checks from the beginning.
func (w *Wizard) Start() {
	w.halt()
	w.waited = 0
	w.found, w.stage, w.checks, w.step, w.message, w.open = false, StageRunning, nil, 0, "", nil
	w.walk()
	w.changed()
}

// walk runs all checks; what is shown stays until it ends.
func (w *Wizard) walk() {
	began, run := w.setup.Now(), w.run
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go func() {
		f := w.check.Run(ctx, func(c Check) {
			w.setup.Post(func() {
				if run == w.run && (w.stage == StageRunning || c.State != CheckPending) {
					w.put(c)
					w.changed()
				}
			})
		})
		w.setup.Post(func() {
			cancel()
			if run == w.run {
				w.began, w.took = began, w.setup.Now().Sub(began)
				w.ended(f)
			}
		})
	}()
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
	w.still()
	w.rechecking, w.acting = false, false
}

// still ends the ticking.
func (w *Wizard) still() {
	if w.stopTicker != nil {
		w.stopTicker()
		w.stopTicker = nil
	}
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

// ended takes what a walk found. The same fault as before keeps its step.
func (w *Wizard) ended(f Finding) {
	same := w.found && w.finding.Fault == f.Fault
	w.rechecking, w.finding = false, f
	if f.Fault != "" {
		w.waited = max(w.waited, w.waiting())
	}
	if !same {
		w.still()
		w.step = 0
	}
	switch {
	case f.Fault == "" && w.found:
		w.stage = StageFixed
	case f.Fault == "":
		w.stage = StageHealthy
	default:
		w.found, w.stage = true, StageHanded
		if len(f.forClerk()) > 0 {
			w.stage = StageFinding
		}
		w.watch()
	}
	w.changed()
}

// watch makes what failed run again by itself, whoever acts.
func (w *Wizard) watch() {
	if w.stopTicker != nil {
		return
	}
	every, run := recheckEvery, w.run
	if w.finding.Who != WhoYou {
		every = recheckOther
	}
	w.stopTicker = w.ticker(every, func() {
		w.setup.Post(func() {
			if run == w.run {
				w.recheck()
			}
		})
	})
}

// rest is one look at what failed.
type rest struct {
	checks []Check
	over   bool
}

func (w *Wizard) recheck() {
	if w.rechecking || w.stage != StageFinding && w.stage != StageHanded {
		return
	}
	w.rechecking, w.waited = true, max(w.waited, w.waiting())
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	run, fault := w.run, w.finding.Fault
	away(w.setup, ctx, func(ctx context.Context) (rest, error) {
		checks, over := w.check.Recheck(ctx, fault)
		return rest{checks, over}, nil
	}, func(r rest, _ error) {
		cancel()
		if run != w.run {
			return
		}
		for _, c := range r.checks {
			w.put(c)
		}
		if r.over {
			w.walk() // all of it: another fault may have stood behind this one
		} else {
			w.rechecking = false
		}
		w.changed()
	})
	w.changed()
}

// Do presses the button of a step: the action runs, then the next step is shown
// and the failed check runs again.
func (w *Wizard) Do(step int) {
	steps := w.Steps()
	if w.acting || step < 0 || step >= len(steps) || steps[step].Action == "" {
		return
	}
	w.acting, w.message = true, ""
	run, action := w.run, steps[step].Action
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
	if step == w.step && w.step < len(w.Steps()) {
		w.step++
	}
	w.recheck()
	w.changed()
}

// Back shows the step before once more.
func (w *Wizard) Back() {
	w.step, w.message = max(0, w.step-1), ""
	w.changed()
}

// Fold opens or folds the evidence.
func (w *Wizard) Fold() { w.folded = !w.folded; w.changed() }

// Stage, Checks, Finding, Steps (those of the clerk), Step (the first not done),
// Folded, Rechecking, Acting and Message are what the page shows.
func (w *Wizard) Stage() Stage        { return w.stage }
func (w *Wizard) Checks() []Check     { return append([]Check{}, w.checks...) }
func (w *Wizard) Finding() Finding    { return w.finding }
func (w *Wizard) Steps() []WizardStep { return w.finding.forClerk() }
func (w *Wizard) Step() int           { return w.step }
func (w *Wizard) Folded() bool        { return w.folded }
func (w *Wizard) Rechecking() bool    { return w.rechecking }
func (w *Wizard) Acting() bool        { return w.acting }
func (w *Wizard) Message() string     { return w.message }

// Tried reports whether all steps were done and the fault is there still.
func (w *Wizard) Tried() bool {
	return w.stage == StageFinding && w.step >= len(w.Steps())
}

func (w *Wizard) changed() {
	if w.Changed != nil {
		w.Changed()
	}
}
