package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
)

// A Plan says what to restore.
type Plan struct {
	Shelf
	From   string // a file; empty: the newest backup that is whole
	Anew   bool   // begin with what the damaged file and the server still have where there is no backup
	DryRun bool   // tell what would come of it, and change nothing
	NewID  func() string
	// Check refuses a backup of somebody else before anything is taken from it; may be nil.
	Check func(ctx context.Context, db *localdb.DB) error
	// Finish completes the new file before it takes its place; may be nil.
	Finish func(ctx context.Context, db *localdb.DB) error
}

// An Outcome is what came, or with DryRun would come, of a restore.
type Outcome struct {
	Backup   *Backup          // nil: there was none
	Passed   []Passed         // backups that were not whole
	Damage   string           // what was wrong with the data file; empty: nothing
	Salvaged localdb.Salvaged // what was taken out of it
	Contents localdb.Contents // as they are now
	Aside    string           // the folder that holds the data file of before
}

// Passed is a backup that was not used, and why.
type Passed struct {
	Path string
	Why  error
}

const (
	workshop = "restoring" // beside the data file: what is made there is renamed to its place
	inUse    = 5 * time.Second
)

// errNone says that there is nothing to restore from.
var errNone = &books.Error{
	Code: "backup_none", Text: "there is no backup that is whole, and nothing of the data file can be read",
	Hint: "give the whole data folder to IT; what was sent is on the server and comes back when you begin anew",
}

// Restore puts the data file aside, a backup in its place, and adds what is newer
// and whole in the file of before, whatever was not sent yet above all. The desk gets
// a new device id; sync brings the rest. The caller holds the folder. It returns
// *books.Error "backup_none", "backup_broken" or "copy_space" and the errors of
// localdb and of Check; then nothing has changed.
func Restore(ctx context.Context, p Plan) (out Outcome, err error) {
	data := filepath.Join(p.Data, localdb.FileName)
	damage, err := examine(ctx, data)
	if err != nil {
		return out, err
	}
	if damage != nil {
		out.Damage = damage.Error()
	}
	if !p.DryRun {
		release, err := localdb.InUse(ctx, data, inUse)
		if err != nil {
			return out, err
		}
		defer release()
	}
	if err := p.space(); err != nil {
		return out, err
	}
	work := filepath.Join(p.Data, workshop)
	if p.DryRun {
		work += "-preview"
	}
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o700)); err != nil {
		return out, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	made, err := p.build(ctx, work, damage != nil, &out)
	if errors.Is(err, syscall.ENOSPC) {
		err = noCopy(0)
	}
	if err != nil || p.DryRun {
		return out, err
	}
	out.Aside, err = localdb.Replace(made, data)
	return out, err
}

// space returns *books.Error "copy_space" where a restore would fill the disk: it
// needs a copy of the data file and of the backup, and what both hold.
func (p Plan) space() error {
	var need int64 = little
	for _, file := range []string{filepath.Join(p.Data, localdb.FileName), filepath.Join(p.Data, localdb.FileName+"-wal"), p.From} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			need += 2 * info.Size()
		}
	}
	if all, err := p.List(); err == nil && len(all) > 0 && p.From == "" {
		need += 2 * all[0].Size
	}
	if p.Free == nil {
		return nil
	}
	free, err := p.Free(p.Data)
	if err == nil && free < uint64(need) { //nolint:gosec // above zero
		return noCopy(free)
	}
	return nil // a disk that does not say may have room
}

// little is what a restore leaves free, in bytes.
const little = 8 << 20

// examine tells what is wrong with the data file. err: that is nothing that a backup
// would mend.
func examine(ctx context.Context, data string) (damage, err error) {
	db, err := localdb.Open(ctx, data, localdb.Options{Busy: time.Second, Existed: true})
	if err == nil {
		err = errors.Join(db.IntegrityCheck(ctx), db.Close())
	}
	for _, other := range []error{localdb.ErrNewer, localdb.ErrLocked, localdb.ErrFull, localdb.ErrReadOnly} {
		if errors.Is(err, other) {
			return nil, err
		}
	}
	return err, ctx.Err()
}

