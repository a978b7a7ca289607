package viewmodel

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/locale"
)

// What a person may read in the window has words in both languages: every code
// of an error, a check or a refusal that stands in the source.
func TestEveryCodeHasWords(t *testing.T) {
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	// How codes are written where they are made.
	codes := regexp.MustCompile(`(?:[Cc]ode: |badBundle\(|fail\([^,]+, |bad\(|refuse\(|InputError\{n, [^,]+, )"([a-z_]+)"`)
	// Answers to a whole request become faults with guides of their own.
	apart := map[string]bool{"draft_malformed": true, "upgrade_required": true}
	found := 0
	for _, dir := range []string{"app/books", "app/invoice", "localdb", "sync/trust", "sync/desk", "sync/server", "sync/cure", "sync/report", "localdb/backup", "ui/viewmodel", "ui/window"} {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range codes.FindAllStringSubmatch(strings.ReplaceAll(string(src), "wire.Problem{Code: ", "problem"), -1) {
				if apart[m[1]] {
					continue
				}
				found++
				for _, lang := range []string{"zh", "en"} {
					words.Use(lang)
					if s := Sentence(words, &books.Error{Code: m[1], Text: "raw"}); s == "raw" || s == "" {
						t.Errorf("%s: %s has no words in %s", f, m[1], lang)
					}
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d codes were found in the source", found)
	}
}

// What is wrong with an invoice is said with the name of its field.
func TestEveryFieldHasAName(t *testing.T) {
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join("..", "..", "app", "invoice", "validate.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, ok := strings.Cut(string(src), "func (c *checker) line(")
	if !ok {
		t.Fatal("the checks of a line are not where they were")
	}
	line, _, _ = strings.Cut(line, "\n}\n")
	ofLine, found := map[string]bool{}, 0
	named := regexp.MustCompile(`c\.(?:fail|length)\((?:fmt\.Sprintf\()?"(lines\[%d\]\.)?([a-z_.]+)"`)
	for _, m := range named.FindAllStringSubmatch(line, -1) {
		ofLine[m[2]] = true
	}
	for _, m := range named.FindAllStringSubmatch(string(src), -1) {
		key := "field.invoice." + m[2]
		if m[1] != "" || ofLine[m[2]] {
			key = "field.line." + m[2]
		}
		found++
		for _, l := range []string{"zh", "en"} {
			words.Use(l)
			if words.T(key) == key {
				t.Errorf("%s has no %s", key, l)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d fields were found", found)
	}
	named2 := func(of string, fields document.Table) {
		for _, f := range fields {
			for _, key := range []string{f.Key, f.Group} {
				if of == "line" && key == f.Group && key != f.Key {
					continue // a line's groups are named by the line
				}
				found++
				for _, l := range []string{"zh", "en"} {
					words.Use(l)
					if name := "field." + of + "." + key; words.T(name) == name {
						t.Errorf("%s has no %s", name, l)
					}
				}
			}
		}
	}
	for _, k := range document.Kinds() {
		named2(string(k.Type), k.Fields)
	}
	named2("line", invoice.LineFields)
}

// A refusal names the cell it speaks of.
func TestASentenceNamesTheCell(t *testing.T) {
	words, err := locale.New("zh")
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"zh": "第 2 行 单价 填的内容还不能用，请改正后再提交", "en": "line 2 Price holds text that cannot be used yet; correct it, then submit"} {
		words.Use(lang)
		if got := Sentence(words, &books.Error{Code: "typed_unread", Field: "lines[2].price", Text: "raw"}); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
}
