package wire

import "testing"

// What servers say of what they stand on, in every shape that is read.
func TestDeps(t *testing.T) {
	var h Health
	raw := `{"product":"counterfoil","deps":{"db":"slow","tax":{"status":"down","since":"09:10"},"pay":{"state":"ok"},"cache":false,"login":true,"queue":{"lag":300},"disk":7,"odd":{"x":1}}}`
	if err := Unmarshal([]byte(raw), &h); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"db": "slow", "tax": "down", "pay": "ok", "cache": "down", "login": "ok", "queue": "slow", "disk": "unknown", "odd": "unknown"} {
		if h.Deps[name] != want {
			t.Errorf("%s is %q, want %q", name, h.Deps[name], want)
		}
	}
	if err := Unmarshal([]byte(`{"deps":[1]}`), &h); err == nil {
		t.Error("a list is taken")
	}
}
