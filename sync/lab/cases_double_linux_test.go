package lab

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// A stretch is a part of the way to the server, from this computer on.
type stretch int

// The stretches. What is wrong here is seen whatever shuts the way.
const (
	atHere stretch = iota
	atLine
	atName
	atHop // the proxy, or the way past it
	atTCP
	atTLS
	atAnswer
	atSignIn
)

// A half is one of two faults that are there at once.
type half struct {
	id      string
	layer   string  // pc, network, internet, secure, server or sign-in
	at      stretch // where it shows
	shuts   bool    // nothing behind it can be asked on the program's own way
	base    string
	past    bool // seen at the server itself where a name or a proxy shuts the way
	blind   bool // nothing can be verified as it should be
	trusted bool // the server is ours although its certificate is not as it should be
	do      []act
	front   func(f *facade) // how the server is to be played
	seen    func(f *facade) check
}

// A facade is the server that both halves of a pair may change.
type facade struct {
	leaf    leafOf
	config  func(w *world, c *tls.Config)
	handle  []func(w *world, next http.Handler) http.Handler
	shift   time.Duration
	gone    bool // nobody listens
	mute    bool // nobody comes to ask
	changed bool
}

func (f *facade) wrap(h func(w *world, next http.Handler) http.Handler) {
	f.handle, f.changed = append(f.handle, h), true
}

// act puts the facade before the server.
func (f *facade) act() act {
	return act{"the server as both play it", func(w *world) error {
		c := &tls.Config{Certificates: []tls.Certificate{w.ca.leaf(f.leaf)}}
		if f.config != nil {
			f.config(w, c)
		}
		h := w.pass(func(r *http.Response) error {
			if f.shift != 0 {
				r.Header.Set("Date", time.Now().Add(f.shift).UTC().Format(http.TimeFormat))
			}
			return nil
		})
		var all http.Handler = h
		for _, wrap := range f.handle {
			all = wrap(w, all)
		}
		if f.shift != 0 {
			played := all
			all = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Date", time.Now().Add(f.shift).UTC().Format(http.TimeFormat))
				played.ServeHTTP(rw, r)
			})
		}
		return w.stand(site, "", "443", front{tls: c, handler: all, h1: c.CipherSuites != nil})
	}}
}

// ask is what curl sees past names, proxies and certificates.
func (f *facade) ask(path, says string) check {
	return curl(anyExit, says, "-k", "--noproxy", "*", "--resolve", serverName+":443:"+serverIP, serverURL+path)
}

// shown is what openssl sees of the certificate.
func shown(says string) func(*facade) check {
	return func(*facade) check { return openssl(says, serverIP+":443") }
}

func always(c check) func(*facade) check { return func(*facade) check { return c } }

func certificate(l leafOf) func(f *facade) {
	return func(f *facade) { f.leaf, f.changed = l, true }
}

// answering lets paths that begin so be answered by a reply.
func answering(r reply, paths ...string) func(f *facade) {
	return func(f *facade) {
		f.wrap(func(_ *world, next http.Handler) http.Handler { return at(r, next, paths...) })
	}
}

var signedPaths = []string{"/v1/whoami", "/v1/pull", "/v1/push", "/v1/events"}

// saying changes the health answer.
func saying(change func(h map[string]any)) func(f *facade) {
	return func(f *facade) {
		f.wrap(func(w *world, next http.Handler) http.Handler {
			p := w.pass(func(r *http.Response) error {
				return changed(r, func(b []byte) []byte {
					h := map[string]any{}
					if json.Unmarshal(b, &h) != nil {
						return b
					}
					change(h)
					out, _ := json.Marshal(h) // what was read can be written
					return out
				})
			})
			return at(p, next, "/healthz")
		})
	}
}

