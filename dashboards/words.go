package dashboards

import "regexp"

// The units, as Grafana names them since version 9. A unit that Grafana does not know is written behind the number as it is.
const (
	records   = "short" // counts of records
	count     = "none"
	perSecond = "count:rec/s"
	requests  = "reqps"
	seconds   = "s"
	share     = "percentunit"
	ago       = "dateTimeFromNow"
	size      = "bytes"
)

// The legends.
const (
	oneGroup  = "{{kafka_cluster}} {{group}}"
	oneTarget = "{{target_namespace}}/{{target}}"
)

// Legends of thresholds, which are drawn as dashed red lines, and of what is drawn below zero.
const limits = "threshold|objective|tolerated|tolerated skew"

var (
	limit = regexp.MustCompile("(" + limits + ")$")
	below = regexp.MustCompile(" left$")
)

// statuses are the statuses of groups with the number that the timeline draws, the worst first, and their colours. lagscaler's own page
// has the same hues.
var statuses = []valueText{
	{"4", "stalled", "red"},
	{"5", "stopped", "dark-red"},
	{"1", "warning", "orange"},
	{"3", "rewound", "dark-blue"},
	{"2", "rebalancing", "blue"},
	{"7", "rest", "light-blue"},
	{"6", "unknown", noColour},
	{"0", "ok", "green"},
}

// statusTexts are the statuses as texts of a column.
func statusTexts() []valueText {
	var texts []valueText
	for _, s := range statuses {
		texts = append(texts, valueText{s.text, s.text, s.color})
	}
	return texts
}

var severityTexts = []valueText{{"critical", "critical", "red"}, {"warning", "warning", "orange"}}

// current is a query whose value is the number of the current status: a state timeline needs numbers. If two replicas export a group
// after a change of the leader, it is the worse status of the two.
func current() string {
	expr := ""
	for i, s := range statuses {
		if i > 0 {
			expr += " or "
		}
		expr += s.value + " * max by (" + aGroup + ") (lagscaler_group_status{" + byGroup + `, status="` + s.text + `"})`
	}
	return expr
}

// The links of cells. They carry the cluster and the group of the row, not the variables.
const (
	toGroup = "/d/lagscaler-group?${datasource:queryparam}" +
		`&var-kafka_cluster=${__data.fields["Cluster"]:percentencode}&var-group=${__data.fields["Group"]:percentencode}&${__url_time_range}`
	toGroupPage = `${lagscaler_page}/group?cluster=${__data.fields["Cluster"]:percentencode}&group=${__data.fields["Group"]:percentencode}`
	toTarget    = "/d/lagscaler-scaling?${datasource:queryparam}" +
		`&var-target_namespace=${__data.fields["Namespace"]:percentencode}&var-target=${__data.fields["Target"]:percentencode}&${__url_time_range}`
	toTargetPage = `${lagscaler_page}/decisions?q=${__data.fields["Namespace"]:percentencode}%2F${__data.fields["Target"]:percentencode}`
	toRunbook    = "https://github.com/lagscaler/lagscaler/blob/main/docs/runbooks/${__value.raw}.md"
)

func clusterColumn() column { return column{from: "kafka_cluster", title: "Cluster"} }

func groupColumn() column {
	return column{from: "group", title: "Group", width: 320, links: []link{
		{Title: "Dashboard of this group", URL: toGroup},
		{Title: "This group on lagscaler's page", URL: toGroupPage, TargetBlank: true},
	}}
}

func targetColumns() []column {
	return []column{
		{from: "target_namespace", title: "Namespace"},
		{from: "target", title: "Target", width: 240, links: []link{
			{Title: "Dashboard of this scaler", URL: toTarget},
			{Title: "Decisions of this scaler on lagscaler's page", URL: toTargetPage, TargetBlank: true},
		}},
	}
}

// alertsThatFire is a table of the alerts that fire, with links to their runbooks.
func alertsThatFire(matchers, scalers string) panel {
	expr := "max by (alertname, severity, kafka_cluster, group, target_namespace, target) (ALERTS{" + firing + ", " + matchers + "}"
	if scalers != "" {
		expr += " or ALERTS{" + firing + `, target!=""}` + scalers
	}
	return rows("Alerts that fire", "The firing alerts of lagscaler. The name of an alert is a link to its runbook.", "Severity",
		append([]column{
			{from: "alertname", title: "Alert", width: 280, links: []link{{Title: "Runbook", URL: toRunbook, TargetBlank: true}}},
			{from: "severity", title: "Severity", texts: severityTexts, width: 90},
			clusterColumn(), groupColumn(),
		}, targetColumns()...)...,
	).asking(query{expr: expr + ")"}).sized(columns, 6).orElse("no alert fires")
}
