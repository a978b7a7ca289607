package window

import (
	"context"

	"counterfoil/app/books"
	"counterfoil/ui/viewmodel"
)

// trainer is the practice server as the practice page sees it.
type trainer struct{ *session }

var errNoPractice = &books.Error{Code: "no_practice", Text: "the practice server is not running", Hint: "start with --practice, or choose practice in the first-run guide"}

// Faults are the switches of the practice server.
func (t trainer) Faults() []viewmodel.PracticeFault {
	p := t.server
	if p == nil {
		return nil
	}
	var out []viewmodel.PracticeFault
	for _, f := range p.Faults() {
		out = append(out, viewmodel.PracticeFault{ID: f.ID, Layer: f.Layer(), Title: viewmodel.Bilingual{ZH: f.TitleZH, EN: f.TitleEN}, Words: f.Search(), On: f.On})
	}
	return out
}

// Set turns one on or off.
func (t trainer) Set(_ context.Context, id string, on bool) error {
	p := t.server
	if p == nil {
		return errNoPractice
	}
	err := p.Set(id, on)
	if on {
		t.d.Engine().Kick()
	} else {
		t.d.Engine().Wake()
	}
	return err
}

// played is the desk of the session, which a switch of the practice plays with. It
// is there only after its practice server.
type played struct{ s *session }

func (p played) HideCA(ctx context.Context, damaged bool) (func(context.Context) error, error) {
	return p.s.d.HideCA(ctx, damaged)
}

func (p played) Mistype(ctx context.Context, from, to string) (func(context.Context) error, error) {
	return p.s.d.Mistype(ctx, from, to)
}

func (p played) Database() string { return p.s.d.Database() }

// EditDraft lets the second branch change a draft and returns its reference.
func (t trainer) EditDraft(ctx context.Context) (string, error) {
	p := t.server
	if p == nil {
		return "", errNoPractice
	}
	inv, err := p.SecondBranch.EditDraft(ctx, "")
	if err != nil {
		return "", err
	}
	t.d.Engine().Kick()
	return inv.Reference, nil
}
