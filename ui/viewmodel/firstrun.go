package viewmodel

import (
	"context"
	"strings"

	"counterfoil/app/settings"
)

// FirstStep is a page of the first-run guide.
type FirstStep string

// The pages, in order; practice leaves the guide at the choice.
const (
	FirstLanguage FirstStep = "language"
	FirstChoice   FirstStep = "choice"
	FirstAddress  FirstStep = "address"
	FirstCA       FirstStep = "ca"
	FirstCheck    FirstStep = "check"
	FirstDone     FirstStep = "done"
)

// FirstRun leads from an empty folder to the first invoice.
type FirstRun struct {
	Changed  func()
	Restyled func(settings.Settings)
	Practise func(settings.Settings) // go to the practice folder, which looks like this one
	Finished func()                  // open a new invoice
	CA       *CAImport
	Wizard   *Wizard

	setup   Setup
	store   settings.Store
	conn    Connector
	values  settings.Settings
	step    FirstStep
	busy    bool
	message string
}

// NewFirstRun makes the guide at its first page. The wizard must be its own.
func NewFirstRun(s Setup, store settings.Store, conn Connector, keeper CAKeeper, wizard *Wizard, values settings.Settings) *FirstRun {
	f := &FirstRun{setup: s, store: store, conn: conn, values: values, step: FirstLanguage, Wizard: wizard}
	f.CA = NewCAImport(s, keeper)
	f.CA.Changed = f.caChanged
	wizard.Changed = f.changed
	return f
}

// Step, Busy, Message, Values and URL are what the page shows.
func (f *FirstRun) Step() FirstStep           { return f.step }
func (f *FirstRun) Busy() bool                { return f.busy }
func (f *FirstRun) Message() string           { return f.message }
func (f *FirstRun) Values() settings.Settings { return f.values }
func (f *FirstRun) URL() string               { return f.conn.URL() }

// Language chooses it and goes on.
func (f *FirstRun) Language(l settings.Language) {
	f.values.Language = l
	if f.Restyled != nil {
		f.Restyled(f.values)
	}
	f.turn(FirstChoice)
}

// Practice leaves the guide for the practice folder; this folder stays as it is.
func (f *FirstRun) Practice() {
	if !f.busy && f.Practise != nil {
		f.Practise(f.values)
	}
}

// Connect goes to the address page.
func (f *FirstRun) Connect() { f.turn(FirstAddress) }

// Address keeps address and token and goes on to the certificate.
func (f *FirstRun) Address(address, token string) {
	f.work(func(ctx context.Context) error {
		return f.conn.Connect(ctx, strings.TrimSpace(address), strings.TrimSpace(token))
	}, func() { f.turn(FirstCA) })
}

func (f *FirstRun) caChanged() {
	if f.CA.Trusted() && f.step == FirstCA {
		f.turn(FirstCheck)
		f.Wizard.Start()
		return
	}
	f.changed()
}

// Back goes one page back; on the first it does nothing.
func (f *FirstRun) Back() {
	if f.busy {
		return
	}
	switch f.step {
	case FirstChoice:
		f.turn(FirstLanguage)
	case FirstAddress:
		f.turn(FirstChoice)
	case FirstCA:
		f.turn(FirstAddress)
	case FirstCheck:
		f.Wizard.Stop()
		f.turn(FirstCA)
	}
}

// Next leaves the self-check, whatever it found: work goes on without a line.
func (f *FirstRun) Next() {
	if f.step == FirstCheck {
		f.Wizard.Stop()
		f.turn(FirstDone)
	}
}

// Finish keeps that the guide is done and opens the first invoice.
func (f *FirstRun) Finish() {
	done := f.values
	done.Started = true
	f.work(func(ctx context.Context) error { return settings.Save(ctx, f.store, done) }, func() {
		f.values = done
		f.changed()
		if f.Finished != nil {
			f.Finished()
		}
	})
}

func (f *FirstRun) work(work func(context.Context) error, then func()) {
	if f.busy {
		return
	}
	f.busy, f.message = true, ""
	away(f.setup, context.Background(), func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) },
		func(_ struct{}, err error) {
			f.busy = false
			if err != nil {
				f.message = Sentence(f.setup.Words, err)
				f.changed()
				return
			}
			then()
		})
	f.changed()
}

func (f *FirstRun) turn(s FirstStep) { f.step, f.message = s, ""; f.changed() }

func (f *FirstRun) changed() {
	if f.Changed != nil {
		f.Changed()
	}
}
