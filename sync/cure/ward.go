package cure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/route"
)

// Active is a cure that is in force.
type Active struct {
	Name    Name              `json:"name"`
	Fault   fault.ID          `json:"fault"`
	Since   time.Time         `json:"since"`
	Again   time.Time         `json:"again"` // when it is looked whether it is needed; zero: never
	Network string            `json:"network,omitempty"`
	Route   route.Route       `json:"route"`
	Was     string            `json:"was,omitempty"` // what an act takes back with
	Values  map[string]string `json:"values,omitempty"`

	// Trying: it was not seen to help yet. One that is found after a crash is taken back.
	Trying bool `json:"trying,omitempty"`
}

// Text is what it changes, in "zh" or "en".
func (a Active) Text(lang string) string {
	c, _ := Lookup(a.Name)
	return fault.Render(c.Changes.In(lang), a.Values)
}

// An Act is a cure that is no route.
type Act struct {
	// Before returns what taking it back will need; it changes nothing. nil: nothing.
	Before func(context.Context, Offer) (was string, err error)
	Do     func(context.Context, Offer) error
	// Undo takes it back; nil for an act that is done once and changes nothing that
	// could be taken back.
	Undo func(ctx context.Context, was string) error
}

// Settings keep what is in force over a restart.
type Settings interface {
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}

// Config of a Ward. All but Acts are needed.
type Config struct {
	Store   Settings
	Now     func() time.Time
	Network func() string // where this computer stands; "" where that is not known
	// Reach asks the server over a route whether it is well, without any secret, and
	// returns how long that took.
	Reach func(context.Context, route.Route) (time.Duration, error)
	Use   func(route.Route)   // from now on requests go this way
	Acts  func() map[Name]Act // that are at hand; nil: none ever
}

// deed is the act of a cure; ok is false where it is a route or not at hand.
func (w *Ward) deed(n Name) (a Act, ok bool) {
	if w.cfg.Acts == nil {
		return Act{}, false
	}
	a, ok = w.cfg.Acts()[n]
	return a, ok
}

// setting holds the cures in force, as JSON.
const setting = "cures"

// Ward keeps the cures that are in force. It is safe for concurrent use.
type Ward struct {
	cfg Config

	one sync.Mutex // one cure at a time is applied, taken back or looked at
	mu  sync.Mutex // guards below
	in  []Active   // oldest first
}

// Open reads what is in force; what was only being tried when the program ended is
// taken back.
func Open(ctx context.Context, cfg Config) (*Ward, error) {
	w := &Ward{cfg: cfg}
	return w, w.Reload(ctx)
}

// Reload reads what is in force anew: another process may have changed it.
func (w *Ward) Reload(ctx context.Context) error {
	w.one.Lock()
	defer w.one.Unlock()
	raw, err := w.cfg.Store.Setting(ctx, setting)
	if err != nil {
		return err
	}
	var in []Active
	if raw != "" && json.Unmarshal([]byte(raw), &in) != nil {
		in = nil // a list that cannot be read is none: the plain way
	}
	for _, a := range in {
		if act, _ := w.deed(a.Name); a.Trying && act.Undo != nil && a.Was != "" {
			if err := act.Undo(ctx, a.Was); err != nil {
				return fmt.Errorf("take %s back: %w", a.Name, err)
			}
		}
	}
	kept := slices.DeleteFunc(slices.Clone(in), func(a Active) bool { return a.Trying })
	if len(kept) != len(in) {
		return w.keep(ctx, kept)
	}
	w.take(kept)
	return nil
}

// List is what is in force, oldest first.
func (w *Ward) List() []Active {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.in)
}

// Route is the way that all cures in force make together.
func (w *Ward) Route() route.Route { return joined(w.List()) }

func joined(in []Active) route.Route {
	var r route.Route
	for _, a := range in {
		r = r.With(a.Route)
	}
	return r
}

