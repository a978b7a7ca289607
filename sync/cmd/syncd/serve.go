package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"counterfoil/sync/practice"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/listen"
)

func (o *options) serve(stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.logger = logger(stderr, o.log, o.logLevel)
	say := func(text string) { o.logger.Warn(text) }
	if o.instance == "" {
		o.instance = unnamed()
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
	stopPlain, err := o.plainly(ctx)
	if err != nil {
		return err
	}
	defer stopPlain()
	if o.practice {
		return o.practise(ctx, who, stdout)
	}
	return o.production(ctx, who, stdout)
}

// unnamed is the instance of a server that was given no name: always the same on one
// computer, whose own name strangers need not know.
func unnamed() string {
	// Where it has no name either, all such are one.
	name, _ := os.Hostname()
	sum := sha256.Sum256([]byte(name))
	return "node-" + hex.EncodeToString(sum[:3])
}

// tokens are whom to let in, and whether that can be told.
type tokens struct {
	access func(string) (access.Principal, error)
	up     func() bool
}

func (o *options) limits() listen.Limits { return listen.Limits{PerAddress: o.perAddress} }

func (o *options) practise(ctx context.Context, who tokens, stdout io.Writer) error {
	p, err := practice.Start(ctx, practice.Config{Dir: o.data, Listen: o.listen, DB: o.db, Version: version, Access: who.access, PassLife: o.passLife, LoginUp: who.up, Instance: o.instance, NoInvoices: true,
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
