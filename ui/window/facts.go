package window

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"counterfoil/app/attention"
	"counterfoil/app/books"
	"counterfoil/app/locale"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/ui/viewmodel"
)

// facts is the connection as it stands; the window reads it about once a second.
type facts struct {
	d     *desk.Desk
	words *locale.Catalog
	// moveData closes the folder, moves it and opens it where it is then; nil where this
	// window cannot.
	moveData func(move func(context.Context, desk.Config) (string, error))

	mu     sync.Mutex // guards below
	counts books.Counts
	asides []books.Aside // newest first
	sums   figures
}

// read brings the counts up to date; it touches the disk.
func (f *facts) read(ctx context.Context) error {
	c, err := f.d.Store.Counts(ctx, books.Filter{})
	if err != nil {
		return err
	}
	set, err := f.d.Store.Asides(ctx, 20)
	if err != nil {
		return err
	}
	f.d.Counted(c)
	f.d.Attention().Reload(ctx) // cfoil may have put something off
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts, f.asides = c, set
	return nil
}

// Counts are those of all invoices here, as they were read last.
func (f *facts) Counts() books.Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// Facts are what the connection page and the pill show.
func (f *facts) Facts() viewmodel.ConnectionFacts {
	f.mu.Lock()
	n, asides := f.counts, f.asides
	f.mu.Unlock()
	m := f.d.Monitor()
	st := m.State()
	out := viewmodel.ConnectionFacts{
		Connected: f.d.URL() != "", Online: st.Kind == link.Online, Offline: st.Kind == link.Offline, Unseen: st.Kind == link.Unknown, LastSync: st.LastOK,
		Waiting: n.UnsyncedInvoices, WaitingGross: n.UnsyncedGross, OldestWaiting: n.OldestUnsynced,
		NextTry: f.d.Engine().NextTry(), Names: desk.Personal(f.d.Dir, f.d.URL()),
	}
	out.Sending = out.Connected && out.NextTry.IsZero()
	out.CertificateEnd = m.CertificateEnd()
	out.Offset, out.Offsets = m.Offset(), m.LastGood() != nil
	f.quality(&out)
	f.attention(&out)
	f.diagnosis(&out, f.d.Diagnosis())
	for _, e := range m.Timeline(time.Now().Add(-day)) {
		out.Events = append(out.Events, f.event(e))
	}
	for _, a := range asides {
		out.Events = append(out.Events, f.aside(a))
	}
	slices.SortStableFunc(out.Events, func(a, b viewmodel.ConnectionEvent) int { return b.At.Compare(a.At) })
	for _, c := range m.Changes() {
		out.Changes = append(out.Changes, f.change(c))
	}
	for _, a := range f.d.Revocable() {
		out.Workarounds = append(out.Workarounds, viewmodel.Workaround{Key: string(a.Name), Text: viewmodel.Bilingual{ZH: a.Text("zh"), EN: a.Text("en")}, Since: a.Since})
	}
	return out
}

// Send asks for a round of sync now.
func (f *facts) Send() { f.d.Engine().Wake() }

// diagnosis fills in what is wrong and the lamps.
func (f *facts) diagnosis(out *viewmodel.ConnectionFacts, d desk.Diagnosis) {
	if d.Known() {
		out.Fault, out.Who = string(d.Row.ID), string(d.Row.Who)
		out.Title = both(d.Row.Title)
		out.What = viewmodel.Bilingual{ZH: d.Say("zh"), EN: d.Say("en")}
	}
	for i, l := range d.Lamps {
		out.Lamps[i] = viewmodel.Lamp{State: lights[l.Light], Took: l.Took}
		if row, ok := fault.Lookup(l.Fault); ok {
			out.Lamps[i].Note = both(row.Title)
		}
	}
	if out.Online {
		stages := f.d.Monitor().Stages()
		for i, took := range []time.Duration{2: cmp.Or(stages.TCP.RTT, stages.Connect), 3: stages.Secure, 4: cmp.Or(stages.Wait, out.Day.P50)} {
			if took > 0 { // newer than what a self-check measured
				out.Lamps[i].Took = took
			}
		}
	}
}

// figures are what takes time to sum up.
type figures struct {
	at                time.Time
	hour, day, before viewmodel.Quality
	buckets           []viewmodel.Bucket
}

// freshFor is how long figures are shown before they are summed up again.
const freshFor = 5 * time.Second

