package desk_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"counterfoil/app/books"
	"counterfoil/app/document"
	"counterfoil/app/invoice"
	"counterfoil/app/party"
	"counterfoil/app/tax"
	"counterfoil/sync/desk"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/trust"
)

const token = "the token of the west branch"

// reference is the reference server over TLS; it returns its address and CA.
func reference(t *testing.T) (address string, ca []byte) {
	t.Helper()
	return referenceOver(t, func(*tls.Config) {})
}

// referenceOver is reference with a TLS configuration of its own.
func referenceOver(t *testing.T, change func(*tls.Config)) (address string, ca []byte) {
	t.Helper()
	return referenceWith(t, change, func(*server.Config) {})
}

// referenceWith is reference with another configuration.
func referenceWith(t *testing.T, change func(*tls.Config), also func(*server.Config)) (address string, ca []byte) {
	t.Helper()
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "server.db"), newID())
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{
		Store: store, Now: time.Now, NewID: newID, Version: "test", Environment: "test", Company: "our company",
		Access: func(s string) (access.Principal, error) {
			if s != token {
				return access.Principal{}, access.ErrUnknown
			}
			return access.Principal{Company: "our company", Branch: "West", Roles: []string{access.Catalog}}, nil
		},
	}
	also(&cfg)
	s := server.New(cfg)
	h := httptest.NewUnstartedServer(s)
	h.TLS = &tls.Config{}
	change(h.TLS)
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	t.Cleanup(func() {
		s.Close() // of those that listen for changes
		h.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return h.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})
}

func bill(remark string) invoice.Invoice {
	q, p := decimal.New(3, 0), decimal.RequireFromString("33.5")
	return invoice.Invoice{Kind: invoice.Ordinary, Basis: invoice.Exclusive, Buyer: party.Party{Name: "苏州明远"}, Remark: remark,
		Lines: []invoice.Line{{Name: "法兰", Qty: &q, Price: &p, Rate: tax.Rate{Value: decimal.New(13, -2)}}}}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A folder is drafted in, synced, closed and opened again, all in one process and
// over the same composition that the programs use.
func TestDraftSyncCloseReopen(t *testing.T) {
	address, ca := reference(t)
	dir := filepath.Join(t.TempDir(), "our desk")
	cfg := desk.Config{Dir: dir, Use: desk.Window, Version: "test", Keys: &trust.Store{Keyring: trust.Memory(), Profile: "p"}}
	ctx := context.Background()
	d := must[*desk.Desk](t)(desk.Open(ctx, cfg))
	t.Cleanup(func() { _ = d.Close() })
	if _, err := d.Engine().Once(ctx); !errors.Is(err, desk.ErrNotConnected) {
		t.Fatal("a new folder has a server:", err)
	}
	if err := d.Trust(ctx, must[*trust.Bundle](t)(trust.ParseBundle(ca))); err != nil {
		t.Fatal(err)
	}
	if err := d.Connect(ctx, address, token); err != nil {
		t.Fatal(err)
	}
	st, _, err := d.Books.Draft(ctx, bill("drafted before the first sync"))
	if err != nil {
		t.Fatal(err)
	}
	id := st.Invoice.ID
	if _, err := d.Books.Submit(ctx, id); err != nil {
		t.Fatal(err)
	}
	var told atomic.Bool
	issued := make(chan string, 1)
	d.Changed(func(k document.Key) {
		st, err := d.Store.Invoice(ctx, k.ID)
		if err == nil && st.Invoice.Number != "" && told.CompareAndSwap(false, true) {
			issued <- st.Invoice.Number
		}
	})
	d.Start()
	var number string
	select {
	case number = <-issued:
	case <-time.After(20 * time.Second):
		t.Fatal("it was never issued:", d.Engine().LastError())
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal("close:", err)
		}
	}
	if _, err := d.Store.Invoice(ctx, id); err == nil {
		t.Fatal("a closed desk reads")
	}

	d = must[*desk.Desk](t)(desk.Open(ctx, cfg))
	if st := must[books.Stored](t)(d.Store.Invoice(ctx, id)); st.Invoice.Number != number || st.Pending != "" || st.Invoice.State != invoice.Issued {
		t.Fatalf("%+v is not what was issued as %s", st, number)
	}
	if d.URL() != address || d.Environment() != "test" || d.Practising() {
		t.Fatal("the folder forgot its server:", d.URL(), d.Environment())
	}
	if d.Monitor().State().LastOK.IsZero() {
		t.Error("what the monitor saw was not kept")
	}
	if sum, err := d.Engine().Once(ctx); err != nil || sum.Pushed != 0 {
		t.Fatalf("sent again: %+v %v", sum, err)
	}
}

func code(err error) string {
	var e *books.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Code
}

// One process syncs a folder at a time, and the window comes first; drafting
// beside it stays possible.
func TestOneSyncsAFolder(t *testing.T) {
	dir := t.TempDir()
	open := func(use desk.Use) (*desk.Desk, error) {
		return desk.Open(t.Context(), desk.Config{Dir: dir, Use: use, Keys: trust.Of(dir, "memory")})
	}
	for _, c := range []struct {
		first, second desk.Use
		refused       string
	}{
		{desk.Window, desk.Window, "open_already"},
		{desk.Window, desk.Sync, "sync_busy"},
		{desk.Sync, desk.Sync, "sync_busy"},
		{desk.Sync, desk.Window, "sync_busy"},
		{desk.Window, desk.Draft, ""},
		{desk.Draft, desk.Window, ""},
		{desk.Sync, desk.Draft, ""},
	} {
		t.Run("", func(t *testing.T) {
			first := must[*desk.Desk](t)(open(c.first))
			second, err := open(c.second)
			if code(err) != c.refused || (err == nil) != (c.refused == "") || (second == nil) != (err != nil) {
				t.Fatalf("%+v: %v", c, err)
			}
			if err == nil {
				if _, _, err := second.Books.Draft(t.Context(), bill("beside")); err != nil {
					t.Fatal(err)
				}
				_, err := second.Engine().Once(t.Context())
				if here := errors.Is(err, desk.ErrNotConnected); here != (c.second != desk.Draft) || err == nil {
					t.Errorf("%+v: what drafts alone does not sync: %v", c, err)
				}
				if err := second.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			again := must[*desk.Desk](t)(open(c.second)) // it was given up whole
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What fails on the way leaves the folder free, and says why.
func TestOpenThatFailsGivesUp(t *testing.T) {
	dir := t.TempDir()
	cfg := desk.Config{Dir: dir, Use: desk.Window, Keys: trust.Of(dir, "memory"), Practice: true,
		PracticeServer: func(context.Context, string) (desk.PracticeServer, error) { return nil, errors.New("no port is free") }}
	if _, err := desk.Open(t.Context(), cfg); err == nil || code(err) != "" {
		t.Fatal(err)
	}
	cfg.PracticeServer = nil
	d := must[*desk.Desk](t)(desk.Open(t.Context(), cfg))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Open(t.Context(), desk.Config{Dir: filepath.Join(dir, "counterfoil.db", "below"), Keys: cfg.Keys}); code(err) != "data_folder" {
		t.Fatal(err)
	}
}
