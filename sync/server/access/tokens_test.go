package access

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const plain = "6Zr2xq0TqgC1n0bVdPZ5mA" // 22 characters, 128 bit

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A desk of one token file: its clock moves a second with each question.
type box struct {
	t    *testing.T
	file string
	now  time.Time
	said []string
}

func newBox(t *testing.T, content string) *box {
	b := &box{t: t, file: filepath.Join(t.TempDir(), "tokens"), now: noon}
	b.write(content)
	return b
}

func (b *box) write(content string) {
	b.t.Helper()
	if err := os.WriteFile(b.file, []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) clock() time.Time { b.now = b.now.Add(time.Second); return b.now }

func (b *box) open() (*Tokens, error) {
	return Open(b.file, "test", b.clock, func(s string) { b.said = append(b.said, s) })
}

func (b *box) must() *Tokens {
	b.t.Helper()
	t, err := b.open()
	if err != nil {
		b.t.Fatal(err)
	}
	return t
}

func TestPlainTokensAreHashed(t *testing.T) {
	b := newBox(t, "# the east\n"+plain+"  城东 branch\n\n")
	tokens := b.must()
	if p, err := tokens.Access(plain); err != nil || p.Branch != "城东 branch" || p.Whole || p.Company != "test" {
		t.Errorf("%+v %v", p, err)
	}
	raw, err := os.ReadFile(b.file)
	if err != nil || strings.Contains(string(raw), plain) || !strings.Contains(string(raw), "# the east\nsha256:"+Hash(plain)+" 城东 branch") {
		t.Errorf("%v\n%s", err, raw)
	}
	if info, err := os.Stat(b.file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if len(b.said) != 1 || !strings.Contains(b.said[0], "hashes") {
		t.Errorf("said %q", b.said)
	}
	// The hash is no token.
	if _, err := tokens.Access("sha256:" + Hash(plain)); !errors.Is(err, ErrUnknown) {
		t.Errorf("the hash lets in: %v", err)
	}
	if _, err := tokens.Access(Hash(plain)); !errors.Is(err, ErrUnknown) {
		t.Errorf("the hash lets in: %v", err)
	}
	if _, err := tokens.Access(""); !errors.Is(err, ErrUnknown) {
		t.Errorf("no token lets in: %v", err)
	}
}

func TestWeakTokensAreRefused(t *testing.T) {
	for _, token := range []string{"x", "secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0123456789abcdef01234567", "6Zr2xq0TqgC1n0bVdPZ5m", "p@ssw0rd-with-a-long-tail-of-it"} {
		b := newBox(t, plain+" good\n"+token+" bad\n")
		if _, err := b.open(); err == nil || !strings.Contains(err.Error(), "line 2") || !strings.Contains(err.Error(), "syncd token add") {
			t.Errorf("%q: %v", token, err)
		}
		if raw, _ := os.ReadFile(b.file); !strings.Contains(string(raw), token) {
			t.Errorf("%q: a refused file was changed:\n%s", token, raw)
		}
	}
	for _, token := range []string{plain, "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "00112233445566778899aabbccddeeff", "abcdefghijklmnopqrstuvwxyz_~."} {
		if !strong(token) {
			t.Errorf("%q is refused", token)
		}
	}
}

func TestLines(t *testing.T) {
	h := "sha256:" + Hash(plain)
	e, _, err := parse(h + " expires=2027-01-31 West side scope=company device=ab12 person=Li%20Qiang roles=catalog,other from=10.1.2.3/8,192.0.2.7 starts=2026-11-25 revoked=2026-12-01 locked=2026-12-02")
	from := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")}
	want := Entry{
		Principal: Principal{Branch: "West side", Device: "ab12", Person: "Li Qiang", Roles: []string{"catalog", "other"}, From: from, Whole: true},
		Hash:      Hash(plain), Starts: "2026-11-25", Expires: "2027-01-31", Revoked: "2026-12-01", Locked: "2026-12-02",
	}
	if err != nil || !reflect.DeepEqual(e, want) || !e.Has(Catalog) || e.Has("") {
		t.Errorf("%+v %v", e, err)
	}
	if again, _, err := parse(e.String()); err != nil || !reflect.DeepEqual(again, e) {
		t.Errorf("%q reads as %+v: %v", e, again, err)
	}
	for _, line := range []string{h, "sha256:12 x", "sha256:" + strings.Repeat("g", 64) + " x", h + " x expire=2027-01-31", h + " x expires=31.1.2027", h + " x scope=all", h + " x from=office", h + " x locked=now", h + " scope=company"} {
		if e, _, err := parse(line); err == nil {
			t.Errorf("%q is read as %+v", line, e)
		}
	}
	b := newBox(t, h+" a\n"+h+" b\n")
	if _, err := b.open(); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a token twice: %v", err)
	}
}

// Each state of a token has its own reason, the one that weighs most first.
func TestStates(t *testing.T) {
	for words, want := range map[string]error{
		"": nil, "starts=2026-11-24": nil, "starts=2026-11-25": ErrNotYet, "locked=2026-11-20": ErrLocked, "locked=2026-11-20 expires=2026-11-20": ErrLocked,
		"revoked=2026-11-20": ErrRevoked, "revoked=2026-11-20 device=ab": ErrDevice, "device=ab": nil,
	} {
		tokens := newBox(t, "sha256:"+Hash(plain)+" x "+words).must()
		if _, err := tokens.Access(plain); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", words, err, want)
		}
	}
}

