package books

import (
	"testing"

	"counterfoil/app/invoice"
)

// The first text is the one in the head or, in the lines, the upper left one;
// a line that is gone has none.
func TestTypedFirst(t *testing.T) {
	inv := invoice.Invoice{Lines: []invoice.Line{{ID: "a"}, {ID: "b"}}}
	for _, c := range []struct {
		typed Typed
		want  string
	}{
		{nil, ""},
		{Typed{"line/gone/price": "x"}, ""},
		{Typed{"line/b/name": "x", "line/a/price": "x", "line/a/discount": "x"}, "lines[1].price"},
		{Typed{"line/b/rate": ""}, "lines[2].rate"},
		{Typed{"line/a/qty": "x", "date": "x"}, "date"},
		{Typed{"line/new/order": "0009", "line/new/qty": "x"}, "lines[3].qty"},
	} {
		if got := c.typed.First(inv); got != c.want {
			t.Errorf("%v: %q, want %q", c.typed, got, c.want)
		}
	}
}
