package sim

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/sync/wire"
)

func (w *world) clock() time.Time { return w.now }

var (
	errLost  = errors.New("connection reset by peer")
	errCrash = errors.New("the program was killed")
)

// A line is what one life of a desk sends its requests through.
type line struct{ d *desk }

// RoundTrip is an http.RoundTripper with the faults of a bad network.
func (l line) RoundTrip(r *http.Request) (*http.Response, error) {
	w := l.d.w
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	w.note("desk %d asks %s %s", l.d.n, r.URL.Path, r.URL.Query().Get("cursor"))
	w.meanwhile()
	resp, err := l.pass(r, body)
	w.meanwhile()
	if err != nil {
		w.note("desk %d gets %v", l.d.n, err)
	} else {
		w.note("desk %d gets %d", l.d.n, resp.StatusCode)
	}
	return resp, err
}

func (l line) pass(r *http.Request, body []byte) (*http.Response, error) {
	w := l.d.w
	if l.refused(r, body) {
		return problem(r, http.StatusBadRequest, "malformed", ""), nil
	}
	ask := func() *http.Response { return l.bend(r, w.backend.handle(r, body)) }
	if !w.chance(35) {
		return ask(), nil
	}
	switch w.rnd.Intn(14) {
	case 0: // lost on the way
		return nil, errLost
	case 1, 2: // answer lost after commit
		ask()
		return nil, errLost
	case 3: // sent twice
		ask()
		return ask(), nil
	case 4, 5: // arrives after the client gave up
		w.late = append(w.late, func() { w.note("late request of desk %d", l.d.n); ask() })
		return nil, errLost
	case 6: // arrives again much later
		w.late = append(w.late, func() { w.note("late copy of desk %d", l.d.n); ask() })
		return ask(), nil
	case 7:
		return problem(r, http.StatusTooManyRequests, "rate_limited", "3"), nil
	case 8:
		return problem(r, http.StatusServiceUnavailable, "overloaded", "Mon, 23 Nov 2026 10:00:00 GMT"), nil
	case 9: // the body is cut
		resp := ask()
		all, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(all[:w.rnd.Intn(len(all)+1)]), broken{}))
		return resp, nil
	case 10: // the request is cut
		if len(body) > 0 {
			w.backend.handle(r, body[:w.rnd.Intn(len(body))])
		}
		return nil, errLost
	case 11: // something else answers
		return other(r, []string{"<html>sign in</html>", "{}", ""}[w.rnd.Intn(3)]), nil
	case 12:
		l.d.crash("before it sends")
		return nil, errCrash
	default:
		ask()
		l.d.crash("before the answer")
		return nil, errCrash
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func answer(r *http.Request, status int, header map[string]string, body string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}
	for k, v := range header {
		resp.Header.Set(k, v)
	}
	return resp
}

func problem(r *http.Request, status int, code, after string) *http.Response {
	return answer(r, status, map[string]string{"Content-Type": "application/problem+json", "Retry-After": after, wire.HeaderProduct: wire.Product},
		`{"code":"`+code+`","title":"later"}`)
}

func other(r *http.Request, body string) *http.Response {
	return answer(r, http.StatusOK, map[string]string{"Content-Type": "text/html"}, body)
}

// unzip returns what a client compressed.
func unzip(w *world, b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		w.fatalf("%v", err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		w.fatalf("%v", err)
	}
	return out
}
