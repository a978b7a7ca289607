// Package attention is the list of everything that wants a person, before and after
// it breaks.
//
// An Item is one thing: how bad it is, who must act, and when it breaks. A Source
// names the items of one kind as they stand; it is asked anew each time and keeps
// nothing. The Register puts the sources together, worst first, and remembers what a
// person snoozed; a snooze ends when the thing gets worse.
//
// The package refuses to look at anything: sources are handed what was seen, and
// the words of an item are in the catalogue.
package attention

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Severity is what a thing costs, or will cost once it is due.
type Severity string

// The severities, worst first.
const (
	Stops  Severity = "cannot_issue" // nothing is issued
	Slows  Severity = "degraded"     // issued, but later or slower
	Notice Severity = "notice"       // nothing yet
)

func (s Severity) rank() int { return slices.Index([]Severity{Stops, Slows, Notice}, s) }

// Who must act.
const (
	You    = "you"
	IT     = "it"
	Server = "server"
	App    = "app"
)

// Item is one thing that wants a person.
type Item struct {
	Key      string    `json:"key"` // stable; what a snooze is kept under
	Severity Severity  `json:"severity"`
	Who      string    `json:"who"`
	Due      time.Time `json:"due,omitzero"` // when it breaks; zero: it does not by itself, or did

	// Words is the name of its text in the catalogue, attention.Words, with Args; empty:
	// it brings its own, Text.
	Words string `json:"words,omitempty"`
	Args  []any  `json:"args,omitempty"`
	Text  Text   `json:"text,omitzero"`
	// Page is where a person acts, by the name of a page of the window; empty: nowhere.
	Page string `json:"page,omitempty"`
}

// Words are the texts of the catalogue in a language.
type Words interface {
	In(lang, key string, args ...any) string
}

// Say returns an item's text in "zh" or "en".
func (i Item) Say(w Words, lang string) string {
	switch {
	case i.Words != "":
		return w.In(lang, "attention."+i.Words, i.Args...)
	case lang == "en":
		return i.Text.EN
	}
	return i.Text.ZH
}

// Text is an item's own words.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Entry is an item of the list. Until is set while it is snoozed.
type Entry struct {
	Item
	Until time.Time `json:"snoozed_until,omitzero"`
}

// Snoozed reports whether somebody put it off.
func (e Entry) Snoozed() bool { return !e.Until.IsZero() }

// Source names items as they stand now. It must be quick.
type Source func(now time.Time) []Item

// Store keeps small values by name; a missing one reads as "".
type Store interface {
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// nameSnoozed is the setting that holds what is snoozed.
const nameSnoozed = "attention_snoozed"

// LongestSnooze caps a snooze: nothing is put off for good.
const LongestSnooze = 31 * 24 * time.Hour

type snooze struct {
	Until    time.Time `json:"until"`
	Severity Severity  `json:"severity"` // at which it was put off
}

// Register is the list, safe for concurrent use.
type Register struct {
	store   Store // nil: a snooze is forgotten at the end
	now     func() time.Time
	sources []Source

	mu      sync.Mutex // guards below
	snoozed map[string]snooze
}

// Open reads what is snoozed. What cannot be read is snoozed no more.
func Open(ctx context.Context, s Store, now func() time.Time, sources ...Source) *Register {
	r := &Register{store: s, now: now, sources: sources}
	r.Reload(ctx)
	return r
}

// Reload reads again what is snoozed, which another program may have done.
func (r *Register) Reload(ctx context.Context) {
	kept := map[string]snooze{}
	if r.store != nil {
		raw, err := r.store.Setting(ctx, nameSnoozed)
		if err != nil || raw != "" && json.Unmarshal([]byte(raw), &kept) != nil || kept == nil {
			kept = map[string]snooze{}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.store != nil || r.snoozed == nil {
		r.snoozed = kept
	}
}

// List is all that wants a person: what is not snoozed first, then the worst, then
// what breaks soonest.
func (r *Register) List() []Entry {
	now := r.now()
	var out []Entry
	seen := map[string]bool{}
	for _, s := range r.sources {
		for _, i := range s(now) {
			if !seen[i.Key] {
				out = append(out, Entry{i, r.until(i, now)})
			}
			seen[i.Key] = true
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(order(!a.Snoozed(), !b.Snoozed()), a.Severity.rank()-b.Severity.rank(), order(!a.Due.IsZero(), !b.Due.IsZero()), a.Due.Compare(b.Due))
	})
	return out
}

// order puts what is true first.
func order(a, b bool) int {
	if a == b {
		return 0
	} else if a {
		return -1
	}
	return 1
}

// until is until when an item is snoozed; zero where it is not, or got worse.
func (r *Register) until(i Item, now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.snoozed[i.Key]
	if !ok || !s.Until.After(now) || i.Severity.rank() < s.Severity.rank() {
		return time.Time{}
	}
	return s.Until
}

// Snooze puts an item off until a time, at most LongestSnooze; a time that is past
// brings it back. It reports whether there is such an item, and the store's error.
func (r *Register) Snooze(ctx context.Context, key string, until time.Time) (bool, error) {
	r.Reload(ctx)
	list := r.List()
	i := slices.IndexFunc(list, func(e Entry) bool { return e.Key == key })
	if i < 0 {
		return false, nil
	}
	now := r.now()
	if latest := now.Add(LongestSnooze); until.After(latest) {
		until = latest
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, s := range r.snoozed {
		if !s.Until.After(now) {
			delete(r.snoozed, k)
		}
	}
	delete(r.snoozed, key)
	if until.After(now) {
		r.snoozed[key] = snooze{until, list[i].Severity}
	}
	if r.store == nil {
		return true, nil
	}
	raw, err := json.Marshal(r.snoozed)
	if err == nil {
		err = r.store.SetSetting(ctx, nameSnoozed, string(raw))
	}
	return true, err
}

// Worst is the first of a list that is not snoozed.
func Worst(list []Entry) (Entry, bool) {
	if len(list) == 0 || list[0].Snoozed() {
		return Entry{}, false
	}
	return list[0], true
}
