package localdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// A data file is replaced in two steps, so that a crash leaves the old one or the
// new one whole: first the new one gets its name beside the old one (restoredSuffix),
// then whoever opens the data next sets the old one aside, its log first, and gives
// the new one its place.
const (
	restoredSuffix = ".restored"
	useSuffix      = ".use" // locked by everybody who has the data file open
)

// asidePrefix begins the folders that hold data files which were replaced.
const asidePrefix = "damaged-"

// InUse takes the data file for the one who replaces it: nobody else has it open
// until release is called. ErrLocked where somebody has for longer than wait.
func InUse(ctx context.Context, path string, wait time.Duration) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	l := flock.New(path+useSuffix, flock.SetPermissions(0o600))
	held, err := l.TryLockContext(ctx, 20*time.Millisecond)
	switch {
	case held:
		return func() { _ = l.Unlock() }, nil // the end of the program frees it too
	case err == nil || errors.Is(err, context.DeadlineExceeded):
		return nil, wrap("replace", fmt.Errorf("%w: another program has the data open", ErrLocked))
	}
	return nil, wrap("replace", err)
}

// join is for everybody else; a file system that knows no locks holds nobody up.
func (d *DB) join() error {
	d.use = flock.New(d.path+useSuffix, flock.SetPermissions(0o600))
	held, err := d.use.TryRLock()
	if err == nil && !held {
		return fmt.Errorf("%w: it is being restored", ErrLocked)
	}
	return nil
}

// Replace puts a proven data file, closed and on the same disk, in the place of the
// one at path, and returns the folder that holds what was there; empty: nothing was. The
// caller holds InUse.
func Replace(from, path string) (aside string, err error) {
	if err := os.Rename(from, path+restoredSuffix); err != nil {
		return "", wrap("replace", err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return "", wrap("replace", err)
	}
	aside, err = finishReplace(path)
	return aside, wrap("replace", err)
}

// finishReplace does what is left of a Replace, also of one that was cut short.
func finishReplace(path string) (aside string, err error) {
	info, err := os.Stat(path + restoredSuffix)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	folder := asideFolder(path, info.ModTime())
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if _, err := os.Lstat(path + suffix); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
		if err := os.Rename(path+suffix, filepath.Join(folder, filepath.Base(path)+suffix)); err != nil {
			return "", err
		}
		aside = folder
	}
	if err := os.Rename(path+restoredSuffix, path); err != nil {
		return "", err
	}
	return aside, syncFolder(dir)
}

// asideFolder is where the data file goes that is replaced: one of this time that holds
// none yet. The file goes last, so that what was cut short is found again.
func asideFolder(path string, at time.Time) string {
	first := filepath.Join(filepath.Dir(path), asidePrefix+at.UTC().Format("20060102-150405"))
	folder := first
	for n := 2; ; n++ {
		if _, err := os.Lstat(filepath.Join(folder, filepath.Base(path))); errors.Is(err, fs.ErrNotExist) {
			return folder
		}
		folder = fmt.Sprint(first, "-", n)
	}
}

// settleReplace finishes a Replace that was cut short, before the data are opened.
func settleReplace(ctx context.Context, path string, wait time.Duration) error {
	if _, err := os.Lstat(path + restoredSuffix); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	release, err := InUse(ctx, path, wait)
	if err != nil {
		return err
	}
	defer release()
	_, err = prove(ctx, path+restoredSuffix)
	if is := sentinel(err); is == ErrCorrupt || is == ErrEmptied {
		// No restore of ours leaves such a one: what is in use stays.
		return os.Rename(path+restoredSuffix, fmt.Sprintf("%s.broken-%d", path, time.Now().Unix()))
	}
	if _, err = finishReplace(path); errors.Is(err, fs.ErrNotExist) {
		return nil // another process was faster
	}
	return err
}

// syncFolder makes the names in a folder durable, where the system can.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // NTFS keeps names in its own log
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
