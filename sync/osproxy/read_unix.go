//go:build !windows && !darwin

package osproxy

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Read returns the settings of the desktop: GNOME's, and those that follow it, else
// KDE's. What cannot be read is no proxy.
func Read(ctx context.Context) Settings {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if raw, err := exec.CommandContext(ctx, "gsettings", "list-recursively", "org.gnome.system.proxy").Output(); err == nil {
		if s := gnome(string(raw)); s.Detect || !s.IsNone() {
			return s
		}
	}
	if dir, err := os.UserConfigDir(); err == nil {
		if raw, err := os.ReadFile(filepath.Join(dir, "kioslaverc")); err == nil {
			return kde(string(raw))
		}
	}
	return Settings{}
}
