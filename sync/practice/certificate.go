package practice

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

type crypter = crypto.Signer

// The effects that are certificates.
const (
	ExpireCert      Effect = "certificate_expired"
	certNotYet      Effect = "certificate_not_yet"
	certOfOtherHost Effect = "certificate_of_another_host"
	certNameless    Effect = "certificate_without_names"
	certOfStranger  Effect = "certificate_of_a_stranger"
	certOfNew       Effect = "certificate_of_a_new_authority"
	certChainless   Effect = "certificate_without_chain"
	certOfItself    Effect = "certificate_of_itself"
	certIntercepted Effect = "certificate_of_an_interceptor"
	certRevoked     Effect = "certificate_revoked"
	certWeak        Effect = "certificate_weak"
	certForClients  Effect = "certificate_for_clients"
	certEndsSoon    Effect = "certificate_ends_soon"
	certKeyChanged  Effect = "certificate_key_changed"
)

// certEffects in the order in which one masks the next.
var certEffects = []Effect{
	certIntercepted, certOfItself, certOfNew, certOfStranger, certChainless, certRevoked, certWeak, certForClients,
	certOfOtherHost, certNameless, ExpireCert, certNotYet, certEndsSoon, certKeyChanged, shiftClock,
}

// certificates are the good one and those of the faults, which are made when they
// are wanted first.
type certificates struct {
	caPEM       []byte
	fingerprint string
	now         time.Time
	issuing     *authority // signed by the CA
	good        *tls.Certificate

	mu  sync.Mutex // guards below
	bad map[Effect]*tls.Certificate
}

// practiceHosts are the names of the server.
var practiceHosts = []string{"localhost", "127.0.0.1", "::1"}

// usual is a leaf with nothing wrong about it.
func usual(now time.Time) leaf {
	return leaf{from: now.Add(-day), to: now.Add(825 * day), hosts: practiceHosts, purpose: x509.ExtKeyUsageServerAuth}
}

// choose returns the certificate to show.
func (c *certificates) choose(on func(Effect) bool) (*tls.Certificate, error) {
	for _, e := range certEffects {
		if !on(e) {
			continue
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.bad[e] == nil {
			cert, err := c.make(e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e, err)
			}
			c.bad[e] = cert
		}
		return c.bad[e], nil
	}
	return c.good, nil
}

// make makes the certificate of an effect.
func (c *certificates) make(e Effect) (*tls.Certificate, error) {
	l := usual(c.now)
	switch e {
	case ExpireCert:
		l.from, l.to = c.now.Add(-300*day), c.now.Add(-day)
	case certNotYet:
		l.from = c.now.Add(3 * day)
	case shiftClock: // made in the server's world, where it is tomorrow
		l.from = c.now.Add(day / 2)
	case certEndsSoon:
		l.to = c.now.Add(5*day + time.Hour)
	case certOfOtherHost:
		l.hosts = []string{"other.example.invalid"}
	case certNameless:
		l.hosts, l.name = nil, practiceHosts[1]
	case certForClients:
		l.purpose = x509.ExtKeyUsageClientAuth
	case certChainless:
		return c.issuing.issue(l)
	case certOfItself:
		return (*authority)(nil).issue(l)
	case certOfStranger:
		return foreign(pkix.Name{CommonName: "Unknown Test CA", Organization: []string{"Someone else"}}, l, c.now)
	case certOfNew:
		return foreign(practiceName, l, c.now)
	case certIntercepted:
		return foreign(pkix.Name{CommonName: "Fortinet CA", Organization: []string{"Fortinet"}}, l, c.now)
	case certWeak:
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			return nil, err
		}
		l.key = key
	case certRevoked:
		cert, err := c.issuing.issue(l, c.issuing.cert)
		if err != nil {
			return nil, err
		}
		cert.OCSPStaple, err = ocsp.CreateResponse(c.issuing.cert, c.issuing.cert, ocsp.Response{
			Status: ocsp.Revoked, SerialNumber: cert.Leaf.SerialNumber, ThisUpdate: c.now.Add(-time.Hour), NextUpdate: c.now.Add(day), RevokedAt: c.now.Add(-2 * time.Hour), RevocationReason: ocsp.KeyCompromise,
		}, c.issuing.key)
		return cert, err
	}
	return c.issuing.issue(l, c.issuing.cert)
}

// foreign is a certificate of an authority that is not ours.
func foreign(name pkix.Name, l leaf, now time.Time) (*tls.Certificate, error) {
	other, err := newAuthority(name, now, nil)
	if err != nil {
		return nil, err
	}
	return other.issue(l, other.cert)
}

// loadCertificates reads or makes the CA and the server's own certificate in dir.
func loadCertificates(dir string, now time.Time) (*certificates, error) {
	ca, err := keepAuthority(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key"), now)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(ca.cert.Raw)
	c := &certificates{caPEM: encode(ca.cert.Raw), fingerprint: hex.EncodeToString(sum[:]), now: now, bad: map[Effect]*tls.Certificate{}}
	if err := os.WriteFile(filepath.Join(dir, "ca.sha256"), []byte(c.fingerprint+"\n"), 0o644); err != nil {
		return nil, err
	}
	// The CA of an older version may sign no other authority; desks trust it, so it stays
	// and signs the server's certificate itself.
	if c.issuing = ca; !ca.cert.MaxPathLenZero {
		if c.issuing, err = newAuthority(issuingName, now, ca); err != nil {
			return nil, err
		}
	}
	c.good, err = c.keepLeaf(ca, filepath.Join(dir, "server.chain.pem"), filepath.Join(dir, "server.tls.key"))
	return c, err
}

// keepLeaf reads the server's certificate while it is good, or makes one: a desk
// notices when it changes.
func (c *certificates) keepLeaf(ca *authority, certFile, keyFile string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && len(pair.Certificate) == 2 && pair.Leaf.NotAfter.After(c.now.Add(60*day)) && pair.Leaf.NotBefore.Before(c.now) {
		issuing, err := x509.ParseCertificate(pair.Certificate[1])
		if err == nil && issuing.CheckSignatureFrom(ca.cert) == nil {
			return &pair, nil
		}
	}
	good, err := c.issuing.issue(usual(c.now), c.issuing.cert)
	if err != nil {
		return nil, err
	}
	if err := writeKey(keyFile, good.PrivateKey); err != nil {
		return nil, err
	}
	return good, os.WriteFile(certFile, encode(good.Certificate...), 0o644)
}