func halves() []half {
	local := func(id string, seen check, do ...act) half {
		return half{id: id, layer: "pc", at: atHere, do: do, seen: always(seen)}
	}
	way := func(id, layer string, at stretch, shuts bool, seen check, do ...act) half {
		return half{id: id, layer: layer, at: at, shuts: shuts, do: do, seen: always(seen)}
	}
	cert := func(id, says string, l leafOf) half {
		return half{id: id, layer: "secure", at: atTLS, shuts: true, past: true, front: certificate(l), seen: shown(says)}
	}
	own := func(id, says string, l leafOf) half { h := cert(id, says, l); h.trusted = true; return h }
	says := func(id, layer string, at stretch, shuts bool, path, words string, front func(*facade)) half {
		return half{id: id, layer: layer, at: at, shuts: shuts, front: front, seen: func(f *facade) check { return f.ask(path, words) }}
	}
	tmpfs := func(fill string) act {
		return act{"tmpfs of 60 MB, " + fill, func(w *world) error {
			w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
			return w.sh(client, "mv "+w.desk+" "+w.desk+".was; mkdir "+w.desk+"; mount -t tmpfs -o size=60m tmpfs "+w.desk+"; cp -a "+w.desk+".was/. "+w.desk+"; rm -rf "+w.desk+".was; cd "+w.desk+"; "+fill)
		}}
	}
	lock := act{"lock on sync.lock", func(w *world) error {
		l := flock.New(filepath.Join(w.desk, "sync.lock"))
		ok, err := l.TryLock()
		if !ok {
			return fmt.Errorf("not locked: %v", err)
		}
		w.later(func() { _ = l.Unlock() })
		return nil
	}}
	nginx := func(status int, title string) reply { return page(status, title, "Server", "nginx/1.24.0") }
	until := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	bearer := []string{"WWW-Authenticate", `Bearer realm="counterfoil", error="invalid_token"`}
	return []half{
		local("K08", holds("df -k . | tail -1", "100%"), tmpfs("cat /dev/zero > fill 2>/dev/null || true")),
		local("K06", holds("head -c 16 *.db", "^GARBAGE"), inFolder("rm -f *.db-wal *.db-shm; printf 'GARBAGEGARBAGEGARBAGE' | dd of=$(ls *.db) bs=1 conv=notrunc 2>/dev/null")),
		{id: "K03", layer: "pc", at: atHere, blind: true, do: []act{inFolder("rm -f keyring/*")}, seen: always(holds("ls keyring | wc -l", "^0"))},
		{id: "K01", layer: "pc", at: atHere, blind: true, do: []act{env("COUNTERFOIL_PASSPHRASE=another one entirely")}, seen: always(holds("ls keyring", "keyring.json"))},
		local("K13", shell(client, "cat /proc/locks", "FLOCK"), lock),
		local("K11", shell(client, "TZ=America/Los_Angeles date +%z", "-0[78]00"), env("TZ=America/Los_Angeles")),
		local("K09", holds("touch x 2>&1 || true", "Read-only"), act{"ro mount", func(w *world) error {
			w.later(func() { _ = w.sh(client, "umount -l "+w.desk) })
			return w.sh(client, "mount --bind "+w.desk+" "+w.desk+"; mount -o remount,ro,bind "+w.desk)
		}}),
		local("K15", holds("ls", "db"), act{"schema 9999", func(w *world) error { return w.sql("PRAGMA user_version = 9999") }}),
		local("K10", holds("ls", "db"), act{"a counter of nothing", func(w *world) error { return w.sql("INSERT INTO tally VALUES (1, 2, 0, 0, 5, 100)") }}),
		{id: "K12", layer: "pc", at: atHere, do: []act{server("https：／／invoice.test")}, seen: always(holds("ls", "db"))},
		{id: "S03", layer: "pc", at: atTLS, base: "status", front: func(f *facade) { f.shift, f.changed = -time.Hour, true }, do: []act{{"the status host's clock too", func(w *world) error {
			return w.stand(second, statusIP, "80", front{handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
				if c := r.Header.Get("X-Counterfoil-Challenge"); c != "" {
					rw.Header().Set("X-Counterfoil-Challenge", c)
				}
				rw.WriteHeader(http.StatusNoContent)
			})})
		}}}, seen: func(f *facade) check { return f.ask("/healthz", "date: ") }},

		way("N01", "network", atLine, true, unreachable, sh("ip link set cl0 down")),
		way("N02", "network", atLine, true, unreachable, sh("ip addr flush dev cl0")),
		way("N04", "network", atLine, true, unreachable, sh("ip route del default")),
		way("N05", "network", atLine, true, ping(gateway, false), run(router, "ip link set rtc down")),
		way("N07", "network", atLine, true, curl(0, "portal", "--noproxy", "*", "http://"+statusIP+"/generate_204"), act{"portal", func(w *world) error { return w.portal("302", "80") }}, nft(router, "forward", "tcp dport 443 drop")),
		way("N10", "network", atLine, true, shell(client, "ip route get "+serverIP, "dev tun7"), swallow("tun7", serverIP+"/32")),
		way("P03", "network", atTLS, false, check{"pings are lost", pingsLost}, slowLine("12 % lost", line{loss: 0.12, delay: 15 * time.Millisecond})),
		{id: "N11", layer: "network", at: atTCP, base: "dual", do: []act{nft(isp, "forward", "ip6 daddr fd88::/64 drop")}, seen: always(tcp("["+serverIP6+"]:443", "timeout"))},

		way("N06", "internet", atLine, true, ping(gateway, true), run(router, "ip link set rtu down")),
		way("D02", "internet", atName, true, names(dnsIP, "udp", serverName, "timeout"), nft(isp, "forward", "udp sport 53 drop"), nft(isp, "forward", "tcp sport 53 drop")),
		way("D04", "internet", atName, true, names(dnsIP, "udp", serverName, "ServerFailure"), nameserver(dnsIP, "SERVFAIL", behaviour{rcode: 2})),
		way("D10", "internet", atName, true, shell(client, "cat /etc/hosts", serverName), act{"hosts: 127.0.0.1", func(w *world) error { return w.hosts("127.0.0.1 " + serverName + "\n") }}),
		way("D12", "internet", atName, false, takes(dnsIP, 700*time.Millisecond), nameserver(dnsIP, "750 ms", behaviour{delay: 750 * time.Millisecond})),
		way("D06", "internet", atName, true, names(dnsIP, "udp", serverName, "NameError"), know(dnsIP, serverName, record{rcode: 3})),
		way("D08", "internet", atName, true, names(dnsIP, "udp", serverName, secondIP), knows(serverName, record{a: []string{secondIP}}), stranger(secondIP)),
		way("X02", "internet", atHop, true, tcp("10.99.0.99:3128", "timeout"), nft(isp, "forward", "ip daddr 10.99.0.99 drop"), via("http://10.99.0.99:3128")),
		way("X04", "internet", atHop, true, curl(56, "403", serverURL+"/healthz"), proxied("3130", proxy{status: 403}), via("http://"+proxyIP+":3130")),
		way("X10", "internet", atHop, true, tcp("127.0.0.1:7890", "refused"), via("http://127.0.0.1:7890")),
		way("X03", "internet", atHop, true, curl(56, "407", serverURL+"/healthz"), proxied("3129", proxy{user: "a:b", schemes: []string{"NTLM"}}), via("http://"+proxyIP+":3129")),
		way("X06", "internet", atLine, false, curl(0, "404", "--noproxy", "*", "http://"+secondIP+"/proxy.pac"), pac(reply{status: 404})),
		way("P02", "internet", atTCP, false, roundTrip(serverIP, 280*time.Millisecond, 900*time.Millisecond), slowLine("300 ms", line{delay: 150 * time.Millisecond})),

		own("S01", "certificate has expired", leafOf{to: -day}),
		own("S04", "mismatch", leafOf{names: []string{"mail.test"}, ips: []string{"10.1.1.1"}}),
		own("S02", "not yet valid", leafOf{from: day}),
		{id: "S06", layer: "secure", at: atTLS, shuts: true, past: true, front: func(f *facade) { f.leaf.self, f.changed = false, true; f.config = strangers }, seen: shown("unable to")},
		{id: "S09", layer: "secure", at: atTLS, shuts: true, base: "inter", front: func(f *facade) { f.changed = true; f.config = alone }, seen: shown("unable to")},
		cert("S10", "self.signed", leafOf{self: true}),
		cert("S14", "unsuitable", leafOf{purpose: clientAuth}),
		{id: "S15", layer: "secure", at: atTLS, shuts: true, front: func(f *facade) { f.changed, f.mute = true, true; f.config = oldVersion }, seen: func(*facade) check {
			return openssl("protocol version|unsupported protocol|alert|no protocols", serverIP+":443", "-tls1_2")
		}},
		{id: "S21", layer: "secure", at: atTLS, shuts: true, front: func(f *facade) {
			f.changed, f.mute = true, true
			f.config = func(w *world, c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, w.ca.pool() }
		}, seen: shown("Acceptable client certificate CA names")},
		{id: "S27", layer: "secure", at: atTLS, past: true, front: certificate(leafOf{to: 5 * day}), seen: shown("Verify return code: 0|not ")},

		{id: "T01", layer: "server", at: atTCP, shuts: true, past: true, front: func(f *facade) { f.gone = true }, do: []act{stopped}, seen: always(tcp(serverIP+":443", "refused"))},
		{id: "T03", layer: "server", at: atTCP, shuts: true, past: true, do: []act{nft(isp, "forward", "ip daddr "+serverIP+" drop")}, seen: always(serverSilent)},
		{id: "T12", layer: "server", at: atTCP, base: "nodes", do: []act{nft(isp, "forward", "ip daddr "+nodeIP+" drop")}, seen: always(tcp(nodeIP+":443", "timeout"))},
		says("H21", "server", atAnswer, true, "/healthz", "maintenance", answering(reply{status: 503, header: map[string]string{"Content-Type": "application/problem+json", "X-Counterfoil-Product": "counterfoil"}, body: `{"code":"maintenance","maintenance":{"until":"` + until + `"}}`}, "/")),
		says("H11", "server", atAnswer, true, "/healthz", "429", answering(ours(429, "rate_limited", "Retry-After", "30"), "/")),
		says("H17", "server", atAnswer, true, "/healthz", "500", answering(ours(500, "internal"), "/")),
		says("H04", "server", atAnswer, true, "/healthz", "404", answering(nginx(404, "404 Not Found"), "/")),
		says("H18", "server", atAnswer, true, "/healthz", "502", answering(nginx(502, "502 Bad Gateway"), "/")),
		says("H15", "server", atAnswer, true, "/healthz", `"environment":"test"`, saying(func(h map[string]any) { h["environment"] = "test" })),
		says("H10", "server", atAnswer, true, "/healthz", "9.0.0", saying(func(h map[string]any) { h["min_client"] = "9.0.0" })),
		{id: "B01", layer: "server", at: atAnswer, shuts: true, past: true, front: saying(func(h map[string]any) { h["deps"] = map[string]any{"db": "down"} }), seen: func(f *facade) check { return f.ask("/healthz", `"db":"down"`) }},
		{id: "B04", layer: "server", at: atAnswer, past: true, front: saying(func(h map[string]any) { h["deps"] = map[string]any{"db": "ok", "tax": "down"} }), seen: func(f *facade) check { return f.ask("/healthz", `"tax":"down"`) }},
		{id: "P01", layer: "server", at: atAnswer, front: func(f *facade) {
			f.wrap(func(_ *world, next http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					time.Sleep(1300 * time.Millisecond) // a slow server is what is played
					next.ServeHTTP(rw, r)
				})
			})
		}, seen: func(f *facade) check { return f.ask("/healthz", "") }},

		says("H01", "sign-in", atSignIn, true, "/v1/whoami", "401", answering(ours(401, "token_expired", bearer...), signedPaths...)),
		says("A02", "sign-in", atSignIn, true, "/v1/whoami", "401", answering(ours(401, "session_revoked", bearer...), signedPaths...)),
		says("A03", "sign-in", atSignIn, true, "/v1/whoami", "device_revoked", answering(ours(403, "device_revoked"), signedPaths...)),
		says("A05", "sign-in", atSignIn, true, "/v1/whoami", "account_locked", answering(ours(403, "account_locked"), signedPaths...)),
		says("H02", "sign-in", atSignIn, true, "/v1/whoami", "403", answering(ours(403, "forbidden"), signedPaths...)),
	}
}

