package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// The far side, beyond the office's gateway.
const (
	gateway   = "10.77.0.1"
	farServer = "10.88.0.10"
	farNames  = "10.88.0.53"
	farProxy  = "10.88.0.3"
	serverURL = "https://invoice.test:8443"
)

// TestNetworkFaults breaks a network of its own: this computer and the far side
// are two network namespaces with a cable between them.
func TestNetworkFaults(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("network namespaces are Linux's")
	}
	if os.Getenv("COUNTERFOIL_INSIDE") != "" {
		inside(t)
		return
	}
	args := []string{"--net", "--mount"}
	if os.Getuid() != 0 {
		args = append(args, "--user", "--map-root-user")
	}
	for _, tool := range []string{"unshare", "ip", "nft", "mount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no network to break: ", err)
		}
	}
	if out, err := exec.Command("unshare", append(args, "true")...).CombinedOutput(); err != nil {
		t.Skipf("this system gives no namespaces: %v %s", err, out)
	}
	c := exec.Command("unshare", append(args, os.Args[0], "-test.v", "-test.run", "^TestNetworkFaults$")...)
	c.Env = append(os.Environ(), "COUNTERFOIL_INSIDE=1")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestNetworkFaults") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func inside(t *testing.T) {
	l := newLab(t)
	s := seat{dir: filepath.Join(t.TempDir(), "desk"), keyring: "file"}
	s.must(t, "", "trust", "import", l.ca, "--fingerprint", l.fingerprint, "--yes")
	s.must(t, "", "connect", serverURL, "--token", networkToken)
	proxied := func(port string) seat {
		p := s
		p.env = []string{"HTTPS_PROXY=http://" + farProxy + ":" + port}
		return p
	}
	for _, c := range []struct {
		name, want, confidence string
		seat                   seat
		breakIt                string // shell; the lab is whole again afterwards
	}{
		{"N01 cable out", "N01", "proven", s, "ip link set cl0 down"},
		{"N02 no address", "N02", "proven", s, "ip addr flush dev cl0"},
		{"N04 no gateway", "N04", "proven", s, "ip route del default"},
		{"N04 no gateway, address typed", "N04", "proven", s, "ip route del default; echo " + farServer},
		{"N05 gateway off", "N05", "likely", s, "ip route replace default via 10.77.0.9"},
		{"N05 gateway off, address typed", "N05", "likely", s, "ip route replace default via 10.77.0.9; echo " + farServer},
		{"D02 silent name server that takes no TCP", "D02", "likely", s, "nft add rule inet lab in udp sport 53 drop"},
		{"N06 the only one outside is silent", "N06", "likely", s, "nft add rule inet lab in ip saddr " + farNames + " drop"},
		{"D03 name server refuses", "D03", "proven", s, ""},
		{"D04 name server fails", "D04", "proven", s, ""},
		{"D05 no such name", "D05", "likely", s, ""},
		{"X02 proxy refuses", "X02", "proven", proxied("9"), ""},
		{"X02 proxy silent", "X02", "proven", proxied("3128"), "nft add rule inet lab in ip saddr " + farProxy + " drop"},
		{"X03 proxy wants a sign-in", "X03", "proven", proxied("3128"), ""},
		{"X04 proxy denies", "X04", "proven", proxied("3129"), ""},
		{"OK through a proxy", "OK", "proven", proxied("3130"), "nft add rule inet lab in ip saddr " + farServer + " tcp sport 8443 drop"},
		{"T01 refused, here or there", "T01", "likely", s, "nft add rule inet lab out ip daddr " + farServer + " tcp dport 8443 reject with tcp reset"},
		{"T03 silent server", "T03", "likely", s, "nft add rule inet lab in ip saddr " + farServer + " drop"},
		{"N06 all silent", "N06", "likely", s, "nft add rule inet lab in ip saddr 10.88.0.0/24 drop; echo " + farServer},
		{"OK", "OK", "proven", s, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.whole(t)
			var args []string
			switch {
			case c.want == "D03" || c.want == "D04":
				l.names(t, c.want)
			case c.want == "D05":
				args = []string{"--server", "https://invoice-typo.test:8443"}
			case strings.HasSuffix(c.breakIt, "echo "+farServer):
				args = []string{"--server", "https://" + farServer + ":8443"}
			}
			if c.breakIt != "" {
				shell(t, c.breakIt)
			}
			v := c.seat.check(t, c.want, c.confidence, args...)
			if ms, _ := v["ms"].(float64); ms > 10_000 {
				t.Errorf("the verdict took %v ms", ms)
			}
		})
	}
	t.Run("K08 disk full", func(t *testing.T) {
		l.whole(t)
		dir := t.TempDir()
		shell(t, "mount -t tmpfs -o size=60m tmpfs "+dir)
		defer shell(t, "umount "+dir)
		full := seat{dir: filepath.Join(dir, "desk"), keyring: "file"}
		full.must(t, "", "trust", "import", l.ca, "--fingerprint", l.fingerprint, "--yes")
		full.must(t, "", "connect", serverURL, "--token", networkToken)
		full.check(t, "OK", "")
		fill := filepath.Join(dir, "fill")
		shell(t, "head -c 50m /dev/zero > "+fill)
		full.check(t, "K08", "proven")
		shell(t, "cat /dev/zero > "+fill+" 2>/dev/null || true")
		full.check(t, "K08", "proven")
		if r := full.run(t, sample("full"), "draft", "-"); r.code != 1 || at(oneValue(t, r.out), "error", "code") != "localdb_full" {
			t.Errorf("drafting on a full disk: %+v", r)
		}
		shell(t, "rm "+fill)
		full.check(t, "OK", "")
		full.must(t, sample("room again"), "draft", "-")
	})
	t.Run("K09 read only", func(t *testing.T) {
		l.whole(t)
		shell(t, "mount --bind "+s.dir+" "+s.dir+" && mount -o remount,ro,bind "+s.dir)
		defer shell(t, "umount "+s.dir)
		s.check(t, "K09", "proven")
	})
}

