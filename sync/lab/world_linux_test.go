package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Namespaces. The worker itself lives in the client's.
const (
	client = "cl" // this computer: 10.77.0.2 at cl0
	office = "sw" // the office's switch br0, with a colleague's computer at 10.77.0.3
	router = "rt" // the office's: 10.77.0.1 at rtc, 10.70.0.2 at rtu
	isp    = "isp"
	site   = "sv" // the server's: 10.88.0.0/24
	second = "s2" // name servers, status host, proxies, another node: 10.99.0.0/24
)

// Addresses.
const (
	self       = "10.77.0.2"
	gateway    = "10.77.0.1"
	serverIP   = "10.88.0.10"
	nodeIP     = "10.88.0.11"
	serverIP6  = "fd88::10"
	nobodyIP   = "10.88.0.99" // in the server's net, but nobody's
	secondIP   = "10.99.0.10"
	statusIP   = "10.99.0.20"
	proxyIP    = "10.99.0.3"
	dnsIP      = "10.99.0.53"
	dns2IP     = "10.99.0.54"
	siteDNS    = "10.88.0.53" // a name server in the server's own net
	serverName = "invoice.test"
	serverURL  = "https://" + serverName
)

// A world is the networks of one worker.
type world struct {
	dir     string
	tools   string // folder of the programs
	zone    *zone  // what every name server knows
	dns     map[string]*nameServer
	ca      *authorities
	token   string
	syncd   *exec.Cmd
	undo    []func()
	desks   map[string]string // base name → folder
	env     []string          // of the program
	desk    string            // folder of the running case
	args    []string          // more words of selfcheck
	keyring string            // "" is "file"
	spent   costs             // of the last run of the program
	limit   string            // a shell's word before the program, like ulimit
}

// sh runs a script in a namespace.
func (w *world) sh(ns, script string) error {
	_, err := w.out(ns, script)
	return err
}

func (w *world) out(ns, script string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	c := w.command(ctx, ns, "sh", "-ec", script)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s: %.60q: %w %.300s", ns, script, err, errs.String())
	}
	return string(out), nil
}

// command is a program in a namespace.
func (w *world) command(ctx context.Context, ns, name string, args ...string) *exec.Cmd {
	if ns == client {
		return exec.CommandContext(ctx, name, args...)
	}
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + ns, name}, args...)...)
}

