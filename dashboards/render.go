package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Dashboard is a dashboard as Grafana stores it.
type Dashboard struct {
	UID   string
	Title string
	JSON  []byte // indented, with sorted keys: equal dashboards have equal bytes
}

var specs = []spec{overview, groups, scaling, self}

// All renders all dashboards.
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

// File is the file name of the dashboard.
func (d Dashboard) File() string { return d.UID + ".json" }

// Linked is the dashboard whose links lead to lagscaler's own pages at an address, instead of DefaultPage.
func (d Dashboard) Linked(page string) (Dashboard, error) {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return d, fmt.Errorf("page %q: want the address of lagscaler's own pages, such as https://lagscaler.example", page)
	}
	text, err := json.Marshal(strings.TrimRight(page, "/"))
	if err != nil {
		return d, err
	}
	d.JSON = bytes.ReplaceAll(d.JSON, []byte(`"`+DefaultPage+`"`), text)
	return d, nil
}

// Keys that the SDK writes, but that Grafana does not use since version 5, or that the SDK leaves empty.
var (
	obsoleteBoardKeys      = []string{"slug", "originalTitle", "hideControls", "sharedCrosshair", "rows", "style", "version"}
	obsoletePanelKeys      = []string{"editable", "error", "isNew", "span", "transparent"}
	obsoleteVariableKeys   = []string{"allFormat", "multiFormat", "auto", "auto_count"}
	obsoleteAnnotationKeys = []string{
		"showLine", "lineColor", "iconSize", "query", "step", "textField", "textFormat", "tagsField", "tags", "tagKeys", "type",
	}
)

// render writes the board as current Grafana does: without the obsolete keys of the SDK, with the keys that the SDK lacks.
func render(s spec) ([]byte, error) {
	text, err := json.Marshal(s.build())
	if err != nil {
		return nil, err
	}
	var b map[string]any
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, err
	}
	drop(b, obsoleteBoardKeys)
	b["description"], b["id"], b["editable"] = s.help, nil, true
	b["fiscalYearStartMonth"], b["weekStart"], b["liveNow"] = 0, "", false
	timepicker, _ := b["timepicker"].(map[string]any)
	drop(timepicker, []string{"now", "time_options"})
	for _, p := range list(b["panels"]) {
		drop(p, obsoletePanelKeys)
	}
	for _, l := range list(b["links"]) {
		l["tags"] = []string{}
	}
	templating, _ := b["templating"].(map[string]any)
	for _, v := range list(templating["list"]) {
		renderVariable(v)
	}
	renderAnnotations(b)
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // sorts the keys of maps
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(b)
	return out.Bytes(), err
}

// list returns the objects of a JSON list.
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

// renderVariable adds the definition, the text that Grafana shows in its list of variables.
func renderVariable(v map[string]any) {
	drop(v, obsoleteVariableKeys)
	v["options"], v["skipUrlSync"] = []any{}, false
	if query, ok := v["query"].(map[string]any); ok {
		v["definition"] = query["query"]
		if v["includeAll"] == false { // begins with the first value
			v["current"] = map[string]any{}
			drop(v, []string{"allValue"})
		}
		return
	}
	drop(v, []string{"allValue", "datasource", "sort"})
	if v["type"] == "textbox" {
		drop(v, []string{"refresh", "multi", "includeAll", "regex"})
		option := map[string]any{"text": v["query"], "value": v["query"], "selected": true}
		v["current"], v["options"] = map[string]any{"text": v["query"], "value": v["query"]}, []any{option}
		return
	}
	v["current"] = map[string]any{"text": "default", "value": "default"}
}

// renderAnnotations adds Grafana's built-in annotation, and adds the target that Grafana needs since version 8 to ours.
func renderAnnotations(b map[string]any) {
	annotations, _ := b["annotations"].(map[string]any)
	items := []any{map[string]any{
		"builtIn": 1, "datasource": map[string]any{"type": "grafana", "uid": "-- Grafana --"}, "enable": true, "hide": true,
		"iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard",
	}}
	for _, a := range list(annotations["list"]) {
		drop(a, obsoleteAnnotationKeys)
		a["hide"] = false
		a["target"] = map[string]any{"expr": a["expr"], "refId": "Anno", "interval": "", "legendFormat": ""}
		items = append(items, a)
	}
	annotations["list"] = slices.Clip(items)
}
