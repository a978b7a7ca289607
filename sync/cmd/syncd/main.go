// Command syncd is the invoice server: the sync protocol over TLS with SQLite.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"counterfoil/app/document"
	"counterfoil/sync/practice"
)

// Exit codes.
const (
	good  = 0
	wrong = 1
	usage = 2
)

const version = "0.1.0"

const help = `syncd is the invoice server of Counterfoil.

  syncd --data DIR --tls-cert FILE --tls-key FILE --token-file FILE [--sellers FILE]
  syncd --data DIR --practice [--fault LIST]
  syncd token add --token-file FILE --branch NAME [--company] [--device ID] [--person NAME] [--roles catalog] [--from NETWORKS] [--starts DAY] [--days 365]
  syncd token list --token-file FILE
  syncd token revoke|lock|unlock --token-file FILE PREFIX
  syncd doctor [--json] [--data DIR | --url URL]    what is wrong with a server; exits with 1 when somebody must act
  syncd epoch --data DIR    after a backup was put back, when no desk has shown it yet

It prints "ready https://host:port" when it serves, and stops on SIGTERM after
finishing the requests under way. Exit codes: 0 good, 1 a problem, 2 wrong use.

`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// commands beside serving.
var commands = map[string]func(args []string, stdout, stderr io.Writer) int{
	"token":  tokenCommand,
	"epoch":  epochCommand,
	"doctor": doctorCommand,
}

type options struct {
	data, listen, cert, key, db, tokens, fault string
	plain, instance, environment, minClient    string
	statusPage, otherPorts, otherNodes         string
	metrics, log, logLevel                     string
	logger                                     *slog.Logger
	practice                                   bool
	perAddress, dateBack, dateAhead            int
	passLife                                   time.Duration
	company, sellers                           string
	handedOut                                  []document.Document // the sellers
}

func run(args []string, stdout, stderr io.Writer) int {
	ownerOnly()
	if len(args) > 0 {
		if c, ok := commands[args[0]]; ok {
			return c(args[1:], stdout, stderr)
		}
	}
	var o options
	fs := flag.NewFlagSet("syncd", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.data, "data", "", "`DIR` of the server's files (needed)")
	fs.StringVar(&o.listen, "listen", "127.0.0.1:8443", "`ADDR` to listen on")
	fs.StringVar(&o.plain, "plain", "", "`ADDR` that answers GET /generate_204 without encryption, so that desks tell a sign-in page of their network from the server (port 80 as a rule; off when empty)")
	fs.StringVar(&o.cert, "tls-cert", "", "certificate chain, PEM `FILE`")
	fs.StringVar(&o.key, "tls-key", "", "key of the certificate, PEM `FILE`")
	fs.BoolVar(&o.practice, "practice", false, "make an own CA (ca.pem, ca.sha256 in DIR) and sample customers; lets any token in, on this computer only, unless --token-file is given")
	fs.StringVar(&o.db, "db", "", "database, `sqlite:FILE` (default sqlite:DIR/server.db)")
	fs.StringVar(&o.tokens, "token-file", "", "`FILE` of who may connect, made by syncd token add")
	fs.DurationVar(&o.passLife, "pass-life", 0, "`TIME`, like 8h, that what a desk shows with its requests counts; its token is then shown only to get another, which it does by itself (0: the token is shown with every request)")
	fs.StringVar(&o.fault, "fault", "", "practice only: faults to play, `LIST` like S01,H11")
	fs.StringVar(&o.company, "company", "", "`NAME` of the company whose invoices these are; a desk's folder belongs to it, and the data to the first that is named")
	fs.StringVar(&o.sellers, "sellers", "", "JSON `FILE` with the list of the company's sellers, which desks choose on an invoice; those that are not in it any more are taken back")
	fs.StringVar(&o.instance, "instance", "", "`NAME` of this server where several stand behind one address (default: one made of the computer's name, which it does not show)")
	fs.StringVar(&o.environment, "environment", "production", "production or test: a desk of the one does not take the other")
	fs.StringVar(&o.minClient, "min-client", "", "oldest `VERSION` of the desk that may connect")
	fs.StringVar(&o.statusPage, "status-page", "", "`URL` of a page on another computer that tells how the service is; desks that do not get through ask it what time it is and whether the line works")
	fs.StringVar(&o.otherPorts, "other-ports", "", "`LIST` of other ports that lead to this server, like 443,2265")
	fs.StringVar(&o.otherNodes, "other-nodes", "", "`LIST` of other addresses of the service, HOST:PORT,HOST:PORT, whose certificate is for the same name")
	fs.StringVar(&o.metrics, "metrics", "", "`ADDR` that answers GET /metrics for Prometheus and GET /readyz, without encryption; off is none (default "+usualMetrics+")")
	fs.StringVar(&o.log, "log", "json", "`FORMAT` of the log on standard error: json or text")
	fs.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	fs.IntVar(&o.dateBack, "date-back", 92, "`DAYS` that a submitted invoice may be dated back; 0 is no limit")
	fs.IntVar(&o.dateAhead, "date-ahead", 1, "`DAYS` that it may be dated ahead")
	fs.IntVar(&o.perAddress, "per-address", 256, "connections that one address may have open")
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
	if err := o.serve(stdout, stderr); err != nil {
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
	case o.dateBack < 0 || o.dateAhead < 0:
		return errors.New("--date-back and --date-ahead are not below 0")
	case o.environment != "production" && o.environment != "test":
		return errors.New("--environment is production or test")
	case o.log != "json" && o.log != "text":
		return errors.New("--log is json or text")
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, o.logLevel):
		return errors.New("--log-level is debug, info, warn or error")
	case o.practice && o.metrics != "":
		return errors.New("--metrics is for a server that is no practice")
	case o.passLife < 0 || o.passLife > 0 && o.passLife < time.Second:
		return errors.New("--pass-life is 0 or at least 1s")
	case o.perAddress < 1:
		return errors.New("--per-address is at least 1")
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT", o.listen)
	}
	for flag, address := range map[string]string{"--plain": o.plain, "--metrics": o.metrics} {
		if _, _, err := net.SplitHostPort(address); err != nil && address != "" && (flag != "--metrics" || address != "off") {
			return fmt.Errorf("%s %q is not HOST:PORT", flag, address)
		}
	}
	if err := o.checkElsewhere(); err != nil {
		return err
	}
	if o.practice && o.tokens == "" && !practice.Loopback(o.listen) {
		return fmt.Errorf("--practice without --token-file lets anybody in, so it listens on 127.0.0.1 or [::1] only, not on %s", o.listen)
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
