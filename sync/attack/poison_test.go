package attack

import (
	"bytes"
	"database/sql"
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
