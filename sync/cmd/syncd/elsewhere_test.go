package main

import "testing"

func TestElsewhere(t *testing.T) {
	for _, c := range []struct {
		status, ports, nodes string
		good                 bool
	}{
		{"", "", "", true},
		{"http://status.example/", "443, 2265", "b.example:8443,[fd00::2]:8443", true},
		{"status.example", "", "", false},
		{"ftp://status.example/", "", "", false},
		{"", "https", "", false},
		{"", "70000", "", false},
		{"", "", "b.example", false},
	} {
		o := &options{statusPage: c.status, otherPorts: c.ports, otherNodes: c.nodes}
		if err := o.checkElsewhere(); (err == nil) != c.good {
			t.Errorf("%+v: %v", c, err)
		}
	}
	o := &options{statusPage: "http://status.example/", otherPorts: "443, 2265"}
	if e := o.elsewhere(); e.Status != o.statusPage || len(e.Ports) != 2 || e.Ports[1] != "2265" || e.Nodes != nil {
		t.Errorf("%+v", e)
	}
}
