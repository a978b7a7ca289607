// Command cfoil is the desk without a window: for IT staff, scripts and tests.
// It drafts invoices into the local store, syncs them, keeps the CA certificate
// in the keyring and tells what is wrong with the connection.
//
// Exit codes: 0 good, 1 a problem was found, 2 wrong use.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"counterfoil/app/books"
	"counterfoil/sync/desk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const help = `cfoil — the Counterfoil desk without a window

usage: cfoil --data DIR [--keyring os|file] [--json] COMMAND [ARGUMENTS]

  trust import FILE --fingerprint SHA256HEX [--yes]   trust a CA certificate (PEM, one or a bundle)
  trust show                                          what is trusted
  connect URL [--token-file FILE | --token -]         set the invoice server; - reads or asks
  draft FILE|- [--type T]                             draft an invoice, or a document of another type, from JSON
  edit ID FILE|-    delete ID                         change the fields that a file names; take a document away
  submit ID         recall ID                         hand in; take back while not issued
  review ID         retry ID                          tick merged lines as looked at; send again what is parked
  revert ID                                           take back what the server refused of a customer or item
  reverse ID                                          draft the red-letter invoice of an issued one
  list [--state S] [--search Q] [--limit N]           invoices, newest first
  list --type T [--search Q]                          documents of another type, by name
  show ID           outbox          conflicts       aside (what this version cannot read)
  resolve ID --choose mine|theirs|FILE                settle a conflict
  sync [--once|--watch]                               send and receive
  status                                              what waits, and for what
  attention [--snooze KEY --for 7d | --wake KEY]      what wants a person, and when it breaks
  goals [--availability 99.95] [--success 99.9]       what the owner wants of the line, and how it was;
        [--p99 200ms] [--slowest 800ms] [--default]   set it
  selfcheck [--server URL] [--timeout 10s] [--full]   find the fault in the connection;
                                                      --full shows hosts, addresses and users
            [--report FILE.zip]                         and write what IT needs to know, masked
  fix [CURE] [--apply]                                name what the program can do against it; do it
  fix --list        fix --undo CURE                   what is in force; take it back
  fix --user NAME --password-file FILE|-              keep who signs in at the office's proxy
  backup [--to FILE] [--list]                         copy the data, verified; list the copies
  restore [--from FILE|newest] [--dry-run]            put the newest whole backup in the place of damaged
                                                      data; what was not sent is kept; --anew begins
                                                      anew where there is nothing to restore from
  money FILE|-                                        compute an invoice without storing it
  check-tax-no NO   words AMOUNT

T is customer, item or seller; sellers come from the server alone.
S is draft, waiting, issued, rejected, reversed, conflict or red.
--json prints exactly one JSON value on standard output.
The file keyring asks for its passphrase, or reads COUNTERFOIL_PASSPHRASE.
Exit codes: 0 good, 1 a problem was found, 2 wrong use.
`

// usage is an error of the caller: exit code 2.
type usage struct{ text string }

func (u usage) Error() string { return u.text }

// errFound says that a command did its work and found a problem: exit code 1,
// its output is already printed.
var errFound = errors.New("a problem was found")

// A command runs with the words after its name.
type command struct {
	run    func(ctx context.Context, c *call) error
	noData bool // needs no --data
}

var commands = map[string]command{
	"trust":        {run: trustCommand},
	"connect":      {run: connect},
	"draft":        {run: draft},
	"edit":         {run: edit},
	"delete":       {run: deleteCommand},
	"submit":       {run: submit},
	"recall":       {run: recall},
	"review":       {run: review},
	"retry":        {run: retry},
	"revert":       {run: revert},
	"reverse":      {run: reverse},
	"list":         {run: list},
	"show":         {run: show},
	"outbox":       {run: outbox},
	"aside":        {run: aside},
	"conflicts":    {run: conflicts},
	"resolve":      {run: resolve},
	"sync":         {run: syncCommand},
	"status":       {run: status},
	"attention":    {run: attentionCommand},
	"goals":        {run: goals},
	"selfcheck":    {run: selfcheck},
	"fix":          {run: fix},
	"backup":       {run: backupCommand},
	"restore":      {run: restoreCommand},
	"money":        {run: moneyCommand, noData: true},
	"check-tax-no": {run: checkTaxNo, noData: true},
	"words":        {run: words, noData: true},
}

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	c, err := parse(args)
	if err != nil {
		fmt.Fprintf(errOut, "cfoil: %v\nsee cfoil --help\n", err)
		return 2
	}
	if c.help {
		fmt.Fprint(out, help)
		return 0
	}
	cmd, ok := commands[c.name]
	switch {
	case c.name == "":
		fmt.Fprint(errOut, help)
		return 2
	case !ok:
		fmt.Fprintf(errOut, "cfoil: there is no command %q\nsee cfoil --help\n", c.name)
		return 2
	case !cmd.noData && c.data == "":
		fmt.Fprintln(errOut, "cfoil: --data DIR is needed: the folder that holds this desk's invoices")
		return 2
	}
	c.in, c.out, c.err = in, out, errOut
	if c.data != "" {
		c.data = desk.Settled(desk.Home(), c.data)
	}
	err = cmd.run(ctx, c)
	if cerr := c.close(); err == nil {
		err = cerr
	}
	return c.exit(err)
}

func (c *call) exit(err error) int {
	var u usage
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	case errors.As(err, &u):
		fmt.Fprintf(c.err, "cfoil: %v\nsee cfoil --help\n", err)
		return 2
	}
	fmt.Fprintf(c.err, "cfoil: %v\n", err)
	if c.json && !c.printed {
		type problem struct {
			Code  string `json:"code"`
			Field string `json:"field,omitempty"`
			Text  string `json:"text"`
			Hint  string `json:"hint,omitempty"`
		}
		p := problem{Code: "error", Text: err.Error()}
		var b *books.Error
		if errors.As(err, &b) {
			p = problem{Code: b.Code, Field: b.Field, Text: b.Text, Hint: b.Hint}
		}
		_ = c.print(map[string]any{"error": p})
	}
	return 1
}

// print writes one JSON value: a line with --json, indented otherwise.
func (c *call) print(v any) error {
	c.printed = true
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	if !c.json {
		e.SetIndent("", "  ")
	}
	return e.Encode(v)
}

// say writes text for people unless --json is on.
func (c *call) say(format string, args ...any) {
	if !c.json {
		fmt.Fprintf(c.out, format+"\n", args...)
	}
}

// known reports whether s is one of the words, and an error that lists them.
func known(what, s string, words ...string) error {
	for _, w := range words {
		if s == w {
			return nil
		}
	}
	return usage{fmt.Sprintf("%s is %s, not %q", what, strings.Join(words, ", "), s)}
}
