package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"counterfoil/app/document"
	"counterfoil/sync/server"
	"counterfoil/sync/wire"
)

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Every body that is not a push is refused with a problem, and nothing is written.
func TestBadBodies(t *testing.T) {
	r := start(t, func(c *server.Config) { c.MaxBody = 64 << 10 })
	good := bodyOf(r.op("put", 0, draft()))
	change := func(from, to string) []byte {
		out := strings.Replace(string(good), from, to, 1)
		if out == string(good) {
			t.Fatalf("%s is not in the body", from)
		}
		return []byte(out)
	}
	big := bytes.Repeat([]byte(" "), 70<<10)
	z := zipped(t, good)
	header := func(name, value string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set(name, value) }
	}
	gz := header("Content-Encoding", "gzip")
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
		status int
		code   string
	}{
		"empty":               {nil, nil, 400, "malformed"},
		"not JSON":            {[]byte("hello"), nil, 400, "malformed"},
		"cut JSON":            {good[:len(good)/2], nil, 400, "malformed"},
		"two values":          {append(append([]byte{}, good...), good...), nil, 400, "malformed"},
		"an array":            {[]byte("[]"), nil, 400, "malformed"},
		"null":                {[]byte("null"), nil, 400, "malformed"},
		"a name twice":        {change(`"protocol":1,`, `"protocol":1,"protocol":2,`), nil, 400, "malformed"},
		"no UTF-8":            {change(`"device":"device"`, "\"device\":\"\xff\""), nil, 400, "malformed"},
		"text for a number":   {change(`"protocol":1`, `"protocol":"1"`), nil, 400, "malformed"},
		"no protocol":         {change(`"protocol":1,`, ``), nil, 400, "malformed"},
		"no device":           {change(`"device":"device"`, `"device":""`), nil, 400, "malformed"},
		"NUL in the device":   {change(`"device":"device"`, `"device":"dev\u0000ice"`), nil, 400, "malformed"},
		"NUL in an operation": {change(`"operation_id":"`, `"operation_id":"\u0000`), nil, 400, "malformed"},
		"long device":         {change(`"device":"device"`, `"device":"`+strings.Repeat("d", 65)+`"`), nil, 400, "malformed"},
		"no operation id":     {change(`"operation_id":"device:1"`, `"operation_id":""`), nil, 400, "malformed"},
		"long operation id":   {change(`"operation_id":"device:1"`, `"operation_id":"`+strings.Repeat("1", 129)+`"`), nil, 400, "malformed"},
		"no hash":             {change(`"hash":"`, `"hash":"","x":"`), nil, 400, "malformed"},
		"another protocol":    {change(`"protocol":1`, `"protocol":9`), nil, 426, "upgrade_required"},
		"form":                {good, header("Content-Type", "application/x-www-form-urlencoded"), 415, "malformed"},
		"no content type":     {good, func(q *http.Request) { q.Header.Del("Content-Type") }, 415, "malformed"},
		"broken content type": {good, header("Content-Type", ";;;"), 415, "malformed"},
		"unknown encoding":    {good, header("Content-Encoding", "br"), 415, "malformed"},
		"gzip said, not sent": {good, gz, 400, "malformed"},
		"cut gzip":            {z[:len(z)-9], gz, 400, "malformed"},
		"gzip with bad sum":   {append(append([]byte{}, z[:len(z)-8]...), 1, 2, 3, 4, 5, 6, 7, 8), gz, 400, "malformed"},
		"too large":           {big, nil, 413, "too_large"},
		"too large unzipped":  {zipped(t, big), gz, 413, "too_large"},
		"too many operations": {[]byte(`{"device":"d","protocol":1,"operations":[` + strings.Repeat("{},", 5000) + `{}]}`), nil, 413, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			r := *r
			r.t = t
			req := r.request(http.MethodPost, "/v1/push", c.body)
			if c.change != nil {
				c.change(req)
			}
			r.problem(req, c.status, c.code)
		})
	}
	for _, path := range []string{"/v1/pull?cursor=x", "/v1/pull?cursor=a:-1:all", "/v1/pull?cursor=%zz:1", "/v1/pull?limit=0", "/v1/pull?limit=-1", "/v1/pull?limit=many", "/v1/pull?limit=99999999999999999999"} {
		r.problem(r.request(http.MethodGet, path, nil), 400, "malformed")
	}
	if p := r.pull("", 10); len(p.Changes) != 0 {
		t.Errorf("a bad body was applied: %+v", p.Changes)
	}
	// What is refused costs nothing: the good one goes through, plain, gzipped, and with a charset.
	for _, f := range []func(*http.Request){header("Content-Type", "application/json; charset=utf-8"), func(*http.Request) {}} {
		req := r.request(http.MethodPost, "/v1/push", good)
		f(req)
		if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
			t.Errorf("%s %v", b, err)
		}
	}
	req := r.request(http.MethodPost, "/v1/push", z)
	gz(req)
	if resp, b, err := r.do(req); err != nil || resp.StatusCode != 200 {
		t.Errorf("%s %v", b, err)
	}
	if p := r.pull("", 10); len(p.Changes) != 1 {
		t.Errorf("%+v", p.Changes)
	}
}

