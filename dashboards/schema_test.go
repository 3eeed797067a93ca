package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// preamble imports Grafana's types. Written<T> is T with the strings of its enumerations, as they are in JSON.
const preamble = `
import type { Dashboard } from '@grafana/schema';
import type { Options as timeseriesOptions, FieldConfig as timeseriesField } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Options as statOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as tableOptions, FieldConfig as tableField } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as timelineOptions, FieldConfig as timelineField } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
type Written<T> =
  T extends string ? ` + "`${T}`" + ` :
  T extends number | boolean | null | undefined ? T :
  T extends (infer U)[] ? Written<U>[] :
  T extends object ? { [K in keyof T]: Written<T[K]> } : T;
`

const config = `{"compilerOptions": {
  "strict": true, "noEmit": true, "target": "es2022", "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": true, "types": []
}, "files": ["check.ts", "mistakes.ts"]}`

// mistakes are a wrong value, a wrong name, and a missing property.
const mistakes = `
export const wrongValue: Written<statOptions>["colorMode"] = "colourful";
export const wrongName: Written<timeseriesField> = { lineThickness: 2 };
export const missing: Written<timeseriesOptions> = { tooltip: { mode: "multi", sort: "desc" } };
`

var schemaNames = map[string]string{
	string(timeseries): "timeseries", string(stat): "stat", string(table): "table", string(timeline): "timeline",
}

// tsc type-checks a program and the mistakes with the types of current Grafana, and returns the errors of the compiler.
func tsc(t *testing.T, program string) string {
	t.Helper()
	packages := schemaPackages(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"check.ts": preamble + program, "mistakes.ts": preamble + mistakes, "tsconfig.json": config, "package.json": `{"type": "module"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(packages, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(packages, "typescript", "bin", "tsc"), "--pretty", "false")
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil && len(output) == 0 {
		t.Fatal(err)
	}
	return string(output)
}

// schemaPackages is the folder of the npm packages. If it is missing, the test is skipped; in CI it fails.
func schemaPackages(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("LAGSCALER_CACHE")
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(base, "lagscaler")
	}
	found, err := filepath.Glob(filepath.Join(cache, "grafana-schema-????????????????", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	_, noNode := exec.LookPath("node")
	if len(found) > 0 && noNode == nil {
		return found[len(found)-1]
	}
	const missing = "the types of Grafana are missing: run `make -f tools/grafana.mk grafana-schema` first"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// The boards, and the options and field options of every panel, have the types of current Grafana. The same run finds mistakes,
// because most of its time the compiler reads Grafana's types.
func TestPanelsHaveGrafanasTypes(t *testing.T) {
	var program strings.Builder
	declare := func(name, kind string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&program, "export const %s: Written<%s> = %s;\n", name, kind, text)
	}
	for i, b := range boards(t) {
		for _, p := range b.Panels {
			kind := schemaNames[p.Type]
			if kind == "" {
				continue
			}
			name := fmt.Sprintf("b%d_p%d", i, p.ID)
			declare(name+"_options", kind+"Options", p.Options)
			if p.FieldConfig.Defaults.Custom != nil {
				declare(name+"_field", kind+"Field", p.FieldConfig.Defaults.Custom)
			}
		}
	}
	for i, d := range all(t) {
		declare(fmt.Sprintf("b%d", i), "Dashboard", common(d))
	}
	output := tsc(t, program.String())
	for line := range strings.Lines(output) {
		if line[0] != ' ' && !strings.HasPrefix(line, "mistakes.ts(") {
			t.Error(line)
		}
	}
	for _, want := range []string{`"colourful"' is not assignable`, `'lineThickness' does not exist`, `Property 'legend' is missing`} {
		if !strings.Contains(output, want) {
			t.Errorf("missing %s in\n%s", want, output)
		}
	}
}

// common is a board without the keys that the type Dashboard lacks because plugins read them: the expression of an
// annotation (the Prometheus plugin reads it in two places), and the definition of a variable. A variable without a current value
// is also left out.
func common(d Dashboard) map[string]any {
	b := object(d.JSON)
	annotations, _ := b["annotations"].(map[string]any)
	for _, a := range list(annotations["list"]) {
		drop(a, []string{"expr", "titleFormat"})
		if target, ok := a["target"].(map[string]any); ok {
			drop(target, []string{"expr", "interval", "legendFormat"})
		}
	}
	templating, _ := b["templating"].(map[string]any)
	for _, v := range list(templating["list"]) {
		drop(v, []string{"definition"})
		if current, ok := v["current"].(map[string]any); ok && len(current) == 0 {
			drop(v, []string{"current"}) // Grafana then chooses the first value
		}
	}
	return b
}
