package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
	"counterfoil/localdb/backup"
	"counterfoil/sync/probe"
)

// Backups of a folder, as the window and cfoil show them.
type (
	Backup  = backup.Backup
	Restore = backup.Outcome
)

// Shelf is where the backups of a folder lie.
func Shelf(cfg Config) backup.Shelf {
	cfg.complete()
	return backup.Shelf{Data: cfg.Dir, Version: cfg.Version, Now: cfg.Now, Free: probe.FreeBytes}
}

// Backups are the finished ones, newest first.
func (d *Desk) Backups() ([]Backup, error) { return Shelf(d.cfg).List() }

// BackUp makes a verified backup, in the folder of backups or, where file is not
// empty, as that file. *books.Error "backup_space" or "backup_exists", and the errors
// of a damaged store, of which none is made.
func (d *Desk) BackUp(ctx context.Context, file string) (Backup, error) {
	if file != "" {
		return Shelf(d.cfg).Write(ctx, d.Store, file)
	}
	return Shelf(d.cfg).Make(ctx, d.Store, backup.ByHand)
}

// When a backup is made by itself: some time after the start, then every few hours in
// which something changed, at a moment in which nobody types.
const (
	backupFirst = 2 * time.Minute
	backupEvery = 4 * time.Hour
	backupQuiet = 10 * time.Second
	backupLook  = 30 * time.Second
)

// BackUpByClock makes backups until ctx ends.
func (d *Desk) BackUpByClock(ctx context.Context) {
	start := d.cfg.Now()
	t := time.NewTicker(backupLook)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := d.cfg.Now()
		if now.Sub(start) < backupFirst || now.Sub(d.Store.LastWrite()) < backupQuiet {
			continue
		}
		// What fails now is tried again; a damaged store or a full disk is for the
		// self-check to say.
		_ = d.BackUpDue(ctx)
	}
}

// BackUpDue makes a backup where the newest is old and something changed since.
func (d *Desk) BackUpDue(ctx context.Context) error {
	s := Shelf(d.cfg)
	all, err := s.List()
	if err != nil {
		return err
	}
	if len(all) > 0 {
		if age := d.cfg.Now().Sub(all[0].Made); age >= 0 && age < backupEvery {
			return nil
		}
		is, err := d.Store.Contents(ctx)
		if err != nil || is == all[0].Contents {
			return err
		}
	}
	_, err = s.Make(ctx, d.Store, backup.ByClock)
	return err
}

// A Plan says what to restore; see backup.Plan.
type Plan struct {
	From   string // a file or the name of a backup; empty: the newest that is whole
	Anew   bool   // begin anew where there is nothing to restore from
	DryRun bool
}

// RestoreData restores the data of a folder that nobody has open; see backup.Restore. Besides
// its errors it returns "open_already" and "sync_busy".
func RestoreData(ctx context.Context, cfg Config, p Plan) (out Restore, err error) {
	cfg.complete()
	if !p.DryRun {
		lock, err := localdb.LockWindow(ctx, cfg.Dir)
		if err != nil {
			return Restore{}, err
		}
		defer func() { err = errors.Join(err, lock.Unlock()) }()
	}
	return restore(ctx, cfg, p)
}

// restore is RestoreData for who has the folder.
func restore(ctx context.Context, cfg Config, p Plan) (Restore, error) {
	ours := cfg.bound(ctx)
	return backup.Restore(ctx, backup.Plan{
		Shelf: Shelf(cfg), From: p.From, Anew: p.Anew, DryRun: p.DryRun, NewID: cfg.NewID,
		Check:  func(ctx context.Context, db *localdb.DB) error { return sameServer(ctx, db, ours) },
		Finish: func(ctx context.Context, db *localdb.DB) error { return connectAgain(ctx, db, readCard(cfg.Dir)) },
	})
}

