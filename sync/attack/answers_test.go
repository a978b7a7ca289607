package attack

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
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
