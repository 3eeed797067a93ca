package chart

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/e2e/servers/long"
)

// TestObserveAdviseActInAllNamespaces is the way that docs/first-scaler.md describes, on one running process: observe, advise, act, by
// `helm upgrade` alone. It decides for the whole cluster, so it has one of its own.
func TestObserveAdviseActInAllNamespaces(t *testing.T) {
	long.Story(t, "TestObserveAdviseActInOneNamespace has the three modes, and TestReadme all namespaces")
	t.Parallel()
	c := kube.Start(t, kube.Config{})
	c.InstallKafkaScalers(t)
	s := open(t, setup{kube: c, replicas: 2, values: []string{"--set=mode=observe"}, spec: "  preset: economy\n"}) // which goes down at once
	p := observeAdviseAct(t, s)

	t.Log("and down")
	began := time.Now()
	up := s.Replicas(t, s.shop, worker)
	s.kafka.rate.Store(20)
	down := s.awaitSize("fewer replicas", p, func(n int32) bool { return n <= 2 })
	t.Logf("%d -> %d after %v: %s", up, down, time.Since(began).Round(time.Second), s.status("lastDecision.message"))
}

// TestObserveAdviseActInOneNamespace is the same without any right beyond one namespace.
func TestObserveAdviseActInOneNamespace(t *testing.T) {
	t.Parallel()
	s := open(t, setup{replicas: 2, namespaced: true, values: []string{"--set=mode=observe"}})
	observeAdviseAct(t, s)
	if got := s.Kubectl(t, "get", "clusterroles,clusterrolebindings", "--selector=app.kubernetes.io/instance="+s.name, "--output=name"); strings.Contains(got, s.ns) {
		t.Errorf("there are rights in all namespaces: %s", got)
	}
}

// observeAdviseAct goes from observe to act, and up.
func observeAdviseAct(t *testing.T, s *scenario) *pod {
	t.Helper()
	s.kafka.rate.Store(60)
	p := s.start()

	t.Log("observe: metrics, and not a word in Kubernetes")
	await(t, "metrics of the group", func() error {
		text, err := p.get("/metrics")
		if err == nil && !strings.Contains(text, `lagscaler_group_max_lag_records{`) {
			err = errors.New("the group is not there yet")
		}
		return err
	}, p.Process)
	if s.can("update", "deployments/scale") || s.can("patch", "kafkascalers/status") || s.can("create", "events") || s.can("list", "pods") {
		t.Error("observe holds a right beyond its own")
	}
	if got := s.status("lastDecision"); got != "" {
		t.Errorf("observe wrote a decision: %s", got)
	}

	t.Log("advise: decisions, and no right to write one")
	s.upgrade("--set=mode=advise")
	p.mount()
	s.kafka.rate.Store(200)
	s.awaitStatus("lastDecision.disposition", "Advised", p)
	s.awaitStatus("lastDecision.reason", "ScaleUp", p)
	if s.can("update", "deployments/scale") {
		t.Error("advise may write a scale")
	}
	if got := s.Replicas(t, s.shop, worker); got != 2 {
		t.Errorf("advise changed 2 replicas into %d", got)
	}
	t.Log(s.status("lastDecision.message"))

	t.Log("act: up")
	s.upgrade("--set=mode=act")
	p.mount()
	s.awaitSize("replicas for 200/s", p, func(n int32) bool { return n >= 5 })
	await(t, "the change in the status", func() error { return want(s.status("lastChange"), `"reason":"ScaleUp"`) }, p.Process)
	t.Log(s.status("lastChange"))
	if strings.Contains(p.logged(), "permission missing") {
		t.Errorf("a right was missing:\n%s", p.awaitLine("permission missing"))
	}
	return p
}
