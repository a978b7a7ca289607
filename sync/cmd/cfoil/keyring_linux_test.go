package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"counterfoil/sync/trust"
)

// TestKeyringFaults breaks a real gnome-keyring in a D-Bus session of its own.
func TestKeyringFaults(t *testing.T) {
	if os.Getenv("COUNTERFOIL_INSIDE") == "" {
		for _, tool := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip("no real keyring to break: ", err)
			}
		}
		c := exec.Command("dbus-run-session", "--", "sh", "-c",
			`printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0" -test.v -test.run '^TestKeyringFaults$'`, os.Args[0])
		home := t.TempDir()
		c.Env = append(os.Environ(), "COUNTERFOIL_INSIDE=1", "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME="+home)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestKeyringFaults") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	sv := practiceServer(t)
	s := seat{dir: filepath.Join(t.TempDir(), "desk"), keyring: "os"}
	s.enrol(t, sv)
	s.check(t, "OK", "proven")

	t.Run("K02 no session bus", func(t *testing.T) {
		without := s
		without.env = []string{"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=" + t.TempDir()}
		without.check(t, "K02", "proven")
		// Drafting goes on, and nothing falls back to another keyring.
		without.must(t, sample("no keyring"), "draft", "-")
	})
	t.Run("K02 nobody serves the keyring", func(t *testing.T) {
		c := exec.Command("dbus-run-session", append([]string{"--"}, s.command("selfcheck").Args...)...)
		empty := t.TempDir() // no service that could be started on demand
		c.Env = append(os.Environ(), "XDG_DATA_DIRS="+empty, "XDG_DATA_HOME="+empty)
		r := runCommand(t, c, "")
		if v := at(oneValue(t, r.out), "verdict"); v != "K02" && v != "K03" && v != "K01" || r.code != 1 {
			t.Errorf("%v, exit %d\n%s", v, r.code, r.err)
		}
	})
	t.Run("K03 item deleted", func(t *testing.T) {
		store := &trust.Store{Keyring: trust.OS(), Profile: trust.ProfileOf(s.dir)}
		b, err := store.Load(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Forget(context.Background()); err != nil {
			t.Fatal(err)
		}
		s.check(t, "K03", "proven")
		if err := store.Save(context.Background(), b); err != nil {
			t.Fatal(err)
		}
		s.check(t, "OK", "proven")
	})
	t.Run("K01 locked", func(t *testing.T) {
		bus, err := dbus.SessionBus()
		if err != nil {
			t.Fatal(err)
		}
		service := bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets")
		var collection dbus.ObjectPath
		if err := service.Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&collection); err != nil {
			t.Fatal(err)
		}
		if err := service.Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{collection}).Err; err != nil {
			t.Fatal(err)
		}
		s.check(t, "K01", "proven")
		// A sync says what is wrong; drafting goes on.
		if r := s.run(t, "", "sync", "--once"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "keyring_locked" {
			t.Errorf("sync with a locked keyring: %+v", r)
		}
		s.must(t, sample("locked"), "draft", "-")
	})
}
