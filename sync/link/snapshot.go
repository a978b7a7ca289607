package link

import (
	"strconv"
	"time"
)

// Snapshot is what a working connection looked like.
type Snapshot struct {
	At       time.Time     `json:"at"`
	Address  string        `json:"address"` // ip:port
	Chain    string        `json:"chain"`   // SHA-256 of the server's certificate
	NotAfter time.Time     `json:"not_after"`
	Offset   time.Duration `json:"offset"` // server's clock minus ours
	Server   string        `json:"server"` // what it calls itself
	Beside   [][]byte      `json:"beside"` // the certificates that came after its own, DER

	Roots       [][]byte      `json:"roots,omitempty"`       // that the server was trusted by, DER: to tell what is wrong where they are lost, never to trust
	Key         string        `json:"key,omitempty"`         // SHA-256 of the public key in the server's certificate
	RTT         time.Duration `json:"rtt,omitempty"`         // of a TCP connect
	Addresses   []string      `json:"addresses,omitempty"`   // that the name had, without port
	Protocol    string        `json:"protocol,omitempty"`    // "h2" or "http/1.1"
	TLS         string        `json:"tls,omitempty"`         // version, like "TLS 1.3"
	Environment string        `json:"environment,omitempty"` // as the server names it
	Status      string        `json:"status,omitempty"`      // URL that tells how the service is
	Ports       []string      `json:"ports,omitempty"`       // others that the server listens on
	Nodes       []string      `json:"nodes,omitempty"`       // other addresses of the service, host:port
	Zone        string        `json:"zone,omitempty"`        // of this computer, as Zone writes it
	Place
}

// Place is how this computer stands in its network. Texts are empty where that
// cannot be known.
type Place struct {
	Network  string `json:"network"`  // own addresses
	Resolver string `json:"resolver"` // name servers
	Proxy    string `json:"proxy"`    // host:port, or Direct

	Gateway   string `json:"gateway,omitempty"`   // address of the router
	Interface string `json:"interface,omitempty"` // that leads to the server
	LinkType  string `json:"link_type,omitempty"` // of that interface, as sync/osnet names it
}

// Direct is the Proxy of a connection without one.
const Direct = "direct"

// LastGood is the connection as it last worked; nil when it never did.
func (m *Monitor) LastGood() *Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.good == nil {
		return nil
	}
	g := *m.good
	return &g
}

// Learn keeps what a self-check that ended well has seen of the line.
func (m *Monitor) Learn(s Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.good == nil {
		m.good = &Snapshot{}
	}
	m.good.learn(s)
	m.now.learn(s)
}

func (g *Snapshot) learn(s Snapshot) {
	g.At = s.At
	if s.Interface == "" && s.Network == g.Network { // it stands where it stood: its way is the same
		s.Interface, s.LinkType = g.Interface, g.LinkType
	}
	if g.RTT > 0 && s.RTT > g.RTT && s.Network == g.Network { // the fastest tells how far the server is
		s.RTT = g.RTT
	}
	g.Place = s.Place
	keep(&g.Address, s.Address)
	keep(&g.Chain, s.Chain)
	keep(&g.Key, s.Key)
	keep(&g.Server, s.Server)
	keep(&g.RTT, s.RTT)
	keep(&g.Protocol, s.Protocol)
	keep(&g.TLS, s.TLS)
	keep(&g.Environment, s.Environment)
	keep(&g.Status, s.Status)
	keep(&g.Offset, s.Offset)
	keep(&g.Zone, s.Zone)
	keep(&g.NotAfter, s.NotAfter)
	keepAll(&g.Beside, s.Beside)
	keepAll(&g.Roots, s.Roots)
	keepAll(&g.Addresses, s.Addresses)
	keepAll(&g.Ports, s.Ports)
	keepAll(&g.Nodes, s.Nodes)
}

// keep overwrites what is known with what was seen; nothing seen changes nothing.
func keep[T comparable](known *T, seen T) {
	var none T
	if seen != none {
		*known = seen
	}
}

func keepAll[T any](known *[]T, seen []T) {
	if len(seen) > 0 {
		*known = seen
	}
}

// CertificateEnd is when the certificate that the server showed last ends; zero
// when none was seen.
func (m *Monitor) CertificateEnd() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.NotAfter.IsZero() && m.good != nil {
		return m.good.NotAfter
	}
	return m.now.NotAfter
}

// Offset is how far the server's clock is ahead of this computer's, as far as its
// answers told; 0 where they told nothing.
func (m *Monitor) Offset() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Offset
}

// Change compares one thing with the last good state.
type Change struct {
	Key           string // "certificate", "address", "clock", "network", "resolver", "proxy", "gateway", "interface", "server", "tls", "rtt"
	Before, After string // a clock's are seconds, the server's clock minus ours; a round trip's milliseconds
	Changed       bool
}

// Changes lists what is different since it last worked; what is known on
// neither side is left out.
func (m *Monitor) Changes() []Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.good == nil {
		return nil
	}
	g, n := *m.good, m.now
	seconds := func(d time.Duration) string {
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', 1, 64) // never "-0.0"
	}
	drift := (n.Offset - g.Offset).Abs() > time.Minute
	out := []Change{
		{"certificate", g.NotAfter.Format(time.DateOnly), n.NotAfter.Format(time.DateOnly), g.Chain != n.Chain},
		{"address", g.Address, n.Address, g.Address != n.Address},
		{"clock", seconds(g.Offset), seconds(n.Offset), drift},
	}
	known := func(key, before, after string) {
		if before != "" && after != "" {
			out = append(out, Change{key, before, after, before != after})
		}
	}
	known("network", g.Network, n.Network)
	known("resolver", g.Resolver, n.Resolver)
	known("proxy", g.Proxy, n.Proxy)
	known("gateway", g.Gateway, n.Gateway)
	known("interface", g.Interface, n.Interface)
	known("server", g.Server, n.Server)
	known("tls", g.TLS, n.TLS)
	if g.RTT > 0 && n.RTT > 0 {
		ms := func(d time.Duration) string { return strconv.FormatInt(max(1, d.Milliseconds()), 10) }
		out = append(out, Change{"rtt", ms(g.RTT), ms(n.RTT), n.RTT > 3*g.RTT && n.RTT-g.RTT > 50*time.Millisecond})
	}
	return out
}
