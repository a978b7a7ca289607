package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/app/customer"
	"counterfoil/app/party"
	"counterfoil/sync/server"
)

// listen opens the stream of hints; the channel ends with the stream. The
// stream ends with the test.
func (r *rig) listen() <-chan int64 {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r.t.Cleanup(cancel)
	resp, err := r.http.Do(r.request(http.MethodGet, "/v1/events", nil).WithContext(ctx))
	if err != nil {
		r.t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	out := make(chan int64, 100)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if s, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				n, err := strconv.ParseInt(s, 10, 64)
				if err != nil {
					r.t.Error(err)
				}
				out <- n
			}
		}
	}()
	return out
}

// hinted waits until the stream says want; hints in between may be left out.
func (r *rig) hinted(c <-chan int64, want int64) {
	r.t.Helper()
	limit := time.After(20 * time.Second)
	last := int64(-1)
	for {
		select {
		case n, open := <-c:
			if !open {
				r.t.Fatalf("the stream ended at %d, before %d", last, want)
			}
			if n < last || n > want {
				r.t.Fatalf("hint %d after %d, want %d", n, last, want)
			}
			if last = n; n == want {
				return
			}
		case <-limit:
			r.t.Fatalf("no hint of %d within 20 s, last %d", want, last)
		}
	}
}

func TestEventsWake(t *testing.T) {
	var taxDown atomic.Bool
	r := start(t, func(c *server.Config) { c.TaxUp = func() bool { return !taxDown.Load() } })
	a, b := r.listen(), r.listen()
	for _, c := range []<-chan int64{a, b} {
		r.hinted(c, 0)
	}
	r.push(r.op("put", 0, draft()))
	r.hinted(a, 1)
	r.hinted(b, 1)
	r.push(r.op("put", 0, draft()), r.op("put", 0, draft()))
	r.hinted(a, 3)
	if err := r.srv.Publish(context.Background(), customer.Customer{ID: newID(), Party: party.Party{Name: "苏州明远"}}); err != nil {
		t.Fatal(err)
	}
	r.hinted(a, 4)
	taxDown.Store(true)
	r.push(r.op("transition", 0, waiting()))
	r.hinted(a, 5)
	taxDown.Store(false)
	if err := r.srv.IssueWaiting(context.Background()); err != nil {
		t.Fatal(err)
	}
	// A listener that was slow gets the newest hint, not a queue.
	r.hinted(a, 6)
	r.hinted(b, 6)
	late := r.listen()
	r.hinted(late, 6)
}

// slow is a request body whose end comes when the test says.
type slow struct {
	first io.Reader
	rest  <-chan []byte
}

func (s *slow) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); n > 0 || !errors.Is(err, io.EOF) {
		return n, err
	}
	b, open := <-s.rest
	if !open {
		return 0, io.EOF
	}
	s.first = strings.NewReader(string(b))
	return s.first.Read(p)
}

// A closing server, as on SIGTERM, ends the streams, takes no new connection
// and finishes what is under way.
func TestDrain(t *testing.T) {
	begun := make(chan bool, 1)
	r := start(t, nil)
	r.handler.Store(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/v1/push" {
			begun <- true
		}
		r.srv.ServeHTTP(w, q)
	}))
	stream := r.listen()
	r.hinted(stream, 0)
	op := r.op("transition", 0, waiting())
	body := bodyOf(op)
	rest := make(chan []byte)
	req := r.request(http.MethodPost, "/v1/push", nil)
	req.Body = io.NopCloser(&slow{strings.NewReader(string(body[:50])), rest})
	req.ContentLength = int64(len(body))
	answered := make(chan error, 1)
	go func() {
		resp, b, err := r.do(req)
		if err == nil && (resp.StatusCode != 200 || !strings.Contains(string(b), `"number":"00000001"`)) {
			err = errors.New(string(b))
		}
		answered <- err
	}()
	rest <- body[50:100]
	<-begun // the request is under way
	r.srv.Close()
	drained := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		drained <- r.tls.Config.Shutdown(ctx)
	}()
	for range stream { // ends, or the test's time does
	}
	select {
	case err := <-drained:
		t.Fatalf("drained while a request was under way: %v", err)
	case err := <-answered:
		t.Fatalf("answered before it was asked to the end: %v", err)
	case rest <- body[100:]:
	}
	close(rest)
	if err := <-answered; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	if err := <-drained; err != nil {
		t.Errorf("draining: %v", err)
	}
	fresh := &http.Client{Transport: r.http.Transport.(*http.Transport).Clone(), Timeout: 10 * time.Second}
	if resp, err := fresh.Get(r.tls.URL + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("a closed server answers")
	}
	if doc := r.invoice(op.DocumentID); doc.Number != "00000001" {
		t.Errorf("%+v", doc)
	}
}

