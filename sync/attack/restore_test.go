package attack

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// A history is a company at work: its server, its desks, and what was promised.
type history struct {
	t      *testing.T
	random *rand.Rand
	server *server
	desks  []*desk

	printed []map[string]string // by desk, the number of each invoice that it has shown
	drafts  map[string][]string // remarks that a draft may have, the last one last
	owner   map[string]int      // the desk of a draft
	deleted map[string]bool
	trace   []string
}

func newHistory(t *testing.T, seed uint64, desks int) *history {
	t.Helper()
	h := &history{
		t: t, random: rand.New(rand.NewPCG(seed, 9)), server: production(t, east, whole),
		drafts: map[string][]string{}, owner: map[string]int{}, deleted: map[string]bool{},
	}
	for range desks {
		h.hire()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d: %s", seed, strings.Join(h.trace, "; "))
		}
	})
	return h
}

// hire adds a new desk.
func (h *history) hire() {
	h.desks = append(h.desks, enrolled(h.t, h.server.url, east))
	h.printed = append(h.printed, map[string]string{})
}

func (h *history) note(format string, args ...any) {
	h.trace = append(h.trace, fmt.Sprintf(format, args...))
}

// work does n random things at the first desks; canDelete is false before the
// program can.
func (h *history) work(n, desks int) {
	h.t.Helper()
	for range n {
		who := h.random.IntN(desks)
		d := h.desks[who]
		switch p := h.random.IntN(100); {
		case p < 35:
			remark := newID()
			id := d.handIn(remark)
			h.drafts[id], h.owner[id] = []string{remark}, who
			h.note("%d hands in %.13s", who, id)
		case p < 55:
			remark := newID()
			id := d.draft(remark)
			h.drafts[id], h.owner[id] = []string{remark}, who
			h.note("%d drafts %.13s", who, id)
		case p < 70:
			if id := h.anyDraft(who); id != "" {
				remark := newID()
				if r := d.run(content("", remark), "edit", id, "-"); r.code == 0 {
					h.drafts[id] = append(h.drafts[id], remark)
					h.note("%d edits %.13s", who, id)
				}
			}
		case p < 78:
			if id := h.anyDraft(who); id != "" {
				if r := d.run("", "delete", id); r.code == 0 {
					h.deleted[id] = true
					h.note("%d deletes %.13s", who, id)
				}
			}
		default:
			h.sync(who)
		}
	}
}

