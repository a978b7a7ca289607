package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

// A replay gives the stored bytes of the answer, whatever happened to the
// document meanwhile, and changes nothing.
func TestReplay(t *testing.T) {
	r := start(t, nil)
	inv, sold, bad := draft(), waiting(), waiting()
	bad.Lines = nil
	put, submit, refused := r.op("put", 0, inv), r.op("transition", 0, sold), r.op("transition", 0, bad)
	edited := inv
	edited.Remark = "second"
	late := r.op("put", 0, edited) // a stale base: conflict
	ops := []wire.Operation{put, submit, refused, late}
	first, err := r.rawPush(ops...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{wire.Applied, wire.Applied, wire.Rejected, wire.Conflict} {
		var a wire.Answer
		if err := json.Unmarshal(first[i], &a); err != nil || a.Result != want {
			t.Errorf("operation %d: %s, want %s (%v)", i+1, first[i], want, err)
		}
	}
	edited.Remark = "third"
	if a := r.push(r.op("put", 1, edited))[0]; a.Result != wire.Applied {
		t.Fatalf("%+v", a)
	}
	before := r.dump()
	for round, batch := range [][]wire.Operation{ops, {ops[3], ops[2], ops[1], ops[0]}, {put, put, put, submit}} {
		again, err := r.rawPush(batch...)
		if err != nil {
			t.Fatal(err)
		}
		for i, op := range batch {
			var was json.RawMessage
			for j := range ops {
				if ops[j].OperationID == op.OperationID {
					was = first[j]
				}
			}
			if string(again[i]) != string(was) {
				t.Errorf("round %d: replay of %s gave %s, want %s", round, op.OperationID, again[i], was)
			}
		}
	}
	if after := r.dump(); after != before {
		t.Errorf("a replay changed the data:\n%s\n%s", before, after)
	}
}

// The same operation twice in one batch has one effect.
func TestTwiceInOneBatch(t *testing.T) {
	r := start(t, nil)
	op := r.op("transition", 0, waiting())
	raw, err := r.rawPush(op, op)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw[0]) != string(raw[1]) {
		t.Errorf("%s and %s", raw[0], raw[1])
	}
	if p := r.pull("", 10); len(p.Changes) != 1 || p.Changes[0].Seq != 1 {
		t.Errorf("%+v", p)
	}
}

func TestReusedOperationID(t *testing.T) {
	r := start(t, nil)
	inv := draft()
	op := r.op("put", 0, inv)
	first, err := r.rawPush(op)
	if err != nil {
		t.Fatal(err)
	}
	before := r.dump()
	inv.Remark = "other bytes"
	other, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	stranger := draft()
	reused := opOf(op.OperationID, "put", 1, inv.ID, other)
	elsewhere := r.op("put", 0, stranger)
	elsewhere.OperationID = op.OperationID
	deletes, newer := op, op // the same bytes with another wish
	deletes.Kind, newer.BaseRevision = "delete", 1
	damaged := op
	damaged.OperationID, damaged.Hash = "device:999", strings.Repeat("0", 64)
	for _, c := range []struct {
		op   wire.Operation
		code string
	}{{reused, "operation_reused"}, {elsewhere, "operation_reused"}, {deletes, "operation_reused"}, {newer, "operation_reused"}, {damaged, "hash_mismatch"}} {
		// Asked twice: a refusal of this kind is never remembered either.
		for range 2 {
			if a := r.push(c.op)[0]; a.Result != wire.Rejected || a.Code != c.code || a.OperationID != c.op.OperationID {
				t.Errorf("%+v, want %s", a, c.code)
			}
		}
	}
	if after := r.dump(); after != before {
		t.Errorf("a reused id changed the data:\n%s\n%s", before, after)
	}
	again, err := r.rawPush(op)
	if err != nil || string(again[0]) != string(first[0]) {
		t.Errorf("the true operation now gives %s, %v", again, err)
	}
	// A bad operation holds up nothing but itself.
	good := r.op("put", 0, stranger)
	if a := r.push(reused, good); a[1].Result != wire.Applied {
		t.Errorf("%+v", a)
	}
}

// The number goes back when the operation that took it is undone.
func TestRefusedIssueTakesNoNumber(t *testing.T) {
	r := start(t, nil)
	red := waiting()
	red.Reverses = newID() // of no invoice
	a := r.push(r.op("transition", 0, waiting()), r.op("transition", 0, red), r.op("transition", 0, waiting()))
	if a[0].Number != "00000001" || a[1].Result != wire.Rejected || a[2].Number != "00000002" {
		t.Errorf("%+v", a)
	}
}

func TestDeletedStaysDeleted(t *testing.T) {
	r := start(t, nil)
	inv := draft()
	r.push(r.op("put", 0, inv))
	if a := r.push(r.op("delete", 1, inv))[0]; a.Result != wire.Applied || !a.Deleted || a.Revision != 2 {
		t.Fatalf("%+v", a)
	}
	for _, base := range []int64{0, 1, 2} {
		inv.Remark += "x"
		if a := r.push(r.op("put", base, inv))[0]; a.Result != wire.Conflict || !a.Deleted || a.Revision != 2 {
			t.Errorf("base %d: %+v", base, a)
		}
	}
	if a := r.push(r.op("delete", 2, inv))[0]; a.Result != wire.Applied || !a.Deleted {
		t.Errorf("deleting twice: %+v", a)
	}
	sold := waiting()
	if a := r.push(r.op("transition", 0, sold), r.op("delete", 1, sold)); a[1].Code != "already_issued" || a[1].State != string(invoice.Issued) || len(a[1].Body) == 0 {
		t.Errorf("an issued invoice: %+v", a[1])
	}
	p := r.pull("", 10)
	if len(p.Changes) != 2 || !p.Changes[0].Deleted || p.Changes[0].Body != nil || p.Changes[0].Revision != 2 {
		t.Errorf("%+v", p.Changes)
	}
}
