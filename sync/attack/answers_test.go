package attack

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// An altered answer: bad ones must change nothing at the desk.
type altered struct {
	name string
	lie  lie
	good bool // the answer says the same in another way: it has to be taken
}

// edits changes the JSON of a good answer.
func edits(change func(v object)) lie {
	return func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
		p := pass()
		if p.status != http.StatusOK || p.value == nil {
			return false
		}
		change(p.value)
		return p.changed(w)
	}
}

// bytesOf changes the bytes of a good answer.
func bytesOf(change func(b []byte) []byte) lie {
	return func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
		p := pass()
		p.body = change(p.body)
		p.send(w)
		return true
	}
}

// headed changes the headers of a good answer.
func headed(change func(h http.Header)) lie {
	return func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
		p := pass()
		change(p.header)
		p.send(w)
		return true
	}
}

// gone is a 410 with what is given; epoch "" leaves it out, "=" is the server's own.
func gone(code, epoch, product string) lie {
	return func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
		if epoch == "=" {
			epoch = text(pass().value, "epoch")
		}
		ours(w, "application/problem+json")
		w.Header().Set("X-Counterfoil-Product", product)
		if product == "" {
			w.Header().Del("X-Counterfoil-Product")
		}
		o := object{"title": "gone"}
		if code != "" {
			o["code"] = code
		}
		if epoch != "" {
			o["epoch"] = epoch
		}
		w.WriteHeader(http.StatusGone)
		_, _ = w.Write(encode(o))
		return true
	}
}

const signIn = `<!doctype html><html><body>Please sign in. 请先登录网络。</body></html>`

// senseless are answers to any request that are none.
func senseless() []altered {
	return []altered{
		{"an empty object", says(200, `{}`), false},
		{"null", says(200, `null`), false},
		{"a list", says(200, `[]`), false},
		{"a text", says(200, `"ok"`), false},
		{"nothing", says(200, ``), false},
		{"no content", says(204, ``), false},
		{"a page", func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
			ours(w, "text/html")
			_, _ = io.WriteString(w, signIn)
			return true
		}, false},
		{"a page that says 410", func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
			ours(w, "text/html")
			w.WriteHeader(410)
			_, _ = io.WriteString(w, signIn)
			return true
		}, false},
		{"another product", headed(func(h http.Header) { h.Set("X-Counterfoil-Product", "warehouse") }), false},
		{"no product", headed(func(h http.Header) { h.Del("X-Counterfoil-Product") }), false},
		{"410 without a code", gone("", "", "counterfoil"), false},
		{"410 of the old kind", gone("cursor_gone", "", "counterfoil"), false},
		{"410 without an epoch", gone("epoch_changed", "", "counterfoil"), false},
		{"410 with the desk's own epoch", gone("epoch_changed", "=", "counterfoil"), false},
		{"410 of no product", gone("epoch_changed", "other", ""), false},
		{"410 of another product", gone("epoch_changed", "other", "warehouse"), false},
		{"cut in half", bytesOf(func(b []byte) []byte { return b[:len(b)/2] }), false},
		{"cut in half by the line", func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
			p := pass()
			p.header.Set("Content-Length", fmt.Sprint(len(p.body)))
			b := p.body
			p.body = b[:len(b)/2]
			p.send(w)
			panic(http.ErrAbortHandler)
		}, false},
		{"cut gzip", func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
			p := pass()
			z := zipped(func(w io.Writer) { _, _ = w.Write(p.body) })
			p.header.Set("Content-Encoding", "gzip")
			p.body = z[:len(z)-9]
			p.send(w)
			return true
		}, false},
		{"said to be gzip", headed(func(h http.Header) { h.Set("Content-Encoding", "gzip") }), false},
		{"two values", bytesOf(func(b []byte) []byte { return append(append([]byte{}, b...), b...) }), false},
		{"a name twice", bytesOf(func(b []byte) []byte { return bytes.Replace(b, []byte("{"), []byte(`{"epoch":"x",`), 1) }), false},
		{"no UTF-8", bytesOf(func(b []byte) []byte { return bytes.Replace(b, []byte(`"epoch":"`), []byte("\"epoch\":\"\xff\xfe"), 1) }), false},
		{"deep", says(200, `{"epoch":`+strings.Repeat("[", 200_000)+strings.Repeat("]", 200_000)+`}`), false},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request, _ func() *passed) bool {
			ours(w, "application/json")
			http.Redirect(w, r, "https://127.0.0.2:1/", http.StatusTemporaryRedirect)
			return true
		}, false},
		{"the epoch left out", edits(func(v object) { delete(v, "epoch") }), false},
		{"an empty epoch", edits(func(v object) { v["epoch"] = "" }), false},
		{"the epoch a number", edits(func(v object) { v["epoch"] = 7 }), false},
		{"a bomb of blanks", bomb(64 << 20), false},
	}
}

// bomb is an answer of n blanks, small on the line.
func bomb(n int) lie {
	z := zipped(func(w io.Writer) { repeated(w, `{"epoch":"x"`, " ", n, `}`) })
	return func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
		ours(w, "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(z)
		return true
	}
}

