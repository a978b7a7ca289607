package cure

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"counterfoil/sync/route"
)

// Helping are those of the offers with which the server is reached, tried beside each
// other and without changing anything; where it is reached anyway, those with which it
// is clearly sooner. What is no route cannot be tried so and is helping. The error is
// what was in the way of the first that does not help; nil where all do.
func (w *Ward) Helping(ctx context.Context, offers []Offer) ([]Offer, error) {
	in := w.List()
	plain := make(chan end, 1)
	go func() { plain <- w.reach(ctx, joined(in)) }()
	// Where the way is open they are not to be in each other's way: that is measured.
	var now end
	select {
	case now = <-plain:
		plain <- now
	case <-time.After(alone):
	}
	ends := make([]end, len(offers))
	var group sync.WaitGroup
	for i, o := range offers {
		if !o.Route.IsPlain() {
			group.Go(func() { ends[i] = w.reach(ctx, joined(without(in, o.Name)).With(o.Route)) })
		}
	}
	group.Wait()
	now = <-plain
	var out []Offer
	var first error
	for i, o := range offers {
		err := ends[i].err
		if err == nil && !o.Route.IsPlain() && now.err == nil && !sooner(ends[i].took, now.took) {
			err = errAsGood
		}
		if err == nil {
			out = append(out, o)
		} else if first == nil {
			first = err
		}
	}
	return out, first
}

// alone is how long the way without a cure is measured by itself.
const alone = 1500 * time.Millisecond

// end is how a look at the server ended.
type end struct {
	took time.Duration
	err  error
}

func (w *Ward) reach(ctx context.Context, r route.Route) (e end) {
	e.took, e.err = w.cfg.Reach(ctx, r)
	return e
}

// errAsGood is why a cure is not worth it.
var errAsGood = errors.New("the server is reached without it as well")

// sooner reports whether a way takes clearly less time than another.
func sooner(took, other time.Duration) bool { return other > took+took/2+extra }

// A past is what is known of a cure that was in force before.
type past struct {
	Ended  time.Time `json:"ended"`
	Times  int       `json:"times"`            // that it came back soon after it had ended
	Person bool      `json:"person,omitempty"` // somebody took it back
}

const (
	settingPast = "cures_past"
	lately      = 24 * time.Hour // a cure that comes back within this is looked at more seldom; one that a person took back does not
	rarest      = 7 * 24 * time.Hour
)

// history is what was in force before; one that cannot be read is none.
func (w *Ward) history(ctx context.Context) map[Name]past {
	out := map[Name]past{}
	if raw, err := w.cfg.Store.Setting(ctx, settingPast); err == nil && raw != "" {
		_ = json.Unmarshal([]byte(raw), &out) // see above
	}
	return out
}

// ended notes that a cure is no longer in force. What is not kept costs only that it may
// come back sooner.
func (w *Ward) ended(ctx context.Context, n Name, person bool) {
	now, all := w.cfg.Now(), w.history(ctx)
	p := all[n]
	if now.Sub(p.Ended) > lately {
		p.Times = 0
	}
	p.Ended, p.Person, p.Times = now, person, p.Times+1
	all[n] = p
	for k, p := range all {
		if now.Sub(p.Ended) > rarest {
			delete(all, k)
		}
	}
	if raw, err := json.Marshal(all); err == nil {
		_ = w.cfg.Store.SetSetting(ctx, settingPast, string(raw)) // see above
	}
}

// again is when a cure that begins now is looked at first: the sooner it came back
// after it had ended, and the more often, the later.
func (w *Ward) again(ctx context.Context, c Cure) time.Time {
	wait, now := c.Again(), w.cfg.Now()
	if wait == 0 {
		return time.Time{}
	}
	if p, ok := w.history(ctx)[c.Name]; ok && !p.Person && now.Sub(p.Ended) <= lately {
		wait = min(wait<<min(p.Times, 8), max(rarest, wait))
	}
	return now.Add(wait)
}

// Itself applies what the program may do alone against what was found and proven: those
// of the offers that are harmless and help. What somebody has taken back lately is left
// alone. It returns what is in force now and was not.
func (w *Ward) Itself(ctx context.Context, offers []Offer) ([]Name, error) {
	before, now := w.history(ctx), w.cfg.Now()
	offers = slices.DeleteFunc(slices.Clone(offers), func(o Offer) bool {
		p, was := before[o.Name]
		return !o.Itself || o.Consent || o.Route.IsPlain() || was && p.Person && now.Sub(p.Ended) <= lately ||
			slices.ContainsFunc(w.List(), func(a Active) bool { return a.Name == o.Name })
	})
	if len(offers) == 0 {
		return nil, nil
	}
	helping, _ := w.Helping(ctx, offers) // what does not help is left
	var out []Name
	for _, o := range helping {
		if len(out) > 0 && w.reached(ctx, w.Route()) {
			break // the first was enough
		}
		switch err := w.Apply(ctx, o, false); {
		case err == nil:
			out = append(out, o.Name)
		case !errors.Is(err, ErrNoHelp):
			return out, err
		}
	}
	return out, nil
}

func (w *Ward) reached(ctx context.Context, r route.Route) bool {
	_, err := w.cfg.Reach(ctx, r)
	return err == nil
}
