// Package fault names what is wrong with a connection.
//
// An Observation is one thing that was looked at and how it turned out: yes, no or
// not measured. A Set is what one look brought together. A row (Fault) is one
// fault as data: its texts, who must act, and the rules by which it is told from
// its look-alikes. Judge holds a set against all rows and returns a Verdict.
// OfError and OfResponse turn what Go and HTTP say into observations.
//
// The rows are files in rows/, one a fault. A new fault is a new file there and
// what was observed of it in testdata/recorded; no Go file changes.
//
// The package refuses to look: sync/probe and sync/link do. Nobody outside it
// knows a fault by its id: callers branch on what a row says of itself.
package fault

import (
	"regexp"
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

// Severity is what a fault costs the clerk.
type Severity string

// The severities, worst first.
const (
	CannotIssue Severity = "cannot_issue" // nothing is issued until it is over
	Degraded    Severity = "degraded"     // issued, but later or slower
	Notice      Severity = "notice"       // nothing yet
)

// Who must act.
type Who string

// The actors.
const (
	You  Who = "you"
	IT   Who = "it"
	Team Who = "server"
	App  Who = "app"
)

// Confidence of a finding: proven when every look-alike is refuted by something
// measured.
type Confidence string

// Confidences.
const (
	Proven Confidence = "proven"
	Likely Confidence = "likely"
)

// Text is a sentence in both languages, with {placeholders}.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In returns the text in "zh" or "en".
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Step is one thing to do.
type Step struct {
	Text
	// Action is what the program can do itself: "open:<settings>" opens those of the
	// system, "cure:<name>" applies a cure, "sign_in", "import_ca" and "copy_report"
	// do what they say.
	Action  string `json:"action,omitempty"`
	Picture string `json:"picture,omitempty"` // of the place where a setting is found
}

// Fault is one row of the catalogue.
type Fault struct {
	ID       ID       `json:"id"`
	Name     string   `json:"name"` // stable English name, like CERT_EXPIRED
	Layer    Layer    `json:"layer"`
	Severity Severity `json:"severity"`
	Who      Who      `json:"who"`
	Title    Text     `json:"title"`
	Sentence Text     `json:"sentence"`
	Plain    Text     `json:"plain,omitzero"` // the sentence where a placeholder has no value
	Steps    []Step   `json:"steps"`
	Report   Text     `json:"report,omitzero"`   // for who must act, ready to be sent
	Minutes  int      `json:"minutes,omitempty"` // that the steps take the clerk; 0: nothing to do but wait
	Cure     string   `json:"cure,omitempty"`    // what the program can do against it by itself; empty: nothing
	Recheck  []string `json:"recheck,omitempty"` // observers that tell whether it is over

	// OS says why a system ("windows", "darwin", "linux") cannot prove it.
	OS map[string]Text `json:"os,omitempty"`
	// Unobserved says why nothing reports the fault yet; empty where Rules do.
	Unobserved string `json:"unobserved,omitempty"`
	// Rules are alternatives: the fault is there when one of them holds.
	Rules []Rule `json:"rules,omitempty"`
	// Hides are the ids of what this fault explains; "D*" is a whole family.
	Hides []string `json:"hides,omitempty"`
	// Before are ids of the same layer that are named after this one, which is nearer to
	// the root of both, but does not explain them.
	Before []string `json:"before,omitempty"`
	// Beside: may be named although the real path worked, because the fault only
	// slows or warns, or lies beside the path.
	Beside bool `json:"beside,omitempty"`
	// Info: worth a note in the report and no more; never a verdict, nor beside one.
	Info bool `json:"info,omitempty"`
}

// Say returns the sentence in "zh" or "en"; without a placeholder's value the plain one.
func (f Fault) Say(lang string, values map[string]string) string {
	text := f.Sentence.In(lang)
	if plain := f.Plain.In(lang); plain != "" && !filled(text, values) {
		return plain
	}
	return Render(text, values)
}

// filled reports whether every placeholder of a text has a value.
func filled(text string, values map[string]string) bool {
	for _, p := range placeholder.FindAllStringSubmatch(text, -1) {
		if values[p[1]] == "" {
			return false
		}
	}
	return true
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

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
