package engine_test

import (
	"context"
	"testing"
	"time"
)

// A server that asked to be left alone for half an hour is asked at once when
// somebody found the way open; a clerk who goes on typing does not hurry it.
func TestWakeEndsTheServersOwnWish(t *testing.T) {
	p := startServer(t)
	b := newBranch(t, p)
	if err := p.Set("H21", true); err != nil { // maintenance, Retry-After half an hour
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	e := b.client.Engine()
	go func() {
		defer close(done)
		e.Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	until := func(what string, ok func() bool) {
		t.Helper()
		limit, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
		defer tick.Stop()
		for !ok() {
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("%s never came: next try %s, %v", what, e.NextTry(), e.LastError())
			}
		}
	}
	until("the refusal", func() bool { return e.LastError() != nil && time.Until(e.NextTry()) > 20*time.Minute })
	if err := p.Set("H21", false); err != nil {
		t.Fatal(err)
	}
	e.Kick()
	put := e.NextTry()
	e.Wake()
	until("the round", func() bool { return e.LastError() == nil && !e.NextTry().IsZero() })
	if !e.NextTry().Before(put) {
		t.Fatal("the next try is still put off:", e.NextTry())
	}
}
