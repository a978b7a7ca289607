package desk

import (
	"context"
	"encoding/json"
	"time"

	"counterfoil/localdb"
	"counterfoil/sync/fault"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// Kept is what a program that syncs the folder left of its line for others to read.
type Kept struct {
	At      time.Time       `json:"at"`
	Host    string          `json:"host"` // of the server
	Kind    link.Kind       `json:"kind"`
	LastOK  time.Time       `json:"last_ok"`
	Fault   fault.Finding   `json:"fault"` // its id is empty where nothing was known to be wrong
	Also    []fault.Finding `json:"also,omitempty"`
	Checked bool            `json:"checked,omitempty"` // a self-check found it
	Found   time.Time       `json:"found"`
}

// SaveState keeps the monitor's history for the next start, and what is known of the
// line for other programs.
func (c *Connection) SaveState(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	b, err := c.monitor.Export()
	if err != nil {
		return err
	}
	if err := c.store.SetSetting(ctx, settingLink, string(b)); err != nil {
		return err
	}
	return c.keepDiagnosis(ctx)
}

// Leave keeps what a program that does not sync found of the line, unless another
// does sync the folder and knows by itself. What cannot be kept costs only what cfoil
// status tells.
func (c *Connection) Leave(ctx context.Context) {
	if c.store != nil && !localdb.Held(c.cfg.Dir) {
		_ = c.keepDiagnosis(ctx) // see above
	}
}

// keepDiagnosis keeps what is known of the line for other programs.
func (c *Connection) keepDiagnosis(ctx context.Context) error {
	st, d := c.monitor.State(), c.Diagnosis()
	raw, err := json.Marshal(Kept{c.cfg.Now(), hostOf(c.URL()), st.Kind, st.LastOK, d.Finding, d.Also, d.Checked, d.At})
	if err != nil {
		return err
	}
	return c.store.SetSetting(ctx, settingDiagnosis, string(raw))
}

// Kept is what the program that syncs the folder knows of the line, or knew when it
// ended; zero where none ever told. alive: it runs.
func (c *Connection) Kept(ctx context.Context) (k Kept, alive bool, err error) {
	raw, err := c.store.Setting(ctx, settingDiagnosis)
	if err == nil && raw != "" {
		err = json.Unmarshal([]byte(raw), &k)
	}
	return k, c.holds || localdb.Held(c.cfg.Dir), err
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
