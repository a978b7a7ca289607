package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"counterfoil/app/customer"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/item"
	"counterfoil/app/party"
	"counterfoil/app/seller"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/wire"
)

// A desk of a branch, whose token is "BRANCH" or "BRANCH catalog".
type desk struct {
	*rig
	token, device string
	seq           int64
}

// branches serves tokens that name their branch and roles.
func branches(t *testing.T, change func(*server.Config)) *rig {
	return start(t, func(c *server.Config) {
		c.Access = func(s string) (access.Principal, error) {
			words := strings.Fields(s)
			return access.Principal{Company: "test", Branch: words[0], Roles: words[1:]}, nil
		}
		if change != nil {
			change(c)
		}
	})
}

func (r *rig) desk(token string) *desk { return &desk{r, token, newID(), 0} }

func (d *desk) send(doc document.Document, kind string, base int64) wire.Answer {
	d.t.Helper()
	body, err := document.Encode(doc)
	if err != nil {
		d.t.Fatal(err)
	}
	d.seq++
	req, err := json.Marshal(wire.PushRequest{Device: d.device, Protocol: wire.Protocol, Operations: []wire.Operation{{
		OperationID: wire.OperationID(d.device, d.seq), DocumentType: string(doc.DocumentType()), DocumentID: doc.Meta().ID, BaseRevision: base,
		Kind: kind, Schema: wire.Schema, Hash: wire.Hash(body), Body: body,
	}}})
	if err != nil {
		d.t.Fatal(err)
	}
	var a wire.PushAnswer
	d.ask(http.MethodPost, "/v1/push", req, &a)
	return a.Answers[0]
}

func (d *desk) ask(method, path string, body []byte, into any) {
	d.t.Helper()
	req := d.request(method, path, body)
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, b, err := d.do(req)
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(b, into) != nil {
		d.t.Fatalf("%s: %v %s", path, err, b)
	}
}

// sees is the revision of a document in a pull from the start, 0 when it is not
// there, -1 when it is deleted.
func (d *desk) sees(id string) int64 {
	d.t.Helper()
	var p wire.PullAnswer
	d.ask(http.MethodGet, "/v1/pull", nil, &p)
	for _, c := range p.Changes {
		if c.DocumentID == id && c.Deleted {
			return -1
		} else if c.DocumentID == id {
			return c.Revision
		}
	}
	return 0
}

// A customer is written by every desk, seen by all, and its conflicts, replays and
// tombstones are those of an invoice.
func TestCustomersOfDesks(t *testing.T) {
	r := branches(t, nil)
	west, east := r.desk("West"), r.desk("East")
	c := customer.Customer{ID: newID(), Party: party.Party{Name: "苏州明远"}}
	if a := west.send(c, "put", 0); a.Result != wire.Applied || a.Revision != 1 || a.Branch != "West" || a.State != "" || a.Number != "" {
		t.Fatalf("%+v", a)
	}
	if east.sees(c.ID) != 1 {
		t.Error("the other branch does not see the customer")
	}
	if a := east.send(c, "put", 0); a.Result != wire.Applied || a.Revision != 1 || len(a.Body) == 0 {
		t.Errorf("the same content again: %+v", a)
	}
	edited := c
	edited.Phone = "0512"
	if a := east.send(edited, "put", 1); a.Revision != 2 || a.Branch != "East" {
		t.Fatalf("%+v", a)
	}
	mine := c
	mine.Bank = "another"
	a := west.send(mine, "put", 1)
	var theirs customer.Customer
	if doc, err := document.Decode(customer.Type, a.Body); err == nil {
		theirs = doc.(customer.Customer)
	}
	if a.Result != wire.Conflict || a.Revision != 2 || theirs.Phone != "0512" || theirs.Branch != "East" {
		t.Errorf("%+v", a)
	}
	for kind, code := range map[string]string{"transition": "kind_unknown", "present": "kind_unknown"} {
		if a := west.send(mine, kind, 2); a.Code != code {
			t.Errorf("%s: %+v", kind, a)
		}
	}
	nameless := mine
	nameless.Name = ""
	if a := west.send(nameless, "put", 2); a.Code != "required" || a.Fields["party.name"] != "required" {
		t.Errorf("%+v", a)
	}
	if a := west.send(c, "delete", 1); a.Result != wire.Conflict {
		t.Errorf("a deletion of what changed meanwhile: %+v", a)
	}
	if a := west.send(c, "delete", 2); a.Result != wire.Applied || !a.Deleted || a.Revision != 3 {
		t.Errorf("%+v", a)
	}
	if a := east.send(edited, "put", 3); a.Result != wire.Conflict || !a.Deleted {
		t.Errorf("a tombstone was brought back: %+v", a)
	}
	if east.sees(c.ID) != -1 {
		t.Error("the other branch is not told of the deletion")
	}
}

