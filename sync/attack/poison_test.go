package attack

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// refusing answers a whole push with a status when one document is in it.
func refusing(id string, status int, code string) lie {
	return on("/v1/push", func(w http.ResponseWriter, r *http.Request, pass func() *passed) bool {
		body, _ := io.ReadAll(r.Body)
		for _, op := range operationsOf(body) {
			if text(op, "document_id") == id {
				ours(w, "application/problem+json")
				w.WriteHeader(status)
				_, _ = w.Write(encode(object{"code": code, "title": "no"}))
				return true
			}
		}
		return false
	})
}

// One document makes the server refuse the push it is in: the others go on, and
// it is named.
func TestPoisonedPush(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
	}{{400, "malformed"}, {403, "forbidden"}, {422, "unprocessable"}, {500, "internal"}, {413, "too_large"}} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			s := production(t, east, whole)
			m := newMiddle(t, s)
			d := enrolled(t, m.url, east)
			var innocent []string
			var poison string
			for i := range 20 {
				if id := d.handIn(fmt.Sprint("invoice ", i)); i == 7 {
					poison = id
				} else {
					innocent = append(innocent, id)
				}
			}
			m.lies(refusing(poison, c.status, c.code))
			syncs := 0
			for ; syncs < 8 && d.waiting() > 1; syncs++ {
				d.run("", "sync", "--once")
			}
			t.Logf("%d syncs", syncs)
			rows := d.rows()
			for _, id := range innocent {
				if text(rows[id], "state") != "issued" {
					t.Errorf("held up: %v", rows[id])
				}
			}
			if text(rows[poison], "state") == "issued" {
				t.Errorf("the refused one became %v", rows[poison])
			}
			named := d.run("", "status").both() + d.run("", "outbox").both()
			if !strings.Contains(named, poison) {
				t.Errorf("the refused one is not named:\n%s", named)
			}
			// New work is not held up by it either.
			next := d.handIn("next day")
			d.run("", "sync", "--once")
			d.run("", "sync", "--once")
			if text(d.rows()[next], "state") != "issued" {
				t.Errorf("the next invoice is %v", d.rows()[next])
			}
			// What the server called wrong is mended by an edit; what it failed at is
			// asked again as it was, once it is well.
			m.lies(nil)
			if text(d.must("", "outbox"), 0, "state") == "parked" {
				d.run("", "recall", poison)
				d.must(content("", "mended"), "edit", poison, "-")
				d.must("", "submit", poison)
			} else if c.status < 500 && c.status != 413 {
				t.Errorf("it is not set aside: %s", d.run("", "outbox").both())
			}
			d.sync()
			if r := d.rows()[poison]; text(r, "state") != "issued" {
				t.Errorf("after it was mended: %v", r)
			}
			if n := d.waiting(); n != 0 {
				t.Errorf("%d operations wait: %s", n, d.everything())
			}
		})
	}
}

