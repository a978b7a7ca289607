// Package route is the way on which the program dials its invoice server.
//
// Words: a Route is what is different from the plain way, which is the zero Route;
// most cures set a field of it. A Ground is what a way is made of on this computer:
// the server's name, its trusted CA, the proxies. The program's own requests and the
// self-check go over what Transport returns.
//
// It refuses to lower TLS and to leave out any check of the certificate: whatever
// address is dialled, the server must prove to be the one that was asked for.
package route

import "slices"

// Route is plain data that a setting can hold. An empty field is as on the plain way.
type Route struct {
	// Host is the server's that Addresses and Port are for; at another they are nothing.
	Host string `json:"host,omitempty"`
	// Addresses ("ip" or "ip:port") are dialled instead of what the server's name
	// resolves to; where none of them answers, the plain way is tried after all.
	Addresses []string `json:"addresses,omitempty"`
	// Port is dialled instead of the one in the server's address; not through a proxy.
	Port string `json:"port,omitempty"`

	Names     string `json:"names,omitempty"`     // how names are looked up: OverTCP or Fresh
	Family    string `json:"family,omitempty"`    // IPv4
	Source    string `json:"source,omitempty"`    // own address that connections start at
	Interface string `json:"interface,omitempty"` // network card that they leave by
	Proxy     string `json:"proxy,omitempty"`     // Direct or System
	SignIn    bool   `json:"sign_in,omitempty"`   // the proxy is given the user name kept for it

	Classic     bool `json:"classic,omitempty"`      // key exchange without the large post-quantum share
	SegmentSize int  `json:"segment_size,omitempty"` // largest TCP segment, in bytes
	HTTP1       bool `json:"http1,omitempty"`        // HTTP/1.1 alone
	Identity    bool `json:"identity,omitempty"`     // answers are not compressed

	// Remembered are certificates (DER) that may stand between the server's own and our
	// root where the server leaves them out.
	Remembered [][]byte `json:"remembered,omitempty"`
}

// Values of Names, Family and Proxy.
const (
	OverTCP = "tcp"    // the system's name servers, over TCP
	Fresh   = "fresh"  // the same, past the hosts file and what the system remembers
	IPv4    = "tcp4"   // no IPv6
	Direct  = "direct" // no proxy
	System  = "system" // the proxy of the system's settings
)

// IsPlain reports whether nothing is different from the plain way.
func (r Route) IsPlain() bool {
	return len(r.Addresses) == 0 && len(r.Remembered) == 0 && r.Port == "" && r.Names == "" && r.Family == "" && r.Source == "" &&
		r.Interface == "" && r.Proxy == "" && !r.SignIn && !r.Classic && r.SegmentSize == 0 && !r.HTTP1 && !r.Identity
}

// With returns the route with everything that is different on another one.
func (r Route) With(o Route) Route {
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	set(&r.Host, o.Host)
	set(&r.Port, o.Port)
	set(&r.Names, o.Names)
	set(&r.Family, o.Family)
	set(&r.Source, o.Source)
	set(&r.Interface, o.Interface)
	set(&r.Proxy, o.Proxy)
	if len(o.Addresses) > 0 {
		r.Addresses = slices.Clone(o.Addresses)
	}
	if len(o.Remembered) > 0 {
		r.Remembered = slices.Concat(r.Remembered, o.Remembered)
	}
	if o.SegmentSize > 0 {
		r.SegmentSize = o.SegmentSize
	}
	r.SignIn, r.Classic = r.SignIn || o.SignIn, r.Classic || o.Classic
	r.HTTP1, r.Identity = r.HTTP1 || o.HTTP1, r.Identity || o.Identity
	return r
}
