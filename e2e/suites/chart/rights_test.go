package chart

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// missingRight is what happens when one right is taken away. The scaler has a minimum of 3, the target 2 replicas.
type missingRight struct {
	group, resource string
	scaled          bool              // all the same
	own             bool              // only the role in the namespace of the release loses it
	mute            bool              // nothing is told in the status
	conditions      map[string]string // of the KafkaScaler: the beginning of status, reason and message
	log             string            // the consequence, as the log says it
}

var permitted = "False MissingRight the permission to "

// missingRights has a line for each right of mode act.
var missingRights = []missingRight{
	{group: "coordination.k8s.io", resource: "leases", own: true, mute: true, log: "no replica leads, so nothing is decided or written"},
	{group: "lagscaler.io", resource: "kafkascalers", mute: true, log: "KafkaScalers are not seen"},
	{group: "apps", resource: "deployments", conditions: map[string]string{"Ready": "False MissingRight", "Permitted": permitted + "list deployments.apps"}, log: "scalers of Deployments decide nothing"},
	{group: "apps", resource: "statefulsets", conditions: map[string]string{"Ready": "False MissingRight", "Permitted": permitted + "list statefulsets.apps"}, log: "scalers of StatefulSets decide nothing"},
	{group: "", resource: "pods", scaled: true, conditions: map[string]string{"Permitted": permitted + "list pods"}, log: "a member counts as one replica, and unschedulable pods are not seen"},
	{group: "", resource: "namespaces", scaled: true, conditions: map[string]string{"Permitted": permitted + "get namespaces"}, log: "a freeze by an annotation of a namespace is not seen"},
	{group: "autoscaling", resource: "horizontalpodautoscalers", conditions: map[string]string{"Permitted": permitted + "list horizontalpodautoscalers.autoscaling"}, log: "a conflict could not be seen, so nothing is written"},
	{group: "keda.sh", resource: "scaledobjects", conditions: map[string]string{"Permitted": permitted + "list scaledobjects.keda.sh"}, log: "a conflict could not be seen, so nothing is written"},
	{group: "lagscaler.io", resource: "kafkascalers/status", scaled: true, mute: true, log: "the status is not written"},
	{group: "", resource: "events", scaled: true, conditions: map[string]string{"Permitted": permitted + "create events"}, log: "no Events are written"},
	{group: "", resource: "configmaps", scaled: true, conditions: map[string]string{"Permitted": permitted + "list configmaps"}, log: "the learned values are lost at a restart"},
	{group: "apps", resource: "deployments/scale", conditions: map[string]string{"AbleToScale": "False Failed", "Permitted": permitted + "get deployments/scale.apps"}, log: "Deployments are not scaled"},
	{group: "apps", resource: "statefulsets/scale", conditions: map[string]string{"AbleToScale": "False Failed", "Permitted": permitted + "get statefulsets/scale.apps"}, log: "StatefulSets are not scaled"},
}

// TestEachRightIsListed: each right that the program uses is taken away once.
func TestEachRightIsListed(t *testing.T) {
	var taken, used []string
	for _, m := range missingRights {
		taken = append(taken, m.resource)
	}
	for _, r := range access.Permissions(scaler.Act) {
		if r.Resource == "leases" && r.Place == access.Watched {
			continue // used only if another installation keeps a KafkaScaler: scaler/kube tests it
		}
		used = append(used, r.Resource)
	}
	same(t, "rights", taken, used)
}

// TestWithoutARight takes each right of the chart's roles away in turn. What is missing is named in the log and in the
// conditions, what depends on it is not done, and the rest goes on.
func TestWithoutARight(t *testing.T) {
	t.Parallel()
	controlPlane(t).InstallCRDs(t, kube.ScaledObjects)
	for _, m := range missingRights {
		t.Run(strings.TrimPrefix(m.group+"/"+m.resource, "/"), func(t *testing.T) {
			t.Parallel()
			st := setup{replicas: 2, namespaced: true, values: []string{"--set=mode=act"}, spec: "  minReplicas: 3\n"}
			stateful := strings.HasPrefix(m.resource, "statefulsets")
			if stateful {
				st.target = "{kind: StatefulSet, name: " + worker + "}"
			}
			s := open(t, st)
			s.kafka.rate.Store(20)
			if stateful {
				s.Apply(t, s.shop, statefulSet)
			}
			s.takeAway(m)
			p := s.start()
			line := p.awaitLine("permission missing", m.resource, m.log)
			t.Log(strings.TrimSpace(line))
			s.checkWithout(m, p, stateful)
		})
	}
}

const statefulSet = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: worker}
spec:
  replicas: 2
  serviceName: worker
  selector: {matchLabels: {app: stateful}}
  template:
    metadata: {labels: {app: stateful}}
    spec: {containers: [{name: worker, image: worker}]}
`

// takeAway removes a right from whichever of the release's roles grants it.
func (s *scenario) takeAway(m missingRight) {
	s.t.Helper()
	taken, namespaces := 0, []string{s.ns}
	if !m.own {
		namespaces = append(namespaces, s.shop)
	}
	for _, ns := range namespaces {
		roles, err := s.Client().RbacV1().Roles(ns).List(s.t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=lagscaler"})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, role := range roles.Items {
			for i, rule := range role.Rules {
				if slices.Equal(rule.APIGroups, []string{m.group}) && slices.Contains(rule.Resources, m.resource) {
					taken++
					role.Rules[i].Resources = slices.DeleteFunc(rule.Resources, func(r string) bool { return r == m.resource })
				}
			}
			role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return len(r.Resources) == 0 })
			if _, err := s.Client().RbacV1().Roles(ns).Update(s.t.Context(), &role, metav1.UpdateOptions{}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if taken != 1 {
		s.t.Fatalf("the chart's roles grant %s %d times", m.resource, taken)
	}
}

// checkWithout compares what happened with what is listed for that right.
func (s *scenario) checkWithout(m missingRight, p *pod, stateful bool) {
	s.t.Helper()
	for kind, want := range m.conditions {
		await(s.t, kind, func() error {
			if got := s.condition(kind); !strings.HasPrefix(got, want) {
				return fmt.Errorf("%q, want %q", got, want)
			}
			return nil
		}, p.Process)
	}
	switch {
	case m.scaled:
		s.awaitSize("3 replicas", p, func(n int32) bool { return n == 3 })
	case m.mute:
		s.awaitPolls(p, 8)
	default:
		// It decided, as the conditions say; a decision later it still has not written.
		s.awaitPolls(p, 4)
	}
	size := s.Replicas(s.t, s.shop, worker)
	if stateful {
		size = s.statefulSize()
	}
	if want := map[bool]int32{true: 3, false: 2}[m.scaled]; size != want {
		s.t.Errorf("%d replicas, want %d", size, want)
	}
	if got := s.status("lastDecision"); m.mute && got != "" {
		s.t.Errorf("the status says %s", got)
	}
}

func (s *scenario) statefulSize() int32 {
	s.t.Helper()
	set, err := s.Client().AppsV1().StatefulSets(s.shop).Get(s.t.Context(), worker, metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return *set.Spec.Replicas
}

// awaitPolls waits until the program has polled Kafka so many times more.
func (s *scenario) awaitPolls(p *pod, polls int) {
	s.t.Helper()
	seen, last := 0, ""
	await(s.t, "further polls", func() error {
		text, err := p.get("/metrics")
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "lagscaler_last_successful_poll_timestamp_seconds") && line != last {
				seen, last = seen+1, line
			}
		}
		if seen < polls {
			return fmt.Errorf("%d of %d", seen, polls)
		}
		return nil
	}, p.Process)
}
