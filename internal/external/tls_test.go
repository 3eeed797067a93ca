package external

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/testcert"
	"github.com/lagscaler/lagscaler/scaler"
)

// authority signs certificates.
type authority struct {
	*testcert.Authority
	t *testing.T
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	return &authority{testcert.NewAuthority(t), t}
}

// server is a new certificate of the port.
func (a *authority) server() (cert, key []byte) {
	p := a.Sign(a.t, x509.Certificate{
		Subject: pkix.Name{CommonName: "lagscaler"}, DNSNames: []string{"lagscaler.lagscaler.svc"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return p.Cert, p.Key
}

// write replaces the files of a replica.
func write(t *testing.T, dir string, cert, key, ca []byte) Files {
	t.Helper()
	f := Files{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	files := map[string][]byte{f.Certificate: cert, f.Key: key}
	if ca != nil {
		f.ClientCA = filepath.Join(dir, "ca.crt")
		files[f.ClientCA] = ca
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// tenant are the options of a client with a certificate that names namespaces; none: it has no certificate.
func (a *authority) tenant(namespaces ...string) grpc.DialOption {
	a.t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.Cert)
	config := &tls.Config{RootCAs: roots, ServerName: "lagscaler.lagscaler.svc"}
	if len(namespaces) > 0 {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "tenant"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		for _, ns := range namespaces {
			if uri, err := url.Parse(NamespaceURI + ns); err == nil && ns != "-" {
				c.URIs = append(c.URIs, uri)
			}
		}
		config.Certificates = []tls.Certificate{*a.Sign(a.t, c).TLS}
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

// Who may ask for a namespace.
func TestNamespaces(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	for _, c := range []struct {
		name                string
		clients, restricted bool // client certificates are required; config.namespaces has rules
		as                  grpc.DialOption
		own                 bool
		code                codes.Code
		text                string
	}{
		{"its namespace", true, true, a.tenant("shop"), false, codes.OK, ""},
		{"one of its namespaces", true, true, a.tenant("bank", "shop"), true, codes.Unavailable, "next poll"},
		{"all namespaces", true, true, a.tenant("*"), true, codes.Unavailable, "next poll"},
		{"another namespace", true, false, a.tenant("bank"), false, codes.PermissionDenied, `"shop"`},
		{"a prefix", true, false, a.tenant("sho"), false, codes.PermissionDenied, `"shop"`},
		{"no namespace", true, false, a.tenant("-"), false, codes.PermissionDenied, `"shop"`},
		{"no certificate", true, false, a.tenant(), false, codes.Unavailable, ""},
		{"signed by a stranger", true, false, mixed(a, stranger, "shop"), false, codes.Unavailable, ""},
		{"none required", false, true, a.tenant(), false, codes.OK, ""},
		{"none required, own settings, no rules", false, false, a.tenant(), true, codes.Unavailable, "next poll"},
		{"none required, own settings, rules", false, true, a.tenant(), true, codes.PermissionDenied, "clientCAFile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert, key := a.server()
			var ca []byte
			if c.clients {
				ca = a.Cert
			}
			in := &installation{reports: map[string]*engine.Report{}}
			r := start(t, in, "first", write(t, t.TempDir(), cert, key, ca), c.restricted)
			in.set(func() { in.leader = r.address })
			r.says(orders(4, 12, scaler.ScaleUp))
			q := ref("shop")
			if c.own {
				q = ownSettings("shop")
			}
			n, _, err := ask(t, client(t, r.address, c.as), q)
			if status.Code(err) != c.code || err != nil && !strings.Contains(err.Error(), c.text) || err == nil && n != 12 {
				t.Errorf("%v, %v; want %v with %q", n, err, c.code, c.text)
			}
		})
	}
}

// mixed is a client that trusts one authority and has a certificate of another.
func mixed(trusts, signedBy *authority, namespace string) grpc.DialOption {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(trusts.Cert)
	uri, _ := url.Parse(NamespaceURI + namespace)
	own := signedBy.Sign(trusts.t, x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, URIs: []*url.URL{uri}}).TLS
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "lagscaler.lagscaler.svc", Certificates: []tls.Certificate{*own}}))
}

// A new certificate, and a new authority of clients, count for the next connection.
func TestRotation(t *testing.T) {
	before, after := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	cert, key := before.server()
	in := &installation{reports: map[string]*engine.Report{}}
	r := start(t, in, "first", write(t, dir, cert, key, before.Cert), true)
	in.set(func() { in.leader = r.address })
	r.says(orders(4, 12, scaler.ScaleUp))
	open := client(t, r.address, before.tenant("shop"))
	if _, _, err := ask(t, open, ref("shop")); err != nil {
		t.Fatal(err)
	}
	cert, key = after.server()
	write(t, dir, cert, key, after.Cert)
	if _, _, err := ask(t, client(t, r.address, after.tenant("shop")), ref("shop")); err != nil {
		t.Errorf("a client of the new authority: %v", err)
	}
	if _, _, err := ask(t, client(t, r.address, before.tenant("shop")), ref("shop")); err == nil {
		t.Error("a client of the old authority still connects")
	}
	if _, _, err := ask(t, open, ref("shop")); err != nil {
		t.Errorf("a connection that was open: %v", err)
	}
	write(t, dir, []byte("none"), key, after.Cert)
	if _, _, err := ask(t, client(t, r.address, after.tenant("shop")), ref("shop")); err == nil {
		t.Error("a certificate that cannot be read is served")
	}
}

// A follower asks the leader with the certificate of the port, also while one of them has the next certificate already.
func TestAFollowerAsksWithItsCertificate(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		name             string
		leader, follower bool // has the next certificate
	}{{"before", false, false}, {"the leader is first", true, false}, {"the follower is first", false, true}, {"after", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			oldCert, oldKey := a.server()
			newCert, newKey := a.server()
			leaderDir, followerDir := t.TempDir(), t.TempDir()
			in := &installation{reports: map[string]*engine.Report{}}
			first := start(t, in, "first", write(t, leaderDir, oldCert, oldKey, a.Cert), true)
			second := start(t, in, "second", write(t, followerDir, oldCert, oldKey, a.Cert), true)
			in.set(func() { in.leader = first.address })
			first.says(orders(4, 12, scaler.ScaleUp))
			if c.leader {
				write(t, leaderDir, newCert, newKey, a.Cert)
			}
			if c.follower {
				write(t, followerDir, newCert, newKey, a.Cert)
			}
			if n, _, err := ask(t, client(t, second.address, a.tenant("shop")), ref("shop")); n != 12 || err != nil {
				t.Errorf("%v, %v", n, err)
			}
			if _, _, err := ask(t, client(t, second.address, a.tenant("bank")), ref("shop")); status.Code(err) != codes.PermissionDenied {
				t.Errorf("a tenant of another namespace: %v", err)
			}
		})
	}
}

