package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/sync/engine"
	"counterfoil/sync/remote"
	"counterfoil/sync/wire"
)

// A liar stands between a desk and the real server.
type liar struct {
	engine.Remote
	push   func(req wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error)
	pull   func(q wire.PullQuery, next func() (wire.PullAnswer, error)) (wire.PullAnswer, error)
	pushed int
}

func (l *liar) Push(ctx context.Context, req wire.PushRequest) (wire.PushAnswer, error) {
	l.pushed++
	next := func() (wire.PushAnswer, error) { return l.Remote.Push(ctx, req) }
	if l.push == nil {
		return next()
	}
	return l.push(req, next)
}

func (l *liar) Pull(ctx context.Context, q wire.PullQuery) (wire.PullAnswer, error) {
	next := func() (wire.PullAnswer, error) { return l.Remote.Pull(ctx, q) }
	if l.pull == nil {
		return next()
	}
	return l.pull(q, next)
}

// through makes an engine of a desk that speaks to the server through l.
func (b *branch) through(l *liar) *engine.Engine {
	l.Remote = b.client
	return engine.New(engine.Config{Store: b.db, Remote: l, Now: time.Now, NewID: newID, Rand: rand.Float64})
}

func (b *branch) outbox(t *testing.T) []books.Operation {
	t.Helper()
	all, err := b.db.Outbox(context.Background(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// submitMany hands in n invoices and returns their ids.
func (b *branch) submitMany(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		id := b.draft(t, fmt.Sprint(i))
		if _, err := b.books.Submit(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// Answers that come in another order are those of their operations.
func TestAnswersInAnotherOrder(t *testing.T) {
	p := startServer(t)
	a, b := newBranch(t, p), newBranch(t, p)
	ids := a.submitMany(t, 20)
	e := a.through(&liar{push: func(_ wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
		ans, err := next()
		slices.Reverse(ans.Answers)
		return ans, err
	}})
	if _, err := e.Once(context.Background()); err != nil {
		t.Fatal(err)
	}
	b.sync(t)
	for i, id := range ids {
		if x, y := a.get(t, id).Invoice, b.get(t, id).Invoice; x.Number == "" || x.Number != y.Number || x.Revision != y.Revision {
			t.Errorf("invoice %d is %q revision %d here, %q revision %d on the server", i, x.Number, x.Revision, y.Number, y.Revision)
		}
	}
}

// Answers that are not those of the operations change nothing; the operations
// are asked again under the same ids.
func TestForeignAnswersAreRefused(t *testing.T) {
	ctx := context.Background()
	spoil := map[string]func(*wire.PushAnswer){
		"missing": func(a *wire.PushAnswer) { a.Answers = a.Answers[1:] },
		"none":    func(a *wire.PushAnswer) { a.Answers = nil },
		"foreign": func(a *wire.PushAnswer) { a.Answers[2].OperationID = newID() + ":3" },
		"one more": func(a *wire.PushAnswer) {
			a.Answers = append(a.Answers, wire.Answer{OperationID: newID() + ":1", Result: wire.Applied})
		},
		"double":  func(a *wire.PushAnswer) { a.Answers[2] = a.Answers[1] },
		"unnamed": func(a *wire.PushAnswer) { a.Answers[0].OperationID = "" },
	}
	for name, f := range spoil {
		t.Run(name, func(t *testing.T) {
			p := startServer(t)
			a, b := newBranch(t, p), newBranch(t, p)
			ids := a.submitMany(t, 5)
			lie := true
			e := a.through(&liar{push: func(_ wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
				ans, err := next()
				if lie {
					f(&ans)
				}
				return ans, err
			}})
			_, err := e.Once(ctx)
			var be *books.Error
			if !errors.As(err, &be) || be.Code != "answers_foreign" {
				t.Fatalf("the answers were taken: %v", err)
			}
			first := a.outbox(t)
			for _, o := range first {
				if o.State != books.Sent || o.LastError != "answers_foreign" {
					t.Errorf("%+v", o)
				}
			}
			for _, id := range ids {
				if st := a.get(t, id); st.Invoice.Number != "" || st.Invoice.State != invoice.Waiting {
					t.Errorf("a foreign answer was applied: %+v", st.Invoice)
				}
			}
			lie = false
			if _, err := e.Once(ctx); err != nil {
				t.Fatal(err)
			}
			b.sync(t)
			for _, id := range ids {
				if x, y := a.get(t, id).Invoice, b.get(t, id).Invoice; x.Number == "" || x.Number != y.Number {
					t.Errorf("%q here, %q on the server", x.Number, y.Number)
				}
			}
			if len(first) != 5 || len(a.outbox(t)) != 0 {
				t.Errorf("outbox %d, then %d", len(first), len(a.outbox(t)))
			}
		})
	}
}

// poisoned refuses a push that holds the remark 毒 with a status.
func poisoned(status int) func(wire.PushRequest, func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
	return func(req wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
		for _, o := range req.Operations {
			if strings.Contains(string(o.Body), "毒") {
				return wire.PushAnswer{}, &remote.Error{Op: "push", Status: status, Problem: wire.Problem{Code: "malformed"}}
			}
		}
		return next()
	}
}

// One document for which the server refuses whole batches holds up no other. It
// is named, keeps its id, and goes again when it is edited or asked for.
func TestPoisonousPushIsParked(t *testing.T) {
	ctx := context.Background()
	for _, status := range []int{400, 403, 422, 413, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			p := startServer(t)
			d := newBranch(t, p)
			bad := map[string]bool{}
			for i := range 40 {
				remark := fmt.Sprint(i)
				if i == 17 || i == 31 {
					remark = "毒" + remark
				}
				id := d.draft(t, remark)
				if i == 17 || i == 31 {
					bad[id] = true
				}
			}
			l := &liar{push: poisoned(status)}
			e := d.through(l)
			var sum engine.Summary
			rounds := 0
			for rounds = 1; rounds < 10; rounds++ {
				s, err := e.Once(ctx)
				sum.Applied, sum.Parked = sum.Applied+s.Applied, sum.Parked+s.Parked
				if err == nil {
					break
				}
			}
			if sum.Applied != 38 || sum.Parked != 2 {
				t.Fatalf("after %d rounds and %d pushes: %+v", rounds, l.pushed, sum)
			}
			if l.pushed > 40 {
				t.Errorf("%d pushes to find two of 40", l.pushed)
			}
			ops := d.outbox(t)
			for _, o := range ops {
				if !bad[o.DocumentID] || o.State != books.Parked || o.LastError != "malformed" || o.Seq == 0 || len(o.Bytes) == 0 {
					t.Errorf("%+v", o)
				}
				if st := d.get(t, o.DocumentID); st.Pending != books.Parked {
					t.Errorf("pending %q", st.Pending)
				}
			}
			if len(ops) != 2 {
				t.Fatalf("%d in the outbox", len(ops))
			}
			// One is edited, the other asked for again once the server takes it.
			d.edit(t, ops[0].DocumentID, func(i *invoice.Invoice) { i.Remark = "whole" })
			if _, err := e.Once(ctx); err != nil {
				t.Fatal(err)
			}
			if now := d.outbox(t); len(now) != 1 || now[0].Seq != ops[1].Seq || now[0].State != books.Parked {
				t.Fatalf("%+v", now)
			}
			l.push = func(req wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
				if len(req.Operations) != 1 || !strings.HasSuffix(req.Operations[0].OperationID, fmt.Sprint(":", ops[1].Seq)) || req.Operations[0].Hash != ops[1].Hash {
					t.Errorf("asked again as something else: %+v", req.Operations)
				}
				return next()
			}
			if _, err := d.books.Retry(ctx, ops[1].DocumentID); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Once(ctx); err != nil {
				t.Fatal(err)
			}
			if now := d.outbox(t); len(now) != 0 || d.get(t, ops[1].DocumentID).Base == nil {
				t.Errorf("%+v", now)
			}
			if _, err := d.books.Retry(ctx, ops[1].DocumentID); err == nil {
				t.Error("a second retry found something")
			}
		})
	}
}

// While it is not sure yet whether the server or a document is at fault, the
// others go in the same round.
func TestServerFaultHoldsUpNoOther(t *testing.T) {
	p := startServer(t)
	d := newBranch(t, p)
	for i := range 9 {
		d.draft(t, map[int]string{1: "毒", 4: "毒"}[i])
	}
	const bad = 2
	sum, err := d.through(&liar{push: poisoned(500)}).Once(context.Background())
	if err == nil || sum.Applied != 9-bad || sum.Parked != 0 {
		t.Errorf("%d bad: %+v %v", bad, sum, err)
	}
	if n := len(d.outbox(t)); n != bad {
		t.Errorf("%d are left", n)
	}
}

// What the server failed at goes again by itself when the program starts anew.
func TestServerFaultIsTriedAgain(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	d := newBranch(t, p)
	id := d.draft(t, "毒")
	l := &liar{push: func(req wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
		if len(req.Operations) > 0 {
			return wire.PushAnswer{}, &remote.Error{Op: "push", Status: 500, Problem: wire.Problem{Code: "internal"}}
		}
		return next()
	}}
	e := d.through(l)
	for range 4 {
		_, _ = e.Once(ctx) // refused until it is parked
	}
	if st := d.get(t, id); st.Pending != books.Parked {
		t.Fatalf("pending %q", st.Pending)
	}
	l.push = nil
	if _, err := e.Once(ctx); err != nil || d.get(t, id).Pending != books.Parked {
		t.Errorf("%v", err)
	}
	if _, err := d.through(&liar{}).Once(ctx); err != nil || d.get(t, id).Pending != "" {
		t.Errorf("%v, pending %q", err, d.get(t, id).Pending)
	}
}

// What refuses everything is no fault of a document: nothing is parked.
func TestWhatRefusesEverythingParksNothing(t *testing.T) {
	p := startServer(t)
	d := newBranch(t, p)
	d.submitMany(t, 8)
	for _, err := range []error{
		&remote.Error{Status: http.StatusUnauthorized}, &remote.Error{Status: http.StatusTooManyRequests}, &remote.Error{Status: http.StatusServiceUnavailable},
		&remote.Error{Status: http.StatusForbidden, Problem: wire.Problem{Code: "forbidden"}}, &remote.Error{Status: http.StatusInternalServerError},
		&remote.Error{Status: http.StatusBadRequest, NotOurs: true}, &remote.Error{Status: http.StatusBadGateway}, &remote.Error{Err: errors.New("reset")},
	} {
		e := d.through(&liar{push: func(wire.PushRequest, func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
			return wire.PushAnswer{}, err
		}})
		for range 6 {
			if _, got := e.Once(context.Background()); got == nil {
				t.Error("no error")
			}
		}
	}
	for _, o := range d.outbox(t) {
		if o.State == books.Parked {
			t.Errorf("%+v", o)
		}
	}
	d.sync(t)
	if n := len(d.outbox(t)); n != 0 {
		t.Errorf("%d are left", n)
	}
}
