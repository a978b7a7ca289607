package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A token comes from a file or standard input; in the arguments it is warned about.
func TestTokenOptions(t *testing.T) {
	dir := t.TempDir()
	file, tokens := filepath.Join(dir, "token"), filepath.Join(dir, "tokens")
	add := exec.Command(filepath.Join(programs, "syncd"), "token", "add", "--token-file", tokens, "--branch", "West", "--company")
	token, err := add.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, token, 0o600); err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(token))
	sv := startServer(t, filepath.Join(dir, "server"), "--practice", "--listen", "127.0.0.1:0", "--token-file", tokens)
	desk := func() seat {
		s := newSeat(t)
		fp, err := os.ReadFile(filepath.Join(sv.dir, "ca.sha256"))
		if err != nil {
			t.Fatal(err)
		}
		s.must(t, "", "trust", "import", filepath.Join(sv.dir, "ca.pem"), "--fingerprint", strings.TrimSpace(string(fp)), "--yes")
		return s
	}
	for name, c := range map[string]struct {
		in    string
		args  []string
		warns bool
	}{
		"file": {"", []string{"--token-file", file}, false}, "input": {secret + "\n", []string{"--token", "-"}, false}, "argument": {"", []string{"--token", secret}, true},
	} {
		s := desk()
		r := s.run(t, c.in, append([]string{"connect", sv.url}, c.args...)...)
		if r.code != 0 || strings.Contains(r.err, "--token-file") != c.warns || strings.Contains(r.err+r.out, secret) {
			t.Errorf("%s: %+v", name, r)
		}
		if r := s.run(t, "", "sync", "--once"); r.code != 0 {
			t.Errorf("%s: %+v", name, r)
		}
		if name != "file" {
			continue
		}
		// The token is not taken along to another address.
		r = s.run(t, "", "connect", "https://127.0.0.1:1")
		if r.code != 0 || !strings.Contains(r.err, "forgotten") {
			t.Errorf("another address: %+v", r)
		}
		s.must(t, "", "connect", sv.url)
		if r := s.run(t, "", "sync", "--once"); r.code == 0 || !strings.Contains(r.out+r.err, "401") {
			t.Errorf("back without a token: %+v", r)
		}
	}
	for _, c := range []struct {
		in   string
		code int
		args []string
	}{
		{"", 2, []string{"--token", "a", "--token-file", file}},
		{"", 1, []string{"--token-file", filepath.Join(dir, "none")}},
		{"", 1, []string{"--token-file", dir}},
		{"", 1, []string{"--token-file", tokens}}, // more than a token
		{"", 1, []string{"--token", "-"}},
		{"two words\n", 1, []string{"--token", "-"}},
	} {
		if r := newSeat(t).run(t, c.in, append([]string{"connect", "https://127.0.0.1:1"}, c.args...)...); r.code != c.code {
			t.Errorf("%v: %+v", c.args, r)
		}
	}
}

// What is no plain file is refused as a CA at once.
func TestImportOfAPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("pipes have no name in a folder here")
	}
	pipe := filepath.Join(t.TempDir(), "ca.pem")
	if out, err := exec.Command("mkfifo", pipe).CombinedOutput(); err != nil {
		t.Skip("no pipe can be made: ", err, string(out))
	}
	r := newSeat(t).run(t, "", "trust", "import", pipe, "--fingerprint", strings.Repeat("ab", 32), "--yes")
	if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "bundle_no_file" {
		t.Errorf("%+v", r)
	}
}

// A folder that synced with practice does not sync with a real server, nor the
// other way round: nothing is sent, whatever the address says.
func TestOtherServer(t *testing.T) {
	first, second := practiceServer(t), practiceServer(t)
	s := newSeat(t).enrol(t, first)
	s.must(t, "", "sync", "--once")
	id := at(s.must(t, sample(""), "draft", "-"), "id")
	fp, err := os.ReadFile(filepath.Join(second.dir, "ca.sha256"))
	if err != nil {
		t.Fatal(err)
	}
	s.must(t, "", "trust", "import", filepath.Join(second.dir, "ca.pem"), "--fingerprint", strings.TrimSpace(string(fp)), "--yes")
	r := s.run(t, "", "connect", second.url, "--token-file", filepath.Join(second.dir, "token"))
	if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "other_server" {
		t.Errorf("connect: %+v", r)
	}
	// Not reached while connecting, met while syncing.
	second.stop(t)
	s.must(t, "", "connect", second.url, "--token-file", filepath.Join(second.dir, "token"))
	again := startServer(t, second.dir, "--practice", "--listen", strings.TrimPrefix(second.url, "https://"))
	r = s.run(t, "", "sync", "--once")
	if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "other_server" {
		t.Errorf("sync: %+v", r)
	}
	r = s.run(t, "", "selfcheck")
	if r.code != 1 || at(oneValue(t, r.out), "verdict") != "H15" {
		t.Errorf("selfcheck: %+v", r)
	}
	if at(s.must(t, "", "show", id.(string)), "state") != "draft" || again.url != second.url {
		t.Error("the draft is not what it was")
	}
}
