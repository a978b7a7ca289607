package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/seller"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/wire"
)

// pushMark pushes with a mark and returns status, answer and problem.
func (r *rig) pushMark(mark string, ops ...wire.Operation) (int, wire.PushAnswer, wire.Problem) {
	r.t.Helper()
	body, err := json.Marshal(wire.PushRequest{Device: "device", Protocol: wire.Protocol, Mark: mark, Operations: ops})
	if err != nil {
		r.t.Fatal(err)
	}
	resp, b, err := r.do(r.request(http.MethodPost, "/v1/push", body))
	if err != nil {
		r.t.Fatal(err)
	}
	var a wire.PushAnswer
	var p wire.Problem
	if json.Unmarshal(b, &a) != nil || json.Unmarshal(b, &p) != nil {
		r.t.Fatalf("%d %s", resp.StatusCode, b)
	}
	return resp.StatusCode, a, p
}

// present shows an issued invoice and its receipt.
func (r *rig) present(inv invoice.Invoice, receipt []byte) wire.Answer {
	r.t.Helper()
	body, err := document.Encode(inv)
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]json.RawMessage{"invoice": body, "receipt": receipt})
	if err != nil {
		r.t.Fatal(err)
	}
	op := r.op("present", 1, inv)
	op.Body, op.Hash = raw, wire.Hash(raw)
	return r.push(op)[0]
}

