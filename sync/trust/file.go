package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/term"

	"counterfoil/app/books"
	"counterfoil/sync/disk"
)

// Cost of the passphrase: the second recommended set of RFC 9106.
const (
	argonTime   = 3
	argonMemory = 64 << 10 // KiB
	argonLanes  = 4
)

// largestFile caps the file, in bytes: it holds a few certificates.
const largestFile = 8 << 20

// lockFor is how long another program may hold the file.
const lockFor = 10 * time.Second

// fileKeyring is one encrypted file, for machines without a keyring.
type fileKeyring struct {
	path string
	ask  func() (string, error)
	was  string // the profile by which older versions kept what is now the folder's; "" keeps all names

	mu         sync.Mutex // guards below and the file
	passphrase string
	salt, key  []byte // the key derived last: deriving is slow on purpose
}

// sealed is the file: salt and nonce in the clear, items under the passphrase.
type sealed struct {
	Version int    `json:"version"`
	Salt    []byte `json:"salt"`
	Nonce   []byte `json:"nonce"`
	Box     []byte `json:"box"`
}

// FileKeyring keeps items in dir/keyring.json, encrypted with XChaCha20-Poly1305
// under an Argon2id key. passphrase is asked once.
func FileKeyring(dir string, passphrase func() (string, error)) Keyring {
	return &fileKeyring{path: keyringFile(dir), ask: passphrase}
}

func keyringFile(dir string) string { return filepath.Join(dir, "keyring.json") }

// Passphrase reads COUNTERFOIL_PASSPHRASE, else asks on the terminal.
func Passphrase() (string, error) {
	if p := os.Getenv("COUNTERFOIL_PASSPHRASE"); p != "" {
		return p, nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", &books.Error{Code: "passphrase_missing", Text: "the file keyring needs its passphrase", Hint: "set COUNTERFOIL_PASSPHRASE, or run in a terminal"}
	}
	fmt.Fprint(os.Stderr, "Passphrase of the file keyring: ")
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	if err == nil && len(b) == 0 {
		err = &books.Error{Code: "passphrase_missing", Text: "the passphrase is empty", Hint: "type at least one character"}
	}
	return string(b), err
}

func (k *fileKeyring) Kind() string { return "file" }

func (k *fileKeyring) Get(_ context.Context, name string) (string, error) {
	items, err := k.load()
	if err != nil {
		return "", err
	}
	v, ok := items[name]
	if !ok {
		return "", ErrMissing
	}
	return v, nil
}

func (k *fileKeyring) Set(ctx context.Context, name, value string) error {
	return k.change(ctx, func(items map[string]string) { items[name] = value })
}

func (k *fileKeyring) Delete(ctx context.Context, name string) error {
	return k.change(ctx, func(items map[string]string) { delete(items, name) })
}

func (k *fileKeyring) load() (map[string]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.read()
}

func (k *fileKeyring) read() (map[string]string, error) {
	raw, err := disk.Read(k.path, largestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return map[string]string{}, nil
	case errors.Is(err, disk.ErrNoFile), errors.Is(err, disk.ErrLarge):
		return nil, ErrDamaged
	}
	if err != nil {
		return nil, err
	}
	var s sealed
	if json.Unmarshal(raw, &s) != nil || s.Version != 1 || len(s.Nonce) != chacha20poly1305.NonceSizeX {
		return nil, ErrDamaged
	}
	box, err := k.cipher(s.Salt)
	if err != nil {
		return nil, err
	}
	plain, err := box.Open(nil, s.Nonce, s.Box, nil)
	if err != nil {
		k.passphrase, k.salt, k.key = "", nil, nil
		return nil, ErrPassphrase
	}
	items := map[string]string{}
	if err := json.Unmarshal(plain, &items); err != nil {
		return nil, ErrDamaged
	}
	if k.was != "" {
		items = ofFolder(items, k.was)
	}
	return items, nil
}

type aead interface {
	Seal(dst, nonce, plain, more []byte) []byte
	Open(dst, nonce, box, more []byte) ([]byte, error)
}

func (k *fileKeyring) cipher(salt []byte) (aead, error) {
	if k.passphrase == "" {
		p, err := k.ask()
		if err != nil {
			return nil, err
		}
		k.passphrase = p
	}
	if k.key == nil || !bytes.Equal(salt, k.salt) {
		k.key = argon2.IDKey([]byte(k.passphrase), salt, argonTime, argonMemory, argonLanes, chacha20poly1305.KeySize)
		k.salt = salt
	}
	return chacha20poly1305.NewX(k.key)
}

// change writes the whole file anew: read, changed and replaced under a lock, so
// that what two programs write at once is all kept.
func (k *fileKeyring) change(ctx context.Context, f func(map[string]string)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockFor)
	defer cancel()
	lock := flock.New(k.path+".lock", flock.SetPermissions(0o600))
	if held, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !held {
		return ErrHanging
	}
	defer func() { _ = lock.Unlock() }()
	items, err := k.read()
	if err != nil {
		return err
	}
	f(items)
	plain, err := json.Marshal(items)
	if err != nil {
		return err
	}
	// One salt a file: the nonce is long enough to be drawn anew each time.
	s := sealed{Version: 1, Salt: k.salt, Nonce: make([]byte, chacha20poly1305.NonceSizeX)}
	if s.Salt == nil {
		s.Salt = make([]byte, 16)
		if _, err := rand.Read(s.Salt); err != nil {
			return err
		}
	}
	if _, err := rand.Read(s.Nonce); err != nil {
		return err
	}
	box, err := k.cipher(s.Salt)
	if err != nil {
		return err
	}
	s.Box = box.Seal(nil, s.Nonce, plain, nil)
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return disk.Replace(k.path, raw)
}
