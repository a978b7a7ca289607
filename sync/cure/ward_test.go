package cure

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/route"
)

// A clinic is what a ward works on: settings in memory, a clock, a network, and a
// server that is reached where well says so.
type clinic struct {
	t       *testing.T
	kept    map[string]string
	fails   error // of writing
	now     time.Time
	network string
	well    func(route.Route) (time.Duration, error)
	used    route.Route
	acts    map[Name]Act
}

func newClinic(t *testing.T) *clinic {
	return &clinic{t: t, kept: map[string]string{}, now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), network: "home"}
}

func (c *clinic) Setting(_ context.Context, n string) (string, error) { return c.kept[n], nil }

func (c *clinic) SetSetting(_ context.Context, n, v string) error {
	if c.fails == nil {
		c.kept[n] = v
	}
	return c.fails
}

// open is the ward of a program that has just begun.
func (c *clinic) open() *Ward {
	c.t.Helper()
	w, err := Open(context.Background(), Config{
		Store: c, Now: func() time.Time { return c.now }, Network: func() string { return c.network },
		Reach: func(_ context.Context, r route.Route) (time.Duration, error) { return c.well(r) },
		Use:   func(r route.Route) { c.used = r }, Acts: func() map[Name]Act { return c.acts },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return w
}

var errShut = errors.New("shut")

// only is a server that is reached on a way that has what is asked for.
func only(has func(route.Route) bool) func(route.Route) (time.Duration, error) {
	return func(r route.Route) (time.Duration, error) {
		if !has(r) {
			return 0, errShut
		}
		return 20 * time.Millisecond, nil
	}
}

func offer(t *testing.T, n Name, r route.Route) Offer {
	t.Helper()
	c, ok := Lookup(n)
	if !ok {
		t.Fatal("no such cure: ", n)
	}
	return Offer{Cure: c, Route: r}
}

func names(w *Ward) (out []Name) {
	for _, a := range w.List() {
		out = append(out, a.Name)
	}
	return out
}

// A cure is looked at when it is due or the network is another, and ends when the way
// without it is as good.
func TestTend(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	c.well = only(func(r route.Route) bool { return r.Classic })
	w := c.open()
	if err := w.Apply(ctx, offer(t, ClassicKeys, route.Route{Classic: true}), false); err != nil {
		t.Fatal(err)
	}
	tend := func(want ...Name) {
		t.Helper()
		if ended, err := w.Tend(ctx, false); err != nil || !slices.Equal(ended, want) {
			t.Errorf("ended %v, not %v: %v", ended, want, err)
		}
	}
	c.network = "café"
	tend() // looked at, and needed
	well := only(func(route.Route) bool { return true })
	c.well = well
	tend() // not due
	c.now = c.now.AddDate(0, 0, 7)
	c.well = func(r route.Route) (time.Duration, error) {
		if r.Classic {
			return 20 * time.Millisecond, nil
		}
		return time.Second, nil
	}
	tend() // the way without it is slower
	c.well = func(route.Route) (time.Duration, error) { return 0, errShut }
	c.now = c.now.AddDate(0, 0, 7)
	tend() // nobody answers: that tells nothing
	if !c.used.Classic {
		t.Error("the cure is gone")
	}
	c.well = well
	c.now = c.now.Add(soon)
	tend(ClassicKeys)
	if !c.used.IsPlain() || len(w.List()) != 0 || c.kept[setting] != "" {
		t.Errorf("left: %+v %v %q", c.used, w.List(), c.kept[setting])
	}
}

// What is in force survives a restart, each cure apart, and one that could not be
// written is not lost silently.
func TestWardKeeps(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	c.well = only(func(r route.Route) bool { return r.Names == route.OverTCP })
	w := c.open()
	if err := w.Apply(ctx, offer(t, HTTP1, route.Route{HTTP1: true}), false); !errors.Is(err, ErrNoHelp) || !errors.Is(err, errShut) || !c.used.IsPlain() {
		t.Error("what does not help stays:", err)
	}
	for n, r := range map[Name]route.Route{TCPDNS: {Names: route.OverTCP}} {
		if err := w.Apply(ctx, offer(t, n, r), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Apply(ctx, offer(t, HTTP1, route.Route{HTTP1: true}), false); err != nil {
		t.Fatal(err)
	}
	c.used = route.Route{}
	w = c.open()
	if !slices.Equal(names(w), []Name{TCPDNS, HTTP1}) || !c.used.HTTP1 || c.used.Names != route.OverTCP {
		t.Errorf("after a restart: %v %+v", names(w), c.used)
	}
	if err := w.Undo(ctx, TCPDNS); err != nil || c.used.Names != "" || !c.used.HTTP1 {
		t.Error("one is taken back:", err, c.used)
	}
	c.fails = errors.New("the disk is full")
	if err := w.Undo(ctx, HTTP1); !errors.Is(err, c.fails) {
		t.Error(err)
	}
	c.fails, c.kept[setting] = nil, "{ damaged"
	if w = c.open(); len(w.List()) != 0 || !c.used.IsPlain() {
		t.Error("a damaged list:", w.List())
	}
}

// A program that ends while a cure is being tried finds everything as before.
func TestCrashWhileTrying(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	c.well = only(func(route.Route) bool { return true })
	address := "typed"
	c.acts = map[Name]Act{RestoreURL: {
		Before: func(context.Context, Offer) (string, error) { return address, nil },
		Do: func(context.Context, Offer) error {
			address = "enrolled"
			panic("power failure")
		},
		Undo: func(_ context.Context, was string) error { address = was; return nil },
	}}
	o := offer(t, RestoreURL, route.Route{})
	if err := c.open().Apply(ctx, o, false); !errors.Is(err, ErrConsent) || address != "typed" {
		t.Fatal("nobody agreed: ", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = c.open().Apply(ctx, o, true)
	}()
	if address != "enrolled" {
		t.Fatal("it was not done")
	}
	if w := c.open(); address != "typed" || len(w.List()) != 0 || c.kept[setting] != "" {
		t.Errorf("after the crash: %s %v %q", address, w.List(), c.kept[setting])
	}
	// One that fails on the way is taken back at once.
	act := c.acts[RestoreURL]
	act.Do = func(context.Context, Offer) error { address = "half"; return errShut }
	c.acts[RestoreURL] = act
	if err := c.open().Apply(ctx, o, true); !errors.Is(err, errShut) || address != "typed" || c.kept[setting] != "" {
		t.Errorf("after an error: %v %s", err, address)
	}
}

// Every cure says in both languages what it changes, and only what changes nothing of a
// person's is applied by the program itself.
func TestList(t *testing.T) {
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	for _, n := range Names() {
		c, _ := Lookup(n)
		if c.Changes.ZH == "" || c.Changes.EN == "" || (c.Risk.ZH == "") != (c.Risk.EN == "") {
			t.Errorf("%s: a text is missing", n)
		}
		if c.Itself && (c.Consent || c.Person || c.Risk.EN != "") {
			t.Errorf("%s is not harmless", n)
		}
	}
}

// byHand are the cures that stand in for another one and that no row names.
var byHand = map[Name]string{
	RepairData: "where there is no backup to restore",
}

// testdata/catalogue.json says which faults the program can do something about alone:
// their rows name that cure, every cure that is named exists, and each is named.
func TestRowsNameTheirCures(t *testing.T) {
	raw, err := os.ReadFile("testdata/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	var wanted map[fault.ID]Name
	if err := json.Unmarshal(raw, &wanted); err != nil {
		t.Fatal(err)
	}
	used := map[Name]bool{}
	for id, n := range wanted {
		used[n] = true
		if row, ok := fault.Lookup(id); ok && row.Cure != string(n) {
			t.Errorf("%s names the cure %q, not %q", id, row.Cure, n)
		}
	}
	for _, row := range fault.All() {
		used[Name(row.Cure)] = true
		if _, ok := Lookup(Name(row.Cure)); !ok && row.Cure != "" {
			t.Errorf("%s names the cure %q, which there is not", row.ID, row.Cure)
		}
		for _, s := range row.Steps {
			n, ok := strings.CutPrefix(s.Action, "cure:")
			if _, known := Lookup(Name(n)); ok && !known {
				t.Errorf("a step of %s names the cure %q, which there is not", row.ID, n)
			}
		}
	}
	for _, n := range Names() {
		if used[n] == (byHand[n] != "") {
			t.Errorf("%s: named by a row: %v; by hand: %q", n, used[n], byHand[n])
		}
	}
}

// What is offered for a case.
func TestFor(t *testing.T) {
	good := &link.Snapshot{Address: "10.0.0.9:8443", Beside: [][]byte{{1}}}
	proxied := &link.Snapshot{Address: "10.0.0.3:3128", Place: link.Place{Proxy: "10.0.0.3:3128"}}
	at := func(c Case, id fault.ID) Case { c.Fault = id; return c }
	here := Case{URL: "https://invoice.test:8443", Enrolled: "https://invoice.test:8443", LastGood: good}
	typed := here
	typed.URL, typed.Acts = "https：//invoice.test", []Name{RestoreURL}
	never, through, byAddress := here, here, here
	never.LastGood, through.LastGood, byAddress.URL = nil, proxied, "https://10.0.0.9:8443"
	for name, c := range map[string]struct {
		Case
		want []Name
	}{
		"last good":         {at(here, "D02"), []Name{LastGoodAddress, TCPDNS, FreshDNS}},
		"never worked":      {at(never, "D02"), []Name{TCPDNS, FreshDNS}},
		"worked by a proxy": {at(through, "D02"), []Name{TCPDNS, FreshDNS}},
		"address typed":     {at(byAddress, "D02"), []Name{TCPDNS, FreshDNS}},
		"address wrong":     {at(typed, "K12"), []Name{RestoreURL}},
		"well":              {at(typed, fault.OK), nil},
		"nothing known":     {at(here, fault.Unknown), nil},
	} {
		var got []Name
		for _, o := range For(c.Case) {
			got = append(got, o.Name)
			if text := o.Preview("zh"); text == "" || slices.Contains([]rune(text), '?') {
				t.Errorf("%s: %s says %q", name, o.Name, text)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	o := For(at(here, "D02"))[0]
	if raw, err := json.Marshal(o.Route); err != nil || string(raw) != `{"host":"invoice.test","addresses":["10.0.0.9:8443"]}` {
		t.Errorf("%s %v", raw, err)
	}
}

// What the program may do alone it does when it helps, and never back and forth.
func TestItself(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	w := c.open()
	itself := func(want ...Name) {
		t.Helper()
		done, err := w.Itself(ctx, []Offer{
			offer(t, DirectWay, route.Route{Proxy: route.Direct}), // it has a risk
			offer(t, SourceAddress, route.Route{Interface: "eth0"}),
			offer(t, HTTP1, route.Route{HTTP1: true}),
			offer(t, ClassicKeys, route.Route{Classic: true}),
			offer(t, Reconnect, route.Route{}),
		})
		if err != nil || !slices.Equal(done, want) {
			t.Errorf("applied %v, not %v: %v", done, want, err)
		}
	}
	away := only(func(r route.Route) bool { return r.Proxy == route.Direct || r.Interface != "" })
	c.well = away
	itself() // what would help is not for the program alone
	ill := only(func(r route.Route) bool { return r.Classic })
	c.well = ill
	itself(ClassicKeys)
	itself() // it is in force
	if a := w.List()[0]; !a.Again.Equal(c.now.AddDate(0, 0, 7)) {
		t.Errorf("looked at again on %v", a.Again)
	}
	// Taken back by a person it stays so for a day, over a restart too.
	if err := w.Undo(ctx, ClassicKeys); err != nil {
		t.Fatal(err)
	}
	w = c.open()
	itself()
	c.now = c.now.Add(lately + time.Minute)
	itself(ClassicKeys)
	if err := w.Undo(ctx, ClassicKeys); err != nil {
		t.Fatal(err)
	}
	if err := w.Apply(ctx, offer(t, ClassicKeys, route.Route{Classic: true}), true); err != nil {
		t.Error("a person may have it back at once:", err)
	}
}

// A cure whose fault comes and goes is looked at more and more seldom.
func TestItselfDoesNotFlap(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	node := route.Route{Host: "invoice.test", Addresses: []string{"10.0.0.9:443"}}
	ill, well := only(func(r route.Route) bool { return len(r.Addresses) > 0 }), only(func(route.Route) bool { return true })
	w := c.open()
	base := offer(t, OtherNode, node).Again()
	changes := 0
	for end := c.now.Add(12 * time.Hour); c.now.Before(end); c.now = c.now.Add(time.Minute) {
		c.well = ill
		done, err := w.Itself(ctx, []Offer{offer(t, OtherNode, node)})
		if err != nil {
			t.Fatal(err)
		}
		c.well = well // for a moment, each time anybody looks
		ended, err := w.Tend(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		changes += len(done) + len(ended)
	}
	if most := int(12 * time.Hour / base); changes > most/4 {
		t.Errorf("changed %d times in 12 hours", changes)
	}
	c.now = c.now.Add(lately + rarest)
	if _, err := w.Tend(ctx, false); err != nil || len(w.List()) != 0 {
		t.Fatal("it did not end:", err)
	}
	c.now, c.well = c.now.Add(lately+time.Minute), ill
	if _, err := w.Itself(ctx, []Offer{offer(t, OtherNode, node)}); err != nil || !w.List()[0].Again.Equal(c.now.Add(base)) {
		t.Error("after a quiet day it is not as at first:", w.List())
	}
}

// What only slows is worked around where that is clearly sooner.
func TestHelping(t *testing.T) {
	ctx := context.Background()
	c := newClinic(t)
	c.well = func(r route.Route) (time.Duration, error) {
		switch {
		case r.Family == route.IPv4:
			return 40 * time.Millisecond, nil
		case r.HTTP1:
			return 0, errShut
		}
		return 340 * time.Millisecond, nil
	}
	got, err := c.open().Helping(ctx, []Offer{offer(t, HTTP1, route.Route{HTTP1: true}), offer(t, ClassicKeys, route.Route{Classic: true}),
		offer(t, IPv4Only, route.Route{Family: route.IPv4}), offer(t, RestoreURL, route.Route{})})
	if len(got) != 2 || got[0].Name != IPv4Only || got[1].Name != RestoreURL || !errors.Is(err, errShut) {
		t.Errorf("%v %v", got, err)
	}
	if !c.used.IsPlain() {
		t.Error("something was changed")
	}
}
