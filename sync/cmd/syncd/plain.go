package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"counterfoil/sync/server"
	"counterfoil/sync/server/listen"
)

// plainly serves the side without encryption, where there is one, and says so.
// stop ends it; err is what kept it from listening.
func (o *options) plainly(ctx context.Context) (stop func(), err error) {
	if o.plain == "" {
		return func() {}, nil
	}
	return aside(ctx, o.plain, server.Plain(), o.limits(), func(at net.Addr) {
		o.logger.Info("answers without encryption", "url", "http://"+at.String()+"/generate_204")
	})
}

// aside serves h on a listener of its own until stop.
func aside(ctx context.Context, address string, h http.Handler, l listen.Limits, ready func(net.Addr)) (stop func(), err error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := listen.Server(h, l)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listen.Guard(ln, l)) }()
	ready(ln.Addr())
	return func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := s.Shutdown(drain); err != nil {
			_ = s.Close() // it is ending anyway
		}
		<-failed
	}, nil
}
