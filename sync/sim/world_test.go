package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/localdb"
)

// A world is one run: a server, desks, what clerks did and what the network kept.
type world struct {
	t    testing.TB
	seed int64
	dir  string
	rnd  *rand.Rand // decides what happens
	ids  *rand.Rand // makes ids
	now  time.Time

	backend  *backend
	desks    []*desk
	model    *model
	calm     bool     // no more faults
	restored bool     // the server was restored from a backup
	unaware  bool     // with its whole folder: nothing beside the database knows better
	late     []func() // requests the network still holds
	more     []deed   // of the world, beside worldDeeds
	depth    int      // how many things happen at once

	trace hash.Hash
	log   []string
}

var ctx = context.Background()

func newWorld(t testing.TB, seed int64) *world {
	w := &world{
		t: t, seed: seed, dir: t.TempDir(), rnd: rand.New(rand.NewSource(seed)), ids: rand.New(rand.NewSource(^seed)),
		now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), trace: sha256.New(),
	}
	w.model = newModel(w)
	t.Cleanup(func() {
		if t.Failed() {
			from := max(0, len(w.log)-400)
			t.Logf("seed %d, the last %d of %d events:\n%s", seed, len(w.log)-from, len(w.log), strings.Join(w.log[from:], "\n"))
		}
		for _, d := range w.desks {
			_ = d.db.Close()
		}
		if w.backend != nil {
			_ = w.backend.store.Close()
		}
	})
	w.backend = startBackend(w)
	for n := range 3 {
		w.desks = append(w.desks, newDesk(w, n))
	}
	return w
}

// id makes a UUID of version 7 from the seed.
func (w *world) id() string {
	var b [16]byte
	w.ids.Read(b[:])
	b[6], b[8] = 0x70|b[6]&15, 0x80|b[8]&63
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// note adds to the trace, which is the same for the same seed.
func (w *world) note(format string, args ...any) {
	s := strings.Repeat("  ", w.depth) + fmt.Sprintf(format, args...)
	w.log = append(w.log, fmt.Sprintf("%4d %s", len(w.log), s))
	_, _ = w.trace.Write([]byte(s + "\n"))
}

func (w *world) errorf(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d, event %d: %s", w.seed, len(w.log), fmt.Sprintf(format, args...))
}

func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d, event %d: %s", w.seed, len(w.log), fmt.Sprintf(format, args...))
}

// chance is true with p percent; it uses no random number when all is calm.
func (w *world) chance(p int) bool { return !w.calm && w.rnd.Intn(100) < p }

// run lets things happen, then ends the faults and brings all to rest.
func (w *world) run(steps int) {
	for range steps {
		w.step()
	}
	w.rest()
	w.check()
}

// A deed is something that may happen, as often as its weight says.
type deed struct {
	weight int
	do     func(d *desk)
}

func (w *world) pick(deeds []deed) deed {
	sum := 0
	for _, x := range deeds {
		sum += x.weight
	}
	n := w.rnd.Intn(sum)
	for _, x := range deeds {
		if n -= x.weight; n < 0 {
			return x
		}
	}
	panic("unreachable")
}

var clerkDeeds = []deed{
	{14, (*desk).draft}, {30, (*desk).edit}, {6, (*desk).openEditor}, {14, (*desk).submit}, {8, (*desk).recall},
	{4, (*desk).delete}, {8, (*desk).review}, {14, (*desk).resolve},
	{6, (*desk).addRecord}, {12, (*desk).editRecord}, {2, (*desk).deleteRecord},
}

var worldDeeds = []deed{
	{34, func(d *desk) { d.sync() }},
	{10, func(d *desk) { d.w.deliver() }},
	{5, func(d *desk) { d.w.backend.flipTax() }},
	{3, func(d *desk) { d.w.backend.crash() }},
	{2, func(d *desk) {
		if !d.busy {
			d.crash("while idle")
		}
	}},
	{1, func(d *desk) { d.w.backend.newEpoch() }},
	{1, (*desk).clone},
}

func (w *world) step() {
	w.now = w.now.Add(time.Duration(w.rnd.Intn(600_000)) * time.Millisecond)
	d := w.desks[w.rnd.Intn(len(w.desks))]
	if w.rnd.Intn(100) < 60 {
		w.pick(clerkDeeds).do(d)
		return
	}
	w.pick(append(slices.Clone(worldDeeds), w.more...)).do(d)
}

// meanwhile lets other things happen in the middle of a request.
func (w *world) meanwhile() {
	if w.depth >= 3 || !w.chance(35) {
		return
	}
	w.depth++
	for range 1 + w.rnd.Intn(3) {
		w.step()
	}
	w.depth--
}

// deliver lets a request arrive that the network held back; its answer goes nowhere.
func (w *world) deliver() {
	if len(w.late) == 0 {
		return
	}
	n := w.rnd.Intn(len(w.late))
	f := w.late[n]
	w.late = append(w.late[:n], w.late[n+1:]...)
	f()
}

// rest ends all faults; desks sync and clerks settle what is open until nothing moves.
func (w *world) rest() {
	w.calm = true
	w.note("calm")
	for len(w.late) > 0 {
		w.deliver()
	}
	for _, d := range w.desks {
		d.upgrade()
	}
	w.backend.tax(true)
	for range 40 {
		w.now = w.now.Add(6 * time.Minute)
		for _, d := range w.desks {
			d.settle()
			d.sync()
		}
		if w.quiet() {
			return
		}
	}
	w.errorf("it does not come to rest")
}

func (w *world) quiet() bool {
	last := w.backend.page().Head.Seq
	for _, d := range w.desks {
		cur, err := d.db.Cursor(ctx)
		if err != nil {
			w.fatalf("%v", err)
		}
		if cur.Seq != last || d.waits() || len(d.conflicts()) > 0 || d.rejected() {
			return false
		}
	}
	return true
}

func (w *world) file(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// dataFile is the data file of a desk in one of its lives, in a folder of its own.
func (w *world) dataFile(desk, life int) string {
	path := w.file(fmt.Sprintf("desk%d-%d", desk, life), localdb.FileName)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.fatalf("%v", err)
	}
	return path
}

func (w *world) sum() string { return hex.EncodeToString(w.trace.Sum(nil)) }