// Who claims that another replica allowed the question, and has not its certificate, is not believed.
func TestPassedOnByAStranger(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.server()
	in := &installation{reports: map[string]*engine.Report{}}
	r := start(t, in, "first", write(t, t.TempDir(), cert, key, a.Cert), true)
	in.set(func() { in.leader = r.address })
	r.says(orders(4, 12, scaler.ScaleUp))
	keda := client(t, r.address, a.tenant("bank"), grpc.WithUnaryInterceptor(sayForwarded))
	if _, _, err := ask(t, keda, ref("shop")); status.Code(err) != codes.PermissionDenied {
		t.Error(err)
	}
}

func TestWrongFiles(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.server()
	dir := t.TempDir()
	for _, c := range []struct {
		want  string
		files Files
	}{
		{"externalScaler.tls: ", Files{Certificate: filepath.Join(dir, "none"), Key: filepath.Join(dir, "none")}},
		{"clientCAFile: " + dir + "/ca.crt", write(t, dir, cert, key, []byte("no certificate"))},
	} {
		if _, err := New(Options{Files: c.files}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

//nolint:revive // the parameters are those of gRPC
func sayForwarded(ctx context.Context, method string, q, a any, conn *grpc.ClientConn, call grpc.UnaryInvoker, o ...grpc.CallOption) error {
	return call(metadata.AppendToOutgoingContext(ctx, forwarded, "true"), method, q, a, conn, o...)
}
