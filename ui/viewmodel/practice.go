package viewmodel

import (
	"context"
	"strings"

	"counterfoil/sync/fault"
)

// PracticeFault is one fault that the practice server, or a switch of this computer,
// can play.
type PracticeFault struct {
	ID    string // fault number
	Layer string // where it lies: pc, network, internet, secure, server
	Title Bilingual
	Words string // by which it is found besides
	On    bool
}

// PracticeGroup is the faults of one layer.
type PracticeGroup struct {
	Layer  string
	Faults []PracticeFault
}

// PracticeServer is the practice server inside this program.
type PracticeServer interface {
	Faults() []PracticeFault
	Set(ctx context.Context, id string, on bool) error
	// EditDraft lets a second branch change one of this desk's drafts; it gives its reference.
	EditDraft(ctx context.Context) (reference string, err error)
}

// Practice is the page that plays faults.
type Practice struct {
	Changed func()

	setup   Setup
	server  PracticeServer
	faults  []PracticeFault
	busy    map[string]bool
	search  string
	message string
}

// NewPractice makes the page with the server's faults as they are.
func NewPractice(s Setup, server PracticeServer) *Practice {
	return &Practice{setup: s, server: server, faults: server.Faults(), busy: map[string]bool{}}
}

// Faults gives the list; Busy says that a switch is under way; Message is the last news.
func (p *Practice) Faults() []PracticeFault { return p.faults }
func (p *Practice) Busy(id string) bool     { return p.busy[id] }
func (p *Practice) Message() string         { return p.message }

// Search is what the list is narrowed to; Find narrows it to the faults that have
// every word of a text in their number, their names or what they are about.
func (p *Practice) Search() string { return p.search }
func (p *Practice) Find(text string) {
	if text != p.search {
		p.search = text
		p.changed()
	}
}

var practiceLayers = []fault.Layer{fault.PC, fault.Network, fault.Internet, fault.Secure, fault.Server}

// Groups are the faults that are sought, by where they lie: this computer first.
func (p *Practice) Groups() []PracticeGroup {
	var out []PracticeGroup
	for _, l := range practiceLayers {
		g := PracticeGroup{Layer: string(l)}
		for _, f := range p.faults {
			if f.Layer == g.Layer && f.sought(p.search) {
				g.Faults = append(g.Faults, f)
			}
		}
		if len(g.Faults) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (f PracticeFault) sought(text string) bool {
	in := strings.ToLower(strings.Join([]string{f.ID, f.Title.ZH, f.Title.EN, f.Words}, " "))
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if !strings.Contains(in, w) {
			return false
		}
	}
	return true
}

// On are the faults that are switched on.
func (p *Practice) On() []PracticeFault {
	var out []PracticeFault
	for _, f := range p.faults {
		if f.On {
			out = append(out, f)
		}
	}
	return out
}

// AllOff switches every fault off.
func (p *Practice) AllOff(ctx context.Context) {
	for _, f := range p.On() {
		p.Set(ctx, f.ID, false)
	}
}

// Set switches one fault; a second call while the first is under way does nothing.
func (p *Practice) Set(ctx context.Context, id string, on bool) {
	if p.busy[id] {
		return
	}
	p.busy[id], p.message = true, ""
	p.changed()
	away(p.setup, ctx, func(ctx context.Context) ([]PracticeFault, error) {
		err := p.server.Set(ctx, id, on)
		return p.server.Faults(), err
	}, func(list []PracticeFault, err error) {
		delete(p.busy, id)
		p.faults, p.message = list, Sentence(p.setup.Words, err)
		p.changed()
	})
}

const editing = "edit"

// SecondBranchEdits lets the second branch change a draft.
func (p *Practice) SecondBranchEdits(ctx context.Context) {
	if p.busy[editing] {
		return
	}
	p.busy[editing] = true
	p.changed()
	away(p.setup, ctx, p.server.EditDraft, func(ref string, err error) {
		delete(p.busy, editing)
		p.message = Sentence(p.setup.Words, err)
		if err == nil {
			p.message = p.setup.Words.T("practice.edited", ref)
		}
		p.changed()
	})
}

func (p *Practice) changed() {
	if p.Changed != nil {
		p.Changed()
	}
}