func shell(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// A lab is this computer's side of the cable.
type lab struct{ ca, fingerprint, resolv string }

func newLab(t *testing.T) *lab {
	t.Helper()
	dir := t.TempDir()
	l := &lab{ca: filepath.Join(dir, "ca.pem"), resolv: filepath.Join(dir, "resolv.conf")}
	l.fingerprint = makeCertificates(t, dir)
	if err := os.WriteFile(l.resolv, []byte("nameserver "+farNames+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	shell(t, "mount --bind "+l.resolv+" /etc/resolv.conf")
	c := exec.Command("unshare", "--net", os.Args[0])
	c.Env = append(os.Environ(), "COUNTERFOIL_FAR="+dir)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	said := bufio.NewReader(out)
	expect := func(want string) {
		if line, err := said.ReadString('\n'); err != nil || strings.TrimSpace(line) != want {
			t.Fatalf("the far side says %q: %v", line, err)
		}
	}
	expect("born") // it lives in its own namespace now
	shell(t, fmt.Sprintf("ip link add cl0 type veth peer name sv0 netns %d", c.Process.Pid))
	if _, err := io.WriteString(in, "cable\n"); err != nil {
		t.Fatal(err)
	}
	expect("ready")
	l.whole(t)
	return l
}

// whole puts everything in order again.
func (l *lab) whole(t *testing.T) {
	t.Helper()
	l.names(t, "")
	shell(t, `ip link set lo up; ip link set cl0 up; ip addr flush dev cl0; ip addr add 10.77.0.2/24 dev cl0
		ip route replace default via `+gateway+`
		nft flush ruleset; nft add table inet lab
		nft add chain inet lab in '{ type filter hook input priority 0; }'
		nft add chain inet lab out '{ type filter hook output priority 0; }'`)
	deadline := time.Now().Add(10 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", farServer+":8443", time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the lab is not whole: ", err)
		}
	}
}

const networkToken = "Yx3nQm8Vt1sKd0aWb7Lq2e"

// far is the far side: gateway, name server, proxies and the invoice server.
func far() int {
	dir := os.Getenv("COUNTERFOIL_FAR")
	fail := func(err error) int { fmt.Fprintln(os.Stderr, "far side:", err); return 1 }
	fmt.Println("born")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return fail(err)
	}
	script := "ip link set lo up; ip link set sv0 up; ip addr add " + gateway + "/24 dev sv0"
	for _, a := range []string{farServer, farNames, farProxy} {
		script += "; ip addr add " + a + "/32 dev lo"
	}
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		return fail(fmt.Errorf("%w %s", err, out))
	}
	names, err := net.ListenPacket("udp", farNames+":53")
	if err != nil {
		return fail(err)
	}
	go answerNames(names, dir)
	for port, status := range map[string]int{"3128": http.StatusProxyAuthRequired, "3129": http.StatusForbidden, "3130": http.StatusOK} {
		ln, err := net.Listen("tcp", farProxy+":"+port)
		if err != nil {
			return fail(err)
		}
		go func() { _ = http.Serve(ln, proxy(status)) }()
	}
	if err := os.WriteFile(dir+"/tokens", []byte(networkToken+" 城西\n"), 0o600); err != nil {
		return fail(err)
	}
	srv := exec.Command(filepath.Join(programs, "syncd"), "--data", dir+"/server", "--listen", farServer+":8443",
		"--tls-cert", dir+"/server.pem", "--tls-key", dir+"/server.key", "--token-file", dir+"/tokens")
	out, err := srv.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := srv.Start(); err != nil {
		return fail(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fail(err)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, in) // until this computer's side ends
	_ = srv.Process.Kill()
	_ = srv.Wait()
	return 0
}

