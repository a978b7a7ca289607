package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/localdb"
	"counterfoil/sync/practice"
)

// deskAt is a desk that reaches p under another address.
func deskAt(tb testing.TB, p *practice.Practice, address string) *branch {
	tb.Helper()
	return branchThrough(tb, p, filepath.Join(tb.TempDir(), localdb.FileName), "https://"+address)
}

// runUntil lets the engine run by itself until done says so, or too long passed.
func (b *branch) runUntil(tb testing.TB, limit time.Duration, done func() bool) time.Duration {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.client.Engine().Run(ctx)
	}()
	for !done() {
		select {
		case <-ctx.Done():
			<-ended
			tb.Fatalf("not done after %v", limit)
		case <-time.After(20 * time.Millisecond):
		}
	}
	took := time.Since(start)
	cancel()
	<-ended
	return took
}

func (b *branch) sent(tb testing.TB) func() bool {
	return func() bool {
		n, err := b.db.Counts(context.Background(), books.Filter{})
		if err != nil {
			tb.Fatal(err)
		}
		return n.Unsynced == 0
	}
}

func (b *branch) has(tb testing.TB, all int) func() bool {
	return func() bool {
		n, err := b.db.Counts(context.Background(), books.Filter{})
		if err != nil {
			tb.Fatal(err)
		}
		return n.All >= all
	}
}

// flapInvoice is one as offices write them: every buyer and every item another,
// so that it does not shrink to nothing on the way.
func flapInvoice(rnd *rand.Rand) invoice.Invoice {
	han := []rune("苏州明远精密机械有限公司金属制品法兰北京华信达科技股份上海东方电子材料轴承螺栓密封圈不锈钢管阀门泵体齿轮减速器控制柜电缆接头润滑油检测服务安装调试维修运输仓储咨询软件开发办公用纸墨盒")
	digits := []rune("0123456789")
	text := func(of []rune, n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = of[rnd.Intn(len(of))]
		}
		return string(out)
	}
	inv := draft("合同 " + text(digits, 8))
	inv.Buyer = party.Party{
		Name: text(han, 12) + "有限公司", TaxNo: "91" + text(digits, 16), Address: text(han, 14) + text(digits, 3) + "号",
		Phone: "0512-" + text(digits, 8), Bank: "中国工商银行" + text(han, 4) + "支行", Account: text(digits, 19),
	}
	inv.Lines = nil
	for range 5 {
		q, p := decimal.New(int64(1+rnd.Intn(500)), 0), decimal.New(int64(1+rnd.Intn(999_999)), -2)
		inv.Lines = append(inv.Lines, invoice.Line{
			Name: "*金属制品*" + text(han, 6), TaxCode: "109" + text(digits, 16), Spec: "DN" + text(digits, 3) + "-" + text(digits, 4), Unit: "件",
			Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)},
		})
	}
	return inv
}

// flapDrafts fills a data file with n of them.
func flapDrafts(tb testing.TB, d *branch, n int) {
	tb.Helper()
	rnd := rand.New(rand.NewSource(1))
	for range n {
		if _, _, err := d.books.Draft(context.Background(), flapInvoice(rnd)); err != nil {
			tb.Fatal(err)
		}
	}
}

// On a line that is cut all the time everything arrives once, both ways, and
// soon: with a back-off after each cut it would take minutes.
func TestFlappingLine(t *testing.T) {
	const n = 400
	p := startServer(t)
	from, to := deskAt(t, p, flap(t, host(p.URL()), 2, 40*time.Millisecond, 1500*time.Millisecond)), deskAt(t, p, flap(t, host(p.URL()), 2, 40*time.Millisecond, 1500*time.Millisecond))
	flapDrafts(t, from, n)
	from.runUntil(t, 3*time.Minute, from.sent(t))
	to.runUntil(t, 3*time.Minute, to.has(t, n))
	if got, err := to.db.Counts(context.Background(), books.Filter{}); err != nil || got.All != n {
		t.Errorf("%d of %d arrived: %v", got.All, n, err)
	}
}

// flapSize is how many invoices travel over the flapping line; COUNTERFOIL_FLAP
// sets another number.
func flapSize() int {
	if n, err := strconv.Atoi(os.Getenv("COUNTERFOIL_FLAP")); err == nil && n > 0 {
		return n
	}
	return 2000
}

var flaps = []time.Duration{5 * time.Second, 1500 * time.Millisecond}

