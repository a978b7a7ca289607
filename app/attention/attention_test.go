package attention

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"counterfoil/app/locale"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.Local)

type memory struct {
	values map[string]string
	err    error
}

func (m *memory) Setting(_ context.Context, n string) (string, error) { return m.values[n], nil }
func (m *memory) SetSetting(_ context.Context, n, v string) error {
	m.values[n] = v
	return m.err
}

func fixed(items ...Item) Source { return func(time.Time) []Item { return items } }

func keys(list []Entry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Key)
	}
	return strings.Join(out, " ")
}

// The worst stands first, then what breaks soonest; what is snoozed stands last.
func TestOrder(t *testing.T) {
	r := Open(t.Context(), nil, func() time.Time { return noon }, fixed(
		Item{Key: "later", Severity: Slows, Due: noon.Add(2 * day)},
		Item{Key: "never", Severity: Slows},
		Item{Key: "soon", Severity: Slows, Due: noon.Add(day)},
		Item{Key: "note", Severity: Notice},
	), fixed(Item{Key: "stop", Severity: Stops}, Item{Key: "soon", Severity: Stops}))
	if got := keys(r.List()); got != "stop soon later never note" {
		t.Errorf("%s", got)
	}
	if ok, err := r.Snooze(t.Context(), "stop", noon.Add(day)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if got := keys(r.List()); got != "soon later never note stop" {
		t.Errorf("%s", got)
	}
	if w, ok := Worst(r.List()); !ok || w.Key != "soon" {
		t.Errorf("%v %v", w, ok)
	}
}

// A snooze outlasts the program, ends by itself, and when the thing gets worse.
func TestSnooze(t *testing.T) {
	ctx, store, now := t.Context(), &memory{values: map[string]string{}}, noon
	severity := Notice
	source := func(time.Time) []Item { return []Item{{Key: "certificate", Severity: severity}} }
	open := func() *Register { return Open(ctx, store, func() time.Time { return now }, source) }
	if ok, err := open().Snooze(ctx, "certificate", now.Add(365*day)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	r := open()
	if e := r.List()[0]; !e.Snoozed() || !e.Until.Equal(noon.Add(LongestSnooze)) {
		t.Errorf("%+v", e)
	}
	if _, ok := Worst(r.List()); ok {
		t.Error("what is snoozed is shown")
	}
	severity = Slows
	if e := r.List()[0]; e.Snoozed() {
		t.Error("it got worse")
	}
	severity, now = Notice, noon.Add(LongestSnooze)
	if e := r.List()[0]; e.Snoozed() {
		t.Error("it is over")
	}
	if ok, err := r.Snooze(ctx, "certificate", now.Add(day)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, _ := open().Snooze(ctx, "certificate", now); !ok || open().List()[0].Snoozed() {
		t.Error("it was brought back")
	}
	if ok, err := r.Snooze(ctx, "nothing", now.Add(day)); ok || err != nil {
		t.Error(ok, err)
	}
	store.err = errors.New("disk")
	if _, err := r.Snooze(ctx, "certificate", now.Add(day)); err == nil {
		t.Error("the store's error is hidden")
	}
	store.values[nameSnoozed] = "{"
	if e := open().List()[0]; e.Snoozed() {
		t.Error("what cannot be read is snoozed")
	}
}

// Every source names its thing at the right time and has words in both languages.
func TestSources(t *testing.T) {
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	in := func(d time.Duration) func() []Term { return func() []Term { return []Term{Certificate(noon.Add(d))} } }
	q := func(left, limit int64, due time.Duration) func() []Quota {
		q := Quota{Key: "credit", Name: Text{"授信额度", "credit limit"}, Left: left, Limit: limit, Who: You}
		if due != 0 {
			q.Due = noon.Add(due)
		}
		return func() []Quota { return []Quota{q} }
	}
	copies := func(made, since time.Duration) func() (time.Time, time.Time) {
		return func() (m, s time.Time) {
			if made != 0 {
				m = noon.Add(-made)
			}
			if since != 0 {
				s = noon.Add(-since)
			}
			return m, s
		}
	}
	for name, c := range map[string]struct {
		source Source
		want   Severity // empty: nothing
		says   string
	}{
		"certificate, long":      {Terms(in(16 * day)), "", ""},
		"certificate, two weeks": {Terms(in(14 * day)), Notice, "14"},
		"certificate, a week":    {Terms(in(6*day + time.Hour)), Slows, "6"},
		"certificate, over":      {Terms(in(-time.Hour)), Stops, "2026-11-30"},
		"certificate, not known": {Terms(func() []Term { return []Term{Certificate(time.Time{})} }), "", ""},
		"CA":                     {Terms(func() []Term { return []Term{Authority(noon.Add(50 * day))} }), Notice, "50"},
		"client":                 {Terms(func() []Term { return []Term{Client(noon.Add(-day))} }), Stops, "2026-11-29"},
		"clock":                  {Clock(func() time.Duration { return 30 * time.Second }), "", ""},
		"clock, slow":            {Clock(func() time.Duration { return 2 * time.Minute }), Notice, "2"},
		"clock, fast":            {Clock(func() time.Duration { return -7 * time.Minute }), Slows, "7"},
		"backup, fresh":          {Backup(copies(day, 90*day)), "", ""},
		"backup, old":            {Backup(copies(3*day, 90*day)), Notice, "3"},
		"backup, very old":       {Backup(copies(8*day, 90*day)), Slows, "8"},
		"backup, none":           {Backup(copies(0, 3*day)), Notice, ""},
		"backup, new desk":       {Backup(copies(0, time.Hour)), "", ""},
		"backup, nothing":        {Backup(copies(0, 0)), "", ""},
		"version":                {Version("0.1.0", func() string { return "0.1.0" }), "", ""},
		"version, any":           {Version("0.1.0", func() string { return "" }), "", ""},
		"version, over":          {Version("0.9.0", func() string { return "0.10" }), Stops, "0.10"},
		"version, of a build":    {Version("dev", func() string { return "0.10" }), "", ""},
		"conflicts":              {Waiting(func() (int, int) { return 2, 0 }), Notice, "2"},
		"refused":                {Waiting(func() (int, int) { return 0, 3 }), Notice, "3"},
		"nothing waits":          {Waiting(func() (int, int) { return 0, 0 }), "", ""},
		"quota, enough":          {Quotas(q(30, 100, 0)), "", ""},
		"quota, low":             {Quotas(q(20, 100, 0)), Notice, "授信额度"},
		"quota, very low":        {Quotas(q(5, 100, 0)), Slows, "授信额度"},
		"quota, none":            {Quotas(q(0, 100, 0)), Stops, "授信额度"},
		"deadline, far":          {Quotas(q(0, 0, 6*day)), "", ""},
		"deadline, near":         {Quotas(q(0, 0, 4*day)), Notice, "授信额度"},
		"deadline, tomorrow":     {Quotas(q(0, 0, 12*time.Hour)), Slows, "授信额度"},
		"deadline, past":         {Quotas(q(0, 0, -time.Hour)), Stops, "授信额度"},
	} {
		items := c.source(noon)
		if c.want == "" {
			if len(items) > 0 {
				t.Errorf("%s: %+v", name, items)
			}
			continue
		}
		if len(items) != 1 || items[0].Severity != c.want || items[0].Who == "" || items[0].Key == "" {
			t.Errorf("%s: %+v", name, items)
			continue
		}
		zh, en := items[0].Say(words, "zh"), items[0].Say(words, "en")
		if !strings.Contains(zh, c.says) || zh == en || strings.Contains(zh+en, "attention.") || strings.Contains(zh+en, "%!") {
			t.Errorf("%s: %q, %q", name, zh, en)
		}
	}
}
