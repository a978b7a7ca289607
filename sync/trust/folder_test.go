package trust

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestMovedFolder moves and copies a data folder with a keyring of its own, kept by
// this version and by one that named the items by the path.
func TestMovedFolder(t *testing.T) {
	t.Setenv("COUNTERFOIL_PASSPHRASE", "p")
	ctx := t.Context()
	for _, older := range []bool{false, true} {
		old := filepath.Join(t.TempDir(), "old")
		s := Of(old, "file")
		if older {
			s = &Store{Keyring: FileKeyring(filepath.Join(old, "keyring"), Passphrase), Profile: ProfileOf(old)}
		}
		b := bundle(t, 1)
		if err := s.Save(ctx, b); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveToken(ctx, "https://a", "secret"); err != nil {
			t.Fatal(err)
		}
		moved := filepath.Join(t.TempDir(), "new")
		if err := os.CopyFS(moved, os.DirFS(old)); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{old, moved} {
			s := Of(dir, "file")
			got, err := s.Load(ctx)
			if err != nil || got.Whole() != b.Whole() {
				t.Fatalf("older %v, %s: %v", older, dir, err)
			}
			if _, token, err := s.LoadToken(ctx); err != nil || token != "secret" {
				t.Errorf("older %v: token %q, %v", older, token, err)
			}
			if err := s.ForgetToken(ctx); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Of(dir, "file").LoadToken(ctx); err == nil {
				t.Errorf("older %v: a token that was removed came back", older)
			}
			if err := s.Save(ctx, b); err != nil {
				t.Fatal(err)
			}
			if _, err := Of(dir, "file").Load(ctx); err != nil {
				t.Errorf("older %v: %v", older, err)
			}
		}
	}
}

// A keyring file that is no file is damaged; nothing waits for it.
func TestKeyringNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "keyring", "keyring.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Of(dir, "file").Load(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
}
