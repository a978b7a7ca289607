package desk

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"counterfoil/sync/cure"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/osnet"
	"counterfoil/sync/probe"
	"counterfoil/sync/route"
)

// pad is text that no compression makes smaller.
func pad() string {
	raw := make([]byte, padSize*3/4)
	_, _ = rand.Read(raw) // it never fails
	return base64.StdEncoding.EncodeToString(raw)
}

func (c *Connection) openWard(ctx context.Context, kept cure.Settings) (*cure.Ward, error) {
	return cure.Open(ctx, cure.Config{
		Store: kept, Now: c.cfg.Now, Network: c.network, Reach: c.reach, Use: c.use, Acts: c.deeds,
	})
}

// network names where this computer stands.
func (c *Connection) network() string {
	p := probe.Place(c.URL(), c.cfg.Proxy)
	return p.Network
}

// Cures are those that are in force, oldest first.
func (c *Connection) Cures() []cure.Active { return c.ward.List() }

// Revocable are the cures that Unfix takes back: those in force, and a move of the data,
// which is how things are.
func (c *Connection) Revocable() []cure.Active {
	all := c.ward.List()
	if m, ok := movedHere(c.cfg.Home, c.cfg.Dir); ok {
		all = append(all, cure.Active{Name: cure.MoveData, Since: m.At, Values: map[string]string{"folder": m.To}})
	}
	return all
}

// Offers are the cures for what the last self-check found, the best first.
func (c *Connection) Offers() []cure.Offer {
	c.mu.Lock()
	r := c.report
	c.mu.Unlock()
	if r == nil {
		return nil
	}
	return c.OffersFor(r.Report)
}

// OffersFor are the cures for what a self-check found, the best first.
func (c *Connection) OffersFor(r probe.Report) []cure.Offer { return cure.For(c.caseOf(r)) }

// Guesses are what is worth a try where none of OffersFor helps.
func (c *Connection) Guesses(r probe.Report) []cure.Offer { return cure.Guesses(c.caseOf(r)) }

// caseOf is what cures are chosen from.
func (c *Connection) caseOf(r probe.Report) cure.Case {
	c.mu.Lock()
	set := cure.Case{
		Verdict: r.Verdict, Seen: r.Observations, URL: c.url, Enrolled: c.enrolled, Segments: route.SegmentSizes,
	}
	c.mu.Unlock()
	set.LastGood = c.monitor.LastGood()
	set.Proxy, set.System = c.proxyOf(c.cfg.Proxy), c.proxyOf(c.cfg.System)
	for _, p := range []string{set.Proxy, set.System} {
		if p != "" && c.canSignIn(p) {
			set.SignIns = append(set.SignIns, p)
		}
	}
	for n := range c.deeds() {
		set.Acts = append(set.Acts, n)
	}
	set.Cards = cards()
	for _, f := range append([]fault.Finding{r.Finding}, r.Also...) {
		row, _ := fault.Lookup(f.Fault)
		switch cure.Name(row.Cure) {
		case cure.FreeSpace:
			set.Spare = megabytes(c.spare().bytes)
		case cure.MoveData:
			set.Folder = NewPlace(c.cfg)
		}
	}
	return set
}

// cards are the network cards that lead out, with an address of IPv4.
func cards() []cure.Card {
	var out []cure.Card
	for _, i := range osnet.Look().Interfaces {
		if !i.Card() || !i.Up || !i.Running {
			continue
		}
		for _, a := range i.Addresses {
			if a.Addr().Is4() && !a.SelfGiven() {
				out = append(out, cure.Card{Name: i.Name, Address: a.Addr().String()})
				break
			}
		}
	}
	return out
}

// An Outcome is what came of a cure.
type Outcome struct {
	Cure  cure.Name
	Fault fault.ID // that it was for
	// Helped: the observers that had shown the fault do not show it any more.
	Helped bool
	After  probe.Report // of those observers
	Err    error        // why it did not help, where that is known
}

// Fix applies a cure for what the last self-check found, looks again with the observers
// that showed the fault, and takes back what did not help. agreed: a person saw what it
// changes. The error is one of package cure or of what the cure did.
func (c *Connection) Fix(ctx context.Context, name cure.Name, agreed bool) (Outcome, error) {
	offers := c.Offers()
	i := slices.IndexFunc(offers, func(o cure.Offer) bool { return o.Name == name })
	if i < 0 {
		return Outcome{}, cure.ErrNone
	}
	return c.Cure(ctx, offers[i], agreed)
}

// lookAgain caps the look after a cure.
const lookAgain = 10 * time.Second

