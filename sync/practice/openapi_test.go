package practice

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"counterfoil/sync/wire"
)

type schema struct {
	Ref        string            `yaml:"$ref"`
	Required   []string          `yaml:"required"`
	Properties map[string]schema `yaml:"properties"`
	Items      *schema           `yaml:"items"`
}

type response struct {
	Ref     string `yaml:"$ref"`
	Content map[string]struct {
		Schema schema `yaml:"schema"`
	} `yaml:"content"`
}

type spec struct {
	Paths map[string]map[string]struct {
		Responses map[string]response `yaml:"responses"`
	} `yaml:"paths"`
	Components struct {
		Schemas   map[string]schema   `yaml:"schemas"`
		Responses map[string]response `yaml:"responses"`
	} `yaml:"components"`
}

func (s spec) check(t *testing.T, at string, sc schema, v any) {
	t.Helper()
	if sc.Ref != "" {
		named, ok := s.Components.Schemas[path.Base(sc.Ref)]
		if !ok {
			t.Fatalf("%s: %s is not described", at, sc.Ref)
		}
		sc = named
	}
	switch v := v.(type) {
	case map[string]any:
		for _, r := range sc.Required {
			if _, ok := v[r]; !ok {
				t.Errorf("%s: required field %s is missing", at, r)
			}
		}
		for name, x := range v {
			p, ok := sc.Properties[name]
			if !ok && len(sc.Properties) > 0 {
				t.Errorf("%s: field %s is not described", at, name)
			}
			s.check(t, at+"."+name, p, x)
		}
	case []any:
		for _, x := range v {
			if sc.Items != nil {
				s.check(t, at+"[]", *sc.Items, x)
			}
		}
	}
}

func TestOpenAPI(t *testing.T) {
	raw, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var s spec
	if err := yaml.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	c := start(t)
	good := string(request(c.op("transition", 0, waiting(t, "a")), c.op("put", 9, draft(t, "a"))))
	seen := map[string]bool{}
	for _, try := range []struct {
		method, path, body string
		status             string
	}{
		{"get", "/healthz", "", "200"}, {"post", "/healthz", "", "405"}, {"get", "/readyz", "", "200"}, {"get", "/v1/probe204", "", "204"}, {"get", "/generate_204", "", "204"},
		{"post", "/v1/echo", "x", "200"}, {"post", "/v1/echo", strings.Repeat("x", 16<<10+1), "413"}, {"get", "/v1/whoami", "", "200"}, {"post", "/v1/token", "", "404"},
		{"post", "/v1/push", good, "200"}, {"post", "/v1/push", "{", "400"}, {"get", "/v1/pull?limit=3", "", "200"},
		{"get", "/v1/pull?cursor=gone:1:all", "", "410"}, {"get", "/v1/events", "", "200"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(try.method), c.p.URL()+try.path, strings.NewReader(try.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		r, err := c.c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(try.path, "?")
		if got := strings.Fields(r.Status)[0]; got != try.status || r.Header.Get(wire.HeaderProduct) == "" || r.Header.Get(wire.HeaderRequest) == "" {
			t.Errorf("%s %s: %s", try.method, try.path, r.Status)
		}
		op, ok := s.Paths[name][try.method]
		if !ok {
			op = s.Paths[name]["get"]
		} else {
			seen[name] = true
		}
		want, ok := op.Responses[try.status]
		if !ok {
			want = op.Responses["default"]
		}
		if want.Ref != "" {
			want = s.Components.Responses[path.Base(want.Ref)]
		}
		typ := r.Header.Get("Content-Type")
		content, ok := want.Content[typ]
		if !ok && len(want.Content) > 0 {
			t.Errorf("%s: content type %q is not described", try.path, typ)
		}
		if strings.HasSuffix(typ, "json") {
			b, err := io.ReadAll(r.Body)
			var v any
			if err == nil {
				err = json.Unmarshal(b, &v)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.check(t, name, content.Schema, v)
		}
		r.Body.Close()
	}
	for p := range s.Paths {
		if !seen[p] {
			t.Errorf("%s is described and not tried", p)
		}
	}
}
