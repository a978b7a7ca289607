package desk_test

import (
	"path/filepath"
	"testing"

	"counterfoil/sync/desk"
)

func TestFolders(t *testing.T) {
	for _, c := range []struct {
		data       string
		practice   bool
		want, real string
	}{
		{"", false, "/c/counterfoil", ""},
		{"", true, "/c/counterfoil-practice", "/c/counterfoil"},
		{"/d", false, "/d", ""},
		{"/d", true, "/d", "/c/counterfoil"},
		{"/d-practice", true, "/d-practice", "/d"},
	} {
		f := desk.FolderOf(c.data, c.practice, "/c")
		if f.Dir != filepath.FromSlash(c.want) && f.Dir != c.want || filepath.ToSlash(f.Real) != c.real {
			t.Errorf("%+v: folder %s, real %s", c, f.Dir, f.Real)
		}
	}
}
