package server_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"counterfoil/sync/server"
)

// The server holds no switch to play with: whoever plays wraps it from outside.
// A method that is new here is one that production needs.
func TestNoSwitch(t *testing.T) {
	var got []string
	for m := range reflect.TypeFor[*server.Server]().Methods() {
		got = append(got, m.Name)
	}
	if want := []string{"Close", "IssueWaiting", "NewEpoch", "Publish", "PublishAll", "Ready", "ServeHTTP", "Tend"}; !slices.Equal(got, want) {
		t.Errorf("the server's methods are %v, want %v", got, want)
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	more, err := filepath.Glob("[a-z]*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(raw)), "practice") || strings.Contains(string(raw), "练习") {
			t.Errorf("%s speaks of practice", file)
		}
	}
}
