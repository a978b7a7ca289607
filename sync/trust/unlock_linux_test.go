package trust

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// A keeper is a Secret Service with one locked collection, whose prompt a person answers.
type keeper struct {
	mu        sync.Mutex
	bus       *dbus.Conn
	locked    bool
	answer    string // "yes", "no", "" for nobody there
	dismissed chan struct{}
}

const (
	collectionPath = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	promptPath     = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
)

func (k *keeper) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) { return collectionPath, nil }

func (k *keeper) Unlock(all []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.locked {
		return nil, promptPath, nil
	}
	return all, "/", nil
}

// A prompter is the keeper's prompt.
type prompter struct{ *keeper }

func (p prompter) Prompt(string) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answer == "" {
		return nil
	}
	refused := p.answer == "no"
	p.locked = refused
	go func() {
		_ = p.bus.Emit(promptPath, "org.freedesktop.Secret.Prompt.Completed", refused, dbus.MakeVariant([]dbus.ObjectPath{collectionPath}))
	}()
	return nil
}

func (p prompter) Dismiss() *dbus.Error { close(p.dismissed); return nil }

// TestUnlock speaks to a Secret Service of its own in a D-Bus session of its own.
func TestUnlock(t *testing.T) {
	if os.Getenv("COUNTERFOIL_INSIDE") == "" {
		if _, err := exec.LookPath("dbus-run-session"); err != nil {
			t.Skip("no bus to speak on: ", err)
		}
		c := exec.Command("dbus-run-session", "--", os.Args[0], "-test.v", "-test.run", "^TestUnlock$")
		home := t.TempDir()
		c.Env = append(os.Environ(), "COUNTERFOIL_INSIDE=1", "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_DIRS="+home)
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestUnlock") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	bus, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{bus: bus, dismissed: make(chan struct{})}
	for path, x := range map[dbus.ObjectPath]struct {
		v    any
		face string
	}{secretsPath: {k, "org.freedesktop.Secret.Service"}, promptPath: {prompter{k}, "org.freedesktop.Secret.Prompt"}} {
		if err := bus.Export(x.v, path, x.face); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := bus.RequestName(secrets, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	s := &Store{Keyring: OS(), Profile: "p"}
	for _, c := range []struct {
		answer string
		locked bool
		want   error
	}{{"", false, nil}, {"no", true, ErrLocked}, {"yes", true, nil}, {"", true, ErrHanging}} {
		k.mu.Lock()
		k.locked, k.answer = c.locked, c.answer
		k.mu.Unlock()
		wait := 20 * time.Second
		if c.want == ErrHanging {
			wait = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		if err := s.Unlock(ctx); !errors.Is(err, c.want) {
			t.Errorf("locked %v, answer %q: %v", c.locked, c.answer, err)
		}
		cancel()
	}
	select {
	case <-k.dismissed:
	case <-time.After(5 * time.Second):
		t.Error("the prompt that nobody answered stays")
	}
}
