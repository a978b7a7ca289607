package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// missing are the programs of others that cases need and this computer does not have.
var missing = map[string]bool{}

// needing are cases that play a fault with a program of others; none where it is not
// installed, which the table says at its end.
func needing(program string, all ...trial) []trial {
	if _, err := find(program); err != nil {
		missing[program] = true
		return nil
	}
	return all
}

// find looks for a program where a clerk's PATH does not reach, too.
func find(program string) (string, error) {
	if p, err := exec.LookPath(program); err == nil {
		return p, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", program))
}

// toolIP is where name servers and proxies of others live, at the second site.
const toolIP = "10.99.0.60"

// daemon runs a program of others in a namespace until the case is over. In args and in
// conf, which is written to a file that is called {conf}, {dir} is a folder of its own;
// what follows a line "--- NAME" in conf is written to NAME there.
// It is ready when it takes connections at host:port of TCP.
func daemon(ns, program, ready, conf string, args ...string) act {
	return act{program + " " + strings.Join(args, " ") + oneLine(conf), func(w *world) error {
		dir, err := os.MkdirTemp("", program) // most of them give root up
		if err != nil {
			return err
		}
		w.later(func() { _ = os.RemoveAll(dir) })
		if err := os.Chmod(dir, 0o777); err != nil {
			return err
		}
		fill := strings.NewReplacer("{dir}", dir, "{conf}", filepath.Join(dir, "conf")).Replace
		for i, text := range strings.Split(conf, "\n--- ") {
			name := "conf"
			if i > 0 {
				name, text, _ = strings.Cut(text, "\n")
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(fill(text)), 0o644); err != nil {
				return err
			}
		}
		path, err := find(program)
		if err != nil {
			return err
		}
		words := []string{}
		for _, a := range args {
			words = append(words, fill(a))
		}
		if err := w.sh(second, "ip addr replace "+toolIP+"/24 dev s20"); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		c := w.command(ctx, ns, path, words...)
		var says bytes.Buffer
		c.Stdout, c.Stderr = &says, &says
		if err := c.Start(); err != nil {
			cancel()
			return err
		}
		w.later(func() { cancel(); _ = c.Wait() })
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if to, err := w.dial(ctx, ns, "tcp", ready); err == nil {
				return to.Close()
			}
		}
		return fmt.Errorf("it does not come up: %s", says.String())
	}}
}

func oneLine(text string) string { return strings.Join(strings.Fields(" "+text), " ") }
