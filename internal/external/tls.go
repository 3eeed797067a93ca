package external

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Files are the files of the certificates, in PEM.
type Files struct {
	Certificate, Key string
	ClientCA         string // of the clients' certificates; empty: clients need none
}

// certificates are read again for every connection, and for every question that is passed on to the leader, so that a rotation needs no
// restart.
//
// The replicas of an installation have the same Secret. A replica that asks the leader shows the certificate that it serves with, and
// accepts one that it serves with, or has served with. While a Secret is replaced, one replica may have the new certificate and
// the other one not yet: the one with the new certificate then shows the old one, see leader.go.
type certificates struct {
	files Files

	mu  sync.Mutex
	own []tls.Certificate // that this process has served with, the present one last
}

// mostOwn is how many certificates of this process are remembered: the present one and the one before.
const mostOwn = 2

// loaded is what the files have now.
type loaded struct {
	pair    tls.Certificate
	clients *x509.CertPool // nil: clients need no certificate
}

func (c *certificates) load() (loaded, error) {
	pair, err := tls.LoadX509KeyPair(c.files.Certificate, c.files.Key)
	if err != nil {
		return loaded{}, fmt.Errorf("externalScaler.tls: %w", err)
	}
	l := loaded{pair: pair}
	if c.files.ClientCA != "" {
		text, err := os.ReadFile(c.files.ClientCA)
		if err != nil {
			return loaded{}, fmt.Errorf("externalScaler.tls.clientCAFile: %w", err)
		}
		if l.clients = x509.NewCertPool(); !l.clients.AppendCertsFromPEM(text) {
			return loaded{}, fmt.Errorf("externalScaler.tls.clientCAFile: %s has no certificate", c.files.ClientCA)
		}
	}
	c.remember(pair)
	return l, nil
}

func (c *certificates) remember(pair tls.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(c.own), func(other tls.Certificate) bool { return same(other, pair.Certificate[0]) })
	c.own = append(kept, pair)
	c.own = c.own[max(0, len(c.own)-mostOwn):]
}

func same(pair tls.Certificate, leaf []byte) bool { return bytes.Equal(pair.Certificate[0], leaf) }

// isOwn reports whether this process serves, or has served, with a certificate.
func (c *certificates) isOwn(leaf []byte) bool {
	return slices.ContainsFunc(c.served(), func(pair tls.Certificate) bool { return same(pair, leaf) })
}

// served are the certificates of this process, the present one first.
func (c *certificates) served() []tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.own)
	slices.Reverse(all)
	return all
}

// protocols that both sides offer: gRPC refuses a connection without one.
var protocols = []string{"h2"}

// server is the configuration of the port.
func (c *certificates) server() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: protocols, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		l, err := c.load()
		if err != nil {
			return nil, err
		}
		config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: protocols, Certificates: []tls.Certificate{l.pair}}
		if l.clients != nil {
			config.ClientAuth = tls.RequireAnyClientCert
			config.VerifyConnection = func(s tls.ConnectionState) error { return c.verifyClient(s, l.clients) }
		}
		return config, nil
	}}
}

// verifyClient accepts a client whose certificate an authority of the clients has signed, and another replica.
func (c *certificates) verifyClient(s tls.ConnectionState, authorities *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("a client certificate is required")
	}
	if c.isOwn(s.PeerCertificates[0].Raw) {
		return nil
	}
	return signed(s.PeerCertificates, authorities, x509.ExtKeyUsageClientAuth)
}

// replica is the configuration with which a replica asks the leader, showing one of its certificates.
func (c *certificates) replica(shown tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: protocols, Certificates: []tls.Certificate{shown},
		// The leader is the one that has this replica's own certificate, whatever address it has.
		InsecureSkipVerify: true, //nolint:gosec // verifyLeader verifies more than a name
		VerifyConnection:   c.verifyLeader,
	}
}

// verifyLeader accepts the leader if it has the certificate of this replica. While the Secret is replaced, the leader may have the
// next one already: it counts if an authority of the clients has signed it for the same names.
func (c *certificates) verifyLeader(s tls.ConnectionState) error {
	errOther := errors.New("the leader has another certificate than this replica: they are replaced at this moment, or it is none of ours")
	if len(s.PeerCertificates) == 0 {
		return errOther
	}
	leaf := s.PeerCertificates[0]
	if c.isOwn(leaf.Raw) {
		return nil
	}
	l, err := c.load() // perhaps it is here, too, by now
	if err != nil || c.isOwn(leaf.Raw) {
		return err
	}
	if own := l.pair.Leaf; l.clients == nil || own == nil || len(own.DNSNames) == 0 || !slices.Equal(own.DNSNames, leaf.DNSNames) {
		return errOther
	}
	return signed(s.PeerCertificates, l.clients, x509.ExtKeyUsageServerAuth)
}

// signed verifies a chain.
func signed(chain []*x509.Certificate, authorities *x509.CertPool, usage x509.ExtKeyUsage) error {
	between := x509.NewCertPool()
	for _, other := range chain[1:] {
		between.AddCert(other)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: authorities, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}