// build makes the new data file in a folder of its own and proves it.
func (p Plan) build(ctx context.Context, work string, damaged bool, out *Outcome) (string, error) {
	made := filepath.Join(work, localdb.FileName)
	first, err := p.choose(ctx, made, out)
	if err != nil {
		return "", err
	}
	db, err := localdb.Open(ctx, made, localdb.Options{Now: p.Now, NewID: p.NewID})
	if err != nil {
		return "", err
	}
	if out.Backup != nil && p.Check != nil {
		if err := p.Check(ctx, db); err != nil {
			return "", errors.Join(err, db.Close())
		}
	}
	wreck := localdb.Wreck{Path: filepath.Join(p.Data, localdb.FileName), Dir: work, First: first, Damaged: damaged}
	out.Salvaged, err = db.Salvage(ctx, wreck)
	if err == nil && out.Backup == nil && !out.Salvaged.Readable && !p.Anew {
		err = errNone
	}
	if err == nil && p.Finish != nil {
		err = p.Finish(ctx, db)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return "", err
	}
	if info, err := os.Stat(made + "-wal"); err == nil && info.Size() > 0 {
		return "", errors.New("restore: another program has opened the new file")
	}
	if out.Contents, err = localdb.Prove(ctx, made); err != nil {
		return "", err
	}
	f, err := os.OpenFile(made, os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	return made, errors.Join(f.Sync(), f.Close())
}

// choose copies the backup to begin with to made; there is no file where there is
// none. It returns the first pages of the data file as it was when they were made.
func (p Plan) choose(ctx context.Context, made string, out *Outcome) (first [][]byte, err error) {
	all, err := p.candidates()
	if err != nil {
		return nil, err
	}
	if p.From != "" {
		i := slices.IndexFunc(all, func(b Backup) bool { return b.Path == p.From || filepath.Base(b.Path) == p.From })
		if i < 0 {
			all = []Backup{{Path: p.From, Why: ByHand}}
		} else {
			all = all[i : i+1]
		}
	}
	for _, b := range all {
		if b.First != nil {
			first = append(first, b.First)
		}
		if out.Backup != nil {
			continue
		}
		if _, err := b.Verify(ctx); err != nil {
			out.Passed = append(out.Passed, Passed{b.Path, err})
			continue
		}
		if err := copied(b.Path, made); err != nil {
			return nil, fmt.Errorf("restore: %w", err)
		}
		out.Backup = &b
	}
	if p.From != "" && out.Backup == nil && errors.Is(out.Passed[0].Why, localdb.ErrNewer) {
		return nil, out.Passed[0].Why
	}
	if p.From != "" && out.Backup == nil {
		return nil, &books.Error{Code: "backup_broken", Text: "this backup is not whole", Hint: "choose another one; nothing was changed", Err: out.Passed[0].Why}
	}
	return first, nil
}

// Any reports whether there is something that a restore could begin with.
func (s Shelf) Any() bool {
	all, err := Plan{Shelf: s}.candidates()
	return err == nil && len(all) > 0
}

// candidates are the backups, newest first, and then the copies made before the file
// was brought to a newer schema.
func (p Plan) candidates() ([]Backup, error) {
	all, err := p.List()
	if err != nil {
		return nil, err
	}
	files, err := os.ReadDir(p.Data)
	if err != nil {
		return nil, fmt.Errorf("backups: %w", err)
	}
	var old []Backup
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Name(), localdb.FileName+".before-")
		if info, err := f.Info(); ok && err == nil && !strings.HasSuffix(rest, partOf) {
			old = append(old, Backup{Path: filepath.Join(p.Data, f.Name()), Made: info.ModTime(), Why: Migration, Size: info.Size()})
		}
	}
	slices.SortFunc(old, func(a, b Backup) int { return b.Made.Compare(a.Made) })
	return append(all, old...), nil
}

func copied(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Sync(), f.Close())
}
