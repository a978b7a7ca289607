package practice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const day = 24 * time.Hour

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var (
	practiceName = pkix.Name{CommonName: "Counterfoil Practice CA", Organization: []string{"Counterfoil practice"}}
	issuingName  = pkix.Name{CommonName: "Counterfoil Practice Issuing CA", Organization: []string{"Counterfoil practice"}}
)

func serial() (*big.Int, error) { return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) }

// newAuthority makes one that signs itself, or is signed by another.
func newAuthority(name pkix.Name, now time.Time, by *authority) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	n, err := serial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: n, Subject: name, NotBefore: now.Add(-400 * day), NotAfter: now.Add(10 * 365 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if by == nil {
		t.MaxPathLen = 1
		by = &authority{t, key}
	} else {
		t.MaxPathLenZero = true
	}
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, &key.PublicKey, by.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// leaf is what a server certificate is like.
type leaf struct {
	from, to time.Time
	hosts    []string
	name     string // common name; empty is the first host
	key      crypter
	purpose  x509.ExtKeyUsage
}

// issue makes a server certificate; with it go the certificates of chain.
func (a *authority) issue(l leaf, chain ...*x509.Certificate) (*tls.Certificate, error) {
	n, err := serial()
	if err != nil {
		return nil, err
	}
	if l.key == nil {
		if l.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	if l.name == "" {
		l.name = l.hosts[0]
	}
	t := &x509.Certificate{
		SerialNumber: n, Subject: pkix.Name{CommonName: l.name}, NotBefore: l.from, NotAfter: l.to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{l.purpose},
	}
	for _, h := range l.hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	parent, signer := t, l.key
	if a != nil {
		parent, signer = a.cert, crypter(a.key)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, l.key.Public(), signer)
	if err != nil {
		return nil, err
	}
	out := &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: l.key}
	for _, c := range chain {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	out.Leaf, err = x509.ParseCertificate(der)
	return out, err
}

// keepAuthority reads the CA, or makes one.
func keepAuthority(certFile, keyFile string, now time.Time) (*authority, error) {
	a, err := readAuthority(certFile, keyFile)
	if errors.Is(err, os.ErrNotExist) {
		return makeAuthority(certFile, keyFile, now)
	}
	return a, err
}

func readAuthority(certFile, keyFile string) (*authority, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("the key of the practice CA is not there; remove %s to make a new one", certFile)
	}
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("the practice CA in %s is damaged; remove ca.pem and ca.key to make a new one: %w", filepath.Dir(certFile), err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key in %s is not ECDSA; remove ca.pem and ca.key to make a new one", keyFile)
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	return &authority{cert, key}, nil
}

func makeAuthority(certFile, keyFile string, now time.Time) (*authority, error) {
	a, err := newAuthority(practiceName, now, nil)
	if err != nil {
		return nil, err
	}
	// The key first: a certificate without its key could not be used again.
	if err := writeKey(keyFile, a.key); err != nil {
		return nil, err
	}
	return a, os.WriteFile(certFile, encode(a.cert.Raw), 0o644)
}

func writeKey(file string, key any) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// encode writes certificates as PEM.
func encode(ders ...[]byte) (out []byte) {
	for _, der := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}
