package viewmodel

import "time"

// Workaround is a cure that is in force.
type Workaround struct {
	Key   string
	Text  Bilingual // what it changes
	Since time.Time
}

// WorkaroundLine is an entry of the list.
type WorkaroundLine struct{ Key, Text, More string }

// Workarounds is what the program works around now, the oldest first.
func (c *Connection) Workarounds() []WorkaroundLine {
	w := c.setup.Words
	var out []WorkaroundLine
	for _, x := range c.facts.Workarounds {
		out = append(out, WorkaroundLine{Key: x.Key, Text: x.Text.In(w), More: w.T("connection.workaround.since", c.clock(x.Since))})
	}
	return out
}

// TakeBack ends a workaround.
func (c *Connection) TakeBack(l WorkaroundLine) {
	c.source.TakeBack(l.Key)
	c.Refresh()
}
