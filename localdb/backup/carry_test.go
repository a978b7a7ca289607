package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"counterfoil/app/books"
	"counterfoil/localdb"
)

func (w worked) carriage(to string) Carriage {
	return Carriage{From: w.Data, To: to, Now: w.Now, NewID: func() string { return "device of the copy" }, Free: w.Free}
}

// tree is every file under a folder with what it holds.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		out[path], _, err = sum(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A copy of a folder holds every document, typed text, conflict and operation, and the
// backups; the folder itself stays as it was to the byte.
func TestCarry(t *testing.T) {
	t.Parallel()
	w := work(t)
	if err := errors.Join(os.MkdirAll(filepath.Join(w.Data, "keyring"), 0o700), os.WriteFile(filepath.Join(w.Data, "keyring", "keyring.json"), []byte("sealed"), 0o600),
		os.WriteFile(filepath.Join(w.Data, "holiday.jpg"), []byte("not ours"), 0o600)); err != nil {
		t.Fatal(err)
	}
	before := tree(t, w.Data)
	to := filepath.Join(t.TempDir(), "new")
	held, err := Carry(context.Background(), w.carriage(to))
	if err != nil {
		t.Fatal(err)
	}
	if after := tree(t, w.Data); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the folder has changed: %v\n%v", before, after)
	}
	if held.Device != "device of the copy" {
		t.Errorf("the copy is device %q", held.Device)
	}
	d := Shelf{Data: to, Now: w.Now}.open(t)
	if diff := differ(state(t, d), w.after); len(diff) > 0 {
		t.Errorf("%d documents are not as they were: %s", len(diff), diff[0])
	}
	if raw, err := os.ReadFile(filepath.Join(to, "keyring", "keyring.json")); err != nil || string(raw) != "sealed" {
		t.Errorf("keyring %q %v", raw, err)
	}
	if _, err := os.Stat(filepath.Join(to, "holiday.jpg")); err == nil {
		t.Error("a file of somebody else was carried along")
	}
	all, err := Shelf{Data: to}.List()
	if err != nil || len(all) != 1 {
		t.Fatalf("backups %v %v", all, err)
	}
	if _, err := all[0].Verify(context.Background()); err != nil {
		t.Error(err)
	}
}

// What is only in the log comes along: of a program that was killed.
func TestCarryLog(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	d := s.open(t)
	r := fill(t, d)
	r.draft(200, "only in the log")
	want := state(t, d)
	dead := t.TempDir() // the files as a kill leaves them
	for _, end := range []string{"", "-wal"} {
		if err := copied(filepath.Join(s.Data, localdb.FileName+end), filepath.Join(dead, localdb.FileName+end)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dead, localdb.FileName+"-wal")); err != nil || info.Size() == 0 {
		t.Fatal("there is no log", err)
	}
	w := worked{Shelf: s}
	w.Data = dead
	to := filepath.Join(t.TempDir(), "new")
	if _, err := Carry(context.Background(), w.carriage(to)); err != nil {
		t.Fatal(err)
	}
	if diff := differ(state(t, Shelf{Data: to, Now: s.Now}.open(t)), want); len(diff) > 0 {
		t.Errorf("%d documents are not as they were: %s", len(diff), diff[0])
	}
}

// What cannot be carried whole is not carried, and nothing stays of the attempt.
func TestCarryRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w *worked) error
		is    error
		code  string
	}{
		"damaged": {func(w *worked) error {
			raw, err := os.ReadFile(w.file)
			if err == nil {
				clear(raw[8192:16384])
				err = os.WriteFile(w.file, raw, 0o600)
			}
			return err
		}, localdb.ErrCorrupt, ""},
		"empty": {func(w *worked) error { return os.Truncate(w.file, 0) }, localdb.ErrEmptied, ""},
		"gone":  {func(w *worked) error { return os.Remove(w.file) }, localdb.ErrGone, ""},
		"a folder": {func(w *worked) error {
			return errors.Join(os.Remove(w.file), os.Mkdir(w.file, 0o700))
		}, localdb.ErrReadOnly, ""},
		"no room": {func(w *worked) error {
			w.Free = func(string) (uint64, error) { return reserve, nil }
			return nil
		}, nil, "copy_space"},
		"taken": {func(*worked) error { return nil }, os.ErrExist, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := work(t)
			if err := c.spoil(&w); err != nil {
				t.Fatal(err)
			}
			before, to := tree(t, w.Data), filepath.Join(t.TempDir(), "new")
			if name == "taken" {
				if err := errors.Join(os.Mkdir(to, 0o700), os.WriteFile(filepath.Join(to, "mine"), []byte("x"), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Carry(context.Background(), w.carriage(to))
			var b *books.Error
			if err == nil || c.is != nil && !errors.Is(err, c.is) || c.code != "" && (!errors.As(err, &b) || b.Code != c.code) {
				t.Errorf("%v", err)
			}
			if after := tree(t, w.Data); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Error("the folder has changed")
			}
			_, err = os.Stat(to)
			if name == "taken" {
				_, err = os.Stat(filepath.Join(to, "mine"))
			}
			if (err == nil) != (name == "taken") {
				t.Error("what is there afterwards:", err)
			}
		})
	}
}

// Without room for the backups the data are carried alone.
func TestCarryLight(t *testing.T) {
	t.Parallel()
	w := work(t)
	size, err := sizeOf(w.file)
	if err != nil {
		t.Fatal(err)
	}
	w.Free = func(string) (uint64, error) { return uint64(reserve + 2*size + 1<<10), nil } //nolint:gosec // small
	to := filepath.Join(t.TempDir(), "new")
	if _, err := Carry(context.Background(), w.carriage(to)); err != nil {
		t.Fatal(err)
	}
	if all, err := (Shelf{Data: to}).List(); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
}
