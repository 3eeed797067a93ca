// Package mixin_test renders the libsonnet and compares it with what the chart and the program ship.
package mixin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"

	"github.com/lagscaler/lagscaler/alerts"
)

// rendered is the mixin, with everything that it has as JSON.
type rendered struct {
	Rules, Alerts []ruleGroup
	Dashboards    map[string]any
}

type ruleGroup struct {
	Name  string           `json:"name" yaml:"name"`
	Rules []map[string]any `json:"rules" yaml:"rules"`
}

// render evaluates jsonnet in this folder.
func render(t *testing.T, text string, into any) {
	t.Helper()
	vm := jsonnet.MakeVM()
	vm.Importer(&jsonnet.FileImporter{})
	out, err := vm.EvaluateAnonymousSnippet("test.jsonnet", text)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatal(err)
	}
}

func mixin(t *testing.T, config string) (r rendered) {
	t.Helper()
	render(t, `local m = (import 'mixin.libsonnet') + { _config+:: `+config+` };
{ Rules: m.prometheusRules.groups, Alerts: m.prometheusAlerts.groups, Dashboards: m.grafanaDashboards }`, &r)
	return r
}

// byName are the rules of a kind, by the name of their group and their place in it.
func byName(t *testing.T, groups []ruleGroup, kind string) map[string][]map[string]any {
	t.Helper()
	out := map[string][]map[string]any{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if _, ok := r[kind]; ok {
				out[g.Name] = append(out[g.Name], asJSON(t, r))
			}
		}
	}
	return out
}

// asJSON is a value with the types that JSON decoding gives.
func asJSON(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The mixin has the rules and dashboards of the chart, each once and unchanged.
func TestMixinHasWhatTheChartShips(t *testing.T) {
	const files = "../charts/lagscaler/files"
	var shipped []ruleGroup
	paths, err := filepath.Glob(files + "/rules/*.yaml")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d files of rules, %v", len(paths), err)
	}
	for _, path := range paths {
		var file struct{ Groups []ruleGroup }
		if err := yaml.Unmarshal(read(t, path), &file); err != nil {
			t.Fatal(err)
		}
		shipped = append(shipped, file.Groups...)
	}
	m := mixin(t, "{}")
	for kind, have := range map[string][]ruleGroup{"record": m.Rules, "alert": m.Alerts} {
		got, want := byName(t, have, kind), byName(t, shipped, kind)
		if len(want) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the mixin has %v\nthe chart %v", kind, got, want)
		}
	}
	paths, err = filepath.Glob(files + "/dashboards/*.json")
	if err != nil || len(paths) != len(m.Dashboards) {
		t.Errorf("%d dashboards in the mixin, %d in the chart, %v", len(m.Dashboards), len(paths), err)
	}
	for _, path := range paths {
		var want any
		if err := json.Unmarshal(read(t, path), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m.Dashboards[filepath.Base(path)], want) {
			t.Errorf("%s differs", path)
		}
	}
}

// With owners, labels and alerts to leave out, it has the alerts of `lagscaler alerts export` with the same options.
func TestMixinChangesAlertsAsTheExport(t *testing.T) {
	m := mixin(t, `{ owners: ['team', 'product'], disabled: ['LagscalerMemberChurn'], alertLabels: { cluster: 'eu' } }`)
	var text bytes.Buffer
	o := alerts.Options{Owners: []string{"team", "product"}, Disable: []string{"LagscalerMemberChurn"}, Labels: map[string]string{"cluster": "eu"}}
	if err := alerts.Export(&text, o); err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []ruleGroup }
	if err := yaml.Unmarshal(text.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	got, want := byName(t, m.Alerts, "alert"), byName(t, file.Groups, "alert")
	for _, all := range []map[string][]map[string]any{got, want} {
		for _, rules := range all {
			for _, r := range rules {
				r["expr"] = strings.Join(strings.Fields(r["expr"].(string)), " ")
			}
		}
	}
	if len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("the mixin has %v\nthe export %v", got, want)
	}
}

// The example of docs/mixin.md is evaluated as it stands there; only the path of the import is that of this folder.
func TestExampleOfTheMixin(t *testing.T) {
	m := regexp.MustCompile("(?s)```jsonnet\n(.*?)```").FindSubmatch(read(t, "../docs/mixin.md"))
	if m == nil {
		t.Fatal("docs/mixin.md has no example")
	}
	var files map[string]any
	render(t, strings.Replace(string(m[1]), "github.com/lagscaler/lagscaler/mixin/mixin.libsonnet", "mixin.libsonnet", 1), &files)
	for _, name := range []string{"lagscaler-rules.json", "lagscaler-alerts.json", "lagscaler-overview.json"} {
		if files[name] == nil {
			t.Errorf("it makes no %s, but %d files", name, len(files))
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