func answersOf(v object) []any { a, _ := v["answers"].([]any); return a }

// TestAnswersOfPush alters the answers to three submitted invoices. What is
// altered in meaning is refused whole, and the next good answer settles all.
func TestAnswersOfPush(t *testing.T) {
	t.Parallel()
	first := func(change func(a object)) lie {
		return edits(func(v object) { a, _ := answersOf(v)[0].(object); change(a) })
	}
	cases := append(senseless(),
		altered{"reversed order", edits(func(v object) {
			a := answersOf(v)
			for i := range len(a) / 2 {
				a[i], a[len(a)-1-i] = a[len(a)-1-i], a[i]
			}
		}), true},
		altered{"rotated order", edits(func(v object) { a := answersOf(v); v["answers"] = append(a[1:], a[0]) }), true},
		altered{"ids of each other", edits(func(v object) {
			a := answersOf(v)
			x, y := a[0].(object), a[1].(object)
			x["operation_id"] = y["operation_id"]
		}), false},
		altered{"a foreign id", first(func(a object) { a["operation_id"] = newID() + ":1" }), false},
		altered{"no id", first(func(a object) { delete(a, "operation_id") }), false},
		altered{"an id that is a number", first(func(a object) { a["operation_id"] = 1 }), false},
		altered{"one missing", edits(func(v object) { v["answers"] = answersOf(v)[1:] }), false},
		altered{"one twice", edits(func(v object) { v["answers"] = append(answersOf(v), answersOf(v)[0]) }), false},
		altered{"one twice instead of another", edits(func(v object) { a := answersOf(v); a[1] = a[0] }), false},
		altered{"one more", edits(func(v object) {
			v["answers"] = append(answersOf(v), object{"operation_id": newID() + ":9", "result": "applied", "revision": 1, "seq": 1})
		}), false},
		altered{"null among them", edits(func(v object) { answersOf(v)[2] = nil }), false},
		altered{"a text among them", edits(func(v object) { answersOf(v)[2] = "applied" }), false},
		altered{"answers an object", edits(func(v object) { v["answers"] = object{} }), false},
		altered{"answers null", edits(func(v object) { v["answers"] = nil }), false},
		altered{"no answers", edits(func(v object) { delete(v, "answers") }), false},
		altered{"a revision that is a text", first(func(a object) { a["revision"] = "1" }), false},
		altered{"a revision of 1e300", first(func(a object) { a["revision"] = 1e300 }), false},
		altered{"a time that is none", first(func(a object) { a["issued_at"] = "yesterday" }), false},
	)
	s := production(t, east, whole)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	d.sync()
	look := newForger(t, s.url, whole.secret)
	var ids, all []string
	settled := func(after string) {
		t.Helper()
		m.lies(nil)
		d.sync()
		given, rows := look.numbers(), d.rows()
		for _, id := range ids {
			if given[id] == "" || text(rows[id], "number") != given[id] || text(rows[id], "state") != "issued" {
				t.Errorf("%s: the server gave %q, the desk shows %v", after, given[id], rows[id])
			}
		}
		if n := d.waiting(); n != 0 {
			t.Errorf("%s: %d operations wait after a good answer:\n%s", after, n, clip(d.everything()))
		}
		ids = nil
	}
	for i, c := range cases {
		// What a bad answer left as it was meets the next bad one.
		for len(ids) < 3 {
			ids = append(ids, d.handIn(fmt.Sprintf("case %d, invoice %d", i, len(ids))))
			all = append(all, ids[len(ids)-1])
		}
		m.lies(on("/v1/push", c.lie))
		r := d.run("", "sync", "--once")
		if c.good {
			if r.code != 0 || d.waiting() != 0 {
				t.Errorf("%s: exit %d, %d operations wait\n%s", c.name, r.code, d.waiting(), clip(r.both()))
			}
			settled(c.name)
			continue
		}
		if r.code == 0 {
			t.Errorf("%s: the sync ended well: %s", c.name, clip(r.out))
		}
		taken, rows := false, d.rows()
		for _, id := range ids {
			if text(rows[id], "state") != "waiting" || text(rows[id], "number") != "" {
				t.Errorf("%s: an invoice became %v", c.name, rows[id])
				taken = true
			}
		}
		if n := d.waiting(); n != 3 {
			t.Errorf("%s: %d operations wait, not 3", c.name, n)
		}
		if taken || i%8 == 7 {
			settled(c.name)
		}
	}
	settled("the last of them")
	if got := len(look.numbers()); got != len(all) {
		t.Errorf("%d numbers were given for %d invoices", got, len(all))
	}
}

