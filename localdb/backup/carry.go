package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"counterfoil/localdb"
)

// A Carriage says how a data folder is carried to another place.
type Carriage struct {
	From, To string // To does not exist
	Now      func() time.Time
	NewID    func() string
	Free     func(dir string) (uint64, error) // bytes on its disk
}

// Carry makes a copy of a data folder, byte for byte, reads it back, opens it and
// proves every row by its sum; nothing in From changes. The copy is another device: who
// goes on in the old place is not taken for it. Backups and data that were set aside
// come along where there is room for them. The caller holds From, where that can be
// held. It returns *books.Error "copy_space" and the errors of localdb, ErrLocked where
// somebody writes to From meanwhile; then there is no To.
func Carry(ctx context.Context, c Carriage) (out localdb.Contents, err error) {
	heavy, err := c.room()
	if err != nil {
		return out, err
	}
	if err := os.Mkdir(c.To, 0o700); err != nil {
		return out, fmt.Errorf("carry: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(c.To))
		}
	}()
	if err := c.data(ctx); err != nil {
		return out, err
	}
	if out, err = c.settle(ctx); err != nil {
		return out, err
	}
	if err := c.others(ctx, ".", heavy); err != nil {
		return out, fmt.Errorf("carry: %w", err)
	}
	return out, nil
}

// dataFiles are what belongs to a data file while it is in use, and a restore of it that
// was cut short, by their ends.
var dataFiles = []string{"", "-wal", "-journal", ".restored"}

// tries are how often it is tried to copy a data file that changes meanwhile.
const tries = 3

// data copies the data file with its log as of one moment.
func (c Carriage) data(ctx context.Context) error {
	for range tries {
		before, err := c.sums(ctx, true)
		if err != nil {
			return fmt.Errorf("carry: %w", err)
		}
		after, err := c.sums(ctx, false)
		if err != nil {
			return fmt.Errorf("carry: %w", err)
		}
		if before == after {
			return nil
		}
	}
	return fmt.Errorf("carry: %w: it changes while it is copied", localdb.ErrLocked)
}

// sums are the checksums of what data copies; with take it is copied and read back.
func (c Carriage) sums(ctx context.Context, take bool) (all [4]string, err error) {
	for i, end := range dataFiles {
		if err := ctx.Err(); err != nil {
			return all, err
		}
		from, to := filepath.Join(c.From, localdb.FileName+end), filepath.Join(c.To, localdb.FileName+end)
		if take {
			if err := gone(os.Remove(to)); err != nil {
				return all, err
			}
			if err := taken(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return all, err
			}
			from = to
		}
		if all[i], _, err = sum(from); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return all, err
		}
	}
	return all, nil
}

// taken copies a regular file.
func taken(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no file", localdb.ErrReadOnly, filepath.Base(from))
	}
	return copied(from, to)
}

// settle opens the copy, which takes in its log, makes it another device and proves it.
func (c Carriage) settle(ctx context.Context) (localdb.Contents, error) {
	made := filepath.Join(c.To, localdb.FileName)
	db, err := localdb.Open(ctx, made, localdb.Options{Now: c.Now, NewID: c.NewID, Existed: true})
	if err != nil {
		return localdb.Contents{}, err
	}
	err = db.RenewDevice(ctx, c.NewID())
	if err == nil {
		err = db.IntegrityCheck(ctx)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return localdb.Contents{}, err
	}
	return localdb.Prove(ctx, made)
}

// NoteName is the note that a data folder which was carried away keeps.
const NoteName = "已移动-MOVED.txt"

// light is what a data folder holds beside the data file: the keyring of those who have
// none of the system, and what the folder says of itself. What else lies there is not
// the program's.
func light(name string) bool { return name == "keyring" || name == "connection.json" }

// heavy are backups, and data that were set aside.
func heavy(name string) bool {
	return name == folder || strings.HasPrefix(name, "damaged-") || strings.HasPrefix(name, localdb.FileName+".before-")
}

// others copies what lies beside the data file: regular files and folders of such.
func (c Carriage) others(ctx context.Context, dir string, withHeavy bool) error {
	entries, err := os.ReadDir(filepath.Join(c.From, dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		to := filepath.Join(c.To, name)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case dir == "." && !light(e.Name()) && !(withHeavy && heavy(e.Name())) || exists(to) && !e.IsDir():
			continue
		case e.IsDir():
			if err = os.MkdirAll(to, 0o700); err == nil {
				err = c.others(ctx, name, withHeavy)
			}
		case e.Type().IsRegular():
			err = c.alike(filepath.Join(c.From, name), to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alike copies a file and reads it back.
func (c Carriage) alike(from, to string) error {
	if err := copied(from, to); err != nil {
		return err
	}
	was, _, err := sum(from)
	if err != nil {
		return err
	}
	is, _, err := sum(to)
	if err == nil && is != was {
		err = fmt.Errorf("the copy of %s is another", filepath.Base(from))
	}
	return err
}

// room reports whether there is room for what is heavy, too; *books.Error "copy_space"
// where there is none for the rest.
func (c Carriage) room() (withHeavy bool, err error) {
	entries, err := os.ReadDir(c.From)
	if err != nil {
		return false, fmt.Errorf("carry: %w", err)
	}
	var need, more int64
	for _, e := range entries {
		size, err := sizeOf(filepath.Join(c.From, e.Name()))
		switch name := e.Name(); {
		case heavy(name):
			more += size
		case light(name):
			need += size
		case slices.Contains(dataFiles, strings.TrimPrefix(name, localdb.FileName)) && strings.HasPrefix(name, localdb.FileName):
			need += 2 * size // the log is taken in
		default:
			continue
		}
		if err != nil {
			return false, fmt.Errorf("carry: %w", err)
		}
	}
	free, err := c.Free(filepath.Dir(c.To))
	if err != nil {
		return false, fmt.Errorf("carry: %w", err)
	}
	if int64(free) < reserve+need { //nolint:gosec // below 8 EiB
		return false, noCopy(free)
	}
	return int64(free) >= reserve+need+more, nil //nolint:gosec // below 8 EiB
}

// sizeOf are the bytes of a file, or of all that a folder holds.
func sizeOf(path string) (n int64, err error) {
	err = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Size()
		}
		return gone(err)
	})
	return n, err
}
