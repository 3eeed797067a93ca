package chaos

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/lagscaler/lagscaler/internal/testcert"
)

// clientOf makes a certificate of a client and its key, in one file.
func clientOf(t *testing.T, a *testcert.Authority) []byte {
	t.Helper()
	return a.Sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}).File()
}

// serverOf makes a certificate of a server on 127.0.0.1.
func serverOf(t *testing.T, a *testcert.Authority) testcert.Pair {
	t.Helper()
	return a.Sign(t, x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// replaceFile replaces a file as a Secret's volume does: a reader finds the old or the new content, never half of it.
func replaceFile(t *testing.T, path string, content []byte) {
	t.Helper()
	next := filepath.Join(filepath.Dir(path), ".next-"+filepath.Base(path))
	if err := os.WriteFile(next, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
}