// An answer of a later version, or one without a result, holds up its own
// invoice alone, which is asked again.
func TestAnswerNotUnderstood(t *testing.T) {
	t.Parallel()
	s := production(t, east, whole)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	for _, result := range []any{"perhaps", "", nil} {
		ids := []string{d.handIn("one"), d.handIn("two"), d.handIn("three")}
		m.lies(on("/v1/push", edits(func(v object) {
			if a := answersOf(v); len(a) == 3 {
				a[1].(object)["result"] = result
			}
		})))
		d.run("", "sync", "--once")
		// A pull may tell the truth in the same round; a wrong number may not stand.
		given, rows := newForger(t, s.url, whole.secret).numbers(), d.rows()
		for _, id := range ids {
			if n := text(rows[id], "number"); n != "" && n != given[id] {
				t.Errorf("with the result %v the desk shows %v, the server gave %q", result, rows[id], given[id])
			}
		}
		m.lies(nil)
		for _, id := range ids {
			d.run("", "retry", id) // it may have been set aside for a person
		}
		d.sync()
		d.sync()
		rows = d.rows()
		for _, id := range ids {
			if given[id] == "" || text(rows[id], "number") != given[id] {
				t.Errorf("after the result %v the server gave %q, the desk shows %v", result, given[id], rows[id])
			}
		}
	}
}

// TestAnswersOfPull alters pulled pages: a bad one changes nothing, and nothing
// that was answered is offered again.
func TestAnswersOfPull(t *testing.T) {
	t.Parallel()
	change := func(change func(c object)) lie {
		return edits(func(v object) {
			if c := list(v, "changes"); len(c) > 0 {
				change(c[0].(object))
			}
		})
	}
	cases := append(senseless(),
		altered{"no cursor", edits(func(v object) { delete(v, "cursor") }), false},
		altered{"an empty cursor", edits(func(v object) { v["cursor"] = "" }), false},
		altered{"a cursor that is none", edits(func(v object) { v["cursor"] = "x" }), false},
		altered{"a cursor of another epoch", edits(func(v object) { v["cursor"] = "other:999:all" }), false},
		altered{"a cursor that goes back", edits(func(v object) { v["cursor"] = text(v, "epoch") + ":0:all" }), false},
		altered{"a negative cursor", edits(func(v object) { v["cursor"] = text(v, "epoch") + ":-5:all" }), false},
		altered{"more without end", edits(func(v object) { v["more"], v["changes"] = true, []any{} }), false},
		altered{"changes null", edits(func(v object) { v["changes"] = nil }), false},
		altered{"no changes", edits(func(v object) { delete(v, "changes") }), false},
		altered{"changes an object", edits(func(v object) { v["changes"] = object{} }), false},
		altered{"a change null", edits(func(v object) { v["changes"] = []any{nil} }), false},
		altered{"a change without an id", change(func(c object) { delete(c, "document_id") }), false},
		altered{"a change without a type", change(func(c object) { delete(c, "document_type") }), false},
		altered{"a change at seq 1", change(func(c object) { c["seq"] = 1 }), false},
		altered{"a change beyond its cursor", change(func(c object) { c["seq"] = 1 << 40 }), false},
		altered{"a sequence number of text", change(func(c object) { c["seq"] = "5" }), false},
	)
	s := production(t, east, whole)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	for i := range 3 {
		d.handIn(fmt.Sprint("before ", i))
	}
	d.sync()
	other := newForger(t, s.url, east.secret)
	id := ""
	settled := func(after string) {
		t.Helper()
		m.lies(nil)
		d.sync()
		if n := len(m.operations()); n != 0 {
			t.Errorf("%s: %d operations were offered again", after, n)
		}
		if r := d.rows()[id]; text(r, "state") != "issued" {
			t.Errorf("%s: after a good page the desk has %v", after, r)
		}
		id = ""
	}
	for i, c := range cases {
		if id == "" {
			id = newID()
			other.submit(id, fmt.Sprint("case ", i), 0)
		}
		before, status := d.rows(), d.must("", "status")
		m.lies(on("/v1/pull", c.lie))
		if r := d.run("", "sync", "--once"); r.code == 0 {
			t.Errorf("%s: the sync ended well: %s", c.name, clip(r.out))
		}
		if n := len(m.operations()); n != 0 {
			t.Errorf("%s: %d operations were offered again", c.name, n)
		}
		after, now := d.rows(), d.must("", "status")
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s: the desk held %v, holds %v", c.name, before, after)
		}
		taken := false
		for _, k := range []string{"cursor", "epoch", "outbox"} {
			if !reflect.DeepEqual(at(status, k), at(now, k)) {
				t.Errorf("%s: %s was %v, is %v", c.name, k, at(status, k), at(now, k))
				taken = true
			}
		}
		if taken || i%8 == 7 {
			settled(c.name)
		}
	}
	if id != "" {
		settled("the last of them")
	}
}

// A body in two gzip members, and one that a proxy compressed once more, are
// what lines do to answers.
func TestAnswersThroughGzip(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	id := d.handIn("zipped")
	m.lies(func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
		p := pass()
		half := len(p.body) / 2
		var b bytes.Buffer
		for _, part := range [][]byte{p.body[:half], p.body[half:]} {
			z := gzip.NewWriter(&b)
			_, _ = z.Write(part)
			_ = z.Close()
		}
		p.header.Set("Content-Encoding", "gzip")
		p.body = b.Bytes()
		p.send(w)
		return true
	})
	d.sync()
	if r := d.rows()[id]; text(r, "state") != "issued" {
		t.Errorf("the desk has %v", r)
	}
}
