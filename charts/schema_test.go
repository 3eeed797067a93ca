package charts_test

import (
	"encoding"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// setByChart are the fields of the configuration that the chart sets from its own values.
var setByChart = []string{"mode", "listen", "healthListen", "webConfigFile", "kubernetes"}

// enums are the values of the types of the configuration that only allow certain values.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[config.Mechanism]():     {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "AWS_MSK_IAM", "GSSAPI"},
	reflect.TypeFor[config.OTLPProtocol]():  {string(config.OTLPHTTP), string(config.OTLPGRPC)},
	reflect.TypeFor[config.MessageFormat](): {string(config.CloudEvents), string(config.ChatText)},
	reflect.TypeFor[config.MessageKind]():   kinds(),
	reflect.TypeFor[config.Level]():         {"debug", "info", "warn", "error"},
	reflect.TypeFor[config.Format]():        {"text", "json"},
	reflect.TypeFor[scaler.Mode]():          {string(scaler.Observe), string(scaler.Advise), string(scaler.Act)},
	reflect.TypeFor[scaler.PolicyKind]():    {string(scaler.Capacity), string(scaler.Thresholds)},
	reflect.TypeFor[scaler.Preset]():        {string(scaler.Balanced), string(scaler.Economy), string(scaler.Latency)},
	reflect.TypeFor[seen.Isolation]():       {string(seen.ReadUncommitted), string(seen.ReadCommitted)},
	reflect.TypeFor[scaler.OnDelete]():      {string(scaler.Keep), string(scaler.Restore)},
	reflect.TypeFor[scaler.OnZeroByHand]():  {string(scaler.KeepZero), string(scaler.Wake)},
	reflect.TypeFor[seen.Stops]():           {string(seen.StopsDown), string(seen.StopsAll)},
	reflect.TypeFor[seen.OffsetReset]():     {string(seen.Earliest), string(seen.Latest)},
}

func kinds() (all []string) {
	for _, k := range config.MessageKinds {
		all = append(all, string(k))
	}
	return all
}

// required are the fields that every configuration needs. The schema has them so that Helm reports a missing field, instead
// of the pod.
var required = map[reflect.Type][]any{
	reflect.TypeFor[config.Cluster](): {"name", "brokers"},
	reflect.TypeFor[config.Group]():   {"match"},
	reflect.TypeFor[config.SASL]():    {"mechanism"},
	reflect.TypeFor[config.Strimzi](): {"namespace", "listener"},

	reflect.TypeFor[config.MessageReceiver](): {"name"},
}

const (
	durationPattern = `^([0-9.]+(ns|us|µs|ms|s|m|h))+$|\$\{`
	variablePattern = `\$\{` // ${VAR} instead of a number
	brokerPattern   = `^.+:[0-9]+$|\$\{`
)

