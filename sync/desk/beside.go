package desk

import (
	"context"
	"encoding/json"
	"path/filepath"

	"counterfoil/localdb"
	"counterfoil/sync/disk"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// A card is what a folder says of itself beside its store, for the self-check where
// the store cannot be read.
type card struct {
	URL      string   `json:"url"`
	Enrolled string   `json:"enrolled"`
	Trusted  string   `json:"trusted"` // fingerprint of the CA trusted last
	Device   string   `json:"device"`
	Bound    identity `json:"bound"`
}

const (
	cardName = "connection.json"
	cardSize = 64 << 10
)

// Beside is the connection of a folder whose store does not open because of trouble,
// for the self-check alone: the walk goes to the server that the folder knew.
func Beside(cfg Config, trouble error) *Connection {
	cfg.complete()
	c := &Connection{cfg: cfg, trouble: trouble, ill: make(chan probe.Report, 1)}
	c.monitor = link.New(link.Config{Now: cfg.Now, Place: func() link.Place { return probe.Place(c.URL(), cfg.Proxy) }})
	k := readCard(cfg.Dir)
	c.url, c.enrolled, c.device, c.bound, c.trusted = k.URL, k.Enrolled, k.Device, k.Bound, k.Trusted
	c.ward, _ = c.openWard(context.Background(), unkept{}) // nothing is kept there that could fail
	c.openRegister(context.Background(), unkept{})
	c.goals = link.DefaultGoals()
	return c
}

// readCard returns what the folder's card says, nothing where there is none.
func readCard(dir string) (k card) {
	raw, err := disk.Read(filepath.Join(dir, cardName), cardSize)
	if err != nil || json.Unmarshal(raw, &k) != nil {
		return card{}
	}
	return k
}

// note keeps the card up to date. A folder that takes no card costs only what a
// self-check without its store knows.
func (c *Connection) note(ctx context.Context) {
	trusted, err := c.store.Setting(ctx, settingTrusted)
	if err != nil {
		return
	}
	c.mu.Lock()
	k := card{URL: c.url, Enrolled: c.enrolled, Trusted: trusted, Device: c.device, Bound: c.bound}
	c.mu.Unlock()
	now, err := json.Marshal(k)
	was, _ := json.Marshal(readCard(c.cfg.Dir)) // it was read from JSON
	if err == nil && string(now) != string(was) {
		_ = disk.Replace(filepath.Join(c.cfg.Dir, cardName), now) // see above
	}
}

// checkStore looks at the store, or says why it does not open.
func (c *Connection) checkStore(ctx context.Context) error {
	switch {
	case c.mended:
		return c.checkMended(ctx)
	case c.store == nil:
		return c.trouble
	}
	return c.store.Check(ctx)
}

// lastTrusted is the fingerprint of the CA that was imported last; empty: not known.
func (c *Connection) lastTrusted(ctx context.Context) string {
	if c.store == nil {
		return c.trusted
	}
	was, err := c.store.Setting(ctx, settingTrusted)
	if err != nil {
		return ""
	}
	return was
}

// stuck is the operation that the server does not take, for the self-check.
func (c *Connection) stuck(ctx context.Context) (*probe.Stuck, error) {
	if c.store == nil {
		return nil, c.trouble
	}
	s, err := c.store.Stuck(ctx)
	if err != nil || s == nil {
		return nil, err
	}
	return &probe.Stuck{Document: s.Name, Tries: s.Attempts, Code: s.Code, Waiting: s.Waiting}, nil
}

// everTrusted reports whether a CA was ever loaded here; what cannot be read was.
func (c *Connection) everTrusted(ctx context.Context) bool {
	if c.store == nil {
		return c.trusted != ""
	}
	was, err := c.store.Setting(ctx, settingTrusted)
	return err != nil || was != ""
}

// heldByAnother reports whether another process has the folder's window or syncs it.
func (c *Connection) heldByAnother() bool { return !c.holds && localdb.Held(c.cfg.Dir) }
