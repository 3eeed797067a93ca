package scale

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/scaler"
)

// A plain HPA asks the API server, which asks lagscaler: it makes the replicas that lagscaler decides, up and down. Every question goes to
// the replica that does not lead, also after the leader is killed.
func TestAnHPAAsksLagscaler(t *testing.T) {
	t.Parallel()
	s := open(t, setup{Mode: scaler.Advise, Scaler: func(s *closedloop.Loop) string {
		return strings.Replace(s.Scaler(), "mode: act", "mode: advise\n  maxReplicas: 6", 1) + `
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: worker}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
  minReplicas: 1
  maxReplicas: 12
  metrics:
  - type: Object
    object:
      describedObject: {apiVersion: lagscaler.io/v1alpha1, kind: KafkaScaler, name: orders}
      metric: {name: replicas}
      target: {type: AverageValue, averageValue: "1"}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 900, periodSeconds: 15}]}
    scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 100, periodSeconds: 15}]}
`
	}})
	authority := s.CustomMetrics()
	s.Daemon.ExternalScaler = closedloop.Address(t)
	leader := s.start()
	await(t, "a leader", func() error { return leader.Leads() })
	s.Daemon.Identity, s.Daemon.ExternalScaler, s.Daemon.CustomMetrics = "second", closedloop.Address(t), closedloop.Address(t)
	follower := s.start()
	s.RegisterCustomMetrics(s.Daemon.CustomMetrics, authority)
	const path = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/%s/kafkascalers.lagscaler.io/orders/replicas"
	await(t, "the metric", func() error {
		answer, err := s.TryKubectl(t.Context(), "", "get", "--raw", fmt.Sprintf(path, s.NS))
		if err == nil && !strings.Contains(string(answer), `"value":"1"`) {
			err = fmt.Errorf("it is %s", answer)
		}
		return err
	})
	if answer, err := s.TryKubectl(t.Context(), "", "get", "--raw", fmt.Sprintf(path, s.NS), "--as=anna"); err == nil {
		t.Errorf("a user without rights reads the metric: %s", answer)
	}

	s.Load.Set(200) // 4 consumers do 200/s
	s.awaitSize("4 replicas or more", atLeast(4))
	s.Load.Set(40)
	s.awaitSize("fewer replicas", func(n int32) bool { return n <= 2 })
	s.CheckAnswered(t, leader)
	leader.Kill()
	await(t, "the second to lead", func() error { return follower.Leads() })
	s.Load.Set(150)
	s.awaitSize("3 replicas or more", atLeast(3))
	s.CheckAnswered(t, follower)
}
