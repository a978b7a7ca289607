package lab

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A record is what a name has; the zero record has no addresses (NODATA).
type record struct {
	a, aaaa []string
	rcode   dnsmessage.RCode
	silent  bool   // no answer at all
	noise   bool   // bytes that are no message
	alias   string // the name that it is another word for
}

// A zone is what is true of names.
type zone struct {
	mu    sync.Mutex
	names map[string]record
}

func newZone() *zone { z := &zone{}; z.reset(); return z }

func (z *zone) reset() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.names = map[string]record{
		serverName:     {a: []string{serverIP}},
		"status.test":  {a: []string{statusIP}},
		"proxy.test":   {a: []string{proxyIP}},
		"control.test": {a: []string{statusIP}},
		"":             {}, // the root is there
	}
}

func (z *zone) set(name string, r record) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.names[name] = r
}

func (z *zone) get(name string) (record, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	r, ok := z.names[name]
	return r, ok
}

// A nameServer answers from the zone, unless its behaviour says otherwise.
type nameServer struct {
	zone *zone
	mu   sync.Mutex
	how  behaviour
	own  map[string]record // known to this one alone
}

// behaviour of a name server.
type behaviour struct {
	rcode     dnsmessage.RCode // for everything; 0: none
	silentUDP bool
	silentTCP bool
	truncate  bool // over UDP
	delay     time.Duration
	sixSilent bool // says nothing to questions for IPv6
	every     int  // only each so-manieth question over UDP is answered; 0: all
	asked     int

	aaaa       dnsmessage.RCode // for questions of AAAA; 0: none
	silentAAAA bool
	plainOnly  bool // FORMERR for what comes with EDNS
	alias      bool // an address is that of an alias of an alias
}

func (s *nameServer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how, s.own = behaviour{}, map[string]record{}
}

func (s *nameServer) be(b behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how = b
}

func (s *nameServer) know(name string, r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[name] = r
}

func (w *world) startNames(ns, ip string) (*nameServer, error) {
	s := &nameServer{zone: w.zone}
	s.reset()
	return s, w.alsoAt(s, ns, ip+":53")
}

// alsoAt lets a name server answer at an address.
func (w *world) alsoAt(s *nameServer, ns, address string) error {
	u, err := w.listenPacket(ns, address)
	if err != nil {
		return err
	}
	l, err := w.listen(ns, "tcp", address)
	if err != nil {
		return err
	}
	go s.packets(u)
	go s.streams(l)
	return nil
}

func (s *nameServer) packets(c net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		msg := append([]byte{}, buf[:n]...)
		go func() {
			if out := s.answer(msg, "udp"); out != nil {
				_, _ = c.WriteTo(out, from)
			}
		}()
	}
}

func (s *nameServer) streams(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			for {
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				msg := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, msg); err != nil {
					return
				}
				out := s.answer(msg, "tcp")
				if out == nil {
					continue
				}
				if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
					return
				}
			}
		}()
	}
}

func (s *nameServer) answer(msg []byte, via string) []byte {
	var q dnsmessage.Message
	if q.Unpack(msg) != nil || len(q.Questions) != 1 {
		return nil
	}
	question := q.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))
	s.mu.Lock()
	s.how.asked++
	how := s.how
	r, known := s.own[name]
	s.mu.Unlock()
	if !known {
		r, known = s.zone.get(name)
	}
	if how.delay > 0 {
		time.Sleep(how.delay) // a slow server is what is played
	}
	if how.sixSilent && question.Type == dnsmessage.TypeAAAA || r.silent || via == "udp" && (how.silentUDP || how.every > 0 && how.asked%how.every != 0) || via == "tcp" && how.silentTCP {
		return nil
	}
	if how.silentAAAA && question.Type == dnsmessage.TypeAAAA {
		return nil
	}
	if r.noise {
		return []byte("\x00\x01not a message")
	}
	a := dnsmessage.Message{Header: dnsmessage.Header{ID: q.ID, Response: true, RecursionDesired: q.RecursionDesired, RecursionAvailable: true}, Questions: q.Questions}
	switch {
	case how.rcode != 0:
		a.RCode = how.rcode
	case how.aaaa != 0 && question.Type == dnsmessage.TypeAAAA:
		a.RCode = how.aaaa
	case how.plainOnly && len(q.Additionals) > 0:
		a.RCode = dnsmessage.RCodeFormatError
	case how.truncate && via == "udp":
		a.Truncated = true
	case !known:
		a.RCode = dnsmessage.RCodeNameError
		a.Authorities = soa()
	case r.rcode != 0:
		a.RCode = r.rcode
		if r.rcode == dnsmessage.RCodeNameError {
			a.Authorities = soa()
		}
	default:
		a.Answers = resources(question, r)
		if len(a.Answers) == 0 {
			a.Authorities = soa()
		} else if how.alias {
			a.Answers = aliased(question, a.Answers)
		}
	}
	out, err := a.Pack()
	if err != nil {
		return nil
	}
	return out
}

func resources(q dnsmessage.Question, r record) (out []dnsmessage.Resource) {
	h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 5}
	if r.alias != "" {
		to := dnsmessage.MustNewName(r.alias + ".")
		out = append(out, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeCNAME, Class: q.Class, TTL: 5}, Body: &dnsmessage.CNAMEResource{CNAME: to}})
		h.Name = to
	}
	switch q.Type {
	case dnsmessage.TypeA:
		for _, ip := range r.a {
			out = append(out, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()}})
		}
	case dnsmessage.TypeAAAA:
		for _, ip := range r.aaaa {
			out = append(out, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(ip).As16()}})
		}
	}
	return out
}

// aliased puts two aliases before the addresses of a name.
func aliased(q dnsmessage.Question, all []dnsmessage.Resource) (out []dnsmessage.Resource) {
	from := q.Name
	for _, to := range []string{"front.test.", "rack7.front.test."} {
		next := dnsmessage.MustNewName(to)
		out = append(out, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: from, Type: dnsmessage.TypeCNAME, Class: q.Class, TTL: 5}, Body: &dnsmessage.CNAMEResource{CNAME: next}})
		from = next
	}
	for _, r := range all {
		r.Header.Name = from
		out = append(out, r)
	}
	return out
}

func soa() []dnsmessage.Resource {
	name := dnsmessage.MustNewName("test.")
	return []dnsmessage.Resource{{
		Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeSOA, Class: dnsmessage.ClassINET, TTL: 5},
		Body:   &dnsmessage.SOAResource{NS: dnsmessage.MustNewName("ns.test."), MBox: dnsmessage.MustNewName("root.test."), Serial: 1, Refresh: 60, Retry: 60, Expire: 60, MinTTL: 5},
	}}
}
