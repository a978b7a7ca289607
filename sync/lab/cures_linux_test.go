package lab

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
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
	"D02 silent name server":                              "last_good_address",
	"D03 name server refuses":                             "last_good_address",
	"D04 name server fails":                               "last_good_address",
	"D06 unknown to this name server":                     "last_good_address",
	"D08 name leads to 127.0.0.1":                         "last_good_address",
	"D09 old address, refused":                            "fresh_dns",
	"D10 hosts: 127.0.0.1":                                "fresh_dns",
	"D11 UDP 53 blocked on the way":                       "tcp_dns",
	"X01 proxy of an unknown name":                        "direct",
	"X02 proxy refuses":                                   "direct",
	"X10 left-over proxy 127.0.0.1:7890":                  "direct",
	"X08 direct shut, environment lost":                   "os_proxy",
	"N10 VPN swallows the server's route":                 "source_address",
	"N12 wire of 1300 bytes, both ways":                   "small_segments",
	"S09 intermediate is missing":                         "remembered_intermediate",
	"S25 large hello is dropped":                          "classic_keys",
	"N12 box: large ones coming in, over 1400":            "small_segments",
	"N12 box: IPv6 large ones, both ways":                 "small_segments",
	"N12 box: a line of 1280 and nobody says so":          "small_segments",
	"N12 box: large ones coming in, large chain":          "small_segments",
	"S25 box: reads hellos, at a large one hangs up":      "classic_keys",
	"S25 box: reads hellos, at a large one resets":        "classic_keys",
	"S25 box: reads hellos, at a large one says alert 40": "classic_keys",
	"S25 box: IPv6":                                       "classic_keys",
	"T04 8443 dropped in the office, 443 open":            "other_port",
	"T04 443 dropped at the site, 8443 open":              "other_port",
	"X07 environment's proxy dead, the system's well":     "os_proxy",
}

func cureCases() (out []trial) {
	if !hasFix() {
		return nil
	}
	for _, f := range families {
		for _, t := range f() {
			if name := cured[t.name]; name != "" {
				c := t
				c.kind, c.name, c.cure = curing, "cure of "+t.name, name
				out = append(out, c)
			}
			if name := itself[t.name]; name != "" {
				c := t
				c.kind, c.name, c.cure, c.alone = curing, "by itself: "+t.name, name, true
				out = append(out, c)
			}
		}
	}
	for _, t := range localCases() {
		if strings.HasPrefix(t.name, "K09 folder is read-only") {
			t.kind, t.name, t.cure = curing, "cure of "+t.name, "move_data"
			t.do = append([]act{{"a home of its own", func(w *world) error {
				w.env = append(w.env, "XDG_CONFIG_HOME="+filepath.Join(w.dir, "config"))
				w.later(func() { _ = os.RemoveAll(filepath.Join(w.dir, "config")) })
				return nil
			}}}, t.do...)
			out = append(out, t)
		}
		if t.name == "K06 pages of the database are zero" {
			t.kind, t.name, t.cure = curing, "cure of "+t.name, "restore_backup"
			t.do = append([]act{{"a backup", func(w *world) error {
				if out, errs, code := w.cfoil(w.desk, "backup"); code != 0 {
					return fmt.Errorf("%s%s", out, errs)
				}
				return nil
			}}}, t.do...)
			out = append(out, t)
		}
	}
	return append(out, ownCures()...)
}

// mends are the cures that take the fault itself away.
var mends = map[string]bool{"restore_backup": true, "restore_url": true, "https": true}

// stay are the cures that are in force until they are taken back.
var stay = map[string]bool{"proxy_signin": true, "move_data": true}

// itself are the faults against which the program does something without being asked.
var itself = map[string]string{
	"S09 intermediate is missing": "remembered_intermediate",
	"S25 large hello is dropped":  "classic_keys",
}

