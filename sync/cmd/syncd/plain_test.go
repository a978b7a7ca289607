package main

import (
	"net"
	"net/http"
	"testing"

	"counterfoil/sync/server"
)

// freePort is an address that nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// The side without encryption answers the challenge, and only where it is asked for.
func TestPlain(t *testing.T) {
	at := freePort(t)
	syncd(t, "--data", t.TempDir(), "--practice", "--listen", "127.0.0.1:0", "--plain", at)
	req, err := http.NewRequest(http.MethodGet, "http://"+at+"/generate_204", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(server.Challenge, "who is there")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get(server.Challenge) != "who is there" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}
