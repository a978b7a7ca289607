package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/localdb"
)

func TestMake(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	d := s.open(t)
	fill(t, d)
	b, err := s.Make(context.Background(), d, ByHand)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.List()
	if err != nil || len(all) != 1 || all[0].Path != b.Path || all[0].SHA256 != b.SHA256 || all[0].Contents.Invoices != 71 || all[0].Contents.Records != 10 {
		t.Fatalf("%+v %v", all, err)
	}
	if info, err := os.Stat(b.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v %v", info.Mode(), err)
	}
	if c, err := all[0].Verify(context.Background()); err != nil || c != b.Contents {
		t.Errorf("%+v %v", c, err)
	}
	f, err := os.OpenFile(b.Path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt([]byte{0xff}, b.Size/3)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Verify(context.Background()); !errors.Is(err, localdb.ErrCorrupt) {
		t.Errorf("one byte is another and it counts as whole: %v", err)
	}
}

// A full disk gets no backup, and a damaged file none that would push a whole one out.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	d := s.open(t)
	fill(t, d)
	if _, err := s.Make(context.Background(), d, ByHand); err != nil {
		t.Fatal(err)
	}
	full := s
	full.Free = func(string) (uint64, error) { return 100 << 20, nil }
	var be *books.Error
	if _, err := full.Make(context.Background(), d, ByClock); !errors.As(err, &be) || be.Code != "backup_space" {
		t.Errorf("a full disk: %v", err)
	}
	d.Close()
	file := filepath.Join(s.Data, localdb.FileName)
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := f.Stat()
	for at := int64(40 * 4096); at < info.Size()-4096; at += 8 * 4096 {
		if _, err := f.WriteAt(make([]byte, 4096), at); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	d = s.open(t)
	for range 3 {
		if _, err := s.Make(context.Background(), d, ByClock); !errors.Is(err, localdb.ErrCorrupt) {
			t.Errorf("a damaged file: %v", err)
		}
	}
	files, err := os.ReadDir(s.Dir())
	if err != nil || len(files) != 2 {
		t.Errorf("%v %v", files, err)
	}
}

func TestKeep(t *testing.T) {
	var all []Backup
	for hour := range 24 * 60 { // one an hour for two months
		all = append(all, Backup{Made: day0.Add(-time.Duration(hour) * time.Hour), Size: 1 << 20})
	}
	count := func(limit int64) (n int, oldest time.Duration) {
		for i, ok := range keep(all, limit) {
			if ok {
				n++
				oldest = day0.Sub(all[i].Made)
			}
		}
		return n, oldest
	}
	if n, oldest := count(budget); n < newest+daily-1 || n > newest+daily+weekly || oldest < 14*24*time.Hour {
		t.Errorf("%d kept, the oldest of %v", n, oldest)
	}
	if n, _ := count(0); n != always {
		t.Errorf("without room %d are kept", n)
	}
	if n, _ := count(3 << 20); n != 3 {
		t.Errorf("with room for three %d are kept", n)
	}
}

// Many backups leave those that are kept and nothing else; what an interrupted one
// left goes once it is old.
func TestTidy(t *testing.T) {
	t.Parallel()
	s := shelf(t)
	d := s.open(t)
	rig{t, d}.draft(1, "one")
	for range 8 {
		if _, err := s.Make(context.Background(), d, ByClock); err != nil {
			t.Fatal(err)
		}
	}
	left := filepath.Join(s.Dir(), prefix+"20260101T000000Z.db"+partOf)
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(left, day0.AddDate(0, 0, -9), day0.AddDate(0, 0, -9)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Make(context.Background(), d, ByClock); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(s.Dir())
	if err != nil || len(files) != 2*newest {
		t.Errorf("%d files: %v %v", len(files), files, err)
	}
	to := filepath.Join(t.TempDir(), "outside.db")
	if _, err := s.Write(context.Background(), d, to); err != nil {
		t.Fatal(err)
	}
	var be *books.Error
	if _, err := s.Write(context.Background(), d, to); !errors.As(err, &be) || be.Code != "backup_exists" {
		t.Errorf("written over: %v", err)
	}
}
