package dashboards

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/promtest"
)

// A history is an hour of the counters that two replicas of lagscaler export. What is drawn of it is compared with what happened.
type history struct {
	name string
	// counter is the value that a replica exports at a second; ok is false while it exports none.
	counter func(replica string, second int) (value int, ok bool)
	// leads reports whether the replica exports groups, scalers and clusters.
	leads func(replica string, second int) bool
	// up reports whether the scrapes of the replica succeed.
	up    func(replica string, second int) bool
	drawn int // events
	new   bool
	// ofLeaders is true if only the leader's counters have this history: all replicas count their own work.
	ofLeaders bool
}

const (
	historySeconds = 3600
	minute         = 60
)

// events counts an event at the middle of each minute: the one of minute m is counted from second 60*m+30.
func eventsUntil(second int) int { return (second + 30) / minute }

func onlyA(replica string, _ int) bool { return replica == "a" }
func always(string, int) bool          { return true }

// between reports whether a second is in the minutes from, to.
func between(second, from, to int) bool { return second >= from*minute && second < to*minute }

var histories = []history{
	{
		name: "an event a minute", leads: onlyA, up: always, drawn: 60,
		counter: func(_ string, s int) (int, bool) { return eventsUntil(s), true },
	},
	{
		name: "a new series that begins at 3", leads: onlyA, up: always, drawn: 5, new: true,
		counter: func(_ string, s int) (int, bool) {
			return 3 + min(2, (s-20*minute)/600), s >= 20*minute
		},
	},
	{
		name: "nothing happens", leads: onlyA, up: always, drawn: 0,
		counter: func(string, int) (int, bool) { return 31, true },
	},
	{
		// Scrapes fail for three minutes. The events in between are drawn after it.
		name: "a gap of three minutes", leads: onlyA, drawn: 60,
		up:      func(_ string, s int) bool { return !between(s, 20, 23) },
		counter: func(_ string, s int) (int, bool) { return eventsUntil(s), true },
	},
	{
		// Nobody saw what happened in between, so it is not drawn: 60 events, without those from the last scrape before the
		// gap to the first one after it, and that step.
		name: "a gap of twenty minutes", leads: onlyA, drawn: -1,
		up:      func(_ string, s int) bool { return !between(s, 20, 40) },
		counter: func(_ string, s int) (int, bool) { return eventsUntil(s), true },
	},
	{
		name: "a restart", leads: onlyA, up: always, drawn: -1,
		counter: func(_ string, s int) (int, bool) {
			if s >= 30*minute {
				return eventsUntil(s) - 30, true
			}
			return eventsUntil(s), true
		},
	},
	{
		// a has counted 21 events, and b 31, because it has watched for longer. No event happens after the change.
		name: "another leader, with a higher count", up: always, drawn: 21, ofLeaders: true,
		leads: func(replica string, s int) bool { return (replica == "a") == (s < 30*minute) },
		counter: func(replica string, s int) (int, bool) {
			if replica == "b" {
				return 31, true
			}
			return min(21, eventsUntil(s)), true
		},
	},
	{
		// Both replicas count all the time; b leads for four minutes. Every event is seen by both and drawn once at the most.
		name: "another leader, there and back", up: always, drawn: -1, ofLeaders: true,
		leads:   func(replica string, s int) bool { return (replica == "b") == between(s, 30, 34) },
		counter: func(_ string, s int) (int, bool) { return eventsUntil(s), true },
	},
}

// bounds are the least and the most that may be drawn if it is not exact: never more than what happened.
func (h *history) bounds(step int) (least, most int) {
	if h.drawn >= 0 {
		return h.drawn, h.drawn
	}
	lost := map[string]int{"a gap of twenty minutes": 20, "a restart": 0, "another leader, there and back": 0}[h.name]
	steps := map[string]int{"a gap of twenty minutes": 1, "a restart": 1, "another leader, there and back": 2}[h.name]
	return 60 - lost - steps*(step/minute+1), 60 - lost
}

// series are the samples of the history of a metric, in the notation of promtool, for scrapes that are some seconds apart.
func (h *history) series(metric string, own map[string]string, replicas []string, scrape int, counter bool) []map[string]string {
	var all []map[string]string
	for _, replica := range replicas {
		var values []string
		before := false
		for s := 0; s <= historySeconds; s += scrape {
			value, ok := 1, true
			if counter {
				value, ok = h.counter(replica, s)
			}
			ok = ok && h.up(replica, s) && h.leads(replica, s)
			switch {
			case ok:
				values = append(values, fmt.Sprint(value))
			case before:
				values = append(values, "stale") // as Prometheus writes it when a series ends
			default:
				values = append(values, "_")
			}
			before = ok
		}
		matchers := []string{`instance="` + replica + `"`, `job="lagscaler"`}
		for name, value := range own {
			matchers = append(matchers, name+`="`+value+`"`)
		}
		slices.Sort(matchers)
		all = append(all, map[string]string{"series": metric + "{" + strings.Join(matchers, ",") + "}", "values": strings.Join(values, " ")})
	}
	return all
}