func strangers(w *world, c *tls.Config) {
	c.Certificates = []tls.Certificate{w.ca.leaf(leafOf{by: w.ca.stranger})}
}

func alone(w *world, c *tls.Config) {
	c.Certificates = []tls.Certificate{w.ca.leaf(leafOf{by: w.ca.inter})}
}

func oldVersion(_ *world, c *tls.Config) {
	c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	c.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
}

// fits reports whether two faults can be there at once in one world.
func (a half) fits(b half) bool {
	switch {
	case a.id == b.id, a.id == "S03" && (b.id == "S15" || b.id == "S21"), a.base != "" && b.base != "" && a.base != b.base:
		return false
	case a.base+b.base != "" && (a.at == atHop || b.at == atHop || a.id == "S06" || b.id == "S06" || a.id == "S09" && b.id != "S09" && b.layer == "secure"):
		return false
	}
	return true
}

// hides reports whether a fault leaves nothing by which another could be seen.
func (a half) hides(b half) (string, bool) {
	switch {
	case b.at == atHere && b.id != "K11", a.at > b.at:
		return "", false
	case a.id == "K12":
		return "no sign-in goes where the settings do not lead", b.at == atSignIn
	case a.id == "P03" && b.at > atHere:
		return "what is lost may be what would tell", true
	case b.id == "K11" && (a.id == "K08" || a.id == "K06" || a.id == "K09" || a.id == "K15"):
		return "the branch's time zone is in the data", true
	case a.id == "S04" && b.id == "H04":
		return "another's certificate, and another's page", true
	case a.id == "S03" && b.id == "S27":
		return "the days that are left are counted by this clock", true
	case (a.id == "T01" || a.id == "T03") && (b.id == "N11" || b.id == "T12"):
		return "no address is open", true
	case a.id == "X06" && b.id == "T03":
		return "where a proxy may be needed silence is no fault of the server's", true
	case a.blind && b.at == atSignIn:
		return "without the CA nobody is shown a sign-in", true
	case b.id == "P01" && (a.shuts && a.at >= atName || a.blind):
		return "how long the real path takes cannot be told", true
	case !a.shuts:
		return "", false
	case a.at == atLine:
		return "nothing leaves this network", true
	case a.at == atName || a.at == atHop:
		if a.at == atName && b.at == atHop {
			return "", true
		}
		return "past what shuts the way nobody is shown a sign-in", b.at == atSignIn
	case a.at == atTCP:
		return "there is nobody to shake hands with", b.at > atTCP
	case a.at == atTLS && a.trusted:
		return "nobody is shown a sign-in but by a certificate that is as it should be", b.at == atSignIn
	case a.at == atTLS:
		return "nothing is asked of who may be anybody", b.at > atTLS
	case a.at == atAnswer:
		return "only the real server is shown a sign-in", b.at >= atAnswer
	}
	return "", false
}

