package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Only a test build tells the window's state: no file of it is in the program that
// people get.
func TestShippedProgramTellsNothing(t *testing.T) {
	list := func(tags string) (out []string) {
		raw, err := exec.Command("go", "list", "-tags", tags, "-f", `{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}`, ".", "./app/...", "./ui/...", "./sync/...", "./localdb/...").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(string(raw)) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "//go:build daytest\n") || strings.Contains(string(text), "COUNTERFOIL_DAY") {
				out = append(out, name)
			}
		}
		return out
	}
	if told := list("migrated_fynedo,no_emoji"); len(told) > 0 {
		t.Error("in the shipped program:", told)
	}
	if len(list("daytest,no_emoji")) < 4 {
		t.Error("the test build has not what it needs: this test sees nothing")
	}
}