// One change that a desk cannot read: the others come, it is named, and its next
// version that can be read is taken.
func TestPoisonedPull(t *testing.T) {
	t.Parallel()
	broken := map[string]func(c object){
		"a new rate": func(c object) {
			c["body"] = json.RawMessage(withLine(text(c, "document_id"), `{"id":"a","order":"a","qty":"1","price":"1","rate":"free-trade-zone"}`))
		},
		"a body that is a text":    func(c object) { c["body"] = "x" },
		"a body that is null":      func(c object) { c["body"] = nil },
		"no body":                  func(c object) { delete(c, "body") },
		"an unknown document type": func(c object) { c["document_type"] = "payment" },
		"lines that are a number":  func(c object) { at(c, "body").(object)["lines"] = 7 },
		"a quantity of 1e99999":    func(c object) { at(c, "body", "lines", 0).(object)["qty"] = "1e99999" },
		"said to be damaged":       func(c object) { delete(c, "body"); c["unreadable"] = "damaged" },
		"said to be too large":     func(c object) { delete(c, "body"); c["unreadable"] = "too_large" },
	}
	for name, change := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := production(t, east)
			m := newMiddle(t, s)
			d := enrolled(t, m.url, east)
			d.sync()
			f := newForger(t, s.url, east.secret)
			var ids []string
			for i := range 9 {
				id := newID()
				ids = append(ids, id)
				f.put(id, fmt.Sprint("invoice ", i), 0)
			}
			poison := ids[4]
			m.lies(on("/v1/pull", edits(func(v object) {
				for _, c := range list(v, "changes") {
					if o := c.(object); text(o, "document_id") == poison {
						change(o)
					}
				}
			})))
			own := d.handIn("own")
			said := d.run("", "sync", "--once").both()
			said += d.run("", "sync", "--once").both()
			rows := d.rows()
			for _, id := range ids {
				if id != poison && rows[id] == nil {
					t.Errorf("%s did not come", id)
				}
			}
			if text(rows[own], "state") != "issued" {
				t.Errorf("its own invoice is %v", rows[own])
			}
			if rows[poison] != nil {
				t.Errorf("what cannot be read is shown as %v", rows[poison])
			}
			if named := said + d.everything(); !strings.Contains(named, poison) {
				t.Errorf("what was set aside is not named:\n%s", clip(named))
			}
			m.lies(nil)
			f.put(poison, "readable again", 1)
			d.sync()
			if r := d.rows()[poison]; r == nil {
				t.Errorf("its readable version did not come: %s", d.everything())
			}
		})
	}
}

// alter runs SQL on a closed database.
func alter(t *testing.T, file, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed nothing: %v", query, err)
	}
}

// Damaged and oversized bodies in the server's file stop nobody.
func TestPoisonedServer(t *testing.T) {
	t.Parallel()
	big := func(n int) []byte {
		return bytes.Replace(encode(document("big", "x", "draft")), []byte(`"remark":"x"`), []byte(`"remark":"`+strings.Repeat("x", n)+`"`), 1)
	}
	for name, body := range map[string][]byte{
		"no JSON":           []byte("{"),
		"nothing":           {},
		"zero bytes":        make([]byte, 500),
		"another's":         encode(object{"future": true}),
		"a rate of its own": []byte(withLine("x", `{"id":"a","order":"a","qty":"1","price":"1","rate":"free"}`)),
		"300 kB":            big(300 << 10),
		"30 MB":             big(30 << 20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := production(t, east, whole)
			f := newForger(t, s.url, east.secret)
			var ids []string
			for i := range 9 {
				id := newID()
				ids = append(ids, id)
				f.put(id, fmt.Sprint("invoice ", i), 0)
			}
			s.stop()
			for _, i := range []int{2, 3, 6} {
				alter(t, filepath.Join(s.dir, "server.db"), "UPDATE body SET body = ? WHERE key = (SELECT key FROM document WHERE id = ?)", body, ids[i])
			}
			s.start()
			f.url = s.url
			f.get("/v1/whoami")
			rest := s.idle()
			if len(f.all()) < 6 {
				t.Error("the readable ones do not come")
			}
			d := enrolled(t, s.url, east)
			own := d.handIn("own")
			said := d.run("", "sync", "--once").both()
			rows := d.rows()
			for i, id := range ids {
				bad := i == 2 || i == 3 || i == 6
				if !bad && rows[id] == nil {
					t.Errorf("%d did not come: %s", i, clip(said))
				}
				if bad && name != "another's" && !strings.Contains(said+d.everything(), id) {
					t.Errorf("%d is not named", i)
				}
			}
			if text(rows[own], "state") != "issued" {
				t.Errorf("its own invoice is %v", rows[own])
			}
			// A push that touches a damaged one is answered, and the others in it too.
			x := newID()
			r := f.push(f.operation("put", ids[2], 0, document(ids[2], "again", "draft")), f.operation("put", x, 0, document(x, "beside it", "draft")),
				f.operation("delete", ids[3], 1, document(ids[3], "gone", "draft")), f.operation("transition", ids[6], 1, document(ids[6], "handed in", "waiting")))
			if r.status != http.StatusOK || text(r.value, "answers", 1, "result") != "applied" {
				t.Errorf("a push beside a damaged document: %v", r)
			}
			s.peakAbove(rest, name)
		})
	}
}
