package traffic_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/traffic"
	"counterfoil/sync/wire"
)

// Every request leaves one line with the id that its answer has, and nothing of
// what it holds.
func TestLines(t *testing.T) {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "server.db"), "e")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := server.New(server.Config{Store: store, Now: time.Now, NewID: uuid.NewString, Access: func(token string) (access.Principal, error) {
		if token != "good" {
			return access.Principal{}, access.ErrUnknown
		}
		return access.Principal{Branch: "West"}, nil
	}})
	var out bytes.Buffer
	h := traffic.Wrap(s, traffic.Log(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	for _, c := range []struct {
		path, token, id               string
		level, route, problem, device string
		status                        int
	}{
		{"/v1/whoami", "good", "desk-1", "INFO", "/v1/whoami", "", "ab12", 200},
		{"/v1/whoami", "secret", "", "WARN", "/v1/whoami", "token_invalid", "ab12", 401},
		{"/v1/pull?cursor=secret", "good", "not an id", "WARN", "/v1/pull", "malformed", "ab12", 400},
		{"/nowhere/secret", "good", "", "WARN", "other", "not_found", "", 404},
		{"/healthz", "", "", "DEBUG", "/healthz", "", "", 200},
	} {
		out.Reset()
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		r.Header.Set(wire.HeaderRequest, c.id)
		r.Header.Set(wire.HeaderDevice, c.device)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var line struct {
			Level     string
			Request   string `json:"request_id"`
			Route     string
			Status    int
			Problem   string
			Device    string
			Bytes     int
			MS        float64
			From, Msg string
		}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%s: %s %v", c.path, out.String(), err)
		}
		id := rec.Header().Get(wire.HeaderRequest)
		if line.Level != c.level || line.Route != c.route || line.Status != c.status || line.Problem != c.problem || line.Device != c.device || line.Request != id || id == "" || line.Bytes != rec.Body.Len() || line.From == "" {
			t.Errorf("%s: %s", c.path, out.String())
		}
		if (c.id == "desk-1") != (id == "desk-1") {
			t.Errorf("%s: id %q", c.path, id)
		}
		if strings.Contains(out.String(), "secret") {
			t.Errorf("%s: %s", c.path, out.String())
		}
	}
}
