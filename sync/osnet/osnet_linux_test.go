package osnet

import (
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSignal(t *testing.T) {
	const head = "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
	if p, ok := signal(head + " wlp2s0: 0000   26.  -84.  -256        0      0      0      0     40        0\n"); p != 32 || !ok {
		t.Error(p, ok)
	}
	if _, ok := signal(head); ok {
		t.Error("no Wi-Fi has a signal")
	}
}

func TestResolvConf(t *testing.T) {
	if got := resolvConf("# x\nnameserver 10.0.0.1\nsearch a\nnameserver\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\n"); !slices.Equal(got, []string{"10.0.0.1", "fe80::1%eth0"}) {
		t.Error(got)
	}
}

// TestOwnNetwork reads a network that was made for it.
func TestOwnNetwork(t *testing.T) {
	if os.Getenv("COUNTERFOIL_INSIDE") != "" {
		ownNetwork(t)
		return
	}
	args := []string{"--net"}
	if os.Getuid() != 0 {
		args = append(args, "--user", "--map-root-user")
	}
	if out, err := exec.Command("unshare", append(args, "ip", "link")...).CombinedOutput(); err != nil {
		t.Skipf("this system gives no namespaces: %v %s", err, out)
	}
	c := exec.Command("unshare", append(args, os.Args[0], "-test.v", "-test.run", "^TestOwnNetwork$")...)
	c.Env = append(os.Environ(), "COUNTERFOIL_INSIDE=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestOwnNetwork") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func shell(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func ownNetwork(t *testing.T) {
	shell(t, `ip link set lo up; ip link add cl0 type veth peer name far0; ip link set cl0 up; ip link set far0 up
		ip addr add 10.7.0.2/24 dev cl0; ip addr add 169.254.3.4/16 dev cl0; ip -6 addr add fd00:7::2/64 dev cl0 nodad
		ip route add default via 10.7.0.9; ip -6 route add default via fd00:7::1 dev cl0
		ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
		ip link add vethc type veth peer name vethd; ip link set vethc master docker0 up; ip link set vethd up
		ip tuntap add tun0 mode tun; ip route add prohibit 10.9.0.1; ip route add 10.9.1.0/24 via 10.7.0.1 src 169.254.3.4`)
	f := Look()
	cl0, docker := f.Named("cl0"), f.Named("docker0")
	if cl0.Kind != Ethernet || !cl0.Up || !cl0.Running || docker.Kind != Virtual || f.Named("vethc").Kind != Virtual || f.Named("vethd").Kind != Virtual || f.Named("tun0").Kind != Tunnel || f.Named("tun0").Running {
		t.Errorf("%+v", f.Interfaces)
	}
	if !slices.ContainsFunc(cl0.Addresses, Address.SelfGiven) || !f.Near(netip.MustParseAddr("10.7.0.77")) || !f.Near(netip.MustParseAddr("172.17.0.3")) || f.Near(netip.MustParseAddr("10.8.0.1")) {
		t.Errorf("%+v", cl0)
	}
	if r := f.Default(false); r.Gateway.String() != "10.7.0.9" || r.Interface != cl0.Index {
		t.Errorf("%+v", f.Defaults)
	}
	if r := f.Default(true); r.Gateway.String() != "fd00:7::1" {
		t.Errorf("%+v", f.Defaults)
	}
	if r, err := RouteTo(netip.MustParseAddr("10.9.1.7")); err != nil || r.Gateway.String() != "10.7.0.1" || r.Source.String() != "169.254.3.4" || r.Interface != cl0.Index {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := RouteTo(netip.MustParseAddr("10.9.0.1")); !Forbidden(err) {
		t.Error(err)
	}
	if s, _ := Neighbour(netip.MustParseAddr("10.7.0.9")); s != Unknown {
		t.Error("nobody asked for it: ", s)
	}
	shell(t, "ip neigh add 10.7.0.9 lladdr 02:00:00:00:00:09 nud reachable dev cl0; ip neigh add fd00:7::1 nud failed dev cl0")
	if s, age := Neighbour(netip.MustParseAddr("10.7.0.9")); s != Present || age > time.Minute {
		t.Error(s, age)
	}
	if s, _ := Neighbour(netip.MustParseAddr("fd00:7::1")); s != Absent {
		t.Error(s)
	}
	shell(t, "ip link set far0 down; ip link set docker0 down; ip link add br0 type bridge; ip link set br0 up; ip addr add 10.6.0.2/24 dev br0; ip route replace default via 10.6.0.1")
	f = Look()
	for end := time.Now().Add(5 * time.Second); f.Named("cl0").Running && time.Now().Before(end); f = Look() {
		time.Sleep(10 * time.Millisecond) // the kernel tells of a carrier up to a second later
	}
	if f.Named("cl0").Running || !f.Named("cl0").Up || f.Named("docker0").Up || f.Named("br0").Kind != Ethernet {
		t.Errorf("%+v", f.Interfaces)
	}
	shell(t, "ip route flush table main")
	if _, err := RouteTo(netip.MustParseAddr("203.0.113.1")); !errors.Is(err, syscall.ENETUNREACH) {
		t.Error(err)
	}
	shell(t, "ip link set far0 up; ip route add 10.7.0.0/24 dev cl0")
	reaches(t)
}
