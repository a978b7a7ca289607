package main

import (
	"encoding/json"
	"testing"
)

// Lines that were merged from two desks are ticked by cfoil review; a parked
// invoice is sent again by cfoil retry, and what is not parked is told so.
func TestReviewAndRetry(t *testing.T) {
	sv := practiceServer(t)
	a, b := newSeat(t).enrol(t, sv), newSeat(t).enrol(t, sv)
	content := func(one, two string) string {
		return `{"kind":"ordinary","basis":"excl","buyer":{"name":"苏州"},"lines":[{"name":"a","qty":"1","price":"` + one + `","rate":"0.13"},{"name":"b","qty":"1","price":"` + two + `","rate":"0.13"}]}`
	}
	id := a.must(t, content("10", "20"), "draft", "-").(map[string]any)["id"].(string)
	a.must(t, "", "sync")
	b.must(t, "", "sync")
	a.must(t, content("11", "20"), "edit", id, "-")
	b.must(t, content("10", "22"), "edit", id, "-")
	a.must(t, "", "sync")
	b.must(t, "", "sync")
	a.must(t, "", "sync")
	code := func(r result) string {
		var v struct{ Error struct{ Code string } }
		if err := json.Unmarshal([]byte(r.out), &v); err != nil {
			t.Fatal(err, r.out)
		}
		return v.Error.Code
	}
	if r := a.run(t, "", "submit", id); r.code != 1 || code(r) != "review_needed" {
		t.Fatalf("exit %d %s", r.code, r.out)
	}
	if r := a.run(t, "", "retry", id); r.code != 1 || code(r) != "not_parked" {
		t.Errorf("exit %d %s", r.code, r.out)
	}
	a.must(t, "", "review", id)
	a.must(t, "", "submit", id)
	a.must(t, "", "sync")
	if v := a.must(t, "", "show", id).(map[string]any); v["state"] != "issued" {
		t.Errorf("%v", v["state"])
	}
	if all := a.must(t, "", "aside").([]any); len(all) != 0 {
		t.Errorf("%v", all)
	}
	if v := a.must(t, "", "status").(map[string]any); v["aside"] != 0.0 {
		t.Errorf("%v", v)
	}
}
