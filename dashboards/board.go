package dashboards

import (
	"github.com/grafana-tools/sdk"
)

// spec is one dashboard as this package thinks of it.
type spec struct {
	uid     string // fixed: it is what a dashboard is known by
	title   string
	help    string
	panels  []panel
	refresh string
	from    string
}

// columns is the width of Grafana's grid.
const columns = 24

// build makes the SDK's board. NewBoard would number boards 1, 2, 3, and pushing one would then replace whichever
// dashboard has that number in Grafana's database: there is no number here, only the uid.
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
	x, y, tall := 0, 0, 0
	for i, p := range s.panels {
		if p.kind == heading {
			p.width, p.height = columns, 1
		}
		if x+p.width > columns { // the next line of panels
			x, y, tall = 0, y+tall, 0
		}
		b.Panels = append(b.Panels, p.build(uint(i+1), x, y))
		x, tall = x+p.width, max(tall, p.height)
	}
	return b
}

// tag marks the dashboards that are ours: push never touches one without it.
const tag = "lagscaler"

// The matchers that filter a metric by the variables, by the labels it has.
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

// variable chooses among the values of a label. All of them is .*, so that what lacks the label is in it too.
func variable(name, label, query string) sdk.TemplateVar {
	all := sdk.StringSliceString{Value: []string{"All"}, Valid: true}
	return sdk.TemplateVar{
		Name: name, Label: label, Type: "query", Datasource: prometheus,
		Query:   map[string]any{"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
		Refresh: sdk.BoolInt{Flag: true, Value: ptr(int64(2))}, // when the range of time changes
		Sort:    1, IncludeAll: true, AllValue: ".*", Multi: true,
		Current: sdk.Current{Text: &all, Value: []string{"$__all"}},
	}
}

func ptr[T any](v T) *T { return &v }

// annotations are marks in every graph. Grafana's built-in one is added by render: the SDK does not know it.
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

// links lead to the other dashboards, with the variables and the range of time kept.
func links() []sdk.Link {
	yes, no := true, false
	return []sdk.Link{{
		Title: "lagscaler", Type: "dashboards", Tags: []string{tag}, AsDropdown: &no, IncludeVars: true, KeepTime: &yes, TargetBlank: &no,
		Icon: ptr("dashboard"), Tooltip: ptr("The other dashboards of lagscaler"),
	}}
}
