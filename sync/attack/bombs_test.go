package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A bomb is small on the line and large where it is read.
type bombed struct {
	name   string
	throw  func(f *forger) reply
	status []int // what it may be answered
}

func headOf(f *forger) string { return `{"device":"` + f.device + `","protocol":1,` }

// wrapped is a push of one operation with a body of any bytes.
func wrapped(f *forger, id string, body string) []byte {
	f.seq++
	return []byte(headOf(f) + fmt.Sprintf(`"operations":[{"operation_id":"%s:%d","document_type":"invoice","document_id":"%s","base_revision":0,"kind":"put","schema":1,"hash":"%s","body":%s}]}`,
		f.device, f.seq, id, hash([]byte(body)), body))
}

// withLine is a document's JSON with one line that is given.
func withLine(id, line string) string {
	return `{"id":"` + id + `","kind":"ordinary","basis":"excl","date":"` + today() + `","buyer":{"name":"x"},"state":"draft","lines":[` + line + `]}`
}

func serverBombs() []bombed {
	refused := []int{400, 413, 422}
	rejected := append([]int{200}, refused...)
	zip := func(head, s string, n int, tail string) func(f *forger) reply {
		return func(f *forger) reply {
			return f.postZip(zipped(func(w io.Writer) { repeated(w, headOf(f)+head, s, n, tail) }))
		}
	}
	body := func(make func(id string) string) func(f *forger) reply {
		return func(f *forger) reply { id := newID(); return f.post(wrapped(f, id, make(id))) }
	}
	return []bombed{
		{"4 MB of empty operations", zip(`"operations":[{}`, `,{}`, 1_300_000, `]}`), refused},
		{"30 MB of empty operations", zip(`"operations":[{}`, `,{}`, 10_000_000, `]}`), refused},
		{"300 MB of blanks", zip(``, ` `, 300<<20, `"operations":[]}`), refused},
		{"4 MB of empty operations under an unknown name", zip(`"future":[{}`, `,{}`, 1_300_000, `],"operations":[]}`), rejected},
		{"4 MB of empty lists in a body", body(func(string) string { return `{"x":[[]` + strings.Repeat(`,[]`, 1_300_000) + `]}` }), rejected},
		{"as many names as a body holds", body(func(id string) string {
			var b strings.Builder
			for i := range 300_000 {
				fmt.Fprintf(&b, `"%x":0,`, i)
			}
			return `{` + b.String() + `"id":"` + id + `"}`
		}), rejected},
		{"deep lists", zip(`"operations":`, `[`, 4_000_000, ``), refused},
		{"deep objects", zip(`"operations":`, `{"a":`, 800_000, ``), refused},
		{"a deep body", body(func(id string) string {
			return `{"id":"` + id + `","x":` + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}`
		}), rejected},
		{"a quantity of 1e999999999", body(func(id string) string {
			return withLine(id, `{"id":"a","order":"a","qty":"1e999999999","price":"1","rate":"0.13"}`)
		}), rejected},
		{"a price of 1e-999999999", body(func(id string) string {
			return withLine(id, `{"id":"a","order":"a","qty":"1","price":"1e-999999999","rate":"0.13"}`)
		}), rejected},
		{"a rate of 1e999999999", body(func(id string) string {
			return withLine(id, `{"id":"a","order":"a","qty":"1","price":"1","rate":"1e999999999"}`)
		}), rejected},
		{"a quantity of 200,000 digits", body(func(id string) string {
			return withLine(id, `{"id":"a","order":"a","qty":"`+strings.Repeat("9", 200_000)+`","price":"1","rate":"0.13"}`)
		}), rejected},
		{"a discount of 1e999999999 per cent", body(func(id string) string {
			return withLine(id, `{"id":"a","order":"a","qty":"1","price":"1","rate":"0.13","discount":{"percent":"1e999999999"}}`)
		}), rejected},
		{"a revision of 1e999999999", func(f *forger) reply {
			id := newID()
			return f.post([]byte(strings.Replace(string(wrapped(f, id, withLine(id, ``))), `"base_revision":0`, `"base_revision":1e999999999`, 1)))
		}, rejected},
		{"a protocol of 1e999999999", func(f *forger) reply { return f.post([]byte(`{"device":"x","protocol":1e999999999,"operations":[]}`)) }, append(refused, 426)},
		{"a remark of 3 MB", body(func(id string) string {
			return strings.Replace(withLine(id, ``), `"state"`, `"remark":"`+strings.Repeat("x", 3<<20)+`","state"`, 1)
		}), rejected},
		{"80,000 lines in 240 kB", body(func(id string) string { return withLine(id, `{}`+strings.Repeat(`,{}`, 80_000)) }), rejected},
		{"fifteen documents of 80,000 lines", func(f *forger) reply {
			var ops []object
			for range 15 {
				id := newID()
				ops = append(ops, f.operation("put", id, 0, json.RawMessage(withLine(id, `{}`+strings.Repeat(`,{}`, 80_000)))))
			}
			return f.push(ops...)
		}, rejected},
		{"2,000 lines and a red row of each", body(func(id string) string {
			var lines, rows []any
			for i := range 700 {
				lines = append(lines, object{"id": fmt.Sprint(i), "order": fmt.Sprintf("a%04d", i), "name": "x", "qty": "1", "price": "1", "rate": "0.13"})
				rows = append(rows, object{"line": i + 1, "line_id": fmt.Sprint(i), "type": "normal", "name": "x", "rate": "0.13", "net": "1e999999999", "tax": "0", "gross": "1"})
			}
			d := document(id, "x", "draft")
			d["lines"], d["red_rows"] = lines, rows
			return string(encode(d))
		}), rejected},
		{"a name twice", body(func(id string) string { return strings.Replace(withLine(id, ``), `{`, `{"kind":"special",`, 1) }), rejected},
		{"no UTF-8", body(func(id string) string { return strings.Replace(withLine(id, ``), `"x"`, "\"\xff\xfe\xed\xa0\x80\"", 1) }), rejected},
		{"an id of 4 MB", func(f *forger) reply {
			return f.post([]byte(headOf(f) + `"operations":[{"operation_id":"` + strings.Repeat("x", 4<<20) + `"}]}`))
		}, refused},
		{"a cursor of 500 kB", func(f *forger) reply { return f.get("/v1/pull?cursor=" + strings.Repeat("x", 500<<10)) }, []int{400, 414, 431}},
		{"a header of 900 kB", func(f *forger) reply {
			req := f.request(http.MethodGet, "/v1/pull", nil)
			req.Header.Set("X-Request-Id", strings.Repeat("x", 900<<10))
			return f.do(req)
		}, []int{200, 400, 431}},
		{"a token of 500 kB", func(f *forger) reply {
			g := *f
			g.token = strings.Repeat("x", 500<<10)
			return g.get("/v1/pull")
		}, []int{400, 401, 431}},
		{"a mark of 500 kB", func(f *forger) reply { return f.get("/v1/pull?mark=" + strings.Repeat("x", 500<<10)) }, []int{400, 414, 431}},
		{"a page of two thousand million", func(f *forger) reply { return f.get("/v1/pull?limit=2000000000") }, []int{200, 400}},
	}
}

// TestServerBombs throws each bomb at a server of its own and looks at its memory.
func TestServerBombs(t *testing.T) {
	t.Parallel()
	for _, b := range serverBombs() {
		t.Run(b.name, func(t *testing.T) {
			s := production(t, east)
			f := newForger(t, s.url, east.secret)
			f.put(newID(), "ordinary", 0)
			f.all()
			rest := s.idle()
			r := b.throw(f)
			s.peakAbove(rest, b.name)
			ok := r.err != nil && r.status == 0 // hung up on: the bomb was cut short
			for _, want := range b.status {
				ok = ok || r.status == want
			}
			if !ok {
				t.Errorf("answered %v", r)
			}
			for _, a := range list(r.value, "answers") {
				if text(a, "result") != "rejected" {
					t.Errorf("taken: %v", a)
				}
			}
			if r.took > 10*time.Second {
				t.Errorf("it kept the server busy for %v", r.took)
			}
			f.put(newID(), "after the bomb", 0)
			if n := len(f.all()); n != 2 {
				t.Errorf("the server holds %d documents, not 2", n)
			}
		})
	}
}

// sized is a valid document whose body has exactly n bytes.
func sized(id string, n int) json.RawMessage {
	d := document(id, "sized", "draft")
	d["future"] = ""
	d["future"] = strings.Repeat("x", n-len(encode(d)))
	return encode(d)
}

// The caps hold to the byte and to the operation, and one document over them
// holds up no other.
func TestServerCaps(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	f := newForger(t, s.url, east.secret)
	const document = 256 << 10
	under, over, beside := newID(), newID(), newID()
	// The server sets revision and branch, so what it keeps is a little longer.
	r := f.push(f.operation("put", under, 0, sized(under, document-200)), f.operation("put", over, 0, sized(over, document+1)), f.operation("put", beside, 0, sized(beside, 1000)))
	want := []string{"applied", "rejected", "applied"}
	for i, w := range want {
		if got := text(r.value, "answers", i, "result"); got != w {
			t.Errorf("document %d is %q, want %q: %v", i, got, w, r)
		}
	}
	if got := text(r.value, "answers", 1, "code"); got != "document_too_large" {
		t.Errorf("the large one is refused with %q", got)
	}
	if n := len(f.all()); n != 2 {
		t.Errorf("the server holds %d documents, not 2", n)
	}
	many := func(n int) []object {
		var ops []object
		for range n {
			id := newID()
			ops = append(ops, f.operation("put", id, 0, sized(id, 400)))
		}
		return ops
	}
	if r := f.push(many(1001)...); r.status != http.StatusRequestEntityTooLarge || r.code() != "too_large" {
		t.Errorf("1,001 operations: %v", r)
	}
	if r := f.push(many(1000)...); r.status != http.StatusOK || len(list(r.value, "answers")) != 1000 {
		t.Errorf("1,000 operations: status %d", r.status)
	}
	if n := len(f.all()); n != 1002 {
		t.Errorf("the server holds %d documents, not 1002", n)
	}
}

// Many documents at the cap: pages and answers are cut by bytes, memory is bounded.
func TestServerFullOfLargeDocuments(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	f := newForger(t, s.url, east.secret)
	var ids []string
	for range 120 {
		id := newID()
		ids = append(ids, id)
		f.accepted(f.operation("put", id, 0, sized(id, 255<<10)))
	}
	s.stop()
	s.start()
	f.url = s.url
	f.get("/v1/whoami")
	rest := s.idle()

	seen := map[string]bool{}
	for cursor := ""; ; {
		r := f.get("/v1/pull?limit=2000&cursor=" + cursor)
		if r.status != http.StatusOK || len(list(r.value, "changes")) == 0 {
			t.Fatalf("pull: %v", r)
		}
		if n := len(r.body); n > 1<<20+300<<10 {
			t.Errorf("a page has %d bytes", n)
		}
		for _, c := range list(r.value, "changes") {
			seen[text(c, "document_id")] = true
		}
		if more, _ := at(r.value, "more").(bool); !more {
			break
		}
		cursor = text(r.value, "cursor")
	}
	if len(seen) != len(ids) {
		t.Errorf("%d documents were pulled, not %d", len(seen), len(ids))
	}
	s.peakAbove(rest, "pulling 30 MB")

	// Small operations whose answers would carry all of it.
	var ops []object
	for i := range 900 {
		id := ids[i%len(ids)]
		ops = append(ops, f.operation("put", id, 77, document(id, "conflict", "draft")))
	}
	r := f.push(ops...)
	if r.status != http.StatusRequestEntityTooLarge || r.code() != "too_large" {
		t.Errorf("900 conflicts with 255 kB each: status %d, %d bytes", r.status, len(r.body))
	}
	s.peakAbove(rest, "answers of 230 MB")
	if r := f.push(ops[0]); text(r.value, "answers", 0, "result") != "conflict" {
		t.Errorf("one of them alone: %v", r)
	}

	// Four at once: what one request may take is not taken four times without limit.
	var wg sync.WaitGroup
	for range 4 {
		g := newForger(t, s.url, east.secret)
		wg.Go(func() { g.get("/v1/pull?limit=2000") })
	}
	wg.Wait()
	s.peakAbove(rest, "four pulls at once")
}

// A document of a desk is refused at save, before it becomes an operation.
func TestDeskRefusesBombs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	idle := d.run(content("", "ordinary"), "draft", "-").peak
	lines := func(n int) string {
		var l []string
		for i := range n {
			l = append(l, fmt.Sprintf(`{"name":"%d","qty":"1","price":"1","rate":"0.13"}`, i))
		}
		return `{"kind":"ordinary","basis":"excl","buyer":{"name":"x"},"lines":[` + strings.Join(l, ",") + `]}`
	}
	long := func(n int) string { // lines of the longest names that are allowed
		var l []string
		for i := range n {
			l = append(l, fmt.Sprintf(`{"name":"%s%04d","spec":"%s","qty":"1","price":"1","rate":"0.13"}`, strings.Repeat("长", 80), i, strings.Repeat("规", 30)))
		}
		return `{"kind":"ordinary","basis":"excl","buyer":{"name":"x"},"lines":[` + strings.Join(l, ",") + `]}`
	}
	for _, c := range []struct{ name, in, code string }{
		{"a document over 256 kB", long(900), "document_too_large"},
		{"100,000 lines", lines(60_000), ""},
		{"4 MB of lines", `{"kind":"ordinary","basis":"excl","buyer":{"name":"x"},"lines":[{}` + strings.Repeat(`,{}`, 1_300_000) + `]}`, ""},
		{"100 MB", `{"remark":"` + strings.Repeat("x", 100<<20) + `"}`, "draft_too_large"},
		{"deep lists", `{"lines":` + strings.Repeat("[", 3_000_000), ""},
		{"1e999999999", strings.Replace(lines(1), `"qty":"1"`, `"qty":"1e999999999"`, 1), ""},
		{"a rate of 1e999999999", strings.Replace(lines(1), `"rate":"0.13"`, `"rate":"1e999999999"`, 1), ""},
		{"a name twice", strings.Replace(lines(1), `{`, `{"kind":"special",`, 1), ""},
		{"no UTF-8", strings.Replace(lines(1), `"x"`, "\"\xff\"", 1), "draft_encoding"},
	} {
		r := d.run(c.in, "draft", "-")
		if r.code != 1 {
			t.Errorf("%s: exit %d\n%s", c.name, r.code, clip(r.both()))
			continue
		}
		if got := text(oneValue(t, r.out), "error", "code"); got == "" || c.code != "" && got != c.code {
			t.Errorf("%s: refused with %q, want %q", c.name, got, c.code)
		}
		over(t, idle, r.peak, c.name)
		if r.took > 10*time.Second {
			t.Errorf("%s: it took %v", c.name, r.took)
		}
	}
	if n := d.waiting(); n != 1 {
		t.Errorf("%d operations wait, not 1", n)
	}
}

// TestDeskUnderBombs lets a server throw them: the desk keeps its memory, ends
// with an error or sets the document aside, and goes on when the server is sane.
func TestDeskUnderBombs(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	m := newMiddle(t, s)
	d := enrolled(t, m.url, east)
	f := newForger(t, s.url, east.secret)
	f.submit(newID(), "first", 0)
	d.sync()
	idle := d.run("", "sync", "--once").peak
	zip := func(head, s string, n int, tail string) lie {
		z := zipped(func(w io.Writer) { repeated(w, head, s, n, tail) })
		return func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
			ours(w, "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(z)
			return true
		}
	}
	epoch := text(d.must("", "status"), "epoch")
	page := func(tail string) string {
		return `{"epoch":"` + epoch + `","cursor":"` + epoch + `:9:all","more":false,` + tail
	}
	change := func(body string) string {
		id := newID()
		return page(`"changes":[{"seq":9,"document_type":"invoice","document_id":"` + id + `","revision":1,"body":` + strings.ReplaceAll(body, "ID", id) + `}]}`)
	}
	for _, c := range []struct {
		name string
		path string
		lie  lie
	}{
		{"empty changes", "/v1/pull", zip(page(`"changes":[{}`), `,{}`, 10_000_000, `]}`)},
		{"300 MB", "/v1/pull", zip(page(`"changes":[]`), ` `, 300<<20, `}`)},
		{"a document of 60 MB", "/v1/pull", says(200, change(`{"id":"ID","remark":"`+strings.Repeat("x", 60<<20)+`"}`))},
		{"100,000 lines", "/v1/pull", says(200, change(withLine("ID", `{}`+strings.Repeat(`,{}`, 100_000))))},
		{"a quantity of 1e999999999", "/v1/pull", says(200, change(withLine("ID", `{"id":"a","order":"a","qty":"1e999999999","price":"1","rate":"0.13"}`)))},
		{"deep lists", "/v1/pull", zip(page(`"changes":`), `[`, 30_000_000, ``)},
		{"an unknown field of empty lists", "/v1/pull", zip(page(`"future":[[]`), `,[]`, 2_000_000, `],"changes":[]}`)},
		{"a problem of 100 MB", "/v1/pull", func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
			ours(w, "application/problem+json")
			w.WriteHeader(500)
			repeated(w, `{"code":"internal","title":"`, "x", 100<<20, `"}`)
			return true
		}},
		{"endless", "/v1/pull", func(w http.ResponseWriter, r *http.Request, _ func() *passed) bool {
			ours(w, "application/json")
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
					break
				}
			}
			return true
		}},
		{"a million headers", "/v1/pull", func(w http.ResponseWriter, _ *http.Request, _ func() *passed) bool {
			ours(w, "application/json")
			for i := range 200_000 {
				w.Header().Set(fmt.Sprint("X-H-", i), "x")
			}
			return true
		}},
		{"empty answers", "/v1/push", zip(`{"epoch":"`+epoch+`","answers":[{}`, `,{}`, 10_000_000, `]}`)},
		{"an answer with a body of 60 MB", "/v1/push", func(w http.ResponseWriter, _ *http.Request, pass func() *passed) bool {
			p := pass()
			a, _ := answersOf(p.value)[0].(object)
			a["body"] = object{"remark": strings.Repeat("x", 60<<20)}
			return p.changed(w)
		}},
		{"a health of 60 MB", "/healthz", zip(`{"product":"counterfoil"`, ` `, 60<<20, `}`)},
	} {
		id := newID()
		f.submit(id, c.name, 0)
		own := d.handIn(c.name)
		m.lies(on(c.path, c.lie))
		r := d.run("", "sync", "--once")
		over(t, idle, r.peak, c.name)
		if r.took > 75*time.Second {
			t.Errorf("%s: it took %v", c.name, r.took)
		}
		m.lies(nil)
		if r := d.run("", "sync", "--once"); r.code != 0 {
			t.Errorf("%s: the sync after it: exit %d %s", c.name, r.code, clip(r.both()))
		}
		if rows := d.rows(); text(rows[own], "state") != "issued" {
			t.Errorf("%s: its own invoice is %v", c.name, rows[own])
		}
	}
}
