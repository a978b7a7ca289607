package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"counterfoil/app/seller"
	"counterfoil/sync/server"
	"counterfoil/sync/server/listen"
	"counterfoil/sync/server/metrics"
	"counterfoil/sync/server/sqlite"
	"counterfoil/sync/server/traffic"
	"counterfoil/sync/server/vitals"
	"counterfoil/sync/wire"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (o *options) production(ctx context.Context, who tokens, stdout io.Writer) error {
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return fmt.Errorf("the certificate cannot be used: %w", err)
	}
	if err := wire.Strong([]*x509.Certificate{cert.Leaf}); err != nil {
		return fmt.Errorf("no desk would take the certificate: %w", err)
	}
	store, err := sqlite.Open(ctx, o.db, newID())
	if err != nil {
		return err
	}
	defer store.Close()
	count := metrics.New()
	watch := vitals.New(vitals.Config{Store: store, Dir: o.data, LoginUp: who.up, Observe: count.Database})
	s := server.New(server.Config{Store: watch.Store(), Vitals: watch.Vitals, Access: who.access, PassLife: o.passLife, Now: time.Now, NewID: newID, Version: version,
		Instance: o.instance, Environment: o.environment, MinClient: o.minClient, Elsewhere: o.elsewhere(), Company: o.company, DateBack: o.dateBack, DateAhead: o.dateAhead})
	if err := o.begin(ctx, s); err != nil {
		return err
	}
	go s.Tend(ctx)
	// Until the end of the drain, so that what is asked meanwhile is true.
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	defer unwatch()
	go watch.Run(watching)
	stop, err := o.measure(ctx, count, watch, s, &cert)
	if err != nil {
		return err
	}
	defer stop()
	note := traffic.Log(o.logger)
	return o.listenTLS(ctx, s, traffic.Wrap(s, func(q traffic.Request) { count.Request(q); note(q) }), cert, stdout)
}

// begin hands the sellers out and issues what waited.
func (o *options) begin(ctx context.Context, s *server.Server) (err error) {
	if o.sellers != "" {
		err = s.PublishAll(ctx, seller.Type, o.handedOut...)
	}
	if err == nil {
		err = s.IssueWaiting(ctx)
	}
	if errors.Is(err, server.ErrOtherCompany) {
		return fmt.Errorf("%w: start it with --company and the name they have", err)
	}
	return err
}

// listenTLS serves until ctx ends, then drains.
func (o *options) listenTLS(ctx context.Context, s *server.Server, h http.Handler, cert tls.Certificate, stdout io.Writer) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	web := listen.Server(h, o.limits())
	web.ErrorLog = slog.NewLogLogger(o.logger.Handler(), slog.LevelWarn)
	web.TLSConfig = wire.TLS()
	web.TLSConfig.Certificates = []tls.Certificate{cert}
	failed := make(chan error, 1)
	go func() { failed <- web.ServeTLS(listen.Guard(ln, o.limits()), "", "") }()
	fmt.Fprintf(stdout, "ready https://%s\n", ln.Addr())
	o.logger.Info("ready", "address", ln.Addr().String(), "version", version, "instance", o.instance, "data", o.data)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	o.logger.Info("stopping")
	s.Close()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return web.Shutdown(drain)
}