// pairOf is the case of two faults.
func pairOf(a, b half) trial {
	t := trial{kind: double, base: a.base + b.base, either: true, exact: true}
	if a.base == b.base {
		t.base = a.base
	}
	t.want, t.also = []string{a.id}, []string{b.id}
	if why, hidden := a.hides(b); hidden {
		t.also, t.why, t.either = nil, why, false
		t.beside = []string{b.id}
	} else if why, hidden := b.hides(a); hidden {
		t.want, t.also, t.why, t.either = []string{b.id}, nil, why, false
		t.beside = []string{a.id}
	}
	t.name = a.id + " and " + b.id
	t.slow = slices.Contains([]string{a.id, b.id}, "N05") || slices.Contains([]string{a.id, b.id}, "N06") || slices.Contains([]string{a.id, b.id}, "T03") || slices.Contains([]string{a.id, b.id}, "N07")
	if a.id == "P03" || b.id == "P03" {
		t.want, t.also, t.beside = []string{a.id, b.id, "T11"}, nil, []string{a.id, b.id, "T11"}
	}
	if ids := a.id + b.id; strings.Contains(ids, "D06") && (a.layer == "secure" || b.layer == "secure" || a.id == "K09" || a.id == "K06" || a.id == "K15") {
		t.exact, t.want, t.also = false, []string{a.id, b.id, "D05"}, nil
		t.why = "whether it is unknown everywhere is told by the certificate at the old address"
	}
	f := &facade{}
	for _, h := range []half{a, b} {
		if h.front != nil {
			h.front(f)
		}
	}
	if f.changed && !f.gone {
		t.do = append(t.do, f.act())
	}
	// The server's side is seen before the way to it is shut.
	order := []half{b, a}
	if a.at > b.at {
		order = []half{a, b}
	}
	for _, h := range order {
		t.do = append(t.do, h.do...)
		if f.gone && h.front != nil && h.id != "T01" || f.mute && h.at > atTLS {
			continue // no tool sees it either
		}
		seen := h.seen(f)
		t.do = append(t.do, act{"seen: " + seen.text, seen.ok})
	}
	t.seen = []check{{"seen one after the other", func(*world) error { return nil }}}
	return t
}

