package engine_test

import (
	"context"
	"database/sql"
	"math/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/engine"
	"counterfoil/sync/wire"
)

// newer makes the bodies that hold the remark 新 those of a newer program: a rate
// that this one does not know.
func newer(body []byte) []byte {
	if !strings.Contains(string(body), "新") {
		return body
	}
	return []byte(strings.ReplaceAll(string(body), `"rate":"0.13"`, `"rate":"split:0.13/0.05"`))
}

func newerPull(q wire.PullQuery, next func() (wire.PullAnswer, error)) (wire.PullAnswer, error) {
	ans, err := next()
	for i := range ans.Changes {
		c := &ans.Changes[i]
		switch body := string(c.Body); {
		case strings.Contains(body, "memo"):
			c.DocumentType, c.Body = "memo", []byte(`{"text":"hello"}`)
		case strings.Contains(body, "huge"):
			c.Body, c.Unreadable = nil, "too_large"
		default:
			c.Body = newer(c.Body)
		}
	}
	return ans, err
}

func (b *branch) asides(t *testing.T) map[string]books.Aside {
	t.Helper()
	all, err := b.db.Asides(context.Background(), 100)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]books.Aside{}
	for _, a := range all {
		out[a.ID] = a
	}
	return out
}

func (b *branch) missing(t *testing.T, id string) bool {
	t.Helper()
	_, err := b.db.Invoice(context.Background(), id)
	return err != nil
}

func (b *branch) version(l *liar, v string) *engine.Engine {
	l.Remote = b.client
	return engine.New(engine.Config{Store: b.db, Remote: l, Now: time.Now, NewID: newID, Rand: rand.Float64, Version: v})
}

