// Package fault holds the catalogue of connection faults as data: what each is
// called, which layer it breaks, who must act, what a clerk does step by step,
// and which other symptoms it explains.
//
// The package refuses to look: probes bring symptoms, Decide names the lowest
// broken layer. A new fault is a new row and a probe that reports its id.
package fault

import (
	"sort"
	"strings"
)

// ID is a stable fault number like "S01".
type ID string

// Verdicts that are no fault.
const (
	OK      ID = "OK"
	Unknown ID = "UNKNOWN"
)

// Layer is one of the five lamps.
type Layer string

// The lamps, from here to the server.
const (
	PC       Layer = "pc"
	Network  Layer = "network"
	Internet Layer = "internet"
	Secure   Layer = "secure"
	Server   Layer = "server"
)

// Layers in order.
var Layers = []Layer{PC, Network, Internet, Secure, Server}

// Who must act.
type Who string

// The actors.
const (
	You  Who = "you"
	IT   Who = "it"
	Team Who = "server"
	App  Who = "app"
)

// Confidence of a finding: proven when a difference probe excludes look-alikes.
type Confidence string

// Confidences.
const (
	Proven Confidence = "proven"
	Likely Confidence = "likely"
)

// Text is a sentence in both languages, with {placeholders}.
type Text struct{ ZH, EN string }

// In gives the text in "zh" or "en".
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Step is one thing to do. Action names what the program can do itself: "" or
// "open:network", "open:date", "open:proxy", "open:storage", "restore_url",
// "import_ca", "unlock_keyring", "sign_in", "copy_report".
type Step struct {
	Text   Text
	Action string
}

// Fault is one row of the catalogue.
type Fault struct {
	ID       ID
	Name     string // stable English name, like CERT_EXPIRED
	Layer    Layer
	Rank     int // lower is deeper; the lowest broken one is named
	Who      Who
	Title    Text
	Sentence Text
	Steps    []Step
}

// Symptom is what a probe saw.
type Symptom struct {
	Fault      ID
	Confidence Confidence
	Values     map[string]string // fill the placeholders
}

// Evidence is one probe's result.
type Evidence struct {
	Probe  string `json:"probe"`
	Result string `json:"result"`
	MS     int64  `json:"ms"`
}

// Finding is a verdict.
type Finding struct {
	Fault      ID
	Confidence Confidence
	Values     map[string]string
	Evidence   []Evidence
	Suppressed []ID // symptoms that the named fault explains
}

// Lookup gives the row of an id.
func Lookup(id ID) (Fault, bool) {
	f, ok := byID[id]
	return f, ok
}

// All gives the catalogue, deepest first.
func All() []Fault {
	out := append([]Fault(nil), catalogue...)
	sort.SliceStable(out, func(i, j int) bool { return out[i].Rank < out[j].Rank })
	return out
}

var byID = func() map[ID]Fault {
	m := map[ID]Fault{}
	for i := range catalogue {
		f := &catalogue[i]
		f.Rank = i
		m[f.ID] = *f
	}
	return m
}()

// Decide names the deepest of the symptoms and suppresses the others. None is OK.
func Decide(symptoms []Symptom, evidence []Evidence) Finding {
	f := Finding{Fault: OK, Confidence: Proven, Evidence: evidence}
	best := -1
	for i, s := range symptoms {
		if _, ok := byID[s.Fault]; ok && (best < 0 || byID[s.Fault].Rank < byID[symptoms[best].Fault].Rank) {
			best = i
		}
	}
	if best < 0 {
		if len(symptoms) > 0 {
			f.Fault, f.Confidence = Unknown, Likely
		}
		return f
	}
	s := symptoms[best]
	f.Fault, f.Confidence, f.Values = s.Fault, s.Confidence, s.Values
	seen := map[ID]bool{s.Fault: true}
	for _, o := range symptoms {
		if !seen[o.Fault] && o.Fault != Unknown {
			seen[o.Fault] = true
			f.Suppressed = append(f.Suppressed, o.Fault)
		}
	}
	return f
}

// Render fills {placeholders}; one without a value becomes "?".
func Render(text string, values map[string]string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			b.WriteString("{" + rest)
			return b.String()
		}
		if v := values[name]; v != "" {
			b.WriteString(v)
		} else {
			b.WriteString("?")
		}
		text = after
	}
}
