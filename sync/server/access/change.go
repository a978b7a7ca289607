package access

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"counterfoil/sync/disk"
)

const head = "# Who may connect: sha256:HASH branch name, scope=company device=ID person=NAME roles=LIST from=NETWORKS starts=YYYY-MM-DD expires=YYYY-MM-DD.\n" +
	"# syncd token add, list, revoke, lock and unlock change this file; a change counts within a second.\n"

// Add makes a token of 256 bit, writes its hash into the file and returns the
// token, which is kept nowhere. The file is made when there is none.
func Add(file string, e Entry) (token string, err error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	e.Hash, e.Branch = Hash(token), strings.Join(strings.Fields(e.Branch), " ")
	if again, _, err := parse(e.String()); err != nil || !reflect.DeepEqual(again, e) {
		return "", errors.Join(fmt.Errorf("this cannot be written into a line of the file: %s", e), err)
	}
	return token, change(file, true, func(lines []string) ([]string, error) { return append(lines, e.String()), nil })
}

// Revoke takes the token back whose hash begins with prefix (6 digits or more)
// and returns it. It is an error when none or several do.
func Revoke(file, prefix, today string) (Entry, error) {
	return edit(file, prefix, func(e *Entry) { e.Revoked = cmp.Or(e.Revoked, today) })
}

// Lock keeps a token from being used, found as by Revoke, until Unlock.
func Lock(file, prefix, today string) (Entry, error) {
	return edit(file, prefix, func(e *Entry) { e.Locked = cmp.Or(e.Locked, today) })
}

// Unlock ends a Lock.
func Unlock(file, prefix string) (Entry, error) {
	return edit(file, prefix, func(e *Entry) { e.Locked = "" })
}

func edit(file, prefix string, do func(*Entry)) (Entry, error) {
	var out Entry
	prefix = strings.ToLower(strings.TrimPrefix(prefix, hashed))
	if len(prefix) < 6 {
		return out, errors.New("give at least 6 digits of the hash: syncd token list shows them")
	}
	err := change(file, false, func(lines []string) ([]string, error) {
		found := -1
		for i, line := range lines {
			if comment(line) {
				continue
			}
			e, _, err := parse(line)
			if err != nil {
				return nil, fmt.Errorf("%s line %d: %w", file, i+1, err)
			}
			if !strings.HasPrefix(e.Hash, prefix) {
				continue
			}
			if found >= 0 {
				return nil, errors.New("several tokens begin like this: give more digits")
			}
			found, out = i, e
		}
		if found < 0 {
			return nil, errNone
		}
		do(&out)
		lines[found] = out.String()
		return lines, nil
	})
	return out, err
}

// rewrite replaces tokens that are written out by their hashes.
func rewrite(file string) error {
	return change(file, false, func(lines []string) ([]string, error) { return lines, nil })
}

// change rewrites the file under a lock, with every token hashed.
func change(file string, create bool, f func(lines []string) ([]string, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	lock := flock.New(file+".lock", flock.SetPermissions(0o600))
	if held, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !held {
		return fmt.Errorf("another program is changing %s: %w", file, err)
	}
	defer func() { _ = lock.Unlock() }()
	b, err := disk.Read(file, maxFile)
	if errors.Is(err, fs.ErrNotExist) && create {
		b, err = []byte(head), nil
	}
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if lines, err = f(lines); err != nil {
		return err
	}
	for i, line := range lines {
		if comment(line) {
			continue
		}
		if e, plain, err := parse(line); err != nil {
			return fmt.Errorf("%s line %d: %w", file, i+1, err)
		} else if plain {
			lines[i] = e.String()
		}
	}
	return disk.Replace(file, []byte(strings.Join(lines, "\n")+"\n"))
}
