package viewmodel

import (
	"strings"
	"time"
)

// CheckState says how far a check is.
type CheckState string

// The states. Skipped: a check before it failed, so that nothing is known of it.
const (
	CheckPending CheckState = ""
	CheckRunning CheckState = "running"
	CheckGood    CheckState = "good"
	CheckBad     CheckState = "bad"
	CheckSkipped CheckState = "skipped"
)

// Check is one line of the list.
type Check struct {
	ID    string
	Title Bilingual
	Layer string // the lamp it belongs to, as in fault.Layer
	State CheckState
	Took  time.Duration
	Note  Bilingual // replaces the time: "none", "1 year slow"
}

// WizardStep is one thing to do. Action is handed to Actions, with Button as
// its word; both empty when the program cannot help. Picture names a drawing of the
// place where a setting is found; see PictureOf.
type WizardStep struct {
	Text, Detail, Button Bilingual
	Action, Picture      string
}

// Beside is a fault that is independent of the one that is shown.
type Beside struct {
	Fault string
	Title Bilingual
	Who   string // WhoYou …
}

// Finding is what the self-check found. An empty Fault means all is well.
type Finding struct {
	Fault           string // number
	Title, Sentence Bilingual
	Evidence        []Bilingual
	Explained       []Bilingual // titles of the faults that it explains
	Also            []Beside
	Around          []Bilingual // what the program works around, where all is well
	Proven          bool
	Mild            bool   // invoices are issued nevertheless, if later or slower
	Who             string // WhoYou …
	Minutes         int    // about how long the steps take the clerk; 0: not said
	Steps           []WizardStep
	Report          Bilingual // for who must act; empty: Sentence says it
	Names           []string  // masked in the text for IT: hosts, the user
}

// forClerk are the steps that are the clerk's own. Where others must act only what the
// program can do about it is left.
func (f Finding) forClerk() []WizardStep {
	if f.Who == WhoYou {
		return f.Steps
	}
	var out []WizardStep
	for _, s := range f.Steps {
		if isCure(s.Action) {
			out = append(out, s)
		}
	}
	return out
}

// meanwhile is what the clerk may try while others act: another network, say.
func (f Finding) meanwhile() []Bilingual {
	var out []Bilingual
	if f.Who == WhoYou {
		return nil
	}
	for _, s := range f.Steps {
		if strings.HasPrefix(s.Action, "open:") {
			out = append(out, s.Text)
		}
	}
	return out
}
