package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
	"counterfoil/localdb/backup"
	"counterfoil/sync/disk"
	"counterfoil/sync/probe"
	"counterfoil/sync/trust"
)

// The data are moved as a copy that is proven before it counts. What a crash leaves is
// the old place in use, or the new one: the list of moves names the new place before the
// copy gets its name, and follows it only from then on.

// NewPlace is where MoveData would move the data of a folder: the data folder that the
// program takes by itself, or one beside it where that holds something; empty: there is
// none that can be written and is on this computer's own disk. It changes nothing.
func NewPlace(cfg Config) string {
	cfg.complete()
	if cfg.Home == "" || cfg.Practice || exists(filepath.Join(cfg.Dir, "practice")) || !holdsData(cfg.Dir) {
		return ""
	}
	for _, place := range places(cfg.Home) {
		ground := standing(filepath.Dir(place))
		if !probe.Sound(ground) {
			continue
		}
		for n := 1; n < 10; n++ {
			to := place
			if n > 1 {
				to = fmt.Sprint(place, "-", n)
			}
			if free(to) && !samePlace(to, cfg.Dir) && !inside(to, cfg.Dir) && !inside(cfg.Dir, to) {
				return to
			}
		}
	}
	return ""
}

// holdsData reports whether a data file is in a folder.
func holdsData(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, localdb.FileName))
	return err == nil && info.Mode().IsRegular()
}

// places are folders of this user for data, the best first.
func places(home string) []string {
	out := []string{filepath.Join(home, "counterfoil")}
	if local, err := os.UserCacheDir(); err == nil && runtime.GOOS == "windows" { // where home may be on a server
		out = append(out, filepath.Join(local, "counterfoil"))
	}
	if user, err := os.UserHomeDir(); err == nil {
		out = append(out, filepath.Join(user, ".counterfoil"))
	}
	return out
}

// standing is the nearest folder above that exists.
func standing(dir string) string {
	for !exists(dir) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
	}
	return dir
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// free reports whether nothing is at a path, or an empty folder.
func free(path string) bool {
	entries, err := os.ReadDir(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0
}

func inside(path, top string) bool {
	rel, err := filepath.Rel(cleaned(top), cleaned(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

var errNoPlace = &books.Error{
	Code: "move_place", Text: "there is no other folder that the data can be moved to", Hint: "ask IT for a folder on this computer's own disk that you may write to",
}

// MoveData copies the data of a folder that nobody has open to NewPlace, proves the
// copy, and remembers that they are there now. The old folder stays as it is, with a
// note where the data went. It returns the new folder, *books.Error "move_place",
// "open_already" or "sync_busy", and the errors of backup.Carry; then nothing has changed.
func MoveData(ctx context.Context, cfg Config) (to string, err error) {
	cfg.complete()
	if to = NewPlace(cfg); to == "" {
		return "", errNoPlace
	}
	release, err := hold(ctx, cfg.Dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, release()) }()
	from, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return "", err
	}
	m := Move{ID: cfg.NewID(), From: from, To: to, At: cfg.Now().UTC()}
	work := to + ".moving"
	if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.RemoveAll(work)); err != nil { // of one that was cut short
		return "", fmt.Errorf("move: %w", err)
	}
	if _, err := backup.Carry(ctx, cfg.carriage(cfg.Dir, work)); err != nil {
		return "", err
	}
	if err := m.settle(ctx, cfg, work); err != nil {
		return "", errors.Join(fmt.Errorf("move: %w", err), os.RemoveAll(work))
	}
	m.leaveNote()
	return to, nil
}

func (cfg Config) carriage(from, to string) backup.Carriage {
	return backup.Carriage{From: from, To: to, Now: cfg.Now, NewID: cfg.NewID, Free: probe.FreeBytes}
}

// settle makes a proven copy the data: from its rename on they are there.
func (m Move) settle(ctx context.Context, cfg Config, work string) error {
	here, err := json.Marshal(m)
	if err == nil {
		err = errors.Join(disk.Replace(filepath.Join(work, hereName), here), disk.Replace(filepath.Join(work, trust.ProfileFile), []byte(trust.ProfileOf(cfg.Dir)+"\n")))
	}
	if err == nil {
		err = keepMove(ctx, cfg.Home, m)
	}
	if err != nil {
		return err
	}
	if err := os.Remove(m.To); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one
		return errors.Join(err, dropMove(ctx, cfg.Home, m))
	}
	if err := os.Rename(work, m.To); err != nil {
		return errors.Join(err, dropMove(ctx, cfg.Home, m))
	}
	m.Done = true
	_ = keepMove(ctx, cfg.Home, m) // its own note says it too
	return nil
}

// leaveNote tells in the old folder where the data are. One that takes no note goes
// without.
func (m Move) leaveNote() {
	_ = os.WriteFile(filepath.Join(m.From, backup.NoteName), []byte("这里的开票数据已移动，现在在：\r\n"+m.To+
		"\r\n此文件夹里留下的是移动之前的内容，程序不再使用。\r\n\r\nThe invoicing data of this folder were moved. They are now in:\r\n"+m.To+
		"\r\nWhat is left here is as it was before the move; the program does not use it any more.\r\n\r\n"+m.At.Format(time.RFC3339)+"\r\n"), 0o600)
}

