package dashboards

import (
	"github.com/grafana-tools/sdk"
)

// spec is the definition of one dashboard.
type spec struct {
	uid       string // fixed: push finds a dashboard by its uid
	title     string
	help      string
	variables []sdk.TemplateVar // after the data source
	sources   string            // selects the sources of the scalers whose writes and alerts are marked; empty: no marks
	marks     bool              // shows the writes of replicas from the beginning
	panels    []panel
	refresh   string
	from      string
}

// columns is the width of Grafana's grid.
const columns = 24

// build returns the SDK's board. It does not use sdk.NewBoard, which sets the ids 1, 2, 3: Grafana would then replace the
// dashboard that has this id in its database. The board has no id, only a uid.
func (s spec) build() *sdk.Board {
	refresh := sdk.BoolString{Flag: true, Value: s.refresh}
	b := &sdk.Board{
		UID: s.uid, Title: s.title, Tags: []string{tag, "kafka"}, Timezone: "browser", Editable: true,
		Refresh: &refresh, SchemaVersion: 39, Time: sdk.Time{From: s.from, To: "now"}, GraphTooltip: 1,
		Timepicker: sdk.Timepicker{RefreshIntervals: []string{"10s", "30s", "1m", "5m", "15m", "1h"}},
	}
	b.Templating.List = append([]sdk.TemplateVar{
		{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: sdk.BoolInt{Flag: true, Value: ptr(int64(1))}},
	}, s.variables...)
	b.Templating.List = append(b.Templating.List, pageVariable())
	b.Annotations.List = s.annotations()
	b.Links = links(s.uid)
	x, y, rowHeight := 0, 0, 0
	for i, p := range s.panels {
		if p.kind == heading {
			p.width, p.height = columns, 1
		}
		if x+p.width > columns { // start the next row of panels
			x, y, rowHeight = 0, y+rowHeight, 0
		}
		b.Panels = append(b.Panels, p.build(uint(i+1), x, y))
		x, rowHeight = x+p.width, max(rowHeight, p.height)
	}
	return b
}

// tag marks the dashboards of lagscaler: push never changes a dashboard without it.
const tag = "lagscaler"

// The variables. Every dashboard has only those that its panels use.
var (
	clusters   = several("kafka_cluster", "Kafka cluster", `label_values(lagscaler_groups, kafka_cluster)`)
	allGroups  = several("group", "Group", groupNames)
	allTopics  = several("topic", "Topic", `label_values(lagscaler_topic_lag_records{`+byGroup+`}, topic)`)
	namespaces = several("target_namespace", "Namespace", `label_values(lagscaler_scaler_source_info{`+byGroup+`}, target_namespace)`)
	targets    = several("target", "Target",
		`label_values(lagscaler_scaler_source_info{`+byGroup+`, target_namespace=~"$target_namespace"}, target)`)
	someClusters = some(clusters)
	someGroups   = some(allGroups)
)

// Every group has a status, also one that could not be read.
const groupNames = `label_values(lagscaler_group_status{` + byCluster + `}, group)`

// several is a variable with the values of a label. All is the pattern .*, which also matches series without the label.
func several(name, label, query string) sdk.TemplateVar {
	all := sdk.StringSliceString{Value: []string{"All"}, Valid: true}
	return sdk.TemplateVar{
		Name: name, Label: label, Type: "query", Datasource: prometheus,
		Query:   map[string]any{"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
		Refresh: sdk.BoolInt{Flag: true, Value: ptr(int64(2))}, // when the time range changes
		Sort:    1, IncludeAll: true, AllValue: ".*", Multi: true,
		Current: sdk.Current{Text: &all, Value: []string{"$__all"}},
	}
}

// some is a variable that begins with its first value and does not offer All: a dashboard with many series for each value would
// load those of all.
func some(v sdk.TemplateVar) sdk.TemplateVar {
	v.IncludeAll, v.AllValue, v.Current = false, "", sdk.Current{}
	return v
}

// DefaultPage is the address of lagscaler's own pages in the links of dashboards, unless push or export gets another one: that
// of kubectl port-forward.
const DefaultPage = "http://localhost:9090"

// pageVariable has the address of lagscaler's own pages. It is hidden.
func pageVariable() sdk.TemplateVar {
	return sdk.TemplateVar{Name: "lagscaler_page", Label: "lagscaler's own page", Type: "textbox", Query: DefaultPage, Hide: 2}
}

func ptr[T any](v T) *T { return &v }

// annotations are marks in every graph, each at the time of an event. render adds Grafana's built-in annotation, which the SDK does
// not have.
func (s spec) annotations() []sdk.Annotation {
	if s.sources == "" {
		return []sdk.Annotation{}
	}
	return []sdk.Annotation{
		{
			Name: "Alerts that begin", Datasource: prometheus, Enable: true, IconColor: "red",
			Expr: alertBegins(s.sources), TitleFormat: "{{alertname}} {{group}}{{target}}",
		},
		{
			Name: "Replicas written", Datasource: prometheus, Enable: s.marks, IconColor: "blue",
			Expr: written(s.sources), TitleFormat: "{{target_namespace}}/{{target}} {{direction}}",
		},
	}
}

// links lead to the other dashboards and keep the time range and the data source. A link to the dashboard of one group does not keep the
// variables: All matches nothing there.
func links(from string) []sdk.Link {
	var all []sdk.Link
	for _, to := range []struct{ uid, title, variables string }{
		{"lagscaler-overview", "Overview", "&${kafka_cluster:queryparam}"},
		{"lagscaler-group", "Group", ""},
		{"lagscaler-scaling", "Scaling", "&${kafka_cluster:queryparam}"},
		{"lagscaler-self", "lagscaler itself", "&${kafka_cluster:queryparam}"},
	} {
		if to.uid == from {
			continue
		}
		all = append(all, sdk.Link{
			Title: to.title, Type: "link", URL: ptr("/d/" + to.uid + "?${datasource:queryparam}" + to.variables),
			KeepTime: ptr(true), TargetBlank: ptr(false), AsDropdown: ptr(false), Icon: ptr("dashboard"), Tooltip: ptr("The dashboard lagscaler / " + to.title),
		})
	}
	return all
}
