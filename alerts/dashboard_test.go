package alerts_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

type ruleFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func parse(t *testing.T, o alerts.Options) ruleFile {
	t.Helper()
	var file ruleFile
	if err := yaml.Unmarshal([]byte(export(t, o)), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// dashboardURLs are the annotations dashboard_url by alert.
func dashboardURLs(t *testing.T, o alerts.Options) map[string]string {
	t.Helper()
	urls := map[string]string{}
	for _, g := range parse(t, o).Groups {
		for _, r := range g.Rules {
			if link, ok := r.Annotations["dashboard_url"]; ok != (o.Grafana != "" && r.Alert != "") {
				t.Errorf("%s %q: dashboard_url %q", r.Alert, o.Grafana, link)
			} else if ok {
				urls[r.Alert] = link
			}
		}
	}
	return urls
}

// The link of a firing alert opens the dashboard of its group, scaler, cluster, or of lagscaler itself, from half an hour before
// the alert began. The alerts of this test have the links of the export, and begin after an hour.
func TestAlertsOpenTheirDashboard(t *testing.T) {
	dashboardURLs(t, alerts.Options{})
	urls := dashboardURLs(t, alerts.Options{Grafana: "https://grafana.example/g/"})
	if len(urls) != len(alerts.Names()) {
		t.Errorf("%d alerts have a link", len(urls))
	}
	const time = "from=1800000&to=now"
	cases := []struct{ alert, labels, want string }{
		{"LagscalerGroupEmpty", `kafka_cluster="main", group="orders"`, "/d/lagscaler-group?var-kafka_cluster=main&var-group=orders&" + time},
		{"LagscalerPartitionStalled", `kafka_cluster="eu \"1\"", group="a b&c=ä/%"`, "/d/lagscaler-group?var-kafka_cluster=eu+%221%22&var-group=a+b%26c%3D%C3%A4%2F%25&" + time},
		{"LagscalerScaleFailed", `target_namespace="shop", target_kind="Deployment", target="worker"`, "/d/lagscaler-scaling?var-target_namespace=shop&var-target=worker&" + time},
		{"LagscalerDataStale", `kafka_cluster="main"`, "/d/lagscaler-overview?var-kafka_cluster=main&" + time},
		{"LagscalerNoLeader", `namespace="kafka"`, "/d/lagscaler-self?" + time},
	}
	type object = map[string]any
	var rules, series, checks []any
	for _, c := range cases {
		rules = append(rules, object{"alert": c.alert, "expr": "trouble > 0", "for": "5m", "annotations": object{"dashboard_url": urls[c.alert]}})
		series = append(series, object{"series": "trouble{" + c.labels + "}", "values": "0x59 1x60"})
	}
	for _, c := range cases {
		var all []any
		for _, of := range cases { // every rule fires for every series
			labels := object{}
			for _, m := range regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(of.labels, -1) {
				labels[m[1]] = strings.ReplaceAll(m[2], `\"`, `"`)
			}
			all = append(all, object{"exp_labels": labels, "exp_annotations": object{"dashboard_url": "https://grafana.example/g" + of.want}})
		}
		checks = append(checks, object{"eval_time": "100m", "alertname": c.alert, "exp_alerts": all})
	}
	dir := t.TempDir()
	for name, content := range map[string]any{
		"rules.json": object{"groups": []any{object{"name": "test", "rules": rules}}},
		"test.json":  object{"rule_files": []string{"rules.json"}, "evaluation_interval": "1m", "tests": []any{object{"interval": "1m", "input_series": series, "alert_rule_test": checks}}},
	} {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	promtest.Run(t, dir, promtest.Promtool(t), "test", "rules", "test.json")
}

// whole are metrics and functions whose values are whole numbers: a text may have them as they are.
var whole = regexp.MustCompile(`round\(|_partitions\b|_partitions_|_replicas\b|_topics\b|_addresses\b|_kept_by_another\b`)

// A text is a sentence with values that a human reads: a number that may have decimals has a unit or is shortened.
func TestTextsHaveHumanNumbers(t *testing.T) {
	raw := regexp.MustCompile(`\{\{ *\$value *\}\}`)
	for _, g := range parse(t, alerts.Options{}).Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			summary, description := r.Annotations["summary"], r.Annotations["description"]
			if raw.MatchString(summary+description) && !whole.MatchString(r.Expr) {
				t.Errorf("%s: $value of %s has decimals: humanize it", r.Alert, r.Expr)
			}
			if strings.HasSuffix(summary, ".") || len(strings.Fields(summary)) < 3 {
				t.Errorf("%s: the summary %q", r.Alert, summary)
			}
			sentences, _, ok := strings.Cut(description, "First: ")
			if trimmed := strings.TrimSpace(sentences); !ok || !strings.HasSuffix(trimmed, ".") && !strings.HasSuffix(trimmed, "{{ end -}}") {
				t.Errorf("%s: the description %q has no sentence before its first command", r.Alert, description)
			}
		}
	}
}
