package practice

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/wire"
)

// silent: handshakes that fail on purpose are no news.
var silent = log.New(io.Discard, "", 0)

// slowness of every answer while it is slow.
const slowness = 1800 * time.Millisecond

// serve is the handler around the server: it cuts, loses and delays answers.
func (p *Practice) serve(w http.ResponseWriter, r *http.Request) {
	lost := p.does(lose)
	line := p.does(cutLine)
	half := line || p.does(cut)
	switch {
	case p.does(garble) && garbled(w):
		return
	case p.does(resetStreams) && r.ProtoMajor == 2:
		panic(http.ErrAbortHandler) // net/http's way to reset the stream
	case p.does(stall):
		p.still(r)
		return
	case p.does(stallBody):
		p.named(w.Header())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "500")
		_, _ = io.WriteString(w, `{"product":"counterfoil",`)
		_ = http.NewResponseController(w).Flush()
		p.still(r)
		panic(http.ErrAbortHandler) // see above
	case !lost && !half || r.URL.Path == "/v1/events":
		p.answer(w, r)
		return
	}
	rec := record(p.answer, r)
	if half && !lost && rec.body.Len() > 1 {
		rec.head(w)
		w.Header().Set("Content-Length", strconv.Itoa(rec.body.Len()))
		w.WriteHeader(rec.status)
		// Half an answer, then the line breaks: the error is the point.
		_, _ = w.Write(rec.body.Bytes()[:rec.body.Len()/2])
		_ = http.NewResponseController(w).Flush()
	}
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok && line {
		reset(c)
	}
	panic(http.ErrAbortHandler) // net/http's way to break the connection
}

// connKey is that of the connection in a request's context.
type connKey struct{}

// still waits until the client has enough.
func (p *Practice) still(r *http.Request) {
	t := time.NewTimer(longest)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

// garbled answers nonsense; false where the connection does not allow it.
func garbled(w http.ResponseWriter) bool {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer c.Close()
	_, _ = io.WriteString(c, "\x16\x03 4u 7h\r\n\r\n") // the client may be gone
	return true
}

// answer answers in the server's place while a fault is on, else the server does.
func (p *Practice) answer(w http.ResponseWriter, r *http.Request) {
	if p.does(beSlow) {
		t := time.NewTimer(slowness)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
	open := unguarded(r.URL.Path)
	no, guarded := p.refusal(r, false), (*answer)(nil)
	if !open {
		guarded = p.refusal(r, true)
	}
	switch {
	case r.TLS == nil:
		http.Error(w, "this port speaks plain HTTP now", http.StatusBadRequest)
	case no != nil:
		p.refuse(w, r, no)
	case open:
		p.open(w, r)
	case guarded != nil:
		p.refuse(w, r, guarded)
	case p.does(pause):
		m := p.maintenance()
		wait := max(1, int(m.Until.Sub(p.now())/time.Second))
		p.problem(w, http.StatusServiceUnavailable, wait, wire.Problem{Code: "maintenance", Title: "The server is under maintenance", Detail: m.Message, Maintenance: &m})
	default:
		p.srv.ServeHTTP(w, r)
	}
}

// recorder keeps an answer, so that it can be changed, cut or lost.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func record(h http.HandlerFunc, r *http.Request) *recorder {
	rec := &recorder{header: http.Header{}, status: http.StatusOK}
	h(rec, r)
	return rec
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// head copies the header of the answer.
func (r *recorder) head(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
}

// breakable is the store with a database that can be away.
type breakable struct {
	*sqlite.Store
	p *Practice
}

func (b breakable) down() error {
	if b.p.does(loseDatabase) {
		return server.ErrDown
	}
	return nil
}

func (b breakable) Update(ctx context.Context, fn func(server.Tx) error) error {
	if err := b.down(); err != nil {
		return err
	}
	if b.p.does(fillDisk) {
		return server.ErrFull
	}
	return b.Store.Update(ctx, fn)
}

func (b breakable) Page(ctx context.Context, q server.PageQuery) (server.Page, error) {
	if err := b.down(); err != nil {
		return server.Page{}, err
	}
	return b.Store.Page(ctx, q)
}

func (b breakable) Head(ctx context.Context) (server.Head, error) {
	if err := b.down(); err != nil {
		return server.Head{}, err
	}
	return b.Store.Head(ctx)
}
