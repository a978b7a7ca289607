// Package desk is one device put together: a data folder with its store, the use
// cases over it, the keyring, the engine, the monitor and the self-check. The
// window, cfoil and tests open the same Desk.
//
// Words: a Desk is one open data folder. Its Connection is how it speaks to the
// invoice server that the folder belongs to. A PracticeServer runs inside the
// program; a folder of practice knows no other.
//
// It refuses to let two processes sync a folder, to speak to a server that the
// folder does not belong to, and to trust anything but the CA in the keyring.
package desk

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/localdb"
	"counterfoil/sync/engine"
	"counterfoil/sync/journal"
	"counterfoil/sync/merge"
	"counterfoil/sync/osproxy"
	"counterfoil/sync/trust"
)

// Use is what a process wants of a data folder.
type Use int

// The uses. Any number of processes draft in a folder; one of them syncs it, and
// that is the window's where it is open.
const (
	Draft Use = iota
	Sync
	Window
)

// Config says which folder to open, and for what. Dir is needed.
type Config struct {
	Dir     string
	Use     Use
	Version string       // of the program
	Keys    *trust.Store // nil: the system's password store

	// Practice makes a new folder one of practice. PracticeServer starts the server
	// of such a folder in a folder of its own; nil: it is opened without.
	Practice       bool
	PracticeServer func(ctx context.Context, dir string) (PracticeServer, error)

	Now   func() time.Time                      // nil: time.Now
	NewID func() string                         // nil: UUIDv7
	Rand  func() float64                        // 0 ≤ x < 1; nil: math/rand
	Proxy func(*http.Request) (*url.URL, error) // nil: the environment's

	// System chooses the proxy by the system's settings; nil: they are not known.
	System func(*http.Request) (*url.URL, error)

	Home string // where moves of data folders are remembered; empty: that of Home

	log *slog.Logger // of the folder; nil: it has none
}

// Desk is one open data folder, safe for concurrent use.
type Desk struct {
	*Connection
	Dir   string
	Store *localdb.DB
	Books *books.Desk
	Keys  *trust.Store

	practice PracticeServer      // nil: the folder is a real one
	lock     *localdb.FolderLock // nil: it only drafts
	journal  *journal.Journal    // nil: it only drafts, or the disk takes none
	close    func() error        // works once
	syncs    context.Context     // ends the sync of Start
	syncing  sync.WaitGroup      // which is waited for
	mu       sync.Mutex          // guards below
	changed  func(document.Key)  // may be nil
	raise    func()              // may be nil
	front    *front              // nil: nobody is heard
}

// Open locks the folder for its use and opens everything in it; it sends nothing.
// It returns *books.Error "data_folder", "open_already", "sync_busy", "data_moved" or
// "practice_here", and the errors of localdb.Open.
func Open(ctx context.Context, cfg Config) (*Desk, error) {
	cfg.complete()
	if err := localdb.MakeFolder(cfg.Dir); err != nil {
		return nil, &books.Error{Code: "data_folder", Text: "the data folder cannot be made: " + err.Error(), Hint: "choose a folder you may write to", Err: err}
	}
	d := &Desk{Dir: cfg.Dir, Keys: cfg.Keys}
	var end context.CancelFunc
	d.syncs, end = context.WithCancel(context.Background())
	d.close = sync.OnceValue(func() error {
		end()
		return d.shut()
	})
	if err := d.open(ctx, cfg); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Desk) open(ctx context.Context, cfg Config) (err error) {
	switch cfg.Use {
	case Sync:
		d.lock, err = localdb.LockSync(ctx, cfg.Dir)
	case Window:
		d.lock, err = localdb.LockWindow(ctx, cfg.Dir)
	}
	if err != nil {
		return err
	}
	d.openJournal(&cfg)
	_, moved := movedHere(cfg.Home, cfg.Dir)
	existed := moved || readCard(cfg.Dir).Device != ""
	if d.Store, err = localdb.Open(ctx, filepath.Join(cfg.Dir, localdb.FileName), localdb.Options{Now: cfg.Now, NewID: cfg.NewID, Existed: existed}); err != nil {
		return err
	}
	// Now that it is open nobody moves it.
	if now := Settled(cfg.Home, cfg.Dir); now != cfg.Dir {
		return &books.Error{Code: "data_moved", Text: "the data of this folder were moved to " + now, Hint: "start the program again"}
	}
	d.Books = &books.Desk{Store: d.Store, Now: cfg.Now, NewID: cfg.NewID, Merge: merge.Three}
	if d.Connection, err = newConnection(ctx, cfg, d.Store, d.notify); err != nil {
		return err
	}
	if cfg.Use == Window {
		d.front = listenFront(cfg.Dir, d.comeToFront)
	}
	return d.practise(ctx, cfg)
}

func (cfg *Config) complete() {
	if cfg.Keys == nil {
		cfg.Keys = trust.Of(cfg.Dir, "os")
	}
	if cfg.Home == "" {
		cfg.Home = Home()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
		if cfg.System == nil {
			cfg.System = osproxy.Choose
		}
	}
}

// Start syncs in the background until Close; a folder that was opened for drafting
// alone never reaches the server.
func (d *Desk) Start() {
	d.syncing.Go(func() { d.Engine().Run(d.syncs) })
	d.syncing.Go(func() { d.tend(d.syncs) })
	d.syncing.Go(func() { d.BackUpByClock(d.syncs) })
	d.syncing.Go(func() { d.newGuard().run(d.syncs) })
	if d.practice == nil { // else the server is here
		d.syncing.Go(func() { d.listen(d.syncs) })
	}
}

// Changed sets who is told, on the engine's goroutine, what sync did: the key of
// the document that it changed, or none for anything else.
func (d *Desk) Changed(f func(document.Key)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = f
}

func (d *Desk) notify(e engine.Event) {
	d.mu.Lock()
	f := d.changed
	d.mu.Unlock()
	if f != nil {
		f(e.Key)
	}
}

// Close ends the sync, keeps what the monitor saw, and gives the folder up. A
// second call does nothing and returns what the first did.
func (d *Desk) Close() error { return d.close() }

// farewell is how long Close waits for what it asks of others.
const farewell = 5 * time.Second

func (d *Desk) shut() error {
	d.syncing.Wait()
	ctx, stop := context.WithTimeout(context.Background(), farewell)
	defer stop()
	errs := []error{d.front.close()}
	if d.Connection != nil {
		if d.lock != nil { // else another process keeps its own
			errs = append(errs, d.SaveState(ctx))
		}
		d.Reset()
	}
	if d.practice != nil {
		errs = append(errs, d.practice.Close(ctx))
	}
	if d.Store != nil {
		errs = append(errs, d.Store.Close())
	}
	errs = append(errs, d.closeJournal())
	if d.lock != nil {
		errs = append(errs, d.lock.Unlock())
	}
	return errors.Join(errs...)
}
