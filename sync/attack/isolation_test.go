package attack

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	east  = token{secret: secret(), branch: "城东分店"}
	west  = token{secret: secret(), branch: "城西分店"}
	whole = token{secret: secret(), branch: "总部", options: "scope=company"}
)

// A branch sees and touches its own documents alone; the company sees all.
func TestIsolation(t *testing.T) {
	t.Parallel()
	s := production(t, east, west, whole)
	e, w, c := newForger(t, s.url, east.secret), newForger(t, s.url, west.secret), newForger(t, s.url, whole.secret)
	draft, issued, gone := newID(), newID(), newID()
	e.put(draft, "east draft", 0)
	e.submit(issued, "east issued", 0)
	e.put(gone, "east deleted", 0)
	e.accepted(e.operation("delete", gone, 1, document(gone, "east deleted", "draft")))
	secrets := []string{draft, issued, gone, "east draft", "east issued", east.branch, e.device, "00000001"}
	leaks := func(t *testing.T, how string, b string) {
		t.Helper()
		for _, s := range secrets {
			if strings.Contains(b, s) {
				t.Errorf("%s shows %q to another branch:\n%s", how, s, clip(b))
			}
		}
	}
	before := e.all()

	t.Run("reads", func(t *testing.T) {
		epoch := text(w.get("/v1/pull").value, "epoch")
		for _, q := range []string{
			"", "?limit=2000", "?cursor=" + epoch + ":0:all", "?cursor=" + epoch + ":0:" + "company", "?cursor=" + epoch + ":0:" + "%E5%9F%8E%E4%B8%9C%E5%88%86%E5%BA%97",
			"?without=" + e.device, "?branch=" + "%E5%9F%8E%E4%B8%9C%E5%88%86%E5%BA%97", "?cursor=" + epoch + ":0:all&scope=company", "?cursor=" + epoch + ":1:all&cursor=" + epoch + ":0:all",
		} {
			leaks(t, "pull"+q, strings.ReplaceAll(string(w.get("/v1/pull"+q).body), q, ""))
		}
		leaks(t, "whoami", string(w.get("/v1/whoami").body))
		w.header.Set("X-Counterfoil-Branch", "company")
		leaks(t, "a pull with a header of another branch", string(w.get("/v1/pull").body))
		w.header.Del("X-Counterfoil-Branch")
	})

	t.Run("events", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		resp, err := w.http.Do(w.request(http.MethodGet, "/v1/events", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		id := newID()
		e.put(id, "east while west listens", 0)
		secrets = append(secrets, id)
		own := newID()
		w.put(own, "west itself", 0) // its own change ends the wait
		in := bufio.NewScanner(resp.Body)
		var heard string
		for in.Scan() && !strings.Contains(heard, "data") {
			heard += in.Text() + "\n"
		}
		leaks(t, "events", heard)
	})

	refused := func(t *testing.T, how string, op object) {
		t.Helper()
		a := w.answer(op)
		if text(a, "result") != "rejected" || text(a, "code") != "not_found" {
			t.Errorf("%s is answered %v", how, a)
		}
		for _, k := range []string{"body", "number", "state", "revision", "branch", "fields", "receipt", "seq"} {
			if v := a[k]; v != nil && !reflect.DeepEqual(v, float64(0)) && v != "" {
				t.Errorf("%s tells the %s: %v", how, k, v)
			}
		}
	}
	t.Run("writes", func(t *testing.T) {
		for _, base := range []int64{0, 1, 2, 99} {
			for _, id := range []string{draft, issued, gone} {
				refused(t, "an edit", w.operation("put", id, base, document(id, "taken over", "draft")))
				refused(t, "a submit", w.operation("transition", id, base, document(id, "taken over", "waiting")))
				refused(t, "a recall", w.operation("transition", id, base, document(id, "taken over", "draft")))
				refused(t, "a deletion", w.operation("delete", id, base, document(id, "taken over", "draft")))
			}
		}
		// The same content, byte for byte, must not be confirmed either.
		raw, _ := json.Marshal(before[draft]["body"])
		refused(t, "the same content", w.operation("put", draft, 0, json.RawMessage(raw)))
		refused(t, "the same content", w.operation("put", draft, 0, document(draft, "east draft", "draft")))
		refused(t, "the same content handed in", w.operation("transition", issued, 0, document(issued, "east issued", "waiting")))
	})

	t.Run("reversal", func(t *testing.T) {
		red := func(of string) object {
			d := document(newID(), "red", "waiting")
			d["reverses"] = of
			d["red_rows"] = []any{object{"line": 1, "line_id": "l1", "type": "normal", "name": "*文具*笔", "qty": "-2", "price": "15.93", "rate": "0.13", "net": "-31.86", "tax": "-4.14", "gross": "-36.00"}}
			return d
		}
		ask := func(of string) object {
			d := red(of)
			a := w.answer(w.operation("transition", text(d, "id"), 0, d))
			delete(a, "operation_id")
			return a
		}
		foreign, nobody := ask(issued), ask(newID())
		if text(foreign, "result") != "rejected" || !reflect.DeepEqual(foreign, nobody) {
			t.Errorf("a reversal of another branch's invoice is answered %v, of nobody's %v", foreign, nobody)
		}
		// A red-letter draft that names it, handed in later, meets the same wall.
		d := red(issued)
		d["state"] = "draft"
		if a := w.answer(w.operation("put", text(d, "id"), 0, d)); text(a, "result") == "applied" {
			d["state"] = "waiting"
			if a := w.answer(w.operation("transition", text(d, "id"), 1, d)); text(a, "result") == "applied" {
				t.Errorf("reversed by another branch: %v", a)
			}
		}
	})

	t.Run("whole", func(t *testing.T) {
		after := e.all()
		for id, was := range before {
			if !reflect.DeepEqual(was, after[id]) {
				t.Errorf("%s was %v, is %v", id, was, after[id])
			}
		}
		all := c.all()
		for _, id := range []string{draft, issued} {
			if all[id] == nil {
				t.Errorf("the company does not see %s", id)
			}
		}
		c.accepted(c.operation("put", draft, 1, document(draft, "edited by head office", "draft")))
		if got := e.all()[draft]; text(got, "body", "remark") != "edited by head office" {
			t.Errorf("after head office edited it the branch sees %v", got)
		}
		e.accepted(e.operation("put", draft, 2, document(draft, "edited by its branch again", "draft")))
		if c := w.all()[draft]; c != nil {
			t.Errorf("after head office edited it another branch sees %v", c)
		}
	})

	t.Run("nobody", func(t *testing.T) {
		for _, secret := range []string{"", "x", east.secret[:len(east.secret)-1], east.secret + "x", strings.ToLower(east.secret), "sha256:" + hash([]byte(east.secret)), hash([]byte(east.secret))} {
			n := newForger(t, s.url, secret)
			for _, path := range []string{"/v1/pull", "/v1/whoami", "/v1/events"} {
				if r := n.get(path); r.status != http.StatusUnauthorized && r.status != http.StatusTooManyRequests {
					t.Errorf("%s with the token %.8q…: %v", path, secret, r)
				}
			}
			if r := n.push(n.operation("put", newID(), 0, document(newID(), "x", "draft"))); r.status != http.StatusUnauthorized && r.status != http.StatusTooManyRequests {
				t.Errorf("a push with the token %.8q…: %v", secret, r)
			}
		}
	})
}

// What a clerk of one branch sees in the program, and what head office sees.
func TestDesksOfBranches(t *testing.T) {
	t.Parallel()
	s := production(t, east, west, whole)
	e, w, c := enrolled(t, s.url, east), enrolled(t, s.url, west), enrolled(t, s.url, whole)
	issued := e.handIn("of the east")
	draft := e.draft("of the east, a draft")
	mine := w.handIn("of the west")
	for _, d := range []*desk{e, w, c, e, w, c} {
		d.sync()
	}
	if r := w.rows(); len(r) != 1 || r[mine] == nil {
		t.Errorf("the west sees %v", r)
	}
	if r := e.rows(); len(r) != 2 || r[issued] == nil || r[draft] == nil {
		t.Errorf("the east sees %v", r)
	}
	if r := c.rows(); len(r) != 3 {
		t.Errorf("head office sees %v", r)
	}
	// A draft under the id of another branch's invoice is refused, named, and
	// holds up nothing.
	w.must(content(issued, "stolen id"), "draft", "-")
	w.must("", "submit", issued)
	next := w.handIn("after the stolen id")
	w.run("", "sync", "--once")
	w.run("", "sync", "--once")
	if r := w.rows(); text(r[next], "state") != "issued" || text(r[issued], "state") == "issued" {
		t.Errorf("the west has %v", r)
	}
	if r := w.rows()[issued]; text(r, "rejection") == "" && !strings.Contains(w.everything(), "not_found") {
		t.Errorf("the refusal is not visible: %v", r)
	}
}
