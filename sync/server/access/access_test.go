package access

import (
	"context"
	"fmt"
	"testing"
)

func TestPrincipalInContext(t *testing.T) {
	if p := From(context.Background()); p.Branch != "" || p.Whole {
		t.Errorf("nobody is %+v", p)
	}
	if p := From(With(context.Background(), Principal{Branch: "West", Whole: true})); p.Branch != "West" || !p.Whole {
		t.Errorf("%+v", p)
	}
}

func TestCodes(t *testing.T) {
	for err, code := range map[error]string{
		ErrUnknown: "token_invalid", ErrExpired: "token_expired", fmt.Errorf("x: %w", ErrRevoked): "token_revoked", fmt.Errorf("other"): "token_invalid",
	} {
		if got := Code(err); got != code {
			t.Errorf("%v: %q, want %q", err, got, code)
		}
	}
}
