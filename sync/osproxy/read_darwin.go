package osproxy

import (
	"context"
	"os/exec"
	"time"
)

// Read returns the settings of the network that is used. What cannot be read is no proxy.
func Read(ctx context.Context) Settings {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	raw, err := exec.CommandContext(ctx, "/usr/sbin/scutil", "--proxy").Output()
	if err != nil {
		return Settings{}
	}
	return scutil(string(raw))
}
