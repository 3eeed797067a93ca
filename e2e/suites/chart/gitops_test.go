package chart

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// example reads the block of docs/gitops.md that has a key.
func example(t *testing.T, key string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/gitops.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range strings.Split(string(text), "```") {
		if yamlText, is := strings.CutPrefix(block, "yaml\n"); is && i%2 == 1 && strings.Contains(yamlText, key) {
			if err := yaml.Unmarshal([]byte(yamlText), into); err != nil {
				t.Fatalf("docs/gitops.md, the block with %s: %v", key, err)
			}
			return
		}
	}
	t.Fatalf("docs/gitops.md has no block with %s", key)
}

// health is what Argo CD and Flux are expected to say of a KafkaScaler.
type health struct {
	name       string
	generation int64 // of the specification; the status is of generation 2
	ready      string
	reason     string
	argo, flux string
}

func healths() []health {
	list := []health{
		{"no status yet", 2, "", "", "Progressing", "InProgress"},
		{"a status of an older specification", 3, "True", "Evaluated", "Progressing", "InProgress"},
		{"evaluated", 2, "True", "Evaluated", "Healthy", "Current"},
		{"the groups cannot be read", 2, "Unknown", string(scaler.DataStale), "Progressing", "InProgress"},
		{"the group comes with the first consumer", 2, "Unknown", v1alpha1.WaitingForGroup, "Progressing", "InProgress"},
	}
	refused := []string{v1alpha1.Invalid, v1alpha1.UnknownCluster, v1alpha1.NotAllowed, v1alpha1.TargetTaken}
	waits := []string{
		v1alpha1.MissingRight, v1alpha1.NotReadYet, string(scaler.KeptByAnother), string(scaler.TargetNotFound),
		string(scaler.GroupNotFound), string(scaler.TopicNotFound), string(scaler.NoCommittedOffsets),
	}
	for _, reason := range slices.Concat(refused, waits) {
		flux := "InProgress"
		if slices.Contains(refused, reason) {
			flux = "Failed"
		}
		list = append(list, health{reason, 2, "False", reason, "Degraded", flux})
	}
	return list
}

// object is the KafkaScaler as Argo CD and Flux read it.
func (h health) object() map[string]any {
	o := map[string]any{"metadata": map[string]any{"generation": h.generation}}
	if h.ready != "" {
		o["status"] = map[string]any{"observedGeneration": int64(2), "conditions": []any{
			map[string]any{"type": v1alpha1.Active, "status": "False", "reason": "AtZero", "message": ""},
			map[string]any{"type": v1alpha1.Ready, "status": h.ready, "reason": h.reason, "message": "orders"},
		}}
	}
	return o
}

// TestArgoHealth runs the script of docs/gitops.md as Argo CD does, with the object in obj.
func TestArgoHealth(t *testing.T) {
	t.Parallel()
	var block struct {
		Data map[string]string `json:"data"`
	}
	const key = "resource.customizations.health.lagscaler.io_KafkaScaler"
	example(t, key, &block)
	for _, h := range healths() {
		l := lua.NewState()
		l.SetGlobal("obj", luaValue(l, h.object()))
		if err := l.DoString(block.Data[key]); err != nil {
			t.Fatalf("%s: %v", h.name, err)
		}
		answer, ok := l.Get(-1).(*lua.LTable)
		if !ok {
			t.Fatalf("%s: the script returned %s", h.name, l.Get(-1))
		}
		if status := answer.RawGetString("status").String(); status != h.argo {
			t.Errorf("%s: %s, want %s", h.name, status, h.argo)
		}
		if message := answer.RawGetString("message").String(); message == "" || h.argo == "Degraded" && message != h.reason+": orders" {
			t.Errorf("%s: the message is %q", h.name, message)
		}
		l.Close()
	}
}

// luaValue is a value of JSON in Lua.
func luaValue(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case map[string]any:
		table := l.NewTable()
		for k, field := range v {
			table.RawSetString(k, luaValue(l, field))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, item := range v {
			table.Append(luaValue(l, item))
		}
		return table
	case int64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	}
	return lua.LNil
}

// TestFluxHealth evaluates the expressions of docs/gitops.md in the order in which Flux does: in progress, failed, current.
func TestFluxHealth(t *testing.T) {
	t.Parallel()
	var block struct {
		Spec struct {
			HealthCheckExprs []map[string]string `json:"healthCheckExprs"`
		} `json:"spec"`
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	var untyped map[string]any
	example(t, "healthCheckExprs", &untyped)
	text, err := yaml.Marshal(untyped)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &block); err != nil || len(block.Spec.HealthCheckExprs) != 1 {
		t.Fatalf("%v %v", block, err)
	}
	env, err := cel.NewEnv(cel.Variable("metadata", cel.DynType), cel.Variable("status", cel.DynType))
	if err != nil {
		t.Fatal(err)
	}
	exprs := block.Spec.HealthCheckExprs[0]
	for _, h := range healths() {
		object := h.object()
		if object["status"] == nil {
			object["status"] = map[string]any{} // Flux waits too if an expression names what does not exist
		}
		got := "InProgress"
		for _, rule := range []struct{ key, status string }{{"inProgress", "InProgress"}, {"failed", "Failed"}, {"current", "Current"}} {
			ast, issues := env.Compile(exprs[rule.key])
			if issues.Err() != nil {
				t.Fatalf("%s: %v", rule.key, issues.Err())
			}
			program, err := env.Program(ast)
			if err != nil {
				t.Fatal(err)
			}
			result, _, err := program.Eval(object)
			if err != nil {
				t.Fatalf("%s, %s: %v", h.name, rule.key, err)
			}
			if result.Value() == true {
				got = rule.status
				break
			}
		}
		if got != h.flux {
			t.Errorf("%s: %s, want %s", h.name, got, h.flux)
		}
	}
}