var errOtherBackup = &books.Error{
	Code: "backup_other", Text: "this backup is of another company's invoice server, or of practice; nothing was changed",
	Hint: "choose a backup of this data folder, or restore it into a new one",
}

// sameServer returns errOtherBackup where a backup belongs to another server than the
// folder: what both hold must not be mixed. What is not known differs from nothing.
func sameServer(ctx context.Context, backup *localdb.DB, ours identity) error {
	theirs, err := boundOf(ctx, backup)
	if err == nil && ours.differs(theirs) {
		err = errOtherBackup
	}
	return err
}

// bound is the server that the folder belongs to, as its card or its data say; zero
// where neither can be read.
func (cfg Config) bound(ctx context.Context) identity {
	if card := readCard(cfg.Dir).Bound; card.Environment != "" {
		return card
	}
	db, err := localdb.Open(ctx, filepath.Join(cfg.Dir, localdb.FileName), localdb.Options{Busy: time.Second, Existed: true})
	if err != nil {
		return identity{} // that is why there is a restore
	}
	ours, err := boundOf(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return identity{}
	}
	return ours
}

// boundOf is the server that a data file belongs to; zero where it knows none.
func boundOf(ctx context.Context, db *localdb.DB) (i identity, err error) {
	raw, err := db.Setting(ctx, settingBound)
	if err != nil || raw == "" {
		return identity{}, err
	}
	if json.Unmarshal([]byte(raw), &i) != nil {
		return identity{}, nil // what cannot be read is not known
	}
	return i, nil
}

// connectAgain gives a data file that knows no server the one on the folder's card.
func connectAgain(ctx context.Context, db *localdb.DB, k card) error {
	for name, value := range map[string]string{settingURL: k.URL, settingEnrolled: cmp.Or(k.Enrolled, k.URL), settingTrusted: k.Trusted} {
		was, err := db.Setting(ctx, name)
		if err == nil && was == "" && value != "" {
			err = db.SetSetting(ctx, name, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ErrOpenHere says that the data are in use by this very program: they are restored
// once they are closed.
var ErrOpenHere = &books.Error{
	Code: "restore_open", Text: "the data are open in this program", Hint: "restore them from the settings page, which closes them first",
}

// restoreHere restores the data under a connection that drafts, or whose store does
// not open. What can be read no more and is in no backup comes from the server; a file
// that is gone may be found again, and nothing is begun in its place.
func (c *Connection) restoreHere(ctx context.Context) error {
	_, err := os.Stat(filepath.Join(c.cfg.Dir, localdb.FileName))
	p := Plan{Anew: err == nil}
	switch {
	case c.store == nil:
		_, err = RestoreData(ctx, c.cfg, p)
		if err == nil {
			c.trouble = nil
			c.mended = true
		}
		return err
	case c.holds:
		return ErrOpenHere
	}
	err = c.store.While(ctx, func() error {
		_, err := RestoreData(ctx, c.cfg, p)
		return err
	})
	if dev, e := c.store.Device(ctx); err == nil && e == nil {
		c.mu.Lock()
		c.device = dev.ID
		c.mu.Unlock()
	}
	return err
}

// rebuild makes search, lists and counters anew; where the file is too damaged for
// that, the data are restored, which makes them anew as well.
func (c *Connection) rebuild(ctx context.Context) error {
	if c.store == nil {
		return c.restoreHere(ctx)
	}
	err := c.store.Rebuild(ctx)
	if errors.Is(err, localdb.ErrCorrupt) || errors.Is(err, localdb.ErrCache) {
		return c.restoreHere(ctx)
	}
	return err
}

// checkMended looks at a store that was restored after it did not open.
func (c *Connection) checkMended(ctx context.Context) error {
	db, err := localdb.Open(ctx, filepath.Join(c.cfg.Dir, localdb.FileName), localdb.Options{Now: c.cfg.Now, NewID: c.cfg.NewID})
	if err != nil {
		return err
	}
	return errors.Join(db.Check(ctx), db.Close())
}
