package sqlite

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/listen"
	"counterfoil/sync/wire"
)

// desks is how many push at once, each over a connection of its own.
const desks = 64

// BenchmarkSinglePush pushes one invoice of five lines a request, from many desks
// over TLS: drafts (put), and invoices that are issued (transition). In the floor's
// place stands the same with one commit a request.
func BenchmarkSinglePush(b *testing.B)      { singlePushes(b, largest) }
func BenchmarkSinglePushFloor(b *testing.B) { singlePushes(b, 1) }

func singlePushes(b *testing.B, limit int) {
	for _, kind := range []string{"put", "transition"} {
		b.Run(kind, func(b *testing.B) {
			address, config := serve(b, limit)
			work := make([][][]byte, desks)
			for i := range b.N {
				work[i%desks] = append(work[i%desks], pushOf(b, i, kind))
			}
			took := make([][]time.Duration, desks)
			var all sync.WaitGroup
			conns := make([]*tls.Conn, desks)
			for i := range conns {
				c, err := tls.Dial("tcp", address, config)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				conns[i] = c
			}
			b.ResetTimer()
			for i, c := range conns {
				all.Go(func() {
					answers := bufio.NewReader(c)
					for _, raw := range work[i] {
						start := time.Now()
						if err := ask(c, answers, raw); err != nil {
							b.Error(err)
							return
						}
						took[i] = append(took[i], time.Since(start))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			times := slices.Sorted(slices.Values(slices.Concat(took...)))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pushes/s")
			b.ReportMetric(float64(times[len(times)/2])/1e6, "ms-p50")
			b.ReportMetric(float64(times[len(times)*99/100])/1e6, "ms-p99")
		})
	}
}

func ask(c io.Writer, answers *bufio.Reader, raw []byte) error {
	if _, err := c.Write(raw); err != nil {
		return err
	}
	r, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", r.Status, body)
	}
	return err
}

// serve serves as syncd does, with at most limit requests a commit.
func serve(b *testing.B, limit int) (address string, client *tls.Config) {
	store, err := Open(context.Background(), filepath.Join(b.TempDir(), "server.db"), "e")
	if err != nil {
		b.Fatal(err)
	}
	store.writer.limit = limit
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	srv := server.New(server.Config{Store: store, Now: time.Now, NewID: newID, Version: "bench", Access: func(string) (access.Principal, error) {
		return access.Principal{Branch: "West"}, nil
	}})
	h := listen.Server(srv, listen.Limits{})
	h.TLSConfig = wire.TLS()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		b.Fatal(err)
	}
	h.TLSConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = h.ServeTLS(listen.Guard(ln, listen.Limits{}), "", "") }()
	b.Cleanup(func() {
		h.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		b.Fatal(err)
	}
	roots.AddCert(leaf)
	return ln.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

// pushOf is the request that pushes invoice i, as its bytes on the line.
func pushOf(b *testing.B, i int, kind string) []byte {
	inv := invoice.Invoice{
		ID: uuid.Must(uuid.NewV7()).String(), Reference: fmt.Sprintf("MY-%06d", i), Kind: invoice.Ordinary, Basis: invoice.Exclusive, Date: "2026-11-23",
		Buyer: party.Party{Name: fmt.Sprintf("苏州明远精密机械有限公司第 %d 分公司", i%997)}, State: invoice.Draft,
	}
	if kind == "transition" {
		inv.State = invoice.Waiting
	}
	for k := range 5 {
		qty, price := decimal.New(12, 0), decimal.New(855, -1)
		inv.Lines = append(inv.Lines, invoice.Line{ID: fmt.Sprint("l", k), Order: fmt.Sprint("a", k), Name: fmt.Sprintf("*金属制品*法兰 %d-%d", i, k), Spec: "DN50", Unit: "只", Qty: &qty, Price: &price, Rate: tax.Rate{Value: decimal.New(13, -2)}})
	}
	body, err := document.Encode(inv)
	if err != nil {
		b.Fatal(err)
	}
	device := fmt.Sprintf("device-%d", i%desks)
	req, err := wire.Marshal(wire.PushRequest{Device: device, Protocol: wire.Protocol, Operations: []wire.Operation{{
		OperationID: wire.OperationID(device, int64(i/desks+1)), DocumentType: "invoice", DocumentID: inv.ID, Kind: kind, Schema: wire.Schema, Hash: wire.Hash(body), Body: body,
	}}})
	if err != nil {
		b.Fatal(err)
	}
	head := fmt.Sprintf("POST /v1/push HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer token\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(req))
	return append([]byte(head), req...)
}
