package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/metrics"
	"counterfoil/sync/server/vitals"
)

// usualMetrics is where metrics are without --metrics.
const usualMetrics = "127.0.0.1:9464"

// opsFile in the data folder holds the address of the metrics while a server runs.
const opsFile = "server.metrics"

// logger writes lines of JSON, or of text for people.
func logger(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	if l.UnmarshalText([]byte(level)) != nil {
		l = slog.LevelInfo // check has refused anything else
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}

// measure serves the metrics on a listener of their own until stop. Where nobody
// named one, a usual address that is taken is no error.
func (o *options) measure(ctx context.Context, count *metrics.Metrics, watch *vitals.Watch, s *server.Server, cert *tls.Certificate) (stop func(), err error) {
	none := func() {}
	if o.metrics == "off" {
		return none, nil
	}
	about, started := metrics.About{Version: version, Instance: o.instance}, time.Now()
	count.Watch(watch, about, cert)
	h := count.Handler(s.Ready, func() metrics.Figures { return count.Figures(watch, about, started) })
	address := o.metrics
	if address == "" {
		address = usualMetrics
	}
	file := filepath.Join(o.data, opsFile)
	end, err := aside(ctx, address, h, o.limits(), func(at net.Addr) {
		if err := os.WriteFile(file, []byte(at.String()+"\n"), 0o600); err != nil {
			o.logger.Warn("syncd doctor will not find the metrics", "error", err.Error())
		}
		o.logger.Info("metrics", "url", "http://"+at.String()+"/metrics")
	})
	switch {
	case err != nil && o.metrics == "":
		o.logger.Warn("there are no metrics: give --metrics an address of its own, or off", "error", err.Error())
		return none, nil
	case err != nil:
		return nil, err
	}
	return func() {
		end()
		// Whoever finds it later sees that nobody answers there.
		_ = os.Remove(file)
	}, nil
}
