// Package testcert makes certificates for tests: of authorities, servers and clients, valid for a day.
//
// A template says only what the test is about, such as names and usage; serial number, times and key are filled in.
package testcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"
)

// Pair is a certificate with its private key.
type Pair struct {
	Cert, Key []byte // PEM
	TLS       *tls.Certificate
}

// File is what a file has that holds both, in PEM.
func (p Pair) File() []byte { return slices.Concat(p.Cert, p.Key) }

// Self makes a certificate that has signed itself: an authority and what it signs in one.
func Self(of x509.Certificate) (Pair, error) {
	of.IsCA, of.BasicConstraintsValid, of.KeyUsage = true, true, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign
	return sign(of, nil)
}

// Authority signs certificates.
type Authority struct{ Pair }

// NewAuthority makes an authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	p, err := Self(x509.Certificate{Subject: pkix.Name{CommonName: "authority"}})
	if err != nil {
		t.Fatal(err)
	}
	return &Authority{p}
}

// Sign makes a certificate.
func (a *Authority) Sign(t testing.TB, of x509.Certificate) Pair {
	t.Helper()
	of.KeyUsage = x509.KeyUsageDigitalSignature
	p, err := sign(of, a.TLS)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sign makes a certificate that an authority signs; nil: its own key does.
func sign(of x509.Certificate, by *tls.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return Pair{}, err
	}
	of.SerialNumber, of.NotBefore, of.NotAfter = serial, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := &of, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, &of, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	p := Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	p.TLS = &pair
	return p, err
}
