package journal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	dir := t.TempDir()
	if text, err := Tail(dir, 3); text != "" || err != nil {
		t.Fatalf("%q, %v", text, err)
	}
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	pad := strings.Repeat("x", 1000)
	const lines = 3 * limit / 1000
	for i := range lines {
		j.Info("state", "n", i, "pad", pad)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j.Info("after the end")
	text, err := Tail(dir, 480)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(got) != 480 {
		t.Fatalf("%d lines", len(got))
	}
	for i, l := range got { // they go over the turn of the file
		var v struct{ N int }
		if err := json.Unmarshal([]byte(l), &v); err != nil || v.N != lines-480+i {
			t.Fatalf("line %d is %.80s: %v", i, l, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "log", "*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > limit {
			t.Error(f, info.Size(), err)
		}
	}
}

// Of a log that somebody blew up only the end is read, by whole lines; what is no file
// is not waited for.
func TestTailOfMuch(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log", fileName)
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 9_999) + "\n"
	if err := os.WriteFile(log, []byte(strings.Repeat(line, 500)+"last\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Tail(dir, 1000)
	if err != nil || len(got) > 2*limit || !strings.HasPrefix(got, line) || !strings.HasSuffix(got, line+"last\n") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := os.Mkdir(log+older, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Tail(dir, 1000); !errors.Is(err, errNoLog) {
		t.Errorf("%v", err)
	}
}
