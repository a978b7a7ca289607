package lab

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// serverCases break what the real server stands on: it tells of it by itself.
func serverCases() (out []trial) {
	add := func(id, name string, do act, says string) {
		out = append(out, trial{name: id + " " + name, do: []act{do}, seen: []check{tells(says)}, want: []string{id}})
	}
	add("B02", "another program really holds the server's database", act{"begin immediate, held", func(w *world) error {
		return w.background("python3", "-uc", fmt.Sprintf(`import sqlite3, time; c = sqlite3.connect("%s", isolation_level=None); c.execute("BEGIN IMMEDIATE"); print("ready"); time.sleep(60)`, filepath.Join(w.dir, "server", "server.db")))
	}}, `"db":"lock"`)
	add("B07", "the server's disk is really full", act{"the file system of the server's data is filled", fillServer}, `"disk":"full"`)
	add("B08", "the server's list of tokens is really gone", act{"the file of the tokens is moved away", func(w *world) error {
		file := filepath.Join(w.dir, "tokens")
		w.later(func() { _ = os.Rename(file+".away", file) })
		return os.Rename(file, file+".away")
	}}, `"login":"down"`)
	gives := act{"the real server gives passes of 2 s", func(w *world) error {
		w.stopServer()
		w.later(func() {
			w.stopServer()
			if err := w.runServer(); err != nil {
				panic(err)
			}
		})
		return w.runServer("--pass-life", "2s")
	}}
	refuses := check{"curl with the token: token_expired", func(w *world) error {
		return curl(0, "token_expired", "-H", "Authorization: Bearer "+w.token, serverURL+"/v1/whoami").ok(w)
	}}
	front := func(text string, r reply) act {
		return answers(text, func(w *world) http.Handler { return at(r, w.pass(nil), "/v1/token") })
	}
	out = append(out,
		trial{name: "OK tokens are changed for passes", kind: healthy, do: []act{gives}, seen: []check{refuses}, want: []string{"OK"}},
		trial{name: "B08 no pass is given: 502", do: []act{gives, front("502 for passes", page(502, "502 Bad Gateway", "Server", "nginx"))}, seen: []check{refuses}, want: []string{"B08"}},
		trial{name: "A02 no pass is given: taken back", do: []act{gives, front("session_revoked for passes", ours(401, "session_revoked"))}, seen: []check{refuses}, want: []string{"A02"}},
		trial{name: "A02 no pass is given: invalid_grant", do: []act{gives, front("invalid_grant for passes", ours(400, "invalid_grant"))}, seen: []check{refuses}, want: []string{"A02"}},
		trial{name: "H31 no pass is given: silence", slow: true, do: []act{gives, answers("silence for passes", func(w *world) http.Handler {
			return at(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), w.pass(nil), "/v1/token")
		})}, seen: []check{refuses}, want: []string{"H31", "B08"}},
	)
	return out
}

// tells is whether the real server says something of itself, within three seconds.
func tells(says string) check {
	return shell(client, fmt.Sprintf(`for i in $(seq 30); do curl -s -m 2 --noproxy '*' -k --resolve %s:443:%s %s/healthz | grep -o '%s' && break; sleep 0.1; done`, serverName, serverIP, serverURL, says), says)
}

// fillServer leaves no room where the server's data are.
func fillServer(w *world) error {
	file := filepath.Join(w.dir, "server", "filler")
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w.later(func() { _ = os.Remove(file) })
	for block := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}

// ownDisk gives the server's data a file system of their own.
func (w *world) ownDisk() error {
	dir := filepath.Join(w.dir, "server")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m,mode=0700")
}
