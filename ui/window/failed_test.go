//go:build !race

package window

import (
	"context"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"counterfoil/app/books"
	"counterfoil/app/locale"
	"counterfoil/localdb"
	"counterfoil/sync/desk"
	"counterfoil/sync/fault"
)

// A desk whose data do not open is restored from the window that says so.
func TestFailureRestores(t *testing.T) {
	test.NewApp()
	ctx := context.Background()
	o := Options{Folder: desk.Folder{Dir: t.TempDir()}, Keyring: "memory", Version: "test"}
	d, err := desk.Open(ctx, o.config())
	if err != nil {
		t.Fatal(err)
	}
	v := sample()
	v.ID, v.Reference = "", ""
	if _, _, err := d.Books.Draft(ctx, v); err != nil {
		t.Fatal(err)
	}
	if _, err := d.BackUp(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(o.Dir, localdb.FileName), 0); err != nil {
		t.Fatal(err)
	}
	_, err = openSession(ctx, o)
	if err == nil {
		t.Fatal("an emptied file opens")
	}
	words, lerr := locale.New("zh")
	if lerr != nil {
		t.Fatal(lerr)
	}
	l := make(loop, 16)
	f := newFailure(o, words, err, func(g func()) { l <- g })
	started, ended := false, false
	f.start, f.end = func() error { started = true; return nil }, func() { ended = true }
	if f.content(color.Black) == nil || f.restore.Visible() {
		t.Fatal("a restore is offered before it is known what is wrong")
	}
	f.look()
	l.until(t, "the finding", func() bool { return f.found.Visible() && f.restore.Visible() })
	row, _ := fault.Lookup(fault.ID(strings.Fields(f.text)[1][:3]))
	if f.head.Text != words.T("start.failed.why", row.Title.ZH) || f.what.Text != row.Say("zh", nil) || !strings.Contains(f.found.Text, "2. "+row.Steps[1].ZH) {
		t.Errorf("it says %q, %q, %q", f.head.Text, f.what.Text, f.found.Text)
	}
	copied := ""
	f.copy = func(s string) { copied = s }
	if test.Tap(f.report); !strings.Contains(copied, string(row.ID)) || !strings.Contains(copied, row.Title.ZH) {
		t.Errorf("copied is %q", copied)
	}
	test.Tap(f.restore)
	l.until(t, "the preview", func() bool { return f.asked })
	if info, err := os.Stat(filepath.Join(o.Dir, localdb.FileName)); err != nil || info.Size() != 0 {
		t.Fatal("a preview restored")
	}
	test.Tap(f.restore)
	l.until(t, "the restore", func() bool { return ended })
	if !started {
		t.Error("the program is not started again")
	}
	s, err := openSession(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if c, err := s.d.Store.Counts(ctx, books.Filter{}); err != nil || c.All != 1 {
		t.Errorf("%+v %v", c, err)
	}
}
