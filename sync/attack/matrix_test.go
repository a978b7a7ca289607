package attack

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
)

// What a clerk does to a draft that both desks hold.
var deeds = []string{"none", "price1", "price1b", "price2", "remark", "delete", "submit"}

func (d *desk) does(deed, id string) {
	d.t.Helper()
	edit := func(remark string, prices ...string) {
		d.t.Helper()
		d.must(content("", remark, prices...), "edit", id, "-")
	}
	switch deed {
	case "price1":
		edit("shared", "9.99", "15.93")
	case "price1b":
		edit("shared", "8.88", "15.93")
	case "price2":
		edit("shared", "33.333", "7.77")
	case "remark":
		edit("another remark", "33.333", "15.93")
	case "delete", "submit":
		d.must("", deed, id)
	}
}

// mixes says that rules put both deeds together, and whether that mixed lines.
func mixes(a, b string) (mixed, lines bool) {
	price := func(s string) bool { return strings.HasPrefix(s, "price") }
	switch {
	case price(a) && price(b):
		two := (a == "price2") != (b == "price2")
		return two, two
	case price(a) && b == "remark", a == "remark" && price(b):
		return true, false
	}
	return false, false
}

// collides says that a person has to settle it.
func collides(a, b string) bool {
	mixed, _ := mixes(a, b)
	return a != b && a != "none" && b != "none" && !mixed
}

// TestTwoClerks lets two desks do everything to a draft that both hold, at the
// same time: nothing of it vanishes without a word, every conflict can be
// settled for either side, and a review is asked for where lines were mixed and
// nowhere else.
func TestTwoClerks(t *testing.T) {
	t.Parallel()
	for _, first := range []int{0, 1} {
		for _, side := range []string{"mine", "theirs"} {
			t.Run(fmt.Sprintf("desk %d syncs first, %s", first, side), func(t *testing.T) {
				t.Parallel()
				twoClerks(t, first, side)
			})
		}
	}
}

// pair is what both did to one draft.
type pair struct{ a, b string }

func twoClerks(t *testing.T, first int, side string) {
	s := production(t, east, whole)
	desks := []*desk{enrolled(t, s.url, east), enrolled(t, s.url, east)}
	look := newForger(t, s.url, whole.secret)
	sync := func(times int) {
		t.Helper()
		for range times {
			desks[first].sync()
			desks[1-first].sync()
		}
	}
	drafts := map[string]pair{}
	for _, a := range deeds {
		for _, b := range deeds {
			// CI takes a third of the pairs for each way; make attack takes all.
			h := fnv.New32()
			_, _ = fmt.Fprint(h, a, b)
			if !campaign() && (h.Sum32()+uint32(first)+uint32(len(side)))%3 > 0 && a != "delete" && b != "delete" {
				continue
			}
			drafts[desks[0].draft("shared", "33.333", "15.93")] = pair{a, b}
		}
	}
	desks[0].sync()
	desks[1].sync()
	for id, p := range drafts {
		desks[0].does(p.a, id)
		desks[1].does(p.b, id)
	}
	sync(2)

	open := map[string][]int{} // the desks that show a conflict
	for i, d := range desks {
		for id, r := range d.rows() {
			if r["conflict"] == true {
				open[id] = append(open[id], i)
			}
		}
	}
	for id, p := range drafts {
		if want := collides(p.a, p.b); want != (len(open[id]) > 0) {
			c := look.all()[id]
			t.Errorf("%v: a conflict is shown at %v, wanted %v; the server has %v %v %v", p, open[id], want, c["deleted"], text(c, "body", "state"), text(c, "body", "remark"))
		}
	}

	// A round more must not close or open anything by itself.
	sync(1)
	for id, where := range open {
		for _, i := range where {
			if r := desks[i].rows()[id]; r["conflict"] != true {
				t.Errorf("%v: the conflict at desk %d closed by itself: %v", drafts[id], i, r)
			}
		}
	}

	for id, where := range open {
		for _, i := range where {
			r := desks[i].run("", "resolve", id, "--choose", side)
			if r.code != 0 && side == "mine" && strings.Contains(r.out, "theirs_is_final") {
				r = desks[i].run("", "resolve", id, "--choose", "theirs")
			}
			if r.code != 0 {
				t.Errorf("%v: settling it for %s at desk %d: %s", drafts[id], side, i, clip(r.both()))
			}
		}
	}
	sync(2)
	docs, rows := look.all(), []map[string]object{desks[0].rows(), desks[1].rows()}
	for i := range desks {
		for id, r := range rows[i] {
			c := docs[id]
			if r["conflict"] == true || c == nil || c["deleted"] == true || text(c, "body", "state") != text(r, "state") {
				t.Errorf("%v: settled for %s, desk %d has %v, the server %v", drafts[id], side, i, r, c)
			}
		}
		if n := desks[i].waiting(); n > 0 {
			t.Errorf("desk %d: %d operations wait: %s", i, n, clip(desks[i].everything()))
		}
	}
	for id, c := range docs {
		gone := c["deleted"] == true
		if gone == (rows[0][id] != nil) || gone == (rows[1][id] != nil) {
			t.Errorf("%v: the server has it deleted %v, the desks have %v and %v", drafts[id], gone, rows[0][id], rows[1][id])
		}
	}
	for id, p := range drafts {
		settledAs(t, p, first, side, docs[id], docs)
	}
	submitAll(t, desks[0], drafts, open, docs)
	sync(2)
	for i, d := range desks {
		for id, r := range d.rows() {
			if st := text(r, "state"); st != "issued" {
				t.Errorf("%v: at the end it is %s at desk %d", drafts[id], st, i)
			}
		}
	}
}

// settledAs checks what the server has of a draft that one side deleted.
func settledAs(t *testing.T, p pair, first int, side string, c object, docs map[string]object) {
	t.Helper()
	gone := c == nil || c["deleted"] == true
	switch {
	case p.a == "delete" && p.b == "delete", p.a == "delete" && p.b == "none", p.a == "none" && p.b == "delete":
		if !gone {
			t.Errorf("%v: it is still there: %v", p, c)
		}
	case p.a != "delete" && p.b != "delete":
		if gone {
			t.Errorf("%v: it is gone", p)
		}
	default:
		// The desk that syncs second is asked. Its "mine" is its own deed.
		second := p.b
		if first == 1 {
			second = p.a
		}
		mineDeletes := second == "delete"
		if final := text(c, "body", "state"); final == "issued" {
			return // handed in first: what is issued stays
		}
		if mineDeletes == (side == "mine") && !gone {
			t.Errorf("%v settled for %s: it is still there: %v", p, side, c)
		}
		if mineDeletes && side == "theirs" && gone {
			t.Errorf("%v settled for %s: it is gone", p, side)
		}
	}
}

// submitAll hands in every draft that is left; only mixed lines need a review.
func submitAll(t *testing.T, d *desk, drafts map[string]pair, open map[string][]int, docs map[string]object) {
	t.Helper()
	for id, r := range d.rows() {
		if text(r, "state") != "draft" {
			continue
		}
		p := drafts[id]
		_, lines := mixes(p.a, p.b)
		got := d.run("", "submit", id)
		asked := strings.Contains(got.out, "review_needed")
		if asked != (lines && len(open[id]) == 0) {
			t.Errorf("%v: a review was asked for: %v, lines were mixed: %v (%s)", p, asked, lines, clip(got.out))
		}
		if asked {
			d.must("", "review", id)
			got = d.run("", "submit", id)
		}
		if got.code != 0 {
			t.Errorf("%v: it cannot be handed in: %s", p, clip(got.both()))
		}
	}
}
