package backup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How many are kept: the newest, then one a day, one a week; together not more than
// budget bytes, but the newest few in any case.
const (
	newest = 5
	daily  = 7
	weekly = 4
	always = 2
	budget = 2 << 30
)

// keep picks, of backups that come newest first, those that stay.
func keep(all []Backup, limit int64) []bool {
	out := make([]bool, len(all))
	days, weeks := map[string]bool{}, map[[2]int]bool{}
	for i, b := range all {
		day := b.Made.UTC().Format(time.DateOnly)
		year, week := b.Made.UTC().ISOWeek()
		out[i] = i < newest
		if !days[day] && len(days) < daily {
			days[day], out[i] = true, true
		}
		if !weeks[[2]int{year, week}] && len(weeks) < weekly {
			weeks[[2]int{year, week}], out[i] = true, true
		}
	}
	var used int64
	for i, b := range all {
		if !out[i] {
			continue
		}
		if used += b.Size; used > limit && i >= always {
			out[i] = false
			used -= b.Size
		}
	}
	return out
}

// tidy lets go of the backups that are not kept, and of what an interrupted one left.
func (s Shelf) tidy() error {
	all, err := s.List()
	if err != nil {
		return err
	}
	var errs []error
	stays := map[string]bool{}
	for i, ok := range keep(all, budget) {
		if stays[all[i].Path] = ok; !ok {
			errs = append(errs, forget(all[i].Path))
		}
	}
	files, err := os.ReadDir(s.Dir())
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, f := range files {
		name := filepath.Join(s.Dir(), f.Name())
		_, left := stays[strings.TrimSuffix(strings.TrimSuffix(name, partOf), cardOf)]
		info, err := f.Info()
		if left || err != nil || !strings.HasPrefix(f.Name(), prefix) || s.Now().Sub(info.ModTime()) < leftover {
			continue
		}
		errs = append(errs, gone(os.Remove(name)))
	}
	return errors.Join(errs...)
}

// leftover is how old what has no card must be: a younger one is being made.
const leftover = time.Hour

// forget removes a backup, its card first: without that it is none.
func forget(path string) error {
	return errors.Join(gone(os.Remove(path+cardOf)), gone(os.Remove(path)))
}

func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Spare are the bytes of the backups beyond the newest few, and Trim removes them,
// where the disk is full.
func (s Shelf) Spare() (int64, error) {
	all, err := s.List()
	var n int64
	for i, b := range all {
		if i >= always {
			n += b.Size
		}
	}
	return n, err
}

// Trim keeps the newest few backups alone.
func (s Shelf) Trim() error {
	all, err := s.List()
	errs := []error{err}
	for i, b := range all {
		if i >= always {
			errs = append(errs, forget(b.Path))
		}
	}
	return errors.Join(errs...)
}
