package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

func stringReader(s string) io.Reader { return strings.NewReader(s) }

// tool runs a program on this computer and returns all it prints, and its exit code.
func tool(w *world, name string, args ...string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(c.Environ(), w.env...)
	c.Stdin = strings.NewReader("")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), exit.ExitCode()
	}
	if err != nil {
		return err.Error(), -1
	}
	return out.String(), 0
}

// anyExit lets curl end as it likes.
const anyExit = -2

// curl asks with curl and the CA of the base: it exits so (-1: with any error) and
// prints what matches.
func curl(exit int, says string, args ...string) check {
	words := strings.Join(args, " ")
	return check{fmt.Sprintf("curl %s: exit %d %s", words, exit, says), func(w *world) error {
		all := append([]string{"-sS", "-i", "-m", "4", "--connect-timeout", "3", "--cacert", w.ca.path("ca.pem")}, args...)
		out, code := tool(w, "curl", all...)
		if exit != anyExit && code != exit && (exit >= 0 || code == 0) {
			return fmt.Errorf("exit %d: %.300s", code, out)
		}
		if ok, err := regexp.MatchString("(?is)"+says, out); err != nil || !ok {
			return fmt.Errorf("%q is not in %.600s", says, out)
		}
		return nil
	}}
}

// openssl makes a handshake with openssl; its words match.
func openssl(says, address string, args ...string) check {
	return check{fmt.Sprintf("openssl s_client %s: %s", address, says), func(w *world) error {
		all := append([]string{"5", "openssl", "s_client", "-connect", address, "-servername", serverName, "-CAfile", w.ca.path("ca.pem"), "-verify_hostname", serverName}, args...)
		out, _ := tool(w, "timeout", all...)
		if ok, err := regexp.MatchString("(?is)"+says, out); err != nil || !ok {
			return fmt.Errorf("%q is not in %.1500s", says, out)
		}
		return nil
	}}
}

// tcp is how a connection to an address turns out: "open", "timeout" or an errno.
func tcp(address, want string) check {
	return check{"tcp " + address + ": " + want, func(w *world) error {
		if got := dialled(address); got != want {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	}}
}

func dialled(address string) string {
	c, err := net.DialTimeout("tcp", address, 1500*time.Millisecond)
	if err == nil {
		_ = c.Close()
		return "open"
	}
	return cause(err)
}

func cause(err error) string {
	var errno syscall.Errno
	var timeout net.Error
	switch {
	case err == nil:
		return "open"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &errno):
		for name, e := range map[string]syscall.Errno{
			"refused": syscall.ECONNREFUSED, "host unreachable": syscall.EHOSTUNREACH, "net unreachable": syscall.ENETUNREACH,
			"reset": syscall.ECONNRESET, "not allowed": syscall.EACCES, "not permitted": syscall.EPERM,
		} {
			if errno == e {
				return name
			}
		}
	}
	return err.Error()
}

// greeting is what a server says by itself to whoever connects.
func greeting(address, want string) check {
	return check{"the first words of " + address + ": " + want, func(*world) error {
		c, err := net.DialTimeout("tcp", address, 2*time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		buf := make([]byte, 200)
		n, err := c.Read(buf)
		if !strings.Contains(string(buf[:n]), want) {
			return fmt.Errorf("%q %v", buf[:n], err)
		}
		return nil
	}}
}

// names is what a name server says of a name's A, or AAAA after a "6": an rcode,
// "timeout", "refused", or addresses.
func names(server, via, name, want string) check {
	return check{fmt.Sprintf("dns @%s %s %s: %s", server, via, name, want), func(w *world) error {
		if got := asked(server, via, name); got != want {
			return fmt.Errorf("it says %s", got)
		}
		return nil
	}}
}

func asked(server, via, name string) string {
	kind := dnsmessage.TypeA
	if n, ok := strings.CutPrefix(name, "6 "); ok {
		name, kind = n, dnsmessage.TypeAAAA
	}
	q := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: kind, Class: dnsmessage.ClassINET}}}
	msg, err := q.Pack()
	if err != nil {
		return err.Error()
	}
	c, err := net.DialTimeout(via, net.JoinHostPort(server, "53"), 1500*time.Millisecond)
	if err != nil {
		return cause(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(1500 * time.Millisecond))
	if via == "tcp" {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
	}
	if _, err := c.Write(msg); err != nil {
		return cause(err)
	}
	buf := make([]byte, 4096)
	if via == "tcp" {
		if _, err := io.ReadFull(c, buf[:2]); err != nil {
			return cause(err)
		}
	}
	n, err := c.Read(buf)
	if err != nil {
		return cause(err)
	}
	var a dnsmessage.Message
	if err := a.Unpack(buf[:n]); err != nil {
		return "noise"
	}
	switch {
	case a.RCode != 0:
		return strings.TrimPrefix(a.RCode.String(), "RCode")
	case a.Truncated:
		return "truncated"
	}
	var ips []string
	for _, r := range a.Answers {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			ips = append(ips, netip.AddrFrom4(b.A).String())
		case *dnsmessage.AAAAResource:
			ips = append(ips, netip.AddrFrom16(b.AAAA).String())
		}
	}
	if len(ips) == 0 {
		return "nothing"
	}
	return strings.Join(ips, " ")
}

// ping is whether an address answers an echo within a second.
func ping(ip string, want bool) check {
	return check{fmt.Sprintf("ping %s: %v", ip, want), func(w *world) error {
		rtt, err := echo(ip, 56)
		if (err == nil) != want {
			return fmt.Errorf("%v %v", rtt, err)
		}
		return nil
	}}
}

// roundTrip is the time of an echo, in milliseconds.
func roundTrip(ip string, from, to time.Duration) check {
	return check{fmt.Sprintf("ping %s: %v to %v", ip, from, to), func(w *world) error {
		best := time.Hour
		for range 4 {
			if rtt, err := echo(ip, 56); err == nil && rtt < best {
				best = rtt
			}
		}
		if best < from || best > to {
			return fmt.Errorf("%v", best)
		}
		return nil
	}}
}

func echo(ip string, size int) (time.Duration, error) {
	c, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return 0, err
	}
	defer c.Close()
	id := int(time.Now().UnixNano() & 0xffff)
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: 1, Data: make([]byte, size)}}
	b, err := m.Marshal(nil)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := c.WriteTo(b, &net.IPAddr{IP: net.ParseIP(ip)}); err != nil {
		return 0, err
	}
	_ = c.SetReadDeadline(start.Add(time.Second + 500*time.Millisecond))
	buf := make([]byte, 4096)
	for {
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			return 0, err
		}
		r, err := icmp.ParseMessage(1, buf[:n])
		if err != nil || r.Type != ipv4.ICMPTypeEchoReply {
			continue
		}
		if e, ok := r.Body.(*icmp.Echo); ok && e.ID == id {
			return time.Since(start), nil
		}
	}
}

// shell shows by a command of a namespace whose output matches.
func shell(ns, script, says string) check {
	return check{script + ": " + says, func(w *world) error {
		out, err := w.out(ns, script)
		if err != nil {
			return err
		}
		if ok, err := regexp.MatchString("(?is)"+says, out); err != nil || !ok {
			return fmt.Errorf("%q is not in %.600s", says, out)
		}
		return nil
	}}
}
