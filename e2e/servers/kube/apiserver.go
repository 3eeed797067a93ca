package kube

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"

	"k8s.io/client-go/discovery"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// layOut chooses the ports and writes what the programs read: the key that
// signs ServiceAccount tokens, the administrator's token, and the stages.
func (c *ControlPlane) layOut(context.Context) error {
	for _, port := range []*int{&c.ports.etcd, &c.ports.etcdPeer, &c.ports.apiserver} {
		var err error
		if *port, err = child.Port(); err != nil {
			return err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("making the key of the tokens: %w", err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	c.admin = rand.Text()
	stages, err := c.stages()
	if err != nil {
		return fmt.Errorf("reading the pretend kubelet's stages: %w", err)
	}
	for name, data := range map[string][]byte{
		"tokens.key": pem.EncodeToMemory(block),
		"tokens.csv": []byte(c.admin + ",admin,admin,system:masters\n"),
		"stages":     stages,
	} {
		if err := os.WriteFile(c.path(name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (c *ControlPlane) startEtcd(ctx context.Context) (err error) {
	client, peer := loopback(c.ports.etcd), loopback(c.ports.etcdPeer)
	c.etcd, err = c.launch(
		"etcd", "--data-dir="+c.path("etcd"), "--unsafe-no-fsync=true", "--log-level=warn",
		"--listen-client-urls=http://"+client, "--advertise-client-urls=http://"+client,
		"--listen-peer-urls=http://"+peer, "--initial-advertise-peer-urls=http://"+peer,
		"--initial-cluster=default=http://"+peer,
	)
	if err != nil {
		return err
	}
	return child.Await(ctx, func(ctx context.Context) error { return child.Dial(ctx, client) }, c.etcd)
}

// startAPIServer starts the apiserver, on the same port and with the same
// certificate as before if it ran before, and waits until it is ready.
func (c *ControlPlane) startAPIServer(ctx context.Context) (err error) {
	args := []string{
		"--etcd-servers=http://" + loopback(c.ports.etcd),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(c.ports.apiserver),
		"--cert-dir=" + c.path("certificates"), // it makes a self-signed pair there
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.path("tokens.key"),
		"--service-account-signing-key-file=" + c.path("tokens.key"),
		"--token-auth-file=" + c.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		"--proxy-client-cert-file=" + c.path(frontProxyCert), "--proxy-client-key-file=" + c.path(frontProxyKey),
		"--requestheader-client-ca-file=" + c.path(frontProxyCert), "--requestheader-allowed-names=" + frontProxyName,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--kubelet-preferred-address-types=InternalIP",
	}
	if c.apiserver, err = c.launch("kube-apiserver", append(args, c.cfg.APIServer...)...); err != nil {
		return err
	}
	return child.Await(ctx, c.ready, c.apiserver)
}

// ready asks the apiserver whether it is. Its certificate only exists once it
// has started for the first time.
func (c *ControlPlane) ready(ctx context.Context) error {
	if err := c.trust(); err != nil {
		return err
	}
	client, err := discovery.NewDiscoveryClientForConfig(c.Config())
	if err != nil {
		return err
	}
	return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

// trust writes the certificate of the authority that signed the apiserver's
// own, which comes after that in its file.
func (c *ControlPlane) trust() error {
	data, err := os.ReadFile(c.path("certificates/apiserver.crt"))
	if err != nil {
		return err
	}
	var authority *pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		authority = block
	}
	if authority == nil {
		return errors.New("no certificate in apiserver.crt yet")
	}
	return os.WriteFile(c.CAFile(), pem.EncodeToMemory(authority), 0o600)
}

// StopAPIServer kills the apiserver. Clients see refused connections, and what
// is stored stays.
func (c *ControlPlane) StopAPIServer(t testing.TB) {
	t.Helper()
	c.apiserver.Kill()
}

// StartAPIServer starts the apiserver again, at the address it had, and returns
// when it is ready.
func (c *ControlPlane) StartAPIServer(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := c.startAPIServer(ctx); err != nil {
		t.Fatalf("starting the apiserver again: %v\n%s", err, c.apiserver.Tail(10))
	}
}

// PauseAPIServer freezes the apiserver: connections stay open and nothing
// answers, until the function it returns is called.
func (c *ControlPlane) PauseAPIServer(t testing.TB) (resume func()) {
	t.Helper()
	send := func(s syscall.Signal) {
		if err := c.apiserver.Signal(s); err != nil {
			t.Error(err)
		}
	}
	send(syscall.SIGSTOP)
	return func() { send(syscall.SIGCONT) }
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
