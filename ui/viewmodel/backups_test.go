package viewmodel

import (
	"context"
	"errors"
	"testing"
	"time"
)

type archive struct {
	list []BackupFact
	fail error
	fact RestoreFact
}

func (a *archive) List() ([]BackupFact, error) { return a.list, nil }
func (a *archive) BackUp(context.Context) error {
	if a.fail == nil {
		a.list = append([]BackupFact{{Name: "new"}}, a.list...)
	}
	return a.fail
}
func (a *archive) Preview(context.Context, string) (RestoreFact, error) { return a.fact, a.fail }

func TestBackups(t *testing.T) {
	w, s := newWindow(t)
	a := &archive{list: []BackupFact{{Name: "old", Invoices: 3}}, fact: RestoreFact{Made: time.Unix(1, 0), Damaged: true, Taken: 2}}
	b := NewBackups(s, a)
	restored := ""
	b.Restore = func(name string) { restored = name }
	b.Load()
	w.until("the list", func() bool { return len(b.Rows()) == 1 })
	b.BackUp()
	if b.BackUp(); !b.Busy() { // the second press does nothing
		t.Error("not busy")
	}
	w.until("a backup", func() bool { return b.Made() && len(b.Rows()) == 2 })
	b.Confirm()
	if restored != "" {
		t.Fatal("restored without a look")
	}
	b.Look(b.Rows()[1])
	w.until("the preview", func() bool { return len(b.Preview()) > 0 })
	b.Cancel()
	if b.Confirm(); restored != "" || b.Chosen() != nil {
		t.Fatal("restored after it was cancelled")
	}
	b.Look(b.Rows()[1])
	w.until("the preview", func() bool { return len(b.Preview()) > 0 })
	if b.Confirm(); restored != "old" {
		t.Errorf("restored %q", restored)
	}
	a.fail = errors.New("the disk is full")
	b.Look(b.Rows()[0])
	w.until("the failure", func() bool { return b.Message() == "the disk is full" && b.Chosen() == nil })
	b.BackUp()
	w.until("the failure", func() bool { return !b.Busy() })
	if b.Message() == "" || b.Made() {
		t.Error("a failed backup is none")
	}
}
