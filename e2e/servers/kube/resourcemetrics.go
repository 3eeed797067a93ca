package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const resourceAPI = "metrics.k8s.io/v1beta1"

// ResourceMetrics is the server behind the Resource metrics of HPAs: the place that metrics-server has in a real cluster, whose kubelets
// measure what these pods do not use.
type ResourceMetrics struct {
	plane *ControlPlane

	mu  sync.Mutex
	cpu map[string]int64 // of all pods of a namespace together, in thousandths of a core
}

// ServeResourceMetrics answers for metrics.k8s.io until the test ends. A control plane has one such server at a time.
func (c *ControlPlane) ServeResourceMetrics(t testing.TB) *ResourceMetrics {
	t.Helper()
	m := &ResourceMetrics{plane: c, cpu: map[string]int64{}}
	server := httptest.NewTLSServer(m)
	t.Cleanup(server.Close)
	c.registerAPI(t, "metrics.k8s.io", "v1beta1", server.Listener.Addr())
	return m
}

// Set sets what the pods of a namespace use together, in thousandths of a core; each has the same part of it. Without it they are not
// measured.
func (m *ResourceMetrics) Set(namespace string, cpu int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cpu[namespace] = cpu
}

// ServeHTTP answers what the API machinery asks any apiserver, and /apis/metrics.k8s.io/v1beta1/namespaces/NAMESPACE/pods.
func (m *ResourceMetrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, found := strings.CutPrefix(path.Clean(r.URL.Path), "/apis/"+resourceAPI)
	if !found {
		http.NotFound(w, r)
		return
	}
	var answer any = metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: resourceAPI,
		APIResources: []metav1.APIResource{{Name: "pods", Namespaced: true, Kind: "PodMetrics", Verbs: []string{"get", "list"}}},
	}
	if parts := strings.Split(rest, "/"); len(parts) == 4 && parts[3] == "pods" {
		items, err := m.items(r, parts[2])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer = map[string]any{"kind": "PodMetricsList", "apiVersion": resourceAPI, "metadata": map[string]any{}, "items": items}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		return // the asker went away; it asks again
	}
}

func (m *ResourceMetrics) items(r *http.Request, namespace string) ([]any, error) {
	m.mu.Lock()
	cpu, ok := m.cpu[namespace]
	m.mu.Unlock()
	items := []any{}
	if !ok {
		return items, nil
	}
	pods, err := m.plane.client.CoreV1().Pods(namespace).List(r.Context(), metav1.ListOptions{LabelSelector: r.URL.Query().Get("labelSelector")})
	if err != nil {
		return nil, err
	}
	for i := range pods.Items {
		items = append(items, map[string]any{
			"metadata": map[string]any{"name": pods.Items[i].Name, "namespace": namespace}, "timestamp": time.Now().UTC().Format(time.RFC3339), "window": "1s",
			"containers": []any{map[string]any{"name": pods.Items[i].Spec.Containers[0].Name, "usage": map[string]any{"cpu": fmt.Sprintf("%dm", cpu/int64(len(pods.Items))), "memory": "1Mi"}}},
		})
	}
	return items, nil
}
