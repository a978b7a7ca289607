package viewmodel

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// LampState is a lamp's light.
type LampState string

// The lights; each has its own sign beside its colour.
const (
	LampUnknown LampState = ""
	LampGood    LampState = "good"
	LampSlow    LampState = "slow"
	LampBad     LampState = "bad"
)

// Lamp is one station of the chain: this PC, office network, internet, secure
// connection, invoice server, in this order.
type Lamp struct {
	State LampState
	Took  time.Duration // 0: not timed
	Note  Bilingual     // short: "direct", "certificate expired"
}

// Who must act.
const (
	WhoYou    = "you"
	WhoIT     = "it"
	WhoServer = "server"
	WhoApp    = "app"
)

// Bucket is a slice of the last 24 hours.
type Bucket struct {
	Start      time.Time
	OK, Failed int
	Median     time.Duration // of the answers
}

// ConnectionEvent is a change of state.
type ConnectionEvent struct {
	At    time.Time
	State LampState
	Text  Bilingual
}

// ConnectionChange compares one thing with the last time all was well.
type ConnectionChange struct {
	Changed bool
	Text    Bilingual
}

// Quality sums up a window of time. Without requests nothing is known.
type Quality struct {
	Requests      int
	Availability  float64 // 0…1 of the time
	Success       float64 // 0…1 of the requests
	P50, P95, P99 time.Duration
}

// Goals are what the owner wants of the line.
type Goals struct {
	Availability, Success float64
	P99, Slowest          time.Duration
}

// ConnectionFacts is what the page shows at one moment.
type ConnectionFacts struct {
	Connected      bool // a server is set up
	Online         bool
	Offline        bool      // for long enough to be said; neither: unsteady, or not known yet
	Unseen         bool      // nothing was asked since the start
	Fault          string    // number, empty when all is well
	Title, What    Bilingual // of the fault: in a few words, in one sentence
	Who            string
	LastSync       time.Time
	Waiting        int
	WaitingGross   decimal.Decimal
	OldestWaiting  time.Time
	Lamps          [5]Lamp
	Hour, Day      Quality
	Before         Quality // of the day before
	Goals          Goals
	Offset         time.Duration // how far the server's clock is ahead
	Offsets        bool          // Offset is known
	Attention      []Attention   // what is not put off first, the worst first
	NextTry        time.Time     // zero: none is planned
	Sending        bool          // a round of sync is under way
	CertificateEnd time.Time     // of the server's certificate; zero: not known
	Buckets        []Bucket
	Events         []ConnectionEvent // newest first
	Changes        []ConnectionChange
	Workarounds    []Workaround // oldest first
	Names          []string     // masked in reports: host, user, buyers
}

// ConnectionSource gives the facts; its methods must be quick and safe for any goroutine.
type ConnectionSource interface {
	Facts() ConnectionFacts
	Send() // asks for a round of sync now, however long the next was put off
	Snooze(key string, until time.Time)
	TakeBack(key string) // a workaround
}

// Connection is the connection page.
type Connection struct {
	Changed func()

	setup  Setup
	source ConnectionSource
	facts  ConnectionFacts
}

// NewConnection makes the page and reads the facts once.
func NewConnection(s Setup, source ConnectionSource) *Connection {
	return &Connection{setup: s, source: source, facts: source.Facts()}
}

// Send sends what waits now, and reads what the server has.
func (c *Connection) Send() {
	if c.facts.Connected {
		c.source.Send()
	}
}

// CanSend reports whether there is a server to send to and nothing under way.
func (c *Connection) CanSend() bool { return c.facts.Connected && !c.facts.Sending }

// Refresh reads the facts again.
func (c *Connection) Refresh() {
	c.facts = c.source.Facts()
	if c.Changed != nil {
		c.Changed()
	}
}

// Facts gives what was read last.
func (c *Connection) Facts() ConnectionFacts { return c.facts }

// State is the light of the whole connection.
func (c *Connection) State() LampState {
	switch f := c.facts; {
	case !f.Connected:
		return LampUnknown
	case f.Offline:
		return LampBad
	case f.Fault != "", f.urgent() != nil:
		return LampSlow
	case !f.Online:
		return LampUnknown
	}
	return LampGood
}

// Headline is what is wrong in a few words, as the pill and the wizard say it, or that
// all is well.
func (c *Connection) Headline() string {
	f, w := c.facts, c.setup.Words
	switch {
	case !f.Connected:
		return w.T("connection.none")
	case f.Online && f.Fault == "" && f.urgent() != nil:
		return f.urgent().Text.In(w)
	case f.Fault != "":
		if t := f.Title.In(w); t != "" {
			return t
		}
		return w.T("connection.fault", f.Fault)
	case f.Unseen:
		return w.T("connection.unseen")
	case !f.Online:
		return w.T("connection.offline")
	}
	return w.T("connection.online")
}

// Whose names who must act; empty where nobody must.
func (c *Connection) Whose() string {
	f, who := c.facts, ""
	if f.Fault != "" {
		who = f.Who
	} else if a := f.urgent(); f.Online && a != nil {
		who = a.Who
	}
	if who == "" {
		return ""
	}
	return c.setup.Words.T("wizard.who." + who)
}

