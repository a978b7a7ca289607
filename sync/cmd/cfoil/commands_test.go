package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongUse: exit code 2, nothing on standard output, a way on.
func TestWrongUse(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{}, {"nonsense"}, {"--data"}, {"--nonsense"}, {"list"}, {"--data", dir, "--keyring", "cloud", "list"},
		{"--data", dir, "show"}, {"--data", dir, "show", "a", "b"}, {"--data", dir, "list", "--state", "lost"},
		{"--data", dir, "list", "--limit", "0"}, {"--data", dir, "list", "--limit", "x"}, {"--data", dir, "list", "--token", "x"},
		{"--data", dir, "trust"}, {"--data", dir, "trust", "steal"}, {"--data", dir, "trust", "import"}, {"--data", dir, "trust", "import", "ca.pem"},
		{"--data", dir, "connect"}, {"--data", dir, "connect", "http://x"}, {"--data", dir, "connect", "https://"},
		{"--data", dir, "resolve", "a"}, {"--data", dir, "sync", "--once", "--watch"}, {"--data", dir, "sync", "--once=1"},
		{"--data", dir, "selfcheck", "--timeout", "soon"}, {"--data", dir, "selfcheck", "--timeout", "-1s"},
		{"money"}, {"words"}, {"check-tax-no"}, {"draft", "-"},
	} {
		c := seat{keyring: "file"}.command()
		c.Args = append(c.Args[:1], args...)
		if r := runCommand(t, c, ""); r.code != 2 || r.out != "" || !strings.Contains(r.err, "cfoil") {
			t.Errorf("%q: exit %d, %q %q", args, r.code, r.out, r.err)
		}
	}
	for _, args := range [][]string{{"--help"}, {"-h"}, {"draft", "--help"}} {
		c := seat{keyring: "file"}.command()
		c.Args = append(c.Args[:1], args...)
		if r := runCommand(t, c, ""); r.code != 0 || !strings.Contains(r.out, "selfcheck [--server URL]") {
			t.Errorf("%q: exit %d\n%s", args, r.code, r.out)
		}
	}
}

// TestMalformed: exit code 1, one JSON value that names the error, nothing stored.
func TestMalformed(t *testing.T) {
	s := newSeat(t)
	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "in")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	line := func(l string) string {
		return `{"kind":"ordinary","basis":"excl","buyer":{"name":"a"},"lines":[` + l + `]}`
	}
	for name, c := range map[string]struct {
		in   string
		args []string
		code string
	}{
		"empty":            {"", []string{"draft", "-"}, "draft_empty"},
		"not JSON":         {"{", []string{"draft", "-"}, "draft_malformed"},
		"two values":       {"{}{}", []string{"draft", "-"}, "draft_malformed"},
		"an array":         {"[]", []string{"draft", "-"}, "draft_malformed"},
		"null":             {"null", []string{"draft", "-"}, "draft_malformed"},
		"unknown field":    {`{"kind":"ordinary","basis":"excl","colour":"red"}`, []string{"draft", "-"}, "draft_malformed"},
		"Latin-1":          {"{\"kind\":\"\xe9\"}", []string{"draft", "-"}, "draft_encoding"},
		"no kind":          {`{"basis":"excl"}`, []string{"draft", "-"}, ""},
		"a number":         {line(`{"name":"x","qty":1,"price":"2","rate":"0.13"}`), []string{"draft", "-"}, "number_not_string"},
		"no number":        {line(`{"name":"x","qty":"many","price":"2","rate":"0.13"}`), []string{"draft", "-"}, "number_malformed"},
		"rate 1":           {line(`{"name":"x","qty":"1","price":"2","rate":"1"}`), []string{"draft", "-"}, "rate_malformed"},
		"no rate":          {line(`{"name":"x","qty":"1","price":"2"}`), []string{"draft", "-"}, "rate_missing"},
		"null line":        {line(`null`), []string{"draft", "-"}, "draft_malformed"},
		"discount too big": {line(`{"name":"x","qty":"1","price":"2","rate":"0.13","discount":{"amount":"3"}}`), []string{"draft", "-"}, ""},
		"bad id":           {strings.Replace(line(""), "{", `{"id":"7",`, 1), []string{"draft", "-"}, "bad_id"},
		"deep":             {strings.Repeat("[", 100000), []string{"draft", "-"}, "draft_malformed"},
		"no file":          {"", []string{"draft", "/no/such/file"}, "file"},
		"a folder":         {"", []string{"draft", t.TempDir()}, "file"},
		"money of nothing": {"", []string{"money", "-"}, "draft_empty"},
		"words of text":    {"", []string{"words", "many"}, ""},
		"words too large":  {"", []string{"words", strings.Repeat("9", 40)}, ""},
		"show nobody":      {"", []string{"show", "nobody"}, "not_found"},
		"submit nobody":    {"", []string{"submit", "nobody"}, "not_found"},
		"edit nobody":      {sample("x"), []string{"edit", "nobody", "-"}, "not_found"},
		"recall nobody":    {"", []string{"recall", "nobody"}, "not_found"},
		"resolve nobody":   {"", []string{"resolve", "nobody", "--choose", "mine"}, "no_conflict"},
		"sync unconnected": {"", []string{"sync", "--once"}, "not_connected"},
		"trust garbage":    {"", []string{"trust", "import", file("hello"), "--fingerprint", "00", "--yes"}, "bundle_empty"},
		"show no CA":       {"", []string{"trust", "show"}, "ca_missing"},
	} {
		r := s.run(t, c.in, c.args...)
		v := oneValue(t, r.out)
		code, _ := at(v, "error", "code").(string)
		text, _ := at(v, "error", "text").(string)
		if r.code != 1 || code == "" || text == "" || c.code != "" && code != c.code || strings.Contains(r.err, "goroutine") {
			t.Errorf("%s: exit %d, %s%s", name, r.code, r.out, r.err)
		}
	}
	if rows, _ := s.must(t, "", "list").([]any); len(rows) != 0 {
		t.Errorf("malformed input was stored: %v", rows)
	}
}

