package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"counterfoil/app/invoice"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/wire"
)

// A backend is the real server over a SQLite file, called without a network. It
// watches every change and every answer.
type backend struct {
	w       *world
	life    int
	path    string
	store   *sqlite.Store
	srv     *server.Server
	taxUp   bool
	kept    string // the backup
	last    map[string]state
	seen    int64                // last seq watched
	states  map[string][]state   // by document, one for each revision watched
	issued  map[string]string    // body of an issued document, without what may change
	answers map[string][2]string // by operation id: hash, answer
}

// A state is one that a document had on the server.
type state struct {
	rev     int64
	deleted bool
	name    string
}

func startBackend(w *world) *backend {
	b := &backend{w: w, path: w.file("server0", "server.db"), taxUp: true, last: map[string]state{}, states: map[string][]state{}, issued: map[string]string{}, answers: map[string][2]string{}}
	if err := os.MkdirAll(filepath.Dir(b.path), 0o700); err != nil {
		w.fatalf("%v", err)
	}
	b.open()
	return b
}

func (b *backend) open() {
	var err error
	if b.store, err = sqlite.Open(ctx, b.path, b.w.id()); err != nil {
		b.w.fatalf("server: %v", err)
	}
	b.srv = server.New(server.Config{
		Store: b.store, Now: b.w.clock, NewID: b.w.id, Environment: "test", Version: "sim",
		TaxUp: func() bool { return b.taxUp },
		Access: func(token string) (access.Principal, error) {
			if !strings.HasPrefix(token, "desk") {
				return access.Principal{}, access.ErrUnknown
			}
			// The desks of the simulation work on each other's invoices.
			return access.Principal{Company: "sim", Branch: "Branch " + token, Whole: true, Roles: access.Roles}, nil
		},
	})
}

// crash leaves the files as they are and starts over from them.
func (b *backend) crash() {
	b.w.note("server crashes")
	b.life++
	next := b.w.file(fmt.Sprintf("server%d", b.life), "server.db")
	copyFiles(b.w, b.path, next)
	copyBeside(b.w, b.path, next)
	_ = b.store.Close()
	b.path = next
	b.open()
}

// copyBeside copies what lies beside a database.
func copyBeside(w *world, from, to string) {
	for _, name := range []string{"server.key", "server.numbers"} {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(from), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(filepath.Dir(to), name), data, 0o600)
		}
		if err != nil {
			w.fatalf("%v", err)
		}
	}
}

// copyFiles copies a database and its log as they lie on the disk now.
func copyFiles(w *world, from, to string) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		w.fatalf("%v", err)
	}
	for _, end := range []string{"", "-wal"} {
		data, err := os.ReadFile(from + end)
		if os.IsNotExist(err) && end != "" {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+end, data, 0o600)
		}
		if err != nil {
			w.fatalf("%v", err)
		}
	}
}

func (b *backend) flipTax() { b.tax(!b.taxUp) }

// tax switches the tax service; when it comes back, what waits is issued.
func (b *backend) tax(up bool) {
	b.taxUp = up
	b.w.note("tax %v", up)
	if err := b.srv.IssueWaiting(ctx); err != nil {
		b.w.errorf("issue waiting: %v", err)
	}
	b.watch()
}

// backup keeps the data as they are now.
func (b *backend) backup() {
	b.w.note("backup")
	b.kept = b.w.file("backup", "server.db")
	copyFiles(b.w, b.path, b.kept)
}

// restore puts the backup in the place of what came after it, and tells nobody.
// Where the whole folder is put back, nothing beside the database knows better.
func (b *backend) restore(whole bool) {
	if b.kept == "" {
		return
	}
	b.w.note("restored from the backup, the whole folder %v", whole)
	old := b.path
	b.w.restored, b.w.unaware = true, whole
	b.life++
	_ = b.store.Close()
	b.path = b.w.file(fmt.Sprintf("server%d", b.life), "server.db")
	copyFiles(b.w, b.kept, b.path)
	if !whole {
		copyBeside(b.w, old, b.path)
	}
	b.open()
	b.seen, b.last, b.issued, b.answers = 0, map[string]state{}, map[string]string{}, map[string][2]string{}
	b.watch()
}

func (b *backend) newEpoch() {
	b.w.note("new epoch")
	if err := b.srv.NewEpoch(ctx); err != nil {
		b.w.errorf("new epoch: %v", err)
	}
}

