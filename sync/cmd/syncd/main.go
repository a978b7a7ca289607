// Command syncd is the invoice server: the sync protocol over TLS with SQLite.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"counterfoil/sync/practice"
	"counterfoil/sync/server"
	"counterfoil/sync/server/access"
	"counterfoil/sync/server/sqlite"
)

// Exit codes.
const (
	good  = 0
	wrong = 1
	usage = 2
)

const version = "0.1.0"

const help = `syncd is the invoice server of Counterfoil.

  syncd --data DIR --tls-cert FILE --tls-key FILE --token-file FILE
  syncd --data DIR --practice [--fault LIST]

It prints "ready https://host:port" when it serves, and stops on SIGTERM after
finishing the requests under way. Exit codes: 0 good, 1 a problem, 2 wrong use.

`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

type options struct {
	data, listen, cert, key, db, tokens, fault string
	practice                                   bool
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	fs := flag.NewFlagSet("syncd", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.data, "data", "", "`DIR` of the server's files (needed)")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:8443", "`ADDR` to listen on")
	fs.StringVar(&o.cert, "tls-cert", "", "certificate chain, PEM `FILE`")
	fs.StringVar(&o.key, "tls-key", "", "key of the certificate, PEM `FILE`")
	fs.BoolVar(&o.practice, "practice", false, "make an own CA (ca.pem, ca.sha256 in DIR) and sample customers; lets any token in unless --token-file is given")
	fs.StringVar(&o.db, "db", "", "database, `sqlite:FILE` (default sqlite:DIR/server.db)")
	fs.StringVar(&o.tokens, "token-file", "", "`FILE` with lines \"token branch name\"")
	fs.StringVar(&o.fault, "fault", "", "practice only: faults to play, `LIST` like S01,H11")
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), help)
		fs.PrintDefaults()
	}
	for _, a := range args {
		if a == "--help" || a == "-help" || a == "-h" {
			fs.SetOutput(stdout)
		}
	}
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return good
	} else if err != nil {
		return usage
	}
	if err := o.check(fs.Args()); err != nil {
		fmt.Fprintf(stderr, "syncd: %v\nsyncd --help shows the use.\n", err)
		return usage
	}
	if err := o.serve(stdout); err != nil {
		fmt.Fprintf(stderr, "syncd: %v\n", err)
		return wrong
	}
	return good
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.data == "":
		return errors.New("--data DIR is missing: say where the server keeps its files")
	case o.practice && (o.cert != "" || o.key != ""):
		return errors.New("--practice makes its own certificate: leave --tls-cert and --tls-key out")
	case !o.practice && (o.cert == "" || o.key == ""):
		return errors.New("--tls-cert and --tls-key are needed (there is no serving without TLS), or --practice for an own CA")
	case !o.practice && o.tokens == "":
		return errors.New("--token-file is needed: it says who may connect")
	case !o.practice && o.fault != "":
		return errors.New("--fault is for --practice only")
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT", o.listen)
	}
	if o.db == "" {
		o.db = filepath.Join(o.data, "server.db")
	} else if file, ok := strings.CutPrefix(o.db, "sqlite:"); ok && file != "" {
		o.db = file
	} else {
		return fmt.Errorf("--db %q is not sqlite:FILE", o.db)
	}
	for _, id := range o.faults() {
		if !practice.Known(id) {
			return fmt.Errorf("--fault: there is no fault %q", id)
		}
	}
	return nil
}

func (o *options) faults() []string {
	return strings.FieldsFunc(o.fault, func(r rune) bool { return r == ',' || r == ' ' })
}

func (o *options) serve(stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var who func(string) (access.Principal, error)
	if o.tokens != "" {
		names, err := readTokens(o.tokens)
		if err != nil {
			return err
		}
		who = func(token string) (access.Principal, error) {
			name, ok := names[token]
			if !ok {
				return access.Principal{}, access.ErrUnknown
			}
			return access.Principal{Branch: name}, nil
		}
	}
	if o.practice {
		p, err := practice.Start(ctx, practice.Config{Dir: o.data, Listen: o.listen, DB: o.db, Version: version, Access: who, NoInvoices: true})
		if err != nil {
			return err
		}
		for _, id := range o.faults() {
			if err := p.Set(id, true); err != nil {
				return err
			}
		}
		fmt.Fprintln(stdout, "ready", p.URL())
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return p.Close(drain)
	}
	return o.production(ctx, who, stdout)
}

func (o *options) production(ctx context.Context, who func(string) (access.Principal, error), stdout io.Writer) error {
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return fmt.Errorf("the certificate cannot be used: %w", err)
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	store, err := sqlite.Open(ctx, o.db, newID())
	if err != nil {
		return err
	}
	defer store.Close()
	s := server.New(server.Config{Store: store, Access: who, Now: time.Now, NewID: newID, Version: version})
	if err := s.IssueWaiting(ctx); err != nil {
		return err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}},
	}
	failed := make(chan error, 1)
	go func() { failed <- h.ServeTLS(ln, "", "") }()
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

// readTokens reads lines "token branch name"; # begins a comment.
func readTokens(file string) (map[string]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		token, name, _ := strings.Cut(line, " ")
		if name = strings.TrimSpace(name); name == "" {
			return nil, fmt.Errorf("%s line %d: write the token, a space and the branch's name", file, i+1)
		}
		out[token] = name
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no token", file)
	}
	return out, nil
}
