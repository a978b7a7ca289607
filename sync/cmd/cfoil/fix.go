package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/disk"
	"counterfoil/sync/fault"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
)

// What came of cfoil fix.
const (
	nothingToFix = "nothing_to_fix" // exit code 0
	cured        = "cured"          // exit code 0
	offered      = "offered"        // the rest: 1
	noCure       = "no_cure"
	notHelped    = "not_helped"
)

// fixed is the outcome for scripts. Texts pass masked.
type fixed struct {
	Outcome string     `json:"outcome"`
	Verdict fault.ID   `json:"verdict"`
	Title   string     `json:"title"`
	Cures   []offerOut `json:"cures"`
	Applied cure.Name  `json:"applied,omitempty"`
	After   fault.ID   `json:"after,omitempty"`
	Why     string     `json:"why,omitempty"`
	Active  []inForce  `json:"active"` // when it ends
	MS      int64      `json:"ms"`
	worked  bool       // the way is open; then nothing is guessed
}

// inForce is a cure that is in force.
type inForce struct {
	Name    cure.Name `json:"name"`
	Fault   fault.ID  `json:"fault"`
	Changes string    `json:"changes"`
	Since   time.Time `json:"since"`
}

func active(d *desk.Connection, masked func(string) string) []inForce {
	out := []inForce{}
	for _, a := range d.Revocable() {
		out = append(out, inForce{a.Name, a.Fault, masked(a.Text("en")), a.Since.UTC()})
	}
	return out
}

type offerOut struct {
	Name    cure.Name `json:"name"`
	Fault   fault.ID  `json:"fault"`
	Changes string    `json:"changes"`
	Risk    string    `json:"risk,omitempty"`
}

func fix(ctx context.Context, c *call) error {
	if len(c.args) > 1 {
		return usage{"fix takes one cure"}
	}
	timeout, err := c.timeout()
	if err != nil {
		return err
	}
	d := c.line(ctx)
	switch {
	case c.opts["list"] != "":
		return c.listCures(d)
	case c.opts["undo"] != "":
		return c.undoCure(ctx, d)
	}
	if err := c.keepProxyUser(ctx, d); err != nil {
		return err
	}
	start := time.Now()
	masked := c.masked(d.URL())
	if _, err := d.EndCures(ctx); err != nil {
		return err
	}
	r := d.SelfCheck(ctx, "", timeout, nil)
	out := fixed{Verdict: r.Fault, Cures: []offerOut{}}
	if row, ok := fault.Lookup(r.Fault); ok {
		out.Title = row.Title.EN
	}
	offers := d.OffersFor(r)
	for _, o := range offers {
		out.Cures = append(out.Cures, offerOut{Name: o.Name, Fault: o.Fault, Changes: masked(o.Preview("en")), Risk: o.Risk.EN})
	}
	out.worked = fault.SetOf(r.Observations...).Worked()
	err = c.tryCures(ctx, d, r, offers, &out)
	out.Active = active(d, masked)
	out.Why, out.MS = masked(out.Why), time.Since(start).Milliseconds()
	if err != nil {
		return err
	}
	return c.sayFixed(out)
}

// keepProxyUser keeps who signs in at the proxy that is used now, where --user says so.
func (c *call) keepProxyUser(ctx context.Context, d *desk.Connection) error {
	name, file := c.opts["user"], c.opts["password-file"]
	switch {
	case name == "" && file == "":
		return nil
	case name == "" || file == "":
		return usage{"--user and --password-file belong together"}
	}
	proxy := d.ProxyInUse()
	if proxy == "" {
		return &books.Error{Code: "proxy_none", Field: "user", Text: "no proxy is set up, so nobody signs in at one"}
	}
	password, err := c.secret(file)
	if err != nil {
		return err
	}
	return d.KeepProxyUser(ctx, trust.ProxyUser{Proxy: proxy, Name: name, Password: password})
}

