package localdb

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"counterfoil/app/books"
)

// troubleCode is that of the trouble which an error is; "" for none.
func troubleCode(err error) string {
	if t := troubleOf(err); err != nil && t != nil {
		return t.code
	}
	return ""
}

// wantTrouble checks sentinel, code and that a person is told what to do.
func wantTrouble(t *testing.T, err, is error, code string) {
	t.Helper()
	var be *books.Error
	if !errors.Is(err, is) || !errors.As(err, &be) || be.Hint == "" || be.Code != code {
		t.Fatalf("got %q (%v), want %v as %s", troubleCode(err), err, is, code)
	}
}

// closedFile makes a data file with one draft.
func closedFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "counterfoil.db")
	d := openAt(t, path)
	v, _ := sample(1, 2)
	mustSave(t, d, v, 0, books.Put)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func reopen(path string) error {
	d, err := Open(context.Background(), path, Options{Busy: 50 * time.Millisecond})
	if err == nil {
		err = d.Check(context.Background())
		d.Close()
	}
	return err
}

// raw changes a closed file behind our back.
func raw(t *testing.T, path, script string) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path, time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(script); err != nil {
		t.Fatal(err)
	}
}

func TestNewerFile(t *testing.T) {
	path := closedFile(t)
	raw(t, path, `PRAGMA user_version = 999`)
	wantTrouble(t, reopen(path), ErrNewer, "localdb_newer")
}

func TestSchemaBelowNothing(t *testing.T) {
	path := closedFile(t)
	raw(t, path, `PRAGMA user_version = -1`)
	wantTrouble(t, reopen(path), ErrCorrupt, "localdb_corrupt")
	if _, err := Prove(context.Background(), path); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// What is no file is not waited for, and not taken for an emptied one.
func TestNoFile(t *testing.T) {
	path := closedFile(t)
	if err := errors.Join(os.Remove(path), makePipe(path)); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this system has no pipes among its files")
	} else if err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, reopen(path), ErrReadOnly, "localdb_read_only")
}

func TestForeignFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	raw(t, path, `CREATE TABLE other (x)`)
	wantTrouble(t, reopen(path), ErrCorrupt, "localdb_corrupt")
}

func TestEmptied(t *testing.T) {
	path := closedFile(t)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, reopen(path), ErrEmptied, "localdb_emptied")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantTrouble(t, reopen(path), ErrGone, "localdb_gone")
	raw(t, path, `PRAGMA user_version = 0`)
	raw(t, path, `CREATE TABLE x (y); DROP TABLE x`) // a new file in its place
	wantTrouble(t, reopen(path), ErrEmptied, "localdb_emptied")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + ".mark"); err != nil { // starting anew on purpose
		t.Fatal(err)
	}
	if err := reopen(path); err != nil {
		t.Fatal(err)
	}
	raw(t, path, `DELETE FROM marker`)
	wantTrouble(t, reopen(path), ErrEmptied, "localdb_emptied")
}

func TestCorrupt(t *testing.T) {
	for name, at := range map[string]int64{"first page": 0, "a later page": 3 * 4096} {
		t.Run(name, func(t *testing.T) {
			path := closedFile(t)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteAt([]byte(strings.Repeat("\xa5", 4096)), at); err != nil {
				t.Fatal(err)
			}
			f.Close()
			wantTrouble(t, reopen(path), ErrCorrupt, "localdb_corrupt")
		})
	}
}

func TestLocked(t *testing.T) {
	path := closedFile(t)
	c := childCommand(t, "hold", path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer in.Close()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("%q %v", line, err)
	}
	d, err := Open(context.Background(), path, Options{Busy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	v, _ := sample(2, 1)
	_, err = d.SaveInvoice(context.Background(), v, 0, books.Put, books.HistoryEntry{})
	wantTrouble(t, err, ErrLocked, "localdb_locked")
	if _, err := d.Invoice(context.Background(), v.ID); !errors.Is(err, books.ErrNotFound) {
		t.Fatalf("reading must go on: %v", err)
	}
	wantTrouble(t, d.Check(context.Background()), ErrLocked, "localdb_locked")
	fmt.Fprintln(in)
	_ = c.Wait()
	if err := d.Check(context.Background()); err != nil {
		t.Fatal(err)
	}
	mustSave(t, d, v, 0, books.Put)
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk to fill: mount: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	d, err := Open(context.Background(), filepath.Join(dir, "full.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 300<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	saved := 0
	for ; err == nil; saved++ {
		v, _ := sample(saved, 5)
		_, err = d.SaveInvoice(context.Background(), v, 0, books.Put, books.HistoryEntry{Event: "drafted"})
	}
	saved--
	wantTrouble(t, err, ErrFull, "localdb_full")
	c, err := d.Counts(context.Background(), books.Filter{})
	if err != nil || c.All != saved || c.Unsynced != saved || saved == 0 {
		t.Fatalf("%d saves returned, %+v %v", saved, c, err)
	}
	if err := d.IntegrityCheck(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	v, _ := sample(saved, 5)
	mustSave(t, d, v, 0, books.Put)
}

func TestReadOnly(t *testing.T) {
	if err := reopen(filepath.Join(t.TempDir(), "no such folder", "x.db")); troubleCode(err) != "localdb_read_only" {
		t.Fatal(err)
	}
	path := closedFile(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Skip("root may write anything: permission of the file not tried")
	}
	wantTrouble(t, reopen(path), ErrReadOnly, "localdb_read_only")
}

// TestMigration takes a later step on an existing file: copied first, applied
// once, whole or not at all.
func TestMigration(t *testing.T) {
	scripts, err := migrations()
	if err != nil || len(scripts) == 0 {
		t.Fatal(err)
	}
	path, ctx := closedFile(t), context.Background()
	db, err := sql.Open("sqlite", uri(path, time.Second)+"&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d := &DB{path: path, write: db, now: time.Now}
	count := func(db *sql.DB, query string) (n int) {
		t.Helper()
		if err := db.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	broken := append(scripts[:len(scripts):len(scripts)], `CREATE TABLE later (x); INSERT INTO nowhere VALUES (1);`)
	if err := d.migrate(ctx, broken); err == nil {
		t.Fatal("a broken step passed")
	}
	if n := count(db, `SELECT count(*) FROM sqlite_master WHERE name = 'later'`); n != 0 {
		t.Fatal("half a step stayed")
	}
	good := append(scripts[:len(scripts):len(scripts)], `CREATE TABLE later (x); INSERT INTO later VALUES (1);`)
	for range 2 {
		if err := d.migrate(ctx, good); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(db, `SELECT count(*) FROM later`); n != 1 || count(db, `PRAGMA user_version`) != len(good) {
		t.Fatal("the step was not applied once", n)
	}
	kept, err := sql.Open("sqlite", uri(fmt.Sprintf("%s.before-%d", path, len(good)), time.Second)+"&mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if count(kept, `PRAGMA user_version`) != len(scripts) || count(kept, `SELECT count(*) FROM invoice`) != 1 {
		t.Fatal("the copy is not the file as it was")
	}
	wantTrouble(t, reopen(path), ErrNewer, "localdb_newer") // by a program without the later step
}

func TestTroubleOfRaw(t *testing.T) {
	for err, want := range map[error]string{
		nil: "", errors.New("x"): "", syscall.ENOSPC: "localdb_full", fs.ErrPermission: "localdb_read_only", fmt.Errorf("a: %w", ErrNewer): "localdb_newer",
	} {
		if got := troubleCode(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
