package desk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/localdb"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
	"counterfoil/sync/trust"
)

// TestMain also plays the process that is killed while it moves data.
func TestMain(m *testing.M) {
	if role := os.Getenv("COUNTERFOIL_CHILD"); role != "" {
		os.Exit(mover(role, os.Getenv("COUNTERFOIL_FOLDER"), os.Getenv("COUNTERFOIL_HOME")))
	}
	os.Exit(m.Run())
}

func mover(role, dir, home string) int {
	move := desk.MoveData
	if role == "back" {
		move = desk.MoveBack
	}
	cfg := desk.Config{Dir: desk.Settled(home, dir), Home: home, Version: "test", Keys: memoryKeys()}
	fmt.Println("begins")
	if _, err := move(context.Background(), cfg); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// A station is a data folder with work in it, closed, and a home of its user.
type station struct {
	dir, home string
	want      map[string]string // every document, as documents says
}

func (s *station) config(use desk.Use) desk.Config {
	return desk.Config{Dir: desk.Settled(s.home, s.dir), Home: s.home, Use: use, Version: "test", Keys: memoryKeys()}
}

func newStation(t *testing.T) *station {
	t.Helper()
	ctx := context.Background()
	s := &station{dir: filepath.Join(t.TempDir(), "share"), home: filepath.Join(t.TempDir(), "home")}
	if err := os.Mkdir(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	d := must[*desk.Desk](t)(desk.Open(ctx, s.config(desk.Draft)))
	for i := range 30 {
		st, _, err := d.Books.Draft(ctx, bill(fmt.Sprint("draft ", i)))
		if err == nil && i%3 == 0 {
			_, err = d.Books.Submit(ctx, st.Invoice.ID)
		}
		if err == nil && i%7 == 0 {
			err = d.Store.PutTyped(ctx, st.Invoice.ID, books.Typed{"date": "明天"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	must[desk.Backup](t)(d.BackUp(ctx, ""))
	s.want = documents(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// documents is every invoice with what is typed into it and waits to be sent.
func documents(t *testing.T, d *desk.Desk) map[string]string {
	t.Helper()
	ctx, out, waits := context.Background(), map[string]string{}, map[string]string{}
	for _, o := range must[[]books.Operation](t)(d.Store.Outbox(ctx, 1<<16)) {
		waits[o.DocumentID] += fmt.Sprint(" ", o.Kind)
	}
	for after, more := "", true; more; {
		p := must[books.Page](t)(d.Store.List(ctx, books.Filter{}, books.Order{By: "created"}, after, 500))
		for _, row := range p.Rows {
			st := must[books.Stored](t)(d.Store.Invoice(ctx, row.ID))
			doc := must[[]byte](t)(document.Encode(st.Invoice))
			out[row.ID] = fmt.Sprintf("%s typed %v%s", doc, st.Typed, waits[row.ID])
		}
		after, more = p.Next, p.Next != ""
	}
	return out
}

// opened opens the data where they are now and compares every document.
func (s *station) opened(t *testing.T) *desk.Desk {
	t.Helper()
	d := must[*desk.Desk](t)(desk.Open(context.Background(), s.config(desk.Draft)))
	t.Cleanup(func() { _ = d.Close() })
	got := documents(t, d)
	if len(got) != len(s.want) {
		t.Errorf("%d documents, not %d", len(got), len(s.want))
	}
	for id, is := range s.want {
		if got[id] != is {
			t.Errorf("%s is %q, not %q", id, got[id], is)
		}
	}
	return d
}

func (s *station) draft(t *testing.T, d *desk.Desk, remark string) {
	t.Helper()
	if _, _, err := d.Books.Draft(context.Background(), bill(remark)); err != nil {
		t.Fatal(err)
	}
	s.want = documents(t, d)
}

// Data are moved to the program's own folder, found there under the old name, by the
// same names in the keyring, and come back with what was done since.
func TestMoveAndBack(t *testing.T) {
	s, ctx := newStation(t), context.Background()
	own := filepath.Join(s.home, "counterfoil")
	if to := desk.NewPlace(s.config(desk.Draft)); to != own {
		t.Fatal("it would go to", to)
	}
	profile, before := trust.ProfileOf(s.dir), must[[]byte](t)(os.ReadFile(filepath.Join(s.dir, localdb.FileName)))
	to := must[string](t)(desk.MoveData(ctx, s.config(desk.Draft)))
	if to != own || desk.Settled(s.home, s.dir) != own || trust.ProfileOf(to) != profile {
		t.Errorf("moved to %s, found at %s, profile %s not %s", to, desk.Settled(s.home, s.dir), trust.ProfileOf(to), profile)
	}
	if after := must[[]byte](t)(os.ReadFile(filepath.Join(s.dir, localdb.FileName))); !slices.Equal(before, after) {
		t.Error("the old file has changed")
	}
	if note := must[[]string](t)(filepath.Glob(filepath.Join(s.dir, "*MOVED.txt"))); len(note) != 1 {
		t.Error("no note")
	}
	d := s.opened(t)
	if in := d.Revocable(); len(in) != 1 || in[0].Name != cure.MoveData || in[0].Values["folder"] != own {
		t.Errorf("%+v", in)
	}
	if got := must[[]desk.Backup](t)(d.Backups()); len(got) != 1 {
		t.Errorf("%d backups", len(got))
	}
	s.draft(t, d, "after the move")
	_ = d.Close()
	// Who does not ask where the data are does not draft into what nobody reads.
	old := s.config(desk.Draft)
	old.Dir = s.dir
	var b *books.Error
	if _, err := desk.Open(ctx, old); !errors.As(err, &b) || b.Code != "data_moved" {
		t.Errorf("the old folder opens: %v", err)
	}
	back := must[string](t)(desk.MoveBack(ctx, s.config(desk.Draft)))
	if back != s.dir || desk.Settled(s.home, s.dir) != s.dir {
		t.Errorf("back to %s, found at %s", back, desk.Settled(s.home, s.dir))
	}
	if note := must[[]string](t)(filepath.Glob(filepath.Join(s.dir, "*MOVED.txt"))); len(note) != 0 {
		t.Error("the note is there still")
	}
	d = s.opened(t)
	if len(d.Revocable()) != 0 {
		t.Error(d.Revocable())
	}
	_ = d.Close()
	if left := must[[]string](t)(filepath.Glob(own + ".left-*")); len(left) != 1 {
		t.Error("the newer folder is gone:", left)
	}
	if _, err := desk.MoveBack(ctx, s.config(desk.Draft)); err == nil {
		t.Error("moved back twice")
	}
	// Once more: the way is free again.
	if to := must[string](t)(desk.MoveData(ctx, s.config(desk.Draft))); to != own {
		t.Error("moved to", to)
	}
	s.opened(t)
}

// A folder that holds something is never taken, the one in use neither.
func TestMoveBesideData(t *testing.T) {
	s, ctx := newStation(t), context.Background()
	own := filepath.Join(s.home, "counterfoil")
	mine := filepath.Join(own, localdb.FileName)
	if err := errors.Join(os.Mkdir(own, 0o700), os.WriteFile(mine, []byte("somebody's"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if to := must[string](t)(desk.MoveData(ctx, s.config(desk.Draft))); to != own+"-2" {
		t.Error("moved to", to)
	}
	if raw := must[[]byte](t)(os.ReadFile(mine)); string(raw) != "somebody's" {
		t.Error("written over")
	}
	s.opened(t).Close()
	if to := must[string](t)(desk.MoveData(ctx, s.config(desk.Draft))); to != own+"-3" {
		t.Error("moved on to", to)
	}
	s.opened(t)
}

// Nothing is moved under somebody who has it open.
func TestMoveHeld(t *testing.T) {
	s, ctx := newStation(t), context.Background()
	for use, code := range map[desk.Use]string{desk.Window: "open_already", desk.Sync: "sync_busy", desk.Draft: "localdb_locked"} {
		d := must[*desk.Desk](t)(desk.Open(ctx, s.config(use)))
		_, err := desk.MoveData(ctx, s.config(desk.Draft))
		var b *books.Error
		if !errors.As(err, &b) || b.Code != code {
			t.Errorf("%v", err)
		}
		_ = d.Close()
	}
	if entries := must[[]os.DirEntry](t)(os.ReadDir(s.home)); len(entries) != 0 {
		t.Error("left behind:", entries)
	}
	s.opened(t)
}

// The new folder is gone: that is told, and no empty desk stands in its place.
func TestMovedFolderGone(t *testing.T) {
	s, ctx := newStation(t), context.Background()
	to := must[string](t)(desk.MoveData(ctx, s.config(desk.Draft)))
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Open(ctx, s.config(desk.Draft)); !errors.Is(err, localdb.ErrGone) {
		t.Errorf("%v", err)
	}
}

// A process that is killed while it moves data, there or back, loses nothing: they open
// under the old name, every document is there, and the move can be done then.
// COUNTERFOIL_KILLS sets how often; COUNTERFOIL_SEED repeats a run.
func TestMoveKilled(t *testing.T) {
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_KILLS")); err == nil {
		kills = n
	}
	seed, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %d kills", seed, kills)
	random, ctx := rand.New(rand.NewPCG(seed, 0)), context.Background()
	s := newStation(t)
	states := map[string]int{}
	begun := time.Now()
	killed(t, s, "there", time.Minute) // for how long it takes here
	took := int64(time.Since(begun))
	for i := range kills {
		there := desk.Settled(s.home, s.dir) == s.dir
		role, move := "back", desk.MoveBack
		if there {
			role, move = "there", desk.MoveData
		}
		killed(t, s, role, time.Duration(random.Int64N(took)))
		d := s.opened(t)
		s.draft(t, d, fmt.Sprint("after kill ", i))
		_ = d.Close()
		if is := desk.Settled(s.home, s.dir) == s.dir; is == there {
			states[role+", not yet"]++
			if _, err := move(ctx, s.config(desk.Draft)); err != nil {
				t.Fatal(err)
			}
			_ = s.opened(t).Close()
		} else {
			states[role+", done"]++
		}
		if left := must[[]string](t)(filepath.Glob(filepath.Join(s.home, "*.moving"))); len(left) > 0 && desk.Settled(s.home, s.dir) != s.dir {
			t.Error("left behind:", left)
		}
	}
	t.Log(states)
}

func killed(t *testing.T, s *station, role string, after time.Duration) {
	t.Helper()
	self := must[string](t)(os.Executable())
	c := exec.Command(self)
	c.Env = append(os.Environ(), "COUNTERFOIL_CHILD="+role, "COUNTERFOIL_FOLDER="+s.dir, "COUNTERFOIL_HOME="+s.home)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if lines.Scan() {
		timer := time.AfterFunc(after, func() { _ = c.Process.Kill() })
		defer timer.Stop()
	}
	for lines.Scan() {
		t.Error(role, "says:", lines.Text())
	}
	_ = c.Wait() // killed: mostly an error
}
