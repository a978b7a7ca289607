package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// shut makes the data folder, or closes an old one to others. A folder that
// holds anything else than a server's files is left as it is: it may be a home.
func shut(dir string, say func(string)) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	ours := len(entries) == 0
	for _, e := range entries {
		ours = ours || e.Name() == "server.db"
	}
	for _, e := range entries {
		if name := e.Name(); !e.Type().IsRegular() || !strings.HasPrefix(name, "server.") && name != "ca.key" && name != "token" {
			continue
		}
		if err := os.Chmod(filepath.Join(dir, e.Name()), 0o600); err != nil {
			say(fmt.Sprintf("%s can be read by others: %v", e.Name(), err))
		}
	}
	if ours {
		err = os.Chmod(dir, 0o700)
	}
	if !ours || err != nil {
		say(dir + " can be read by others: chmod 700 it, or give a folder of its own")
	}
	return nil
}
