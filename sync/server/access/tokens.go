package access

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"counterfoil/sync/disk"
)

// maxFile is the size of a token file in bytes: some 10,000 tokens.
const maxFile = 1 << 20

// glance is how long a look at the file's state counts.
const glance = 250 * time.Millisecond

// Tokens are the tokens of a file, safe for concurrent use.
type Tokens struct {
	file, company string
	now           func() time.Time
	say           func(string)

	mu      sync.Mutex // guards all below
	entries map[string]Entry
	state   os.FileInfo // of the file when it was read
	looked  time.Time
	trouble string // said last
}

// Open reads the file and from then on follows its changes. Tokens written out in
// it are replaced by their hashes. say is told what an operator must know. A file
// that cannot be read, or holds a weak or no token, is an error that says the way out.
func Open(file, company string, now func() time.Time, say func(string)) (*Tokens, error) {
	t := &Tokens{file: file, company: company, now: now, say: say, looked: now()}
	if err := t.read(); err != nil {
		return nil, err
	}
	if len(t.entries) == 0 {
		return nil, fmt.Errorf("%s holds no token: make one with syncd token add --token-file %s --branch NAME", file, file)
	}
	return t, nil
}

// Access returns who a token speaks for: ErrUnknown, ErrExpired or ErrRevoked. It
// notices a change of the file within a second.
func (t *Tokens) Access(token string) (Principal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	// The hash is looked up, not the token: what the time of a look-up tells is no
	// beginning of a token.
	hash := Hash(token)
	e, ok := t.entries[hash]
	if now.Sub(t.looked).Abs() > glance || !ok && token != "" { // it may have been added just now
		t.looked = now
		t.follow()
		e, ok = t.entries[hash]
	}
	if !ok {
		return Principal{}, ErrUnknown
	}
	if err := e.check(now); err != nil {
		return Principal{}, err
	}
	p := e.Principal
	p.Company = t.company
	return p, nil
}

// Up reports whether the file can be read: while it cannot, what it said last
// counts, and nobody new is let in.
func (t *Tokens) Up() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.now(); now.Sub(t.looked).Abs() > glance {
		t.looked = now
		t.follow()
	}
	return t.trouble == ""
}

// follow reads the file again when it changed. A broken one changes nothing.
func (t *Tokens) follow() {
	info, err := os.Stat(t.file)
	if err == nil && t.state != nil && os.SameFile(info, t.state) && info.ModTime().Equal(t.state.ModTime()) && info.Size() == t.state.Size() {
		t.trouble = ""
		return
	}
	if err == nil {
		err = t.read()
	}
	trouble := ""
	if err != nil {
		trouble = err.Error()
	}
	if trouble != "" && trouble != t.trouble {
		t.say("the tokens stay as they were: " + trouble)
	}
	t.trouble = trouble
}

// read takes what the file says now.
func (t *Tokens) read() error {
	// The state first: what changes while it is read is then read again.
	info, err := os.Stat(t.file)
	if err != nil {
		return err
	}
	list, plain, err := readFile(t.file)
	if err != nil {
		return err
	}
	if plain {
		if err := rewrite(t.file); err != nil {
			t.say(fmt.Sprintf("%s holds tokens that anybody who reads it can use, and cannot be rewritten: %v", t.file, err))
		} else {
			t.say(t.file + " held tokens written out; now it holds their hashes")
			if info, err = os.Stat(t.file); err != nil {
				return err
			}
		}
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(t.file, 0o600); err != nil {
			t.say(fmt.Sprintf("%s can be read by others: %v", t.file, err))
		}
	}
	t.entries, t.state = map[string]Entry{}, info
	for _, e := range list {
		t.entries[e.Hash] = e
	}
	return nil
}

// List returns the tokens of a file in its order.
func List(file string) ([]Entry, error) {
	list, _, err := readFile(file)
	return list, err
}

// readFile returns the entries; plain reports that a token is written out.
func readFile(file string) (list []Entry, plain bool, err error) {
	b, err := disk.Read(file, maxFile)
	if err != nil {
		return nil, false, err
	}
	seen := map[string]int{}
	for i, line := range strings.Split(string(b), "\n") {
		if comment(line) {
			continue
		}
		e, p, err := parse(line)
		if first := seen[e.Hash]; err == nil && first > 0 {
			err = fmt.Errorf("the token stands in line %d already", first)
		}
		if err != nil {
			return nil, false, fmt.Errorf("%s line %d: %w", file, i+1, err)
		}
		seen[e.Hash] = i + 1
		list, plain = append(list, e), plain || p
	}
	return list, plain, nil
}

func comment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#")
}

// errNone says that no token fits.
var errNone = errors.New("no token begins like this: syncd token list shows them")
