package alerts

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/e2e/servers/prom"
)

// example is the example for Alertmanager, with the webhook of the test for its receivers and without patience.
func example(t *testing.T) func(webhook string) string {
	t.Helper()
	text, err := os.ReadFile("../../../alerts/alertmanager.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return func(webhook string) string {
		config := regexp.MustCompile(`url: \S+`).ReplaceAllString(string(text), "url: "+webhook)
		config = regexp.MustCompile(`group_wait: \S+`).ReplaceAllString(config, "group_wait: 1s")
		return regexp.MustCompile(`group_interval: \S+`).ReplaceAllString(config, "group_interval: 1s")
	}
}

// fire hands alerts to Alertmanager, as Prometheus does.
func fire(t *testing.T, am *prom.Alertmanager, alerts ...map[string]string) {
	t.Helper()
	type alert struct {
		Labels map[string]string `json:"labels"`
	}
	var all []alert
	for _, labels := range alerts {
		all = append(all, alert{labels})
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post("http://"+am.Address+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("handing over alerts: %s, %v", answer.Status, err)
	}
}

func of(name, severity, group string) map[string]string {
	return map[string]string{"alertname": name, "severity": severity, "kafka_cluster": "main", "group": group}
}

// TestExampleForAlertmanager sees what the example delivers to whom, and what it holds back. All alerts are there
// before the first notification, so what is inhibited never comes; LagscalerFlapping comes last and ends the wait.
func TestExampleForAlertmanager(t *testing.T) {
	t.Parallel()
	am := prom.StartAlertmanager(t, prom.AlertmanagerConfig{Config: example(t)})
	stale := map[string]string{"alertname": "LagscalerDataStale", "severity": "critical", "kafka_cluster": "lost"}
	late := of("LagscalerConsumerLagAboveSLO", "critical", "orders")
	late["kafka_cluster"] = "lost" // inhibited: its cluster cannot be read
	fire(
		t, am,
		of("LagscalerProcessingStopped", "critical", "orders"),
		of("LagscalerPartitionStalled", "warning", "orders"), // inhibited: something critical is known of the group
		of("LagscalerMemberChurn", "warning", "payments"),
		stale, late,
	)
	am.AwaitFiring(t, "LagscalerProcessingStopped")
	am.AwaitFiring(t, "LagscalerMemberChurn")
	fire(t, am, of("LagscalerFlapping", "warning", ""))
	am.AwaitFiring(t, "LagscalerFlapping")

	var got []string
	for _, a := range am.Delivered(t) {
		line := strings.TrimSpace(a.Receiver + " " + a.Name() + " " + a.Labels["group"])
		if !slices.Contains(got, line) {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	want := []string{
		"chat LagscalerFlapping", "chat LagscalerMemberChurn payments",
		"pager LagscalerDataStale", "pager LagscalerProcessingStopped orders",
	}
	if !slices.Equal(got, want) {
		t.Errorf("delivered %q, want %q", got, want)
	}
}
