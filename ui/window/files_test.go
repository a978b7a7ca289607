package window

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"fyne.io/fyne/v2/storage"

	"counterfoil/sync/desk"
)

// Pages that were looked at are the owner's alone and are gone when the session
// ends; what a crash left is gone when the next begins.
func TestPagesAreRemoved(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "账 [1]*")
	if runtime.GOOS == "windows" {
		folder = filepath.Join(t.TempDir(), "账 [1]")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	left := []string{filepath.Join(folder, "preview.html")} // as the version before named it
	if err := os.WriteFile(left[0], []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := openSession(t.Context(), Options{Folder: desk.Folder{Dir: folder}, Keyring: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	gone := func(when string) {
		t.Helper()
		for _, name := range left {
			if _, err := os.Stat(name); !os.IsNotExist(err) {
				t.Errorf("%s: %s is still there (%v)", when, name, err)
			}
		}
	}
	gone("at the start")
	for range 2 {
		name, err := keepPages(folder, []byte("<p>"))
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Fatal(info.Mode(), err)
		}
		left = append(left, name)
	}
	if left[1] == left[2] {
		t.Fatal("a page is overwritten while the browser reads it")
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	gone("at the end")
}

// A report that cannot be written says so: where its file cannot be made, and where it
// cannot be filled. Who chooses no file is told nothing.
func TestReportThatCannotBeWritten(t *testing.T) {
	r := newRig(t, Options{Folder: desk.Folder{Dir: t.TempDir(), Practice: true}})
	over := r.win.Canvas().Overlays()
	r.w.writeReport(nil, nil, nil)
	if over.Top() != nil {
		t.Fatal("told although nothing was chosen")
	}
	r.w.writeReport(nil, os.ErrPermission, nil)
	if over.Top() == nil {
		t.Fatal("a file that cannot be made is passed over")
	}
	over.Remove(over.Top())
	u := storage.NewFileURI(filepath.Join(t.TempDir(), "report.zip"))
	f, err := storage.Writer(u)
	if err != nil {
		t.Fatal(err)
	}
	r.w.writeReport(f, nil, func(io.Writer) error { return os.ErrPermission })
	if over.Top() == nil {
		t.Fatal("a report that cannot be written is passed over")
	}
}
