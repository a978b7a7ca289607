package vitals_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

// A rig is a server over a real database, watched.
type rig struct {
	t     *testing.T
	file  string
	store *sqlite.Store
	watch *vitals.Watch
	srv   *server.Server
}

func start(t *testing.T, change func(*vitals.Config)) *rig {
	t.Helper()
	return startIn(t, t.TempDir(), change)
}

func startIn(t *testing.T, dir string, change func(*vitals.Config)) *rig {
	t.Helper()
	r := &rig{t: t, file: filepath.Join(dir, "server.db")}
	var err error
	if r.store, err = sqlite.Open(t.Context(), r.file, "e"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.store.Close() }) // a test may have closed it
	cfg := vitals.Config{Store: r.store, Dir: dir, Fresh: 20 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	r.watch = vitals.New(cfg)
	r.srv = server.New(server.Config{
		Store: r.watch.Store(), Vitals: r.watch.Vitals, Now: time.Now, NewID: uuid.NewString, Version: "1", Instance: "node-1", MinClient: "0.9.0",
		Access: func(string) (access.Principal, error) { return access.Principal{Whole: true}, nil },
	})
	if err := r.srv.IssueWaiting(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// health asks and returns how long that took.
func (r *rig) health() (wire.Health, time.Duration) {
	r.t.Helper()
	begun := time.Now()
	rec := httptest.NewRecorder()
	r.srv.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	took := time.Since(begun)
	var h wire.Health
	if err := wire.Unmarshal(rec.Body.Bytes(), &h); err != nil || rec.Code != http.StatusOK {
		r.t.Fatalf("%d %s %v", rec.Code, rec.Body, err)
	}
	return h, took
}

// until asks until a thing is in a state, and returns how long an answer took as a
// rule: one may meet a computer that is busy.
func (r *rig) until(dep, state string) (usual time.Duration) {
	r.t.Helper()
	var all []time.Duration
	for end := time.Now().Add(10 * time.Second); ; {
		h, took := r.health()
		all = append(all, took)
		if h.Deps[dep] == state {
			slices.Sort(all)
			return all[len(all)/2]
		}
		if time.Now().After(end) {
			r.t.Fatalf("%s is not %q: %v", dep, state, h.Deps)
		}
	}
}

func TestWell(t *testing.T) {
	r := start(t, func(c *vitals.Config) { c.More = map[string]func() string{"cache": func() string { return "slow" }} })
	r.until("db", "ok")
	h, _ := r.health()
	for dep, want := range map[string]string{"db": "ok", "tax": "ok", "queue": "ok", "disk": "ok", "login": "ok", "cache": "slow"} {
		if h.Deps[dep] != want {
			t.Errorf("%s is %q, want %q", dep, h.Deps[dep], want)
		}
	}
	if h.Epoch != "e" || h.Instance != "node-1" || h.MinClient != "0.9.0" || h.QueueLag != 0 || h.Server == "" || len(h.Deps) != 6 {
		t.Errorf("%+v", h)
	}
}

// Another program locks the database: healthz says so and is not held up, a push
// is refused by name when the patience of the database ends, and all is well again
// afterwards.
func TestLocked(t *testing.T) {
	r := start(t, nil)
	r.until("db", "ok")
	db, err := sql.Open("sqlite", "file:"+r.file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if took := r.until("db", "lock"); took > 50*time.Millisecond {
		t.Errorf("answers took %v", took)
	}
	if h, _ := r.health(); h.Epoch != "e" {
		t.Errorf("%+v", h)
	}
	if !testing.Short() {
		err = r.watch.Store().Update(t.Context(), func(server.Tx) error { return nil })
		if !errors.Is(err, server.ErrLocked) {
			t.Errorf("after the patience of the database: %v", err)
		}
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	r.until("db", "ok")
}

func TestDown(t *testing.T) {
	r := start(t, nil)
	r.until("db", "ok")
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.until("db", "down")
	if h, _ := r.health(); h.Epoch != "e" {
		t.Errorf("the epoch that was known is gone: %+v", h)
	}
}

// What is beside the database is told as it is, and clears.
func TestBeside(t *testing.T) {
	var tax, login atomic.Bool
	var free atomic.Uint64
	free.Store(1 << 40)
	r := start(t, func(c *vitals.Config) {
		c.TaxUp, c.LoginUp = func() bool { return !tax.Load() }, func() bool { return !login.Load() }
		c.Free = func(string) (uint64, uint64, error) { return free.Load(), 1 << 41, nil }
	})
	tax.Store(true)
	r.until("tax", "down")
	tax.Store(false)
	r.until("tax", "ok")
	login.Store(true)
	r.until("login", "down")
	login.Store(false)
	r.until("login", "ok")
	free.Store(vitals.NoRoom - 1)
	r.until("disk", "full")
	free.Store(vitals.NoRoom)
	r.until("disk", "ok")
}

// slow is a store whose reading takes as long as it is told.
type slow struct {
	*sqlite.Store
	gate chan struct{}
}

func (s slow) Head(ctx context.Context) (server.Head, error) {
	select {
	case <-s.gate:
	case <-ctx.Done():
	}
	return s.Store.Head(ctx)
}

// A question to the database that takes over a second makes it slow while it
// lasts, and a look that hangs is not begun a second time.
func TestSlow(t *testing.T) {
	gate := make(chan struct{})
	r := start(t, func(c *vitals.Config) { c.Store = slow{c.Store.(*sqlite.Store), gate} })
	if took := r.until("db", "slow"); took > 50*time.Millisecond {
		t.Errorf("answers took %v", took)
	}
	close(gate)
	r.until("db", "ok")
}

// Figures by what is said of them.
func TestDeps(t *testing.T) {
	well := vitals.Figures{Disk: vitals.Disk{Free: 1 << 30, Total: 1 << 40, Known: true}}
	for _, c := range []struct {
		what, dep, want string
		change          func(*vitals.Figures)
	}{
		{"well", "db", "ok", func(*vitals.Figures) {}},
		{"another program for a moment", "db", "ok", func(f *vitals.Figures) { f.Locked = vitals.Held - 1 }},
		{"another program", "db", "lock", func(f *vitals.Figures) { f.Locked = vitals.Held }},
		{"locked, told by an error", "db", "lock", func(f *vitals.Figures) { f.Err = server.ErrLocked }},
		{"gone", "db", "down", func(f *vitals.Figures) { f.Err = server.ErrDown }},
		{"no room is no matter of the database", "db", "ok", func(f *vitals.Figures) { f.Err = server.ErrFull }},
		{"hangs", "db", "down", func(f *vitals.Figures) { f.Read = vitals.Dead }},
		{"reads slowly", "db", "slow", func(f *vitals.Figures) { f.Read = vitals.Slow }},
		{"turns come slowly", "db", "slow", func(f *vitals.Figures) { f.Write = vitals.Slow }},
		{"crowded", "db", "slow", func(f *vitals.Figures) { f.Crowded = true }},
		{"queue moves", "queue", "ok", func(f *vitals.Figures) { f.QueueLag = vitals.Backlog }},
		{"queue stands", "queue", "slow", func(f *vitals.Figures) { f.QueueLag = vitals.Backlog + 1 }},
		{"queue waits for the tax service", "queue", "ok", func(f *vitals.Figures) { f.QueueLag, f.TaxDown = vitals.Backlog+1, true }},
		{"no room", "disk", "full", func(f *vitals.Figures) { f.Disk.Free = 0 }},
		{"a write was refused", "disk", "full", func(f *vitals.Figures) { f.Disk = vitals.Disk{Refused: true} }},
		{"no disk is watched", "disk", "", func(f *vitals.Figures) { f.Disk = vitals.Disk{} }},
	} {
		f := well
		c.change(&f)
		if got := f.Deps()[c.dep]; got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.what, c.dep, got, c.want)
		}
	}
}