// proxy answers CONNECT with a status; 200 really connects.
func proxy(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != http.StatusOK || r.Method != http.MethodConnect {
			if status == http.StatusProxyAuthRequired {
				w.Header().Set("Proxy-Authenticate", `Basic realm="office"`)
			}
			w.WriteHeader(status)
			return
		}
		_, port, _ := net.SplitHostPort(r.Host)
		to, err := net.Dial("tcp", net.JoinHostPort(farServer, port))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		w.WriteHeader(http.StatusOK)
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		go func() { _, _ = io.Copy(to, rw); _ = to.Close() }()
		_, _ = io.Copy(c, to)
	})
}

// names lets the name server refuse or fail.
func (l *lab) names(t *testing.T, how string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(l.ca), "names"), []byte(how), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answerNames knows invoice.test and nothing else; a file says whether it refuses or fails.
func answerNames(c net.PacketConn, dir string) {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		var q dnsmessage.Message
		if q.Unpack(buf[:n]) != nil || len(q.Questions) != 1 {
			continue
		}
		a := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true}, Questions: q.Questions}
		raw, _ := os.ReadFile(filepath.Join(dir, "names")) // none: it is well
		switch name, how := q.Questions[0], string(raw); {
		case how == "D03":
			a.RCode = dnsmessage.RCodeRefused
		case how == "D04":
			a.RCode = dnsmessage.RCodeServerFailure
		case name.Name.String() != "invoice.test.":
			a.RCode = dnsmessage.RCodeNameError
		case name.Type == dnsmessage.TypeA:
			a.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: name.Name, Type: name.Type, Class: name.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(farServer).To4())},
			}}
		}
		if b, err := a.Pack(); err == nil {
			_, _ = c.WriteTo(b, from)
		}
	}
}

// makeCertificates makes ca.pem, server.pem and server.key, and returns the CA's fingerprint.
func makeCertificates(t *testing.T, dir string) string {
	t.Helper()
	now := time.Now()
	caKey, caDER := makeCertificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab CA"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	ca, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	key, der := makeCertificate(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "invoice.test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		DNSNames: []string{"invoice.test"}, IPAddresses: []net.IP{net.ParseIP(farServer)}, KeyUsage: x509.KeyUsageDigitalSignature,
	}, ca, caKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: caDER}, "server.pem": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(caDER)
	return hex.EncodeToString(sum[:])
}

func makeCertificate(t *testing.T, c, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}
