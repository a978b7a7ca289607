package listen

import (
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// tail is how long what is left of a body may take after its request was answered.
const tail = time.Second

// patient gives each body a deadline that moves while it arrives, and a stream
// of events one for each event. Without, http.Server knows only deadlines of
// whole connections, which would end streams or let bodies stand still.
func patient(h http.Handler, l Limits) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			body := &body{ReadCloser: r.Body, control: control, idle: l.Idle, until: time.Now().Add(l.Body)}
			r.Body = body
			body.extend() // also for what no handler reads
			defer func() {
				if !body.done {
					// net/http reads a little on, to use the connection again.
					_ = control.SetReadDeadline(time.Now().Add(tail))
				}
			}()
		}
		h.ServeHTTP(&writer{ResponseWriter: w, control: control, answer: l.Answer}, r)
	})
}

// body moves its deadline with each read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	until   time.Time
	done    bool
}

func (b *body) extend() {
	next := time.Now().Add(b.idle)
	if next.After(b.until) {
		next = b.until
	}
	// A connection that knows no deadline is one of a test.
	_ = b.control.SetReadDeadline(next)
}

func (b *body) Read(p []byte) (int, error) {
	if !b.done {
		if !time.Now().Before(b.until) {
			return 0, os.ErrDeadlineExceeded
		}
		b.extend()
	}
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF && !b.done {
		b.done = true
		// From here on net/http waits for the client to hang up.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// writer moves the deadline of a stream with each event.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	answer  time.Duration
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) Write(p []byte) (int, error) {
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.answer))
	}
	return w.ResponseWriter.Write(p)
}
