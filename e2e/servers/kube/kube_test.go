package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func TestMain(m *testing.M) {
	defer CloseShared()
	m.Run()
}

func TestPodsBecomeReady(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 3})
	c.AwaitReady(t, ns, "worker", 3)
	c.Scale(t, ns, "worker", 5)
	c.AwaitReady(t, ns, "worker", 5)
	if got := c.Replicas(t, ns, "worker"); got != 5 {
		t.Errorf("the spec asks for %d replicas, want 5", got)
	}
	events := strings.Join(c.Events(t, ns, "worker"), "\n")
	if !strings.Contains(events, "ScalingReplicaSet: Scaled up replica set") {
		t.Errorf("no event of the scaling among:\n%s", events)
	}
}

func TestPodsThatCannotScheduleStayPending(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 1, NodeSelector: map[string]string{"of": "nobody"}})
	c.await(t, "the pod to be found unschedulable", func(context.Context) error {
		_, err := c.TryKubectl(t.Context(), "", "wait", "pod", "--selector=app=worker", "--namespace="+ns,
			"--for=jsonpath={.status.conditions[0].reason}=Unschedulable", "--timeout=1s")
		return err
	})
}

func TestServiceAccountMayDoWhatItsRoleSays(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	client, err := kubernetes.NewForConfig(c.ConfigFor(c.TokenFor(t, ns, "default")))
	if err != nil {
		t.Fatal(err)
	}
	list := func() error {
		_, err := client.AppsV1().Deployments(ns).List(t.Context(), metav1.ListOptions{})
		return err
	}
	if err := list(); !apierrors.IsForbidden(err) {
		t.Errorf("without a role, listing Deployments: %v, want forbidden", err)
	}
	c.Kubectl(t, "create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount="+ns+":default", "--namespace="+ns)
	c.await(t, "the role to be in force", func(context.Context) error { return list() })

	kubeconfig := c.KubeconfigFor(t, ns, "default")
	if out := c.Kubectl(t, "--kubeconfig="+kubeconfig, "auth", "whoami"); !strings.Contains(out, "system:serviceaccount:"+ns+":default") {
		t.Errorf("the kubeconfig's bearer is\n%s", out)
	}
}

func TestRestrictedNamespaceRefusesPrivilegedPods(t *testing.T) {
	c := Shared(t)
	ns := c.RestrictedNamespace(t)
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 1})
	c.AwaitReady(t, ns, "worker", 1)
	_, err := c.TryKubectl(t.Context(), "", "run", "root", "--image=root", "--privileged", "--namespace="+ns)
	if err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted`) {
		t.Errorf("running a privileged pod: %v, want a refusal", err)
	}
}

func TestCRDsOfOthers(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	c.InstallCRDs(t, ScaledObjects, ServiceMonitors, PodMonitors, PrometheusRules)
	c.Apply(t, ns, `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: orders, annotations: {autoscaling.keda.sh/paused: "true"}}
spec:
  scaleTargetRef: {name: orders}
  triggers: [{type: kafka, metadata: {topic: orders, lagThreshold: "50"}}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: lag}
