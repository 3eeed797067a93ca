package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const externalAPI = "external.metrics.k8s.io/v1beta1"

// ExternalMetrics is the server behind the External metrics of HPAs: the place
// that KEDA or an adapter has in a real cluster.
type ExternalMetrics struct {
	mu     sync.Mutex
	values map[string]resource.Quantity // by namespace/name
}

// ServeExternalMetrics answers for external.metrics.k8s.io until the test ends.
// A control plane has one such server at a time.
func (c *ControlPlane) ServeExternalMetrics(t testing.TB) *ExternalMetrics {
	t.Helper()
	m := &ExternalMetrics{values: map[string]resource.Quantity{}}
	server := httptest.NewTLSServer(m)
	t.Cleanup(server.Close)
	c.registerAPI(t, "external.metrics.k8s.io", "v1beta1", server.Listener.Addr())
	return m
}

// registerAPI registers a server with the apiserver until the test ends. The apiserver dials the external name itself, so that no pod is
// needed.
func (c *ControlPlane) registerAPI(t testing.TB, group, version string, at net.Addr) {
	t.Helper()
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		t.Fatal(err)
	}
	service, name := strings.ReplaceAll(group, ".", "-"), version+"."+group
	c.Apply(t, "default", fmt.Sprintf(`
{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: %s}
spec:
  group: %s
  version: %s
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {namespace: default, name: %s, port: %s}
`, service, name, group, version, service, port))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
		defer cancel()
		if _, err := c.TryKubectl(ctx, "", "delete", "apiservice", name); err != nil {
			t.Error(err)
		}
	})
	c.Kubectl(t, "wait", "--for=condition=Available", "--timeout="+waitLimit.String(), "apiservice/"+name)
}

// Set sets a metric of a namespace. One that was never set has no value.
func (m *ExternalMetrics) Set(namespace, name string, value int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[namespace+"/"+name] = *resource.NewQuantity(value, resource.DecimalSI)
}

// ServeHTTP answers what the API machinery asks any apiserver, and
// /apis/external.metrics.k8s.io/v1beta1/namespaces/NAMESPACE/METRIC.
func (m *ExternalMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, found := strings.CutPrefix(path.Clean(r.URL.Path), "/apis/"+externalAPI)
	if !found {
		http.NotFound(w, r)
		return
	}
	var answer any
	if parts := strings.Split(rest, "/"); len(parts) == 4 {
		answer = map[string]any{
			"kind": "ExternalMetricValueList", "apiVersion": externalAPI, "metadata": map[string]any{},
			"items": m.items(parts[2], parts[3]),
		}
	} else {
		answer = metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: externalAPI, APIResources: []metav1.APIResource{},
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		// The asker went away; it asks again.
		return
	}
}

func (m *ExternalMetrics) items(namespace, name string) []any {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[namespace+"/"+name]
	if !ok {
		return []any{}
	}
	return []any{map[string]any{
		"metricName": name, "metricLabels": map[string]string{}, "value": value.String(),
		"timestamp": time.Now().UTC().Format(time.RFC3339),
	}}
}

// HPA is a HorizontalPodAutoscaler on a Deployment with one External metric.
type HPA struct {
	Namespace, Deployment string
	Min, Max              int32
	Metric                string // of the same namespace, see [ExternalMetrics.Set]
	PerPod                int64  // the target: the metric divided by the number of pods
}

// Autoscale makes the HPA, of the Deployment's name. It scales down at once
// when asked to, without the usual five minutes of hesitation.
func (c *ControlPlane) Autoscale(t testing.TB, h HPA) {
	t.Helper()
	var at0s int32
	perPod := resource.NewQuantity(h.PerPod, resource.DecimalSI)
	object := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: h.Namespace, Name: h.Deployment},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: h.Deployment},
			MinReplicas:    &h.Min, MaxReplicas: h.Max,
			Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{
				ScaleDown: &autoscalingv2.HPAScalingRules{StabilizationWindowSeconds: &at0s},
			},
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ExternalMetricSourceType,
				External: &autoscalingv2.ExternalMetricSource{
					Metric: autoscalingv2.MetricIdentifier{Name: h.Metric},
					Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: perPod},
				},
			}},
		},
	}
	if _, err := c.client.AutoscalingV2().HorizontalPodAutoscalers(h.Namespace).Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(fmt.Errorf("making the HPA of %s/%s: %w", h.Namespace, h.Deployment, err))
	}
}
