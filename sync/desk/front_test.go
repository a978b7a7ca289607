package desk_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/sync/cure"
	"counterfoil/sync/desk"
)

// The second instance brings the window that has the folder to the front, also in a
// folder whose path is too long for a socket, and after a window that ended badly.
func TestBringToFront(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	ctx := context.Background()
	for name, dir := range map[string]string{"short": "desk", "long": filepath.Join(strings.Repeat("a long name ", 8), "desk")} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), dir)
			if err := desk.BringToFront(ctx, dir); !errors.Is(err, desk.ErrNoWindow) {
				t.Fatal("there is no window yet:", err)
			}
			d := seatAt(t, dir, "", memoryKeys(), nil)
			raised := make(chan struct{}, 9)
			d.Fronted(func() { raised <- struct{}{} })
			_, err := desk.Open(ctx, desk.Config{Dir: dir, Use: desk.Window, Keys: memoryKeys()})
			var b *books.Error
			if !errors.As(err, &b) || b.Code != "open_already" {
				t.Fatalf("opened twice: %v", err)
			}
			if err := desk.BringToFront(ctx, dir); err != nil {
				t.Fatal(err)
			}
			<-raised
			// The cure of the fault does the same, for a program without a window.
			second := must[*desk.Desk](t)(desk.Open(ctx, desk.Config{Dir: dir, Keys: memoryKeys()}))
			defer second.Close()
			found(second, "K13")
			if out, err := second.Fix(ctx, cure.FocusWindow, true); err != nil || !out.Helped {
				t.Fatalf("%+v %v", out, err)
			}
			<-raised
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if err := desk.BringToFront(ctx, dir); !errors.Is(err, desk.ErrNoWindow) {
				t.Fatal("the window is closed:", err)
			}
		})
	}
}
