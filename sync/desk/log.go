package desk

import (
	"log/slog"
	"runtime"
	"sync"

	"counterfoil/sync/fault"
	"counterfoil/sync/journal"
	"counterfoil/sync/link"
	"counterfoil/sync/probe"
)

// openJournal opens the log of a folder that this process holds. A disk that takes none
// costs only what a report tells.
func (d *Desk) openJournal(cfg *Config) {
	if cfg.Use == Draft {
		return
	}
	j, err := journal.Open(cfg.Dir)
	if err != nil {
		return
	}
	d.journal, cfg.log = j, j.Logger
	cfg.log.Info("open", "version", cfg.Version, "system", runtime.GOOS+"/"+runtime.GOARCH)
}

// closeJournal ends the log.
func (d *Desk) closeJournal() error {
	if d.journal == nil {
		return nil
	}
	d.journal.Info("close")
	return d.journal.Close()
}

// logStates writes each change of the line's state.
func (c *Connection) logStates() {
	var mu sync.Mutex
	var was link.State
	c.monitor.Subscribe(func() {
		mu.Lock()
		defer mu.Unlock()
		now := c.monitor.State()
		if now.Kind == was.Kind && now.Fault == was.Fault {
			return
		}
		was = now
		c.log().Info("line", "state", now.Kind, "fault", now.Fault, "broke", now.Broke)
	})
}

// logFound writes what a self-check found.
func (c *Connection) logFound(r probe.Report) {
	ids := func(all []fault.Finding) (out []fault.ID) {
		for _, f := range all {
			out = append(out, f.Fault)
		}
		return out
	}
	c.log().Info("self-check", "fault", r.Fault, "confidence", r.Confidence, "also", ids(r.Also), "hidden", r.Hidden, "ms", r.Took.Milliseconds())
}

// log is the folder's log, one that says nothing where it has none.
func (c *Connection) log() *slog.Logger {
	if c.cfg.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.cfg.log
}