// copyDatabase keeps the database as it is now, and puts it back.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(from + end)
		if os.IsNotExist(err) {
			_ = os.Remove(to + end)
			continue
		}
		if err == nil {
			err = os.WriteFile(to+end, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A server whose database was put back from a backup finds out from a desk's
// mark: it takes a new epoch by itself, gives no printed number again and takes
// the invoice back under its own.
func TestRewindIsSeen(t *testing.T) {
	t.Run("first series", func(t *testing.T) { rewindIsSeen(t, seller.Seller{}, "") })
	t.Run("another series", func(t *testing.T) {
		rewindIsSeen(t, seller.Seller{ID: "b", Series: "B", Party: party.Party{Name: "Second", TaxNo: "2"}}, "B-")
	})
}

func rewindIsSeen(t *testing.T, by seller.Seller, series string) {
	waiting := func() invoice.Invoice {
		inv := waiting()
		inv.Seller = by.Party
		return inv
	}
	ctx := context.Background()
	dir := t.TempDir()
	file, backup := filepath.Join(dir, "a", "server.db"), filepath.Join(dir, "backup.db")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	seq := new(atomic.Int64)
	open := func(file string) *rig {
		store, err := sqlite.Open(ctx, file, newID())
		if err != nil {
			t.Fatal(err)
		}
		r := start(t, func(c *server.Config) { c.Store = store })
		r.store, r.seq = store, seq
		return r
	}
	r := open(file)
	if by.ID != "" {
		if err := r.srv.Publish(ctx, by); err != nil {
			t.Fatal(err)
		}
	}
	_, first, _ := r.pushMark("", r.op("transition", 0, waiting()))
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	copyDatabase(t, file, backup)
	r = open(file)
	lost := waiting()
	_, second, _ := r.pushMark(first.Mark, r.op("transition", 0, lost))
	if second.Answers[0].Number != series+"00000002" || len(second.Answers[0].Receipt) == 0 {
		t.Fatalf("%+v", second)
	}
	mark := url.QueryEscape(second.Mark)
	r.store.Close()
	// The whole folder is put back elsewhere: nothing beside the database knows better.
	other := filepath.Join(dir, "b", "server.db")
	if err := os.Mkdir(filepath.Dir(other), 0o700); err != nil {
		t.Fatal(err)
	}
	copyDatabase(t, backup, other)
	r = open(other)
	was := r.epoch()
	// A pull says that it is behind, as a node that lags would: nothing changes.
	r.problem(r.request(http.MethodGet, "/v1/pull?mark="+mark, nil), http.StatusServiceUnavailable, "behind")
	if r.epoch() != was {
		t.Error("a pull alone made a new epoch")
	}
	// A forged mark says nothing.
	r.problem(r.request(http.MethodGet, "/v1/pull?mark="+url.QueryEscape(strings.Replace(second.Mark, fmt.Sprintf(":%d:", second.Answers[0].Seq), ":9:", 1)), nil), http.StatusBadRequest, "mark_invalid")
	// A push reaches the one that writes.
	fresh := waiting()
	status, _, p := r.pushMark(second.Mark, r.op("transition", 0, fresh))
	now := r.epoch()
	if status != http.StatusGone || p.Code != "epoch_changed" || p.Epoch == was || p.Epoch != now {
		t.Fatalf("%d %+v, epoch %s → %s", status, p, was, now)
	}
	if doc := r.invoice(fresh.ID); doc.ID != "" {
		t.Errorf("it was applied all the same: %+v", doc)
	}
	// A new invoice before the lost one is back does not get its number.
	_, third, _ := r.pushMark("", r.op("transition", 0, fresh))
	if third.Answers[0].Number != series+"00000003" {
		t.Errorf("%+v", third.Answers[0])
	}
	inv := lost
	inv.State, inv.Number, inv.Revision, inv.IssuedAt, inv.Branch = invoice.Issued, series+"00000002", 1, *second.Answers[0].IssuedAt, second.Answers[0].Branch
	present := func(inv invoice.Invoice, receipt []byte) wire.Answer {
		t.Helper()
		return r.present(inv, receipt)
	}
	forged := inv
	forged.Remark = "other"
	if a := present(forged, second.Answers[0].Receipt); a.Result != wire.Rejected || a.Code != "receipt_invalid" {
		t.Errorf("a forged invoice: %+v", a)
	}
	if a := present(inv, second.Answers[0].Receipt); a.Result != wire.Applied || a.Number != series+"00000002" || a.State != "issued" {
		t.Errorf("%+v", a)
	}
	// Whoever else holds it presents it too, and nothing changes.
	before := r.dump()
	if a := present(inv, second.Answers[0].Receipt); a.Result != wire.Applied || a.Number != series+"00000002" {
		t.Errorf("%+v", a)
	}
	if r.dump() != before {
		t.Error("a second presentation changed something")
	}
}

// What was as large as it may be when it was issued comes back too, with what the
// server added and its receipt.
func TestPresentOfTheLargest(t *testing.T) {
	r := start(t, nil)
	inv := waiting()
	small, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	inv.Extra = map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", books.MaxDocument-len(small)-len(`,"x":""`)) + `"`)}
	a := r.push(r.op("transition", 0, inv))[0]
	if a.State != "issued" {
		t.Fatalf("%s %s", a.Result, a.Code)
	}
	inv.State, inv.Number, inv.Revision, inv.IssuedAt, inv.Branch = invoice.Issued, a.Number, 1, *a.IssuedAt, a.Branch
	if a := r.present(inv, a.Receipt); a.Result != wire.Applied {
		t.Errorf("%s %s", a.Result, a.Code)
	}
}

// An emptied database, or none, does not begin at 1 again.
func TestEmptiedDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server.db")
	s, err := sqlite.Open(context.Background(), file, newID())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []func() error{func() error { return os.Remove(file) }, func() error { return os.WriteFile(file, nil, 0o600) }} {
		for _, end := range []string{"-wal", "-shm"} {
			_ = os.Remove(file + end)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := sqlite.Open(context.Background(), file, newID()); err == nil || !strings.Contains(err.Error(), "backup") {
			t.Errorf("opened: %v", err)
		}
	}
}

// Documents, devices and red-letter invoices stay within their branch.
func TestBranches(t *testing.T) {
	r := start(t, func(c *server.Config) {
		c.Access = func(token string) (access.Principal, error) {
			return access.Principal{Branch: map[string]string{"east": "East"}[token], Whole: token == "all"}, nil
		}
	})
	as := func(token, device string, ops ...wire.Operation) (int, []wire.Answer) {
		t.Helper()
		for i := range ops {
			ops[i].OperationID = device + strings.TrimPrefix(ops[i].OperationID, "device")
		}
		b, err := json.Marshal(wire.PushRequest{Device: device, Protocol: wire.Protocol, Operations: ops})
		if err != nil {
			t.Fatal(err)
		}
		req := r.request(http.MethodPost, "/v1/push", b)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, raw, err := r.do(req)
		if err != nil {
			t.Fatal(err)
		}
		var a wire.PushAnswer
		_ = json.Unmarshal(raw, &a)
		return resp.StatusCode, a.Answers
	}
	inv := waiting()
	if status, a := as("east", "e", r.op("transition", 0, inv)); status != 200 || a[0].State != "issued" {
		t.Fatalf("%d %+v", status, a)
	}
	red := draft()
	red.Reverses = inv.ID
	for _, op := range []wire.Operation{r.op("put", 1, inv), r.op("delete", 1, inv), r.op("transition", 0, inv)} {
		if _, a := as("west", "w", op); a[0].Code != "not_found" || len(a[0].Body) > 0 {
			t.Errorf("another branch got %+v", a[0])
		}
	}
	red.State = invoice.Waiting
	red.RedRows = []invoice.Row{{LineID: "l1", Type: invoice.Normal, Name: "x"}}
	if _, a := as("west", "w", r.op("transition", 0, red)); a[0].Code != "nothing_to_reverse" {
		t.Errorf("another branch reverses: %+v", a[0])
	}
	if status, _ := as("west", "e", r.op("put", 0, draft())); status != http.StatusForbidden {
		t.Errorf("another branch's device: %d", status)
	}
	for token, want := range map[string]int{"east": 1, "west": 0, "all": 1} {
		req := r.request(http.MethodGet, "/v1/pull", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		_, b, err := r.do(req)
		var p wire.PullAnswer
		if err != nil || json.Unmarshal(b, &p) != nil || len(p.Changes) != want || !strings.Contains(p.Cursor, ":1:") {
			t.Errorf("%s sees %s", token, b)
		}
	}
}

// Data belong to the company that is named first; it goes on with the numbers that
// were given before. For another, or without the name, they are not served.
func TestOtherCompany(t *testing.T) {
	of := func(company string, store server.Store) *rig {
		return start(t, func(c *server.Config) {
			if c.Company = company; store != nil {
				c.Store = store
			}
		})
	}
	r := of("", nil)
	r.push(r.op("transition", 0, waiting()))
	named := of("A", r.store)
	named.seq = r.seq
	if a := named.push(named.op("transition", 0, waiting()))[0]; a.Number != "00000002" {
		t.Errorf("%+v", a)
	}
	for _, company := range []string{"", "B"} {
		other := of(company, r.store)
		if err := other.srv.IssueWaiting(context.Background()); !errors.Is(err, server.ErrOtherCompany) || !strings.Contains(err.Error(), `"A"`) {
			t.Errorf("%q: %v", company, err)
		}
		other.problem(other.request(http.MethodPost, "/v1/push", bodyOf(other.op("put", 0, draft()))), http.StatusServiceUnavailable, "database_down")
	}
}