// holding stops each write until it is told to go on.
type holding struct {
	server.Store
	inside chan<- bool
	goOn   <-chan bool
}

func (h *holding) Update(ctx context.Context, fn func(server.Tx) error) error {
	h.inside <- true
	<-h.goOn
	return h.Store.Update(ctx, fn)
}

// A client that hangs up after sending does not undo its batch.
func TestHangUp(t *testing.T) {
	inside, goOn := make(chan bool, 10), make(chan bool)
	r := start(t, func(c *server.Config) { c.Store = &holding{c.Store, inside, goOn} })
	op := r.op("transition", 0, waiting())
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, _, err := r.do(r.request(http.MethodPost, "/v1/push", bodyOf(op)).WithContext(ctx))
		failed <- err
	}()
	<-inside
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	close(goOn)
	deadline := time.Now().Add(20 * time.Second)
	for done := false; !done; {
		if time.Now().After(deadline) {
			t.Fatal("the batch was not finished")
		}
		done = r.invoice(op.DocumentID).Number == "00000001"
	}
	if a := r.push(op)[0]; a.Number != "00000001" || a.Revision != 1 {
		t.Errorf("asked again: %+v", a)
	}
}

// After a restore from a backup the old cursors are gone, and a device that
// offers everything again gets the same documents with the known ones left alone.
func TestNewEpoch(t *testing.T) {
	r := start(t, nil)
	op := r.op("transition", 0, waiting())
	r.push(op)
	p := r.pull("", 10)
	before := r.dump()
	if err := r.srv.NewEpoch(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.problem(r.request(http.MethodGet, "/v1/pull?cursor="+p.Cursor, nil), 410, "epoch_changed")
	again := r.pull("", 10)
	if again.Epoch == p.Epoch || again.Epoch == "" || len(again.Changes) != 1 || string(again.Changes[0].Body) != string(p.Changes[0].Body) {
		t.Errorf("%+v, was %+v", again, p)
	}
	if a := r.push(op)[0]; a.Number != "00000001" || a.Seq != p.Changes[0].Seq {
		t.Errorf("%+v", a)
	}
	if after := r.dump(); strings.ReplaceAll(after, again.Epoch, p.Epoch) != before {
		t.Errorf("an epoch alone changed the data:\n%s\n%s", before, after)
	}
	// The restored data lack what the device had: it is taken with the revision
	// the device knows, and a cursor past the end is gone too.
	edited := draft()
	if a := r.push(r.op("put", 7, edited))[0]; a.Result != "applied" || a.Revision != 8 {
		t.Errorf("%+v", a)
	}
	r.problem(r.request(http.MethodGet, "/v1/pull?cursor="+again.Epoch+":99:all", nil), 503, "behind")
	r.problem(r.request(http.MethodGet, "/v1/pull?cursor="+again.Epoch+":1:branch", nil), 409, "scope_changed")
}

// What waited when the server ended is issued when it starts, before anybody asks.
func TestIssueWaitingAtTheStart(t *testing.T) {
	var taxDown atomic.Bool
	taxDown.Store(true)
	tax := func(c *server.Config) { c.TaxUp = func() bool { return !taxDown.Load() } }
	r := start(t, tax)
	op := r.op("transition", 0, waiting())
	r.push(op)
	taxDown.Store(false)
	again := start(t, func(c *server.Config) { tax(c); c.Store = r.store })
	done := make(chan error, 1)
	go func() { done <- again.srv.IssueWaiting(context.Background()) }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
	}
	if doc := r.invoice(op.DocumentID); doc.Number != "00000001" {
		t.Errorf("%+v", doc)
	}
}
