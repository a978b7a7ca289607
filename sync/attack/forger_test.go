package attack

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A forger is a client that says whatever it likes.
type forger struct {
	t      *testing.T
	url    string
	token  string
	device string
	header http.Header // what it adds or, with an empty value, leaves out
	seq    int
	http   *http.Client
}

func newForger(t *testing.T, url, token string) *forger {
	return &forger{t: t, url: url, token: token, device: newID(), header: http.Header{}, http: newHTTP(t)}
}

func newHTTP(t *testing.T) *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca(t).pool}, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{
		Transport: tr, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A reply is an answer; body is what came, opened when it was compressed.
type reply struct {
	status int
	header http.Header
	body   []byte
	value  any // the body when it is JSON
	err    error
	took   time.Duration
}

func (r reply) code() string { return text(r.value, "code") }

func (r reply) String() string {
	return fmt.Sprintf("status %d %s err %v", r.status, clip(string(r.body)), r.err)
}

// request makes an ordinary request of the protocol.
func (f *forger) request(method, path string, body io.Reader) *http.Request {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, body)
	if err != nil {
		f.t.Fatal(err)
	}
	if f.token != "" {
		req.Header.Set("Authorization", "Bearer "+f.token)
	}
	req.Header.Set("X-Counterfoil-Client", "counterfoil/0.1.0; protocol=1-1")
	req.Header.Set("X-Counterfoil-Device", f.device)
	req.Header.Set("Accept-Encoding", "gzip")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range f.header {
		if v[0] == "" {
			req.Header.Del(k)
		} else {
			req.Header[k] = v
		}
	}
	return req
}

func (f *forger) do(req *http.Request) reply {
	begun := time.Now()
	resp, err := f.http.Do(req)
	if err != nil {
		return reply{err: err, took: time.Since(begun)}
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	r.body, r.err = opened(resp)
	r.took = time.Since(begun)
	_ = json.Unmarshal(r.body, &r.value) // a body that is no JSON has no value
	return r
}

// opened reads a body to its end.
func opened(resp *http.Response) ([]byte, error) {
	in := io.Reader(resp.Body)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = z
	}
	return io.ReadAll(in)
}

func (f *forger) get(path string) reply {
	f.t.Helper()
	return f.do(f.request(http.MethodGet, path, nil))
}

// post sends a body of any bytes, as they are.
func (f *forger) post(body []byte) reply {
	f.t.Helper()
	return f.do(f.request(http.MethodPost, "/v1/push", bytes.NewReader(body)))
}

// postZip sends bytes that were compressed before.
func (f *forger) postZip(zipped []byte) reply {
	f.t.Helper()
	req := f.request(http.MethodPost, "/v1/push", bytes.NewReader(zipped))
	req.Header.Set("Content-Encoding", "gzip")
	return f.do(req)
}

// operation makes one with the next id of this device.
func (f *forger) operation(kind, id string, base int64, body any) object {
	f.seq++
	raw, ok := body.(json.RawMessage)
	if !ok {
		raw = encode(body)
	}
	return object{
		"operation_id": fmt.Sprintf("%s:%d", f.device, f.seq), "document_type": "invoice", "document_id": id, "base_revision": base,
		"kind": kind, "schema": 1, "hash": hash(raw), "body": json.RawMessage(raw),
	}
}

func (f *forger) push(operations ...object) reply {
	f.t.Helper()
	return f.post(encode(object{"device": f.device, "protocol": 1, "operations": operations}))
}

// answer pushes one operation that has to be answered, and returns the answer.
func (f *forger) answer(operation object) object {
	f.t.Helper()
	r := f.push(operation)
	a, _ := at(r.value, "answers", 0).(object)
	if r.status != http.StatusOK || a == nil {
		f.t.Fatalf("push of one operation: %v", r)
	}
	return a
}

// put and submit bring a document that has to be accepted, and give the answer.
func (f *forger) put(id, remark string, base int64) object {
	f.t.Helper()
	return f.accepted(f.operation("put", id, base, document(id, remark, "draft")))
}

func (f *forger) submit(id, remark string, base int64) object {
	f.t.Helper()
	return f.accepted(f.operation("transition", id, base, document(id, remark, "waiting")))
}

func (f *forger) accepted(operation object) object {
	f.t.Helper()
	a := f.answer(operation)
	if text(a, "result") != "applied" {
		f.t.Fatalf("not applied: %v", a)
	}
	return a
}

// all pulls everything: the latest change of each document.
func (f *forger) all() map[string]object {
	f.t.Helper()
	out := map[string]object{}
	for cursor := ""; ; {
		r := f.get("/v1/pull?limit=500&cursor=" + cursor)
		if r.status != http.StatusOK {
			f.t.Fatalf("pull: %v", r)
		}
		for _, c := range list(r.value, "changes") {
			o, _ := c.(object)
			out[text(o, "document_id")] = o
		}
		next := text(r.value, "cursor")
		if more, _ := at(r.value, "more").(bool); !more {
			return out
		}
		if next == cursor {
			f.t.Fatalf("the cursor %q does not move: %v", cursor, r)
		}
		cursor = next
	}
}

// numbers are those that the server has given, by document.
func (f *forger) numbers() map[string]string {
	f.t.Helper()
	out := map[string]string{}
	for id, c := range f.all() {
		if n := text(c, "body", "number"); n != "" {
			out[id] = n
		}
	}
	return out
}

func zipped(write func(io.Writer)) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	write(z)
	_ = z.Close() // a buffer takes everything
	return b.Bytes()
}

// repeated writes s n times between a head and a tail.
func repeated(w io.Writer, head, s string, n int, tail string) {
	const chunk = 1000
	many := strings.Repeat(s, chunk)
	_, _ = io.WriteString(w, head)
	for ; n >= chunk; n -= chunk {
		_, _ = io.WriteString(w, many)
	}
	_, _ = io.WriteString(w, strings.Repeat(s, n)+tail)
}