// secret reads one line of a file, or of standard input or the terminal for -.
func (c *call) secret(file string) (string, error) {
	if file == "-" {
		return c.typed("Password: ")
	}
	raw, err := disk.Read(file, maxToken)
	if err != nil {
		return "", &books.Error{Code: "password_unreadable", Field: "password-file", Text: "the password file cannot be read: " + err.Error(), Err: err}
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(line, "\r"), nil
}

// tryCures decides what comes of it: with --apply the named cure, or one after the
// other until one helps, and where none does what is harmless and worth a try.
func (c *call) tryCures(ctx context.Context, d *desk.Connection, r probe.Report, offers []cure.Offer, out *fixed) error {
	guesses := func() []cure.Offer { return d.Guesses(r) }
	if len(c.args) == 1 {
		other := func(o cure.Offer) bool { return string(o.Name) != c.args[0] }
		offers = append(slices.DeleteFunc(slices.Clone(offers), other), slices.DeleteFunc(guesses(), other)...)
		guesses = func() []cure.Offer { return nil }
		if len(offers) == 0 {
			out.Outcome, out.Why = noCure, cure.ErrNone.Error()
			return nil
		}
	}
	switch {
	case out.Verdict == fault.OK && len(offers) == 0:
		out.Outcome = nothingToFix
		return nil
	case c.opts["apply"] == "" && len(offers) > 0:
		out.Outcome = offered
		return nil
	case c.opts["apply"] == "":
		out.Outcome = noCure
		return nil
	}
	done, err := c.applyCures(ctx, d, offers, out)
	if !done && err == nil && !out.worked {
		offers = guesses()
		done, err = c.applyCures(ctx, d, offers, out)
	}
	switch {
	case done:
		out.Outcome, out.Why = cured, ""
	case len(out.Cures) == 0:
		out.Outcome = noCure
	default:
		out.Outcome = notHelped
	}
	return err
}

// applyCures applies one of the offers after the other until one helps.
func (c *call) applyCures(ctx context.Context, d *desk.Connection, offers []cure.Offer, out *fixed) (bool, error) {
	helping, err := d.Helping(ctx, offers)
	if err != nil && out.Why == "" {
		out.Why = err.Error()
	}
	for _, o := range helping {
		done, err := d.Cure(ctx, o, true)
		if err != nil {
			return false, err
		}
		if done.Helped {
			out.Applied, out.After = o.Name, done.After.Fault
			return true, nil
		}
		if done.Err != nil {
			out.Why = done.Err.Error()
		}
	}
	return false, nil
}

func (c *call) sayFixed(out fixed) error {
	if c.json {
		if err := c.print(out); err != nil {
			return err
		}
	}
	if out.Outcome == nothingToFix {
		c.say("Everything works.")
		return nil
	}
	c.say("%s  %s", out.Verdict, out.Title)
	for _, o := range out.Cures {
		c.say("  %-24s %s", o.Name, strings.TrimSpace(o.Changes+" "+o.Risk))
	}
	switch out.Outcome {
	case cured:
		c.say("%s helped.%s", out.Applied, out.ending())
		return nil
	case offered:
		c.say("cfoil fix --apply does the first that helps.")
	case noCure:
		c.say("There is nothing that the program can do by itself; cfoil selfcheck tells the steps. %s", out.Why)
	case notHelped:
		c.say("None helped; everything is as before. %s", out.Why)
	}
	return errFound
}

// ending says how the cure that was applied ends; empty where it is simply done.
func (f fixed) ending() string {
	known, _ := cure.Lookup(f.Applied)
	switch {
	case !slices.ContainsFunc(f.Active, func(a inForce) bool { return a.Name == f.Applied }):
		return ""
	case known.Again() == 0:
		return fmt.Sprintf(" cfoil fix --undo %s takes it back.", f.Applied)
	}
	return fmt.Sprintf(" cfoil fix --undo %s takes it back; it ends by itself when it is no longer needed.", f.Applied)
}

func (c *call) listCures(d *desk.Connection) error {
	out := active(d, c.masked(d.URL()))
	for _, a := range out {
		c.say("%-24s %s  since %s", a.Name, a.Changes, a.Since.Local().Format("2006-01-02 15:04"))
	}
	if !c.json {
		return nil
	}
	return c.print(map[string]any{"active": out})
}

func (c *call) undoCure(ctx context.Context, d *desk.Connection) error {
	name := cure.Name(c.opts["undo"])
	err := d.Unfix(ctx, name)
	if errors.Is(err, cure.ErrNotAlive) {
		return &books.Error{Code: "cure_not_active", Text: "this cure is not in force: " + string(name), Hint: "cfoil fix --list tells which are"}
	}
	if err != nil {
		return err
	}
	return c.print(map[string]any{"undone": name})
}
