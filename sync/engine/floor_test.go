package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"counterfoil/localdb"
)

// The floor of push and pull: gzip-JSON over plain net/http with TLS, and the
// rows that both ends have to keep, prepared beforehand, written with prepared
// statements in one transaction a batch. It decodes, computes, checks and merges
// nothing, and answers with ids alone.

const floorBatch = 500

// A travelling document of the floor.
type parcel struct {
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body"`
}

// A floorEnd is a data file opened raw.
type floorEnd struct {
	b  *testing.B
	db *sql.DB
}

func openFloor(b *testing.B, path string) floorEnd {
	b.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = db.Close() })
	e := floorEnd{b, db}
	// The floor keeps no checksums.
	for _, t := range e.rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_sum%' ESCAPE '\\'") {
		if _, err := db.Exec("DROP TRIGGER " + t[0].(string)); err != nil {
			b.Fatal(err)
		}
	}
	return e
}

func (e floorEnd) inTx(fn func(do func(query string, args ...any))) {
	tx, err := e.db.Begin()
	if err != nil {
		e.b.Error(err)
		return
	}
	prepared := map[string]*sql.Stmt{}
	fn(func(query string, args ...any) {
		st := prepared[query]
		if st == nil {
			if st, err = tx.Prepare(query); err != nil {
				e.b.Error(err)
				return
			}
			prepared[query] = st
		}
		if _, err := st.Exec(args...); err != nil {
			e.b.Error(query, err)
		}
	})
	if err := tx.Commit(); err != nil {
		e.b.Error(err)
	}
}

