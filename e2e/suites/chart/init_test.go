package chart

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/internal/testcert"
)

// secured is the configuration of a user's machine: the authority in a file, the password in the environment.
const secured = `
clusters:
- name: main
  brokers: [%s]
  tls: {caFile: our ca.crt, serverName: localhost}
  sasl: {mechanism: PLAIN, username: lagscaler, password: "${KAFKA_PASSWORD}"}
`

// What init writes of a cluster with TLS and SASL: no secret is in it, Helm installs it, the commands in its comment create what the
// pods mount, and the pods then read the cluster; check finds nothing wrong.
func TestInitWithSecrets(t *testing.T) {
	t.Parallel()
	const password = "hunter2-of-the-brokers"
	pair, err := testcert.Self(x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pair.Cert)
	client := []kgo.Opt{
		kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()),
		kgo.DialTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}),
	}
	k := openKafka(t, client, kfake.EnableSASL(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.Superuser("PLAIN", "lagscaler", password),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{*pair.TLS}, MinVersion: tls.VersionTLS12}))
	k.startConsumer("worker-0")
	t.Cleanup(func() { k.stopConsumer("worker-0") })

	c := controlPlane(t)
	shop := c.Namespace(t)
	r := &release{ControlPlane: c, t: t, helm: "helm", ns: c.RestrictedNamespace(t), name: "lagscaler"}
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("our ca.crt", string(pair.Cert))
	config := write("lagscaler.yaml", strings.Replace(secured, "%s", k.brokers, 1))

	bin, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	await(t, "init to read the group", func() error {
		cmd := exec.CommandContext(t.Context(), bin, "init", "--config", config, "--kubeconfig", c.Kubeconfig(), "--namespace", shop, "--dir", dir, "--force")
		cmd.Env = append(os.Environ(), "KAFKA_PASSWORD="+password)
		out, err := cmd.CombinedOutput()
		if err == nil {
			err = want(string(out), group)
		}
		return err
	})
	written, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := string(written)
	t.Logf("\n%s", values)
	if strings.Contains(values, password) || strings.Contains(values, "BEGIN CERTIFICATE") {
		t.Error("a secret is in the values")
	}

	commands := regexp.MustCompile(`(?m)^# +(kubectl create secret .*)$`).FindAllStringSubmatch(values, -1)
	if len(commands) != 1 {
		t.Fatalf("%d commands create Secrets", len(commands))
	}
	given := strings.Replace(commands[0][1], "FILE-WITH-password", write("typed", password+"\n"), 1)
	r.typed(strings.Replace(given, "--namespace lagscaler", "--namespace "+r.ns, 1))
	r.must("install", r.name, folder, "--set=crds.install=false", "--values="+filepath.Join(dir, "values.yaml"))
	p := r.start()
	await(t, "the pod to read the group", func() error {
		text, err := p.get("/api/v1/lag")
		if err == nil {
			err = want(text, `"group":"`+group+`"`)
		}
		return err
	}, p.Process)
	out, err := exec.CommandContext(t.Context(), bin, "check", "--config", filepath.Join(p.root, "config", "lagscaler.yaml")).CombinedOutput()
	t.Logf("\n%s", out)
	if err != nil {
		t.Errorf("check: %v", err)
	}
}