func TestSmallCommands(t *testing.T) {
	s := newSeat(t)
	if v := s.must(t, "", "words", "1409.50"); at(v, "words") != "壹仟肆佰零玖圆伍角整" {
		t.Errorf("%v", v)
	}
	if v := s.must(t, "", "check-tax-no", "91350100M000100Y43"); at(v, "ok") != true {
		t.Errorf("%v", v)
	}
	if r := s.run(t, "", "check-tax-no", "12"); r.code != 1 || at(oneValue(t, r.out), "ok") != false {
		t.Errorf("%+v", r)
	}
	v := s.must(t, sample(""), "money", "-")
	if at(v, "net") != "131.86" || at(v, "tax") != "17.14" || at(v, "gross") != "149.00" || at(v, "words") != "壹佰肆拾玖圆整" ||
		at(v, "rows", 1, "type") != "normal" || at(v, "rows", 1, "line") != float64(2) {
		t.Errorf("%v", v)
	}
	for _, c := range []string{"list", "outbox", "conflicts"} {
		if rows, ok := s.must(t, "", c).([]any); !ok || len(rows) != 0 {
			t.Errorf("%s prints no empty array", c)
		}
	}
}

// TestTrust: a certificate whose fingerprint differs or that nobody confirms is not trusted.
func TestTrust(t *testing.T) {
	sv := practiceServer(t)
	pem, fp := filepath.Join(sv.dir, "ca.pem"), ""
	if b, err := os.ReadFile(filepath.Join(sv.dir, "ca.sha256")); err == nil {
		fp = strings.TrimSpace(string(b))
	}
	s := newSeat(t)
	if r := s.run(t, "", "trust", "import", pem, "--fingerprint", strings.Repeat("ab", 32), "--yes"); r.code != 1 || !strings.Contains(r.out, "fingerprint") {
		t.Errorf("a wrong fingerprint: %+v", r)
	}
	if r := s.run(t, "no\n", "trust", "import", pem, "--fingerprint", fp); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "not_trusted" {
		t.Errorf("an answer of no: %+v", r)
	}
	if r := s.run(t, "", "trust", "show"); r.code != 1 {
		t.Errorf("something is trusted: %+v", r)
	}
	r := s.run(t, "yes\n", "trust", "import", pem, "--fingerprint", fp)
	if r.code != 0 || !strings.Contains(r.err, "subject") || !strings.Contains(r.err, "SHA-256") {
		t.Errorf("an answer of yes: %+v", r)
	}
	if v := s.must(t, "", "trust", "show"); at(v, "trusted", 0, "subject") == nil {
		t.Errorf("%v", v)
	}
}