// alsoTried are pairs that are tried besides.
var alsoTried = []string{
	"S03 S01", "S03 S02", "S03 H01", "K03 T01", "K08 D02", "K13 S06", "K01 N07", "K11 D12", "K12 N05", "K12 D04", "K12 S01", "K12 T01", "K12 H21", "K03 B01", "K03 S06", "K03 S10",
	"S01 B01", "S01 B04", "S01 H21", "S02 H18", "S04 B01", "S01 H11", "D04 H21", "D02 B01", "D02 S01", "D02 H11", "D02 T01", "D02 T03", "D10 H21", "X10 H21", "X10 S06", "X03 H18", "X10 T03", "X02 S01", "X02 B01",
	"P02 T01", "P02 S01", "P02 H17", "D12 P02", "D12 T01", "T12 B04", "T12 P01", "T12 S04", "N11 H11", "N11 P01", "X06 S27", "B04 S27", "P01 D12", "P01 S27", "P03 S01", "P03 B04", "P03 D12",
	"K08 K11", "K08 K03", "K06 K11", "K15 K03", "K13 K08", "D12 X06", "S27 H21", "N11 D12", "N11 T12",
}

// couples pair each fault of a layer with one of every other layer, so that every
// fault meets each layer once.
func couples() (out []trial) {
	layers := []string{"pc", "network", "internet", "secure", "server", "sign-in"}
	of := map[string][]half{}
	for _, h := range halves() {
		of[h.layer] = append(of[h.layer], h)
	}
	seen := map[string]bool{}
	for i, first := range layers {
		for _, second := range layers[i+1:] {
			as, bs := of[first], of[second]
			for n := range max(len(as), len(bs)) {
				a := as[n%len(as)]
				for k := range bs {
					b := bs[(n*3+i+k)%len(bs)]
					if key := a.id + "&" + b.id; a.fits(b) && !seen[key] {
						seen[key] = true
						out = append(out, pairOf(a, b))
						break
					}
				}
			}
		}
	}
	all := map[string]half{}
	for _, h := range halves() {
		all[h.id] = h
	}
	for _, n := range alsoTried {
		first, second, _ := strings.Cut(n, " ")
		if key := first + "&" + second; !seen[key] && !seen[second+"&"+first] && all[first].fits(all[second]) {
			seen[key] = true
			out = append(out, pairOf(all[first], all[second]))
		}
	}
	return out
}

// pingsLost is whether some of twenty pings are lost.
func pingsLost(*world) error {
	for range 20 {
		if _, err := echo(serverIP, 56); err != nil {
			return nil
		}
	}
	return fmt.Errorf("none of 20")
}