// BenchmarkFlappingPush and Pull let the engine run as clerks get it, at 2 Mbit/s
// and 80 ms on a line that is reset again and again.
func BenchmarkFlappingPush(b *testing.B) {
	for _, every := range flaps {
		b.Run(fmt.Sprint(every), func(b *testing.B) {
			n, took := flapSize(), time.Duration(0)
			for range b.N {
				p := benchServer(b)
				d := deskAt(b, p, flap(b, host(p.URL()), 2, 80*time.Millisecond, every))
				flapDrafts(b, d, n)
				took += d.runUntil(b, 20*time.Minute, d.sent(b))
			}
			report(b, n, took)
		})
	}
}

func BenchmarkFlappingPull(b *testing.B) {
	for _, every := range flaps {
		b.Run(fmt.Sprint(every), func(b *testing.B) {
			n, took := flapSize(), time.Duration(0)
			p := benchServer(b)
			d := benchDesk(b, p, filepath.Join(b.TempDir(), localdb.FileName))
			flapDrafts(b, d, n)
			if _, err := d.client.Engine().Once(context.Background()); err != nil {
				b.Fatal(err)
			}
			for range b.N {
				to := deskAt(b, p, flap(b, host(p.URL()), 2, 80*time.Millisecond, every))
				took += to.runUntil(b, 20*time.Minute, to.has(b, n))
			}
			report(b, n, took)
		})
	}
}

func report(b *testing.B, n int, took time.Duration) {
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), "ns/op")
	b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "invoices/s")
}

// flapBatch is what the floor sends and asks for at once.
const flapBatch = 200

// flapBodies are the bodies that travel, as the desk sends them.
func flapBodies(b *testing.B, n int) []parcel {
	p := benchServer(b)
	d := benchDesk(b, p, filepath.Join(b.TempDir(), localdb.FileName))
	flapDrafts(b, d, n)
	if _, err := d.client.Engine().Once(context.Background()); err != nil {
		b.Fatal(err)
	}
	if err := d.db.Close(); err != nil {
		b.Fatal(err)
	}
	var out []parcel
	for _, row := range openFloor(b, p.Database()).rows(
		"SELECT d.id, b.body FROM document d JOIN body b USING (key) WHERE d.type = 'invoice' ORDER BY d.seq") {
		out = append(out, parcel{row[0].(string), row[1].([]byte)})
	}
	return out
}

// BenchmarkFlappingPushFloor and PullFloor carry the same bodies over the same
// line with plain net/http, gzip and TLS: batch after batch, again at once when
// one was cut. Nothing is stored.
func BenchmarkFlappingPushFloor(b *testing.B) {
	for _, every := range flaps {
		b.Run(fmt.Sprint(every), func(b *testing.B) {
			all := flapBodies(b, flapSize())
			client, url := floorServer(b, func(w http.ResponseWriter, r *http.Request) {
				var got []parcel
				if body, err := io.ReadAll(r.Body); err == nil {
					ungzip(b, bytes.NewReader(body), &got)
				}
				ids := []string{}
				for _, p := range got {
					ids = append(ids, p.ID)
				}
				_, _ = w.Write(gzipJSON(b, ids).Bytes())
			})
			took := time.Duration(0)
			for range b.N {
				to := "https://" + flap(b, host(url), 2, 80*time.Millisecond, every)
				start := time.Now()
				for at := 0; at < len(all); {
					batch := all[at:min(at+flapBatch, len(all))]
					resp, err := client.Post(to, "application/json", gzipJSON(b, batch))
					if err == nil {
						_, err = io.ReadAll(resp.Body)
						_ = resp.Body.Close()
					}
					if err == nil {
						at += len(batch)
					}
				}
				took += time.Since(start)
			}
			report(b, len(all), took)
		})
	}
}

func BenchmarkFlappingPullFloor(b *testing.B) {
	for _, every := range flaps {
		b.Run(fmt.Sprint(every), func(b *testing.B) {
			all := flapBodies(b, flapSize())
			client, url := floorServer(b, func(w http.ResponseWriter, r *http.Request) {
				at, _ := strconv.Atoi(r.URL.Query().Get("after"))
				_, _ = w.Write(gzipJSON(b, all[at:min(at+flapBatch, len(all))]).Bytes())
			})
			took := time.Duration(0)
			for range b.N {
				to := "https://" + flap(b, host(url), 2, 80*time.Millisecond, every)
				start := time.Now()
				for at := 0; at < len(all); {
					resp, err := client.Get(to + "?after=" + strconv.Itoa(at))
					var body []byte
					if err == nil {
						body, err = io.ReadAll(resp.Body)
						_ = resp.Body.Close()
					}
					if err == nil {
						var got []parcel
						ungzip(b, bytes.NewReader(body), &got)
						at += len(got)
					}
				}
				took += time.Since(start)
			}
			report(b, len(all), took)
		})
	}
}
