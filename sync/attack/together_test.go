package attack

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Several programs work on one data folder at once: nothing is lost or doubled,
// and none fails but for saying that another one is syncing.
func TestTwoPrograms(t *testing.T) {
	t.Parallel()
	for round := range rounds(2) {
		s := production(t, east, whole)
		d := newDesk(t)
		_, _, root := ca(t).write(t, d.home)
		connect := d.connectArgs(s.url, east.secret)
		at := func(n int, what func(i int) result) {
			t.Helper()
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					r := what(i)
					busy := strings.Contains(r.both(), `"sync_busy"`)
					if r.code != 0 && !busy {
						t.Errorf("round %d: exit %d %s", round, r.code, clip(r.both()))
					}
				})
			}
			wg.Wait()
		}
		at(4, func(i int) result {
			if i%2 == 0 {
				return d.run("", "trust", "import", root, "--fingerprint", ca(t).fingerprint, "--yes")
			}
			return d.run("", connect...)
		})
		if n := len(list(d.must("", "trust", "show"), "trusted")); n != 1 {
			t.Errorf("round %d: %d certificates are trusted", round, n)
		}
		remark := func(i int) string { return fmt.Sprintf("round %d program %d", round, i) }
		at(10, func(i int) result {
			if i%4 == 3 {
				return d.run("", "sync", "--once")
			}
			return d.run(content("", remark(i)), "draft", "-")
		})
		var ids []string
		for id := range d.rows() {
			ids = append(ids, id)
		}
		if len(ids) != 8 {
			t.Errorf("round %d: %d of 8 drafts are there", round, len(ids))
		}
		at(len(ids)+3, func(i int) result {
			if i < len(ids) {
				return d.run("", "submit", ids[i])
			}
			return d.run("", "sync", "--once")
		})
		d.sync()
		d.sync()
		given := map[string]bool{}
		for id, r := range d.rows() {
			n := text(r, "number")
			if n == "" || given[n] {
				t.Errorf("round %d: %s has the number %q", round, id, n)
			}
			given[n] = true
		}
		if r := d.run("", "selfcheck", "--timeout", "10s"); r.code != 0 {
			t.Errorf("round %d: the self-check: %s", round, clip(r.both()))
		}
		if n := len(newForger(t, s.url, whole.secret).numbers()); n != 8 {
			t.Errorf("round %d: %d invoices were issued, not 8", round, n)
		}
	}
}
