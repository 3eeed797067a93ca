package kube

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"

	"github.com/lagscaler/lagscaler/internal/testcert"
)

// The certificate that the API server shows to extensions, which it publishes in kube-system/extension-apiserver-authentication.
const (
	frontProxyCert = "front-proxy-client.crt"
	frontProxyKey  = "front-proxy-client.key"
	frontProxyName = "front-proxy-client"
)

// makeFrontProxy writes that certificate. It has signed itself.
func (c *ControlPlane) makeFrontProxy(context.Context) error {
	p, err := testcert.Self(x509.Certificate{
		Subject: pkix.Name{CommonName: frontProxyName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.path(frontProxyCert), p.Cert, 0o600); err != nil {
		return err
	}
	return os.WriteFile(c.path(frontProxyKey), p.Key, 0o600)
}
