package main

import (
	"bytes"
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// promise is what the programs have promised about one invoice.
type promise struct {
	desk      int
	promised  string          // the remark whose save returned last
	possible  map[string]bool // remarks whose save was killed since: they may have landed
	submitted bool            // a submit returned
	tried     bool            // a submit was killed
}

// A campaign kills programs at random moments.
type campaign struct {
	t        *testing.T
	random   *rand.Rand
	server   *server
	listen   string
	desks    []seat
	took     map[string]time.Duration // of one undisturbed run
	invoices map[string]*promise
	ids      []string
	kills    map[string]int
}

// TestKilled kills cfoil while it drafts, edits, submits and syncs, and syncd
// while it serves, at random moments; afterwards nothing is lost, doubled or half
// written. COUNTERFOIL_KILLS sets how often; COUNTERFOIL_SEED repeats a run.
func TestKilled(t *testing.T) {
	kills := 24
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_KILLS")); err == nil {
		kills = n
	}
	seed, err := strconv.ParseUint(os.Getenv("COUNTERFOIL_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d, %d kills", seed, kills)
	c := &campaign{t: t, random: rand.New(rand.NewPCG(seed, 0)), invoices: map[string]*promise{}, kills: map[string]int{}, took: map[string]time.Duration{}}
	dir := t.TempDir()
	c.server = startServer(t, dir, "--practice", "--listen", "127.0.0.1:0")
	c.listen = strings.TrimPrefix(c.server.url, "https://")
	c.desks = []seat{newSeat(t).enrol(t, c.server), newSeat(t).enrol(t, c.server)}
	c.measure()
	for n := 0; n < kills; n = c.killed() {
		c.step()
	}
	t.Logf("killed %v; %d invoices", c.kills, len(c.ids))
	c.verify()
}

func (c *campaign) killed() (n int) {
	for _, k := range c.kills {
		n += k
	}
	return n
}

// measure learns how long a run takes, so that kills fall inside it.
func (c *campaign) measure() {
	id := c.newInvoice(0)
	c.timed("draft", func() { c.desks[0].must(c.t, content(id, "first"), "draft", "-") })
	c.invoices[id].promised = "first"
	c.timed("edit", func() { c.desks[0].must(c.t, content("", "second"), "edit", id, "-") })
	c.invoices[id].promised = "second"
	c.timed("submit", func() { c.desks[0].must(c.t, "", "submit", id) })
	c.invoices[id].submitted = true
	c.timed("sync", func() { c.desks[0].must(c.t, "", "sync", "--once") })
}

func (c *campaign) timed(what string, run func()) {
	start := time.Now()
	run()
	c.took[what] = time.Since(start)
}

func (c *campaign) newInvoice(desk int) string {
	id := uuid.Must(uuid.NewV7()).String()
	c.invoices[id] = &promise{desk: desk, possible: map[string]bool{}}
	c.ids = append(c.ids, id)
	return id
}

func content(id, remark string) string {
	return `{` + map[bool]string{true: `"id":"` + id + `",`}[id != ""] + sample(remark)[1:]
}

// start runs cfoil and kills it at a random moment of its life, or never.
func (c *campaign) start(desk int, what, in string, args ...string) (finished bool) {
	cmd := c.desks[desk].command(args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errOut
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	deadly := time.Duration(c.random.Int64N(int64(c.took[what]) * 6 / 5))
	timer := time.AfterFunc(deadly, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	if err == nil {
		return true
	}
	if cmd.ProcessState.ExitCode() == -1 {
		c.kills[what]++
		return false
	}
	// A sync may fail because the server was killed; nothing else may.
	if what != "sync" && !strings.Contains(errOut.String(), "in_conflict") {
		c.t.Fatalf("cfoil %v: %v\n%s%s", args, err, out.String(), errOut.String())
	}
	return false
}

func (c *campaign) step() {
	desk := c.random.IntN(len(c.desks))
	switch p := c.random.IntN(100); {
	case p < 30:
		id := c.newInvoice(desk)
		c.write(id, "draft", "draft", "-")
	case p < 50:
		if id := c.pick(); id != "" {
			c.write(id, "edit", "edit", id, "-")
		}
	case p < 70:
		if id := c.pick(); id != "" {
			k := c.invoices[id]
			if c.start(k.desk, "submit", "", "submit", id) {
				k.submitted = true
			} else {
				k.tried = true
			}
		}
	case p < 90:
		c.start(desk, "sync", "", "sync", "--once")
	default:
		c.killServer(desk)
	}
}

// write drafts or edits with a new remark and notes what may have landed.
func (c *campaign) write(id, what string, args ...string) {
	k := c.invoices[id]
	remark := uuid.NewString()
	in := content("", remark)
	if what == "draft" {
		in = content(id, remark)
	}
	if c.start(k.desk, what, in, args...) {
		k.promised, k.possible = remark, map[string]bool{}
	} else {
		k.possible[remark] = true
	}
}

// pick chooses an invoice that is surely a draft.
func (c *campaign) pick() string {
	var open []string
	for _, id := range c.ids {
		if k := c.invoices[id]; k.promised != "" && !k.submitted && !k.tried {
			open = append(open, id)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return open[c.random.IntN(len(open))]
}

// killServer kills syncd while a desk syncs, and starts it again.
func (c *campaign) killServer(desk int) {
	cmd := c.desks[desk].command("sync", "--once")
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Add(1)
	timer := time.AfterFunc(time.Duration(c.random.Int64N(int64(c.took["sync"]))), func() { defer wg.Done(); c.server.kill() })
	_ = cmd.Wait() // with the server gone it fails, as it should
	wg.Wait()
	timer.Stop()
	c.kills["server"]++
	c.server = startServer(c.t, c.server.dir, "--practice", "--listen", c.listen)
}

func (c *campaign) verify() {
	t := c.t
	for range 3 {
		for _, s := range c.desks {
			s.must(t, "", "sync", "--once")
		}
	}
	c.numbers()
	fresh := newSeat(t).enrol(t, c.server)
	fresh.must(t, "", "sync", "--once")
	count := 0
	for i, s := range append([]seat{fresh}, c.desks...) {
		if rows, _ := s.must(t, "", "outbox").([]any); len(rows) > 0 {
			t.Errorf("desk %d: the outbox is not empty: %v", i, rows)
		}
		rows, _ := s.must(t, "", "list", "--limit", "100000").([]any)
		seen := map[string]bool{}
		for _, r := range rows {
			id, _ := at(r, "id").(string)
			if seen[id] || c.invoices[id] == nil {
				t.Errorf("desk %d: %s is doubled or nobody's", i, id)
			}
			seen[id] = true
		}
		if i == 0 {
			count = len(rows)
		} else if len(rows) != count {
			t.Errorf("desk %d holds %d invoices, the server %d", i, len(rows), count)
		}
		integrity(t, filepath.Join(s.dir, "counterfoil.db"))
	}
	for id, k := range c.invoices {
		c.verifyOne(fresh, id, k)
	}
	c.server.stop(t)
	integrity(t, filepath.Join(c.server.dir, "server.db"))
}

// verifyOne holds one invoice against what was promised about it.
func (c *campaign) verifyOne(s seat, id string, k *promise) {
	r := s.run(c.t, "", "show", id)
	v := oneValue(c.t, r.out)
	if r.code != 0 {
		if k.promised != "" {
			c.t.Errorf("%s is lost: %s", id, r.err)
		}
		return
	}
	remark, _ := at(v, "remark").(string)
	if remark != k.promised && !k.possible[remark] {
		c.t.Errorf("%s has the remark %q, promised was %q or one of %v", id, remark, k.promised, k.possible)
	}
	state := at(v, "state")
	if k.submitted && state != "issued" || !k.submitted && !k.tried && state != "draft" {
		c.t.Errorf("%s is %v; submitted %v", id, state, k.submitted)
	}
	if rows, _ := at(v, "rows").([]any); len(rows) != 2 || at(v, "gross") != "149.00" {
		c.t.Errorf("%s is half written: %v", id, v)
	}
}

// numbers must be 1…n, each once.
func (c *campaign) numbers() {
	rows, _ := c.desks[0].must(c.t, "", "list", "--state", "issued", "--limit", "100000").([]any)
	var got []int
	for _, r := range rows {
		text, _ := at(r, "number").(string)
		n, err := strconv.Atoi(text[max(0, len(text)-8):])
		if err != nil {
			c.t.Fatalf("number %q", text)
		}
		got = append(got, n)
	}
	sort.Ints(got)
	for i, n := range got {
		if n != i+1 {
			c.t.Fatalf("the numbers are %v", got)
		}
	}
	c.t.Logf("issued 1…%d", len(got))
}

func integrity(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var word string
	if err := db.QueryRowContext(context.Background(), "PRAGMA integrity_check").Scan(&word); err != nil || word != "ok" {
		t.Errorf("%s: %s %v", file, word, err)
	}
}
