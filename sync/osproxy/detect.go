package osproxy

import (
	"context"
	"sync"
	"time"
)

// wellKnown is where a script is looked for that nobody has told of: the name is looked up
// in this computer's own domains.
const wellKnown = "http://wpad/wpad.dat"

const (
	detectBudget = 1500 * time.Millisecond
	detectKeep   = 5 * time.Minute // how long what was found, or not, is trusted
)

var detected struct {
	sync.Mutex
	at     time.Time
	script string
}

// Located are the settings with the script that the network names, where they say that
// one is to be looked for: by DHCP, else by the name that is usual. It is no error that
// there is none; few networks have one. Without that word nothing is looked for.
func (s Settings) Located(ctx context.Context) Settings {
	if !s.Detect || s.Script != "" {
		return s
	}
	detected.Lock()
	defer detected.Unlock()
	if detected.at.IsZero() || time.Since(detected.at) > detectKeep {
		ctx, cancel := context.WithTimeout(ctx, detectBudget)
		defer cancel()
		script := told(ctx)
		if script == "" {
			if _, err := Fetch(ctx, wellKnown); err == nil {
				script = wellKnown
			}
		}
		if ctx.Err() != nil && script == "" {
			return s // not known
		}
		detected.at, detected.script = time.Now(), script
	}
	s.Script = detected.script
	return s
}
