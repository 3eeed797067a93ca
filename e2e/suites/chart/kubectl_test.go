package chart

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/e2e/servers/long"
)

// webUsers is a web.yml with a user: reader, whose password is secret.
const webUsers = "basic_auth_users: {reader: $2a$04$JQDQPX31zQpgvrqWXsahZ.Z.m275hplL.LcLYaToRMIttiNg3Ft5O}\n"

// webTLS is a web.yml with a certificate.
const webTLS = "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n"

// TestKubectlLagscaler: real kubectl runs the plugin, for a user who may ask, one who may not, and the administrator; on pages without
// and with TLS, and with a password. make stories has TLS and the password also apart.
func TestKubectlLagscaler(t *testing.T) {
	t.Parallel()
	p := openPlugin(t)
	through := "through the API server's proxy of Service " + p.ns + "/lagscaler\n"
	type pages struct{ name, web string } // web: the web.yml of the pages
	free, locked := []pages{{"plain", ""}}, []pages{{"TLS and password", webTLS + webUsers}}
	if long.All() {
		free, locked = append(free, pages{"TLS", webTLS}), append(locked, pages{"password", webUsers})
	}
	for _, c := range free {
		t.Run(c.name, func(t *testing.T) {
			p.serve(t, c.web)
			p.may(t, "reader", "--service="+p.ns+"/lagscaler", through)
			p.may(t, "admin", "", through)
			p.mayNot(t, "stranger", nil, "get on services/proxy")
			p.mayNot(t, "stranger", nil, `User "system:serviceaccount:default:stranger" cannot get resource "services/proxy"`)
		})
	}
	for _, c := range locked {
		t.Run(c.name, func(t *testing.T) {
			p.serve(t, c.web)
			p.mayNot(t, "stranger", nil, "get on services/proxy")
			p.mayNot(t, "reader", nil, "LAGSCALER_PASSWORD")
			p.mayNot(t, "reader", []string{"LAGSCALER_USERNAME=reader", "LAGSCALER_PASSWORD=guessed"}, `refuse user "reader"`)
			p.login = []string{"LAGSCALER_USERNAME=reader", "LAGSCALER_PASSWORD=secret"}
			p.may(t, "reader", "--service="+p.ns+"/lagscaler", "through a port-forward to pod "+p.ns+"/lagscaler-")
		})
	}
}

// TestKubectlLagscalerFindsNothing: what is wrong with the name of the Service, or with the way to it.
func TestKubectlLagscalerFindsNothing(t *testing.T) {
	t.Parallel()
	p := &plugin{release: release{ControlPlane: kube.Shared(t), t: t, ns: "default"}, t: t, folder: link(t)}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"lag --service=lagscaler", 2, "must be NAMESPACE/NAME"},
		{"lag --service=default/nobody", 1, `no endpoints available for service "nobody"`},
		{"lag --service=default/kubernetes", 1, `no endpoints available for service "kubernetes"`},
		{"lag --context=elsewhere", 1, `context "elsewhere" does not exist`},
		{"lag --brokers=localhost:9092", 2, "unknown flag: --brokers"},
		{"explain", 2, "give the name of a scaler, or of a group"},
	} {
		t.Run(c.args, func(t *testing.T) {
			if _, stderr, code := p.run("admin", nil, strings.Fields(c.args)...); code != c.code || !strings.Contains(stderr, c.want) {
				t.Errorf("code %d: %s\nwant code %d and %q", code, stderr, c.code, c.want)
			}
		})
	}
}

// plugin is kubectl with the plugin, and a release that it asks.
type plugin struct {
	release
	s       *scenario
	t       *testing.T
	folder  string // with the plugin, on the PATH
	address string // of the pages
	pod     *pod
	login   []string // environment of who may
}

func openPlugin(t *testing.T) *plugin {
	t.Helper()
	address := kube.Address(t)
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	c := kube.Start(t, kube.Config{PodPorts: []int{port}})
	c.InstallKafkaScalers(t)
	for _, account := range []string{"reader", "stranger"} {
		c.Kubectl(t, "create", "serviceaccount", account, "--namespace=default")
	}
	s := open(t, setup{kube: c, replicas: 2, values: []string{
		"--set=mode=act", "--set=replicas=1", "--set=service.port=" + strconv.Itoa(port),
		"--set=rbac.readers[0].kind=ServiceAccount,rbac.readers[0].name=reader,rbac.readers[0].namespace=default",
	}})
	// The pod that the program stands for has the address of this machine.
	s.Kubectl(t, "label", "namespace", s.ns, "pod-security.kubernetes.io/enforce=privileged", "--overwrite")
	s.Kubectl(t, "patch", "deployment", s.name, "--namespace="+s.ns, "--patch", `{"spec":{"template":{"spec":{"hostNetwork":true}}}}`)
	await(t, "the Service to have this machine's address", func() error {
		got := s.Kubectl(t, "get", "endpointslices", "--namespace="+s.ns, "--selector=kubernetes.io/service-name="+s.name,
			"--output=jsonpath={.items[*].endpoints[*].addresses[*]}")
		if got != address {
			return fmt.Errorf("it has %q", got)
		}
		return nil
	})
	s.kafka.rate.Store(20)
	return &plugin{release: s.release, s: s, t: t, folder: link(t), address: net.JoinHostPort(address, strconv.Itoa(port))}
}