func (h *history) anyDraft(who int) string {
	rows := h.desks[who].rows()
	var ids []string
	for id := range h.drafts {
		if h.owner[id] == who && !h.deleted[id] && text(rows[id], "state") == "draft" && rows[id]["conflict"] != true {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	sort.Strings(ids)
	return ids[h.random.IntN(len(ids))]
}

func (h *history) sync(who int) {
	h.t.Helper()
	r := h.desks[who].run("", "sync", "--once")
	h.note("%d syncs (exit %d)", who, r.code)
	if r.code != 0 {
		h.note("%s", clip(r.err))
	}
	h.learn(who)
}

// learn notes the numbers that a desk shows: they may be on paper from now on.
func (h *history) learn(who int) {
	h.t.Helper()
	for id, r := range h.desks[who].rows() {
		n := text(r, "number")
		if n == "" {
			continue
		}
		if was := h.printed[who][id]; was != "" && was != n {
			h.t.Errorf("%s was printed as %s and is %s at desk %d", id, was, n, who)
		}
		h.printed[who][id] = n
	}
}

// backup copies the server's folder while it is stopped.
func (h *history) backup() string {
	h.t.Helper()
	h.server.stop()
	to := filepath.Join(h.t.TempDir(), "backup")
	copyTree(h.t, h.server.dir, to)
	h.server.start()
	h.note("backup")
	return to
}

// restore puts a copy back, the whole folder or only the database.
func (h *history) restore(from string, folder bool) {
	h.t.Helper()
	h.server.kill()
	if folder {
		copyTree(h.t, from, h.server.dir)
	} else {
		copyDatabase(h.t, filepath.Join(from, "server.db"), filepath.Join(h.server.dir, "server.db"))
	}
	h.server.start()
	h.note("restore, whole folder %v", folder)
}

// settle syncs all desks until nothing moves, and holds everything against what
// was promised. taken is how many printed numbers may be told, visibly, that
// another invoice has them.
func (h *history) settle() {
	h.t.Helper()
	t := h.t
	for i, d := range h.desks {
		// A desk that only reads waits five minutes for a server that may lag; one
		// that writes learns at once what happened.
		remark := newID()
		id := d.handIn(remark)
		h.drafts[id], h.owner[id] = []string{remark}, i
	}
	for range 4 {
		for i := range h.desks {
			h.sync(i)
		}
	}
	for i, d := range h.desks {
		if r := d.run("", "sync", "--once"); r.code != 0 {
			t.Errorf("desk %d cannot sync: %s", i, clip(r.both()))
		}
	}
	docs := newForger(t, h.server.url, whole.secret).all()
	byNumber := map[string]string{}
	for id, c := range docs {
		if n := text(c, "body", "number"); n != "" {
			if other := byNumber[n]; other != "" {
				t.Errorf("the number %s has %s and %s", n, other, id)
			}
			byNumber[n] = id
		}
	}
	rows := make([]map[string]object, len(h.desks))
	for i, d := range h.desks {
		rows[i] = d.rows()
		for _, o := range list(d.must("", "outbox")) {
			if text(o, "state") != "parked" {
				t.Errorf("desk %d: still to be sent: %v", i, o)
			}
		}
	}
	told := make([]string, len(h.desks)) // what each desk says about what stands in the way
	for i, d := range h.desks {
		told[i] = d.run("", "outbox").out + d.run("", "conflicts").out + d.run("", "aside").out
	}
	shown := func(i int, id string) bool {
		r := rows[i][id]
		return r != nil && (r["conflict"] == true || text(r, "rejection") != "") || strings.Contains(told[i], id)
	}
	visible := func(id string) bool {
		for i := range h.desks {
			if shown(i, id) {
				return true
			}
		}
		return false
	}
	for i := range h.desks {
		for id, n := range h.printed[i] {
			got := text(docs[id], "body", "number")
			switch {
			case got == n:
			case byNumber[n] != "" && shown(i, id):
				// Somebody who knew no better wrote first: the paper is told from the record.
				h.note("%.13s keeps its paper number %s at desk %d, which another has: visible", id, n, i)
			default:
				t.Errorf("%s was printed as %s by desk %d; the server has it as %q (%s) and %s under that number; shown %v", id, n, i, got, text(docs[id], "body", "state"), byNumber[n], shown(i, id))
			}
		}
	}
	for id, remarks := range h.drafts {
		c := docs[id]
		gone := c == nil || c["deleted"] == true
		switch {
		case h.deleted[id]: // gone, or back where everybody sees it
		case gone && !visible(id):
			t.Errorf("%s (%s) is gone from the server; desks have %v", id, remarks[len(remarks)-1], rows[h.owner[id]][id])
		case gone:
		case text(c, "body", "remark") != remarks[len(remarks)-1] && !visible(id):
			t.Errorf("%s says %q, not %q, and nobody is told", id, text(c, "body", "remark"), remarks[len(remarks)-1])
		}
	}
	for i := range h.desks {
		for id, r := range rows[i] {
			if r["conflict"] == true || text(r, "rejection") != "" {
				continue
			}
			c := docs[id]
			if c == nil || c["deleted"] == true || text(c, "body", "state") != text(r, "state") || text(c, "body", "number") != text(r, "number") {
				if !visible(id) {
					t.Errorf("desk %d has %v, the server %v", i, r, c)
				}
			}
		}
		for id, c := range docs {
			if c["deleted"] != true && rows[i][id] == nil {
				t.Errorf("desk %d does not have %s", i, id)
			}
		}
	}
}

// The server's data are put back from a copy while desks went on.
func TestServerRestored(t *testing.T) {
	t.Parallel()
	first := firstSeed()
	for i := range rounds(4) {
		seed := first + uint64(i)
		// Who writes first after the restore: nobody, a desk that knows no more than
		// the copy, a new desk, one that is ahead.
		others := int(seed % 4)
		t.Run(fmt.Sprintf("seed %d others %d", seed, others), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, seed, 3)
			h.work(10, 3)
			for who := range h.desks {
				h.sync(who)
			}
			copied := h.backup()
			h.work(14, 2) // the third desk sleeps
			if h.random.IntN(2) == 0 {
				h.sync(0)
				h.sync(1)
			}
			h.restore(copied, h.random.IntN(2) == 0)
			writes := func(who int) {
				for range 5 {
					remark := newID()
					id := h.desks[who].handIn(remark)
					h.drafts[id], h.owner[id] = []string{remark}, who
				}
				h.sync(who)
			}
			switch others {
			case 1:
				writes(2)
			case 2:
				h.hire()
				writes(3)
			case 3:
				writes(h.random.IntN(2))
			}
			h.work(6, len(h.desks))
			h.settle()
		})
	}
}

