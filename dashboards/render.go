package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Dashboard is a dashboard as Grafana stores it.
type Dashboard struct {
	UID   string
	Title string
	JSON  []byte // indented, with sorted keys: the same bytes each time
}

var specs = []spec{overview, groups, scaling, self}

// All are the dashboards.
func All() ([]Dashboard, error) {
	all := make([]Dashboard, len(specs))
	for i, s := range specs {
		text, err := render(s)
		if err != nil {
			return nil, fmt.Errorf("rendering the dashboard %s: %w", s.uid, err)
		}
		all[i] = Dashboard{UID: s.uid, Title: s.title, JSON: text}
	}
	return all, nil
}

// File is the name of the dashboard's file.
func (d Dashboard) File() string { return d.UID + ".json" }

// Keys of Grafana before version 5 that the SDK still writes, or writes empty.
var (
	boardJunk      = []string{"slug", "originalTitle", "hideControls", "sharedCrosshair", "rows", "style", "version"}
	panelJunk      = []string{"editable", "error", "isNew", "span", "transparent"}
	variableJunk   = []string{"allFormat", "multiFormat", "auto", "auto_count"}
	annotationJunk = []string{
		"showLine", "lineColor", "iconSize", "query", "step", "textField", "textFormat", "tagsField", "tags", "tagKeys", "type",
	}
)

// render is the board as Grafana would write it: without the SDK's junk, with what the SDK does not know.
func render(s spec) ([]byte, error) {
	text, err := json.Marshal(s.build())
	if err != nil {
		return nil, err
	}
	var b map[string]any
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	drop(b, boardJunk)
	b["description"], b["id"], b["editable"] = s.help, nil, true
	b["fiscalYearStartMonth"], b["weekStart"], b["liveNow"] = 0, "", false
	timepicker, _ := b["timepicker"].(map[string]any)
	drop(timepicker, []string{"now", "time_options"})
	for _, p := range list(b["panels"]) {
		drop(p, panelJunk)
	}
	templating, _ := b["templating"].(map[string]any)
	for _, v := range list(templating["list"]) {
		renderVariable(v)
	}
	renderAnnotations(b)
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // it sorts the keys of maps
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(b)
	return out.Bytes(), err
}

// list are the objects in a list of objects.
func list(v any) []map[string]any {
	items, _ := v.([]any)
	objects := make([]map[string]any, 0, len(items))
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			objects = append(objects, o)
		}
	}
	return objects
}

func drop(o map[string]any, keys []string) {
	for _, k := range keys {
		delete(o, k)
	}
}

// renderVariable adds the definition, which is what Grafana shows of a query in its list of variables.
func renderVariable(v map[string]any) {
	drop(v, variableJunk)
	v["options"], v["skipUrlSync"] = []any{}, false
	if query, ok := v["query"].(map[string]any); ok {
		v["definition"] = query["query"]
		return
	}
	drop(v, []string{"allValue", "datasource", "sort"})
	v["current"] = map[string]any{"text": "default", "value": "default"}
}

// renderAnnotations adds the built-in annotation, and gives each of ours the target that Grafana asks since version 8.
func renderAnnotations(b map[string]any) {
	annotations, _ := b["annotations"].(map[string]any)
	items := []any{map[string]any{
		"builtIn": 1, "datasource": map[string]any{"type": "grafana", "uid": "-- Grafana --"}, "enable": true, "hide": true,
		"iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard",
	}}
	for _, a := range list(annotations["list"]) {
		drop(a, annotationJunk)
		a["hide"] = false
		a["target"] = map[string]any{"expr": a["expr"], "refId": "Anno", "interval": "", "legendFormat": ""}
		items = append(items, a)
	}
	annotations["list"] = slices.Clip(items)
}
