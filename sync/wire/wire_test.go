package wire

import (
	"reflect"
	"testing"

	"counterfoil/app/books"
)

func TestCursor(t *testing.T) {
	c := books.Cursor{Epoch: "e1", Seq: 42, Scope: "all"}
	got, err := ParseCursor(FormatCursor(c))
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"x", "a:b:c", ":1:all", "a:-1:all"} {
		if _, err := ParseCursor(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