func without(in []Active, n Name) []Active {
	return slices.DeleteFunc(slices.Clone(in), func(a Active) bool { return a.Name == n })
}

// take makes a list the one in force.
func (w *Ward) take(in []Active) {
	w.mu.Lock()
	w.in = in
	w.mu.Unlock()
	w.cfg.Use(joined(in))
}

// keep writes a list and makes it the one in force; where it cannot be written it is in
// force no longer than the program runs, and the error says so.
func (w *Ward) keep(ctx context.Context, in []Active) error {
	raw := ""
	if len(in) > 0 {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		raw = string(b)
	}
	err := w.cfg.Store.SetSetting(ctx, setting, raw)
	w.take(in)
	return err
}

// Apply tries a cure and leaves it in force when it helps. agreed: a person saw the
// preview and said yes. It returns ErrConsent, ErrNoHelp with what was in the way
// still, or the error of an act; then everything is as before.
func (w *Ward) Apply(ctx context.Context, o Offer, agreed bool) error {
	if o.Consent && !agreed {
		return ErrConsent
	}
	w.one.Lock()
	defer w.one.Unlock()
	now := w.cfg.Now()
	a := Active{Name: o.Name, Fault: o.Fault, Since: now, Route: o.Route, Network: w.cfg.Network(), Values: o.Values}
	a.Again = w.again(ctx, o.Cure)
	if act, ok := w.deed(o.Name); ok {
		return w.act(ctx, act, a, o)
	}
	if o.Route.IsPlain() {
		return ErrNone
	}
	next := append(without(w.List(), o.Name), a)
	if _, err := w.cfg.Reach(ctx, joined(next)); err != nil {
		return errors.Join(ErrNoHelp, err)
	}
	return w.keep(ctx, next)
}

// act does what is no route. What it will take back with is kept before anything is
// changed, so that a crash leaves nothing half done.
func (w *Ward) act(ctx context.Context, act Act, a Active, o Offer) error {
	if act.Undo == nil {
		return act.Do(ctx, o)
	}
	if act.Before != nil {
		was, err := act.Before(ctx, o)
		if err != nil {
			return err
		}
		a.Was = was
	}
	others := without(w.List(), o.Name)
	a.Trying = true
	if err := w.keep(ctx, append(slices.Clone(others), a)); err != nil {
		w.take(others)
		return err
	}
	if err := act.Do(ctx, o); err != nil {
		return errors.Join(err, act.Undo(ctx, a.Was), w.keep(ctx, others))
	}
	a.Trying = false
	return w.keep(ctx, append(others, a))
}

// Undo takes a cure back; ErrNotAlive where it is not in force. The program does not
// apply it by itself again for a day.
func (w *Ward) Undo(ctx context.Context, n Name) error {
	w.one.Lock()
	defer w.one.Unlock()
	err := w.undo(ctx, n)
	if err == nil {
		w.ended(ctx, n, true)
	}
	return err
}

// Drop takes back what was applied and turned out not to help.
func (w *Ward) Drop(ctx context.Context, n Name) error {
	w.one.Lock()
	defer w.one.Unlock()
	return w.undo(ctx, n)
}

// undo takes a cure back; w.one is held.
func (w *Ward) undo(ctx context.Context, n Name) error {
	in := w.List()
	i := slices.IndexFunc(in, func(a Active) bool { return a.Name == n })
	if i < 0 {
		return ErrNotAlive
	}
	if act, _ := w.deed(n); act.Undo != nil {
		if err := act.Undo(ctx, in[i].Was); err != nil {
			return err
		}
	}
	return w.keep(ctx, without(in, n))
}

// Settle says that an act which is in force stays for good: it is what is set up now,
// and no longer shown.
func (w *Ward) Settle(ctx context.Context, n Name) error {
	w.one.Lock()
	defer w.one.Unlock()
	return w.keep(ctx, without(w.List(), n))
}