// handle lets the server answer one request.
func (b *backend) handle(r *http.Request, body []byte) *http.Response {
	q := r.Clone(ctx)
	q.Body, q.ContentLength = http.NoBody, 0
	if body != nil {
		q = httptest.NewRequest(r.Method, r.URL.String(), bytes.NewReader(body))
		q.Header = r.Header.Clone()
	}
	rec := httptest.NewRecorder()
	b.srv.ServeHTTP(rec, q)
	b.watch()
	resp := rec.Result()
	resp.Request = r
	if r.URL.Path == "/v1/push" && resp.StatusCode == http.StatusOK {
		b.compare(body, rec.Body.Bytes())
	}
	return resp
}

// compare holds that an operation gets one and the same answer for ever.
func (b *backend) compare(request, answer []byte) {
	var req wire.PushRequest
	if err := json.Unmarshal(unzip(b.w, request), &req); err != nil {
		b.w.errorf("push: %v", err)
		return
	}
	var ans struct{ Answers []json.RawMessage }
	if err := json.Unmarshal(answer, &ans); err != nil || len(ans.Answers) != len(req.Operations) {
		b.w.errorf("%d answers to %d operations: %v", len(ans.Answers), len(req.Operations), err)
		return
	}
	docs := map[string]bool{}
	for i, o := range req.Operations {
		if docs[o.DocumentID] {
			b.w.errorf("two operations of %s are under way", o.DocumentID)
		}
		docs[o.DocumentID] = true
		var a wire.Answer
		if err := json.Unmarshal(ans.Answers[i], &a); err != nil {
			b.w.errorf("%v", err)
		}
		b.w.note("    %s %s %s base %d: %s rev %d seq %d %s %s %s", short(o.OperationID), o.Kind, short(o.DocumentID), o.BaseRevision, a.Result, a.Revision, a.Seq, a.State, a.Number, a.Code)
		if a.Code == "operation_reused" && b.w.model.cloned {
			continue
		}
		now := [2]string{o.Hash, string(ans.Answers[i])}
		if was, known := b.answers[o.OperationID]; known && was != now {
			b.w.errorf("operation %s was %s, now %s", o.OperationID, was, now)
		}
		b.answers[o.OperationID] = now
	}
}

func (b *backend) page() server.Page {
	p, err := b.store.Page(ctx, server.PageQuery{Limit: 1_000_000, Bytes: 1 << 30})
	if err != nil {
		b.w.fatalf("%v", err)
	}
	return p
}

var legal = map[string]string{
	"": "draft waiting issued", "draft": "draft waiting issued deleted", "waiting": "draft issued", "issued": "reversed",
}

// watch looks at what changed since it looked last.
func (b *backend) watch() {
	p, err := b.store.Page(ctx, server.PageQuery{After: b.seen, Limit: 1_000_000, Bytes: 1 << 30})
	if err != nil {
		b.w.fatalf("%v", err)
	}
	for _, d := range p.Changes {
		s := state{d.Revision, d.Deleted, d.State}
		if d.Deleted {
			s.name = "deleted"
		}
		old := b.last[d.ID]
		b.last[d.ID] = s
		if s.rev != old.rev+1 && s.rev <= old.rev {
			b.w.errorf("%s went from revision %d to %d", d.ID, old.rev, s.rev)
		}
		// Between two looks a document may have taken more than one step.
		back := b.w.restored && old.name == "deleted" && s.name == "issued" // a receipt brings back what an older deletion met again
		if d.Type == string(invoice.Type) && s.rev == old.rev+1 && !strings.Contains(legal[old.name], s.name) && !back {
			b.w.errorf("%s went from %q to %q", d.ID, old.name, s.name)
		}
		b.states[d.ID] = append(b.states[d.ID], s)
		if was := b.issued[d.ID]; was != "" && was != string(d.Body) {
			b.w.errorf("the issued %s was %s, is %s", d.ID, was, d.Body)
		}
		if d.State == "issued" {
			b.issued[d.ID] = string(d.Body)
		}
	}
	b.seen = max(b.seen, p.Head.Seq)
}

func short(id string) string {
	if device, seq, ok := strings.Cut(id, ":"); ok {
		return device[:4] + ":" + seq
	}
	return id[:min(4, len(id))]
}
