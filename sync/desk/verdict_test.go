package desk

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// line is a connection without a folder, whose requests and clock a test moves.
type line struct {
	*Connection
	t   *testing.T
	now time.Time
	tr  http.RoundTripper
	ans func() (*http.Response, error)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newLine(t *testing.T) *line {
	l := &line{t: t, now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return l.now }
	l.Connection = &Connection{cfg: Config{Now: now}, monitor: link.New(link.Config{Now: now}), url: "https://invoice.example:8443"}
	l.tr = l.monitor.Wrap(roundTrip(func(*http.Request) (*http.Response, error) { return l.ans() }))
	return l
}

// asks makes a real request that ends with an observation's kind of failure; "" works.
func (l *line) asks(kind string) {
	l.now = l.now.Add(time.Second)
	l.ans = func() (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"X-Counterfoil-Product": {"counterfoil"}}}, nil
	}
	req, _ := http.NewRequest(http.MethodGet, "https://invoice.example:8443/", nil)
	switch kind {
	case "":
		_, _ = l.tr.RoundTrip(req)
	case "other":
		l.ans = func() (*http.Response, error) { return nil, errors.New("cut") }
		_, _ = l.tr.RoundTrip(req)
	default:
		k, code, _ := strings.Cut(kind, " ")
		l.monitor.Observe(fault.Observation{Kind: k, Outcome: fault.No, Code: code, Via: fault.Real, Values: map[string]string{"issuer": "Old CA"}})
	}
}

func (l *line) checks(id fault.ID, c fault.Confidence, checks ...probe.Check) {
	l.now = l.now.Add(time.Second)
	l.Found(probe.Report{
		Verdict: fault.Verdict{Finding: fault.Finding{Fault: id, Confidence: c}}, Checks: checks, Address: l.url,
		Observations: []fault.Observation{{Kind: "http", Target: "signin", Via: fault.Real, Outcome: map[bool]fault.Outcome{true: fault.Yes, false: fault.No}[id == fault.OK || beside(id)]}},
	})
}

func beside(id fault.ID) bool { row, _ := fault.Lookup(id); return row.Beside }

func (l *line) shows(what string, id fault.ID, checked bool) {
	l.t.Helper()
	if d := l.Diagnosis(); d.Fault != id || d.Checked != checked {
		l.t.Errorf("%s: %q, by a check: %v; want %q, %v", what, d.Fault, d.Checked, id, checked)
	}
}

// What a self-check found is shown instead of what requests met, for as long as they
// meet nothing else; who must act comes from the same row.
func TestOneDiagnosis(t *testing.T) {
	l := newLine(t)
	l.asks("tls x509:authority")
	l.now = l.now.Add(time.Minute)
	l.shows("requests alone", "S06", false)
	l.checks("S07", fault.Proven)
	l.shows("looked deeper", "S07", true)
	l.asks("tls x509:authority")
	l.shows("requests go on failing so", "S07", true)
	if d := l.Diagnosis(); d.Row.ID != "S07" || d.Values["host"] != "invoice.example" || strings.ContainsAny(d.Say("en")+d.Say("zh"), "?{") {
		t.Errorf("%+v", d)
	}
	l.asks("dns rcode:NXDOMAIN")
	if d := l.Diagnosis(); d.Checked || d.Fault == "S07" || d.Fault == "" {
		t.Errorf("requests met something else: %+v", d.Finding)
	}
	l.checks("S11", fault.Likely)
	l.shows("looked again", "S11", true)
	l.asks("")
	l.shows("it works", "", false)
	if l.monitor.State().Kind != link.Online {
		t.Error("not online")
	}
	l.asks("tls x509:expired")
	l.now = l.now.Add(time.Minute)
	l.shows("an old check is over", "S01", false)
}

