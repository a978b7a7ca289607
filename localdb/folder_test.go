package localdb

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"counterfoil/app/books"
)

func modeOf(t *testing.T, file string) os.FileMode {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// TestOwnerOnly opens new and older folders: nothing in them is open to others,
// whatever it was before.
func TestOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there the ACL of the profile rules")
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := MakeFolder(dir); err != nil {
		t.Fatal(err)
	}
	d := openAt(t, filepath.Join(dir, FileName))
	v, _ := sample(1, 1)
	mustSave(t, d, v, 0, books.Put)
	closed := func(dir string, names ...string) {
		t.Helper()
		if m := modeOf(t, dir); m != 0o700 {
			t.Errorf("%s is %v", dir, m)
		}
		for _, n := range names {
			if m := modeOf(t, filepath.Join(dir, n)); m != 0o600 {
				t.Errorf("%s is %v", n, m)
			}
		}
	}
	closed(dir, FileName, FileName+"-wal", FileName+"-shm", FileName+".mark")

	old := unzip(t, "testdata/v1/desk.zip")
	copied := FileName + ".before-2"
	if err := os.WriteFile(filepath.Join(old, copied), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{".", FileName, FileName + ".mark"} {
		if err := os.Chmod(filepath.Join(old, n), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := MakeFolder(old); err != nil {
		t.Fatal(err)
	}
	d = openAt(t, filepath.Join(old, FileName))
	mustSave(t, d, v, 0, books.Put)
	scripts, _ := migrations()
	closed(old, FileName, FileName+"-wal", FileName+"-shm", FileName+".mark", copied, FileName+".before-"+strconv.Itoa(len(scripts)))

	home := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(home, "letter.txt"), nil, 0o644), os.Chmod(home, 0o755), MakeFolder(home)); err != nil {
		t.Fatal(err)
	}
	if modeOf(t, home) != 0o755 || modeOf(t, filepath.Join(home, "letter.txt")) != 0o644 {
		t.Error("a folder of other things was changed")
	}
}

func codeOf(err error) string {
	var be *books.Error
	if errors.As(err, &be) {
		return be.Code
	}
	return ""
}

// TestFolderLocks lets a window and syncing programs meet, in one process and in
// two; what a killed one held is free at once.
func TestFolderLocks(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	short := func() context.Context {
		c, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		t.Cleanup(cancel)
		return c
	}
	window, err := LockWindow(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockWindow(short(), dir); codeOf(err) != "open_already" {
		t.Errorf("a second window: %v", err)
	}
	if _, err := LockSync(ctx, dir); codeOf(err) != "sync_busy" {
		t.Errorf("sync beside a window: %v", err)
	}
	if err := window.Unlock(); err != nil {
		t.Fatal(err)
	}
	sync, err := LockSync(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LockSync(short(), dir); codeOf(err) != "sync_busy" {
		t.Errorf("a second sync: %v", err)
	}
	if _, err := LockWindow(short(), dir); codeOf(err) != "sync_busy" {
		t.Errorf("a window beside a sync: %v", err)
	}
	if err := sync.Unlock(); err != nil {
		t.Fatal(err)
	}

	c := childCommand(t, "window", dir)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatal(line, err)
	}
	if _, err := LockSync(ctx, dir); codeOf(err) != "sync_busy" {
		t.Errorf("sync beside another process's window: %v", err)
	}
	if _, err := LockWindow(short(), dir); codeOf(err) != "open_already" {
		t.Errorf("a window beside another process's: %v", err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if window, err = LockWindow(ctx, dir); err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if err := window.Unlock(); err != nil {
		t.Fatal(err)
	}
}
