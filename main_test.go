package main

import (
	"path/filepath"
	"testing"

	"counterfoil/sync/desk"
)

// The command line says which folder is meant and how it is opened.
func TestParse(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", home)
	t.Setenv("AppData", home)
	o, err := parse([]string{"--practice", "--data", filepath.Join(home, "a-practice"), "--keyring", "file", "--lang", "en", "--smoke", "frame"})
	if err != nil {
		t.Fatal(err)
	}
	want := desk.Folder{Dir: filepath.Join(home, "a-practice"), Practice: true, Real: filepath.Join(home, "a")}
	if o.Folder != want || o.Keyring != "file" || o.Language != "en" || o.Smoke != "frame" || o.Version != version {
		t.Errorf("%+v", o)
	}
	if o, err := parse(nil); err != nil || o.Keyring != "os" || filepath.Base(o.Dir) != "counterfoil" || o.Practice {
		t.Errorf("%+v %v", o, err)
	}
	for _, bad := range [][]string{{"--keyring", "paper"}, {"--smoke", "fire"}, {"--nothing"}} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
