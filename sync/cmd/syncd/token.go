package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"counterfoil/sync/server/access"
)

// tokenCommand adds, lists and takes back tokens.
func tokenCommand(args []string, stdout, stderr io.Writer) int {
	fail := func(code int, err error) int {
		fmt.Fprintf(stderr, "syncd token: %v\n", err)
		return code
	}
	if len(args) == 0 {
		return fail(usage, errors.New("say add, list, revoke, lock or unlock"))
	}
	var e access.Entry
	fs := flag.NewFlagSet("syncd token "+args[0], flag.ContinueOnError)
	fs.SetOutput(stderr)
	file := fs.String("token-file", "", "`FILE` of the tokens (needed)")
	days := 0
	if args[0] == "add" {
		fs.StringVar(&e.Branch, "branch", "", "`NAME` of the branch that gets it (needed)")
		fs.BoolVar(&e.Whole, "company", false, "sees and writes the invoices of every branch")
		fs.StringVar(&e.Device, "device", "", "`ID` of the only device that may use it (see cfoil status)")
		fs.StringVar(&e.Person, "person", "", "`NAME` of the drawer it belongs to")
		fs.Func("roles", "`LIST` of what it may do besides: "+strings.Join(access.Roles, ", ")+" (changes the items of the company)", func(list string) error {
			for role := range strings.SplitSeq(list, ",") {
				if !slices.Contains(access.Roles, role) {
					return fmt.Errorf("there is no role %q", role)
				}
				e.Roles = append(e.Roles, role)
			}
			return nil
		})
		fs.Func("from", "`LIST` of the networks that it may be used from, like 10.0.0.0/8,192.0.2.7 (default: any)", func(list string) (err error) {
			e.From, err = access.Networks(list)
			return err
		})
		fs.StringVar(&e.Starts, "starts", "", "first `DAY` on which it counts, YYYY-MM-DD (default: at once)")
		fs.IntVar(&days, "days", 365, "days until it runs out")
	}
	// Options may stand behind the word as well.
	if err := fs.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
		return good
	} else if err != nil {
		return usage
	}
	word := fs.Arg(0)
	if fs.NArg() > 1 {
		if err := fs.Parse(fs.Args()[1:]); err != nil {
			return usage
		}
	} else if word != "" {
		_ = fs.Parse(nil) // nothing is left
	}
	switch {
	case fs.NArg() > 0:
		return fail(usage, fmt.Errorf("unexpected argument %q", fs.Arg(0)))
	case *file == "":
		return fail(usage, errors.New("--token-file FILE is missing"))
	case (word != "") != slices.Contains([]string{"revoke", "lock", "unlock"}, args[0]):
		return fail(usage, errors.New("revoke, lock and unlock, and only they, take the beginning of a hash as syncd token list shows it"))
	}
	today := time.Now().Format("2006-01-02")
	switch args[0] {
	case "add":
		if e.Branch == "" || days < 1 || days > 3660 {
			return fail(usage, errors.New("--branch NAME is needed, and --days is 1 to 3660"))
		}
		e.Expires = time.Now().AddDate(0, 0, days).Format("2006-01-02")
		token, err := access.Add(*file, e)
		if err != nil {
			return fail(wrong, err)
		}
		fmt.Fprintln(stdout, token)
		fmt.Fprintf(stderr, "This token of %s is shown once and counts until %s; give it to the branch by a safe way.\n", e.Branch, e.Expires)
	case "list":
		list, err := access.List(*file)
		if err != nil {
			return fail(wrong, err)
		}
		out := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(out, "HASH\tSTATE\tSCOPE\tBRANCH\tDEVICE\tPERSON\tROLES")
		for _, e := range list {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Hash[:12], state(e, today), scope(e), e.Branch, e.Device, e.Person, strings.Join(e.Roles, ","))
		}
		if err := out.Flush(); err != nil {
			return fail(wrong, err)
		}
	case "revoke":
		e, err := access.Revoke(*file, word, today)
		if err != nil {
			return fail(wrong, err)
		}
		fmt.Fprintf(stdout, "%s of %s is taken back; a server that runs refuses it within a second\n", e.Hash[:12], e.Branch)
	case "lock":
		e, err := access.Lock(*file, word, today)
		if err != nil {
			return fail(wrong, err)
		}
		fmt.Fprintf(stdout, "%s of %s is locked; a server that runs refuses it within a second\n", e.Hash[:12], e.Branch)
	case "unlock":
		e, err := access.Unlock(*file, word)
		if err != nil {
			return fail(wrong, err)
		}
		fmt.Fprintf(stdout, "%s of %s counts again\n", e.Hash[:12], e.Branch)
	default:
		return fail(usage, fmt.Errorf("there is no %q: say add, list, revoke, lock or unlock", args[0]))
	}
	return good
}

func state(e access.Entry, today string) string {
	switch {
	case e.Revoked != "":
		return "revoked " + e.Revoked
	case e.Locked != "":
		return "locked " + e.Locked
	case e.Starts > today:
		return "from " + e.Starts
	case e.Expires != "" && e.Expires < today:
		return "expired " + e.Expires
	case e.Expires != "":
		return "until " + e.Expires
	}
	return "without end"
}

func scope(e access.Entry) string {
	if e.Whole {
		return "company"
	}
	return "branch"
}
