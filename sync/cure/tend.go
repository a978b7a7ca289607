package cure

import (
	"context"
	"time"
)

const (
	soon  = time.Minute            // after a look that told nothing
	extra = 150 * time.Millisecond // that the way without a cure may take longer
)

// Tend looks at the cures that are due, or at all of them where the network is another
// than when they were applied, and ends those that are no longer needed: where the way
// without one is as good as with it. now: all are due. It returns what it ended, and
// never disturbs the requests that are under way.
func (w *Ward) Tend(ctx context.Context, now bool) ([]Name, error) {
	w.one.Lock()
	defer w.one.Unlock()
	var ended []Name
	network := w.cfg.Network()
	for _, a := range w.List() {
		moved := network != "" && a.Network != "" && network != a.Network
		due := !a.Again.IsZero() && !w.cfg.Now().Before(a.Again)
		if a.Again.IsZero() || !now && !moved && !due {
			continue
		}
		over, known := w.over(ctx, a)
		if ctx.Err() != nil {
			return ended, ctx.Err()
		}
		if over {
			ended = append(ended, a.Name)
			if err := w.undo(ctx, a.Name); err != nil {
				return ended, err
			}
			w.ended(ctx, a.Name, false)
			continue
		}
		if err := w.later(ctx, a, network, known); err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// later puts off the next look.
func (w *Ward) later(ctx context.Context, a Active, network string, known bool) error {
	in := w.List()
	for i := range in {
		if in[i].Name != a.Name {
			continue
		}
		c, _ := Lookup(a.Name)
		if in[i].Again = w.again(ctx, c); !known {
			in[i].Again = w.cfg.Now().Add(min(soon, c.Again()))
		}
		if known && network != "" {
			in[i].Network = network
		}
	}
	return w.keep(ctx, in)
}

// over reports whether a cure is no longer needed. known is false where nobody answers
// on either way: then the fault is another.
func (w *Ward) over(ctx context.Context, a Active) (over, known bool) {
	with, without := w.Route(), joined(without(w.List(), a.Name))
	cured, err := w.cfg.Reach(ctx, with)
	helps := err == nil
	for range 2 { // once may be luck
		plain, err := w.cfg.Reach(ctx, without)
		switch {
		case err != nil:
			return false, helps
		case helps && sooner(cured, plain):
			return false, true
		}
	}
	return true, true
}
