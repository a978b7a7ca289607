package lab

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A line is what a wire does to each packet, the same in both directions.
type line struct {
	delay  time.Duration // one way
	jitter time.Duration // more, at random; order is kept
	loss   float64       // of one
	rate   int           // bytes a second; 0 is no limit
	queue  time.Duration // a packet that would wait longer for the rate is lost; 0 is 2 s
	max    int           // bytes of the largest packet that passes; 0 is no limit
	mtu    int           // of the devices; 0 is 1500
}

// A tun is one end of a wire.
type tun struct {
	*os.File
	out    chan packet
	passed atomic.Int64
}

type packet struct {
	at   time.Time
	data []byte
}

func (w *world) openTun(ns, name string) (*tun, error) {
	t := &tun{out: make(chan packet, 4096)}
	return t, w.in(ns, func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		ifr, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.File = os.NewFile(uintptr(fd), name)
		return nil
	})
}

// carry copies packets from one end to the other as the line does.
func carry(from, to *tun, l line) {
	go func() {
		for p := range to.out {
			time.Sleep(time.Until(p.at)) // the line's delay is what is played
			_, _ = to.Write(p.data)
		}
	}()
	var last, free time.Time
	if l.queue == 0 {
		l.queue = 2 * time.Second
	}
	defer close(to.out)
	for {
		buf := make([]byte, 65536)
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		from.passed.Add(1)
		now := time.Now()
		if l.max > 0 && n > l.max || l.loss > 0 && rand.Float64() < l.loss {
			continue
		}
		at := now
		if l.rate > 0 {
			if free.Before(now) {
				free = now
			}
			if free.Sub(now) > l.queue {
				continue
			}
			free = free.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
			at = free
		}
		at = at.Add(l.delay)
		if l.jitter > 0 {
			at = at.Add(time.Duration(rand.Int64N(int64(l.jitter))))
		}
		if at.Before(last) {
			at = last
		}
		last = at
		select {
		case to.out <- packet{at, buf[:n]}:
		default:
		}
	}
}

// lay puts a wire between two namespaces; script gives its ends addresses and routes.
func (w *world) lay(nsA, a, nsB, b string, l line, scriptA, scriptB string) error {
	ta, err := w.openTun(nsA, a)
	if err != nil {
		return err
	}
	tb, err := w.openTun(nsB, b)
	if err != nil {
		_ = ta.Close()
		return err
	}
	go carry(ta, tb, l)
	go carry(tb, ta, l)
	w.later(func() { _, _ = ta.Close(), tb.Close() })
	mtu := l.mtu
	if mtu == 0 {
		mtu = 1500
	}
	if err := w.sh(nsA, fmt.Sprintf("ip link set %s mtu %d up; %s", a, mtu, scriptA)); err != nil {
		return err
	}
	return w.sh(nsB, fmt.Sprintf("ip link set %s mtu %d up; %s", b, mtu, scriptB))
}

// slowLine puts a wire between the office and the provider.
func slowLine(text string, l line) act {
	return act{"line of the office: " + text, func(w *world) error {
		return w.lay(router, "w0", isp, "w1", l,
			"ip addr add 10.71.0.2/30 dev w0; ip route replace default via 10.71.0.1; ip -6 addr add fd71::2/64 dev w0 nodad; ip -6 route replace default via fd71::1",
			"ip addr add 10.71.0.1/30 dev w1; ip route replace 10.77.0.0/24 via 10.71.0.2; ip -6 addr add fd71::1/64 dev w1 nodad; ip -6 route replace fd77::/64 via fd71::2")
	}}
}

// slowSite puts a wire before addresses of the server's site alone.
func slowSite(text string, l line, ips ...string) act {
	if ips == nil {
		ips = []string{serverIP}
	}
	return act{"line of the server: " + text, func(w *world) error {
		there, back := "ip addr add 10.72.0.1/30 dev w2", "ip addr add 10.72.0.2/30 dev w3"
		for _, ip := range ips {
			there += "; ip route add " + ip + "/32 via 10.72.0.2"
			back += fmt.Sprintf("; ip rule add from %s lookup 77", ip)
		}
		back += "; ip route add default via 10.72.0.1 table 77"
		return w.lay(isp, "w2", site, "w3", l, there, back)
	}}
}
