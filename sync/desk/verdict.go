package desk

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// A Diagnosis is what is known to be wrong with the line. Pill, page, wizard and cfoil
// show this one.
type Diagnosis struct {
	fault.Finding                 // its id is empty where nothing is known to be wrong
	Row           fault.Fault     // zero where the catalogue has none
	Also          []fault.Finding // independent of it
	Checked       bool            // a self-check found it; else real requests met it
	At            time.Time       // when it was found
	Lamps         [5]Lamp
}

// Known reports whether something with a row in the catalogue is wrong.
func (d Diagnosis) Known() bool { return d.Row.ID != "" }

// Say returns what is wrong in one sentence, in "zh" or "en".
func (d Diagnosis) Say(lang string) string { return d.Row.Say(lang, d.Values) }

// found is what the last self-check found, and when.
type found struct {
	probe.Report
	at time.Time
}

// beside are its findings that do not stop the line, the worst first.
func (f *found) beside() []fault.Finding {
	var out []fault.Finding
	for _, x := range append([]fault.Finding{f.Finding}, f.Also...) {
		if row, ok := fault.Lookup(x.Fault); ok && row.Beside {
			out = append(out, x)
		}
	}
	return out
}

// lasts is how long something that only slows or warns is said after it was found.
const lasts = 30 * time.Minute

// Found takes note of what a self-check found. What stops the line shows at once, and
// where the way is open that shows as well, and nothing waits for its next try.
func (c *Connection) Found(r probe.Report) {
	c.mu.Lock()
	c.report = &found{r, c.cfg.Now()}
	c.mu.Unlock()
	c.monitor.Looked() // before it is cleared: a check that finds nothing is about what failed
	c.logFound(r)
	row, ok := fault.Lookup(r.Fault)
	switch {
	case r.Fault == fault.OK, ok && row.Beside && reached(r):
		c.monitor.Cleared()
		c.wake()
	case ok && !row.Beside && !reached(r):
		if c.monitor.Proven(r.Finding); r.Confidence != fault.Proven {
			c.wake() // real requests tell soon whether that was an accident
		}
	case !ok && !reached(r):
		c.wake()
	}
	c.suffer(r)
}

// reached reports whether a walk came to the server over the real path.
func reached(r probe.Report) bool { return fault.SetOf(r.Observations...).Worked() }

// Diagnosis is what is known now: what the last self-check found for as long as real
// requests do not know better, else what they met.
func (c *Connection) Diagnosis() Diagnosis {
	st := c.monitor.State()
	c.mu.Lock()
	r, host, left := c.report, hostOf(c.url), c.left
	c.mu.Unlock()
	var d Diagnosis
	switch {
	case st.Kind == link.Online:
		d = besideOf(r, c.cfg.Now())
		d.Lamps = lampsWorking(r, d, c.cfg.Now())
	case r != nil && accounts(*r, st):
		d = Diagnosis{Finding: r.Finding, Also: r.Also, Checked: true, At: r.at, Lamps: lampsOf(r.Report)}
	case st.Fault != "":
		d = Diagnosis{Finding: fault.Finding{Fault: st.Fault, Confidence: fault.Likely, Values: st.Values}, At: st.First}
		d.Lamps = lampsBefore(st)
	case st.Kind == link.Unknown && r == nil && host == left.Host:
		d = Diagnosis{Finding: left.Fault, Also: left.Also, Checked: left.Checked, At: left.Found}
	}
	d.Row, _ = fault.Lookup(d.Fault)
	values := map[string]string{"host": host}
	maps.Copy(values, d.Values)
	d.Values = values
	return d
}

// besideOf is what a self-check found of a line that works, while that lasts.
func besideOf(r *found, now time.Time) (d Diagnosis) {
	if r == nil || now.Sub(r.at) > lasts {
		return d
	}
	if all := r.beside(); len(all) > 0 {
		d = Diagnosis{Finding: all[0], Also: all[1:], Checked: true, At: r.at}
	}
	return d
}

// accounts reports whether what a self-check found still says why requests fail: they
// met that fault, one that it explains, one of the same layer or one known before the
// check; nothing worked since.
func accounts(r found, st link.State) bool {
	row, ok := fault.Lookup(r.Fault)
	seen, _ := fault.Lookup(st.Fault)
	switch {
	case !ok, row.Beside, st.LastOK.After(r.at):
		return false
	case seen.ID == "", seen.ID == row.ID, !st.First.After(r.at), seen.Layer == row.Layer:
		return true
	}
	return row.Explains(seen.ID) || slices.Contains(r.Hidden, seen.ID) ||
		slices.ContainsFunc(r.Also, func(f fault.Finding) bool { return f.Fault == seen.ID })
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