// TestSchemaMatchesTheConfiguration: the schema of `config` and of the alerts' names is generated from the code.
func TestSchemaMatchesTheConfiguration(t *testing.T) {
	schema := readSchema(t)
	configuration := object(t, reflect.TypeFor[config.Config]())
	for _, name := range setByChart {
		if _, ok := property(t, configuration)[name]; !ok {
			t.Errorf("the configuration has no %s", name)
		}
		delete(property(t, configuration), name)
	}
	clusters := property(t, configuration)["clusters"]
	property(t, configuration)["clusters"] = either(clusters)
	var names []any
	for _, n := range alerts.Names() {
		names = append(names, n)
	}
	rule := property(t, property(t, schema)["prometheusRule"].(map[string]any))
	want := map[string]any{
		"config":    configuration,
		"disabled":  map[string]any{"type": "array", "items": map[string]any{"enum": names}},
		"overrides": map[string]any{"type": "object", "propertyNames": map[string]any{"enum": names}, "additionalProperties": override()},
	}
	if !*update {
		for name, have := range map[string]any{"config": property(t, schema)["config"], "disabled": rule["disabled"], "overrides": rule["overrides"]} {
			if !reflect.DeepEqual(asJSON(t, want[name]), have) {
				t.Errorf("%s in values.schema.json differs from the code: go test ./charts -update", name)
			}
		}
		return
	}
	property(t, schema)["config"], rule["disabled"], rule["overrides"] = want["config"], want["disabled"], want["overrides"]
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(chart, "values.schema.json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// either is the schema of a list, or of the name of a directory that has its entries. An anyOf would say the same, but of a list with a
// wrong field Helm then also prints "got array, want string".
func either(list any) map[string]any {
	return map[string]any{
		"if":   map[string]any{"type": "string"},
		"then": map[string]any{"minLength": 1},
		"else": list,
	}
}

// TestOneErrorForOneMistake: Helm prints an error for each branch of an anyOf or oneOf, of which all but one do not help.
func TestOneErrorForOneMistake(t *testing.T) {
	text := string(read(t, filepath.Join(chart, "values.schema.json")))
	for _, key := range []string{"anyOf", "oneOf"} {
		if strings.Contains(text, `"`+key+`":`) {
			t.Errorf("values.schema.json has an %s: use if, then and else", key)
		}
	}
}

// override is the schema of the changes that a user may make to an alert.
func override() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{
		"type": "object", "additionalProperties": false,
		"properties": map[string]any{
			"for": text, "keep_firing_for": text,
			"labels": map[string]any{"type": "object", "additionalProperties": text},
		},
	}
}

// object is the schema of a struct.
func object(t *testing.T, of reflect.Type) map[string]any {
	t.Helper()
	properties := map[string]any{}
	for i := range of.NumField() {
		f := of.Field(i)
		if name, ok := f.Tag.Lookup("yaml"); ok {
			properties[name] = schemaOf(t, f.Type)
			if of == reflect.TypeFor[config.Strimzi]() && name == "settings" {
				delete(properties[name].(map[string]any), "required") // what is the resource's
			}
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if need, ok := required[of]; ok {
		out["required"] = need
	}
	if of == reflect.TypeFor[config.Cluster]() {
		properties["brokers"] = map[string]any{"type": "array", "minItems": 1, "items": map[string]any{"type": "string", "pattern": brokerPattern}}
	}
	return out
}

// schemaOf is the schema of a field.
func schemaOf(t *testing.T, of reflect.Type) map[string]any {
	t.Helper()
	switch {
	case of == reflect.TypeFor[config.Duration]():
		return map[string]any{"type": "string", "pattern": durationPattern}
	case enums[of] != nil:
		var enum []any
		for _, value := range enums[of] {
			enum = append(enum, value)
		}
		return map[string]any{"enum": enum}
	case reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return map[string]any{"type": "string"}
	}
	switch of.Kind() {
	case reflect.Struct:
		return object(t, of)
	case reflect.Pointer:
		return schemaOf(t, of.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t, of.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t, of.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return map[string]any{"type": []any{"integer", "string"}, "pattern": variablePattern, "minimum": 0}
	case reflect.Float64:
		return map[string]any{"type": []any{"number", "string"}, "pattern": variablePattern, "minimum": 0}
	case reflect.String:
		if of != reflect.TypeFor[string]() {
			t.Errorf("%s is a string type, but its values are not in enums", of)
		}
		return map[string]any{"type": "string"}
	}
	t.Fatalf("no schema for %s", of)
	return nil
}

// TestEnumsAreComplete: each type accepts its values and rejects any other.
func TestEnumsAreComplete(t *testing.T) {
	for of, all := range enums {
		value := reflect.New(of)
		text, ok := value.Interface().(encoding.TextUnmarshaler)
		if !ok {
			continue // the validator of the configuration checks the types of package scaler
		}
		for _, w := range all {
			if err := text.UnmarshalText([]byte(w)); err != nil {
				t.Errorf("%s: %s: %v", of, w, err)
			}
		}
		if err := text.UnmarshalText([]byte("other")); err == nil {
			t.Errorf("%s accepts any value", of)
		}
	}
}

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(read(t, filepath.Join(chart, "values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// property returns the properties of the schema of an object.
func property(t *testing.T, schema map[string]any) map[string]any {
	t.Helper()
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		t.Fatalf("the schema is not that of an object: %v", schema)
	}
	return properties
}

// asJSON converts a value to the types that JSON decoding gives.
func asJSON(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
