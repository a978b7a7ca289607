package viewmodel

import (
	"fmt"
	"time"
)

// ConnectionTile is one figure.
type ConnectionTile struct {
	Title, Figure, Note string
	State               LampState
}

// Tiles gives the figures; "–" stands for what is not known.
func (c *Connection) Tiles() []ConnectionTile {
	return []ConnectionTile{c.availability(), c.success(), c.speed(), c.waits(), c.next(), c.clockTile(), c.certificate()}
}

func (c *Connection) tile(key, figure, note string, s LampState) ConnectionTile {
	if figure == "" {
		figure, s = "–", LampUnknown
	}
	return ConnectionTile{Title: c.setup.Words.T("connection.tile." + key), Figure: figure, Note: note, State: s}
}

// percent writes a share with two places, cut, so that a goal is not reached by rounding.
func percent(share float64) string { return fmt.Sprintf("%.2f %%", float64(int(share*10000+1e-6))/100) }

// goal writes a share without zeros at its end.
func goal(share float64) string { return fmt.Sprintf("%.4g %%", share*100) }

func (c *Connection) availability() ConnectionTile {
	f := c.facts
	figure, state := "", LampUnknown
	if f.Day.Requests > 0 {
		if figure = percent(f.Day.Availability); f.Day.Availability < f.Goals.Availability {
			state = LampBad
		}
	}
	return c.tile("availability", figure, c.setup.Words.T("connection.tile.goal", goal(f.Goals.Availability)), state)
}

func (c *Connection) success() ConnectionTile {
	f := c.facts
	figure, state := "", LampUnknown
	if f.Day.Requests > 0 {
		if figure = percent(f.Day.Success); f.Day.Success < f.Goals.Success {
			state = LampSlow
		}
	}
	return c.tile("success", figure, c.setup.Words.T("connection.tile.goal", goal(f.Goals.Success)), state)
}

func (c *Connection) speed() ConnectionTile {
	f := c.facts
	figure, state := "", LampUnknown
	if f.Day.Requests > 0 {
		figure = fmt.Sprintf("%d / %d ms", f.Day.P50.Milliseconds(), f.Day.P99.Milliseconds())
		if f.Day.P99 > f.Goals.P99 {
			state = LampSlow
		}
	}
	return c.tile("speed", figure, c.setup.Words.T("connection.tile.speed.goal", f.Goals.P99.Milliseconds()), state)
}

func (c *Connection) waits() ConnectionTile {
	f, w := c.facts, c.setup.Words
	state, oldest := LampUnknown, w.T("connection.tile.waiting.none")
	if f.Waiting > 0 {
		state = LampSlow
		oldest = w.T("connection.tile.waiting.oldest", c.span(c.setup.Now().Sub(f.OldestWaiting)))
	}
	return c.tile("waiting", w.T("connection.tile.count", f.Waiting), oldest, state)
}

func (c *Connection) next() ConnectionTile {
	f, w := c.facts, c.setup.Words
	next, note := "", w.T("connection.tile.next.none")
	if f.Sending {
		next, note = w.T("connection.tile.next.now"), w.T("connection.tile.next.sending")
	}
	if !f.NextTry.IsZero() {
		left := max(0, f.NextTry.Sub(c.setup.Now())).Round(time.Second)
		next = fmt.Sprintf("%d:%02d", int(left.Minutes()), int(left.Seconds())%60)
		note = w.T("connection.tile.next.auto")
	}
	return c.tile("next", next, note, LampUnknown)
}

// clockTile is how far this computer's clock is from the server's.
func (c *Connection) clockTile() ConnectionTile {
	f, w := c.facts, c.setup.Words
	figure, note, state := "", w.T("connection.tile.clock.unknown"), LampUnknown
	if f.Offsets {
		off := f.Offset.Abs()
		figure = fmt.Sprintf("%.1f s", off.Seconds())
		if off >= 100*time.Second {
			figure = w.T("connection.tile.clock.minutes", int((off+30*time.Second)/time.Minute))
		}
		switch {
		case off < time.Second:
			note = w.T("connection.tile.clock.right")
		case f.Offset > 0:
			note = w.T("connection.tile.clock.slow")
		default:
			note = w.T("connection.tile.clock.fast")
		}
		switch {
		case off >= 5*time.Minute:
			state = LampBad
		case off >= time.Minute:
			state = LampSlow
		}
	}
	return c.tile("clock", figure, note, state)
}

func (c *Connection) certificate() ConnectionTile {
	f, w, now := c.facts, c.setup.Words, c.setup.Now()
	cert, note, state := "", w.T("connection.tile.cert.unknown"), LampUnknown
	if !f.CertificateEnd.IsZero() {
		days, end := int(f.CertificateEnd.Sub(now).Hours()/24), f.CertificateEnd.Local().Format("2006-01-02")
		cert, note = w.T("connection.tile.days", days), w.T("connection.tile.cert.until", end)
		if now.After(f.CertificateEnd) {
			cert, note = w.T("connection.tile.cert.expired"), w.T("connection.tile.cert.since", end)
		}
		switch {
		case days < 7:
			state = LampBad
		case days < 30:
			state = LampSlow
		}
	}
	return c.tile("cert", cert, note, state)
}

// QualityRow is a window of time against the goals.
type QualityRow struct {
	Name  string
	Cells []QualityCell // availability, success, P50, P95, P99
}

// QualityCell is one figure of it.
type QualityCell struct {
	Text   string
	Missed bool // the goal
}

// QualityHead names the columns.
func (c *Connection) QualityHead() []string {
	w := c.setup.Words
	return []string{w.T("connection.quality.availability"), w.T("connection.quality.success"),
		w.T("connection.quality.percentile", 50), w.T("connection.quality.percentile", 95), w.T("connection.quality.percentile", 99)}
}

// QualityRows are the last hour, the last day and the one before it, and the goals.
func (c *Connection) QualityRows() []QualityRow {
	f, w := c.facts, c.setup.Words
	out := []QualityRow{c.quality("hour", f.Hour), c.quality("day", f.Day), c.quality("before", f.Before)}
	return append(out, QualityRow{w.T("connection.quality.goal"), []QualityCell{
		{Text: goal(f.Goals.Availability)}, {Text: goal(f.Goals.Success)}, {Text: "–"}, {Text: "–"}, {Text: milliseconds(f.Goals.P99)},
	}})
}

func (c *Connection) quality(name string, q Quality) QualityRow {
	row := QualityRow{Name: c.setup.Words.T("connection.quality." + name)}
	if q.Requests == 0 {
		for range 5 {
			row.Cells = append(row.Cells, QualityCell{Text: "–"})
		}
		return row
	}
	g := c.facts.Goals
	row.Cells = []QualityCell{
		{percent(q.Availability), q.Availability < g.Availability}, {percent(q.Success), q.Success < g.Success},
		{Text: milliseconds(q.P50)}, {Text: milliseconds(q.P95)}, {milliseconds(q.P99), q.P99 > g.P99},
	}
	return row
}
