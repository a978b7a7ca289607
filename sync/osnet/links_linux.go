package osnet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Interfaces returns this computer's interfaces in the order of their indexes.
func Interfaces() ([]Interface, error) {
	links, err := ask(unix.RTM_GETLINK, unix.NLM_F_DUMP, make([]byte, unix.SizeofIfInfomsg))
	if err != nil {
		return nil, err
	}
	var out []Interface
	var cards []card
	for _, m := range links {
		if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		a := attributes(m.Data, unix.SizeofIfInfomsg)
		flags := binary.NativeEndian.Uint32(m.Data[8:])
		c := card{
			name: string(bytes.TrimRight(a[unix.IFLA_IFNAME], "\x00")), hardware: binary.NativeEndian.Uint16(m.Data[2:]), loopback: flags&unix.IFF_LOOPBACK != 0,
			made: string(bytes.TrimRight(attributes(a[unix.IFLA_LINKINFO], 0)[unix.IFLA_INFO_KIND], "\x00")), index: number(m.Data[4:]), master: number(a[unix.IFLA_MASTER]),
		}
		if a[unix.IFLA_LINK_NETNSID] == nil { // the other end is not in another namespace
			c.peer = number(a[unix.IFLA_LINK])
		}
		cards = append(cards, c)
		out = append(out, Interface{Index: c.index, Name: c.name, MTU: number(a[unix.IFLA_MTU]), Up: flags&unix.IFF_UP != 0, Running: flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0})
	}
	for i := range out {
		out[i].Kind = cards[i].kind(cards)
	}
	return out, addAddresses(out)
}

// card is what tells an interface's kind.
type card struct {
	name          string
	made          string // by which driver of the kernel; empty where it is hardware
	hardware      uint16
	loopback      bool
	index, master int
	peer          int // the other end of a pair, where that is here too
}

func (c card) kind(all []card) Kind {
	switch c.made {
	case "tun", "wireguard", "ipip", "gre", "gretap", "ip6gre", "ip6gretap", "ip6tnl", "sit", "vti", "vti6", "xfrm", "ppp", "amt", "ovpn":
		return Tunnel
	case "dummy", "ifb", "nlmon", "vxlan", "geneve", "vcan", "netdevsim":
		return Virtual
	case "bridge":
		// A bridge with a card in it is the card; one of containers has only their ports.
		if slices.ContainsFunc(all, func(p card) bool { return p.master == c.index && p.made == "" && !p.loopback }) {
			return Ethernet
		}
		return Virtual
	case "veth":
		// The end of a pair is the only card that a container has; with a bridge above
		// it or above its other end, it is a port of the bridge.
		if c.master != 0 || slices.ContainsFunc(all, func(p card) bool { return p.index == c.peer && p.master != 0 }) {
			return Virtual
		}
		return Ethernet
	}
	switch {
	case c.loopback:
		return Loopback
	case c.hardware == unix.ARPHRD_PPP || c.hardware == unix.ARPHRD_NONE && c.made == "" && !strings.HasPrefix(c.name, "wwan"):
		return Tunnel
	case wireless(c.name):
		return WiFi
	}
	if k := kindByName(c.name); k != "" {
		return k
	}
	return Ethernet
}

func wireless(name string) bool {
	_, err := os.Stat("/sys/class/net/" + name + "/phy80211")
	return err == nil
}

// addAddresses puts the addresses to their interfaces.
func addAddresses(to []Interface) error {
	all, err := ask(unix.RTM_GETADDR, unix.NLM_F_DUMP, make([]byte, unix.SizeofIfAddrmsg))
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Header.Type != unix.RTM_NEWADDR || len(m.Data) < unix.SizeofIfAddrmsg {
			continue
		}
		a := attributes(m.Data, unix.SizeofIfAddrmsg)
		raw := a[unix.IFA_LOCAL] // of a line between two, the other address is the far one
		if raw == nil {
			raw = a[unix.IFA_ADDRESS]
		}
		ip, ok := netip.AddrFromSlice(raw)
		if !ok {
			continue
		}
		flags := uint32(m.Data[2])
		if long := a[unix.IFA_FLAGS]; len(long) == 4 {
			flags = binary.NativeEndian.Uint32(long)
		}
		for i := range to {
			if to[i].Index == number(m.Data[4:]) {
				to[i].Addresses = append(to[i].Addresses, Address{netip.PrefixFrom(ip, int(m.Data[1])), flags&unix.IFA_F_DADFAILED != 0})
			}
		}
	}
	return nil
}
