package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"counterfoil/app/invoice"
	"counterfoil/localdb"
	"counterfoil/sync/practice"
)

// benchSize is how many invoices travel; COUNTERFOIL_BENCH sets another number.
func benchSize() int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_BENCH")); err == nil && n > 0 {
		return n
	}
	return 10_000
}

func benchServer(b *testing.B) *practice.Practice {
	b.Helper()
	p, err := practice.Start(context.Background(), practice.Config{Dir: b.TempDir(), Version: "bench", Empty: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

// benchDesk is a desk whose data file is at path.
func benchDesk(b *testing.B, p *practice.Practice, path string) *branch {
	b.Helper()
	return branchThrough(b, p, path, p.URL())
}

// benchInvoice is one of five lines, unlike the others.
func benchInvoice(i int) invoice.Invoice {
	inv := draft(fmt.Sprintf("合同 MY-%06d", i))
	for k := range 3 {
		l := inv.Lines[0]
		l.Name = fmt.Sprintf("*金属制品*法兰 %d-%d", i, k)
		inv.Lines = append(inv.Lines, l)
	}
	inv.Buyer.Name = fmt.Sprintf("苏州明远精密机械有限公司第 %d 分公司", i%997)
	return inv
}

// draftMany fills a data file with drafts that were never sent.
func draftMany(b *testing.B, d *branch, n int) {
	b.Helper()
	for i := range n {
		if _, _, err := d.books.Draft(context.Background(), benchInvoice(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func rate(b *testing.B, n int) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "invoices/s")
}

// BenchmarkPush sends drafts to an empty server, BenchmarkPull brings them to an
// empty desk: real engine, resty, TLS and SQLite on both ends.
func BenchmarkPush(b *testing.B) {
	n := benchSize()
	for range b.N {
		b.StopTimer()
		p := benchServer(b)
		d := benchDesk(b, p, filepath.Join(b.TempDir(), localdb.FileName))
		draftMany(b, d, n)
		b.StartTimer()
		sum, err := d.client.Engine().Once(context.Background())
		if err != nil || sum.Applied != n {
			b.Fatal(sum, err)
		}
	}
	rate(b, n)
}

func BenchmarkPull(b *testing.B) {
	n := benchSize()
	p := benchServer(b)
	d := benchDesk(b, p, filepath.Join(b.TempDir(), localdb.FileName))
	draftMany(b, d, n)
	if _, err := d.client.Engine().Once(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		to := benchDesk(b, p, filepath.Join(b.TempDir(), localdb.FileName))
		b.StartTimer()
		sum, err := to.client.Engine().Once(context.Background())
		if err != nil || sum.Pulled < n {
			b.Fatal(sum, err)
		}
	}
	rate(b, n)
}