// Sentence says what happened, what still works and how many invoices wait.
func (c *Connection) Sentence() string {
	f, w := c.facts, c.setup.Words
	var s []string
	add := func(t string) {
		if t != "" {
			s = append(s, t)
		}
	}
	if f.Fault != "" {
		add(f.What.In(w))
		if f.Who == WhoYou {
			add(w.T("connection.guided"))
		}
	}
	switch {
	case f.Waiting > 0 && f.Online:
		add(w.T("connection.going", f.Waiting, grouped(f.WaitingGross)))
	case f.Waiting > 0:
		add(w.T("connection.waiting", f.Waiting, grouped(f.WaitingGross)))
	case f.LastSync.IsZero():
		add(w.T("connection.nothing_waits"))
	case !f.Online && f.Fault != "":
		add(w.T("connection.work_on", c.clock(f.LastSync)))
	default:
		add(w.T("connection.all_synced", c.clock(f.LastSync)))
	}
	return strings.Join(s, Bilingual{EN: " "}.In(w))
}

// ConnectionLamp is a lamp with its words.
type ConnectionLamp struct {
	Name, Note string
	State      LampState
}

var lampKeys = [5]string{"pc", "office", "internet", "secure", "server"}

// Lamps gives the chain.
func (c *Connection) Lamps() []ConnectionLamp {
	out := make([]ConnectionLamp, 0, 5)
	for i, l := range c.facts.Lamps {
		note := l.Note.In(c.setup.Words)
		switch {
		case l.State == LampUnknown && note == "":
			note = c.setup.Words.T("connection.lamp.unchecked")
		case l.Took > 0 && note != "":
			note = c.setup.Words.T("connection.lamp.timed", note, milliseconds(l.Took))
		case l.Took > 0:
			note = milliseconds(l.Took)
		case note == "":
			note = c.setup.Words.T("connection.lamp." + string(l.State))
		}
		out = append(out, ConnectionLamp{Name: c.setup.Words.T("connection.lamp." + lampKeys[i]), Note: note, State: l.State})
	}
	return out
}

// ConnectionBar is one bar of the chart: Height 0…1 of the tallest.
type ConnectionBar struct {
	Height float64
	State  LampState // LampUnknown: nothing was asked
}

// Bars gives the chart, oldest first: slower answers are taller (square root, so that quick ones still show), a failure is
// bad, an answer slower than the owner wants any to be slow.
func (c *Connection) Bars() []ConnectionBar {
	out := make([]ConnectionBar, len(c.facts.Buckets))
	top := 200 * time.Millisecond
	for _, b := range c.facts.Buckets {
		top = max(top, b.Median)
	}
	for i, b := range c.facts.Buckets {
		switch {
		case b.OK+b.Failed == 0:
			out[i] = ConnectionBar{Height: 0.05}
		case b.Failed > 0 && b.Failed >= b.OK:
			out[i] = ConnectionBar{Height: 0.9, State: LampBad}
		default:
			out[i] = ConnectionBar{Height: max(0.12, math.Sqrt(float64(b.Median)/float64(top))), State: LampGood}
			if c.facts.Goals.Slowest > 0 && b.Median > c.facts.Goals.Slowest || b.Failed > 0 {
				out[i].State = LampSlow
			}
		}
	}
	return out
}

// Axis names the chart's times: its beginning, three between and now.
func (c *Connection) Axis() []string {
	now := c.setup.Now()
	out := []string{c.clock(now.Add(-24 * time.Hour))}
	for _, h := range []time.Duration{18, 12, 6} {
		out = append(out, now.Add(-h*time.Hour).Local().Format("15:04"))
	}
	return append(out, c.setup.Words.T("connection.day.now"))
}

// ConnectionLine is one line of the timeline or of what changed.
type ConnectionLine struct {
	When, Text string
	State      LampState
}

// Timeline gives the changes of state, newest first.
func (c *Connection) Timeline() []ConnectionLine {
	var out []ConnectionLine
	for _, e := range c.facts.Events {
		out = append(out, ConnectionLine{When: c.clock(e.At), Text: e.Text.In(c.setup.Words), State: e.State})
	}
	return out
}

// WhatChanged compares with the last time all was well; changed things first.
func (c *Connection) WhatChanged() []ConnectionLine {
	var changed, same []ConnectionLine
	for _, e := range c.facts.Changes {
		if e.Changed {
			changed = append(changed, ConnectionLine{When: c.setup.Words.T("connection.changed"), Text: e.Text.In(c.setup.Words), State: LampBad})
		} else {
			same = append(same, ConnectionLine{When: c.setup.Words.T("connection.same"), Text: e.Text.In(c.setup.Words)})
		}
	}
	return append(changed, same...)
}

// clock writes a time: the hour today, "yesterday" with it, the date before.
func (c *Connection) clock(t time.Time) string {
	now, t := c.setup.Now().Local(), t.Local()
	switch t.Format("2006-01-02") {
	case now.Format("2006-01-02"):
		return t.Format("15:04")
	case now.AddDate(0, 0, -1).Format("2006-01-02"):
		return c.setup.Words.T("connection.yesterday", t.Format("15:04"))
	}
	return t.Format("01-02 15:04")
}

func (c *Connection) span(d time.Duration) string {
	w := c.setup.Words
	switch {
	case d < time.Minute:
		return w.T("connection.span.now")
	case d < time.Hour:
		return w.T("connection.span.minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return w.T("connection.span.hours", int(d.Hours()))
	}
	return w.T("connection.span.days", int(d.Hours()/24))
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", max(1, d.Milliseconds())) }