// What this program cannot read holds up nothing, is named, and is read by a
// later program or replaced by a newer change.
func TestUnreadableChangesAreSetAside(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	a := newBranch(t, p)
	path := filepath.Join(t.TempDir(), localdb.FileName)
	b := newBranchAt(t, p, path)
	plain := a.draft(t, "plain")
	rate, again, gone, memo, huge := a.draft(t, "新 1"), a.draft(t, "新 2"), a.draft(t, "新 3"), a.draft(t, "memo"), a.draft(t, "huge")
	last := a.draft(t, "last")
	a.sync(t)
	e := b.version(&liar{pull: newerPull}, "1")
	if _, err := e.Once(ctx); err != nil {
		t.Fatal(err)
	}
	if b.missing(t, plain) || b.missing(t, last) {
		t.Fatal("it held up another")
	}
	set := b.asides(t)
	for id, reason := range map[string]string{rate: "malformed", again: "malformed", gone: "malformed", memo: "type_unknown", huge: "too_large"} {
		if x := set[id]; x.Reason != reason || x.Revision != 1 || x.Program != "1" || !b.missing(t, id) {
			t.Errorf("%s: %+v", reason, x)
		}
	}
	if len(set) != 5 {
		t.Errorf("%d are set aside", len(set))
	}
	// A newer change that can be read replaces it, a deletion ends it.
	a.edit(t, again, func(i *invoice.Invoice) { i.Remark = "plain again" })
	a.delete(t, gone)
	a.sync(t)
	if _, err := e.Once(ctx); err != nil {
		t.Fatal(err)
	}
	if st := b.get(t, again); st.Invoice.Remark != "plain again" || st.Invoice.Revision != 2 {
		t.Errorf("%+v", st.Invoice)
	}
	if set = b.asides(t); len(set) != 3 || set[rate].Seq == 0 {
		t.Errorf("%+v", set)
	}
	// The same program does not try again; the next one reads what it knows.
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE aside SET bytes = replace(CAST(bytes AS TEXT), 'split:0.13/0.05', '0.13')`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.version(&liar{pull: newerPull}, "1").Once(ctx); err != nil || !b.missing(t, rate) {
		t.Errorf("%v", err)
	}
	if _, err := b.version(&liar{pull: newerPull}, "2").Once(ctx); err != nil {
		t.Fatal(err)
	}
	if st := b.get(t, rate); st.Invoice.Remark != "新 1" || st.Base == nil {
		t.Errorf("%+v", st)
	}
	if set = b.asides(t); len(set) != 2 || set[memo].Program != "2" || set[huge].Program != "1" {
		t.Errorf("%+v", set)
	}
}

func (b *branch) delete(t *testing.T, id string) {
	t.Helper()
	st := b.get(t, id)
	if _, err := b.db.SaveInvoice(context.Background(), st.Invoice, st.Version, books.Delete, books.HistoryEntry{Event: "deleted"}); err != nil {
		t.Fatal(err)
	}
}

// Edits of this desk are not overwritten by what cannot be read: they wait, by
// name, and are merged once it can.
func TestEditsMeetAnUnreadableVersion(t *testing.T) {
	ctx := context.Background()
	p := startServer(t)
	a := newBranch(t, p)
	path := filepath.Join(t.TempDir(), localdb.FileName)
	b := newBranchAt(t, p, path)
	id := a.draft(t, "r")
	other := b.draft(t, "other")
	a.sync(t)
	b.sync(t)
	a.edit(t, id, func(i *invoice.Invoice) { i.Remark = "新" })
	a.sync(t)
	b.edit(t, id, func(i *invoice.Invoice) { i.Payee = "mine" })
	b.edit(t, other, func(i *invoice.Invoice) { i.Remark = "goes" })
	l := &liar{pull: newerPull, push: func(_ wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
		ans, err := next()
		for i := range ans.Answers {
			ans.Answers[i].Body = newer(ans.Answers[i].Body)
		}
		return ans, err
	}}
	for range 2 {
		if _, err := b.version(l, "1").Once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if st := b.get(t, id); st.Invoice.Payee != "mine" || st.Pending != books.Parked {
		t.Errorf("%+v", st)
	}
	if ops := b.outbox(t); len(ops) != 1 || ops[0].LastError != "theirs_unreadable" {
		t.Errorf("%+v", ops)
	}
	if st := b.get(t, other); st.Pending != "" || st.Invoice.Revision != 2 {
		t.Errorf("the other one did not go: %+v", st)
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`UPDATE aside SET bytes = replace(CAST(bytes AS TEXT), 'split:0.13/0.05', '0.13')`); err != nil {
		t.Fatal(err)
	}
	if _, err := b.version(&liar{}, "2").Once(ctx); err != nil {
		t.Fatal(err)
	}
	a.sync(t)
	for _, d := range []*branch{a, b} {
		if st := d.get(t, id); st.Invoice.Payee != "mine" || st.Invoice.Remark != "新" || st.Pending != "" || st.Conflict {
			t.Errorf("%+v", st)
		}
	}
}

// An answer of a kind that this program does not know holds up its own document,
// until the server's changes say what became of it.
func TestAnswerOfAnUnknownKind(t *testing.T) {
	p := startServer(t)
	d := newBranch(t, p)
	ids := d.submitMany(t, 3)
	parked := ""
	e := d.through(&liar{pull: func(_ wire.PullQuery, next func() (wire.PullAnswer, error)) (wire.PullAnswer, error) {
		for _, o := range d.outbox(t) {
			if o.State == books.Parked {
				parked = o.LastError
			}
		}
		return next()
	}, push: func(_ wire.PushRequest, next func() (wire.PushAnswer, error)) (wire.PushAnswer, error) {
		ans, err := next()
		for i := range ans.Answers {
			if strings.HasSuffix(ans.Answers[i].OperationID, ":2") {
				ans.Answers[i].Result = "postponed"
			}
		}
		return ans, err
	}})
	if _, err := e.Once(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if st := d.get(t, id); st.Invoice.Number == "" || st.Pending != "" || st.Conflict {
			t.Errorf("%d: %+v", i, st)
		}
	}
	if parked != "answer_unknown" {
		t.Errorf("parked with %q", parked)
	}
}