// Operations the server cannot apply are answered one by one, with a code.
func TestBadOperations(t *testing.T) {
	r := start(t, nil)
	inv := draft()
	valid := func() wire.Operation { return r.op("put", 0, inv) }
	var ops []wire.Operation
	var want []string
	add := func(code string, f func(*wire.Operation)) {
		o := valid()
		f(&o)
		ops, want = append(ops, o), append(want, code)
	}
	body := func(s string) func(*wire.Operation) {
		return func(o *wire.Operation) { o.Body = []byte(s); o.Hash = wire.Hash(o.Body) }
	}
	add("schema_unknown", func(o *wire.Operation) { o.Schema = 0 })
	add("schema_unknown", func(o *wire.Operation) { o.Schema = wire.Schema + 1 })
	add("document_type_unknown", func(o *wire.Operation) { o.DocumentType = "poem" })
	add("master_data_read_only", func(o *wire.Operation) { o.DocumentType = "seller" })
	add("role_needed", func(o *wire.Operation) { o.DocumentType = "item" })
	add("kind_unknown", func(o *wire.Operation) { o.Kind = "burn" })
	add("malformed", func(o *wire.Operation) { o.DocumentID = "" })
	add("malformed", func(o *wire.Operation) { o.DocumentID = newID() })
	add("malformed", func(o *wire.Operation) { o.DocumentID += "\x00" })
	add("malformed", func(o *wire.Operation) { o.BaseRevision = -1 })
	add("malformed", body(`{}`))
	add("malformed", body(`[1]`))
	add("malformed", body(`{"id":"`+inv.ID+`","lines":[{"qty":3}]}`))
	add("kind_unknown", body(`{"id":"`+inv.ID+`"}`))
	add("transition_unknown", func(o *wire.Operation) { o.Kind = "transition"; body(`{"id":"` + inv.ID + `","state":"issued"}`)(o) })
	for i, a := range r.push(ops...) {
		if a.Result != wire.Rejected || a.Code != want[i] || a.OperationID != ops[i].OperationID {
			t.Errorf("operation %d: %+v, want %s", i+1, a, want[i])
		}
	}
	if p := r.pull("", 10); len(p.Changes) != 0 {
		t.Errorf("%+v", p.Changes)
	}
}

// An older program in between must not erase what a newer one wrote.
func TestUnknownFieldsTravel(t *testing.T) {
	r := start(t, nil)
	inv := waiting()
	plain, err := document.Encode(inv)
	if err != nil {
		t.Fatal(err)
	}
	s := strings.Replace(string(plain), `"buyer":`, `"future":{"a":[1.50,"<&>"]},"buyer":`, 1)
	s = strings.Replace(s, `"order":`, `"colour":"红","order":`, 1)
	// Sent inside a message as any JSON library may write it.
	op := opOf("device:1", "transition", 0, inv.ID, []byte(s))
	op.Hash = wire.Hash([]byte(s))
	msg := `{"device":"device","protocol":1,"new_in_two":true,"operations":[{"operation_id":"device:1","hint":[],"document_type":"invoice","document_id":"` +
		inv.ID + `","base_revision":0,"kind":"transition","schema":1,"hash":"` + op.Hash + `","body":` + s + `}]}`
	resp, b, err := r.do(r.request(http.MethodPost, "/v1/push", []byte(msg)))
	if err != nil || resp.StatusCode != 200 || !bytes.Contains(b, []byte(`"applied"`)) {
		t.Fatalf("%s %v", b, err)
	}
	p := r.pull("", 10)
	if len(p.Changes) != 1 {
		t.Fatalf("%+v", p)
	}
	var got struct {
		State  string
		Future struct{ A []json.RawMessage }
		Lines  []struct{ Colour string }
	}
	if err := json.Unmarshal(p.Changes[0].Body, &got); err != nil {
		t.Fatal(err)
	}
	if got.State != "issued" || len(got.Future.A) != 2 || string(got.Future.A[0]) != "1.50" || got.Lines[0].Colour != "红" {
		t.Errorf("%s", p.Changes[0].Body)
	}
	var text string
	if err := json.Unmarshal(got.Future.A[1], &text); err != nil || text != "<&>" {
		t.Errorf("%q %v", text, err)
	}
}
