package viewmodel

import (
	"context"
	"io"
	"slices"

	"counterfoil/sync/mask"
)

// ReportFile is a file of the report as a person reads it.
type ReportFile struct{ Name, Text string }

// ReportDraft is a report that was made and not saved yet; Write writes just what the
// files show.
type ReportDraft struct {
	Files []ReportFile
	Write func(io.Writer) error
}

// ReportMaker makes the report. head is what the page says of the connection; what is of
// the kinds of keep is left as it is. It may take seconds and ends with ctx.
type ReportMaker interface {
	Make(ctx context.Context, head string, keep []mask.Kind) (ReportDraft, error)
}

// Report is the page on which the report is read before it is saved.
type Report struct {
	Changed func()

	setup Setup
	maker ReportMaker
	head  func() string

	keep    []mask.Kind
	draft   ReportDraft
	shown   int
	run     int // raised by every new making; older ones are dropped
	busy    bool
	message string
}

// NewReport makes the page; Open makes the report. head returns what is known of the
// connection.
func NewReport(s Setup, maker ReportMaker, head func() string) *Report {
	return &Report{setup: s, maker: maker, head: head}
}

// Open makes the report anew, everything masked.
func (r *Report) Open() {
	r.keep, r.shown, r.draft = nil, 0, ReportDraft{}
	r.make()
}

// ReportKind is a kind of thing that is masked unless it is kept.
type ReportKind struct {
	Name, Label string
	Kept        bool
}

// Kinds are those that can be kept.
func (r *Report) Kinds() []ReportKind {
	var out []ReportKind
	for _, k := range mask.Kinds {
		out = append(out, ReportKind{string(k), r.setup.Words.T("report.kind." + string(k)), slices.Contains(r.keep, k)})
	}
	return out
}

// Keep says whether a kind is left in the report.
func (r *Report) Keep(name string, keep bool) {
	k := mask.Kind(name)
	if keep == slices.Contains(r.keep, k) {
		return
	}
	if keep {
		r.keep = append(slices.Clone(r.keep), k)
	} else {
		r.keep = slices.DeleteFunc(slices.Clone(r.keep), func(x mask.Kind) bool { return x == k })
	}
	r.make()
}

func (r *Report) make() {
	r.run++
	run, keep, head := r.run, r.keep, r.head()
	r.busy, r.message = true, ""
	away(r.setup, context.Background(), func(ctx context.Context) (ReportDraft, error) { return r.maker.Make(ctx, head, keep) },
		func(d ReportDraft, err error) {
			if run != r.run {
				return
			}
			r.busy = false
			if err != nil {
				r.draft, r.message = ReportDraft{}, Sentence(r.setup.Words, err)
			} else {
				r.draft = d
			}
			r.shown = min(r.shown, max(0, len(r.draft.Files)-1))
			r.changed()
		})
	r.changed()
}

// Show turns to a file.
func (r *Report) Show(i int) {
	if i >= 0 && i < len(r.draft.Files) {
		r.shown = i
		r.changed()
	}
}

// Files, Shown, Busy and Message are what the page shows.
func (r *Report) Files() []ReportFile { return r.draft.Files }
func (r *Report) Shown() int          { return r.shown }
func (r *Report) Busy() bool          { return r.busy }
func (r *Report) Message() string     { return r.message }

// Name is what the file is called that is saved.
func (r *Report) Name() string {
	return "counterfoil-report-" + r.setup.Now().Format("20060102-1504") + ".zip"
}

// Save writes what is shown; nil while there is nothing to save.
func (r *Report) Save() func(io.Writer) error {
	if r.busy {
		return nil
	}
	return r.draft.Write
}

func (r *Report) changed() {
	if r.Changed != nil {
		r.Changed()
	}
}
