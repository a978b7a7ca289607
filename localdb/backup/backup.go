// Package backup keeps verified copies of a desk's data file, and gives one back.
//
// Words: a Shelf is where the backups of one data folder lie; a Backup is one copy
// that was proven when it was made, with a card beside it that says what it holds. A
// backup without its card was not finished and is none. Restore sets the data file
// aside, puts a backup in its place, and adds what is newer and whole in the file
// that was set aside.
//
// The package refuses to make a backup of what is damaged, to let one that is whole
// go for one that is not, to fill the disk, and to throw a data file away.
package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
)

// Why a backup was made.
const (
	ByHand    = "by_hand"
	ByClock   = "by_clock"
	Migration = "migration" // before the file was brought to a newer schema
)

// A Backup is one verified copy.
type Backup struct {
	Path     string           `json:"-"`
	Made     time.Time        `json:"made"`
	Why      string           `json:"why"`
	Program  string           `json:"program"` // version that made it
	Size     int64            `json:"size"`
	SHA256   string           `json:"sha256"`
	Contents localdb.Contents `json:"contents"`
	First    []byte           `json:"first_page,omitempty"` // of the data file, as it was
}

// A Shelf is where the backups of a data folder lie.
type Shelf struct {
	Data    string // the data folder
	Version string // of the program
	Now     func() time.Time
	Free    func(dir string) (uint64, error) // bytes on its disk
}

const (
	folder    = "backups"
	prefix    = "counterfoil-"
	stamp     = "20060102T150405Z"
	cardOf    = ".json"
	partOf    = ".part"
	reserve   = 200 << 20 // bytes that a backup leaves free
	cardLimit = 64 << 10
)

// Dir is the folder of the backups.
func (s Shelf) Dir() string { return filepath.Join(s.Data, folder) }

// Make copies db, proves the copy and lets older ones go. *books.Error
// "backup_space" where it would fill the disk; of what is damaged the errors of
// localdb, and nothing changes.
func (s Shelf) Make(ctx context.Context, db *localdb.DB, why string) (Backup, error) {
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		return Backup{}, fmt.Errorf("backup: %w", err)
	}
	if err := s.room(db); err != nil {
		return Backup{}, err
	}
	b := Backup{Made: s.Now().UTC().Truncate(time.Second), Why: why, Program: s.Version}
	b.Path = filepath.Join(s.Dir(), prefix+b.Made.Format(stamp)+".db")
	for n := 2; exists(b.Path); n++ {
		b.Path = filepath.Join(s.Dir(), fmt.Sprintf("%s%s-%d.db", prefix, b.Made.Format(stamp), n))
	}
	var err error
	if b.First, err = localdb.FirstPage(db.Path()); err != nil {
		b.First = nil // it only helps a restore
	}
	if err := b.write(ctx, db, b.Path); err != nil {
		return Backup{}, err
	}
	card, err := json.MarshalIndent(b, "", " ")
	if err == nil {
		err = place(b.Path+cardOf, card)
	}
	if err != nil {
		return Backup{}, fmt.Errorf("backup: %w", err)
	}
	return b, s.tidy()
}

// Write copies db to a file of a person's choice, and proves the copy.
func (s Shelf) Write(ctx context.Context, db *localdb.DB, file string) (Backup, error) {
	b := Backup{Path: file, Made: s.Now().UTC().Truncate(time.Second), Why: ByHand, Program: s.Version}
	if exists(file) {
		return Backup{}, &books.Error{Code: "backup_exists", Text: "there is a file of this name already", Hint: "name another one; no file is written over"}
	}
	return b, b.write(ctx, db, file)
}

// write makes the copy under another name and gives it its own once it is proven.
func (b *Backup) write(ctx context.Context, db *localdb.DB, to string) error {
	part := to + partOf
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("backup: %w", err)
	}
	before, err := db.Contents(ctx)
	if err != nil {
		return err
	}
	if err := db.CopyTo(ctx, part); err != nil {
		return err
	}
	defer os.Remove(part) // gone after the rename
	after, err := db.Contents(ctx)
	if err != nil {
		return err
	}
	if b.Contents, err = localdb.Prove(ctx, part); err != nil {
		return err
	}
	if before == after && b.Contents != before {
		return fmt.Errorf("backup: the copy holds %+v, the data %+v", b.Contents, before)
	}
	if b.SHA256, b.Size, err = sum(part); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// room returns *books.Error "backup_space" where a copy of db would fill the disk.
func (s Shelf) room(db *localdb.DB) error {
	var need int64 = reserve
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(db.Path() + suffix); err == nil {
			need += info.Size() + info.Size()/8
		}
	}
	free, err := s.Free(s.Dir())
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if free < uint64(need) { //nolint:gosec // above zero
		return noRoom(free)
	}
	return nil
}

// noCopy says that a copy of the data does not fit on the disk.
func noCopy(free uint64) error {
	return &books.Error{Code: "copy_space", Text: fmt.Sprintf("the disk has %d MB left, too little for a copy of the data", free>>20), Hint: "free some space; nothing was changed"}
}

func noRoom(free uint64) error {
	return &books.Error{Code: "backup_space", Text: fmt.Sprintf("the disk has %d MB left, too little for a backup", free>>20), Hint: "free some space; the backups that are there stay"}
}

// List returns the finished backups, newest first; those of a clock that was ahead last.
func (s Shelf) List() ([]Backup, error) {
	files, err := os.ReadDir(s.Dir())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("backups: %w", err)
	}
	var all []Backup
	for _, f := range files {
		name, is := strings.CutSuffix(f.Name(), cardOf)
		if !is || !strings.HasPrefix(name, prefix) {
			continue
		}
		b := Backup{Path: filepath.Join(s.Dir(), name)}
		raw, err := os.ReadFile(b.Path + cardOf)
		if err != nil || len(raw) > cardLimit {
			continue // one that cannot be read is none
		}
		info, err := os.Stat(b.Path)
		if err == nil && json.Unmarshal(raw, &b) == nil && info.Size() == b.Size {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b Backup) int {
		return cmp.Or(cmp.Compare(s.ahead(a), s.ahead(b)), b.Made.Compare(a.Made), strings.Compare(b.Path, a.Path))
	})
	return all, nil
}

// ahead is 1 for a backup that was made while the clock was ahead: nobody knows when
// that was, so it is no newer than the others.
func (s Shelf) ahead(b Backup) int {
	if s.Now != nil && b.Made.After(s.Now().Add(time.Hour)) {
		return 1
	}
	return 0
}

// Verify reads the whole backup: what its card says, its pages, every row's sum.
func (b Backup) Verify(ctx context.Context) (localdb.Contents, error) {
	if b.SHA256 != "" {
		got, _, err := sum(b.Path)
		if err != nil {
			return localdb.Contents{}, fmt.Errorf("backup: %w", err)
		}
		if got != b.SHA256 {
			return localdb.Contents{}, fmt.Errorf("backup: %w: its checksum is another", localdb.ErrCorrupt)
		}
	}
	return localdb.Prove(ctx, b.Path)
}

func sum(file string) (hash string, size int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// place writes a small file whole or not at all.
func place(file string, content []byte) error {
	f, err := os.OpenFile(file+partOf, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(file+partOf, file)
}
