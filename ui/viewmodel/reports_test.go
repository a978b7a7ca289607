package viewmodel

import (
	"context"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
)

func TestReports(t *testing.T) {
	b := newBench(t)
	// An issued invoice of October, reversed in November; a draft of November.
	b.fill()
	b.Set("date", "2026-10-31")
	b.settle()
	b.pulled(func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "00000001" })
	blue := b.Invoice().ID
	red, err := b.desk.Reverse(context.Background(), blue)
	if err != nil {
		t.Fatal(err)
	}
	b.pulled(func(i *invoice.Invoice) { i.State = invoice.Reversed })
	b.reset(red)
	b.pulled(func(i *invoice.Invoice) { i.State, i.Number = invoice.Issued, "00000002" })
	b.New()
	b.fill()
	b.settle()

	_, err = b.desk.Reverse(context.Background(), b.Invoice().ID)
	if err == nil {
		t.Error("a draft was reversed")
	}
	v := NewReports(b.Editor.setup, b.db)
	v.Load()
	b.w.until("the report", func() bool { return len(v.Months()) > 0 })
	nov, oct := v.Months()[0], v.Months()[1]
	if nov.Issued != 1 || nov.Red != 1 || nov.Drafts != 1 || nov.Gross.String() != "-12536.22" {
		t.Errorf("November %+v", nov)
	}
	if oct.Issued != 1 || oct.Red != 0 || oct.Gross.String() != "12536.22" {
		t.Errorf("October %+v", oct)
	}
	if s := v.Sum(); s.Issued != 2 || !s.Gross.IsZero() || len(v.Months()) != 12 {
		t.Errorf("the sum %+v", s)
	}
	_ = b.db.Close()
	v.Load()
	b.w.until("an error", func() bool { return v.Message() != "" })
	if len(v.Months()) != 12 {
		t.Error("an error wiped the report")
	}
}

var _ Counter = (books.Store)(nil)
