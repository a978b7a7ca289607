package attack

import (
	"database/sql"
	"io"
	"net/http"
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
