package lab

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

const curing = "cure"

// hasFix reports whether the program has cures on the command line.
var hasFix = sync.OnceValue(func() bool {
	out, _ := exec.Command(filepath.Join(*tools, "cfoil"), "--help").CombinedOutput()
	return strings.Contains(string(out), "\n  fix ")
})

// cured are the faults of which the program says that it has a cure: each is the
// single case of that name, and is cured as the wanted cure says.
var cured = map[string]string{
	"D02 silent name server":                          "last_good_address",
	"D03 name server refuses":                         "last_good_address",
	"D04 name server fails":                           "last_good_address",
	"D06 unknown to this name server":                 "last_good_address",
	"D08 name leads to 127.0.0.1":                     "last_good_address",
	"D09 old address, refused":                        "fresh_dns",
	"D10 hosts: 127.0.0.1":                            "fresh_dns",
	"D11 UDP 53 blocked on the way":                   "tcp_dns",
	"X01 proxy of an unknown name":                    "direct",
	"X02 proxy refuses":                               "direct",
	"X10 left-over proxy 127.0.0.1:7890":              "direct",
	"X08 direct shut, environment lost":               "os_proxy",
	"N10 VPN swallows the server's route":             "source_address",
	"N12 wire of 1300 bytes, both ways":               "small_segments",
	"S09 intermediate is missing":                     "remembered_intermediate",
	"S25 large hello is dropped":                      "classic_keys",
	"S24 no protocol in common":                       "http1",
	"H25 calls itself gzip and is none":               "identity_encoding",
	"T04 8443 dropped in the office, 443 open":        "other_port",
	"T04 443 dropped at the site, 8443 open":          "other_port",
	"K06 pages of the database are zero":              "restore_backup",
	"X07 environment's proxy dead, the system's well": "os_proxy",
}

func cureCases() (out []trial) {
	if !hasFix() {
		return nil
	}
	for _, f := range families {
		for _, t := range f() {
			if name := cured[t.name]; name != "" {
				t.kind, t.name, t.cure = curing, "cure of "+t.name, name
				out = append(out, t)
			}
		}
	}
	return out
}

// cureIt sees a sync fail, lets the program mend it, sees the sync work, takes the
// fault away and sees the cure end.
func (w *world) cureIt(t trial, r *result) {
	sync := func() (string, bool) {
		out, errs, code := w.cfoil(w.desk, "sync", "--once")
		return out + errs, code == 0
	}
	if says, ok := sync(); ok {
		r.Lab = "the sync works with the fault: " + says
		return
	}
	out, errs, _ := w.cfoil(w.desk, "fix", "--apply")
	r.Verdict = fmt.Sprintf("%.300s %.200s", strings.TrimSpace(out), strings.TrimSpace(errs))
	if says, ok := sync(); !ok {
		r.Why = "the sync fails after the cure: " + says
		return
	}
	// The fault goes; the base's network stays.
	if _, err := w.enrolled(t.base); err != nil {
		r.Lab = err.Error()
		return
	}
	if says, ok := sync(); !ok {
		r.Why = "the sync fails after the fault is gone: " + says
		return
	}
	out, errs, _ = w.cfoil(w.desk, "fix")
	var left struct {
		Active []json.RawMessage `json:"active"`
	}
	if err := json.Unmarshal([]byte(out), &left); err != nil {
		r.Why = fmt.Sprintf("fix prints %q %q", out, errs)
		return
	}
	if len(left.Active) > 0 {
		r.Why = fmt.Sprintf("the cure did not end: %s", out)
	}
	r.Right = r.Why == ""
}