// ownCures are cures of faults that the cases beside these show otherwise.
func ownCures() []trial {
	spoilt := answers("gzip is damaged on the way", func(w *world) http.Handler {
		return w.pass(func(r *http.Response) error {
			if !strings.Contains(r.Request.Header.Get("Accept-Encoding"), "gzip") {
				return nil
			}
			r.Header.Set("Content-Encoding", "gzip")
			r.Body = io.NopCloser(strings.NewReader("no gzip at all"))
			r.Header.Del("Content-Length")
			r.ContentLength = -1
			return nil
		})
	})
	basic := proxy{user: "clerk:a secret", schemes: []string{`Basic realm="office"`}}
	stumbles := act{"server stumbles over the offer of protocols", func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(leafOf{})}}
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if len(h.SupportedProtos) == 0 {
				return nil, nil
			}
			return &tls.Config{Certificates: c.Certificates, NextProtos: []string{"spdy/3"}}, nil
		}
		return w.stand(site, "", "443", front{tls: c, handler: w.pass(nil), h1: true})
	}}
	noOffer := []check{openssl("no application protocol|alert", serverIP+":443", "-alpn", "h2,http/1.1"), openssl("Verify return code", serverIP+":443")}
	signsIn := func(password string) act {
		return act{"who signs in is known", func(w *world) error {
			file := filepath.Join(w.dir, "password")
			w.later(func() { _ = os.Remove(file) })
			w.args = []string{"--user", "clerk", "--password-file", file}
			return os.WriteFile(file, []byte(password+"\n"), 0o600)
		}}
	}
	var others []trial
	for scheme, rules := range map[string]string{"Basic": squidBasic, "Digest": squidDigest, "NTLM": squidNTLM} {
		others = append(others, needing("squid", trial{
			name: "cure of X03 " + scheme + ", by squid", kind: curing, cure: "proxy_signin", base: "proxy only",
			do:   []act{squid(rules), via("http://" + officeProxy), signsIn("secret")},
			seen: []check{curl(56, "407", serverURL+"/healthz"), serverSilent}, want: []string{"X03"},
		})...)
	}
	return append(others, []trial{
		{name: "cure of D05 a letter too many in the address", kind: curing, cure: "restore_url", do: []act{address("https://invoicce.test")}, seen: []check{serverOpen}, want: []string{"D05"}},
		{name: "cure of S17 port 80 in the address", kind: curing, cure: "restore_url", do: []act{address("https://invoice.test:80"), {"plain HTTP at 80", func(w *world) error { return w.stand(site, "", "80", front{handler: page(200, "It works!")}) }}}, seen: []check{serverOpen}, want: []string{"S17"}},
		{name: "cure of S04 number in the address that the certificate does not name", kind: curing, cure: "restore_url", do: []act{address("https://" + nodeIP), shows("certificate without addresses", func(*authorities) leafOf { return leafOf{ips: []string{"10.1.1.1"}} })}, seen: []check{serverOpen}, want: []string{"S04"}},
		{name: "cure of S24 stumbles over an offer", kind: curing, cure: "http1", do: []act{stumbles}, seen: noOffer, want: []string{"S24"}},
		{name: "by itself: S24 stumbles over an offer", kind: curing, cure: "http1", alone: true, do: []act{stumbles}, seen: noOffer, want: []string{"S24"}},
		{name: "by itself: H25 damaged where it is compressed", kind: curing, cure: "identity_encoding", alone: true, do: []act{spoilt}, seen: []check{curl(-1, "", "--compressed", serverURL+"/healthz"), curl(0, "counterfoil", serverURL+"/healthz")}, want: []string{"H25"}},
		{name: "cure of H25 damaged where it is compressed", kind: curing, cure: "identity_encoding", do: []act{spoilt}, seen: []check{curl(-1, "", "--compressed", serverURL+"/healthz"), curl(0, "counterfoil", serverURL+"/healthz")}, want: []string{"H25"}},
		{name: "cure of X03 407 Basic", kind: curing, cure: "proxy_signin", base: "proxy only", do: []act{proxied("3129", basic), via("http://" + proxyIP + ":3129"), signsIn("a secret")}, seen: []check{curl(56, "407", serverURL+"/healthz"), serverSilent}, want: []string{"X03"}},
	}...)
}

// fixed is what fix prints, as far as the lab reads it.
type fixed struct {
	Outcome string `json:"outcome"`
	Verdict string `json:"verdict"`
	Applied string `json:"applied"`
	Active  []struct {
		Name string `json:"name"`
	} `json:"active"`
}

func (w *world) fix(args ...string) (f fixed, says string, err error) {
	out, errs, _ := w.cfoil(w.desk, append([]string{"fix"}, args...)...)
	says = fmt.Sprintf("%.400s %.200s", strings.TrimSpace(out), strings.TrimSpace(errs))
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		return f, says, fmt.Errorf("fix prints %q %q", out, errs)
	}
	return f, says, nil
}

// cureIt sees a sync fail, lets the program mend it, sees the sync work while the fault
// is still there, takes the fault away and sees the cure end.
func (w *world) cureIt(t trial, r *result) {
	sync := func() (string, bool) {
		out, errs, code := w.cfoil(w.desk, "sync", "--once")
		return out + errs, code == 0
	}
	says, ok := sync()
	if ok {
		r.Lab = "the sync works with the fault: " + says
		return
	}
	if t.alone {
		r.Why = w.healed(t, r)
	} else {
		r.Why = w.mended(t, r)
	}
	if r.Why != "" {
		return
	}
	for _, c := range t.seen {
		if err := c.ok(w); err != nil && !mends[t.cure] {
			r.Lab = fmt.Sprintf("the fault went by itself: %s: %v", c.text, err)
			return
		}
	}
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
	f, says, err := w.fix()
	switch {
	case err != nil:
		r.Why = err.Error()
	case len(f.Active) > 0 && !stay[t.cure]:
		r.Why = "the cure did not end: " + says
	}
	r.Right = r.Why == ""
}

// mended lets fix apply the cure; it returns what is wrong.
func (w *world) mended(t trial, r *result) string {
	f, says, err := w.fix(append([]string{"--apply"}, w.args...)...)
	r.Verdict = says
	switch {
	case err != nil:
		return err.Error()
	case f.Outcome != "cured":
		return "not cured"
	case f.Applied != t.cure:
		return "applied " + f.Applied + ", not " + t.cure
	}
	return ""
}

// healed lets the program sync on its own until the cure is in force; it returns what is
// wrong.
func (w *world) healed(t trial, r *result) string {
	stop, err := w.watch()
	if err != nil {
		return err.Error()
	}
	defer stop()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(time.Second) {
		out, _, _ := w.cfoil(w.desk, "fix", "--list")
		r.Verdict = out
		if strings.Contains(out, `"`+t.cure+`"`) {
			return ""
		}
	}
	return "nothing was done"
}
