package viewmodel

import "context"

// PracticeFault is one fault that the practice server can play.
type PracticeFault struct {
	ID    string // fault number
	Title Bilingual
	On    bool
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
