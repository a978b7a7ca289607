package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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
		{"1 GB of blanks", zip(``, ` `, 1<<30, `"operations":[]}`), refused},
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

// sized is a valid document whose body has exactly n bytes.
func sized(id string, n int) json.RawMessage {
	d := document(id, "sized", "draft")
	d["future"] = ""
	d["future"] = strings.Repeat("x", n-len(encode(d)))
	return encode(d)
}
