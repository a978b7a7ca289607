package lab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const passphrase = "a long passphrase of the lab"

// answer is what selfcheck --json prints, as far as the lab reads it.
type answer struct {
	Verdict      string            `json:"verdict"`
	Confidence   string            `json:"confidence"`
	Also         []string          `json:"also"`
	Suppressed   []string          `json:"suppressed"`
	MS           int64             `json:"ms"`
	Observations []json.RawMessage `json:"observations"`
	Evidence     []json.RawMessage `json:"evidence"`
}

// cfoil runs the shipped program with the folder of the case.
func (w *world) cfoil(folder string, args ...string) (out, errs string, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	c := w.program(ctx, folder, args...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	w.spent = spentBy(c)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		code = -1
		e.WriteString(err.Error())
	}
	return o.String(), e.String(), code
}

// costs is what a run of the program took of this computer.
type costs struct {
	CPU    time.Duration // of all its threads
	Memory int64         // resident at most, in bytes
}

func spentBy(c *exec.Cmd) costs {
	if c.ProcessState == nil {
		return costs{}
	}
	out := costs{CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if r, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.Memory = r.Maxrss << 10
	}
	return out
}

// watch lets the program sync the folder of the case until stop is called.
func (w *world) watch() (stop func(), err error) {
	c := w.program(context.Background(), w.desk, "sync", "--watch")
	if err := c.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait() // it is told to end
	}, nil
}

// program is the shipped program, ready to run.
func (w *world) program(ctx context.Context, folder string, args ...string) *exec.Cmd {
	all := append([]string{"--data", folder, "--keyring", cmp.Or(w.keyring, "file"), "--json"}, args...)
	c := exec.CommandContext(ctx, filepath.Join(w.tools, "cfoil"), all...)
	if w.limit != "" {
		c = exec.CommandContext(ctx, "sh", append([]string{"-c", w.limit + `; exec "$0" "$@"`, filepath.Join(w.tools, "cfoil")}, all...)...)
	}
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "LANG=C.UTF-8", "COUNTERFOIL_PASSPHRASE=" + passphrase}, w.env...)
	return c
}

func (w *world) selfcheck(folder string, args ...string) (answer, error) {
	out, errs, _ := w.cfoil(folder, append([]string{"selfcheck"}, args...)...)
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		return a, fmt.Errorf("selfcheck prints %q %q: %w", out, errs, err)
	}
	if strings.Contains(out, `"code":"panic"`) {
		return a, fmt.Errorf("an observer failed: %q", out)
	}
	return a, nil
}

// A base is a folder that was enrolled in a world that was set up so.
type base struct {
	url   string // "" is serverURL
	setup []act
	fresh bool // enrolled, but nothing was ever sent: there is no last good state
	plus  func(w *world, folder string) error
}

// enrolled sets the world up and returns the base's folder, made on first use.
func (w *world) enrolled(name string) (string, error) {
	b, ok := bases[name]
	if !ok {
		return "", fmt.Errorf("there is no base %q", name)
	}
	if err := w.whole(); err != nil {
		return "", err
	}
	if err := do(w, b.setup); err != nil {
		return "", fmt.Errorf("base %s: %w", name, err)
	}
	if folder := w.desks[name]; folder != "" {
		return folder, nil
	}
	// A folder's keyring belongs to its path: all are used at the same one.
	folder := filepath.Join(w.dir, "desk")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	address := b.url
	if address == "" {
		address = serverURL
	}
	steps := [][]string{
		{"trust", "import", w.ca.path("ca.pem"), "--fingerprint", w.ca.fingerprint, "--yes"},
		{"connect", address, "--token", w.token},
	}
	if !b.fresh {
		steps = append(steps, []string{"sync", "--once"}, []string{"selfcheck"})
	}
	for _, s := range steps {
		if out, errs, code := w.cfoil(folder, s...); code != 0 {
			return "", fmt.Errorf("base %s: cfoil %s: %s%s", name, s[0], out, errs)
		}
	}
	if b.plus != nil {
		if err := b.plus(w, folder); err != nil {
			return "", fmt.Errorf("base %s: %w", name, err)
		}
	}
	kept := filepath.Join(w.dir, "base-"+strings.ReplaceAll(name, " ", "-"))
	w.desks[name] = kept
	return kept, os.Rename(folder, kept)
}

// copied puts a copy of a base where folders are used.
func (w *world) copied(base string) (string, error) {
	to := filepath.Join(w.dir, "desk")
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	return to, w.sh(client, "cp -a "+base+" "+to)
}