// quality fills in how the line was, and how it should be.
func (f *facts) quality(out *viewmodel.ConnectionFacts) {
	g := f.d.Goals()
	out.Goals = viewmodel.Goals{Availability: g.Availability, Success: g.Success, P99: g.P99, Slowest: g.Slowest}
	f.mu.Lock()
	n := f.sums
	f.mu.Unlock()
	if now := time.Now(); now.Sub(n.at) >= freshFor {
		n = sumUp(f.d.Monitor(), now)
		f.mu.Lock()
		f.sums = n
		f.mu.Unlock()
	}
	out.Hour, out.Day, out.Before, out.Buckets = n.hour, n.day, n.before, n.buckets
}

func sumUp(m *link.Monitor, now time.Time) figures {
	of := func(s link.Stats) viewmodel.Quality {
		return viewmodel.Quality{Requests: s.Requests, Availability: s.Availability, Success: s.Success, P50: s.P50, P95: s.P95, P99: s.P99}
	}
	n := figures{at: now, hour: of(m.Stats(time.Hour)), day: of(m.Stats(day))}
	hours := m.Hours(now.Add(-2 * day))
	yesterday, _ := slices.BinarySearchFunc(hours, now.Add(-day), func(h link.Hour, t time.Time) int { return h.At.Compare(t) })
	n.before = of(link.SumUp(hours[:yesterday]))
	for _, b := range m.Buckets(day, 96) {
		n.buckets = append(n.buckets, viewmodel.Bucket{Start: b.At, OK: b.Good, Failed: b.Bad, Median: b.P50})
	}
	return n
}

const day = 24 * time.Hour

// attention fills in what wants a person.
func (f *facts) attention(out *viewmodel.ConnectionFacts) {
	for _, e := range f.d.Attention().List() {
		a := viewmodel.Attention{Key: e.Key, Who: e.Who, Due: e.Due, Until: e.Until, Page: e.Page}
		a.Text = viewmodel.Bilingual{ZH: e.Say(f.words, "zh"), EN: e.Say(f.words, "en")}
		switch e.Severity {
		case attention.Stops:
			a.State = viewmodel.LampBad
		case attention.Slows:
			a.State = viewmodel.LampSlow
		}
		out.Attention = append(out.Attention, a)
	}
}

// TakeBack ends a workaround. What is not in force any more is taken back already.
func (f *facts) TakeBack(key string) {
	if cure.Name(key) == cure.MoveData && f.moveData != nil {
		f.moveData(desk.MoveBack)
		return
	}
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), fixLimit)
		defer stop()
		_ = f.d.Unfix(ctx, cure.Name(key)) // see above
	}()
}

// Snooze puts off what wants a person. What cannot be kept holds until the end.
func (f *facts) Snooze(key string, until time.Time) {
	go func() { _, _ = f.d.Attention().Snooze(context.Background(), key, until) }() // see above
}

var lights = map[desk.Light]viewmodel.LampState{
	desk.Dark: viewmodel.LampUnknown, desk.Good: viewmodel.LampGood, desk.Slow: viewmodel.LampSlow, desk.Bad: viewmodel.LampBad,
}

func (f *facts) change(c link.Change) viewmodel.ConnectionChange {
	side := func(s string) viewmodel.Bilingual {
		switch {
		case c.Key == "clock":
			return said(f.words, "connection.compared.seconds", s)
		case c.Key == "rtt":
			return said(f.words, "connection.compared.ms", s)
		case s == link.Direct:
			return said(f.words, "connection.compared.direct")
		}
		return viewmodel.Bilingual{ZH: s, EN: s}
	}
	name, after := said(f.words, "connection.compared."+c.Key), side(c.After)
	if c.Changed {
		return viewmodel.ConnectionChange{Changed: true, Text: said(f.words, "connection.compared.changed", name, side(c.Before), after)}
	}
	return viewmodel.ConnectionChange{Text: said(f.words, "connection.compared.same", name, after)}
}

func (f *facts) event(e link.Event) viewmodel.ConnectionEvent {
	out := viewmodel.ConnectionEvent{At: e.At, State: viewmodel.LampGood, Text: said(f.words, "connection.event.online")}
	switch e.Kind {
	case link.Offline:
		out.State, out.Text = viewmodel.LampBad, said(f.words, "connection.event.offline")
	case link.Degraded:
		out.State, out.Text = viewmodel.LampSlow, said(f.words, "connection.event.degraded")
	}
	if row, ok := fault.Lookup(fault.ID(e.Fault)); ok {
		out.Text = said(f.words, "connection.event.fault", out.Text, both(row.Title))
	}
	return out
}

// aside names a document that the server has and this version cannot read.
func (f *facts) aside(a books.Aside) viewmodel.ConnectionEvent {
	return viewmodel.ConnectionEvent{At: a.At, State: viewmodel.LampSlow, Text: said(f.words, "connection.event.aside", a.ID)}
}
