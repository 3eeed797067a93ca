package alerts_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

func export(t *testing.T, o alerts.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := alerts.Export(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write exports the rules to rules.yaml in a new folder.
func write(t *testing.T, o alerts.Options) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(export(t, o)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Prometheus accepts every variant of an export.
func TestExportsAreRules(t *testing.T) {
	promtool := promtest.Promtool(t)
	for name, o := range map[string]alerts.Options{
		"plain":    {},
		"labelled": {Labels: map[string]string{"team": `the "kafka" team`}},
		"without":  {Disable: []string{"LagscalerFlapping", "LagscalerMaxReplicasReached"}},
		"scaled":   {TimeScale: 60},
		"empty":    {Disable: alerts.Names()},
	} {
		t.Run(name, func(t *testing.T) {
			promtest.Run(t, write(t, o), promtool, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml")
		})
	}
}

// An export contains every line of the files.
func TestExportIsComplete(t *testing.T) {
	exported := export(t, alerts.Options{})
	files, err := filepath.Glob("rules/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for line := range strings.Lines(read(t, file)) {
			if top := !strings.HasPrefix(line, " "); !top && !strings.Contains(exported, line) {
				t.Errorf("%s: lost %q", file, line)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	got := export(t, alerts.Options{Disable: []string{"LagscalerGroupEmpty"}, Labels: map[string]string{"team": "kafka", "env": "prod"}})
	if strings.Contains(got, "LagscalerGroupEmpty") {
		t.Error("a disabled alert is exported")
	}
	if n, all := strings.Count(got, "        labels:\n          env: \"prod\"\n          team: \"kafka\"\n          severity: "), strings.Count(got, "- alert: "); n != all {
		t.Errorf("%d of %d alerts have the labels", n, all)
	}
	got = export(t, alerts.Options{TimeScale: 60})
	for _, want := range []string{"for: 5000ms\n", "keep_firing_for: 5000ms\n", "_total[60000ms]", "interval: 2000ms\n", "[1440000ms]"} {
		if !strings.Contains(got, want) {
			t.Errorf("time scale 60: missing %q", want)
		}
	}
	if left := regexp.MustCompile(`\[\d+[mhd]\]|for: \d+[mhd]\n`).FindString(got); left != "" {
		t.Errorf("time scale 60: %q is not divided", left)
	}
}

func TestCustomResource(t *testing.T) {
	got := export(t, alerts.Options{
		Format: alerts.PrometheusRule, Name: "kafka", Namespace: "monitoring", ObjectLabels: map[string]string{"release": "stack"},
	})
	want := "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: \"kafka\"\n  namespace: \"monitoring\"\n" +
		"  labels:\n    \"release\": \"stack\"\nspec:\n  groups:\n    - name: lagscaler-recording\n      rules:\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %s", got[:min(len(got), 400)])
	}
	_, spec, _ := strings.Cut(got, "spec:\n")
	var plain strings.Builder
	for line := range strings.Lines(spec) {
		plain.WriteString(strings.TrimPrefix(line, "  "))
	}
	if plain.String() != export(t, alerts.Options{}) {
		t.Error("the spec is not the rule file")
	}
}

func TestWrongOptions(t *testing.T) {
	for _, c := range []struct {
		options alerts.Options
		want    string
	}{
		{alerts.Options{Format: "toml"}, `format "toml": must be prometheus or prometheusrule`},
		{alerts.Options{Disable: []string{"LagscalerNothing"}}, `there is no alert "LagscalerNothing"; the alerts are LagscalerAbsent, `},
		{alerts.Options{Labels: map[string]string{"a-b": "c"}}, `label "a-b": not a valid label name`},
		{alerts.Options{Labels: map[string]string{"severity": "none"}}, `label severity: must not be set, every alert has its own`},
		{alerts.Options{Grafana: "grafana.example"}, `grafana URL "grafana.example": want an address such as https://grafana.example`},
		{alerts.Options{Grafana: "https://grafana.example/?orgId=1"}, `grafana URL "https://grafana.example/?orgId=1": want an address`},
		{alerts.Options{TimeScale: -1}, `time scale -1: want a positive number`},
	} {
		err := alerts.Export(&bytes.Buffer{}, c.options)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.options, err)
		}
	}
}

// alertTexts returns the rules of every alert, by the name of the alert.
func alertTexts(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, part := range strings.Split(export(t, alerts.Options{}), "      - alert: ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		found[name] = append(found[name], rest)
	}
	return found
}

func TestEveryAlertIsComplete(t *testing.T) {
	for name, rules := range alertTexts(t) {
		if !strings.HasPrefix(name, "Lagscaler") {
			t.Errorf("%s lacks the prefix", name)
		}
		for _, rule := range rules {
			for _, want := range []string{
				"          severity: ", "          summary: ", "          description: ", " First: ",
				"          runbook_url: https://github.com/lagscaler/lagscaler/blob/main/docs/runbooks/" + name + ".md",
			} {
				if !strings.Contains(strings.Join(strings.Fields(rule), " "), strings.TrimSpace(want)) {
					t.Errorf("%s has no %q", name, want)
				}
			}
		}
	}
}

// Only declared groups page: a critical alert about a group depends on the tier of the group.
func TestOnlyDeclaredGroupsPage(t *testing.T) {
	for name, rules := range alertTexts(t) {
		for _, rule := range rules {
			aboutGroup := strings.Contains(rule, "$labels.group")
			if aboutGroup && strings.Contains(rule, "severity: critical") && name != "LagscalerLagSLOBurnFast" {
				t.Errorf("%s is critical for groups that are not declared", name)
			}
		}
	}
	if fast := alertTexts(t)["LagscalerLagSLOBurnFast"][0]; !strings.Contains(fast, "lagscaler_group_lag_late") ||
		!strings.Contains(export(t, alerts.Options{}), `max by (kafka_cluster, group) (lagscaler_group_slo_lag_seconds{tier="declared"})`) {
		t.Error("the burn rate includes groups that are not declared")
	}
}

// Every alert has a runbook with the four chapters, and every runbook has an alert.
func TestRunbooks(t *testing.T) {
	const dir = "../docs/runbooks"
	var have []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "README.md" {
			have = append(have, strings.TrimSuffix(d.Name(), ".md"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := alerts.Names(); !slices.Equal(have, names) {
		t.Errorf("runbooks are %v, alerts %v", have, names)
	}
	index := read(t, dir+"/README.md")
	for _, name := range have {
		text := read(t, filepath.Join(dir, name+".md"))
		for _, chapter := range []string{"# " + name + "\n", "\n## What it means\n", "\n## How to confirm\n", "\n## What to do\n", "\n## How to silence\n"} {
			if !strings.Contains(text, chapter) {
				t.Errorf("%s lacks %q", name, chapter)
			}
		}
		if !strings.Contains(index, "["+name+"]("+name+".md)") {
			t.Errorf("the index lacks %s", name)
		}
	}
}

// docs/alerts.md has a line for every alert, with its severity and its runbook.
func TestAlertsPage(t *testing.T) {
	page := read(t, "../docs/alerts.md")
	for name, rules := range alertTexts(t) {
		severity := "warning"
		switch {
		case strings.Contains(rules[0], "severity: '{{"):
			severity = "critical if declared"
		case strings.Contains(rules[0], "severity: critical"):
			severity = "critical"
		}
		if line := "| [" + name + "](runbooks/" + name + ".md) | " + severity + " | "; !strings.Contains(page, line) {
			t.Errorf("docs/alerts.md lacks %s", line)
		}
	}
}
