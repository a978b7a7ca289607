package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A signer is a certificate with its key.
type signer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// authorities are the CAs of a world; root is the one that desks trust.
type authorities struct {
	dir         string
	root        *signer
	inter       *signer // signed by root
	renewed     *signer // root's name, another key
	stranger    *signer
	fingerprint string
	serial      int64
}

const day = 24 * time.Hour

func (a *authorities) path(file string) string { return filepath.Join(a.dir, file) }

func newAuthorities(dir string) (*authorities, error) {
	a := &authorities{dir: dir}
	ca := func(name string, by *signer) *signer {
		return a.sign(&x509.Certificate{
			Subject: pkix.Name{CommonName: name, Organization: []string{name}}, NotBefore: time.Now().Add(-900 * day), NotAfter: time.Now().Add(3000 * day),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}, by, newKey())
	}
	a.root = ca("Lab Invoice CA", nil)
	a.renewed = ca("Lab Invoice CA", nil)
	a.stranger = ca("Stranger CA", nil)
	a.inter = ca("Lab Issuing CA", a.root)
	sum := sha256.Sum256(a.root.cert.Raw)
	a.fingerprint = hex.EncodeToString(sum[:])
	if err := writePEM(a.path("ca.pem"), "CERTIFICATE", a.root.cert.Raw); err != nil {
		return nil, err
	}
	leaf := a.leaf(leafOf{})
	if err := writePEM(a.path("server.pem"), "CERTIFICATE", leaf.Certificate...); err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		return nil, err
	}
	return a, writePEM(a.path("server.key"), "PRIVATE KEY", key)
}

func writePEM(file, kind string, blocks ...[]byte) error {
	var out []byte
	for _, b := range blocks {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})...)
	}
	return os.WriteFile(file, out, 0o600)
}

func newKey() crypto.Signer {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// sign makes a certificate; by nil signs itself.
func (a *authorities) sign(c *x509.Certificate, by *signer, key crypto.Signer) *signer {
	a.serial++
	c.SerialNumber = big.NewInt(time.Now().UnixNano() + a.serial)
	parent, with := c, key
	if by != nil {
		parent, with = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), with)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &signer{cert, key}
}

// leafOf describes a server certificate; what is zero is as it should be.
type leafOf struct {
	by        *signer
	names     []string
	noNames   bool
	ips       []string
	from, to  time.Duration // from now
	purpose   []x509.ExtKeyUsage
	key       crypto.Signer
	self      bool // signs itself
	chain     []*signer
	subject   string
	algorithm x509.SignatureAlgorithm
}

func (a *authorities) leaf(l leafOf) tls.Certificate {
	if l.by == nil {
		l.by = a.root
	}
	if l.names == nil && !l.noNames {
		l.names = []string{serverName, "www." + serverName}
	}
	if l.ips == nil && !l.noNames {
		l.ips = []string{serverIP, serverIP6, nodeIP}
	}
	if l.from == 0 {
		l.from = -30 * day
	}
	if l.to == 0 {
		l.to = 300 * day
	}
	if l.purpose == nil {
		l.purpose = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if l.key == nil {
		l.key = newKey()
	}
	if l.subject == "" {
		l.subject = serverName
	}
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: l.subject}, NotBefore: time.Now().Add(l.from), NotAfter: time.Now().Add(l.to),
		DNSNames: l.names, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: l.purpose, SignatureAlgorithm: l.algorithm, BasicConstraintsValid: true,
	}
	if _, ok := l.key.(*rsa.PrivateKey); ok {
		c.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	for _, ip := range l.ips {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
	}
	by := l.by
	if l.self {
		by = nil
	}
	s := a.sign(c, by, l.key)
	out := tls.Certificate{Certificate: [][]byte{s.cert.Raw}, PrivateKey: l.key, Leaf: s.cert}
	for _, more := range l.chain {
		out.Certificate = append(out.Certificate, more.cert.Raw)
	}
	return out
}
