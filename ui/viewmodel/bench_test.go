package viewmodel

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkKeystroke types a digit into a cell of an invoice until its totals,
// its messages and its words are recomputed.
func BenchmarkKeystroke(t *testing.B) {
	for _, lines := range []int{1, 20, 100, 2000} {
		t.Run(fmt.Sprint(lines), func(t *testing.B) {
			b := newBench(t)
			b.Set("buyer.name", "苏州明远精密机械有限公司")
			b.Paste(0, ColName, strings.Repeat("*金属制品*法兰\tDN50\t个\t12\t85.5\t10%\t13\n", lines))
			quantities := []string{"3", "31", "314"}
			last := ""
			t.ResetTimer()
			for i := range t.N {
				b.SetCell(lines/2, ColQty, quantities[i%3])
				gross := b.Sheet().Gross.String()
				if gross == last || b.Sheet().Words == "" {
					t.Fatal("the totals did not follow: ", gross)
				}
				last = gross
			}
		})
	}
}
