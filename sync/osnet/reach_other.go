//go:build !linux

package osnet

import (
	"context"
	"errors"
	"net/netip"
)

func reach(ctx context.Context, to netip.AddrPort, hops int) (Told, error) {
	return Told{}, reachPlainly(ctx, to, hops)
}

func wantsWord(uintptr, bool) {}

func word(uintptr) Told { return Told{} }

// LeastHops is what only Linux can.
func LeastHops(uintptr, bool, int) error { return errors.ErrUnsupported }
