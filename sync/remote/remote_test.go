package remote

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/sync/wire"
)

// against makes a client of a server that answers with h.
func against(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	c, err := New(Config{BaseURL: s.URL, Token: func() string { return "secret" }, Transport: s.Client().Transport, Device: func() string { return "d" }, Version: "test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answer writes one as the server would.
func answer(w http.ResponseWriter, status int, product, kind, body string) {
	if product != "" {
		w.Header().Set(wire.HeaderProduct, product)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// What is no answer of this product is none, whatever it holds.
func TestForeignAnswers(t *testing.T) {
	const pulled = `{"epoch":"e","cursor":"e:0:all","changes":[]}`
	const gone = `{"code":"epoch_changed","title":"x"}`
	for name, c := range map[string]struct {
		status              int
		product, kind, body string
		good                bool
		code                string // of the problem
	}{
		"good":              {200, "counterfoil", "application/json; charset=utf-8", pulled, true, ""},
		"no product":        {200, "", "application/json", pulled, false, ""},
		"another product":   {200, "warehouse", "application/json", pulled, false, ""},
		"text":              {200, "counterfoil", "text/plain", pulled, false, ""},
		"no type":           {200, "counterfoil", "", pulled, false, ""},
		"a page":            {200, "counterfoil", "text/html", "<html>", false, ""},
		"a problem as good": {200, "counterfoil", "application/problem+json", gone, false, ""},
		"another status":    {201, "counterfoil", "application/json", pulled, false, ""},
		"gone":              {410, "counterfoil", "application/problem+json", gone, false, "epoch_changed"},
		"gone elsewhere":    {410, "", "application/problem+json", gone, false, ""},
		"gone as a page":    {410, "counterfoil", "text/html", gone, false, ""},
		"gone as text":      {410, "counterfoil", "application/json", gone, false, ""},
		"conflict":          {409, "warehouse", "application/problem+json", `{"code":"x"}`, false, ""},
	} {
		cl := against(t, func(w http.ResponseWriter, r *http.Request) { answer(w, c.status, c.product, c.kind, c.body) })
		_, err := cl.Pull(context.Background(), wire.PullQuery{Limit: 1})
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Problem.Code != c.code || e.Status != c.status) {
			t.Errorf("%s: %#v", name, err)
		}
		if _, err := cl.Push(context.Background(), wire.PushRequest{Device: "d"}); (err == nil) != c.good {
			t.Errorf("%s: a push gives %v", name, err)
		}
	}
}

// A redirect is not followed, and the token goes nowhere.
func TestRedirect(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	for _, to := range []string{elsewhere.URL + "/v1/pull", "/v1/other", "http://127.0.0.1:1/"} {
		for _, status := range []int{301, 302, 307, 308} {
			var requests atomic.Int32
			c := against(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				w.Header().Set(wire.HeaderProduct, wire.Product)
				http.Redirect(w, r, to, status)
			})
			if _, err := c.Pull(context.Background(), wire.PullQuery{}); !errors.Is(err, ErrRedirect) {
				t.Errorf("%d to %s: %v", status, to, err)
			}
			if _, err := c.Push(context.Background(), wire.PushRequest{}); !errors.Is(err, ErrRedirect) {
				t.Errorf("%d to %s: %v", status, to, err)
			}
			if requests.Load() != 2 || asked.Load() != 0 {
				t.Errorf("%d to %s: %d requests, %d elsewhere", status, to, requests.Load(), asked.Load())
			}
		}
	}
}

func TestPlain(t *testing.T) {
	for _, u := range []string{"http://x", "ftp://x", "x"} {
		if _, err := New(Config{BaseURL: u}); !errors.Is(err, ErrPlain) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// An answer is capped after decompression.
func TestLargeAnswer(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"epoch":"` + strings.Repeat("x", 64<<20) + `"}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	c := against(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		answer(w, 200, wire.Product, "application/json", packed.String())
	})
	if _, err := c.Pull(context.Background(), wire.PullQuery{}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("%.200v", err)
	}
}