// labelValues are the values of labels in a history. Other labels have their own name as value.
var labelValues = map[string]string{"kafka_cluster": "main", "group": "orders", "target_namespace": "shop", "target_kind": "Deployment", "target": "worker"}

func ownLabels(metric string) map[string]string {
	own := map[string]string{}
	for _, l := range labels[metric] {
		own[l] = cmp.Or(labelValues[l], l)
		if metric == "lagscaler_group_rebalances_by_cause_total" && l == "cause" {
			own[l] = "scaling"
		}
	}
	return own
}

// drawnQuery is a query of bars, or of marks for events that are counted.
type drawnQuery struct{ where, expr, counter string }

var counterName = regexp.MustCompile(`lagscaler_\w+_total`)

func drawnQueries(t *testing.T) []drawnQuery {
	t.Helper()
	var all []drawnQuery
	add := func(where, expr string) {
		if name := counterName.FindString(expr); name != "" {
			all = append(all, drawnQuery{where, expr, name})
		}
	}
	for _, b := range boards(t) {
		for _, p := range b.Panels {
			if p.FieldConfig.Defaults.Custom["drawStyle"] == "bars" {
				for _, q := range p.Targets {
					add(b.UID+" "+p.Title+" "+q.RefID, q.Expr)
				}
			}
		}
		for _, a := range b.Annotations.List[1:] {
			add(b.UID+" "+a.Name, a.Expr)
		}
	}
	if len(all) < 15 {
		t.Fatalf("only %d queries of events", len(all))
	}
	return all
}

type (
	promtoolFile struct {
		EvaluationInterval string         `json:"evaluation_interval"`
		Tests              []promtoolTest `json:"tests"`
	}
	promtoolTest struct {
		Name     string              `json:"name"`
		Interval string              `json:"interval"`
		Series   []map[string]string `json:"input_series"`
		Exprs    []promtoolExpr      `json:"promql_expr_test"`
	}
	promtoolExpr struct {
		Expr    string           `json:"expr"`
		At      string           `json:"eval_time"`
		Samples []promtoolSample `json:"exp_samples"`
	}
	promtoolSample struct {
		Labels string  `json:"labels"`
		Value  float64 `json:"value"`
	}
)

// runPromtool lets promtool evaluate the tests. A test fails if an expression has another value.
func runPromtool(t *testing.T, tests []promtoolTest) {
	t.Helper()
	promtool := promtest.Promtool(t)
	file, err := json.Marshal(promtoolFile{EvaluationInterval: "1m", Tests: tests})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "test.yaml"), file, 0o600); err != nil { // JSON is YAML
		t.Fatal(err)
	}
	promtest.Run(t, dir, promtool, "test", "rules", "test.yaml")
}

// holds is an expression that must have a result.
func holds(expr string) promtoolExpr {
	return promtoolExpr{Expr: "vector(1) and on () (" + expr + ")", At: "1h", Samples: []promtoolSample{{Labels: "{}", Value: 1}}}
}

// The sum of what the bars and marks draw is the growth of the counter: for new series, gaps, restarts and changes of the leader,
// for scrapes that are 15, 30 or 60 s apart, and for steps of one and five minutes.
func TestDrawnSumsAreTheCounters(t *testing.T) {
	queries := drawnQueries(t)
	var tests []promtoolTest
	for _, h := range histories {
		for _, scrape := range []int{15, 30, 60} {
			test := promtoolTest{Name: fmt.Sprintf("%s, scraped every %d s", h.name, scrape), Interval: fmt.Sprintf("%ds", scrape)}
			given := map[string]bool{}
			give := func(metric string, counter bool) {
				if !given[metric] {
					given[metric] = true
					test.Series = append(test.Series, h.series(metric, ownLabels(metric), []string{"a", "b"}, scrape, counter)...)
				}
			}
			for _, metric := range []string{"lagscaler_group_status", "lagscaler_scaler_min_replicas", "lagscaler_scaler_source_info", "lagscaler_brokers", "lagscaler_build_info"} {
				give(metric, false)
			}
			for _, q := range queries {
				everyReplica := strings.HasPrefix(q.where, self.uid)
				if everyReplica && (h.ofLeaders || h.new && q.counter != "lagscaler_panics_total") {
					continue // these series begin with the process
				}
				give(q.counter, true)
				for _, step := range []int{60, 300} {
					// The value of each step, from the first to the last, of all series, and by how much it is wrong.
					drawn := fmt.Sprintf("sum(sum_over_time((%s)[1h:%ds])) or vector(0)", fill(q.expr, fmt.Sprintf("%ds", step), "5m"), step)
					least, most := h.bounds(step)
					named := fmt.Sprintf(`label_replace(label_replace(clamp(%s, %d, %d) - (%s), "query", "%s, each %d s", "", ""), "history", "%s", "", "")`,
						drawn, least, most, drawn, q.where, step, test.Name)
					test.Exprs = append(test.Exprs, promtoolExpr{Expr: named, At: "1h", Samples: []promtoolSample{
						{Labels: fmt.Sprintf(`{query="%s, each %d s", history="%s"}`, q.where, step, test.Name)},
					}})
				}
			}
			tests = append(tests, test)
		}
	}
	runPromtool(t, tests)
}

