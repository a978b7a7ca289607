package trust

import (
	"context"
	"errors"
)

// CanUnlock reports whether the keyring is the system's, which can be asked to open.
func (s *Store) CanUnlock() bool {
	_, ok := s.Keyring.(*osKeyring)
	return ok
}

// Unlock lets the system ask a person for the password of its keyring and waits for the
// answer. ErrLocked where the person refused, ErrHanging where ctx ended before,
// ErrUnavailable where there is nothing to unlock.
func (s *Store) Unlock(ctx context.Context) error {
	k, ok := s.Keyring.(*osKeyring)
	if !ok {
		return ErrUnavailable
	}
	return k.unlock(ctx)
}

// Split keeps the bundle anew, in parts as small as the keyring takes.
func (s *Store) Split(ctx context.Context) error {
	b, err := s.Load(ctx)
	if err != nil {
		return err
	}
	return s.Save(ctx, b)
}

// smallestPart is below what any keyring refuses, in bytes.
const smallestPart = 200

// put keeps the parts of a text under a generation and returns how many they are: as
// large as the keyring takes.
func (s *Store) put(ctx context.Context, generation int, text []byte) (parts int, err error) {
	for size := partSize; ; size /= 2 {
		parts, err = 0, nil
		for rest := text; len(rest) > 0 && err == nil; parts++ {
			n := min(size, len(rest))
			err = s.Keyring.Set(ctx, s.partName(generation, parts), string(rest[:n]))
			rest = rest[n:]
		}
		if !errors.Is(err, ErrTooBig) || size <= smallestPart {
			return parts, err
		}
	}
}
