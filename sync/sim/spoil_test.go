package sim

import (
	"bytes"
	"database/sql"
	"hash/fnv"
	"io"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/sync/wire"
)

// Until all is calm, a box on the way refuses every push that holds one of some
// documents, and this version of the program cannot read some others.

func (w *world) kind(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32() % 7
}

func (w *world) poisonous(id string) bool { return !w.calm && w.kind(id) == 0 }
func (w *world) garbled(id string) bool   { return !w.calm && w.kind(id) == 1 }

// refused reports whether the box refuses this request.
func (l line) refused(r *http.Request, body []byte) bool {
	if r.URL.Path != "/v1/push" || l.d.w.calm {
		return false
	}
	var req wire.PushRequest
	if err := wire.Unmarshal(unzip(l.d.w, body), &req); err != nil {
		l.d.w.errorf("push: %v", err)
	}
	return slices.ContainsFunc(req.Operations, func(o wire.Operation) bool { return l.d.w.poisonous(o.DocumentID) })
}

const garbledPrefix = `["garbled",`

func garble(body jsontext.Value) jsontext.Value {
	if len(body) == 0 {
		return body
	}
	return jsontext.Value(garbledPrefix + string(body) + `]`)
}

// bend changes what the server answered: answers out of order or foreign, bodies of a
// later version.
func (l line) bend(r *http.Request, resp *http.Response) *http.Response {
	w := l.d.w
	if w.calm || resp.StatusCode != http.StatusOK || r.URL.Path != "/v1/push" && r.URL.Path != "/v1/pull" {
		return resp
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.fatalf("%v", err)
	}
	var out any
	if r.URL.Path == "/v1/push" {
		var ans wire.PushAnswer
		if err := wire.Unmarshal(body, &ans); err != nil {
			w.fatalf("%v", err)
		}
		ids := map[string]bool{}
		for i := range ans.Answers {
			a := &ans.Answers[i]
			ids[a.OperationID] = true
			// The answer does not name its document; its body does.
			if inv, err := invoice.Decode(a.Body); err == nil && w.garbled(inv.ID) {
				a.Body = garble(a.Body)
			}
		}
		switch n := len(ans.Answers); {
		case n > 0 && w.chance(4):
			w.note("    a foreign answer")
			ans.Answers[w.rnd.Intn(n)].OperationID = "somebody:1"
		case n > 1 && w.chance(4):
			w.note("    an answer twice")
			ans.Answers[0] = ans.Answers[n-1]
		case w.chance(30):
			slices.Reverse(ans.Answers)
		}
		out = ans
	} else {
		var ans wire.PullAnswer
		if err := wire.Unmarshal(body, &ans); err != nil {
			w.fatalf("%v", err)
		}
		for i := range ans.Changes {
			if c := &ans.Changes[i]; w.garbled(c.DocumentID) {
				c.Body = garble(c.Body)
			}
		}
		out = ans
	}
	if body, err = wire.Marshal(out); err != nil {
		w.fatalf("%v", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}

// upgrade brings the desk a version that reads what the one before could not, and
// its clerk sends again what was refused.
func (d *desk) upgrade() {
	d.version = "2"
	raw, err := sql.Open("sqlite", d.path)
	if err == nil {
		_, err = raw.Exec(`UPDATE aside SET bytes = substr(bytes, ?, length(bytes) - ?)`, len(garbledPrefix)+1, len(garbledPrefix)+1)
		_ = raw.Close()
	}
	if err != nil {
		d.w.fatalf("%v", err)
	}
	_ = d.db.Close()
	d.open()
}

// again sends what waits for a person because the server refused it.
func (d *desk) again() {
	done := map[document.Key]bool{} // all that is parked of a document goes with the first
	for _, o := range d.outbox() {
		if o.State != books.Parked || done[o.Key()] {
			continue
		}
		done[o.Key()] = true
		err := d.books.RetryDocument(ctx, o.Key())
		d.w.note("desk %d sends %s again: %s", d.n, short(o.DocumentID), outcome(err))
		if err != nil {
			d.w.errorf("desk %d: %v", d.n, err)
		}
	}
}
