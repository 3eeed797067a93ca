package chart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// controlPlane is the shared control plane, which serves KafkaScalers.
func controlPlane(t *testing.T) *kube.ControlPlane {
	t.Helper()
	c := kube.Shared(t)
	c.InstallKafkaScalers(t)
	return c
}

// pod is a process that stands for a pod of the chart's Deployment: a folder with what is mounted, and the program.
type pod struct {
	*child.Process
	r    *release
	t    *testing.T
	root string // stands for /etc/lagscaler
	url  string
	log  string

	probes bool // they have a port of their own
}

// paths is where the chart mounts everything.
const paths = "/etc/lagscaler"

// start runs the program as the Deployment in the cluster says.
func (r *release) start() *pod {
	r.t.Helper()
	path, err := built.Program()
	if err != nil {
		r.t.Fatal(err)
	}
	return r.startProgram(path, true)
}

// startProgram runs a version of the program, whose probes have a port of their own or not.
func (r *release) startProgram(path string, probes bool) *pod {
	r.t.Helper()
	port, err := child.Port()
	if err != nil {
		r.t.Fatal(err)
	}
	return r.startAt(path, fmt.Sprintf("127.0.0.1:%d", port), probes)
}

// startAt runs a version of the program with more arguments, whose pages have the address.
func (r *release) startAt(path, address string, probes bool, more ...string) *pod {
	r.t.Helper()
	p := &pod{r: r, t: r.t, root: r.t.TempDir(), url: "http://" + address, probes: probes}
	p.log = filepath.Join(p.root, "log")
	p.mount()
	container := r.spec().Containers[0]
	var args, env []string
	for _, a := range container.Args {
		if strings.HasPrefix(a, "--shard=") || strings.HasPrefix(a, "--advertise=") {
			continue // those of the pod are among more
		}
		args = append(args, strings.ReplaceAll(a, paths, p.root))
	}
	for _, e := range container.Env {
		env = append(env, e.Name+"="+e.Value)
	}
	var err error
	if p.Process, err = child.Start(child.Command{Path: path, Args: append(append(args, more...), "--listen="+address), Env: env, Log: p.log}); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("the last output of the program:\n%s", p.Tail(25))
		}
		p.Kill()
	})
	return p
}

// spec is that of the pods.
func (r *release) spec() corev1.PodSpec {
	r.t.Helper()
	d, err := r.Client().AppsV1().Deployments(r.ns).Get(r.t.Context(), r.name, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return d.Spec.Template.Spec
}

// mount brings ConfigMaps and Secrets to where the pod would find them, as a kubelet does, now and again. Two things
// differ: the way to the API server, which a pod knows from its environment, with the token of the release's ServiceAccount, and the
// port of the probes.
func (p *pod) mount() {
	p.t.Helper()
	spec := p.r.spec()
	at := map[string]string{}
	for _, m := range spec.Containers[0].VolumeMounts {
		at[m.Name] = strings.Replace(m.MountPath, paths, p.root, 1)
	}
	for _, v := range spec.Volumes {
		files := map[string][]byte{}
		switch {
		case v.ConfigMap != nil:
			c, err := p.r.Client().CoreV1().ConfigMaps(p.r.ns).Get(p.t.Context(), v.ConfigMap.Name, metav1.GetOptions{})
			p.check(err)
			for name, text := range c.Data {
				files[name] = p.connect(text, spec.ServiceAccountName)
			}
		case v.Secret != nil:
			s, err := p.r.Client().CoreV1().Secrets(p.r.ns).Get(p.t.Context(), v.Secret.SecretName, metav1.GetOptions{})
			p.check(err)
			files = s.Data
		}
		p.check(os.MkdirAll(at[v.Name], 0o700))
		for name, data := range files {
			fresh := filepath.Join(p.root, "fresh")
			p.check(os.WriteFile(fresh, data, 0o600))
			p.check(os.Rename(fresh, filepath.Join(at[v.Name], name)))
		}
	}
}

func (p *pod) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// connect adds the kubeconfig to a configuration.
func (p *pod) connect(text, account string) []byte {
	p.t.Helper()
	var c map[string]any
	p.check(yaml.Unmarshal([]byte(strings.ReplaceAll(text, paths, p.root)), &c))
	kubeconfig := filepath.Join(p.root, "kubeconfig")
	if _, err := os.Stat(kubeconfig); errors.Is(err, os.ErrNotExist) {
		p.check(os.Rename(p.r.KubeconfigFor(p.t, p.r.ns, account), kubeconfig))
	}
	k, ok := c["kubernetes"].(map[string]any)
	if !ok {
		p.t.Fatalf("the configuration says nothing of Kubernetes: %s", text)
	}
	k["kubeconfig"] = kubeconfig
	if p.probes {
		c["healthListen"] = "127.0.0.1:0" // all pods are on this machine
	}
	out, err := yaml.Marshal(c)
	p.check(err)
	return out
}

// get is what an address of the program answers.
func (p *pod) get(path string) (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 5*time.Second)
	defer cancel()
	return child.Fetch(ctx, p.url+path)
}

// logged is everything that the program logged.
func (p *pod) logged() string {
	p.t.Helper()
	text, err := os.ReadFile(p.log)
	p.check(err)
	return string(text)
}

// awaitLine waits until a line with all the words is logged, and returns it.
func (p *pod) awaitLine(words ...string) string {
	p.t.Helper()
	var found string
	await(p.t, fmt.Sprintf("a log line with %q", words), func() error {
		for line := range strings.Lines(p.logged()) {
			if containsAll(line, words) {
				found = line
				return nil
			}
		}
		return errors.New("there is none")
	}, p.Process)
	return found
}

func containsAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// patience is how long a busy machine may take for what an idle one does in seconds.
const patience = 150 * time.Second

// await asks until the answer is good, and ends the test when it does not become so.
func await(t *testing.T, what string, ask func() error, on ...*child.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := child.Await(ctx, func(context.Context) error { return ask() }, on...); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}