// A desk's folder is put back from a copy, alone or together with the server's.
func TestDeskRestored(t *testing.T) {
	t.Parallel()
	first := firstSeed()
	for i := range rounds(2) {
		seed := first + uint64(i)
		both := seed%2 == 0
		t.Run(fmt.Sprintf("seed %d both %v", seed, both), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, seed, 2)
			h.work(8, 2)
			copied := h.backup()
			old := filepath.Join(t.TempDir(), "old")
			copyTree(t, h.desks[0].dir, old)
			h.work(12, 2)
			// What only this desk had since is lost with its disk; everything is sent.
			for range 3 {
				h.sync(0)
				h.sync(1)
			}
			copyTree(t, old, h.desks[0].dir)
			h.printed[0] = map[string]string{} // its paper was printed by another life
			h.note("desk 0 is put back")
			if both {
				h.restore(copied, true)
			}
			h.work(8, 2)
			h.settle()
		})
	}
}

// Only a part of the server comes back: it must not begin anew.
func TestServerWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(file string) error{
		"deleted": func(file string) error {
			for _, s := range []string{"-wal", "-shm"} {
				_ = os.Remove(file + s)
			}
			return os.Remove(file)
		},
		"empty": func(file string) error {
			for _, s := range []string{"-wal", "-shm"} {
				_ = os.Remove(file + s)
			}
			return os.WriteFile(file, nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, 5, 1)
			d := h.desks[0]
			for range 3 {
				remark := newID()
				h.drafts[d.handIn(remark)] = []string{remark}
			}
			h.sync(0)
			copied := h.backup()
			remark := newID()
			h.drafts[d.handIn(remark)] = []string{remark}
			h.sync(0)
			h.server.stop()
			file := filepath.Join(h.server.dir, "server.db")
			if err := lose(file); err != nil {
				t.Fatal(err)
			}
			problem := h.server.try()
			if problem == "" {
				t.Fatal("the server starts with nothing, and would give the number 1 again")
			}
			if !strings.Contains(problem, "exit") || len(problem) < 60 {
				t.Errorf("it does not say the way out: %s", problem)
			}
			t.Log(problem)
			h.restore(copied, false)
			remark = newID()
			h.drafts[d.handIn(remark)] = []string{remark}
			h.settle()
		})
	}
}

