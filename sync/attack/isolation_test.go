package attack

import (
	"strings"
	"testing"
)

var (
	east  = token{secret: secret(), branch: "城东分店"}
	west  = token{secret: secret(), branch: "城西分店"}
	whole = token{secret: secret(), branch: "总部", options: "scope=company"}
)

// What a clerk of one branch sees in the program, and what head office sees.
func TestDesksOfBranches(t *testing.T) {
	t.Parallel()
	s := production(t, east, west, whole)
	e, w, c := enrolled(t, s.url, east), enrolled(t, s.url, west), enrolled(t, s.url, whole)
	issued := e.handIn("of the east")
	draft := e.draft("of the east, a draft")
	mine := w.handIn("of the west")
	for _, d := range []*desk{e, w, c, e, w, c} {
		d.sync()
	}
	if r := w.rows(); len(r) != 1 || r[mine] == nil {
		t.Errorf("the west sees %v", r)
	}
	if r := e.rows(); len(r) != 2 || r[issued] == nil || r[draft] == nil {
		t.Errorf("the east sees %v", r)
	}
	if r := c.rows(); len(r) != 3 {
		t.Errorf("head office sees %v", r)
	}
	// A draft under the id of another branch's invoice is refused, named, and
	// holds up nothing.
	w.must(content(issued, "stolen id"), "draft", "-")
	w.must("", "submit", issued)
	next := w.handIn("after the stolen id")
	w.run("", "sync", "--once")
	w.run("", "sync", "--once")
	if r := w.rows(); text(r[next], "state") != "issued" || text(r[issued], "state") == "issued" {
		t.Errorf("the west has %v", r)
	}
	if r := w.rows()[issued]; text(r, "rejection") == "" && !strings.Contains(w.everything(), "not_found") {
		t.Errorf("the refusal is not visible: %v", r)
	}
}