// Items are changed by whoever has the role, sellers by nobody; whoami says so.
func TestRights(t *testing.T) {
	r := branches(t, nil)
	clerk, keeper := r.desk("West"), r.desk("West catalog")
	i := item.Item{ID: newID(), Name: "*金属制品*法兰"}
	if a := clerk.send(i, "put", 0); a.Result != wire.Rejected || a.Code != "role_needed" {
		t.Errorf("%+v", a)
	}
	// Asked again with the right to, the same operation is applied, once.
	clerk.token, clerk.seq = "West catalog", 0
	if a := clerk.send(i, "put", 0); a.Result != wire.Applied || a.Revision != 1 {
		t.Errorf("%+v", a)
	}
	clerk.token, clerk.seq = "West", 0
	if a := clerk.send(i, "put", 0); a.Result != wire.Applied || a.Revision != 1 {
		t.Errorf("a replay: %+v", a)
	}
	if a := keeper.send(i, "put", 1); a.Revision != 2 {
		t.Errorf("%+v", a)
	}
	if a := clerk.send(i, "delete", 2); a.Code != "role_needed" || clerk.sees(i.ID) != 2 {
		t.Errorf("%+v", a)
	}
	s := seller.Seller{ID: newID(), Party: party.Party{Name: "存根", TaxNo: "91310115630782416N"}}
	if a := keeper.send(s, "put", 0); a.Code != "master_data_read_only" {
		t.Errorf("%+v", a)
	}
	for d, want := range map[*desk][]string{clerk: {"customer", "invoice"}, keeper: {"customer", "invoice", "item"}} {
		var who server.Who
		if d.ask(http.MethodGet, "/v1/whoami", nil, &who); !slices.Equal(who.Writes, want) || (len(who.Roles) == 1) != (d == keeper) {
			t.Errorf("%s: %+v", d.token, who)
		}
	}
}

// What the server hands out is raised only when it changed; what is taken back is
// a tombstone, and may come again.
func TestPublish(t *testing.T) {
	r := branches(t, nil)
	d, ctx := r.desk("West"), context.Background()
	a := seller.Seller{ID: "a", Party: party.Party{Name: "A", TaxNo: "1"}}
	b := seller.Seller{ID: "b", Party: party.Party{Name: "B", TaxNo: "2"}}
	all := func(docs ...document.Document) {
		t.Helper()
		if err := r.srv.PublishAll(ctx, seller.Type, docs...); err != nil {
			t.Fatal(err)
		}
	}
	all(a, b)
	before := r.dump()
	all(b, a)
	if r.dump() != before {
		t.Error("the same list again changed something")
	}
	b.Phone = "021"
	all(b)
	if d.sees("a") != -1 || d.sees("b") != 2 {
		t.Errorf("%d %d", d.sees("a"), d.sees("b"))
	}
	all(a, b)
	if d.sees("a") != 3 {
		t.Errorf("%d", d.sees("a"))
	}
	if err := r.srv.Publish(ctx, seller.Seller{ID: "c"}); err == nil || d.sees("c") != 0 {
		t.Errorf("a seller without name: %v", err)
	}
}

// An invoice takes its number from its seller's series, a red-letter one from that
// of its original; a seller that is not handed out is refused.
func TestSeriesOfSellers(t *testing.T) {
	var taxDown atomic.Bool
	r := branches(t, func(c *server.Config) { c.TaxUp = func() bool { return !taxDown.Load() } })
	d, ctx := r.desk("West"), context.Background()
	first := seller.Seller{ID: "a", Party: party.Party{Name: "First", TaxNo: "1"}}
	second := seller.Seller{ID: "b", Series: "B-2", Party: party.Party{Name: "Second", TaxNo: "2"}}
	if err := r.srv.PublishAll(ctx, seller.Type, first, second); err != nil {
		t.Fatal(err)
	}
	by := func(p party.Party) invoice.Invoice {
		inv := waiting()
		inv.Seller = p
		return inv
	}
	blue := by(second.Party)
	var last wire.Answer
	for _, c := range []struct {
		inv    invoice.Invoice
		number string
	}{{waiting(), "00000001"}, {blue, "B-2-00000001"}, {by(first.Party), "00000002"}, {by(second.Party), "B-2-00000002"}} {
		if last = d.send(c.inv, "transition", 0); last.Number != c.number {
			t.Errorf("%+v, want number %s", last, c.number)
		}
	}
	var receipt wire.Receipt
	if err := json.Unmarshal(last.Receipt, &receipt); err != nil || receipt.Series != "B-2" {
		t.Errorf("%s %v", last.Receipt, err)
	}
	if a := d.send(by(party.Party{Name: "Second", TaxNo: "3"}), "transition", 0); a.Code != "seller_unknown" || a.Fields["seller"] == "" {
		t.Errorf("%+v", a)
	}
	if a := d.send(by(party.Party{Name: "Second", TaxNo: "3"}), "put", 0); a.Result != wire.Applied {
		t.Errorf("a draft may name anybody: %+v", a)
	}
	taxDown.Store(true)
	late := by(second.Party)
	if a := d.send(late, "transition", 0); a.State != "waiting" {
		t.Errorf("%+v", a)
	}
	if err := r.srv.PublishAll(ctx, seller.Type, first); err != nil {
		t.Fatal(err)
	}
	taxDown.Store(false)
	if err := r.srv.IssueWaiting(ctx); err != nil {
		t.Fatal(err)
	}
	if doc := r.invoice(late.ID); doc.State != "rejected" || doc.Number != "" {
		t.Errorf("%+v", doc)
	}
	sheet, err := invoice.Compute(blue)
	if err != nil {
		t.Fatal(err)
	}
	red := by(second.Party)
	red.Reverses, red.Lines, red.RedRows = blue.ID, nil, invoice.FullRed(sheet.Rows)
	if a := d.send(red, "transition", 0); a.Number != "B-2-00000003" {
		t.Errorf("%+v", a)
	}
}
