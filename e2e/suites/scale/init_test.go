package scale

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// member is a consumer that connects from an address of the loopback network, which a pod may have.
type member struct{ topic, group, from, clientID string }

// join lets the member join its group, until the test ends.
func (m member) join(t *testing.T, k *kafka.Cluster) {
	t.Helper()
	dialer := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(m.from)}}
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(k.Bootstrap(), ",")...), kgo.ConsumerGroup(m.group), kgo.ConsumeTopics(m.topic), kgo.ClientID(m.clientID),
		kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		for ctx.Err() == nil {
			cl.PollFetches(ctx)
		}
	}()
	t.Cleanup(func() { cancel(); <-polled; cl.Close() })
}

// address gives a pod an address of the loopback network, from which a consumer of this machine can connect.
func address(t *testing.T, c *kube.ControlPlane, pod *corev1.Pod, ip string) {
	t.Helper()
	patch := fmt.Sprintf(`{"status":{"podIP":%q,"podIPs":[{"ip":%q}]}}`, ip, ip)
	if _, err := c.Client().CoreV1().Pods(pod.Namespace).Patch(t.Context(), pod.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
}

// readyPods waits for the pods of a workload.
func readyPods(t *testing.T, c *kube.ControlPlane, ns, app string, n int) (pods []corev1.Pod) {
	t.Helper()
	await(t, "the pods of "+app, func() error {
		list, err := c.Client().CoreV1().Pods(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "app=" + app})
		if err != nil {
			return err
		}
		pods = nil
		for _, p := range list.Items {
			for _, condition := range p.Status.Conditions {
				if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue && p.Status.PodIP != "" {
					pods = append(pods, p)
				}
			}
		}
		if len(pods) != n {
			return fmt.Errorf("%d of %d are ready", len(pods), n)
		}
		return nil
	})
	return pods
}

const ledger = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger}
spec:
  replicas: 2
  serviceName: ledger
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers:
      - {name: worker, image: "example.com/worker:1"}
`

// Six workloads: one is clear, two have look-alike names, one is behind NAT, one is a StatefulSet whose consumers have the names of
// their pods, and one is no consumer. What is written claims the first, the right one of the two and the StatefulSet, and nothing
// else; the API server accepts it, and check accepts the configuration of the values.
func TestInit(t *testing.T) {
	t.Parallel()
	c := controlPlane(t)
	ns := c.Namespace(t)
	k := kafka.Shared(t, kafka.V43)
	topic := k.CreateTopic(t, "init", 6)
	// Other tests use the same cluster, so the names of the groups are this test's own.
	group := func(name string) string { return topic + "-" + name }

	for _, name := range []string{"clear", "orders", "orders-worker", "nat", "web"} {
		c.Deploy(t, kube.Deployment{Namespace: ns, Name: name, Replicas: 2})
	}
	c.Apply(t, ns, ledger)
	for i, name := range []string{"clear", "orders-worker", "orders", "nat", "web"} {
		for n, p := range readyPods(t, c, ns, name, 2) {
			ip := fmt.Sprintf("127.77.%d.%d", i+1, n+1)
			address(t, c, &p, ip)
			switch name {
			case "clear":
				member{topic, group("clear"), ip, "rdkafka"}.join(t, k)
			case "orders-worker":
				member{topic, group("orders"), ip, "rdkafka"}.join(t, k)
			case "nat":
				member{topic, group("nat"), "127.77.99.1", "rdkafka"}.join(t, k)
			}
		}
	}
	for _, p := range readyPods(t, c, ns, "ledger", 2) {
		member{topic, group("ledger"), "127.77.99.2", p.Name}.join(t, k)
	}
	await(t, "six members to join", func() error {
		for _, name := range []string{"clear", "orders", "nat", "ledger"} {
			described, err := k.Admin(t).DescribeGroups(t.Context(), group(name))
			if err != nil {
				return err
			}
			if g := described[group(name)]; g.State != "Stable" || len(g.Members) != 2 {
				return fmt.Errorf("%s is %s with %d members", name, g.State, len(g.Members))
			}
		}
		return nil
	})

	bin, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "first")
	out, err := exec.CommandContext(t.Context(), bin, "init", "--brokers", k.Bootstrap(), "--kubeconfig", c.Kubeconfig(), "--namespace", ns, "--dir", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "kafkascalers.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%s", out, text)
	c.Kubectl(t, "apply", "--filename="+filepath.Join(dir, "kafkascalers.yaml"))
	applied := strings.Fields(c.Kubectl(t, "get", "kafkascalers", "--namespace="+ns,
		`--output=jsonpath={range .items[*]}{.spec.mode}:{.spec.scaleTargetRef.kind}/{.spec.scaleTargetRef.name}={.spec.sources[*].group}{"\n"}{end}`))
	want := []string{
		"advise:Deployment/clear=" + group("clear"), "advise:StatefulSet/ledger=" + group("ledger"), "advise:Deployment/orders-worker=" + group("orders"),
	}
	if strings.Join(applied, " ") != strings.Join(want, " ") {
		t.Errorf("applied %q, want %q", applied, want)
	}
	for _, says := range []string{
		"Group " + group("nat") + " of cluster main\n# Not sure: of 2 of its 2 members it is not known where they run",
		"2 of 2 members have the address of a pod of Deployment/" + ns + "/clear; 2 of its 2 ready pods have a member",
		"2 of 2 members have the name in their client id or instance id of a pod of StatefulSet/" + ns + "/ledger",
	} {
		if !strings.Contains(string(text), says) {
			t.Errorf("the file does not say %q", says)
		}
	}
	if strings.Contains(string(text), "Deployment/"+ns+"/web") {
		t.Error("it names the workload that is no consumer")
	}

	// A second run overwrites nothing, and does not propose again what exists.
	again := exec.CommandContext(t.Context(), bin, "init", "--brokers", k.Bootstrap(), "--kubeconfig", c.Kubeconfig(), "--namespace", ns, "--dir", dir)
	if out, err := again.CombinedOutput(); err == nil || again.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "exists") {
		t.Errorf("a second run: %v\n%s", err, out)
	}
	checkValues(t, c, bin, dir, ns)
}

// checkValues runs check with the configuration of the values, and of this Kubernetes.
func checkValues(t *testing.T, c *kube.ControlPlane, bin, dir, ns string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		Mode            string
		WatchNamespaces []string
		Config          map[string]any
	}
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	if values.Mode != "advise" || len(values.WatchNamespaces) != 1 || values.WatchNamespaces[0] != ns {
		t.Errorf("the values are %s", text)
	}
	values.Config["mode"] = values.Mode
	values.Config["kubernetes"] = map[string]any{"kubeconfig": c.Kubeconfig(), "namespace": ns, "watchNamespaces": values.WatchNamespaces}
	config, err := json.Marshal(values.Config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "lagscaler.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), bin, "check", "--config", file).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	for _, want := range []string{"API server", "permissions of mode advise", "KafkaScalers", "3, 0 of them with Ready=False", "there is none: no replica of this installation has run yet"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("check does not say %q", want)
		}
	}
}
