package screen

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	usedKey = regexp.MustCompile(`T\("((?:catalog|form|stands|conflicts|connection|wizard|settings|firstrun|practice)\.[a-z_.]*[a-z_])"`)
	verb    = regexp.MustCompile(`%[.0-9]*[a-z]`)
)

// Every key that these pages and their models use has a text in both languages,
// with the same arguments.
func TestTextsOfThePages(t *testing.T) {
	texts := map[string]map[string]string{"zh": {}, "en": {}}
	for lang, all := range texts {
		for _, page := range []string{"catalog", "conflicts", "connection", "wizard", "settings", "firstrun", "practice"} {
			b, err := os.ReadFile(filepath.Join("..", "..", "assets", "locale", lang, page+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(b, &all); err != nil {
				t.Fatal(page, err)
			}
		}
	}
	maps.DeleteFunc(texts["en"], func(k, _ string) bool { return strings.HasSuffix(k, ".one") }) // see app/locale
	for k, zh := range texts["zh"] {
		if en, ok := texts["en"][k]; !ok || !slices.Equal(verb.FindAllString(zh, -1), verb.FindAllString(en, -1)) {
			t.Errorf("%s: %q and %q take different arguments", k, zh, en)
		}
	}
	if len(texts["zh"]) != len(texts["en"]) {
		t.Errorf("%d Chinese texts, %d English", len(texts["zh"]), len(texts["en"]))
	}
	for _, dir := range []string{".", "../viewmodel"} {
		files, _ := filepath.Glob(dir + "/*.go")
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range usedKey.FindAllStringSubmatch(string(b), -1) {
				if _, ok := texts["zh"][m[1]]; !ok && filepath.Base(f) != "conflicts_test.go" {
					t.Errorf("%s uses %q, which has no text", f, m[1])
				}
			}
		}
	}
}