// A reader that lags behind is waited for.
func TestServerLags(t *testing.T) {
	t.Parallel()
	s := production(t, east, whole)
	m := newMiddle(t, s)
	d, other := enrolled(t, m.url, east), enrolled(t, s.url, east)
	for i := range 3 {
		d.handIn(fmt.Sprint("before ", i))
	}
	d.sync()
	s.stop()
	lagging := &server{t: t, home: s.home, dir: filepath.Join(t.TempDir(), "copy"), listen: freePort(t), args: s.args}
	copyTree(t, s.dir, lagging.dir)
	s.start()
	lagging.start()
	for i := range 4 {
		d.handIn(fmt.Sprint("after ", i))
		other.handIn(fmt.Sprint("of another ", i))
	}
	other.sync()
	d.sync()
	d.sync()
	before, epoch := d.rows(), text(d.must("", "status"), "epoch")
	healthy := func(s *server) string { return text(newForger(t, s.url, "").get("/healthz").value, "epoch") }
	was := healthy(s)

	// Reads go to the copy that is behind, writes to the one that is not.
	behind := newMiddle(t, lagging)
	m.lies(on("/v1/pull", func(w http.ResponseWriter, r *http.Request, _ func() *passed) bool {
		behind.ServeHTTP(w, r)
		return true
	}))
	for i := range 3 {
		r := d.run("", "sync", "--once")
		if now := d.rows(); len(now) != len(before) {
			t.Errorf("round %d: %d invoices, there were %d", i, len(now), len(before))
		}
		t.Logf("while the reader lags: exit %d %s", r.code, clip(r.err))
	}
	if n := len(m.operations()); n != 0 {
		t.Errorf("%d operations were offered again to a server that only lags", n)
	}
	id := d.handIn("while the reader lags")
	d.run("", "sync", "--once")
	if n := len(m.operations()); n != 1 {
		t.Errorf("%d operations were sent for one invoice", n)
	}
	m.lies(nil)
	d.sync()
	d.sync()
	if n := len(m.operations()); n != 0 {
		t.Errorf("%d operations were offered again when the reader had caught up", n)
	}
	if got := healthy(s); got != was {
		t.Errorf("the server took a new epoch: %s, it was %s", got, was)
	}
	if got := healthy(lagging); got != was {
		t.Errorf("the copy took a new epoch by a pull alone: %s, it was %s", got, was)
	}
	if got := text(d.must("", "status"), "epoch"); got != epoch {
		t.Errorf("the desk is in the epoch %s, it was in %s", got, epoch)
	}
	rows := d.rows()
	for id, was := range before {
		if text(rows[id], "number") != text(was, "number") {
			t.Errorf("%v became %v", was, rows[id])
		}
	}
	if text(rows[id], "state") != "issued" {
		t.Errorf("what was handed in meanwhile is %v", rows[id])
	}
}

// Marks and receipts cannot be forged.
func TestForgedMarks(t *testing.T) {
	t.Parallel()
	s := production(t, east, whole)
	f := newForger(t, s.url, east.secret)
	for i := range 3 {
		f.submit(newID(), fmt.Sprint(i), 0)
	}
	mark := text(f.get("/v1/pull").value, "mark")
	part := strings.Split(mark, ":")
	if len(part) != 5 {
		t.Fatalf("the mark is %q", mark)
	}
	healthy := func() string { return text(f.get("/healthz").value, "epoch") }
	epoch := healthy()
	with := func(i int, v string) string {
		p := append([]string{}, part...)
		p[i] = v
		return strings.Join(p, ":")
	}
	for _, forged := range []string{
		with(1, "99"), with(1, "1"), with(2, strings.Repeat("0", 32)), with(3, "99999999"), with(3, "1"), with(4, strings.Repeat("0", len(part[4]))), with(4, ""),
		strings.Join(part[:4], ":"), "x", ":::::", mark + ":x", with(1, "-1"), with(3, "9999999999999999999999"), with(0, newID()),
	} {
		r := f.get("/v1/pull?mark=" + forged)
		id := newID()
		p := f.post(encode(object{"device": f.device, "protocol": 1, "mark": forged, "operations": []any{f.operation("put", id, 0, document(id, "x", "draft"))}}))
		for how, r := range map[string]reply{"pull": r, "push": p} {
			// A mark of another epoch may also be told that the epoch changed.
			if (r.status != 400 || r.code() != "mark_invalid") && !(r.status == 410 && strings.HasPrefix(forged, part[0]) == false) {
				t.Errorf("a %s with the mark %q: %v", how, forged, r)
			}
		}
	}
	if got := healthy(); got != epoch {
		t.Errorf("a forged mark made a new epoch")
	}
	if a := f.submit(newID(), "next", 0); text(a, "number") != "00000004" {
		t.Errorf("after the forgeries the next number is %v", a)
	}
}

