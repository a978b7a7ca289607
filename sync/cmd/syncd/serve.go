package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/seller"
	"counterfoil/sync/practice"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/listen"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

func (o *options) serve(stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	say := func(text string) { fmt.Fprintln(stderr, "syncd:", text) }
	if o.instance == "" {
		// Where it has no name, answers name no instance.
		o.instance, _ = os.Hostname()
	}
	var who tokens
	if o.tokens != "" {
		company := o.company
		if o.practice {
			company = "practice"
		}
		t, err := access.Open(o.tokens, company, time.Now, say)
		if err != nil {
			return err
		}
		who = tokens{t.Access, t.Up}
	}
	if err := shut(o.data, say); err != nil {
		return err
	}
	if o.sellers != "" {
		var err error
		if o.handedOut, err = readSellers(o.sellers); err != nil {
			return err
		}
	}
	stopPlain, err := o.plainly(ctx, stderr)
	if err != nil {
		return err
	}
	defer stopPlain()
	if o.practice {
		return o.practise(ctx, who, stdout)
	}
	return o.production(ctx, who, stdout)
}

// tokens are whom to let in, and whether that can be told.
type tokens struct {
	access func(string) (access.Principal, error)
	up     func() bool
}

func (o *options) limits() listen.Limits { return listen.Limits{PerAddress: o.perAddress} }

func (o *options) practise(ctx context.Context, who tokens, stdout io.Writer) error {
	p, err := practice.Start(ctx, practice.Config{Dir: o.data, Listen: o.listen, DB: o.db, Version: version, Access: who.access, LoginUp: who.up, Instance: o.instance, NoInvoices: true,
		DateBack: o.dateBack, DateAhead: o.dateAhead, Limits: o.limits(), Faults: o.faults(), Sellers: o.handedOut})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "ready", p.URL())
	<-ctx.Done()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return p.Close(drain)
}

func (o *options) production(ctx context.Context, who tokens, stdout io.Writer) error {
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return fmt.Errorf("the certificate cannot be used: %w", err)
	}
	if err := wire.Strong([]*x509.Certificate{cert.Leaf}); err != nil {
		return fmt.Errorf("no desk would take the certificate: %w", err)
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	store, err := sqlite.Open(ctx, o.db, newID())
	if err != nil {
		return err
	}
	defer store.Close()
	watch := vitals.New(vitals.Config{Store: store, Dir: o.data, LoginUp: who.up})
	s := server.New(server.Config{Store: watch.Store(), Vitals: watch.Vitals, Access: who.access, Now: time.Now, NewID: newID, Version: version,
		Instance: o.instance, Environment: o.environment, MinClient: o.minClient, Company: o.company, DateBack: o.dateBack, DateAhead: o.dateAhead})
	if o.sellers != "" {
		err = s.PublishAll(ctx, seller.Type, o.handedOut...)
	}
	if err == nil {
		err = s.IssueWaiting(ctx)
	}
	if errors.Is(err, server.ErrOtherCompany) {
		return fmt.Errorf("%w: start it with --company and the name they have", err)
	}
	if err != nil {
		return err
	}
	go s.Tend(ctx)
	go watch.Run(ctx)
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	h := listen.Server(s, o.limits())
	h.TLSConfig = wire.TLS()
	h.TLSConfig.Certificates = []tls.Certificate{cert}
	failed := make(chan error, 1)
	go func() { failed <- h.ServeTLS(listen.Guard(ln, o.limits()), "", "") }()
	fmt.Fprintf(stdout, "ready https://%s\n", ln.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Close()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return h.Shutdown(drain)
}
