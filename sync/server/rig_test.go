package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/storetest"
	"counterfoil/sync/wire"
)

const token = "the token"

// twice runs every transaction of a rig twice.
var twice bool

// The whole suite runs a second time with every transaction run, undone and run
// again: a storage may do so whenever it likes.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.bench").Value.String() == "" {
		fmt.Println("again, with every transaction run twice")
		twice = true
		code = m.Run()
	}
	os.Exit(code)
}

// A rig is one server over TLS with its data in a SQLite file.
type rig struct {
	t     *testing.T
	srv   *server.Server
	store *sqlite.Store
	tls   *httptest.Server
	http  *http.Client
	seq   *atomic.Int64
	// handler is the server, or what a test puts in front of it.
	handler atomic.Value
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// start serves until the test ends; change may be nil.
func start(t *testing.T, change func(*server.Config)) *rig {
	t.Helper()
	store, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), newID())
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{
		Store: store, Now: time.Now, NewID: newID, Version: "test", Environment: "test",
		Access: func(s string) (access.Principal, error) {
			if s != token {
				return access.Principal{}, access.ErrUnknown
			}
			return access.Principal{Company: "test", Branch: "West"}, nil
		},
	}
	if change != nil {
		change(&cfg)
	}
	if twice {
		cfg.Store = storetest.Twice(cfg.Store)
	}
	r := &rig{t: t, srv: server.New(cfg), store: store, seq: new(atomic.Int64)}
	r.handler.Store(http.HandlerFunc(r.srv.ServeHTTP))
	r.tls = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.handler.Load().(http.HandlerFunc)(w, q) }))
	r.tls.EnableHTTP2 = true
	r.tls.StartTLS()
	r.http = r.tls.Client()
	r.http.Timeout = 30 * time.Second
	t.Cleanup(func() {
		r.srv.Close()
		r.tls.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// request makes one with a valid token, which the caller may take away.
func (r *rig) request(method, path string, body []byte) *http.Request {
	r.t.Helper()
	req, err := http.NewRequest(method, r.tls.URL+path, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// do sends and reads to the end. It may be called from any goroutine.
func (r *rig) do(req *http.Request) (*http.Response, []byte, error) {
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, b, err
}

// problem sends and wants this status and code.
func (r *rig) problem(req *http.Request, status int, code string) (*http.Response, wire.Problem) {
	r.t.Helper()
	resp, b, err := r.do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	var p wire.Problem
	if err := json.Unmarshal(b, &p); err != nil {
		r.t.Fatalf("status %d, body %q: %v", resp.StatusCode, b, err)
	}
	if resp.StatusCode != status || p.Code != code {
		r.t.Errorf("status %d %q, want %d %q: %s", resp.StatusCode, p.Code, status, code, b)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("content type %q of %d", got, resp.StatusCode)
	}
	if p.Title == "" || p.RequestID == "" || p.RequestID != resp.Header.Get(wire.HeaderRequest) || resp.Header.Get(wire.HeaderProduct) != wire.Product {
		r.t.Errorf("problem %+v with headers %v", p, resp.Header)
	}
	return resp, p
}

// draft is a complete invoice of one line.
func draft() invoice.Invoice {
	qty, price := decimal.New(3, 0), decimal.RequireFromString("33.333")
	return invoice.Invoice{
		ID: newID(), Kind: invoice.Ordinary, Basis: invoice.Exclusive, Date: "2026-11-23", Buyer: party.Party{Name: "苏州明远"},
		State: invoice.Draft,
		Lines: []invoice.Line{{ID: "l1", Order: "0001", Name: "*金属制品*法兰", Qty: &qty, Price: &price, Rate: tax.Rate{Value: decimal.New(13, -2)}}},
	}
}

func waiting() invoice.Invoice {
	inv := draft()
	inv.State = invoice.Waiting
	return inv
}

func (r *rig) op(kind string, base int64, inv invoice.Invoice) wire.Operation {
	r.t.Helper()
	b, err := document.Encode(inv)
	if err != nil {
		r.t.Fatal(err)
	}
	return opOf(wire.OperationID("device", r.seq.Add(1)), kind, base, inv.ID, b)
}

func opOf(id, kind string, base int64, doc string, body []byte) wire.Operation {
	return wire.Operation{OperationID: id, DocumentType: "invoice", DocumentID: doc, BaseRevision: base, Kind: kind, Schema: wire.Schema, Hash: wire.Hash(body), Body: body}
}

func bodyOf(ops ...wire.Operation) []byte {
	b, err := json.Marshal(wire.PushRequest{Device: "device", Protocol: wire.Protocol, Operations: ops})
	if err != nil {
		panic(err)
	}
	return b
}

// rawPush returns the answers as the server wrote them. It may be called from any goroutine.
func (r *rig) rawPush(ops ...wire.Operation) ([]json.RawMessage, error) {
	resp, b, err := r.do(r.request(http.MethodPost, "/v1/push", bodyOf(ops...)))
	if err != nil {
		return nil, err
	}
	var a struct{ Answers []json.RawMessage }
	if err := json.Unmarshal(b, &a); err != nil || resp.StatusCode != http.StatusOK || len(a.Answers) != len(ops) {
		return nil, fmt.Errorf("status %d: %s (%v)", resp.StatusCode, b, err)
	}
	return a.Answers, nil
}

func (r *rig) push(ops ...wire.Operation) []wire.Answer {
	r.t.Helper()
	raw, err := r.rawPush(ops...)
	if err != nil {
		r.t.Fatal(err)
	}
	out := make([]wire.Answer, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			r.t.Fatal(err)
		}
	}
	return out
}

// page may be called from any goroutine.
func (r *rig) page(cursor string, limit int) (wire.PullAnswer, error) {
	var a wire.PullAnswer
	resp, b, err := r.do(r.request(http.MethodGet, fmt.Sprintf("/v1/pull?cursor=%s&limit=%d", cursor, limit), nil))
	if err != nil {
		return a, err
	}
	if resp.StatusCode != http.StatusOK {
		return a, fmt.Errorf("status %d: %s", resp.StatusCode, b)
	}
	return a, json.Unmarshal(b, &a)
}

func (r *rig) pull(cursor string, limit int) wire.PullAnswer {
	r.t.Helper()
	a, err := r.page(cursor, limit)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// invoice is one as the server holds it; the zero Document when it does not.
func (r *rig) invoice(id string) server.Document {
	r.t.Helper()
	doc, err := server.Do(context.Background(), r.store, func(tx server.Tx) (server.Document, error) {
		doc, _, err := tx.Document("invoice", id)
		return doc, err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return doc
}

func (r *rig) epoch() string {
	r.t.Helper()
	h, err := r.store.Head(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return h.Epoch
}

// dump is everything the server holds, for "nothing changed".
func (r *rig) dump() string {
	r.t.Helper()
	p, err := r.store.Page(context.Background(), server.PageQuery{Limit: 1_000_000, Bytes: 1 << 30})
	if err != nil {
		r.t.Fatal(err)
	}
	return fmt.Sprintf("%+v", p)
}