// A receipt gives its own invoice back and nothing else.
func TestForgedReceipts(t *testing.T) {
	t.Parallel()
	s := production(t, east, west, whole)
	f, w := newForger(t, s.url, east.secret), newForger(t, s.url, west.secret)
	id := newID()
	f.submit(id, "printed", 0)
	c := f.all()[id]
	receipt, _ := c["receipt"].(object)
	body, _ := c["body"].(object)
	if receipt == nil {
		t.Fatalf("a pulled invoice carries no receipt: %v", c)
	}
	before := f.numbers()
	clone := func(o object) object {
		out := object{}
		for k, v := range o {
			out[k] = v
		}
		return out
	}
	present := func(f *forger, id string, inv, rec object) object {
		return f.answer(f.operation("present", id, 0, object{"invoice": inv, "receipt": rec}))
	}
	for name, change := range map[string]func(id *string, inv, rec object){
		"another number":     func(_ *string, inv, rec object) { rec["number"], inv["number"] = "00000077", "00000077" },
		"another document":   func(id *string, inv, rec object) { *id = newID(); inv["id"], rec["document_id"] = *id, *id },
		"another company":    func(_ *string, _, rec object) { rec["company"] = "other" },
		"another content":    func(_ *string, inv, _ object) { inv["remark"] = "changed" },
		"another time":       func(_ *string, _, rec object) { rec["time"] = "2020-01-01T00:00:00Z" },
		"no signature":       func(_ *string, _, rec object) { delete(rec, "signature") },
		"an empty signature": func(_ *string, _, rec object) { rec["signature"] = "" },
		"another key":        func(_ *string, _, rec object) { rec["key"] = "AAAA" },
		"no receipt":         func(_ *string, _, rec object) { clear(rec) },
		"another series":     func(_ *string, _, rec object) { rec["series"] = "B" },
	} {
		to, inv, rec := id, clone(body), clone(receipt)
		change(&to, inv, rec)
		if a := present(f, to, inv, rec); text(a, "result") != "rejected" {
			t.Errorf("%s is answered %v", name, a)
		}
	}
	if a := present(w, id, clone(body), clone(receipt)); text(a, "result") == "applied" || a["body"] != nil {
		t.Errorf("presented by another branch: %v", a)
	}
	if a := present(f, id, clone(body), clone(receipt)); text(a, "result") == "rejected" {
		t.Errorf("the true receipt is refused: %v", a)
	}
	after := f.numbers()
	if len(after) != len(before) || after[id] != before[id] {
		t.Errorf("the numbers were %v, are %v", before, after)
	}
	if a := f.submit(newID(), "next", 0); text(a, "number") != "00000002" {
		t.Errorf("the next number is %v", a)
	}
}

// A draft that two desks hold and one has edited unsent when the server forgets
// it; a third that knows no more than the copy may have written first.
func TestEditAcrossRestore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		order   []int
		waiting bool // more is unsent beside the edit
	}{{[]int{0, 1}, false}, {[]int{1, 0}, false}, {[]int{2, 1, 0}, false}, {[]int{2, 0, 1}, false}, {[]int{2, 1, 0}, true}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, 1, 3)
			a, b, other := h.desks[0], h.desks[1], h.desks[2]
			keep := func(d *desk) {
				remark := newID()
				h.drafts[d.handIn(remark)] = []string{remark}
			}
			for i := range h.desks {
				keep(h.desks[i])
				h.sync(i)
			}
			copied := h.backup()
			if c.waiting {
				keep(a)
			}
			id := a.draft("first content")
			if c.waiting {
				keep(b)
			}
			a.sync()
			b.sync()
			a.must(content("", "edited, unsent"), "edit", id, "-")
			h.drafts[id] = []string{"first content", "edited, unsent"}
			if c.waiting {
				keep(a)
			}
			h.restore(copied, true)
			for _, who := range c.order {
				if h.desks[who] == other {
					h.sync(who)
					keep(other)
					keep(other)
				}
				if c.waiting && who == 0 {
					keep(other)
					remark := newID()
					h.drafts[a.draft(remark)] = []string{remark}
				}
				h.sync(who)
			}
			h.settle()
		})
	}
}
