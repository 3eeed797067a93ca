package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// TLS is how to speak TLS with brokers. Its files are read for every new connection, so that renewed certificates
// are used without a restart. The zero value trusts the system's authorities.
type TLS struct {
	CAFile             string // authorities to trust instead of the system's, PEM
	CertFile, KeyFile  string // client certificate and key, PEM, for mutual TLS
	ServerName         string // that certificates must carry; empty: each broker's host
	InsecureSkipVerify bool   // for tests only

	// The same as texts, for what is in no file.
	CAPEM, CertPEM, KeyPEM string
}

// String says which files and names it has, and no key.
func (t *TLS) String() string {
	return strings.TrimSpace("TLS " + strings.Join([]string{t.CAFile, t.CertFile, t.ServerName}, " "))
}

// GoString is String, for %#v.
func (t *TLS) GoString() string { return t.String() }

func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify, // asked for
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading certificate authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.CAFile)
		}
	}
	if t.CAPEM != "" {
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM([]byte(t.CAPEM)) {
			return nil, errors.New("the certificate authorities hold no certificate")
		}
	}
	if t.CertPEM != "" {
		pair, err := tls.X509KeyPair([]byte(t.CertPEM), []byte(t.KeyPEM))
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
