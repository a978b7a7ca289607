package fault

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each row is complete in both languages and fills the same placeholders.
func TestCatalogue(t *testing.T) {
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	seen := map[ID]bool{}
	for _, f := range All() {
		if seen[f.ID] {
			t.Errorf("%s stands twice", f.ID)
		}
		seen[f.ID] = true
		if f.Name == "" || f.Title.ZH == "" || f.Title.EN == "" || f.Sentence.ZH == "" || f.Sentence.EN == "" || len(f.Steps) == 0 || f.Who == "" || f.Layer == "" {
			t.Errorf("%s is not complete", f.ID)
		}
		zh, en := map[string]bool{}, map[string]bool{}
		for _, p := range hole.FindAllString(f.Sentence.ZH, -1) {
			zh[p] = true
		}
		for _, p := range hole.FindAllString(f.Sentence.EN, -1) {
			en[p] = true
		}
		if len(zh) != len(en) {
			t.Errorf("%s: placeholders differ: %v %v", f.ID, zh, en)
		}
		for _, s := range f.Steps {
			if s.ZH == "" || s.EN == "" {
				t.Errorf("%s has an empty step", f.ID)
			}
		}
	}
	for _, id := range []ID{"N01", "N04", "D02", "D05", "X02", "X03", "T01", "T03", "S01", "S03", "S04", "S06", "S07", "S08", "S11", "S17",
		"H01", "H02", "H11", "H14", "H15", "H16", "H17", "H19", "H21", "B01", "K01", "K02", "K03", "K06", "K07", "K08", "K12"} {
		if !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
}

// A sentence never shows a hole: without a value the plain one stands.
func TestSay(t *testing.T) {
	f := Fault{Sentence: Text{ZH: "到 {until}。", EN: "until {until}."}, Plain: Text{ZH: "在维护。", EN: "in maintenance."}}
	for until, want := range map[string]string{"10:31": "until 10:31.", "": "in maintenance."} {
		if got := f.Say("en", map[string]string{"until": until}); got != want {
			t.Errorf("%q: %q", until, got)
		}
	}
}

func TestRender(t *testing.T) {
	if got := Render("a {x} b {y} {", map[string]string{"x": "1"}); got != "a 1 b ? {" {
		t.Error(got)
	}
}

// docs/faults.md is this catalogue in words; COUNTERFOIL_UPDATE=1 writes it anew.
func TestPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# 故障表 · Faults\n\nBy layer, from this computer to the server.\n\n| no. | 故障 | fault | who | what to do |\n| --- | --- | --- | --- | --- |\n")
	for _, f := range All() {
		var steps []string
		for _, s := range f.Steps {
			steps = append(steps, s.ZH+" / "+s.EN)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", f.ID, f.Title.ZH, f.Title.EN, f.Who, strings.Join(steps, "<br>"))
	}
	const page = "../../docs/faults.md"
	if os.Getenv("COUNTERFOIL_UPDATE") != "" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := os.ReadFile(page); err != nil || string(raw) != b.String() {
		t.Errorf("docs/faults.md differs from the catalogue; run with COUNTERFOIL_UPDATE=1 (%v)", err)
	}
}