// A mark of an alert is one point at its beginning, and only for the selected group, its cluster, and its scaler.
func TestAlertsAreMarkedAtTheirBeginning(t *testing.T) {
	firing := func(labels string) string {
		return `ALERTS{alertname="LagscalerX",alertstate="firing",severity="critical",` + labels + `}`
	}
	const orders = `kafka_cluster="main",group="orders"`
	long := "_x19 1x20 _x20" // fires from minute 20 to 40
	for _, c := range []struct {
		name, labels, values, evaluated string
		marks                           int
	}{
		{"fires for twenty minutes", orders, "_x19 1x20 stale _x19", "1x60", 1},
		{"fires twice", orders, "_x9 1x10 stale _x19 1x10 stale _x8", "1x60", 2},
		{"pending", orders, "_x60", "1x60", 0},
		{"of another group", `kafka_cluster="main",group="payments"`, long, "1x60", 0},
		{"of another cluster", `kafka_cluster="other",group="orders"`, long, "1x60", 0},
		{"of its cluster", `kafka_cluster="main"`, long, "1x60", 1},
		{"of lagscaler itself", `job="lagscaler"`, long, "1x60", 0},
		{"of its scaler", `target_namespace="shop",target_kind="Deployment",target="worker"`, long, "1x60", 1},
		{"of another scaler", `target_namespace="shop",target_kind="Deployment",target="other"`, long, "1x60", 0},
		{"Prometheus is away for eight minutes", orders, "_x19 1x10 stale _x7 1x20", "1x29 stale _x7 1x20", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, b := range boards(t) {
				for _, a := range b.Annotations.List[1:] {
					if a.Name != "Alerts that begin" {
						continue
					}
					expr := strings.NewReplacer("$__interval", "1m", "$kafka_cluster", "main", "$group", "orders", "$target_namespace", "shop", "$target", "worker").Replace(a.Expr)
					test := promtoolTest{Name: b.UID + ": " + c.name, Interval: "1m", Series: []map[string]string{
						{"series": firing(c.labels), "values": c.values},
						{"series": "lagscaler:evaluation:one", "values": c.evaluated},
						{"series": `lagscaler_scaler_source_info{instance="a",kafka_cluster="main",group="orders",target_namespace="shop",target_kind="Deployment",target="worker"}`, "values": "1x60"},
					}}
					test.Exprs = []promtoolExpr{holds(fmt.Sprintf("(sum(sum_over_time((%s)[1h:1m])) or vector(0)) == %d", expr, c.marks))}
					runPromtool(t, []promtoolTest{test})
				}
			}
		})
	}
}

// With scrapes that are 60 s apart, and the default interval of the data source, a rate has a value: $__rate_interval is then 60 s.
func TestRatesWithRareScrapes(t *testing.T) {
	var test promtoolTest
	test.Name, test.Interval = "scraped every 60 s", "60s"
	h := histories[0]
	given := map[string]bool{}
	for _, b := range boards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				name := counterName.FindString(q.Expr)
				if !strings.Contains(q.Expr, "$__rate_interval") || name == "" {
					continue
				}
				for _, metric := range counterName.FindAllString(q.Expr, -1) {
					if !given[metric] {
						given[metric] = true
						test.Series = append(test.Series, h.series(metric, ownLabels(metric), []string{"a"}, 60, true)...)
					}
				}
				test.Exprs = append(test.Exprs, holds(fill(q.Expr, "15s", "60s")))
			}
		}
	}
	if len(test.Exprs) < 5 {
		t.Fatalf("only %d rates", len(test.Exprs))
	}
	runPromtool(t, []promtoolTest{test})
}

// state is a state of the metrics, and what a panel shows of it. A missing value stands for nothing.
type state struct {
	name   string
	series []string // with their value
	shows  map[string]float64
	hides  []string
}

