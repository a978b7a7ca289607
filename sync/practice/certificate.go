package practice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
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

// authority signs server certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var practiceName = pkix.Name{CommonName: "Counterfoil Practice CA", Organization: []string{"Counterfoil practice"}}

func serial() (*big.Int, error) { return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) }

func newAuthority(name pkix.Name, now time.Time) (*authority, error) {
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
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// issue makes a server certificate for hosts, valid between the two times.
func (a *authority) issue(from, to time.Time, hosts ...string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	n, err := serial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: n, Subject: pkix.Name{CommonName: hosts[0]}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}, nil
}

// certificates are the good one and those of the faults.
type certificates struct {
	caPEM       []byte
	fingerprint string
	good        *tls.Certificate
	bad         map[Effect]*tls.Certificate
}

// certEffects in the order in which one masks the next.
var certEffects = []Effect{certIntercepted, certOfNew, certOfStranger, certOfOtherHost, ExpireCert}

func (c certificates) choose(on func(Effect) bool) (*tls.Certificate, error) {
	for _, e := range certEffects {
		if on(e) {
			return c.bad[e], nil
		}
	}
	return c.good, nil
}

// loadCertificates reads or makes the CA in dir and issues the server certificates.
func loadCertificates(dir string, now time.Time) (certificates, error) {
	c := certificates{bad: map[Effect]*tls.Certificate{}}
	ca, err := keepAuthority(filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key"), now)
	if err != nil {
		return c, err
	}
	sum := sha256.Sum256(ca.cert.Raw)
	c.fingerprint = hex.EncodeToString(sum[:])
	c.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.sha256"), []byte(c.fingerprint+"\n"), 0o644); err != nil {
		return c, err
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	from, to := now.Add(-day), now.Add(825*day)
	if c.good, err = ca.issue(from, to, hosts...); err != nil {
		return c, err
	}
	if c.bad[ExpireCert], err = ca.issue(now.Add(-300*day), now.Add(-day), hosts...); err != nil {
		return c, err
	}
	if c.bad[certOfOtherHost], err = ca.issue(from, to, "other.example.invalid"); err != nil {
		return c, err
	}
	for e, name := range map[Effect]pkix.Name{
		certOfStranger:  {CommonName: "Unknown Test CA", Organization: []string{"Someone else"}},
		certOfNew:       practiceName,
		certIntercepted: {CommonName: "Fortinet CA", Organization: []string{"Fortinet"}},
	} {
		other, err := newAuthority(name, now)
		if err != nil {
			return c, err
		}
		if c.bad[e], err = other.issue(from, to, hosts...); err != nil {
			return c, err
		}
	}
	return c, nil
}

func keepAuthority(certFile, keyFile string, now time.Time) (*authority, error) {
	certPEM, err := os.ReadFile(certFile)
	if errors.Is(err, os.ErrNotExist) {
		return makeAuthority(certFile, keyFile, now)
	}
	if err != nil {
		return nil, err
	}
	keyPEM, err := os.ReadFile(keyFile)
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
	a, err := newAuthority(practiceName, now)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	// The key first: a certificate without its key could not be used again.
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	return a, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o644)
}
