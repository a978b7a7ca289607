package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A customer that two desks edit without a line conflicts and is resolved; the
// invoice that was drafted meanwhile has the buyer as it was chosen, and its number
// comes from the series of its seller.
func TestCustomerOfTwoDesks(t *testing.T) {
	sv := practiceServer(t)
	a, b := newSeat(t).enrol(t, sv), newSeat(t).enrol(t, sv)
	sync := func(s seat) { t.Helper(); s.must(t, "", "sync", "--once") }
	id, _ := at(a.must(t, `{"party":{"name":"太仓双帆五金"}}`, "draft", "--type", "customer", "-"), "id").(string)
	sync(a)
	sync(b)
	found := b.must(t, "", "list", "--type", "customer", "--search", "双帆五金")
	known := false
	for i := range found.([]any) {
		known = known || at(found, i, "id") == id
	}
	if !known {
		t.Fatalf("%s is not among %v", id, found)
	}

	a.must(t, `{"party":{"phone":"0512-1"}}`, "edit", id, "-")
	mine := b.must(t, `{"party":{"phone":"0755-2","bank":"中国银行"}}`, "edit", id, "-")
	var seller any
	for _, s := range b.must(t, "", "list", "--type", "seller").([]any) {
		if at(s, "series") == "JX" {
			seller = at(s, "party")
		}
	}
	if seller == nil {
		t.Fatal("the practice hands out no seller with a series")
	}
	invoice, _ := at(b.must(t, asJSON(t, map[string]any{
		"kind": "ordinary", "basis": "excl", "buyer": at(mine, "party"), "seller": seller,
		"lines": []any{map[string]string{"name": "*金属制品*法兰", "qty": "1", "price": "85.5", "rate": "0.13"}},
	}), "draft", "-"), "id").(string)

	sync(a)
	sync(b)
	open := b.must(t, "", "conflicts")
	if len(open.([]any)) != 1 || at(open, 0, "id") != id || at(open, 0, "type") != "customer" || at(open, 0, "diffs", 0, "path") != "party.phone" ||
		at(open, 0, "diffs", 0, "mine") != "0755-2" || at(open, 0, "diffs", 0, "theirs") != "0512-1" || at(open, 0, "merged", 0, "path") != "party.bank" {
		t.Fatalf("%s", asJSON(t, open))
	}
	b.must(t, "", "resolve", id, "--choose", "mine")
	b.must(t, "", "submit", invoice)
	sync(b)
	sync(a)
	for name, s := range map[string]seat{"the one that edited first": a, "the one that resolved": b} {
		c := s.must(t, "", "list", "--type", "customer", "--search", "双帆五金")
		if len(c.([]any)) != 1 || at(c, 0, "party", "phone") != "0755-2" || at(c, 0, "party", "bank") != "中国银行" || at(c, 0, "pending") != nil || at(c, 0, "revision") != 3.0 {
			t.Errorf("%s has %s", name, asJSON(t, c))
		}
		inv := s.must(t, "", "show", invoice)
		if at(inv, "state") != "issued" || at(inv, "number") != "练习JX-00000001" || at(inv, "buyer", "phone") != "0755-2" {
			t.Errorf("%s has %s", name, asJSON(t, inv))
		}
	}
}

// An item that a clerk may not change is held back by name, and taken back.
func TestItemWithoutTheRole(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	token := addToken(t, tokens, "--branch", "West")
	sv := practiceServer(t, "--token-file", tokens)
	clerk := newSeat(t).enrol(t, sv)
	clerk.must(t, token, "connect", sv.url, "--token", "-")
	id, _ := at(clerk.must(t, `{"name":"*金属制品*法兰","rate":"0.13"}`, "draft", "--type", "item", "-"), "id").(string)
	clerk.run(t, "", "sync", "--once")
	item := clerk.must(t, "", "show", id)
	if at(item, "pending") != "parked" || at(item, "refused") != "role_needed" {
		t.Errorf("%s", asJSON(t, item))
	}
	token = addToken(t, tokens, "--branch", "West", "--roles", "catalog")
	clerk.must(t, token, "connect", sv.url, "--token", "-")
	clerk.must(t, "", "retry", id)
	clerk.must(t, "", "sync", "--once")
	if item := clerk.must(t, "", "show", id); at(item, "pending") != nil || at(item, "revision") != 1.0 {
		t.Errorf("%s", asJSON(t, item))
	}
}

// addToken makes a token with syncd.
func addToken(t *testing.T, file string, args ...string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(programs, "syncd"), append([]string{"token", "add", "--token-file", file}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
