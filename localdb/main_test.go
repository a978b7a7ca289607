package localdb

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestMain also plays the parts that need a process of their own.
func TestMain(m *testing.M) {
	if role := os.Getenv("COUNTERFOIL_CHILD"); role != "" {
		os.Exit(child(role, os.Getenv("COUNTERFOIL_FILE")))
	}
	dir, err := os.MkdirTemp("", "localdb-large-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	largeDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// largeDir holds the file that benchmarks share; removed at the end.
var largeDir string

func largePath() string { return filepath.Join(largeDir, "large.db") }
