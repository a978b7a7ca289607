// Package traffic notes what was asked of the server and how it was answered: a
// Request for each one, with the id that the client knows too.
//
// The package refuses to note what a request holds, its token, its query or its body.
package traffic

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"counterfoil/sync/wire"
)

// Request is one that was answered.
type Request struct {
	ID      string // X-Request-Id
	Method  string
	Route   string // the path that the server knows, "other" for any else
	Status  int
	Problem string // code of the refusal; empty when it was none
	Bytes   int64  // of the answer's body
	Took    time.Duration
	Device  string // as the client says it
	From    string // host:port
	Stream  bool   // a stream of events, which took as long as it was open
}

// Wrap tells note of every request that h answers, after it was.
func Wrap(h http.Handler, note func(Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &writer{ResponseWriter: w}
		defer func() {
			q := Request{
				ID: w.Header().Get(wire.HeaderRequest), Method: r.Method, Route: r.Pattern, Status: seen.status, Problem: seen.problem, Bytes: seen.bytes,
				Took: time.Since(start), Device: r.Header.Get(wire.HeaderDevice), From: r.RemoteAddr,
				Stream: seen.status == http.StatusOK && w.Header().Get("Content-Type") == "text/event-stream",
			}
			if q.Status == 0 {
				q.Status = http.StatusOK
			}
			if q.Route == "" || q.Route == "/" {
				q.Route = "other"
			}
			if !wire.ValidID(q.Device, 64) {
				q.Device = ""
			}
			note(q)
		}()
		h.ServeHTTP(seen, r)
	})
}

// Log writes requests as lines: what the server could not do as errors, what it
// refused as warnings, who only looks whether it is there at debug level.
func Log(l *slog.Logger) func(Request) {
	return func(q Request) {
		level := slog.LevelInfo
		switch {
		case q.Status >= http.StatusInternalServerError:
			level = slog.LevelError
		case q.Status >= http.StatusBadRequest:
			level = slog.LevelWarn
		case quiet[q.Route]:
			level = slog.LevelDebug
		}
		attrs := []slog.Attr{
			slog.String("request_id", q.ID), slog.String("method", q.Method), slog.String("route", q.Route), slog.Int("status", q.Status),
			slog.Float64("ms", float64(q.Took.Microseconds())/1000), slog.Int64("bytes", q.Bytes), slog.String("from", q.From),
		}
		if q.Problem != "" {
			attrs = append(attrs, slog.String("problem", q.Problem))
		}
		if q.Device != "" {
			attrs = append(attrs, slog.String("device", q.Device))
		}
		l.LogAttrs(context.Background(), level, "request", attrs...)
	}
}

var quiet = map[string]bool{"/healthz": true, "/readyz": true, "/generate_204": true, "/v1/probe204": true, "/v1/echo": true}

// writer remembers how a request was answered.
type writer struct {
	http.ResponseWriter
	status  int
	bytes   int64
	problem string
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Refused takes the code of a refusal; see server.Refuse.
func (w *writer) Refused(code string) { w.problem = code }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}
