package listen

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"counterfoil/sync/wire"
)

// serve starts a TLS server with limits and returns it with a client that trusts it.
func serve(t *testing.T, l Limits, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Listener = Guard(s.Listener, l)
	s.Config, s.TLS, s.EnableHTTP2 = Server(h, l), wire.TLS(), true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// raw opens a connection of HTTP/1.1 and sends text.
func raw(t *testing.T, s *httptest.Server, text string) *tls.Conn {
	t.Helper()
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com", NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

const head = "POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000\r\n\r\n"

// A body that stands still, or trickles for ever, ends with a timeout.
func TestWithheldBody(t *testing.T) {
	l := Limits{Idle: 150 * time.Millisecond, Body: 600 * time.Millisecond}
	got := make(chan error, 1)
	s := serve(t, l, func(w http.ResponseWriter, r *http.Request) { _, err := io.ReadAll(r.Body); got <- err })
	wants := func(what string, atMost time.Duration, start time.Time) {
		t.Helper()
		if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) > atMost {
			t.Errorf("%s: %v after %v", what, err, time.Since(start))
		}
	}
	start := time.Now()
	c := raw(t, s, head+"some")
	wants("still", 5*time.Second, start)
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
	for _, client := range []*http.Client{s.Client(), http1(s)} {
		start = time.Now()
		pr, pw := io.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, pr)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for err := error(nil); err == nil; _, err = pw.Write([]byte("x")) {
				time.Sleep(20 * time.Millisecond) // the pace of the trickle
			}
		}()
		done := make(chan bool)
		go func() {
			if resp, err := client.Do(req); err == nil {
				_ = resp.Body.Close()
			}
			close(done)
		}()
		wants("trickle", 5*time.Second, start)
		cancel()
		_ = pr.Close()
		<-done
	}
}

func http1(s *httptest.Server) *http.Client {
	tr := s.Client().Transport.(*http.Transport).Clone()
	tr.ForceAttemptHTTP2, tr.TLSClientConfig.NextProtos, tr.TLSNextProto = false, []string{"http/1.1"}, map[string]func(string, *tls.Conn) http.RoundTripper{}
	return &http.Client{Transport: tr}
}

// A body that nobody reads holds nothing up.
func TestUnreadBody(t *testing.T) {
	s := serve(t, Limits{Idle: time.Minute}, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	start := time.Now()
	c := raw(t, s, head)
	b, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 401") || time.Since(start) > 10*time.Second {
		t.Errorf("%q %v after %v", b, err, time.Since(start))
	}
}

// A stream outlives every limit of a request; a connection is used again after a body.
func TestStreamAndReuse(t *testing.T) {
	l := Limits{Idle: 100 * time.Millisecond, Body: 200 * time.Millisecond, Answer: 300 * time.Millisecond}
	s := serve(t, l, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, err)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for i := range 8 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	for name, client := range map[string]*http.Client{"h2": s.Client(), "http1": http1(s)} {
		for range 2 {
			resp, err := client.Post(s.URL, "text/plain", bytes.NewReader(make([]byte, 300_000)))
			if err != nil {
				t.Fatal(name, err)
			}
			if b, _ := io.ReadAll(resp.Body); string(b) != "300000 <nil>" {
				t.Errorf("%s: %s", name, b)
			}
			_ = resp.Body.Close()
			if resp, err = client.Get(s.URL); err != nil {
				t.Fatal(name, err)
			}
			lines := 0
			for sc := bufio.NewScanner(resp.Body); sc.Scan(); {
				if strings.HasPrefix(sc.Text(), "data:") {
					lines++
				}
			}
			_ = resp.Body.Close()
			if lines != 8 {
				t.Errorf("%s: %d events", name, lines)
			}
		}
	}
}

// Who does not take the answer is not waited for.
func TestUnreadAnswer(t *testing.T) {
	ended := make(chan error, 1)
	s := serve(t, Limits{Answer: 300 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		var err error
		for chunk := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(chunk)
		}
		ended <- err
	})
	raw(t, s, "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("it still writes")
	}
}

func TestConnectionsOfOneAddress(t *testing.T) {
	s := serve(t, Limits{PerAddress: 3, Total: 100}, func(http.ResponseWriter, *http.Request) {})
	address := s.Listener.Addr().String()
	var open []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	over, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer over.Close()
	if err := over.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := over.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the fourth connection stays: %v", err)
	}
	_ = open[0].Close()
	// Its end reaches the server in a while.
	client := s.Client()
	client.Timeout = 5 * time.Second
	for deadline := time.Now().Add(10 * time.Second); ; {
		resp, err := client.Get(s.URL)
		if err == nil {
			_ = resp.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestLargeHeader(t *testing.T) {
	s := serve(t, Limits{}, func(http.ResponseWriter, *http.Request) {})
	c := raw(t, s, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 40_000)+"\r\n\r\n")
	if b, _ := io.ReadAll(c); !strings.HasPrefix(string(b), "HTTP/1.1 431") {
		t.Errorf("%.60q", b)
	}
}

func TestSuites(t *testing.T) {
	s := serve(t, Limits{}, func(http.ResponseWriter, *http.Request) {})
	for _, c := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if len(c.SupportedVersions) == 1 && c.SupportedVersions[0] == tls.VersionTLS13 {
			continue
		}
		conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{c.ID}})
		if err == nil {
			_ = conn.Close()
			if !strings.Contains(c.Name, "GCM") && !strings.Contains(c.Name, "CHACHA20") || !strings.Contains(c.Name, "ECDHE") {
				t.Errorf("%s is taken", c.Name)
			}
		}
	}
	if conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}); err == nil {
		_ = conn.Close()
		t.Error("TLS 1.1 is taken")
	}
}
