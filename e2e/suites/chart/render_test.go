package chart

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

func TestChartIsClean(t *testing.T) {
	for _, name := range helms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, values := range valuesFiles(t) {
				if out, err := helm(t, name, "lint", "--strict", folder, "--values="+values); err != nil {
					t.Errorf("%s: %s", values, out)
				}
				if out, err := helm(t, name, "template", "x", folder, "--values="+values); err != nil {
					t.Errorf("%s: %s", values, out)
				}
			}
		})
	}
}

// TestTemplates runs charts/lagscaler/tests, a file for each template.
func TestTemplates(t *testing.T) {
	if out, err := run(t.Context(), nil, tool(t, "helm-unittest"), "--strict", folder); err != nil {
		t.Error(out)
	}
	templates, err := filepath.Glob(folder + "/templates/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, template := range templates {
		name := strings.TrimSuffix(strings.ToLower(filepath.Base(template)), filepath.Ext(template))
		if _, err := os.Stat(filepath.Join(folder, "tests", name+"_test.yaml")); err != nil && name != "_helpers" {
			t.Errorf("%s has no test: %v", template, err)
		}
	}
}

// TestReadmeIsGenerated holds the chart's README against values.yaml.
func TestReadmeIsGenerated(t *testing.T) {
	home := t.TempDir()
	if err := os.CopyFS(filepath.Join(home, "lagscaler"), os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t.Context(), nil, tool(t, "helm-docs"), "--chart-search-root="+home, "--sort-values-order=file"); err != nil {
		t.Fatal(out)
	}
	fresh, err := os.ReadFile(filepath.Join(home, "lagscaler/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if present, err := os.ReadFile(folder + "/README.md"); err != nil || string(present) != string(fresh) {
		t.Errorf("the chart's README is not what values.yaml says: make chart-readme (%v)", err)
	}
}

// TestEveryManifestIsNamed: nothing is there twice, and all of it can be found by the label of the release.
func TestEveryManifestIsNamed(t *testing.T) {
	for _, values := range valuesFiles(t) {
		seen := map[string]bool{}
		for _, o := range render(t, "--values="+values) {
			id := o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
			if seen[id] || o.GetName() == "" || o.GetAPIVersion() == "" {
				t.Errorf("%s: %q is there twice, or lacks a name", values, id)
			}
			seen[id] = true
			if o.GetKind() != "ConfigMap" && o.GetLabels()["app.kubernetes.io/instance"] != "x" {
				t.Errorf("%s: %s is not labelled as part of the release", values, id)
			}
		}
	}
}

// TestRightsAreThoseOfTheCode: in each mode and scope the chart grants what the program uses, and nothing beside.
func TestRightsAreThoseOfTheCode(t *testing.T) {
	for _, mode := range []scaler.Mode{scaler.Observe, scaler.Advise, scaler.Act} {
		want := map[access.Place][]string{}
		for _, r := range access.Permissions(mode) {
			want[r.Place] = append(want[r.Place], rights([]string{r.Group}, []string{r.Resource}, r.VerbsIn(false))...)
		}
		for _, scope := range []string{"cluster", "namespaced"} {
			t.Run(fmt.Sprint(mode, " ", scope), func(t *testing.T) {
				t.Parallel()
				all := render(t, "--values="+file(t, least), "--set=mode="+string(mode), "--set=rbac.scope="+scope, "--set=watchNamespaces={shop,data}")
				got := granted(t, all)
				same(t, "in the release's namespace", got["streams"], want[access.Own])
				if scope == "cluster" {
					same(t, "in all namespaces", got[""], want[access.Watched])
					same(t, "in shop", got["shop"], nil)
					return
				}
				same(t, "in all namespaces", got[""], nil)
				same(t, "in shop", got["shop"], want[access.Watched])
				same(t, "in data", got["data"], want[access.Watched])
			})
		}
	}
}

// TestRightsOfOtherKinds: list and watch from observe on, the numbers from advise on, the write in act alone.
func TestRightsOfOtherKinds(t *testing.T) {
	for mode, want := range map[string][]string{
		"observe": {"list argoproj.io/rollouts", "watch argoproj.io/rollouts"},
		"advise":  {"get argoproj.io/rollouts/scale", "list argoproj.io/rollouts", "watch argoproj.io/rollouts"},
		"act":     {"get argoproj.io/rollouts/scale", "list argoproj.io/rollouts", "update argoproj.io/rollouts/scale", "watch argoproj.io/rollouts"},
	} {
		all := render(t, "--values="+folder+"/ci/act-values.yaml", "--set=mode="+mode)
		got := slices.DeleteFunc(granted(t, all)[""], func(r string) bool { return !strings.Contains(r, "argoproj") })
		same(t, mode, got, want)
	}
}

// granted are the rights that the release's account has, by namespace.
func granted(t *testing.T, all []*unstructured.Unstructured) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, role := range as[rbacv1.Role](t, all, "Role") {
		for _, r := range role.Rules {
			out[role.Namespace] = append(out[role.Namespace], rights(r.APIGroups, r.Resources, r.Verbs)...)
		}
	}
	for _, role := range as[rbacv1.ClusterRole](t, all, "ClusterRole") {
		for _, r := range role.Rules {
			out[""] = append(out[""], rights(r.APIGroups, r.Resources, r.Verbs)...)
		}
	}
	bindings := len(as[rbacv1.RoleBinding](t, all, "RoleBinding")) + len(as[rbacv1.ClusterRoleBinding](t, all, "ClusterRoleBinding"))
	if bindings != len(out) {
		t.Errorf("%d bindings of roles in %d places", bindings, len(out))
	}
	return out
}

