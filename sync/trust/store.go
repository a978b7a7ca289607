package trust

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"regexp"
	"strings"

	"counterfoil/sync/disk"
)

// partSize keeps an item below 2,560 bytes on Windows, where the text is counted
// as it is, and below 4,096 of command line on macOS, which encodes it again.
const partSize = 2000

// Store keeps a bundle and a token in a keyring, apart for each profile.
type Store struct {
	Keyring Keyring
	Profile string // names the data folder; ProfileOf gives it
}

// Of is the store of a data folder in a keyring of one of the kinds that a person
// may choose: "os", "file" or "memory".
func Of(dir, kind string) *Store {
	switch kind {
	case "file":
		return &Store{Keyring: folderKeyring(dir), Profile: inFolder}
	case "memory":
		return &Store{Keyring: Memory(), Profile: ProfileOf(dir)}
	}
	return &Store{Keyring: OS(), Profile: ProfileOf(dir)}
}

// ProfileFile holds, in a data folder that was moved, what ProfileOf named it before: its
// items in the keyring stay where they are.
const ProfileFile = "profile"

var profile = regexp.MustCompile(`^[0-9a-f]{12}$`)

// ProfileOf names a data folder, so that two folders of one user do not share.
func ProfileOf(dir string) string {
	raw, err := disk.Read(filepath.Join(dir, ProfileFile), 64)
	if kept := strings.TrimSpace(string(raw)); err == nil && profile.MatchString(kept) {
		return kept
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:6])
}

// header is written last: it names the parts that belong together.
type header struct {
	Version    int    `json:"v"`
	Generation int    `json:"g"` // drawn anew each time, so that two programs never share parts
	Parts      int    `json:"n"`
	Hash       string `json:"h"` // hex SHA-256 of the joined text
}

func (s *Store) headName() string { return "ca." + s.Profile }

func (s *Store) partName(generation, i int) string {
	return fmt.Sprintf("ca.%s.%d.%d", s.Profile, generation, i)
}

func (s *Store) header(ctx context.Context) (header, error) {
	raw, err := s.Keyring.Get(ctx, s.headName())
	if err != nil {
		return header{}, err
	}
	var h header
	if json.Unmarshal([]byte(raw), &h) != nil || h.Version != 1 || h.Parts < 1 || h.Parts > 1024 {
		return header{}, ErrDamaged
	}
	return h, nil
}

// Save keeps the bundle: new parts first, then the header, then the old parts are
// removed. Interrupted anywhere, the old or the new bundle is whole.
func (s *Store) Save(ctx context.Context, b *Bundle) error {
	old, err := s.header(ctx)
	had := err == nil
	if err != nil && !errors.Is(err, ErrMissing) && !errors.Is(err, ErrDamaged) {
		return err
	}
	var joined []byte
	for _, c := range b.Certs {
		joined = fmt.Appendf(joined, "%s\n", base64.StdEncoding.EncodeToString(c.Raw))
	}
	sum := sha256.Sum256(joined)
	g, err := rand.Int(rand.Reader, big.NewInt(1<<40))
	if err != nil {
		return err
	}
	h := header{Version: 1, Generation: int(g.Int64()) + 1, Hash: hex.EncodeToString(sum[:])}
	if h.Parts, err = s.put(ctx, h.Generation, joined); err != nil {
		return err
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := s.Keyring.Set(ctx, s.headName(), string(raw)); err != nil {
		return err
	}
	if _, err := s.Load(ctx); err != nil {
		return fmt.Errorf("read back what was kept: %w", err)
	}
	if had {
		for i := 0; i < old.Parts; i++ {
			// A part left behind takes room and does no harm.
			_ = s.Keyring.Delete(ctx, s.partName(old.Generation, i))
		}
	}
	return nil
}

// Load reads the bundle and verifies it whole. ErrMissing, ErrDamaged, or what
// is wrong with the keyring.
func (s *Store) Load(ctx context.Context) (*Bundle, error) {
	h, err := s.header(ctx)
	for err == nil {
		b, bad := s.parts(ctx, h)
		if !errors.Is(bad, ErrDamaged) {
			return b, bad
		}
		// Another program may have replaced it meanwhile.
		again, err := s.header(ctx)
		if err != nil || again == h {
			return nil, cmp.Or(err, bad)
		}
		h = again
	}
	return nil, err
}

func (s *Store) parts(ctx context.Context, h header) (*Bundle, error) {
	var joined strings.Builder
	for i := 0; i < h.Parts; i++ {
		part, err := s.Keyring.Get(ctx, s.partName(h.Generation, i))
		if errors.Is(err, ErrMissing) {
			return nil, ErrDamaged
		}
		if err != nil {
			return nil, err
		}
		joined.WriteString(part)
	}
	if sum := sha256.Sum256([]byte(joined.String())); hex.EncodeToString(sum[:]) != h.Hash {
		return nil, ErrDamaged
	}
	var text strings.Builder
	for _, l := range strings.Split(strings.TrimSpace(joined.String()), "\n") {
		text.WriteString("-----BEGIN CERTIFICATE-----\n" + l + "\n-----END CERTIFICATE-----\n")
	}
	b, err := ParseBundle([]byte(text.String()))
	if err != nil {
		return nil, ErrDamaged
	}
	return b, nil
}

// Forget removes the bundle; what it held stays nowhere.
func (s *Store) Forget(ctx context.Context) error {
	h, err := s.header(ctx)
	if err == nil {
		for i := 0; i < h.Parts; i++ {
			if err := s.Keyring.Delete(ctx, s.partName(h.Generation, i)); err != nil {
				return err
			}
		}
	}
	return s.Keyring.Delete(ctx, s.headName())
}

// SaveToken keeps the access token with the address (https://host:port) it is for.
func (s *Store) SaveToken(ctx context.Context, address, token string) error {
	return s.Keyring.Set(ctx, "token."+s.Profile, address+" "+token)
}

// ForgetToken removes the access token; it is no error when there is none.
func (s *Store) ForgetToken(ctx context.Context) error {
	return s.Keyring.Delete(ctx, "token."+s.Profile)
}

// LoadToken returns the access token and the address it is for, which is empty
// for one that an older version kept. ErrMissing when there is none.
func (s *Store) LoadToken(ctx context.Context) (address, token string, err error) {
	kept, err := s.Keyring.Get(ctx, "token."+s.Profile)
	if err != nil {
		return "", "", err
	}
	address, token, ok := strings.Cut(kept, " ")
	if !ok {
		return "", kept, nil
	}
	return address, token, nil
}