// link is a folder with the program under the name of the plugin.
func link(t *testing.T) string {
	t.Helper()
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(program, filepath.Join(folder, "kubectl-lagscaler")); err != nil {
		t.Fatal(err)
	}
	return folder
}

// serve starts the program anew with a web.yml; empty: without one.
func (p *plugin) serve(t *testing.T, web string) {
	t.Helper()
	if p.pod != nil {
		if err := p.pod.Stop(patience); err != nil { // it gives the lease back
			t.Fatal(err)
		}
	}
	if web != "" {
		certificate, key := pair(t)
		secret, err := json.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": "web"},
			"stringData": map[string]string{"web.yml": web, "tls.crt": certificate, "tls.key": key},
		})
		if err != nil {
			t.Fatal(err)
		}
		p.Apply(t, p.ns, string(secret))
		p.s.upgrade("--set=webConfigSecret=web")
	}
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	p.pod = p.startAt(program, p.address, true)
	p.pod.awaitLine("msg=leading")
	await(t, "the pages to be served", func() error {
		stdout, stderr, code := p.run("admin", append(p.login, "LAGSCALER_USERNAME=reader", "LAGSCALER_PASSWORD=secret"), "explain", "orders")
		if code != 0 || !strings.Contains(stdout, "mode act") || strings.Contains(stdout, "nothing was decided yet") {
			return errors.New(stdout + stderr)
		}
		return nil
	}, p.pod.Process)
}

// pair is a certificate of nobody in particular, and its key: neither way verifies it.
func pair(t *testing.T) (certificate, key string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.StartTLS()
	defer s.Close()
	own := s.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("CERTIFICATE", own.Certificate[0]), text("PRIVATE KEY", private)
}

// run runs kubectl lagscaler as a user.
func (p *plugin) run(user string, env []string, args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	kubeconfig := p.Kubeconfig()
	if user != "admin" {
		kubeconfig = p.KubeconfigFor(p.t, "default", user)
	}
	cmd := exec.CommandContext(p.t.Context(), p.KubectlPath(), append([]string{"lagscaler"}, args...)...)
	cmd.Env = append(env, "KUBECONFIG="+kubeconfig, "HOME="+p.folder, "PATH="+p.folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		p.t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// may checks that a user gets every answer, by one way.
func (p *plugin) may(t *testing.T, user, service, way string) {
	t.Helper()
	for _, c := range []struct{ args, want string }{
		{"explain " + scalerName + " --namespace=" + p.s.shop, p.s.shop + "/orders scales Deployment/" + p.s.shop + "/worker, mode act"},
		{"explain " + p.s.shop + "/worker", p.s.shop + "/orders scales"},
		{"explain " + group + " -o json", `"line": "`},
		{"lag", "\n" + group + " "},
		{"lag " + group + " --partitions", " " + topic + " "},
		{"rebalances " + group + " -o json", "["},
	} {
		stdout, stderr, code := p.run(user, p.login, strings.Fields(c.args+" "+service)...)
		if code != 0 || !strings.Contains(stdout, c.want) || !strings.HasPrefix(stderr, way) {
			t.Errorf("%s %s: code %d\n%s%s\nwant %q by %q", user, c.args, code, stdout, stderr, c.want, way)
		}
		if strings.Contains(stdout+stderr, "secret") {
			t.Errorf("%s: the password is printed: %s%s", c.args, stdout, stderr)
		}
	}
}

// mayNot checks that a user gets no answer, and is told why.
func (p *plugin) mayNot(t *testing.T, user string, env []string, why string) {
	t.Helper()
	stdout, stderr, code := p.run(user, env, "lag", "--service="+p.ns+"/lagscaler")
	if code != 1 || stdout != "" || !strings.Contains(stderr, why) {
		t.Errorf("%s: code %d, want 1\n%s%s\nwant %q", user, code, stdout, stderr, why)
	}
}