func rights(groups, resources, verbs []string) []string {
	var out []string
	for _, g := range groups {
		for _, r := range resources {
			for _, v := range verbs {
				out = append(out, v+" "+strings.TrimPrefix(g+"/"+r, "/"))
			}
		}
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// TestBadValuesAreRefused: Helm names the field before anything is installed.
func TestBadValuesAreRefused(t *testing.T) {
	tests := []struct{ values, field string }{
		{"mode: auto", "/mode"},
		{"replicas: two", "/replicas"},
		{"replicas: -1", "/replicas"},
		{"mdoe: act", "mdoe"},
		{"image: {digest: latest}", "/image/digest"},
		{"rbac: {scope: all}", "/rbac/scope"},
		{"rbac: {targets: [{resource: rollouts}]}", "/rbac/targets/0"},
		{"service: {port: 70000}", "/service/port"},
		{"watchNamespaces: [Shop]", "/watchNamespaces/0"},
		{"secrets: [{name: kafka}]", "/secrets/0"},
		{"config: {mode: act}", "/config"},
		{"config: {clusters: [{brokers: ['kafka:9092']}]}", "/config/clusters/0"},
		{"config: {clusters: [{name: main, brokers: [kafka]}]}", "/config/clusters/0/brokers/0"},
		{"config: {clusters: [{name: main, brokers: ['kafka:9092'], sasl: {mechanism: SCRAM}}]}", "/config/clusters/0/sasl/mechanism"},
		{"config: {groups: [{match: a, slo: {lagTime: 30}}]}", "/config/groups/0/slo/lagTime"},
		{"config: {interval: fast}", "/config/interval"},
		{"config: {metrics: {maxGroup: 5}}", "/config/metrics"},
		{"prometheusRule: {disabled: [LagscalerNoSuchAlert]}", "/prometheusRule/disabled/0"},
		{"prometheusRule: {overrides: {LagscalerMemberChurn: {expr: vector(1)}}}", "/prometheusRule/overrides/LagscalerMemberChurn"},
		{"networkPolicy: {kafkaPorts: ['9092']}", "/networkPolicy/kafkaPorts/0"},
	}
	for i, tt := range tests {
		for _, name := range helms {
			t.Run(fmt.Sprint(name, " ", i, " ", tt.field), func(t *testing.T) {
				t.Parallel()
				out, err := helm(t, name, "template", "x", folder, "--values="+file(t, least), "--values="+file(t, tt.values))
				if err == nil || !strings.Contains(out, tt.field) {
					t.Errorf("it says %s\nwant it to name %s", out, tt.field)
				}
			})
		}
	}
}

// TestConfigurationIsAccepted: what the chart writes, the program reads.
func TestConfigurationIsAccepted(t *testing.T) {
	for _, values := range valuesFiles(t) {
		text := configuration(t, render(t, "--values="+values))
		env := config.Env{
			Name: values, Dir: ".",
			Lookup:   func(name string) (string, bool) { return "x" + name, true },
			ReadFile: func(string) ([]byte, error) { return []byte("x"), nil },
		}
		if _, err := config.Parse([]byte(text), env); err != nil && !onlyFiles(err) {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// onlyFiles says whether all that is wrong is a file that only the pod has.
func onlyFiles(err error) bool {
	for line := range strings.Lines(strings.TrimSpace(err.Error())) {
		if !strings.Contains(line, "/etc/lagscaler/") {
			return false
		}
	}
	return true
}

// configuration is the file that the chart writes.
func configuration(t *testing.T, all []*unstructured.Unstructured) string {
	t.Helper()
	for _, c := range as[corev1.ConfigMap](t, all, "ConfigMap") {
		if text, ok := c.Data["lagscaler.yaml"]; ok {
			return text
		}
	}
	t.Fatal("no configuration is rendered")
	return ""
}

// TestWhatNeedsARestartRestarts: the fields that the documentation lists make a new pod, and no other does.
func TestWhatNeedsARestartRestarts(t *testing.T) {
	page, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^- These settings need a restart.*$`).FindString(string(page))
	change := map[string]string{
		"listen": "--set=service.port=8080", "healthListen": "--set=service.healthPort=8081", "webConfigFile": "--set=webConfigSecret=web",
		"interval": "--set=config.interval=20s", "sampleInterval": "--set=config.sampleInterval=2s",
		"metrics.compat": "--set=config.metrics.compat=true", "record": "--set=config.record.path=/tmp/a",
		"memory": "--set=config.memory.file=/tmp/a", "history": "--set=config.history.prometheus=http://prometheus:9090", "customMetrics": "--set=externalScaler.enabled=true,customMetrics.enabled=true,customMetrics.tlsSecret=c,customMetrics.caBundle=YQ==", "audit": "--set=config.audit.path=/tmp/a", "otlp": "--set=config.otlp.endpoint=http://collector:4318", "externalScaler": "--set=externalScaler.enabled=true", "log.format": "--set=config.log.format=json", "kubernetes": "--set=watchNamespaces={a}",
	}
	values := "--values=" + file(t, least)
	before := checksum(t, values)
	named := regexp.MustCompile("`([a-zA-Z.]+)`").FindAllStringSubmatch(line, -1)
	if len(named) != len(change) {
		t.Errorf("the documentation names %d fields, this test %d: %s", len(named), len(change), line)
	}
	for _, m := range named {
		if set, ok := change[m[1]]; !ok || checksum(t, values, set) == before {
			t.Errorf("%s needs a restart, and %q makes none", m[1], cmp.Or(set, "nothing"))
		}
	}
	for _, set := range []string{"--set=mode=act", "--set=config.log.level=debug", "--set=config.groups[0].match=a", "--set=config.metrics.maxGroups=5"} {
		if checksum(t, values, set) != before {
			t.Errorf("%s restarts the program, which reads it in place", set)
		}
	}
}

func checksum(t *testing.T, args ...string) string {
	t.Helper()
	return deployment(t, render(t, args...)).Spec.Template.Annotations["checksum/fixed"]
}

func deployment(t *testing.T, all []*unstructured.Unstructured) appsv1.Deployment {
	t.Helper()
	found := as[appsv1.Deployment](t, all, "Deployment")
	if len(found) != 1 {
		t.Fatalf("%d Deployments", len(found))
	}
	return found[0]
}