// hold takes a folder so that nobody of this program has it. What cannot be locked
// because it cannot be written is held by nobody of this user.
func hold(ctx context.Context, dir string) (release func() error, err error) {
	lock, err := localdb.LockWindow(ctx, dir)
	if err != nil && (errors.Is(err, context.DeadlineExceeded) || !unwritable(err)) {
		return nil, err
	}
	let, err := localdb.InUse(ctx, filepath.Join(dir, localdb.FileName), useWait)
	if err != nil && (errors.Is(err, localdb.ErrLocked) || !unwritable(err)) {
		if lock != nil {
			err = errors.Join(err, lock.Unlock())
		}
		return nil, err
	}
	return func() error {
		if let != nil {
			let()
		}
		if lock != nil {
			return lock.Unlock()
		}
		return nil
	}, nil
}

// useWait is how long another program may have the data file open.
const useWait = 1500 * time.Millisecond

// unwritable reports whether an error says that a folder takes no files.
func unwritable(err error) bool {
	return errors.Is(err, localdb.ErrReadOnly) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) ||
		runtime.GOOS == "windows" && errors.Is(err, syscall.Errno(19)) // ERROR_WRITE_PROTECT
}

var errMoveNone = &books.Error{Code: "cure_not_active", Text: "the data of this folder were not moved here", Hint: "cfoil fix --list tells what is in force"}

// MoveBack makes the folder that data were moved from the one in use again, with what
// was done since; the newer folder keeps its data under another name. It returns the
// old folder, *books.Error "cure_not_active", "move_back" where the old folder cannot be
// written, and the errors of MoveData; then nothing has changed.
func MoveBack(ctx context.Context, cfg Config) (to string, err error) {
	cfg.complete()
	m, ok := movedHere(cfg.Home, cfg.Dir)
	if !ok {
		return "", errMoveNone
	}
	release, err := hold(ctx, m.To)
	if err != nil {
		return "", err
	}
	held := true
	let := func() error {
		if !held {
			return nil
		}
		held = false
		return release()
	}
	defer func() { err = errors.Join(err, let()) }()
	if err := m.bring(ctx, cfg); err != nil {
		return "", err
	}
	m.Done = false // from here on it is the name of the newer folder that counts
	if err := keepMove(ctx, cfg.Home, m); err != nil {
		return "", fmt.Errorf("move back: %w", err)
	}
	if err := let(); err != nil { // Windows renames no folder of which a file is open
		return "", err
	}
	if err := os.Rename(m.To, besides(m.To, cfg.Now())); err != nil {
		m.Done = true
		return "", errors.Join(fmt.Errorf("move back: %w", err), keepMove(ctx, cfg.Home, m))
	}
	_ = os.Remove(filepath.Join(m.From, backup.NoteName)) // it says too much at worst
	_ = dropMove(ctx, cfg.Home, m)                        // it leads nowhere any more
	return m.From, nil
}

// besides is a name for a folder that is not used any more.
func besides(dir string, now time.Time) string {
	name := dir + ".left-" + now.UTC().Format("20060102-150405")
	for n := 2; exists(name); n++ {
		name = fmt.Sprintf("%s.left-%s-%d", dir, now.UTC().Format("20060102-150405"), n)
	}
	return name
}

// bring gives the old folder what the new one holds; what is there is set aside.
func (m Move) bring(ctx context.Context, cfg Config) (err error) {
	work := filepath.Join(m.From, "restoring-back")
	if !exists(m.From) {
		return backError(fs.ErrPermission)
	}
	if err := os.RemoveAll(work); err != nil { // of one that was cut short
		return backError(err)
	}
	release, err := hold(ctx, m.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release(), os.RemoveAll(work)) }()
	if _, err := backup.Carry(ctx, cfg.carriage(m.To, work)); err != nil {
		return backError(err)
	}
	for _, name := range []string{cardName, filepath.Join("keyring", "keyring.json")} {
		raw, err := disk.Read(filepath.Join(work, name), movesSize)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(m.From, name)), 0o700)
		}
		if err == nil {
			err = disk.Replace(filepath.Join(m.From, name), raw)
		}
		if err != nil {
			return backError(err)
		}
	}
	_, err = localdb.Replace(filepath.Join(work, localdb.FileName), filepath.Join(m.From, localdb.FileName))
	return backError(err)
}

// backError is *books.Error "move_back" where an error says that the old folder takes no
// files.
func backError(err error) error {
	if err != nil && unwritable(err) {
		return &books.Error{Code: "move_back", Text: "the old data folder cannot be written", Hint: "go on in the new one; nothing was changed", Err: err}
	}
	return err
}

// moveHere moves the data under a connection that drafts, or whose store does not open.
func (c *Connection) moveHere(ctx context.Context, move func(context.Context, Config) (string, error)) error {
	if c.holds {
		return ErrOpenHere
	}
	var to string
	change := func() (file string, err error) {
		if to, err = move(ctx, c.cfg); err != nil {
			return "", err
		}
		return filepath.Join(to, localdb.FileName), nil
	}
	var err error
	if c.store != nil {
		err = c.store.Elsewhere(ctx, change)
	} else if _, err = change(); err == nil {
		c.trouble, c.mended = nil, true
	}
	if to == "" {
		return cmp.Or(err, error(errNoPlace))
	}
	c.cfg.Dir = to
	return err
}
