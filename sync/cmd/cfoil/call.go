package main

import (
	"fmt"
	"io"
	"strings"

	"counterfoil/sync/desk"
)

// A call is one invocation: its words, its streams and the desk it opened.
type call struct {
	name string
	args []string          // what stands after the command, without options
	opts map[string]string // options; those without a value hold "true"

	data, keyring string
	json, help    bool

	in       io.Reader
	out, err io.Writer
	printed  bool
	desk     *desk.Desk
}

// options lists what each command takes; true means that a value follows.
var options = map[string]map[string]bool{
	"":          {"data": true, "keyring": true, "json": false, "help": false},
	"trust":     {"fingerprint": true, "yes": false},
	"connect":   {"token": true, "token-file": true},
	"draft":     {"type": true},
	"list":      {"state": true, "search": true, "limit": true, "type": true},
	"resolve":   {"choose": true},
	"sync":      {"once": false, "watch": false},
	"backup":    {"to": true, "list": false},
	"restore":   {"from": true, "dry-run": false, "anew": false},
	"fix":       {"apply": false, "undo": true, "list": false, "full": false, "timeout": true, "user": true, "password-file": true},
	"attention": {"snooze": true, "for": true, "wake": true},
	"goals":     {"availability": true, "success": true, "p99": true, "slowest": true, "default": false},
	"selfcheck": {"server": true, "timeout": true, "full": false, "report": true},
}

// parse reads options wherever they stand. "-" and negative numbers are words;
// after "--" everything is.
func parse(args []string) (*call, error) {
	c := &call{opts: map[string]string{}}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			c.words(args[i+1:])
			break
		}
		if a == "-h" {
			a = "--help"
		}
		if !strings.HasPrefix(a, "-") || a == "-" || len(a) > 1 && a[1] >= '0' && a[1] <= '9' {
			c.words([]string{a})
			continue
		}
		name, value, has := strings.Cut(strings.TrimLeft(a, "-"), "=")
		takes, ok := options[""][name]
		if !ok {
			takes, ok = options[c.name][name]
		}
		switch {
		case !ok && c.name == "":
			return nil, usage{fmt.Sprintf("there is no option --%s before the command", name)}
		case !ok:
			return nil, usage{fmt.Sprintf("%s has no option --%s", c.name, name)}
		case takes && !has:
			i++
			if i == len(args) {
				return nil, usage{fmt.Sprintf("--%s needs a value", name)}
			}
			value = args[i]
		case !takes && has:
			return nil, usage{fmt.Sprintf("--%s takes no value", name)}
		case !takes:
			value = "true"
		}
		c.opts[name] = value
	}
	c.data, c.keyring = c.opts["data"], c.opts["keyring"]
	c.json, c.help = c.opts["json"] != "", c.opts["help"] != ""
	if c.keyring == "" {
		c.keyring = "os"
	}
	return c, known("--keyring", c.keyring, "os", "file")
}

func (c *call) words(w []string) {
	for _, s := range w {
		if c.name == "" {
			c.name = s
		} else {
			c.args = append(c.args, s)
		}
	}
}

// take checks the number of words after the command.
func (c *call) take(names ...string) error {
	switch {
	case len(c.args) < len(names):
		return usage{fmt.Sprintf("%s needs %s", c.name, strings.Join(names[len(c.args):], " and "))}
	case len(c.args) > len(names):
		return usage{fmt.Sprintf("%s does not take %q", c.name, c.args[len(names)])}
	}
	return nil
}
