package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--help"}, good, "--practice"},
		{nil, usage, "--data"},
		{[]string{"--data", dir}, usage, "--tls-cert"},
		{[]string{"--data", dir, "--practice", "--fault", "X99"}, usage, "X99"},
		{[]string{"--data", dir, "--practice", "--listen", "nowhere"}, usage, "HOST:PORT"},
		{[]string{"--data", dir, "--practice", "--db", "mysql:x"}, usage, "sqlite:FILE"},
		{[]string{"--data", dir, "--practice", "--token-file", dir + "/none"}, wrong, "none"},
		{[]string{"--data", dir, "--tls-cert", "a", "--tls-key", "b", "--token-file", dir + "/none"}, wrong, "none"},
		{[]string{"--nonsense"}, usage, "nonsense"},
	} {
		var out bytes.Buffer
		if code := run(c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %d\n%s", c.args, code, out.String())
		}
	}
}