// TestTwoDesks is a day of two branches over one server: drafts without a line,
// merge, conflict, review, submit, numbers without a gap.
func TestTwoDesks(t *testing.T) {
	sv := practiceServer(t)
	a, b := newSeat(t).enrol(t, sv), newSeat(t).enrol(t, sv)
	sv.kill() // the line is down
	id := func(v any) string { s, _ := at(v, "id").(string); return s }
	var drafts []string
	for _, s := range []seat{a, b, a} {
		drafts = append(drafts, id(s.must(t, sample("offline"), "draft", "-")))
	}
	if r := a.run(t, "", "sync", "--once"); r.code != 1 || at(oneValue(t, r.out), "error", "text") == nil {
		t.Fatalf("a sync without a server: %+v", r)
	}
	a.check(t, "T01", "proven")
	if rows, _ := a.must(t, "", "outbox").([]any); len(rows) != 2 {
		t.Fatalf("the outbox holds %v", rows)
	}
	sv = startServer(t, sv.dir, "--practice", "--listen", strings.TrimPrefix(sv.url, "https://"))
	both := func() {
		t.Helper()
		for _, s := range []seat{a, b, a} {
			s.must(t, "", "sync", "--once")
		}
	}
	both()
	for _, s := range []seat{a, b} {
		if rows, _ := s.must(t, "", "list").([]any); len(rows) != 3 {
			t.Fatalf("a desk holds %d", len(rows))
		}
	}

	// Both edit the remark of the same draft: a conflict for the later one.
	a.must(t, sample("from a"), "edit", drafts[0], "-")
	b.must(t, sample("from b"), "edit", drafts[0], "-")
	a.must(t, "", "sync", "--once")
	b.must(t, "", "sync", "--once")
	rows, _ := b.must(t, "", "conflicts").([]any)
	if len(rows) != 1 || at(rows, 0, "id") != drafts[0] || at(rows, 0, "diffs", 0, "path") != "remark" {
		t.Fatalf("conflicts: %v", rows)
	}
	if r := b.run(t, "", "submit", drafts[0]); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "in_conflict" {
		t.Errorf("a submit in conflict: %+v", r)
	}
	b.must(t, "", "resolve", drafts[0], "--choose", "mine")
	both()
	if v := a.must(t, "", "show", drafts[0]); at(v, "remark") != "from b" {
		t.Errorf("after mine: %v", at(v, "remark"))
	}
	// Once more, resolved with a file.
	a.must(t, sample("a again"), "edit", drafts[0], "-")
	b.must(t, sample("b again"), "edit", drafts[0], "-")
	a.must(t, "", "sync", "--once")
	b.must(t, "", "sync", "--once")
	file := filepath.Join(t.TempDir(), "both.json")
	if err := os.WriteFile(file, []byte(sample("a and b")), 0o600); err != nil {
		t.Fatal(err)
	}
	b.must(t, "", "resolve", drafts[0], "--choose", file)
	both()
	if v := a.must(t, "", "show", drafts[0]); at(v, "remark") != "a and b" || len(at(v, "rows").([]any)) != 2 {
		t.Errorf("after a file: %v", v)
	}

	// Submit everything; one is recalled before it goes.
	a.must(t, "", "submit", drafts[0])
	a.must(t, "", "recall", drafts[0])
	for i, d := range drafts {
		[]seat{b, b, a}[i].must(t, "", "submit", d)
	}
	both()
	seen := map[any]bool{}
	for _, d := range drafts {
		v := a.must(t, "", "show", d)
		w := b.must(t, "", "show", d)
		if at(v, "state") != "issued" || at(v, "number") != at(w, "number") {
			t.Errorf("%v / %v", v, w)
		}
		number, _ := at(v, "number").(string)
		seen[number[max(0, len(number)-8):]] = true
	}
	if !seen["00000001"] || !seen["00000002"] || !seen["00000003"] {
		t.Errorf("the numbers are %v", seen)
	}
	if r := a.run(t, sample("late"), "edit", drafts[0], "-"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "not_editable" {
		t.Errorf("editing an issued invoice: %+v", r)
	}
	// A red-letter invoice takes one back.
	red := a.must(t, "", "reverse", drafts[1])
	if at(red, "gross") != "-149.00" || at(red, "reverses") != drafts[1] || at(red, "state") != "draft" {
		t.Errorf("the red draft: %v", red)
	}
	a.must(t, "", "submit", id(red))
	both()
	if v := b.must(t, "", "show", drafts[1]); at(v, "state") != "reversed" {
		t.Errorf("the blue one is %v", at(v, "state"))
	}
	if v := b.must(t, "", "show", id(red)); at(v, "state") != "issued" || !strings.HasSuffix(at(v, "number").(string), "00000004") {
		t.Errorf("the red one: %v", v)
	}
	for _, again := range []string{drafts[1], id(red)} {
		if r := b.run(t, "", "reverse", again); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "not_reversible" {
			t.Errorf("reversing again: %+v", r)
		}
	}
	if v := a.must(t, "", "status"); at(v, "outbox") != float64(0) || at(v, "issued") != float64(3) /* two blue, one red */ {
		t.Errorf("status: %v", v)
	}
	sv.stop(t)
}
