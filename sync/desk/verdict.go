package desk

import (
	"context"
	"encoding/json"
	"maps"

	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// Found takes note of what a self-check found. A proven fault of the line shows at
// once, and where the way is open nothing waits for its next try.
func (c *Connection) Found(r probe.Report) {
	c.mu.Lock()
	c.report = &r
	c.mu.Unlock()
	if r.Fault == fault.OK {
		c.engine.Wake()
	}
	// What is wrong on this computer need not stop the connection.
	if row, ok := fault.Lookup(r.Fault); ok && row.Layer != fault.PC && r.Confidence == fault.Proven {
		c.monitor.Proven(r.Finding)
	}
}

// Verdict is what is wrong with the line as far as it is known: what the last
// self-check found, else what the monitor sees. ok is false while the line is well,
// and where the catalogue has no row for what is wrong.
func (c *Connection) Verdict() (row fault.Fault, values map[string]string, ok bool) {
	st := c.monitor.State()
	if st.Kind == link.Online {
		return fault.Fault{}, nil, false
	}
	c.mu.Lock()
	r, id := c.report, st.Fault
	values = map[string]string{"host": c.url}
	c.mu.Unlock()
	maps.Copy(values, st.Values)
	if r != nil && r.Fault != fault.OK && r.Fault != fault.Unknown {
		id, values = r.Fault, r.Values
	}
	row, ok = fault.Lookup(id)
	return row, values, ok
}

// learn keeps the line as a self-check that ended well has seen it, for the next one
// to compare with; also where another process syncs the folder.
func (c *Connection) learn(ctx context.Context, r probe.Report) {
	if c.store == nil || r.Learned.At.IsZero() || r.Address != c.URL() {
		return
	}
	c.monitor.Learn(r.Learned)
	raw, err := json.Marshal(c.monitor.LastGood())
	if err == nil {
		err = c.store.SetSetting(ctx, settingGood, string(raw))
	}
	_ = err // costs only what the next self-check compares with
}

// recall takes back what learn kept, where the monitor knows nothing newer.
func (c *Connection) recall(ctx context.Context) {
	raw, err := c.store.Setting(ctx, settingGood)
	if err != nil || raw == "" {
		return
	}
	var s link.Snapshot
	g := c.monitor.LastGood()
	if json.Unmarshal([]byte(raw), &s) == nil && (g == nil || s.At.After(g.At)) {
		c.monitor.Learn(s)
	}
}
