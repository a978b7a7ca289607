package main

import "testing"

// A customer is drafted, found, edited by the fields that a file names, deleted and
// taken back, all without a server.
func TestDocumentsOffline(t *testing.T) {
	s := newSeat(t)
	id, _ := at(s.must(t, `{"party":{"name":"苏州明远精密机械有限公司","tax_no":"91310112087994932F"}}`, "draft", "--type", "customer", "-"), "id").(string)
	s.must(t, `{"party":{"name":"上海恒泽"}}`, "draft", "--type", "customer", "-")
	for search, want := range map[string]int{"明远": 1, "szmy": 1, "994932": 1, "": 2, "nobody": 0} {
		if rows := s.must(t, "", "list", "--type", "customer", "--search", search).([]any); len(rows) != want {
			t.Errorf("%q finds %d, want %d", search, len(rows), want)
		}
	}
	v := s.must(t, `{"party":{"phone":"0512-1"}}`, "edit", id, "-")
	if at(v, "party", "phone") != "0512-1" || at(v, "party", "tax_no") != "91310112087994932F" || at(v, "pending") != "unsent" || at(v, "type") != "customer" {
		t.Errorf("%v", v)
	}

	// A name that is no field, or one that nobody edits, is refused by name.
	for field, file := range map[string]string{
		"party.colour": `{"party":{"colour":"red"}}`, "nickname": `{"nickname":"x"}`,
		"revision": `{"revision":7}`, "branch": `{"branch":"West"}`, "id": `{"id":"7"}`,
	} {
		r := s.run(t, file, "edit", id, "-")
		if v := oneValue(t, r.out); r.code != 1 || at(v, "error", "field") != field || at(v, "error", "code") == nil {
			t.Errorf("%s: exit %d %s", field, r.code, r.out)
		}
	}
	for file, code := range map[string]string{`{"party":{"name":""}}`: "required", `{"party":{"phone":5}}`: "draft_malformed"} {
		if r := s.run(t, file, "edit", id, "-"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != code {
			t.Errorf("%s: exit %d %s", file, r.code, r.out)
		}
	}
	if v := s.must(t, "", "show", id); at(v, "party", "name") != "苏州明远精密机械有限公司" || at(v, "revision") != 0.0 {
		t.Errorf("a refused edit changed it: %v", v)
	}

	if r := s.run(t, "", "retry", id); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "not_parked" {
		t.Errorf("exit %d %s", r.code, r.out)
	}
	if v := s.must(t, "", "delete", id); at(v, "deleting") != true {
		t.Errorf("%v", v)
	}
	// What the server never had is gone when it is taken back.
	if v := s.must(t, "", "revert", id); at(v, "deleted") != true {
		t.Errorf("%v", v)
	}
	if rows := s.must(t, "", "list", "--type", "customer").([]any); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	for _, args := range [][]string{{"delete", id}, {"edit", id, "-"}} {
		if r := s.run(t, `{}`, args...); r.code != 1 {
			t.Errorf("%v of one that is gone: exit %d %s", args, r.code, r.out)
		}
	}
}

// Sellers are read: to make, change or delete one is refused.
func TestSellersAreReadOnly(t *testing.T) {
	sv := practiceServer(t)
	s := newSeat(t).enrol(t, sv)
	s.must(t, "", "sync", "--once")
	all := s.must(t, "", "list", "--type", "seller").([]any)
	if len(all) == 0 {
		t.Fatal("the practice hands out no seller")
	}
	id, _ := at(all[0], "id").(string)
	for name, r := range map[string]result{
		"draft":  s.run(t, `{"party":{"name":"x","tax_no":"91310112087994932F"}}`, "draft", "--type", "seller", "-"),
		"edit":   s.run(t, `{"party":{"phone":"1"}}`, "edit", id, "-"),
		"delete": s.run(t, "", "delete", id),
		"revert": s.run(t, "", "revert", id),
	} {
		if r.code != 1 || at(oneValue(t, r.out), "error", "code") != "type_read_only" {
			t.Errorf("%s: exit %d %s", name, r.code, r.out)
		}
	}
	if v := s.must(t, "", "show", id); asJSON(t, v) != asJSON(t, all[0]) {
		t.Errorf("%v", v)
	}
}

// An edit that was not sent is taken back to what the server has, with its operation.
func TestRevertOfAnEdit(t *testing.T) {
	sv := practiceServer(t)
	s := newSeat(t).enrol(t, sv)
	s.must(t, "", "sync", "--once")
	all := s.must(t, "", "list", "--type", "customer").([]any)
	if len(all) == 0 {
		t.Fatal("the practice has no customers")
	}
	id, _ := at(all[0], "id").(string)
	before := asJSON(t, at(s.must(t, "", "show", id), "party"))
	s.must(t, `{"party":{"phone":"0000"}}`, "edit", id, "-")
	v := s.must(t, "", "revert", id)
	if asJSON(t, at(v, "party")) != before || at(v, "pending") != nil {
		t.Errorf("%v", v)
	}
	if rows := s.must(t, "", "outbox").([]any); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
}
