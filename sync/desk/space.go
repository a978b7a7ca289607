package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"counterfoil/sync/cure"
)

// spare is what the program can do without on a disk that is full.
type spare struct {
	bytes int64
	files []string // beside the backups beyond the newest
}

// spare returns what freeSpace would delete.
func (c *Connection) spare() spare {
	var s spare
	// What cannot be read is not freed.
	s.bytes, _ = Shelf(c.cfg).Spare()
	for _, pattern := range []string{filepath.Join("log", "*.1")} {
		found, _ := filepath.Glob(filepath.Join(c.cfg.Dir, pattern)) // the patterns are good
		for _, f := range found {
			if info, err := os.Lstat(f); err == nil && info.Mode().IsRegular() {
				s.bytes += info.Size()
				s.files = append(s.files, f)
			}
		}
	}
	return s
}

// freeSpace deletes what spare finds; invoices and the newest backups stay.
func (c *Connection) freeSpace(context.Context, cure.Offer) error {
	errs := []error{Shelf(c.cfg).Trim()}
	for _, f := range c.spare().files {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// megabytes writes a size for people, "" where it is nothing worth.
func megabytes(n int64) string {
	const mega = 1 << 20
	if n < mega/10 {
		return ""
	}
	return fmt.Sprintf("%.1f MB", float64(n)/mega)
}
