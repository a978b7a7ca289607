package practice

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"counterfoil/sync/wire"
)

// Whatever comes in, the server answers 200 or a problem, never a 5xx.
func FuzzPush(f *testing.F) {
	p, err := Start(context.Background(), Config{Dir: f.TempDir(), Empty: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = p.Close(context.Background()) })
	f.Add(`{"id":"a","kind":"special","basis":"excl","lines":[],"state":"draft","buyer":{}}`, "put", int64(0))
	f.Add(`{"id":"a","state":"waiting","reverses":"b","red_rows":[{"rate":"0.13","net":"-1","tax":"0","gross":"-1"}]}`, "transition", int64(3))
	f.Add(`null`, "delete", int64(-1))
	n := int64(0)
	f.Fuzz(func(t *testing.T, body, kind string, base int64) {
		n++
		req := `{"device":"d","protocol":1,"operations":[{"operation_id":"` + wire.OperationID("d", n) +
			`","document_type":"invoice","document_id":"a","schema":1,"base_revision":` + strconv.FormatInt(base, 10) + `,"kind":"` + kind + `","hash":"` + wire.Hash([]byte(body)) + `","body":` + body + `}]}`
		r := httptest.NewRequest(http.MethodPost, "/v1/push", strings.NewReader(req))
		r.Header.Set("Content-Type", "application/json")
		r.TLS = &tls.ConnectionState{} // the handler alone, as behind TLS
		w := httptest.NewRecorder()
		p.Server().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
