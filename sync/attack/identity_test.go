package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trusts imports the CA that a practice server made.
func (d *desk) trusts(s *server) {
	d.t.Helper()
	fp, err := os.ReadFile(filepath.Join(s.dir, "ca.sha256"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.must("", "trust", "import", filepath.Join(s.dir, "ca.pem"), "--fingerprint", strings.TrimSpace(string(fp)), "--yes")
}

// refusedAs says whether a run ended with this code.
func (r result) refusedAs(t *testing.T, code string) bool {
	t.Helper()
	return r.code == 1 && text(oneValue(t, r.out), "error", "code") == code
}

// Clocks that are a month apart delay nothing and change no number.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	s := production(t, east)
	for _, days := range []int{-30, 30} {
		t.Run(fmt.Sprint(days), func(t *testing.T) {
			t.Parallel()
			m := newMiddle(t, s)
			m.lies(shifted(days))
			d := enrolled(t, m.url, east)
			id := d.handIn("in another month")
			d.sync()
			if got := text(d.rows()[id], "state"); got != "issued" {
				t.Errorf("it is %s", got)
			}
			r := d.run("", "selfcheck", "--timeout", "10s")
			if got := text(oneValue(t, r.out), "verdict"); got != "S03" {
				t.Errorf("the self-check says %s: %s", got, clip(r.out))
			}
		})
	}
}
