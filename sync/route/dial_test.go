package route

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// Of several addresses one that is silent does not hold up the others, and of none the
// error says why.
func TestEveryAddress(t *testing.T) {
	silent := leg{stagger, func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}
	here, there := net.Pipe()
	defer there.Close()
	open := leg{stagger, func(context.Context) (net.Conn, error) { return here, nil }}
	refuses := leg{stagger, func(context.Context) (net.Conn, error) { return nil, errors.New("refused") }}
	for what, legs := range map[string][]leg{"the first is silent": {silent, open}, "the first refuses": {refuses, open}, "the second is silent": {open, silent}} {
		start := time.Now()
		c, err := first(t.Context(), legs)
		if err != nil || c != here || time.Since(start) > 2*time.Second {
			t.Errorf("%s: %v after %v", what, err, time.Since(start))
		}
	}
	if _, err := first(t.Context(), []leg{refuses, refuses}); err == nil || err.Error() != "refused" {
		t.Error(err)
	}
}

func TestMixed(t *testing.T) {
	var all []net.IPAddr
	for _, a := range []string{"fd00::1", "fd00::2", "10.0.0.1"} {
		all = append(all, net.IPAddr{IP: net.ParseIP(a)})
	}
	got := mixed(all)
	for i, want := range []string{"fd00::1", "10.0.0.1", "fd00::2"} {
		if got[i].String() != want {
			t.Errorf("%v", got)
		}
	}
}
