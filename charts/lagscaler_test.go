// Package charts_test checks the parts of the Helm chart that must agree with other files: copied files, the version, the schema of the
// configuration, the names of alerts, the permissions. It does not need Helm; the tests in e2e/suites/chart do.
package charts_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "rewrite values.schema.json and the permissions in docs/security.md")

const chart = "lagscaler"

// copies are the files that the chart copies, with their originals.
var copies = []struct{ from, to string }{
	{"../alerts/rules/*.yaml", "files/rules"},
	{"../dashboards/json/*.json", "files/dashboards"},
	{"../alerts/dashboard_url.tmpl", "files/dashboard_url.tmpl"},
	{"../scaler/kube/crd/lagscaler.io_kafkascalers.yaml", "files/kafkascalers.yaml"},
}

func TestCopiesAreUpToDate(t *testing.T) {
	for _, c := range copies {
		to := filepath.Join(chart, c.to)
		originals, err := filepath.Glob(c.from)
		if err != nil || len(originals) == 0 {
			t.Fatalf("%s: %d files, %v", c.from, len(originals), err)
		}
		var expected []string
		for _, original := range originals {
			copied := to
			if filepath.Ext(to) == "" {
				copied = filepath.Join(to, filepath.Base(original))
				expected = append(expected, filepath.Base(original))
			}
			if !bytes.Equal(read(t, original), read(t, copied)) {
				t.Errorf("%s differs from %s: make chart-files", copied, original)
			}
		}
		if filepath.Ext(to) != "" {
			continue
		}
		entries, err := os.ReadDir(to)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !slices.Contains(expected, e.Name()) {
				t.Errorf("%s/%s has no original: make chart-files", to, e.Name())
			}
		}
	}
}

// TestVersionsAgree: the chart and the program are released together, with the same version.
func TestVersionsAgree(t *testing.T) {
	var c struct {
		Version    string `yaml:"version"`
		AppVersion string `yaml:"appVersion"`
	}
	decode(t, filepath.Join(chart, "Chart.yaml"), &c)
	if c.Version == "" || c.Version != c.AppVersion {
		t.Errorf("version %q, appVersion %q", c.Version, c.AppVersion)
	}
}

// TestArtifactHub: the annotations name the image and the CRD that the chart installs.
func TestArtifactHub(t *testing.T) {
	var c struct {
		AppVersion  string            `yaml:"appVersion"`
		Annotations map[string]string `yaml:"annotations"`
	}
	decode(t, filepath.Join(chart, "Chart.yaml"), &c)
	var values struct {
		Image struct {
			Repository string `yaml:"repository"`
		} `yaml:"image"`
	}
	decode(t, filepath.Join(chart, "values.yaml"), &values)
	var crd struct {
		Metadata struct {
			Name string `yaml:"name"`
		} `yaml:"metadata"`
		Spec struct {
			Group string `yaml:"group"`
			Names struct {
				Kind string `yaml:"kind"`
			} `yaml:"names"`
			Versions []struct {
				Name string `yaml:"name"`
			} `yaml:"versions"`
		} `yaml:"spec"`
	}
	decode(t, filepath.Join(chart, "files/kafkascalers.yaml"), &crd)
	annotation := func(name string) (list []map[string]any) {
		if err := yaml.Unmarshal([]byte(c.Annotations["artifacthub.io/"+name]), &list); err != nil || len(list) != 1 {
			t.Fatalf("%s: %v, %v", name, list, err)
		}
		return list
	}
	version := crd.Spec.Versions[0].Name
	for name, want := range map[string]map[string]any{
		"images":       {"image": values.Image.Repository + ":" + c.AppVersion},
		"crds":         {"kind": crd.Spec.Names.Kind, "version": version, "name": crd.Metadata.Name},
		"crdsExamples": {"kind": crd.Spec.Names.Kind, "apiVersion": crd.Spec.Group + "/" + version},
	} {
		got := annotation(name)[0]
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: %s is %v, want %v", name, key, got[key], value)
			}
		}
	}
}

// TestEveryValueHasADefaultAndAType: values.yaml and its schema have the same values.
func TestEveryValueHasADefaultAndAType(t *testing.T) {
	var values map[string]any
	decode(t, filepath.Join(chart, "values.yaml"), &values)
	schema := property(t, readSchema(t))
	compareKeys(t, "", schema, values)
}

// withoutDefault are values that Helm or a parent chart sets.
var withoutDefault = []string{"global", "enabled"}

func compareKeys(t *testing.T, path string, schema, values map[string]any) {
	t.Helper()
	for name := range values {
		if _, ok := schema[name]; !ok {
			t.Errorf("%s%s has a default but no type", path, name)
		}
	}
	for name, one := range schema {
		value, ok := values[name]
		if !ok && !slices.Contains(withoutDefault, path+name) {
			t.Errorf("%s%s has a type but no default", path, name)
		}
		object, isObject := one.(map[string]any)
		below, hasValues := value.(map[string]any)
		if properties, ok := object["properties"].(map[string]any); isObject && ok && hasValues && name != "config" {
			compareKeys(t, path+name+".", properties, below)
		}
	}
}

// TestEveryValueHasAComment: helm-docs generates the README from the comments that start with "# -- ".
func TestEveryValueHasAComment(t *testing.T) {
	var root yaml.Node
	decode(t, filepath.Join(chart, "values.yaml"), &root)
	checkComments(t, "", root.Content[0])
}

func checkComments(t *testing.T, path string, n *yaml.Node) {
	t.Helper()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		hasComment := strings.HasPrefix(key.HeadComment, "# -- ")
		if value.Kind == yaml.MappingNode && value.Style != yaml.FlowStyle && !hasComment {
			checkComments(t, path+key.Value+".", value)
			continue
		}
		if !hasComment {
			t.Errorf("%s%s has no comment", path, key.Value)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode(t *testing.T, file string, to any) {
	t.Helper()
	if err := yaml.Unmarshal(read(t, file), to); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
