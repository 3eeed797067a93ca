package kube

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// URL is the apiserver's address.
func (c *ControlPlane) URL() string { return "https://" + loopback(c.ports.apiserver) }

// CAFile is the certificate of the authority that signed the apiserver's.
func (c *ControlPlane) CAFile() string { return c.path("ca.crt") }

// Config is the administrator's access. It is not rate-limited.
func (c *ControlPlane) Config() *rest.Config { return c.ConfigFor(c.admin) }

// ConfigFor is the access of the bearer of a token.
func (c *ControlPlane) ConfigFor(token string) *rest.Config {
	return &rest.Config{
		Host:            c.URL(),
		BearerToken:     token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: c.CAFile()},
		QPS:             -1,
	}
}

// Client is the administrator's client.
func (c *ControlPlane) Client() kubernetes.Interface { return c.client }

func (c *ControlPlane) connect(context.Context) (err error) {
	if c.client, err = kubernetes.NewForConfig(c.Config()); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfig(c.Config()); err != nil {
		return err
	}
	return c.writeKubeconfig(c.Kubeconfig(), "default", c.admin)
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (c *ControlPlane) Kubeconfig() string { return c.path("admin.kubeconfig") }

// TokenFor returns a token of a ServiceAccount, valid for an hour: what a pod
// of that account finds in its file.
func (c *ControlPlane) TokenFor(t testing.TB, namespace, serviceAccount string) string {
	t.Helper()
	request, err := c.client.CoreV1().ServiceAccounts(namespace).
		CreateToken(t.Context(), serviceAccount, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("asking for a token of %s/%s: %v", namespace, serviceAccount, err)
	}
	return request.Status.Token
}

// KubeconfigFor writes a kubeconfig with the permissions of a ServiceAccount and
// returns its path.
func (c *ControlPlane) KubeconfigFor(t testing.TB, namespace, serviceAccount string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), serviceAccount+".kubeconfig")
	if err := c.writeKubeconfig(path, namespace, c.TokenFor(t, namespace, serviceAccount)); err != nil {
		t.Fatal(err)
	}
	return path
}

// KubeconfigAt is [ControlPlane.KubeconfigFor] for an apiserver that is reached at another address: through a proxy, whose
// certificate is of the authority in caFile.
func (c *ControlPlane) KubeconfigAt(t testing.TB, namespace, serviceAccount, url, caFile string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), serviceAccount+".kubeconfig")
	if err := writeKubeconfig(path, namespace, c.TokenFor(t, namespace, serviceAccount), clientcmdapi.Cluster{Server: url, CertificateAuthority: caFile}); err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *ControlPlane) writeKubeconfig(path, namespace, token string) error {
	return writeKubeconfig(path, namespace, token, clientcmdapi.Cluster{Server: c.URL(), CertificateAuthority: c.CAFile()})
}

func writeKubeconfig(path, namespace, token string, at clientcmdapi.Cluster) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["e2e"] = &at
	config.AuthInfos["e2e"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: "e2e", Namespace: namespace}
	config.CurrentContext = "e2e"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return nil
}