// A self-check that went all the way makes pill and page green; where requests fail
// again at once, they are believed.
func TestCheckedAndOpen(t *testing.T) {
	l := newLine(t)
	l.asks("")
	l.asks("tls x509:expired")
	l.now = l.now.Add(time.Minute)
	l.shows("down", "S01", false)
	l.checks(fault.OK, fault.Proven)
	l.shows("open", "", false)
	if s := l.monitor.State(); s.Kind != link.Online {
		t.Errorf("%+v", s)
	}
	l.asks("tls x509:expired")
	l.checks(fault.OK, fault.Proven)
	l.now = l.now.Add(30 * time.Second)
	l.shows("requests know better", "S01", false)
	l.asks("")
	l.asks("tls x509:expired")
	l.now = l.now.Add(30 * time.Second)
	l.checks(fault.OK, fault.Proven)
	l.shows("believed again after it worked", "", false)
}

// What only slows or warns is said while the line works, for a while, and does not
// turn it red.
func TestBesideTheLine(t *testing.T) {
	l := newLine(t)
	var slow fault.ID
	for _, row := range fault.All() {
		if row.Beside {
			slow = row.ID
		}
	}
	l.asks("")
	l.checks(slow, fault.Proven)
	l.shows("a notice", slow, true)
	row, _ := fault.Lookup(slow)
	for i, lamp := range l.Diagnosis().Lamps {
		want := Good
		if fault.Layers[i] == row.Layer {
			want = Slow
		}
		if lamp.Light != want {
			t.Errorf("lamp %d is %q, want %q", i, lamp.Light, want)
		}
	}
	if s := l.monitor.State(); s.Kind != link.Online {
		t.Errorf("%+v", s)
	}
	l.now = l.now.Add(2 * lasts)
	l.asks("")
	l.shows("long ago", "", false)
}

// A lamp shines only for what was measured.
func TestLamps(t *testing.T) {
	check := func(l fault.Layer, s probe.State) probe.Check { return probe.Check{Layer: l, State: s} }
	for name, c := range map[string]struct {
		id     fault.ID
		checks []probe.Check
		want   [5]Light
	}{
		"refused": {"T01", []probe.Check{check(fault.PC, probe.Good), check(fault.Network, probe.Good), check(fault.Internet, probe.Good), check(fault.Internet, probe.Bad), check(fault.Secure, probe.Skipped), check(fault.Server, probe.Skipped)},
			[5]Light{Good, Good, Good, Dark, Bad}},
		"expired":     {"S01", []probe.Check{check(fault.PC, probe.Good), check(fault.Network, probe.Good), check(fault.Internet, probe.Good), check(fault.Secure, probe.Bad), check(fault.Server, probe.Bad)}, [5]Light{Good, Good, Good, Bad, Dark}},
		"nothing run": {"S01", nil, [5]Light{Dark, Dark, Dark, Bad, Dark}},
	} {
		r := probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: c.id}}, Checks: c.checks}
		got := lampsOf(r)
		for i, w := range c.want {
			if got[i].Light != w {
				t.Errorf("%s: lamp %d is %q, want %q", name, i, got[i].Light, w)
			}
		}
	}
	r := probe.Report{Verdict: fault.Verdict{Finding: fault.Finding{Fault: fault.OK}}, Checks: []probe.Check{check(fault.Server, probe.Good)},
		Observations: []fault.Observation{{Kind: "http", Outcome: fault.Yes, RTT: 42}, {Kind: "http", Outcome: fault.Yes, RTT: 18}}}
	if got := lampsOf(r)[4]; got.Took != 18*time.Millisecond {
		t.Errorf("%+v", got)
	}
	// A request that was refused over TLS came as far as that, one without a name nowhere.
	if got := lampsBefore(link.State{Fault: "S01", Broke: "tls"}); got[2].Light != Good || got[3].Light != Bad || got[4].Light != Dark {
		t.Errorf("%+v", got)
	}
	if got := lampsBefore(link.State{Fault: "T01", Broke: "tcp"}); got[0].Light != Dark || got[3].Light != Dark || got[4].Light != Bad {
		t.Errorf("%+v", got)
	}
}

// What a self-check only thinks likely shows as well, until a real request works.
func TestLikelyShows(t *testing.T) {
	l := newLine(t)
	l.asks("")
	l.checks("T03", fault.Likely)
	l.shows("likely", "T03", true)
	l.asks("")
	l.shows("it was an accident", "", false)
}
