package main

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"counterfoil/sync/wire"
)

// elsewhere is what desks are told of where to look when they do not get through.
func (o *options) elsewhere() wire.Elsewhere {
	return wire.Elsewhere{Status: o.statusPage, Ports: listed(o.otherPorts), Nodes: listed(o.otherNodes)}
}

func (o *options) checkElsewhere() error {
	e := o.elsewhere()
	if u, err := url.Parse(e.Status); e.Status != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("--status-page %q is no address like http://status.example/", e.Status)
	}
	for _, p := range e.Ports {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("--other-ports: %q is no port", p)
		}
	}
	for _, n := range e.Nodes {
		if _, _, err := net.SplitHostPort(n); err != nil {
			return fmt.Errorf("--other-nodes: %q is not HOST:PORT", n)
		}
	}
	return nil
}

// listed are the parts of "a,b".
func listed(s string) []string {
	var out []string
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
