package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// purposes of the modules that this product imports itself; the others come with them.
var purposes = map[string]string{
	"github.com/Azure/go-ntlmssp":         "signs in at proxies by NTLM",
	"github.com/alexbrainman/sspi":        "the same as the user of Windows",
	"github.com/dop251/goja":              "runs the proxy scripts (PAC) of the system's settings",
	"fyne.io/fyne/v2":                     "the window",
	"modernc.org/sqlite":                  "the database",
	"github.com/go-resty/resty/v2":        "HTTP client",
	"github.com/zalando/go-keyring":       "the system's password store",
	"github.com/godbus/dbus/v5":           "asks the Secret Service whether it is locked",
	"github.com/prometheus/client_golang": "the server's metrics",
	"github.com/shopspring/decimal":       "exact decimals",
	"github.com/go-json-experiment/json":  "JSON of the protocol and of stored documents (the library version of encoding/json/v2)",
	"github.com/gofrs/flock":              "one window, one sync a data folder; files that two programs change",
	"github.com/google/uuid":              "ids",
	"github.com/mozillazg/go-pinyin":      "search by initials",
	"golang.org/x/crypto":                 "key file, stapled OCSP answers",
	"golang.org/x/net":                    "DNS messages",
	"golang.org/x/sys":                    "system calls",
	"golang.org/x/term":                   "passphrases and tokens typed unseen",
	"golang.org/x/text":                   "full-width characters",
}

// linked returns the modules in the three programs on the systems they are made
// for, each with its folder and the programs that hold it.
func linked(t *testing.T) map[string]*module3 {
	t.Helper()
	out := map[string]*module3{}
	for _, goos := range []string{"linux", "windows", "darwin"} {
		for program, path := range map[string]string{"window": ".", "cfoil": "./sync/cmd/cfoil", "syncd": "./sync/cmd/syncd"} {
			cmd := exec.Command("go", "list", "-deps", "-tags", "migrated_fynedo,no_emoji", "-json=Module", path)
			cgo := "0"
			if program == "window" {
				cgo = "1"
			}
			cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED="+cgo)
			var said strings.Builder
			cmd.Stderr = &said
			raw, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s on %s: %v\n%s", program, goos, err, said.String())
			}
			for d := json.NewDecoder(strings.NewReader(string(raw))); ; {
				var p struct{ Module *module3 }
				if err := d.Decode(&p); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if p.Module == nil || p.Module.Main {
					continue
				}
				m := out[p.Module.Path]
				if m == nil {
					m = p.Module
					out[m.Path] = m
				}
				if !slices.Contains(m.programs, program) {
					m.programs = append(m.programs, program)
				}
			}
		}
	}
	return out
}

// module3 is a module of somebody else.
type module3 struct {
	Path, Version, Dir string
	Main               bool

	programs []string
}

// licences reads the licence files of a module and of what it holds of others,
// and names what they are.
func (m *module3) licences(t *testing.T) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(m.Dir, func(file string, d fs.DirEntry, err error) error {
		name := strings.ToUpper(d.Name())
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"TESTDATA", "EXAMPLES", "_EXAMPLES"}, name):
			return fs.SkipDir
		case d.IsDir() || !licenceFile.MatchString(name):
			return nil
		}
		text, err := os.ReadFile(file)
		for _, l := range licensecheck.Scan(text).Match {
			if !l.IsURL && !slices.Contains(found, l.ID) {
				found = append(found, l.ID)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return cmp.Or(strings.Join(found, ", "), "unknown")
}

var licenceFile = regexp.MustCompile(`^(LICEN[CS]E|COPYING|UNLICENSE|OFL)`)

const thirdPartyHead = `# Third-party software

The modules that are linked into the three programs on Linux, Windows and macOS, with the licences that their licence
files hold. A test writes this page from what is really linked; ` + "`COUNTERFOIL_UPDATE=1 go test -run ThirdParty .`" + ` makes it anew.

| module | licence | in | for |
| --- | --- | --- | --- |
`

const thirdPartyTail = `
Noto Sans CJK SC, cut to GB 2312 and characters of names, is under the SIL OFL 1.1 (` + "`assets/font/OFL.txt`" + `).
The icons in ` + "`assets/icon`" + ` were drawn for this product and share its licence.
`

// docs/third-party.md lists what is linked, no more and no less.
func TestThirdParty(t *testing.T) {
	modules := linked(t)
	if len(modules) < 20 {
		t.Fatalf("only %d modules were found", len(modules))
	}
	var paths []string
	for p := range modules {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	var page strings.Builder
	page.WriteString(thirdPartyHead)
	for _, p := range paths {
		m := modules[p]
		licence := m.licences(t)
		if licence == "unknown" {
			t.Errorf("%s %s has no licence that is known", p, m.Version)
		}
		slices.Sort(m.programs)
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", p, licence, strings.Join(m.programs, ", "), purposes[p])
	}
	page.WriteString(thirdPartyTail)
	for p := range purposes {
		if modules[p] == nil {
			t.Errorf("%s is not linked any more", p)
		}
	}
	const file = "docs/third-party.md"
	if os.Getenv("COUNTERFOIL_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if raw, err := os.ReadFile(file); err != nil || strings.ReplaceAll(string(raw), "\r\n", "\n") != page.String() {
		t.Errorf("%s differs from what is linked; run with COUNTERFOIL_UPDATE=1 (%v)", file, err)
	}
}
