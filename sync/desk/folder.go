package desk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"counterfoil/sync/mask"
)

// practiceSuffix ends the name of the practice folder beside a real one.
const practiceSuffix = "-practice"

// A Folder is the data folder that a person means.
type Folder struct {
	Dir      string
	Practice bool   // asked for: a new folder becomes one of practice
	Real     string // the folder that practice goes back to; empty: it is not known
}

// FolderOf is the folder that a command line means: dir, or where that is empty
// the one in the user's configuration folder, home.
func FolderOf(dir string, practice bool, home string) Folder {
	f, real := Folder{Dir: dir, Practice: practice}, filepath.Join(home, "counterfoil")
	switch {
	case dir != "" && practice:
		f.Real = real
		if r, ok := strings.CutSuffix(filepath.Clean(dir), practiceSuffix); ok {
			f.Real = r
		}
	case practice:
		f.Real, f.Dir = real, real+practiceSuffix
	case dir == "":
		f.Dir = real
	}
	return f
}

// ToPractice is the practice folder beside this real one.
func (f Folder) ToPractice() Folder {
	return Folder{Dir: filepath.Clean(f.Dir) + practiceSuffix, Practice: true, Real: f.Dir}
}

// ToReal is the real folder to go back to. A practice folder that stands in the
// real one's place, as an older version made it, is moved beside; it must be closed.
func (f Folder) ToReal() (Folder, error) {
	if f.Real != "" {
		return Folder{Dir: f.Real}, nil
	}
	to := filepath.Clean(f.Dir) + practiceSuffix
	for n := 2; ; n++ {
		if _, err := os.Stat(to); errors.Is(err, os.ErrNotExist) {
			break
		}
		to = fmt.Sprintf("%s%s-%d", filepath.Clean(f.Dir), practiceSuffix, n)
	}
	return Folder{Dir: f.Dir}, os.Rename(f.Dir, to)
}

// Personal is what no text for IT may hold: who is signed in, this computer's name,
// a data folder and its servers.
func Personal(dir string, servers ...string) []string {
	names := append(append(mask.Person(), dir), servers...)
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}
