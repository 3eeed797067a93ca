package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// TestReadme types the commands of the README, from nothing to a scaled Deployment. Only the brokers' address is ours, and
// the program is a process, as there is no kubelet. It decides for all namespaces, so it has a control plane of its own.
func TestReadme(t *testing.T) {
	t.Parallel()
	c := kube.Start(t, kube.Config{})
	k := openKafka(t, nil)
	c.Deploy(t, kube.Deployment{Namespace: "default", Name: "orders-worker", Replicas: 1})
	k.follow(c, "default", "orders-worker")
	k.rate.Store(200)
	commands := section(t, "## Install on Kubernetes", k.brokers)
	if len(commands) != 4 {
		t.Fatalf("the README has %d commands: %q", len(commands), commands)
	}
	r := &release{ControlPlane: c, t: t, helm: "helm", ns: "lagscaler", name: "lagscaler"}

	notes := r.typed(commands[0])
	if !strings.Contains(notes, "installed in mode advise") || !strings.Contains(notes, "Next:") {
		t.Errorf("Helm says %s", notes)
	}
	c.AwaitReady(t, r.ns, r.name, 2)
	p := r.start()
	r.typed(commands[1])
	var shown string
	await(t, "a decision that is shown", func() error {
		shown = r.typed(commands[2])
		return want(shown, "ScaleUp")
	}, p.Process)
	t.Log("\n" + shown)
	if got := c.Replicas(t, "default", "orders-worker"); got != 1 {
		t.Errorf("advising, it made %d replicas of 1", got)
	}
	r.typed(commands[3])
	p.mount()
	await(t, "more replicas", func() error {
		return want(r.typed("kubectl get deployment orders-worker -o jsonpath='{.metadata.generation}'"), "2")
	}, p.Process)
	t.Log("\n" + r.typed(commands[2]))
}

// section are the blocks of shell commands in a section of the README.
func section(t *testing.T, title, brokers string) []string {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, _ := strings.Cut(string(text), title+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	var all []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(below, -1) {
		all = append(all, strings.ReplaceAll(m[1], "kafka-0.kafka:9092", brokers))
	}
	return all
}

// typed runs a command as a user does, in the repository's root.
func (r *release) typed(command string) string {
	r.t.Helper()
	home := r.t.TempDir()
	env := []string{
		"KUBECONFIG=" + r.Kubeconfig(), "HOME=" + home,
		"PATH=" + filepath.Dir(tool(r.t, "helm")) + ":" + filepath.Dir(r.KubectlPath()) + ":" + os.Getenv("PATH"),
	}
	out, err := run(r.t.Context(), env, "bash", "-c", "cd ../../.. && "+command)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// want is an error when a text lacks another.
func want(text, part string) error {
	if !strings.Contains(text, part) {
		return fmt.Errorf("no %q in\n%s", part, text)
	}
	return nil
}