// rows reads a query whole.
func (e floorEnd) rows(query string) [][]any {
	r, err := e.db.Query(query)
	if err != nil {
		e.b.Fatal(err)
	}
	defer r.Close()
	names, err := r.Columns()
	if err != nil {
		e.b.Fatal(err)
	}
	var out [][]any
	for r.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := r.Scan(into...); err != nil {
			e.b.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

func gzipJSON(b *testing.B, v any) *bytes.Buffer {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		b.Error(err)
	}
	_ = z.Close()
	return &out
}

func ungzip(b *testing.B, r io.Reader, v any) {
	z, err := gzip.NewReader(r)
	if err == nil {
		err = json.NewDecoder(z).Decode(v)
	}
	if err != nil {
		b.Error(err)
	}
}

// floorServer serves h over TLS with a client that trusts it.
func floorServer(b *testing.B, h http.HandlerFunc) (*http.Client, string) {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
	b.Cleanup(s.Close)
	return s.Client(), s.URL
}

func marks(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")" }

// filled is a desk and a server that hold the same n invoices.
func filled(b *testing.B, n int) (desk, server floorEnd) {
	p := benchServer(b)
	path := filepath.Join(b.TempDir(), localdb.FileName)
	d := benchDesk(b, p, path)
	draftMany(b, d, n)
	if _, err := d.client.Engine().Once(context.Background()); err != nil {
		b.Fatal(err)
	}
	if err := d.db.Close(); err != nil {
		b.Fatal(err)
	}
	return openFloor(b, path), openFloor(b, p.Database())
}

// empty is a new data file of a desk.
func empty(b *testing.B) floorEnd {
	path := filepath.Join(b.TempDir(), localdb.FileName)
	db, err := localdb.Open(context.Background(), path, localdb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	_ = db.Close()
	return openFloor(b, path)
}

func BenchmarkPullFloor(b *testing.B) {
	n := benchSize()
	desk, server := filled(b, n)
	invoices := desk.rows("SELECT * FROM invoice ORDER BY n")
	bodies := desk.rows("SELECT n, doc, base FROM body ORDER BY n")
	texts := desk.rows("SELECT n, text FROM search ORDER BY n")
	client, url := floorServer(b, func(w http.ResponseWriter, r *http.Request) {
		var out []parcel
		rows, err := server.db.Query("SELECT d.id, b.body FROM document d JOIN body b USING (key) WHERE d.seq > ? ORDER BY d.seq LIMIT ?", r.URL.Query().Get("after"), floorBatch)
		if err != nil {
			b.Error(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var p parcel
			var body []byte
			if err := rows.Scan(&p.ID, &body); err != nil {
				b.Error(err)
			}
			p.Body = body
			out = append(out, p)
		}
		_, _ = w.Write(gzipJSON(b, out).Bytes())
	})
	first := server.rows("SELECT min(seq) FROM document")[0][0].(int64)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		to := empty(b)
		b.StartTimer()
		for at := 0; at < n; at += floorBatch {
			resp, err := client.Get(url + "?after=" + jsonNumber(first-1+int64(at)))
			if err != nil {
				b.Fatal(err)
			}
			var got []parcel
			ungzip(b, resp.Body, &got)
			_ = resp.Body.Close()
			to.inTx(func(do func(string, ...any)) {
				for i := range got {
					k := at + i
					do("INSERT INTO invoice VALUES "+marks(len(invoices[k])), invoices[k]...)
					do("INSERT INTO body (n, doc, base) VALUES (?,?,?)", bodies[k]...)
					do("INSERT INTO search VALUES (?,?)", texts[k]...)
					do("INSERT INTO search_index (rowid, text) VALUES (?,?)", texts[k]...)
					do("INSERT INTO history (document, at, event, detail, before) VALUES (?,?,'received','',NULL)", got[i].ID, time.Now().UnixNano())
				}
				do("INSERT OR REPLACE INTO setting VALUES ('floor', ?)", at)
			})
		}
	}
	rate(b, n)
}

func BenchmarkPushFloor(b *testing.B) {
	n := benchSize()
	desk, _ := filled(b, n)
	bodies := desk.rows("SELECT n, base FROM body ORDER BY n")
	invoices := desk.rows("SELECT * FROM invoice ORDER BY n")
	answered := desk.rows("SELECT document_id, bytes, hash, answer FROM answered ORDER BY id")
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		from, to := empty(b), openFloor(b, newServerFile(b))
		for at := 0; at < n; at += floorBatch {
			from.inTx(func(do func(string, ...any)) {
				for k := at; k < min(at+floorBatch, n); k++ {
					do("INSERT INTO invoice VALUES "+marks(len(invoices[k])), invoices[k]...)
					do("INSERT INTO body (n, doc, base) VALUES (?,?,NULL)", bodies[k][0], bodies[k][1])
					do("INSERT INTO outbox (document_type, document_id, kind, base_revision, state, created, from_state) VALUES ('invoice', ?, 'put', 0, 'unsent', 1, '')", answered[k][0])
				}
			})
		}
		seq := 0
		client, url := floorServer(b, func(w http.ResponseWriter, r *http.Request) {
			var got []parcel
			ungzip(b, r.Body, &got)
			var ids []string
			to.inTx(func(do func(string, ...any)) {
				for i, p := range got {
					seq++
					ids = append(ids, p.ID)
					do("INSERT INTO document (key, type, id, revision, seq, state) VALUES (?,'invoice',?,1,?,'draft')", seq, p.ID, seq)
					do("INSERT INTO body VALUES (?,?)", seq, []byte(p.Body))
					do("INSERT INTO ledger VALUES (?,?,?,?)", uuid.NewString(), answered[i][2], answered[i][3], 1)
				}
				do("INSERT OR REPLACE INTO counter VALUES ('seq', ?)", seq)
			})
			_, _ = w.Write(gzipJSON(b, ids).Bytes())
		})
		b.StartTimer()
		for at := 0; at < n; at += floorBatch {
			batch := answered[at:min(at+floorBatch, n)]
			var out []parcel
			from.inTx(func(do func(string, ...any)) {
				for i, a := range batch {
					do("UPDATE outbox SET state = 'sent', bytes = ?, hash = ?, sent = 1, seq = ? WHERE id = ?", a[1], a[2], at+i+1, at+i+1)
					out = append(out, parcel{a[0].(string), a[1].([]byte)})
				}
			})
			resp, err := client.Post(url, "application/json", gzipJSON(b, out))
			if err != nil {
				b.Fatal(err)
			}
			var ids []string
			ungzip(b, resp.Body, &ids)
			_ = resp.Body.Close()
			from.inTx(func(do func(string, ...any)) {
				for i := range ids {
					k := at + i
					do("INSERT INTO answered (id, device, seq, document_type, document_id, kind, base_revision, bytes, hash, created, sent, answer, answered) SELECT id, 'd', seq, document_type, document_id, kind, base_revision, bytes, hash, created, sent, ?, 1 FROM outbox WHERE id = ?", answered[k][3], k+1)
					do("DELETE FROM outbox WHERE id = ?", k+1)
					do("UPDATE invoice SET version = version + 1, revision = 1 WHERE n = ?", bodies[k][0])
					do("UPDATE body SET base = doc WHERE n = ?", bodies[k][0])
					do("INSERT INTO history (document, at, event, detail, before) VALUES (?,1,'synced','',(SELECT doc FROM body WHERE n = ?))", ids[i], bodies[k][0])
				}
			})
		}
	}
	rate(b, n)
}

// newServerFile is an empty database of the server.
func newServerFile(b *testing.B) string {
	p := benchServer(b)
	if err := p.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	return p.Database()
}

func jsonNumber(n int64) string {
	out, _ := json.Marshal(n)
	return string(out)
}