spec: {groups: [{name: lag, rules: [{alert: Up, expr: up == 0}]}]}
`)
	if out := c.Kubectl(t, "get", "scaledobject,prometheusrule", "--namespace="+ns, "--output=name"); strings.Count(out, "\n") != 2 {
		t.Errorf("want two objects, got\n%s", out)
	}
	if _, err := c.TryKubectl(t.Context(), `{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: bad}, spec: {selector: 3}}`,
		"apply", "--namespace="+ns, "--filename=-"); err == nil {
		t.Error("a ServiceMonitor that breaks its schema was taken")
	}
}

// hookLog lists the calls of the hooks, in order.
type hookLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *hookLog) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func TestFleetFollowsReadyPods(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	const startUp = 700 * time.Millisecond
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 2, StartUp: startUp})
	var log hookLog
	var f *Followed
	t.Run("while followed", func(t *testing.T) {
		f = c.Follow(t, PodHooks{
			Namespace: ns, Selector: "app=worker",
			Start: func(p Pod) { log.add("+" + p.Name) },
			Stop:  func(p Pod) { log.add("-" + p.Name) },
		})
		c.AwaitReady(t, ns, "worker", 2)
		awaitPods(t, c, f, 2)
		first := f.Pods()
		if first[0].IP == "" || first[0].IP == first[1].IP {
			t.Errorf("addresses of the pods: %q and %q", first[0].IP, first[1].IP)
		}
		c.Kubectl(t, "rollout", "restart", "deployment/worker", "--namespace="+ns)
		c.await(t, "the rollout to end", func(context.Context) error {
			_, err := c.TryKubectl(t.Context(), "", "rollout", "status", "deployment/worker", "--namespace="+ns, "--timeout=20s")
			return err
		})
		awaitPods(t, c, f, 2)
		if second := f.Pods(); second[0].Template == first[0].Template {
			t.Errorf("the rollout left pods of the old template: %v", second)
		}
		c.Scale(t, ns, "worker", 1)
		c.AwaitReady(t, ns, "worker", 1)
		awaitPods(t, c, f, 1)
	})
	if len(f.Pods()) != 0 {
		t.Errorf("after the test these still run: %v", f.Pods())
	}
	started := slices.DeleteFunc(slices.Clone(log.lines), func(s string) bool { return s[0] != '+' })
	if len(started) != 4 || len(log.lines) != 8 {
		t.Errorf("want 4 started and each stopped once, got %v", log.lines)
	}
}

func awaitPods(t *testing.T, c *ControlPlane, f *Followed, n int) {
	t.Helper()
	c.await(t, "the number of pods", func(context.Context) error {
		if got := len(f.Pods()); got != n {
			return fmt.Errorf("%d pods, want %d", got, n)
		}
		return nil
	})
}

func TestHPAScalesByExternalMetric(t *testing.T) {
	c := Shared(t)
	ns := c.Namespace(t)
	metrics := c.ServeExternalMetrics(t)
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 1})
	c.AwaitReady(t, ns, "worker", 1)
	metrics.Set(ns, "lag", 100)
	c.Autoscale(t, HPA{Namespace: ns, Deployment: "worker", Min: 1, Max: 8, Metric: "lag", PerPod: 100})
	metrics.Set(ns, "lag", 500) // one step: HPAs add four pods at once, and then wait for 15 s
	c.AwaitReady(t, ns, "worker", 5)
	metrics.Set(ns, "lag", 150)
	c.AwaitReady(t, ns, "worker", 2)
}

func TestAPIServerComesBack(t *testing.T) {
	c := Start(t, Config{})
	ns := c.Namespace(t)
	c.Deploy(t, Deployment{Namespace: ns, Name: "worker", Replicas: 1})
	c.AwaitReady(t, ns, "worker", 1)
	f := c.Follow(t, PodHooks{Namespace: ns, Selector: "app=worker", Start: func(Pod) {}, Stop: func(Pod) {}})

	c.StopAPIServer(t)
	if _, err := c.TryKubectl(t.Context(), "", "get", "nodes"); err == nil {
		t.Fatal("the apiserver answers although it was stopped")
	}
	if n := len(f.Pods()); n != 1 {
		t.Errorf("%d pods are followed while the apiserver is down, want 1 as before", n)
	}
	c.StartAPIServer(t)
	c.Scale(t, ns, "worker", 2) // the same address, certificate and token; the controllers live on
	c.AwaitReady(t, ns, "worker", 2)
	awaitPods(t, c, f, 2)

	resume := c.PauseAPIServer(t)
	if _, err := c.TryKubectl(t.Context(), "", "get", "nodes", "--request-timeout=1s"); err == nil {
		t.Error("the apiserver answers although it is frozen")
	}
	resume()
	c.Kubectl(t, "get", "nodes")
}
