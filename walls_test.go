package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "counterfoil"

// A wall keeps the packages under From away from imports that Bars matches.
// Allow lists packages that stand outside the wall; Why is printed when it is broken.
type wall struct {
	From  string
	Bars  func(imported string) bool
	Allow []string
	Why   string
}

func under(prefixes ...string) func(string) bool {
	return func(p string) bool {
		for _, x := range prefixes {
			if p == x || strings.HasPrefix(p, x+"/") {
				return true
			}
		}
		return false
	}
}

func oursExcept(prefixes ...string) func(string) bool {
	in := under(prefixes...)
	return func(p string) bool { return under(module)(p) && !in(p) }
}

func both(a, b func(string) bool) func(string) bool {
	return func(p string) bool { return a(p) && b(p) }
}

// The walls of the house. ARCHITECTURE.md says them in words.
var walls = []wall{
	{From: ".", Bars: oursExcept(module+"/sync/desk", module+"/ui/window"), Why: "main.go holds flags and wiring"},
	{From: "app", Bars: oursExcept(module+"/app", module+"/assets"), Why: "the business knows nothing of storage, network or window"},
	{From: "app", Bars: under("net", "net/http", "os/exec", "database/sql", "crypto/rand", "math/rand"), Why: "the business is pure: ids and time come in as arguments"},
	{From: "localdb", Bars: under(module+"/sync", module+"/ui"), Why: "the store and sync meet only in app/books"},
	{From: "sync", Bars: under(module + "/localdb"), Allow: []string{"sync/desk", "sync/sim"}, Why: "store and sync meet in sync/desk; the rest reaches the store through the interface it defines"},
	{From: "sync", Bars: under(module + "/ui"), Why: "sync works without a window"},
	{From: "sync/merge", Bars: under("net", "net/http", "os", "database/sql", "crypto/rand", "math/rand"), Why: "merge is pure"},
	{From: "sync/fault", Bars: under("net/http", "database/sql", "math/rand"), Why: "the catalogue is data"},
	{From: "ui", Bars: under("net/http", "database/sql", "modernc.org/sqlite", module+"/localdb", module+"/sync/remote", module+"/sync/engine", module+"/sync/server", module+"/sync/wire"), Why: "the window reaches data through app/books and the view-models"},
	{From: "ui", Bars: under(module + "/sync"), Allow: []string{"ui/window", "ui/viewmodel"}, Why: "a page knows view-models alone"},
	{From: "ui/viewmodel", Bars: both(under(module+"/sync"), oursExcept(module+"/sync/fault", module+"/sync/mask")), Why: "a view-model asks through the interface it defines"},
	{From: "ui/viewmodel", Bars: under("fyne.io"), Why: "view-models are tested without Fyne"},
	{From: "", Bars: under("fyne.io"), Allow: []string{"ui/window", "ui/screen", "ui/xwidget", "ui/look"}, Why: "Fyne stays in the window"},
}

func TestWalls(t *testing.T) {
	files := 0
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "bin" || d.Name() == "out") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		dir := path.Dir(filepath.ToSlash(name))
		f, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			for _, w := range walls {
				if w.covers(dir) && w.Bars(imported) {
					t.Errorf("%s imports %s: %s", name, imported, w.Why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d files seen: the walls were not checked", files)
	}
}

func (w wall) covers(dir string) bool {
	if w.From != "" && !under(w.From)(dir) {
		return false
	}
	for _, a := range w.Allow {
		// An allowance under "" is for that folder alone; under a wall it is for the tree.
		if dir == a || w.From != "" && under(a)(dir) {
			return false
		}
	}
	return true
}

// The owner's card fixes the top level. The root has main.go and tests; sync, app and
// ui hold no Go file at theirs, so nothing shadows the standard sync or Fyne's app.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var extra []string
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		switch e.Name() {
		case "app", "ui", "sync", "localdb", "assets", "docs", "bin", "out":
		default:
			extra = append(extra, e.Name())
		}
	}
	sort.Strings(extra)
	if len(extra) > 0 {
		t.Errorf("folders outside the owner's card: %v", extra)
	}
	for dir, only := range map[string]string{"app": "", "sync": "", "ui": "", ".": "main.go"} {
		files, _ := filepath.Glob(dir + "/*.go") // the pattern is well-formed
		for _, f := range files {
			if name := filepath.Base(f); name != only && !strings.HasSuffix(name, "_test.go") {
				t.Errorf("%s does not belong there: %s", name, dir)
			}
		}
	}
}

// One place brings the work of other goroutines to the window.
func TestDispatcherAlone(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "bin" || d.Name() == "out") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(raw), "fyne.Do") {
			return err
		}
		if seen++; name != "ui/window/dispatch.go" {
			t.Errorf("%s calls fyne.Do: take the dispatcher that is handed in", name)
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatalf("%v; %d files call fyne.Do", err, seen)
	}
}

// A fault is known by its id in sync/fault, its data and tests alone; other code
// branches on what a row says of itself.
func TestNoFaultIDOutside(t *testing.T) {
	id := regexp.MustCompile("[\"`][NDXTSHPBAK][0-9]{2}[\"`]")
	seen := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "bin" || d.Name() == "out") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || under("sync/fault")(path.Dir(filepath.ToSlash(name))) {
			return nil
		}
		seen++
		raw, err := os.ReadFile(name)
		for i, line := range strings.Split(string(raw), "\n") {
			if m := id.FindString(line); m != "" {
				t.Errorf("%s:%d knows the fault %s", name, i+1, m)
			}
		}
		return err
	})
	if err != nil || seen < 10 {
		t.Fatalf("%v; %d files seen", err, seen)
	}
}