// in runs f on a thread that lives in a namespace: sockets it makes stay there.
func (w *world) in(ns string, f func() error) error {
	if ns == client {
		return f()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			done <- err
			return
		}
		defer unix.Close(fd)
		if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

func (w *world) listen(ns, network, address string) (ln net.Listener, err error) {
	err = w.in(ns, func() error { ln, err = net.Listen(network, address); return err })
	return ln, err
}

func (w *world) listenPacket(ns, address string) (c net.PacketConn, err error) {
	err = w.in(ns, func() error { c, err = net.ListenPacket("udp", address); return err })
	return c, err
}

// dial connects from a namespace to an address of numbers.
func (w *world) dial(ctx context.Context, ns, network, address string) (c net.Conn, err error) {
	err = w.in(ns, func() error {
		d := net.Dialer{Timeout: 5 * time.Second}
		c, err = d.DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// later is done when the case is over.
func (w *world) later(f func()) { w.undo = append(w.undo, f) }

const cables = `
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
mount -t sysfs sysfs /sys 2>/dev/null || true
quick='for d in all default; do echo 0 > /proc/sys/net/ipv6/conf/$d/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/$d/router_solicitations; done; ip link set lo up'
for n in sw rt isp sv s2; do ip netns add $n; nsenter --net=/run/netns/$n sh -c "$quick"; done
sh -c "$quick"
ip link add cl0 type veth peer name swc netns sw
nsenter --net=/run/netns/sw sh -ec 'ip link add br0 type bridge; ip link add swr type veth peer name rtc netns rt
  for p in swc swr; do ip link set $p master br0 up; done; ip link set br0 up'
nsenter --net=/run/netns/rt ip link add rtu type veth peer name ispd netns isp
nsenter --net=/run/netns/isp ip link add isps type veth peer name sv0 netns sv
nsenter --net=/run/netns/isp ip link add isp2 type veth peer name s20 netns s2
for n in rt isp sv s2; do nsenter --net=/run/netns/$n sh -c '
  echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
  for i in $(ls /proc/sys/net/ipv4/neigh); do echo 100 > /proc/sys/net/ipv4/neigh/$i/delay_first_probe_time 2>/dev/null || true; done'; done
`

// hooks are the empty chains that cases add rules to; nat before filter.
const hooks = `nft flush ruleset
nft add table inet lab
for c in input output forward; do nft add chain inet lab $c "{ type filter hook $c priority 0; }"; done
nft add chain inet lab pre '{ type nat hook prerouting priority -100; }'
nft add chain inet lab nout '{ type nat hook output priority -100; }'
`

var order = map[string]string{
	client: hooks + `
for i in $(ip -o link show | sed 's/^[0-9]*: //;s/[:@].*//'); do case $i in lo|cl0) ;; *) ip link del $i 2>/dev/null || true;; esac; done
ip -4 addr flush dev cl0; ip -6 addr flush dev cl0 scope global; ip route flush table main 2>/dev/null || true; ip -6 route flush table main 2>/dev/null || true
ip rule flush; ip rule add from all lookup main pref 32766; ip rule add from all lookup default pref 32767
ip link set cl0 down; ip link set cl0 mtu 1500 up
ip addr add 10.77.0.2/24 dev cl0
ip route add default via 10.77.0.1
ip neigh flush all`,
	office: hooks + `
ip -4 addr flush dev br0; ip -6 addr flush dev br0 scope global; for p in swc swr br0; do ip link set $p up; done
ip addr add 10.77.0.3/24 dev br0`,
	router: hooks + `
ip -4 addr flush dev rtc; ip -6 addr flush dev rtc scope global; ip -4 addr flush dev rtu; ip -6 addr flush dev rtu scope global; ip link set rtc mtu 1500 up; ip link set rtu mtu 1500 up
ip addr add 10.77.0.1/24 dev rtc; ip addr add 10.70.0.2/30 dev rtu
ip -6 addr add fd77::1/64 dev rtc nodad; ip -6 addr add fd70::2/64 dev rtu nodad
ip route replace default via 10.70.0.1; ip -6 route replace default via fd70::1`,
	isp: hooks + `
for d in ispd isps isp2; do ip -4 addr flush dev $d; ip -6 addr flush dev $d scope global; ip link set $d mtu 1500 up; done
ip addr add 10.70.0.1/30 dev ispd; ip addr add 10.88.0.1/24 dev isps; ip addr add 10.99.0.1/24 dev isp2
ip -6 addr add fd70::1/64 dev ispd nodad; ip -6 addr add fd88::1/64 dev isps nodad; ip -6 addr add fd99::1/64 dev isp2 nodad
ip route replace 10.77.0.0/24 via 10.70.0.2; ip -6 route replace fd77::/64 via fd70::2`,
	site: hooks + `
while ip rule del lookup 77 2>/dev/null; do :; done; ip route flush table 77 2>/dev/null || true
ip -4 addr flush dev sv0; ip -6 addr flush dev sv0 scope global; ip link set sv0 mtu 1500 up
for a in 2 10 11 20 53; do ip addr add 10.88.0.$a/24 dev sv0; done
for a in 10 11; do ip -6 addr add fd88::$a/64 dev sv0 nodad; done
ip route replace default via 10.88.0.1; ip -6 route replace default via fd88::1
nft add rule inet lab pre tcp dport 443 redirect to :8443`,
	second: hooks + `
ip -4 addr flush dev s20; ip -6 addr flush dev s20 scope global; ip link set s20 mtu 1500 up
for a in 3 10 20 53 54; do ip addr add 10.99.0.$a/24 dev s20; done
for a in 3 10 20 53 54; do ip -6 addr add fd99::$a/64 dev s20 nodad; done
ip route replace default via 10.99.0.1; ip -6 route replace default via fd99::1`,
}

// newWorld makes the networks and starts what lives in them. The process must be
// alone in its own network and mount namespace.
func newWorld(dir, tools string) (*world, error) {
	w := &world{dir: dir, tools: tools, zone: newZone(), dns: map[string]*nameServer{}, desks: map[string]string{}}
	if err := w.sh(client, cables); err != nil {
		return nil, err
	}
	for _, f := range []string{"resolv.conf", "hosts", "nsswitch.conf"} {
		own := filepath.Join(dir, f)
		if err := os.WriteFile(own, nil, 0o644); err != nil {
			return nil, err
		}
		if err := w.sh(client, "test -e /etc/"+f+" || touch /etc/"+f+"; mount --bind "+own+" /etc/"+f); err != nil {
			return nil, err
		}
	}
	var err error
	if w.ca, err = newAuthorities(dir); err != nil {
		return nil, err
	}
	if err := w.whole(); err != nil {
		return nil, err
	}
	for _, at := range []struct{ ns, ip string }{{router, gateway}, {second, dnsIP}, {second, dns2IP}, {site, siteDNS}} {
		s, err := w.startNames(at.ns, at.ip)
		if err != nil {
			return nil, err
		}
		w.dns[at.ip] = s
	}
	if err := w.alsoAt(w.dns[dnsIP], second, "[fd99::53]:53"); err != nil {
		return nil, err
	}
	if err := w.startStatus(); err != nil {
		return nil, err
	}
	return w, w.startServer()
}

// whole puts everything in order again.
func (w *world) whole() error {
	for i := len(w.undo) - 1; i >= 0; i-- {
		w.undo[i]()
	}
	w.undo, w.env, w.args, w.limit, w.keyring = nil, nil, nil, "", ""
	w.zone.reset()
	for _, s := range w.dns {
		s.reset()
	}
	errs := []error{}
	for _, ns := range []string{office, router, isp, site, second, client} {
		errs = append(errs, w.sh(ns, order[ns]))
	}
	errs = append(errs, w.resolvers(dnsIP), w.hosts(""),
		os.WriteFile(filepath.Join(w.dir, "nsswitch.conf"), []byte("hosts: files dns\n"), 0o644))
	return errors.Join(errs...)
}

// resolvers writes resolv.conf.
func (w *world) resolvers(ips ...string) error {
	text := ""
	for _, ip := range ips {
		text += "nameserver " + ip + "\n"
	}
	return os.WriteFile(filepath.Join(w.dir, "resolv.conf"), []byte(text), 0o644)
}

// hosts writes the hosts file.
func (w *world) hosts(more string) error {
	return os.WriteFile(filepath.Join(w.dir, "hosts"), []byte("127.0.0.1 localhost\n"+more), 0o644)
}

// startServer starts the real invoice server at every address of the site, port
// 8443; port 443 leads there.
func (w *world) startServer() error {
	tokens := filepath.Join(w.dir, "tokens")
	out, err := exec.Command(filepath.Join(w.tools, "syncd"), "token", "add", "--token-file", tokens, "--branch", "城西 West").Output()
	if err != nil {
		return err
	}
	w.token = strings.TrimSpace(string(out))
	if err := w.ownDisk(); err != nil {
		return err
	}
	return w.runServer()
}

// runServer runs the real server with more flags until it is stopped.
func (w *world) runServer(more ...string) error {
	w.syncd = w.command(context.Background(), site, filepath.Join(w.tools, "syncd"), append([]string{"--data", filepath.Join(w.dir, "server"), "--listen", "[::]:8443",
		"--tls-cert", w.ca.path("server.pem"), "--tls-key", w.ca.path("server.key"), "--token-file", filepath.Join(w.dir, "tokens")}, more...)...)
	log, err := os.Create(filepath.Join(w.dir, "syncd.log"))
	if err != nil {
		return err
	}
	w.syncd.Stderr = log
	ready, err := w.syncd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := w.syncd.Start(); err != nil {
		return err
	}
	if line, err := bufio.NewReader(ready).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready") {
		raw, _ := os.ReadFile(log.Name())
		return fmt.Errorf("syncd says %q: %v %s", line, err, raw)
	}
	return nil
}

// stopServer stops the real server.
func (w *world) stopServer() {
	if w.syncd != nil && w.syncd.Process != nil {
		_ = w.syncd.Process.Kill()
		_ = w.syncd.Wait()
	}
}

func (w *world) close() { w.stopServer() }

// resolvText writes resolv.conf as it stands.
func (w *world) resolvText(text string) error {
	return os.WriteFile(filepath.Join(w.dir, "resolv.conf"), []byte(text), 0o644)
}
