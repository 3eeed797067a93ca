package dashboards

import (
	"github.com/grafana-tools/sdk"
)

// spec is the definition of one dashboard.
type spec struct {
	uid     string // fixed: push finds a dashboard by its uid
	title   string
	help    string
	panels  []panel
	refresh string
	from    string
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
	b.Templating.List = variables()
	b.Annotations.List = annotations()
	b.Links = links()
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

// Matchers that filter a metric by the variables of the dashboard.
const (
	byCluster   = `kafka_cluster=~"$kafka_cluster"`
	byGroup     = byCluster + `, group=~"$group"`
	byTopic     = byGroup + `, topic=~"$topic"`
	ofTheGroups = ` and on (target_namespace, target_kind, target) lagscaler_scaler_source_info{` + byGroup + `}`
)

func variables() []sdk.TemplateVar {
	return []sdk.TemplateVar{
		{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: sdk.BoolInt{Flag: true, Value: ptr(int64(1))}},
		variable("kafka_cluster", "Kafka cluster", `label_values(lagscaler_groups, kafka_cluster)`),
		variable("group", "Group", `label_values(lagscaler_group_members{`+byCluster+`}, group)`),
		variable("topic", "Topic", `label_values(lagscaler_topic_lag_records{`+byGroup+`}, topic)`),
	}
}

// variable selects values of a label. All is the pattern .*, which also matches series without the label.
func variable(name, label, query string) sdk.TemplateVar {
	all := sdk.StringSliceString{Value: []string{"All"}, Valid: true}
	return sdk.TemplateVar{
		Name: name, Label: label, Type: "query", Datasource: prometheus,
		Query:   map[string]any{"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
		Refresh: sdk.BoolInt{Flag: true, Value: ptr(int64(2))}, // when the time range changes
		Sort:    1, IncludeAll: true, AllValue: ".*", Multi: true,
		Current: sdk.Current{Text: &all, Value: []string{"$__all"}},
	}
}

func ptr[T any](v T) *T { return &v }

// annotations are marks in every graph. render adds Grafana's built-in annotation, which the SDK does not have.
func annotations() []sdk.Annotation {
	return []sdk.Annotation{
		{
			Name: "Replicas written", Datasource: prometheus, Enable: true, IconColor: "blue",
			Expr:        `max by (target_namespace, target, direction) (changes(lagscaler_scaler_scale_events_total[$__rate_interval]) > 0` + ofTheGroups + `)`,
			TitleFormat: "{{target_namespace}}/{{target}} {{direction}}",
		},
		{
			Name: "Critical alerts", Datasource: prometheus, Enable: true, IconColor: "red",
			Expr:        `max by (alertname, kafka_cluster, group) (ALERTS{alertname=~"Lagscaler.*", alertstate="firing", severity="critical"})`,
			TitleFormat: "{{alertname}} {{group}}",
		},
	}
}

// links lead to the other dashboards and keep the variables and the time range.
func links() []sdk.Link {
	yes, no := true, false
	return []sdk.Link{{
		Title: "lagscaler", Type: "dashboards", Tags: []string{tag}, AsDropdown: &no, IncludeVars: true, KeepTime: &yes, TargetBlank: &no,
		Icon: ptr("dashboard"), Tooltip: ptr("The other dashboards of lagscaler"),
	}}
}
