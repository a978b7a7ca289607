package trust

import (
	"context"
	"errors"
	"testing"
)

// narrow is a keyring that takes no more than some bytes an item.
type narrow struct {
	Keyring
	most int
}

func (k narrow) Set(ctx context.Context, name, value string) error {
	if len(value) > k.most {
		return wrap("write the keyring", ErrTooBig)
	}
	return k.Keyring.Set(ctx, name, value)
}

// A bundle goes into parts as small as the keyring wants, and what another keyring has
// kept in larger ones is split.
func TestSplit(t *testing.T) {
	ctx := context.Background()
	whole := Memory()
	b := bundle(t, 4)
	s := &Store{Keyring: narrow{whole, 700}, Profile: "p"}
	if err := s.Save(ctx, b); err != nil {
		t.Fatal(err)
	}
	wide := &Store{Keyring: whole, Profile: "p"}
	for _, keep := range []func() error{func() error { return wide.Save(ctx, b) }, func() error { return s.Split(ctx) }} {
		if err := keep(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(ctx); err != nil || got.Whole() != b.Whole() {
			t.Errorf("%v", err)
		}
	}
	none := &Store{Keyring: narrow{Memory(), 90}, Profile: "p"}
	if err := none.Save(ctx, b); !errors.Is(err, ErrTooBig) {
		t.Error("a keyring that takes nothing:", err)
	}
	if s.CanUnlock() || !errors.Is(s.Unlock(ctx), ErrUnavailable) {
		t.Error("a keyring in memory can be unlocked")
	}
}
