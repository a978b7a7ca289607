package practice

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/sync/wire"
)

type client struct {
	t   *testing.T
	p   *Practice
	c   *http.Client
	seq int64
	mu  sync.Mutex
}

func start(t *testing.T) *client {
	t.Helper()
	p, err := Start(context.Background(), Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.CAPEM())
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &client{t: t, p: p, c: &http.Client{Transport: tr, Timeout: 20 * time.Second}}
}

func (c *client) get(path string) (*http.Response, []byte, error) {
	r, err := c.c.Get(c.p.URL() + path)
	if err != nil {
		return nil, nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r, b, err
}

func (c *client) post(body []byte) (int, []byte, error) {
	r, err := c.c.Post(c.p.URL()+"/v1/push", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, b, err
}

func (c *client) op(kind string, base int64, inv invoice.Invoice) wire.Operation {
	c.t.Helper()
	b, err := document.Encode(inv)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.seq++
	id := wire.OperationID("device", c.seq)
	c.mu.Unlock()
	return wire.Operation{OperationID: id, DocumentType: "invoice", DocumentID: inv.ID, BaseRevision: base, Kind: kind, Schema: 1, Hash: wire.Hash(b), Body: b}
}

func request(ops ...wire.Operation) []byte {
	b, _ := json.Marshal(wire.PushRequest{Device: "device", Protocol: 1, Operations: ops})
	return b
}

func (c *client) push(ops ...wire.Operation) []wire.Answer {
	c.t.Helper()
	status, b, err := c.post(request(ops...))
	if err != nil || status != 200 {
		c.t.Fatalf("push: %d %s %v", status, b, err)
	}
	var a wire.PushAnswer
	if err := json.Unmarshal(b, &a); err != nil || len(a.Answers) != len(ops) {
		c.t.Fatalf("push: %s %v", b, err)
	}
	return a.Answers
}

func (c *client) pull(cursor string, limit int) wire.PullAnswer {
	c.t.Helper()
	r, b, err := c.get(fmt.Sprintf("/v1/pull?cursor=%s&limit=%d", cursor, limit))
	if err != nil || r.StatusCode != 200 {
		c.t.Fatalf("pull: %s %v", b, err)
	}
	var a wire.PullAnswer
	if err := json.Unmarshal(b, &a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

func draft(t *testing.T, id string) invoice.Invoice {
	t.Helper()
	items, err := sampleItems()
	if err != nil {
		t.Fatal(err)
	}
	qty := items[0].Price.Truncate(0)
	return invoice.Invoice{
		ID: id, Kind: invoice.Special, Basis: invoice.Exclusive, Date: "2026-11-23", Buyer: sampleCustomers()[0].Party, State: invoice.Draft,
		Lines: []invoice.Line{{ID: "l1", Order: "i", Name: items[0].Name, Qty: &qty, Price: items[0].Price, Rate: items[0].Rate}},
	}
}

func waiting(t *testing.T, id string) invoice.Invoice {
	inv := draft(t, id)
	inv.State = invoice.Waiting
	return inv
}

func TestSamples(t *testing.T) {
	for _, c := range sampleCustomers() {
		if ok, warning := party.CheckTaxNo(c.TaxNo); !ok {
			t.Errorf("%s %s: %s", c.Name, c.TaxNo, warning)
		}
	}
	a := start(t).pull("", 1000)
	n := map[string]int{}
	for _, ch := range a.Changes {
		n[ch.DocumentType]++
	}
	if n["customer"] < 12 || n["item"] < 20 || n["invoice"] < 3 {
		t.Errorf("%v", n)
	}
}

func TestReplayAndReuse(t *testing.T) {
	c := start(t)
	o := c.op("transition", 0, waiting(t, "a"))
	_, first, err := c.post(request(o))
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := c.post(request(o))
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("replay differs: %s\n%s %v", first, again, err)
	}
	other := c.op("put", 0, draft(t, "b"))
	other.OperationID = o.OperationID
	if a := c.push(other)[0]; a.Code != "operation_reused" || a.Result != wire.Rejected {
		t.Errorf("%+v", a)
	}
	o.OperationID, o.Hash = "device:999", wire.Hash([]byte("x"))
	if a := c.push(o)[0]; a.Code != "hash_mismatch" {
		t.Errorf("%+v", a)
	}
}

func TestConflictAndRecall(t *testing.T) {
	c := start(t)
	inv := draft(t, "a")
	inv.Extra = map[string]json.RawMessage{"future": json.RawMessage(`{"x":1.50}`)}
	if a := c.push(c.op("put", 0, inv))[0]; a.Result != wire.Applied || a.Revision != 1 || a.State != "draft" {
		t.Fatalf("%+v", a)
	}
	if _, err := c.p.SecondBranch.EditDraft(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	inv.Remark = "mine"
	a := c.push(c.op("put", 1, inv))[0]
	if a.Result != wire.Conflict || a.Revision != 2 || !strings.Contains(string(a.Body), "城东分店") || !strings.Contains(string(a.Body), `"future":{"x":1.50}`) {
		t.Fatalf("%+v %s", a, a.Body)
	}
	inv.State = invoice.Waiting
	if a := c.push(c.op("transition", 2, inv))[0]; a.State != "issued" || a.Number == "" || a.IssuedAt == nil {
		t.Fatalf("%+v", a)
	}
	inv.State = invoice.Draft
	if a := c.push(c.op("transition", 3, inv))[0]; a.Code != "already_issued" || a.Body == nil {
		t.Fatalf("%+v", a)
	}
	bad := waiting(t, "bad")
	bad.Buyer.TaxNo = ""
	if a := c.push(c.op("transition", 0, bad))[0]; a.Result != wire.Rejected || a.Code != "buyer_tax_no_required" || len(a.Fields) != 1 {
		t.Fatalf("%+v", a)
	}
}

func TestRedCap(t *testing.T) {
	c := start(t)
	blue := waiting(t, "blue")
	c.push(c.op("transition", 0, blue))
	sheet, err := invoice.Compute(blue)
	if err != nil {
		t.Fatal(err)
	}
	red := waiting(t, "red")
	red.Reverses, red.Lines, red.RedRows = "blue", nil, invoice.FullRed(sheet.Rows)
	if a := c.push(c.op("transition", 0, red))[0]; a.State != "issued" {
		t.Fatalf("%+v", a)
	}
	red.ID = "red2"
	if a := c.push(c.op("transition", 0, red))[0]; a.Result != wire.Rejected {
		t.Fatalf("reversed twice: %+v", a)
	}
	for _, ch := range c.pull("", 1000).Changes {
		if ch.DocumentID == "blue" && !strings.Contains(string(ch.Body), `"state":"reversed"`) {
			t.Errorf("%s", ch.Body)
		}
	}
}

// Eight pushers and one reader at once: numbers have no gap, the reader skips nothing.
func TestConcurrent(t *testing.T) {
	c := start(t)
	const pushers, each = 8, 15
	var wg sync.WaitGroup
	for g := range pushers {
		wg.Go(func() {
			for i := range each {
				status, b, err := c.post(request(c.op("transition", 0, waiting(t, fmt.Sprintf("doc-%d-%d", g, i)))))
				if err != nil || status != 200 || !bytes.Contains(b, []byte(`"issued"`)) {
					t.Errorf("%d %s %v", status, b, err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	seen, numbers, cursor := map[string]bool{}, map[string]bool{}, ""
	for last := false; ; {
		a := c.pull(cursor, 7)
		cursor = a.Cursor
		for _, ch := range a.Changes {
			seen[ch.DocumentID] = true
			if ch.DocumentType != "invoice" {
				continue
			}
			inv, err := invoice.Decode(ch.Body)
			if err != nil {
				t.Fatal(err)
			}
			if numbers[inv.Number] {
				t.Errorf("number %s twice", inv.Number)
			}
			numbers[inv.Number] = true
		}
		if len(a.Changes) == 0 && last {
			break
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
	for g := range pushers {
		for i := range each {
			if !seen[fmt.Sprintf("doc-%d-%d", g, i)] {
				t.Errorf("the reader skipped doc-%d-%d", g, i)
			}
		}
	}
	for n := 1; n <= len(numbers); n++ {
		if !numbers[fmt.Sprintf("练习%08d", n)] {
			t.Errorf("number %08d is missing", n)
		}
	}
}

func TestTLSFaults(t *testing.T) {
	c := start(t)
	for _, id := range []string{"S01", "S04", "S06", "S07", "S11", "S17", "T01"} {
		if err := c.p.Set(id, true); err != nil {
			t.Fatal(err)
		}
		c.c.CloseIdleConnections()
		_, _, err := c.get("/healthz")
		var host x509.HostnameError
		var invalid x509.CertificateInvalidError
		var unknown x509.UnknownAuthorityError
		var ok bool
		switch id {
		case "S01":
			ok = errors.As(err, &invalid) && invalid.Reason == x509.Expired
		case "S04":
			ok = errors.As(err, &host)
		case "S17":
			ok = err != nil && strings.Contains(err.Error(), "HTTP response to HTTPS client")
		case "T01":
			ok = err != nil && strings.Contains(err.Error(), "refused")
		default:
			ok = errors.As(err, &unknown)
		}
		if !ok {
			t.Errorf("%s: %v", id, err)
		}
		if err := c.p.Set(id, false); err != nil {
			t.Fatal(err)
		}
		c.c.CloseIdleConnections()
		if r, _, err := c.get("/healthz"); err != nil || r.StatusCode != 200 {
			t.Errorf("after %s: %v", id, err)
		}
	}
	if err := c.p.Set("nonsense", true); err == nil {
		t.Error("an unknown fault was switched on")
	}
}

func TestHTTPFaults(t *testing.T) {
	c := start(t)
	for id, want := range map[string]struct {
		path   string
		status int
		has    string
	}{
		"H01": {"/v1/whoami", 401, "token_invalid"}, "H02": {"/v1/whoami", 403, "forbidden"}, "H11": {"/healthz", 429, "rate_limited"},
		"H14": {"/healthz", 200, `"protocol_max":0`}, "H15": {"/healthz", 200, `"warehouse"`}, "H16": {"/healthz", 200, "<html>"},
		"H17": {"/healthz", 500, "internal"}, "H19": {"/healthz", 503, "overloaded"}, "H21": {"/v1/pull", 503, `"until"`},
		"B01": {"/healthz", 200, `"db":"down"`}, "B04": {"/healthz", 200, `"tax":"down"`},
	} {
		if err := c.p.Set(id, true); err != nil {
			t.Fatal(err)
		}
		r, b, err := c.get(want.path)
		if err != nil || r.StatusCode != want.status || !strings.Contains(string(b), want.has) {
			t.Errorf("%s: %s %v", id, b, err)
		}
		if err := c.p.Set(id, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.p.Set("H24", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.get("/healthz"); err == nil {
		t.Error("H24: the answer was whole")
	}
}

// What stands in front of the server answers in its place: the request goes no
// further, and what will pass says when to come again.
func TestStandsInFront(t *testing.T) {
	c := start(t)
	before := c.pull("", 1000)
	body := request(c.op("put", 0, draft(t, "a")))
	for id, want := range map[string]struct {
		code   string
		status int
		wait   int // at least
	}{"H01": {"token_invalid", 401, 0}, "H02": {"forbidden", 403, 0}, "H11": {"rate_limited", 429, 3}, "H19": {"overloaded", 503, 5}, "H21": {"maintenance", 503, 1700}} {
		if err := c.p.Set(id, true); err != nil {
			t.Fatal(err)
		}
		for _, g := range []struct{ method, path string }{{"POST", "/v1/push"}, {"GET", "/v1/pull"}, {"GET", "/v1/events"}, {"GET", "/v1/whoami"}} {
			req, err := http.NewRequest(g.method, c.p.URL()+g.path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			r, err := c.c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			var p wire.Problem
			err = json.NewDecoder(r.Body).Decode(&p)
			r.Body.Close()
			wait, _ := strconv.Atoi(r.Header.Get("Retry-After"))
			if err != nil || r.StatusCode != want.status || p.Code != want.code || wait < want.wait || wait > 1800 || p.RequestID != r.Header.Get(wire.HeaderRequest) || p.RequestID == "" {
				t.Errorf("%s %s: %d %+v, Retry-After %d, %v", id, g.path, r.StatusCode, p, wait, err)
			}
			if m := p.Maintenance; (m != nil) != (id == "H21") || m != nil && (m.Message == "" || time.Until(m.Until) < 29*time.Minute) {
				t.Errorf("%s %s: %+v", id, g.path, m)
			}
		}
		if err := c.p.Set(id, false); err != nil {
			t.Fatal(err)
		}
	}
	if after := c.pull("", 1000); len(after.Changes) != len(before.Changes) || after.Cursor != before.Cursor {
		t.Errorf("a push went through: %s, was %s", after.Cursor, before.Cursor)
	}
}

// The second branch is a client like any other: it reads what changed, edits the
// draft changed last, follows a new epoch, and edits nothing that is no draft.
func TestSecondBranch(t *testing.T) {
	c, ctx := start(t), context.Background()
	code := func(id string) string {
		t.Helper()
		var no *books.Error
		if _, err := c.p.SecondBranch.EditDraft(ctx, id); !errors.As(err, &no) {
			t.Fatalf("%q: %v", id, err)
		}
		return no.Code
	}
	if got := code("") + " " + code("nothing"); got != "not_on_server not_on_server" {
		t.Error(got)
	}
	c.push(c.op("put", 0, draft(t, "a")), c.op("put", 0, draft(t, "b")), c.op("transition", 0, waiting(t, "issued")))
	for _, c2 := range []struct{ id, want string }{{"", "b"}, {"a", "a"}} {
		if inv, err := c.p.SecondBranch.EditDraft(ctx, c2.id); err != nil || inv.ID != c2.want || inv.Revision != 2 || len(inv.Lines) != 2 {
			t.Errorf("%+v %v", inv, err)
		}
	}
	c.push(c.op("delete", 2, draft(t, "a")))
	if got := code("a") + " " + code("issued"); got != "not_on_server not_a_draft" {
		t.Error(got)
	}
	if err := c.p.Server().NewEpoch(ctx); err != nil {
		t.Fatal(err)
	}
	if inv, err := c.p.SecondBranch.EditDraft(ctx, "b"); err != nil || inv.Revision != 3 || !strings.HasPrefix(inv.Remark, "城东分店") {
		t.Errorf("%+v %v", inv, err)
	}
	if err := c.p.Set("B01", true); err != nil {
		t.Fatal(err)
	}
	if _, err := c.p.SecondBranch.EditDraft(ctx, "b"); err == nil || !strings.Contains(err.Error(), "database_down") {
		t.Errorf("%v", err)
	}
}

func TestLostAnswerIsKept(t *testing.T) {
	c := start(t)
	o := c.op("transition", 0, waiting(t, "a"))
	if err := c.p.Set("H27", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.post(request(o)); err == nil {
		t.Fatal("the answer was not lost")
	}
	if err := c.p.Set("H27", false); err != nil {
		t.Fatal(err)
	}
	if a := c.push(o)[0]; a.Revision != 1 || a.Number != "练习00000007" {
		t.Errorf("%+v", a)
	}
}

func TestTaxDownWaits(t *testing.T) {
	c := start(t)
	if err := c.p.Set("B04", true); err != nil {
		t.Fatal(err)
	}
	if a := c.push(c.op("transition", 0, waiting(t, "a")))[0]; a.State != "waiting" {
		t.Fatalf("%+v", a)
	}
	if err := c.p.Set("B04", false); err != nil {
		t.Fatal(err)
	}
	ch := c.pull("", 1000).Changes
	if last := string(ch[len(ch)-1].Body); !strings.Contains(last, `"state":"issued"`) || !strings.Contains(last, "总部") {
		t.Errorf("%s", last)
	}
}

func TestMalformed(t *testing.T) {
	c := start(t)
	for _, body := range []string{"", "{", "[]", `{"device":"d"}`, `{"device":"d","protocol":1,"operations":[{}]}`, `{"device":1}`} {
		if status, b, err := c.post([]byte(body)); err != nil || status != 400 || !strings.Contains(string(b), "malformed") {
			t.Errorf("%s: %d %s %v", body, status, b, err)
		}
	}
	if status, _, err := c.post([]byte(`{"device":"d","protocol":9,"operations":[]}`)); err != nil || status != 426 {
		t.Errorf("%d %v", status, err)
	}
	for path, want := range map[string]int{"/v1/pull?cursor=x": 400, "/v1/pull?cursor=old:1:all": 410, "/v1/pull?limit=0": 400, "/nowhere": 404, "/v1/push": 405} {
		if r, b, err := c.get(path); err != nil || r.StatusCode != want || r.Header.Get("Content-Type") != "application/problem+json" || r.Header.Get(wire.HeaderProduct) == "" {
			t.Errorf("%s: %s %v", path, b, err)
		}
	}
	// A bomb: 64 MB of spaces in 64 KB.
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		if _, err := z.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("POST", c.p.URL()+"/v1/push", &bomb)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	r, err := c.c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 413 {
		t.Errorf("bomb: %d", r.StatusCode)
	}
}

func TestRestartKeepsCAAndPort(t *testing.T) {
	dir := t.TempDir()
	var url, print string
	for i := range 2 {
		p, err := Start(context.Background(), Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && (p.URL() != url || p.Fingerprint() != print) {
			t.Errorf("%s %s, before %s %s", p.URL(), p.Fingerprint(), url, print)
		}
		url, print = p.URL(), p.Fingerprint()
		if err := p.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}
