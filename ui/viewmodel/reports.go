package viewmodel

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

// Month is one row of the report: what was issued on business dates of a month.
type Month struct {
	First                        time.Time
	Issued, Red, Waiting, Drafts int
	Gross                        decimal.Decimal // issued with tax, red-letter invoices subtracted
}

// Counter is what the report needs of the store.
type Counter interface {
	Counts(ctx context.Context, f books.Filter) (books.Counts, error)
}

// Reports is the monthly summary of what this desk holds.
type Reports struct {
	Changed func()

	setup   Setup
	store   Counter
	months  []Month
	message string
}

// reportMonths is how far back the report looks.
const reportMonths = 12

// NewReports makes an empty report; Load fills it.
func NewReports(s Setup, store Counter) *Reports { return &Reports{setup: s, store: store} }

// Months is the report, newest month first; Sum adds it up; Message is an error.
func (v *Reports) Months() []Month { return v.months }

// Message is what went wrong, or empty.
func (v *Reports) Message() string { return v.message }

// Sum adds all months up.
func (v *Reports) Sum() Month {
	var s Month
	for _, m := range v.months {
		s.Issued += m.Issued
		s.Red += m.Red
		s.Waiting += m.Waiting
		s.Drafts += m.Drafts
		s.Gross = s.Gross.Add(m.Gross)
	}
	return s
}

// Load counts again.
func (v *Reports) Load() {
	now := v.setup.Now()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	away(v.setup, context.Background(), func(ctx context.Context) ([]Month, error) {
		var out []Month
		for i := range reportMonths {
			m, err := v.month(ctx, first.AddDate(0, -i, 0))
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
		return out, nil
	}, func(m []Month, err error) {
		v.message = Sentence(v.setup.Words, err)
		if err == nil {
			v.months = m
		}
		if v.Changed != nil {
			v.Changed()
		}
	})
}

func (v *Reports) month(ctx context.Context, first time.Time) (Month, error) {
	m := Month{First: first}
	f := books.Filter{From: first.Format(time.DateOnly), To: first.AddDate(0, 1, -1).Format(time.DateOnly)}
	all, err := v.store.Counts(ctx, f)
	if err != nil {
		return m, err
	}
	m.Waiting, m.Drafts = all.Waiting, all.Draft
	// A reversed invoice was issued too: its red-letter one subtracts it.
	for _, state := range []invoice.State{invoice.Issued, invoice.Reversed} {
		f.State = state
		c, err := v.store.Counts(ctx, f)
		if err != nil {
			return m, err
		}
		m.Issued += c.All
		m.Red += c.Red
		m.Gross = m.Gross.Add(c.Gross)
	}
	return m, nil
}
