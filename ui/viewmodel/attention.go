package viewmodel

import "time"

// Attention is one thing that wants a person.
type Attention struct {
	Key   string
	State LampState // LampBad: nothing is issued; LampSlow: later or slower; else: nothing yet
	Who   string    // WhoYou …
	Due   time.Time // when it breaks; zero: it does not by itself
	Until time.Time // it is put off until then; zero: it is not
	Text  Bilingual
	Page  string // where a person acts; empty: nowhere
}

// worst is the first that is not put off; nil: there is none.
func (f *ConnectionFacts) worst() *Attention {
	if len(f.Attention) == 0 || !f.Attention[0].Until.IsZero() {
		return nil
	}
	return &f.Attention[0]
}

// urgent is the worst where it is worth a colour.
func (f *ConnectionFacts) urgent() *Attention {
	if a := f.worst(); a != nil && a.State != LampUnknown {
		return a
	}
	return nil
}

// AttentionLine is an entry of the list.
type AttentionLine struct {
	Key, Text, More string // More: who, and when it breaks or comes back
	State           LampState
	Snoozed         bool
	Page            string
}

// Attentions is the list.
func (c *Connection) Attentions() []AttentionLine {
	w := c.setup.Words
	var out []AttentionLine
	for _, a := range c.facts.Attention {
		l := AttentionLine{Key: a.Key, Text: a.Text.In(w), More: w.T("attention.who." + a.Who), State: a.State, Page: a.Page}
		switch {
		case !a.Until.IsZero():
			l.Snoozed, l.State = true, LampUnknown
			l.More += " · " + w.T("attention.snoozed", c.clock(a.Until))
		case a.Due.After(c.setup.Now()):
			l.More += " · " + w.T("attention.due", a.Due.Local().Format("2006-01-02"))
		}
		out = append(out, l)
	}
	return out
}

// later is how long the page's button puts a thing off.
const later = 24 * time.Hour

// Snooze puts an entry off for a day, or brings it back.
func (c *Connection) Snooze(l AttentionLine) {
	if l.Snoozed {
		c.source.Snooze(l.Key, time.Time{})
	} else {
		c.source.Snooze(l.Key, c.setup.Now().Add(later))
	}
	c.Refresh()
}
