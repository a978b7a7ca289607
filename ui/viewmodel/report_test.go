package viewmodel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"counterfoil/sync/mask"
)

// scribe makes a report of what it was asked.
type scribe struct{ fails atomic.Bool }

func (s *scribe) Make(_ context.Context, head string, keep []mask.Kind) (ReportDraft, error) {
	if s.fails.Load() {
		return ReportDraft{}, errors.New("no")
	}
	text := fmt.Sprint(head, keep)
	return ReportDraft{Files: []ReportFile{{"report.html", text}, {"log.txt", "log"}},
		Write: func(w io.Writer) error { _, err := io.WriteString(w, text); return err }}, nil
}

// What is saved is what was read last.
func TestReportPage(t *testing.T) {
	w, setup := newWindow(t)
	s := &scribe{}
	r := NewReport(setup, s, func() string { return "head" })
	r.Open()
	if r.Save() != nil {
		t.Fatal("something can be saved before it was read")
	}
	w.until("the report", func() bool { return !r.Busy() })
	r.Show(1)
	r.Show(7)
	r.Keep("hosts", true)
	r.Keep("people", true)
	r.Keep("hosts", false)
	w.until("the report", func() bool { return !r.Busy() })
	var b bytes.Buffer
	if err := r.Save()(&b); err != nil || r.Files()[0].Text != "head[people]" || b.String() != r.Files()[0].Text || r.Shown() != 1 {
		t.Fatalf("%q saved as %q, file %d, %v", r.Files()[0].Text, b.String(), r.Shown(), err)
	}
	for _, k := range r.Kinds() {
		if k.Kept != (k.Name == "people") {
			t.Errorf("%s is kept: %v", k.Name, k.Kept)
		}
	}
	s.fails.Store(true)
	r.Open()
	w.until("the trouble", func() bool { return r.Message() != "" })
	if r.Kinds()[2].Kept || len(r.Files()) != 0 || r.Save() != nil {
		t.Error("a report that was not made can be saved")
	}
}
