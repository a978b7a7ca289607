package localdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"counterfoil/app/books"
)

// FileName is the data file's name in a data folder.
const FileName = "counterfoil.db"

// MakeFolder makes a data folder that only its owner can read, or closes an older
// one to others. A folder that holds other things alone is left as it is: it may
// be a home. It returns what the system says.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil || runtime.GOOS == "windows" { // there the profile's ACL rules
		return err
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	ours := len(entries) == 0
	for _, e := range entries {
		ours = ours || e.Name() == FileName
	}
	if !ours {
		return nil
	}
	return unlessForeign(os.Chmod(dir, 0o700))
}

// unlessForeign passes over a file of another owner, who set its mode on purpose.
func unlessForeign(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// ownerOnly makes the data file, so that it is never open to others, and closes
// what an older version left open: the file, its log and its copies.
func ownerOnly(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrReadOnly, err) // there is no folder
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil || runtime.GOOS == "windows" {
		return err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), filepath.Base(path))
		switch {
		case !ours || rest != "" && rest != "-wal" && rest != "-shm" && rest != "-journal" && rest != ".mark" && rest != useSuffix && rest != firstSuffix && rest != restoredSuffix && !strings.HasPrefix(rest, ".before-"):
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // the log went with another program
			continue
		}
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			err = unlessForeign(os.Chmod(filepath.Join(filepath.Dir(path), e.Name()), 0o600))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// A FolderLock is held by one process at a time and ends with it, however it ends.
type FolderLock struct{ locks []*flock.Flock }

// Unlock gives the folder up.
func (l *FolderLock) Unlock() error {
	var errs []error
	for _, x := range l.locks {
		errs = append(errs, x.Unlock())
	}
	return errors.Join(errs...)
}

// How long a lock is waited for: a glance of another program, and a round of sync
// by a program that ends after it.
const (
	glance = 500 * time.Millisecond
	round  = 5 * time.Second
)

// LockWindow takes a data folder for a window: until it is unlocked no other
// window opens it and no other process syncs it. Drafting through the store stays
// possible. It returns *books.Error "open_already" or "sync_busy".
func LockWindow(ctx context.Context, dir string) (*FolderLock, error) {
	l := &FolderLock{}
	if err := l.take(ctx, filepath.Join(dir, "window.lock"), glance); err != nil {
		return nil, &books.Error{Code: "open_already", Text: "the program is open already with this data folder; switch to its window", Err: err}
	}
	if err := l.take(ctx, filepath.Join(dir, "sync.lock"), round); err != nil {
		return nil, errors.Join(busy("another program is syncing this data folder", err), l.Unlock())
	}
	return l, nil
}

// LockSync takes a data folder for a process that syncs it without a window. It
// returns *books.Error "sync_busy".
func LockSync(ctx context.Context, dir string) (*FolderLock, error) {
	window := flock.New(filepath.Join(dir, "window.lock"))
	if free, err := window.TryRLock(); err != nil || !free {
		return nil, busy("the window is open with this data folder and syncs it", err)
	}
	if err := window.Unlock(); err != nil {
		return nil, err
	}
	l := &FolderLock{}
	if err := l.take(ctx, filepath.Join(dir, "sync.lock"), round); err != nil {
		return nil, busy("another program is syncing this data folder", err)
	}
	return l, nil
}

// Held reports whether another process has held the folder for its window or to
// sync it for longer than a glance; one that cannot be asked does not.
func Held(dir string) bool {
	for _, name := range []string{"window.lock", "sync.lock"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		if held := heldFor(flock.New(file), glance); held {
			return true
		}
	}
	return false
}

func heldFor(x *flock.Flock, wait time.Duration) bool {
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		free, err := x.TryRLock()
		if free {
			_ = x.Unlock() // closing frees it too
		}
		if free || err != nil || time.Now().After(end) {
			return !free && err == nil
		}
	}
}

func busy(text string, err error) error {
	return &books.Error{Code: "sync_busy", Text: text, Hint: "close it, or wait until it has ended", Err: err}
}

func (l *FolderLock) take(ctx context.Context, file string, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	x := flock.New(file, flock.SetPermissions(0o600))
	if held, err := x.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return err
	} else if !held {
		return context.DeadlineExceeded
	}
	l.locks = append(l.locks, x)
	return nil
}
