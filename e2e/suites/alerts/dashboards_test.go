package alerts

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/dashboards"
)

// empty are the queries that answer nothing here, and why.
var empty = map[string]string{
	"lagscaler-scaling Blocked for longer than the deadline A": "no hold is overdue",
	"lagscaler-scaling Scaling down stopped A":                 "no step down makes records late",
	"lagscaler-scaling Scalers N":                              "nobody is frozen",
	"lagscaler-scaling Scalers O":                              "the same",
	"lagscaler-scaling Limits of all scalers together, used A": "there are no limits of all scalers",
	"lagscaler-self Clusters refused A":                        "no cluster has a file of its own",
	"lagscaler-group Lag D":                                    "no lag is above a quarter of the threshold",
	"lagscaler-group Unusual partitions K":                     "every topic has a reader",
}

// rare are the queries of series that exist only while something unusual is there. These troubles may cause it or not.
var rare = map[string]string{
	"lagscaler-group Unusual partitions F":                  "no commit is above the end of the log",
	"lagscaler-group Unusual partitions H":                  "the rhythm of a group's commits is known after a few of them",
	"lagscaler-group Unusual partitions I":                  "no producer writes transactions",
	"lagscaler-group Rhythm of commits A":                   "it commits too often to measure",
	"lagscaler-group Rhythm of commits B":                   "the rhythm of a group's commits is known after a few of them",
	"lagscaler-group Rhythm of commits C":                   "the time is the shortest, two minutes",
	"lagscaler-group Rest A":                                "no producer writes transactions",
	"lagscaler-group Time lag B":                            "the group with an objective is late for a moment at the most",
	"lagscaler-group Duration of rebalances C":              "a rebalance is longer than a quarter of the threshold only on a busy machine",
	"lagscaler-overview Offsets that expire next A":         "a group is empty for a short time",
	"lagscaler-scaling Wanted more or less than there is A": "a decision is applied within a second",
}

// query is one query of a dashboard.
type query struct{ where, expr string }

// queries are those of every panel and annotation, with the variables filled in.
func queries(t *testing.T) []query {
	t.Helper()
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "10s", "$__interval", "5s", "$kafka_cluster", ".*", "$group", ".*", "$topic", ".*",
		"$target_namespace", ".*", "$target", ".*")
	var asked []query
	for _, d := range all {
		var board struct {
			Panels []struct {
				Title   string                         `json:"title"`
				Targets []struct{ Expr, RefID string } `json:"targets"`
			} `json:"panels"`
			Annotations struct {
				List []struct{ Name, Expr string } `json:"list"`
			} `json:"annotations"`
		}
		if err := json.Unmarshal(d.JSON, &board); err != nil {
			t.Fatal(err)
		}
		for _, p := range board.Panels {
			for _, q := range p.Targets {
				asked = append(asked, query{d.UID + " " + p.Title + " " + q.RefID, fill.Replace(q.Expr)})
			}
		}
		for _, a := range board.Annotations.List {
			if a.Expr != "" { // Grafana's built-in one has none
				asked = append(asked, query{d.UID + " annotation " + a.Name, fill.Replace(a.Expr)})
			}
		}
	}
	return asked
}

// checkDashboards asks every query of every dashboard, as Grafana does, for the time of all these troubles: each answers,
// but for a few.
func (e *environment) checkDashboards(t *testing.T) {
	t.Helper()
	asked := queries(t)
	if len(asked) < 90 {
		t.Errorf("only %d queries were asked", len(asked))
	}
	for _, q := range asked {
		found := e.prometheus.Range(t, q.expr, e.began)
		if _, either := rare[q.where]; either {
			continue
		}
		if _, allowed := empty[q.where]; allowed == (len(found) > 0) {
			t.Errorf("%s: %d series of %s", q.where, len(found), q.expr)
		}
	}
}

// checkCompat asks kafka_exporter's published queries, and ours for the same of the same daemon.
func (e *environment) checkCompat(t *testing.T) {
	t.Helper()
	group := map[model.LabelName]model.LabelName{"consumergroup": "group"}
	for _, q := range []struct {
		theirs, ours string
		labels       map[model.LabelName]model.LabelName
		tolerance    float64 // of rates, whose scrapes are not at the same moment
	}{
		{`sum(kafka_consumergroup_lag) by (consumergroup, topic)`, `sum(lagscaler_topic_lag_records{SAME}) by (group, topic)`, group, 0},
		{`sum(kafka_consumergroup_lag_sum) by (consumergroup, topic)`, `sum(lagscaler_partition_lag_records{SAME}) by (group, topic)`, group, 0},
		{`sum(kafka_consumergroup_current_offset) by (consumergroup, topic)`, `sum(lagscaler_partition_committed_offset{SAME}) by (group, topic)`, group, 0},
		{`sum(rate(kafka_topic_partition_current_offset[1m])) by (topic)`, `sum(rate(lagscaler_partition_end_offset{SAME}[1m])) by (topic)`, nil, 0.1},
		{`sum(rate(kafka_consumergroup_current_offset[1m])) by (consumergroup, topic)`, `sum(rate(lagscaler_partition_committed_offset{SAME}[1m])) by (group, topic)`, group, 0.1},
		{`sum by (consumergroup) (kafka_consumergroup_members)`, `sum by (group) (lagscaler_group_members{SAME})`, group, 0},
		{`sum(kafka_topic_partitions)`, `sum(count by (topic) (count by (topic, partition) (lagscaler_partition_end_offset{SAME})))`, nil, 0},
		{`sum(kafka_brokers)`, `sum(lagscaler_brokers{SAME})`, nil, 0},
	} {
		// Both pages show the last Report, but are scraped one after the other: it is enough that both agree at some moment.
		ours := strings.ReplaceAll(q.ours, "SAME", fmt.Sprintf("instance=%q", e.advising.address))
		e.prometheus.AwaitVector(t, q.theirs, func(theirs model.Vector) bool {
			return len(theirs) > 0 && agree(theirs, e.prometheus.Vector(t, ours), q.labels, q.tolerance)
		})
	}
}

// agree reports whether two vectors have the same values for the same labels, theirs under other names.
func agree(theirs, ours model.Vector, rename map[model.LabelName]model.LabelName, tolerance float64) bool {
	values := map[string]float64{}
	for _, s := range theirs {
		labels := model.Metric{}
		for name, value := range s.Metric {
			if other, ok := rename[name]; ok {
				name = other
			}
			labels[name] = value
		}
		values[labels.String()] = float64(s.Value)
	}
	found := map[string]float64{}
	for _, s := range ours {
		found[s.Metric.String()] = float64(s.Value)
	}
	return maps.EqualFunc(values, found, func(a, b float64) bool { return math.Abs(a-b) <= tolerance*math.Abs(b) })
}