// What numbers and graphs show of some states: of nothing, of a program without a leader, of groups that are left out, unknown, or late.
func TestWhatIsShown(t *testing.T) {
	const g = `{kafka_cluster="main",group="orders"`
	leader := `lagscaler_leader{instance="a"} 1`
	var stats []string
	exprs := map[string]string{}
	for _, b := range boards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				if name := p.Title + " " + q.RefID; exprs[name] == "" { // the first one of the name
					exprs[name] = q.Expr
				}
			}
			if p.Type == string(stat) {
				stats = append(stats, p.Title+" A")
			}
		}
	}
	var tests []promtoolTest
	for _, s := range []state{
		{name: "nothing is scraped", hides: stats},
		{
			name: "a follower alone: nobody exports groups", series: []string{`lagscaler_leader{instance="a"} 0`, `lagscaler_build_info{instance="a"} 1`},
			shows: map[string]float64{"Leaders A": 0}, hides: []string{"Groups A", "Unknown groups A", "Above threshold A", "Stalled, stopped A", "Scalers A", "Paused A", "Alerts firing A"},
		},
		{
			name: "a leader without groups and scalers", series: []string{leader, "lagscaler:evaluation:one 1"},
			shows: map[string]float64{"Unknown groups A": 0, "Above threshold A": 0, "Stalled, stopped A": 0, "Scalers A": 0, "Paused A": 0, "Alerts firing A": 0},
			hides: []string{"Total lag A", "Replicas written A"},
		},
		{
			name: "twelve of fifteen groups are left out", series: []string{
				leader, `lagscaler_groups{instance="a",kafka_cluster="main"} 15`, `lagscaler_groups{instance="b",kafka_cluster="main"} 15`,
				`lagscaler_group_status{kafka_cluster="main",group="a",status="ok"} 1`, `lagscaler_group_status{kafka_cluster="main",group="b",status="unknown"} 1`,
				`lagscaler_group_status{kafka_cluster="main",group="c",status="stalled"} 1`, `lagscaler_groups_dropped_total{kafka_cluster="main",reason="max_groups"} 2400`,
			},
			shows: map[string]float64{"Groups left out A": 12, "Groups A": 3, "Unknown groups A": 1, "Stalled, stopped A": 1},
		},
		{
			name: "a small lag has no threshold in its graph", series: []string{"lagscaler_group_max_lag_records" + g + "} 30", "lagscaler_group_slo_lag_records" + g + `,tier="default"} 50000`},
			shows: map[string]float64{"Of its threshold A": 0.0006}, hides: []string{"Lag D"},
		},
		{
			name: "a lag near the threshold has it in its graph", series: []string{"lagscaler_group_max_lag_records" + g + "} 40000", "lagscaler_group_slo_lag_records" + g + `,tier="default"} 50000`},
			shows: map[string]float64{"Of its threshold A": 0.8, "Lag D": 50000},
		},
		{
			name: "two replicas export a group in two statuses: the worse one is shown", series: []string{
				`lagscaler_group_status{instance="a",kafka_cluster="main",group="orders",status="ok"} 1`, `lagscaler_group_status{instance="b",kafka_cluster="main",group="orders",status="stalled"} 1`,
			},
			shows: map[string]float64{"Status A": 4},
		},
		{
			name: "a scaler without a need has no tightness", series: []string{
				`lagscaler_scaler_source_info{kafka_cluster="main",group="orders",target_namespace="shop",target_kind="Deployment",target="worker"} 1`,
				`lagscaler_scaler_current_replicas{target_namespace="shop",target_kind="Deployment",target="worker"} 0`,
				`lagscaler_scaler_required_records_per_second{target_namespace="shop",target_kind="Deployment",target="worker"} 5`,
				`lagscaler_scaler_capacity_per_replica_records_per_second{target_namespace="shop",target_kind="Deployment",target="worker"} 50`,
			},
			hides: []string{"Needed of what is available, the ten tightest A"},
		},
	} {
		test := promtoolTest{Name: s.name, Interval: "1m"}
		for _, line := range s.series {
			i := strings.LastIndex(line, " ")
			test.Series = append(test.Series, map[string]string{"series": line[:i], "values": line[i+1:] + "x60"})
		}
		named := func(panel string) string {
			if exprs[panel] == "" {
				t.Fatalf("there is no %s", panel)
			}
			return fmt.Sprintf(`label_replace(label_replace(sum(%s), "panel", "%s", "", ""), "state", "%s", "", "")`, fill(exprs[panel], "1m", "5m"), panel, s.name)
		}
		for panel, value := range s.shows {
			test.Exprs = append(test.Exprs, promtoolExpr{Expr: named(panel), At: "1h", Samples: []promtoolSample{{Labels: fmt.Sprintf(`{panel="%s", state="%s"}`, panel, s.name), Value: value}}})
		}
		for _, panel := range s.hides {
			test.Exprs = append(test.Exprs, promtoolExpr{Expr: named(panel), At: "1h", Samples: []promtoolSample{}})
		}
		tests = append(tests, test)
	}
	runPromtool(t, tests)
}