// A token is locked and counts again; the file is followed.
func TestLock(t *testing.T) {
	b := newBox(t, "sha256:"+Hash(plain)+" x\n")
	tokens := b.must()
	for _, step := range []struct {
		do   func() (Entry, error)
		want error
	}{
		{func() (Entry, error) { return Lock(b.file, Hash(plain)[:8], "2026-11-24") }, ErrLocked},
		{func() (Entry, error) { return Unlock(b.file, Hash(plain)[:8]) }, nil},
	} {
		if _, err := step.do(); err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.Access(plain); !errors.Is(err, step.want) {
			t.Errorf("%v, want %v", err, step.want)
		}
	}
}

// A request comes from one of the networks of its token, or from anywhere where it has none.
func TestAllows(t *testing.T) {
	p := Principal{From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	for remote, want := range map[string]error{"10.9.9.9:1": nil, "[::ffff:10.9.9.9]:1": nil, "[2001:db8::1]:1": nil, "11.0.0.1:1": ErrAddress, "[2001:db9::1]:1": ErrAddress, "pipe": ErrAddress} {
		if err := p.Allows(remote); err != want {
			t.Errorf("%s: %v", remote, err)
		}
		if err := (Principal{}).Allows(remote); err != nil {
			t.Errorf("%s: %v", remote, err)
		}
	}
}

// While the file is gone the sign-in is down; what it said last counts.
func TestUp(t *testing.T) {
	b := newBox(t, "sha256:"+Hash(plain)+" x\n")
	tokens := b.must()
	if !tokens.Up() {
		t.Error("it is there")
	}
	if err := os.Rename(b.file, b.file+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Access(plain); tokens.Up() || err != nil {
		t.Errorf("it is gone: %v", err)
	}
	if err := os.Rename(b.file+".away", b.file); err != nil || !tokens.Up() {
		t.Errorf("it is back: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	h := "sha256:" + Hash(plain)
	for day, want := range map[string]error{"2026-11-23": ErrExpired, "2026-11-24": nil, "2026-11-25": nil} {
		tokens := newBox(t, h+" x expires="+day).must()
		if _, err := tokens.Access(plain); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", day, err, want)
		}
	}
}

// What is written into the file counts for a server that runs.
func TestChangesCountAtOnce(t *testing.T) {
	b := newBox(t, plain+" first\n")
	tokens := b.must()
	second, err := Add(b.file, Entry{Principal: Principal{Branch: "second", Whole: true, Person: "李 强"}})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := tokens.Access(second); err != nil || p.Branch != "second" || !p.Whole || p.Person != "李 强" {
		t.Errorf("%+v %v", p, err)
	}
	if e, err := Revoke(b.file, Hash(plain)[:8], "2026-11-24"); err != nil || e.Branch != "first" {
		t.Fatal(err)
	}
	if _, err := tokens.Access(plain); !errors.Is(err, ErrRevoked) {
		t.Errorf("a revoked token: %v", err)
	}
	if list, err := List(b.file); err != nil || len(list) != 2 || list[0].Revoked != "2026-11-24" {
		t.Errorf("%+v %v", list, err)
	}
	// A line taken out is nobody's.
	b.write("sha256:" + Hash(second) + " second\n")
	if _, err := tokens.Access(plain); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
	if p, err := tokens.Access(second); err != nil || p.Whole {
		t.Errorf("%+v %v", p, err)
	}
}

func TestBrokenFileKeepsTheLast(t *testing.T) {
	b := newBox(t, plain+" first\n")
	tokens := b.must()
	good, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	b.said = nil
	for i, broken := range []string{"nonsense\n", "# x\nweak x\n", strings.Repeat("#", maxFile+1)} {
		b.write(broken)
		for range 3 {
			if _, err := tokens.Access(plain); err != nil {
				t.Errorf("%.10q: %v", broken, err)
			}
		}
		if len(b.said) != i+1 {
			t.Fatalf("%.10q: said %q", broken, b.said)
		}
	}
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Access(plain); err != nil || len(b.said) != 4 {
		t.Errorf("%v, said %q", err, b.said)
	}
	b.write(string(good))
	second, err := Add(b.file, Entry{Principal: Principal{Branch: "second"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Access(second); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// Many add at once; none is lost.
func TestAddTogether(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if _, err := Add(file, Entry{Principal: Principal{Branch: fmt.Sprint("branch ", i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if list, err := List(file); err != nil || len(list) != 20 {
		t.Errorf("%d tokens: %v", len(list), err)
	}
	if _, err := Add(file, Entry{Principal: Principal{Branch: "two\nlines expires=2099-01-01"}}); err == nil {
		t.Error("a name made a line of its own")
	}
	if _, err := Revoke(file, "123", "2026-11-24"); err == nil {
		t.Error("three digits name a token")
	}
	if _, err := Revoke(file, "ffffffffffff", "2026-11-24"); !errors.Is(err, errNone) {
		t.Error(err)
	}
}

func TestGuesses(t *testing.T) {
	var g Guesses
	now := noon
	g.Note("10.0.0.1:1", "good", nil, now)
	for i := range maxWrong {
		if w := g.Wait("10.0.0.1:2", "x", now); w != 0 {
			t.Fatalf("guess %d waits %v", i, w)
		}
		g.Note("10.0.0.1:2", "x", ErrUnknown, now)
		g.Note("10.0.0.1:2", "", ErrUnknown, now)
		g.Note("10.0.0.1:2", "old", ErrExpired, now)
	}
	now = now.Add(time.Second)
	for token, waits := range map[string]bool{"x": true, "other": true, "good": false} {
		if w := g.Wait("10.0.0.1:3", token, now); (w > 0) != waits || w > window {
			t.Errorf("%s waits %v", token, w)
		}
	}
	if w := g.Wait("10.0.0.2:3", "x", now); w != 0 {
		t.Errorf("a neighbour waits %v", w)
	}
	if w := g.Wait("10.0.0.1:3", "x", now.Add(window)); w != 0 {
		t.Errorf("a minute later it still waits %v", w)
	}
	for i := range maxWrong {
		g.Note(fmt.Sprintf("[2001:db8::%d]:1", i+1), "x", ErrUnknown, now)
	}
	if w := g.Wait("[2001:db8::99]:1", "x", now); w == 0 {
		t.Error("another address of the same /64 may go on")
	}
	for i := range 3 * maxKept {
		g.Note(fmt.Sprintf("%d.%d.%d.1:1", 20+i>>16, i>>8&255, i&255), fmt.Sprint(i), ErrUnknown, now)
		g.Note("10.1.1.1:1", fmt.Sprint(i), nil, now)
	}
	if len(g.wrong) > maxKept || len(g.good) > maxKept {
		t.Errorf("%d addresses and %d tokens are kept", len(g.wrong), len(g.good))
	}
}