// Cure is Fix for an offer of OffersFor.
func (c *Connection) Cure(ctx context.Context, o cure.Offer, agreed bool) (Outcome, error) {
	out := Outcome{Cure: o.Name, Fault: o.Fault}
	defer func() { c.log().Info("cure", "name", o.Name, "fault", o.Fault, "helped", out.Helped) }()
	if o.Route.SignIn {
		if err := c.learnUser(ctx, o.Values["proxy"]); err != nil {
			return out, err
		}
	}
	err := c.ward.Apply(ctx, o, agreed)
	if errors.Is(err, cure.ErrNoHelp) {
		out.Err = err
		if o.Route.SignIn {
			return out, c.unlearnUser(ctx, err)
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if o.Person || c.handsOver(o.Name) {
		out.Helped = true // what they do is seen by the next check
		return out, nil
	}
	row, _ := fault.Lookup(o.Fault)
	out.After = c.SelfCheck(ctx, "", lookAgain, nil, append(slices.Clone(row.Recheck), "server", "signin")...)
	// A way that was tried leads past the fault, which may be there still.
	if out.Helped = !o.Route.IsPlain() || !there(out.After, o.Fault); !out.Helped {
		if o.Name == cure.MoveData {
			return out, c.moveHere(ctx, MoveBack)
		}
		if err := c.ward.Drop(ctx, o.Name); err != nil && !errors.Is(err, cure.ErrNotAlive) {
			return out, err
		}
		return out, nil
	}
	if c.permanent(o.Name) {
		err = c.ward.Settle(ctx, o.Name)
	}
	c.wake()
	return out, err
}

// there reports whether a walk found a fault.
func there(r probe.Report, id fault.ID) bool {
	return r.Fault == id || slices.ContainsFunc(r.Also, func(f fault.Finding) bool { return f.Fault == id })
}

// Unfix takes a cure back; cure.ErrNotAlive where it is not in force.
func (c *Connection) Unfix(ctx context.Context, name cure.Name) error {
	if name == cure.MoveData {
		return c.moveHere(ctx, MoveBack)
	}
	return c.ward.Undo(ctx, name)
}

// EndCures ends the cures that are no longer needed, whether they are due or not, and
// returns which did.
func (c *Connection) EndCures(ctx context.Context) ([]cure.Name, error) {
	return c.ward.Tend(ctx, true)
}

// Helping are those of the offers that help, without changing anything; the error is
// what was in the way of the first that does not.
func (c *Connection) Helping(ctx context.Context, offers []cure.Offer) ([]cure.Offer, error) {
	return c.ward.Helping(ctx, offers)
}

const (
	tending = time.Minute      // how often it is looked whether a cure is due
	healing = 30 * time.Second // caps what is done against one finding
)

// tend applies what may be applied without a person, and ends the cures that are no
// longer needed: those that are due, and all when the line breaks. Until ctx ends.
func (c *Connection) tend(ctx context.Context) {
	t := time.NewTicker(tending)
	defer t.Stop()
	broke := false
	for {
		var r probe.Report
		select {
		case <-ctx.Done():
			return
		case r = <-c.ill:
		case <-t.C:
		}
		// Another process may have applied one. What cannot be read or written now is
		// tried again later.
		if err := c.ward.Reload(ctx); err != nil {
			continue
		}
		if r.Fault != "" {
			c.heal(ctx, r)
			continue
		}
		breaks := c.monitor.State().Kind == link.Offline
		if ended, _ := c.ward.Tend(ctx, breaks && !broke); len(ended) > 0 {
			c.wake()
		}
		broke = breaks
	}
}

// heal applies what the program may do alone against what a self-check has proven.
func (c *Connection) heal(ctx context.Context, r probe.Report) {
	proven := func(id fault.ID) bool {
		return slices.ContainsFunc(append([]fault.Finding{r.Finding}, r.Also...), func(f fault.Finding) bool { return f.Fault == id && f.Confidence == fault.Proven })
	}
	offers := slices.DeleteFunc(c.OffersFor(r), func(o cure.Offer) bool { return !o.Itself || !proven(o.Fault) })
	if len(offers) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, healing)
	defer cancel()
	// What cannot be kept is in force as long as the program runs.
	if done, _ := c.ward.Itself(ctx, offers); len(done) > 0 {
		c.wake()
	}
}

// suffer hands a finding to who heals, where somebody does; where one waits already the
// newer counts.
func (c *Connection) suffer(r probe.Report) {
	if r.Fault == fault.OK {
		return
	}
	select {
	case <-c.ill:
	default:
	}
	select {
	case c.ill <- r:
	default:
	}
}

// wake makes the engine try at once, where there is one.
func (c *Connection) wake() {
	if c.engine != nil {
		c.engine.Wake()
	}
}
