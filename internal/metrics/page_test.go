package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

func scrape(t testing.TB, h http.Handler, headers map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

// everything exposes all there is.
var everything = Filter{Topics: all, Partitions: all}

func all(string) bool { return true }

func TestPageIsLintFree(t *testing.T) {
	p := page(scaled((&fleet{name: "main", groups: 2, topics: 1, partitions: 2}).report(20), nil), everything)
	problems, err := promlint.New(scrape(t, p, nil).Body).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// Every family passes the registry's own checks: types, label names, no series twice.
func TestPageIsConsistent(t *testing.T) {
	p := page(scaled((&fleet{name: "main", groups: 3, topics: 2, partitions: 2}).report(20), nil), everything)
	for name, gather := range map[string]source{"native": p.makers, "compat": p.compatMakers} {
		if _, err := (prometheus.Gatherers{gather}).Gather(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func questions(each func(call, code string, count uint64)) { each("GetMetrics", "OK", 3) }

func clusterConfigs(each func(cluster, origin string, loaded bool)) {
	each("main", "/etc/main.yaml", true)
}

// A page where everything is known has every metric of the table, with the labels the table names.
func TestTableIsWhatIsExposed(t *testing.T) {
	f := &fleet{name: "main", groups: 1, topics: 1, partitions: 2, lag: 300}
	f.report(12)
	f.lag -= 300 // it catches up, so that there is a time to drain
	r := scaled(f.report(3), func(s *engine.ScalerReport) {
		s.Decision.Overdue, s.Workload.Followed, s.Given = true, true, &learn.Given{Replicas: 20}
		s.Owners = map[string]string{"team": "shop"}
		s.Decision.Why.Stopped = &breaker.Stop{Since: noon, Until: noon.Add(time.Hour), Cause: breaker.MadeLate, Steps: 3}
		s.Sources = append(slices.Clone(s.Sources), seen.SourceSpec{Cluster: "west", Group: "orders"})
		s.Decision.Needs = append(slices.Clone(s.Decision.Needs), need.Need{StandsBy: true})
	})
	r.Clusters[0].Groups[0].Labels = map[string]string{"team": "shop"}
	declare(&r.Clusters[0].Groups[0], lag.SLO{Declared: true, LagTime: 30 * time.Second})
	r.Clusters[0].Groups[0].Summary.AboveEnd = 1
	r.Clusters[0].Groups[0].Over = 1
	r.Clusters[0].Groups[0].Rates.Rest = lag.Rest{Read: 2, Unknown: 1, Resting: 1, Slow: 1, Interval: time.Minute, StallAfter: 15 * time.Minute, MayBeRead: 15 * time.Minute}
	r.Clusters[0].Groups[0].Rates.Missed = 1
	r.Clusters[0].Groups[0].Rates.Expiry = lag.Expiry{At: noon, Bound: lag.ExpiryExact}
	r.Shard = shard.Shard{Index: 1, Of: 3}
	p := New(Options{Latest: func() *engine.Report { return r }, Filter: everything, ConfigLoaded: func() bool { return true }, Questions: questions, Pushes: func() (uint64, uint64) { return 2, 1 }, ClusterConfigs: clusterConfigs, Receivers: func() []Receiver {
		return []Receiver{{Name: "chat", Sent: 3, Refused: 1, Dropped: 2, Failed: 4, Waiting: 5}}
	}})
	check := func(metrics []Metric, s source) {
		gathered, err := s.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics {
			if strings.HasPrefix(m.Name, "lagscaler_group_stalled_partition_") || m.Name == "lagscaler_compat_partitions_unknown" {
				continue // TestStalledPartitionsAreNamed, TestCompatLowerBounds
			}
			i := slices.IndexFunc(gathered, func(f *dto.MetricFamily) bool { return f.GetName() == m.Name })
			if i < 0 {
				t.Errorf("%s is not exposed", m.Name)
				continue
			}
			var names []string
			for _, l := range gathered[i].Metric[0].Label {
				names = append(names, l.GetName())
			}
			if strings.HasSuffix(m.Name, "_owner_info") {
				m.Labels = append(slices.Clone(m.Labels), "team") // which ones, the configuration says
			}
			if !slices.Equal(names, m.Labels) {
				t.Errorf("%s has labels %v, the table says %v", m.Name, names, m.Labels)
			}
		}
	}
	check(Metrics(), p.makers)
	check(CompatMetrics(), p.compatMakers)
}

func TestLabelsThatPrometheusRenames(t *testing.T) {
	for _, m := range Metrics() {
		for _, l := range m.Labels {
			if slices.Contains([]string{"namespace", "pod", "job", "instance", "service", "container", "cluster", "endpoint"}, l) {
				t.Errorf("%s has the label %s: a scrape configuration owns it", m.Name, l)
			}
		}
		if !strings.HasPrefix(m.Name, "lagscaler_") {
			t.Errorf("%s lacks the prefix", m.Name)
		}
		if (m.Type == Counter) != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s is a %s", m.Name, m.Type)
		}
	}
}

// At most 40 default series a group: not counted are the threshold that only exists when configured, and what
// appears with its first event.
func TestSeriesOfOneGroup(t *testing.T) {
	f := &fleet{name: "main", groups: 1, topics: 1, partitions: 2, lag: 300}
	f.report(12)
	f.lag = 0
	r := f.report(3)
	n := 0
	for line := range strings.Lines(text(t, page(r, Filter{}))) {
		event := strings.Contains(line, "_by_cause_total") || strings.Contains(line, "group_advice") ||
			strings.Contains(line, "rebalances_total") && !strings.Contains(line, `outcome="success"`)
		if strings.Contains(line, `group="`) && !event {
			n++
		}
	}
	if n != 40 {
		t.Errorf("a group in which everything is known has %d series, want 40", n)
	}
}

// The worst partition has a name only while the group is late: otherwise a new one would be the worst at every poll, and every
// name would be a series.
func TestWorstPartitionIsNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*engine.GroupReport)
		want   string
	}{
		{"nothing is late", func(*engine.GroupReport) {}, ""},
		{"a partition is above the threshold", func(g *engine.GroupReport) { g.Over = 1 }, `topic="topic-0000",partition="1"} 900`},
		{"stalled below the threshold", func(g *engine.GroupReport) { g.Rates.Status = lag.StatusStalled }, `topic="topic-0000",partition="1"} 900`},
		{"rewound below the threshold", func(g *engine.GroupReport) { g.Rates.Status = lag.StatusRewound }, ""},
		{"no lag is known", func(g *engine.GroupReport) {
			g.Over = 1
			for i := range g.Lag.Topics[0].Partitions {
				g.Lag.Topics[0].Partitions[i].Known = 0
			}
		}, ""},
	} {
		r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 3, lag: 40}).report(5)
		g := &r.Clusters[0].Groups[0]
		g.Rates.Status = lag.StatusOK
		g.Lag.Topics[0].Partitions[1].Committed = g.Lag.Topics[0].Partitions[1].End - 900
		c.change(g)
		got := text(t, page(r, Filter{}))
		const metric = "lagscaler_group_worst_partition_lag_records"
		if want := metric + `{kafka_cluster="main",group="group-0000",` + c.want; strings.Contains(got, metric) != (c.want != "") || c.want != "" && !strings.Contains(got, want) {
			t.Errorf("%s: want %q in\n%s", c.name, c.want, got)
		}
	}
}

// One series each: the mode in force, and the reason in force.
func TestModeAndReasonOfAScaler(t *testing.T) {
	const of = `{target_namespace="shop",target_kind="Deployment",target="orders-worker",`
	for _, c := range []struct {
		name         string
		change       func(*engine.ScalerReport)
		mode, reason string
	}{
		{"acts", nil, "act", "ScaleUp"},
		{"advises", func(s *engine.ScalerReport) { s.Mode = scaler.Advise }, "advise", "ScaleUp"},
		{"before the first decision", func(s *engine.ScalerReport) { s.Decision = scaler.Decision{} }, "act", ""},
		{"refused", func(s *engine.ScalerReport) { s.Refusal = scaler.Refusal{Reason: scaler.KeptByAnother} }, "act", "KeptByAnother"},
	} {
		got := text(t, page(scaled((&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(3), c.change), Filter{}))
		if want := "lagscaler_scaler_mode" + of + `mode="` + c.mode + `"} 1`; strings.Count(got, "lagscaler_scaler_mode{") != 1 || !strings.Contains(got, want) {
			t.Errorf("%s: want only %s in\n%s", c.name, want, got)
		}
		want, n := "lagscaler_scaler_reason"+of+`reason="`+c.reason+`"} 1`, 1
		if c.reason == "" {
			want, n = "", 0
		}
		if strings.Count(got, "lagscaler_scaler_reason{") != n || !strings.Contains(got, want) {
			t.Errorf("%s: want %d of %s in\n%s", c.name, n, want, got)
		}
	}
}

func TestFollowersShowThemselvesOnly(t *testing.T) {
	r := scaled((&fleet{name: "main", groups: 2, topics: 1, partitions: 2}).report(5), nil)
	r.Leader = false
	p := page(r, everything)
	for line := range strings.Lines(text(t, p)) {
		if strings.Contains(line, `group="`) || strings.Contains(line, `target="`) || strings.Contains(line, "lagscaler_brokers") {
			t.Errorf("a follower exposes %s", line)
		}
	}
	if body := scrape(t, p.Compat(), nil).Body.String(); body != "" {
		t.Errorf("a follower exposes %s", body)
	}
	if got := text(t, p); !strings.Contains(got, "lagscaler_leader 0") || !strings.Contains(got, `lagscaler_groups{kafka_cluster="main"} 2`) {
		t.Errorf("a follower does not show itself:\n%s", got)
	}
}

// A group that two polls could not read loses its gauges, but neither its counters nor its thresholds nor its status.
func TestUnreadGroup(t *testing.T) {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(5)
	g := r.Clusters[0].Groups[0].Lag
	for missed, gone := range map[int]bool{0: false, lag.StaleAfter - 1: false, lag.StaleAfter: true} {
		g.Missed = missed
		got := text(t, page(r, everything))
		for _, series := range []string{"group_lag_records{", "group_members{", "partition_lag_records{", "topic_lag_records{", "group_state{"} {
			if strings.Contains(got, "lagscaler_"+series) == gone {
				t.Errorf("missed %d: %s there: %t", missed, series, !gone)
			}
		}
		for _, series := range []string{"group_consumed_records_total{", "group_rebalances_unplanned_total{", "group_slo_lag_records{", "group_status{"} {
			if !strings.Contains(got, "lagscaler_"+series) {
				t.Errorf("missed %d: %s is gone", missed, series)
			}
		}
	}
}

func TestUnknownIsAbsent(t *testing.T) {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(1)
	g := r.Clusters[0].Groups[0].Lag
	alter(r, func(g *lag.GroupLag) {
		for i := range g.Topics[0].Partitions {
			g.Topics[0].Partitions[i].Known &^= lag.KnownCommitted
		}
	})
	g.Generation = lag.NoGeneration
	g.Members = g.Members[:1]
	got := text(t, page(r, everything))
	for _, absent := range []string{
		"group_lag_records{", "group_max_lag_records{", "group_avg_lag_records{", "topic_lag_records{", "partition_lag_records{",
		"partition_committed_offset{", "group_lag_trend{", "group_drain_seconds{", "group_last_progress_timestamp_seconds{",
		"group_epoch{", "group_assignment_skew_ratio{", "group_slo_lag_seconds{",
	} {
		if strings.Contains(got, "lagscaler_"+absent) {
			t.Errorf("%s is shown", absent)
		}
	}
	g.Members, g.Described, g.Coordinator = nil, false, -1
	undescribed := text(t, page(r, everything))
	for _, absent := range []string{"group_members{", "group_members_idle{", "group_partitions_unassigned{", "group_member_stability_ratio{"} {
		if strings.Contains(undescribed, "lagscaler_"+absent) || !strings.Contains(undescribed, `coordinator="unknown"`) {
			t.Errorf("%s is shown of a group that was never described", absent)
		}
	}
	if want := `lagscaler_group_partitions_uncommitted{kafka_cluster="main",group="group-0000"} 2`; !strings.Contains(got, want) {
		t.Errorf("%s is missing", want)
	}
	if strings.Contains(got, "NaN") || strings.Contains(got, "} -1") {
		t.Errorf("unknown has a number:\n%s", got)
	}
}

func TestSLO(t *testing.T) {
	r := (&fleet{name: "main", groups: 2, topics: 1, partitions: 2, lag: 40}).report(5) // lag 90 per partition
	declare(&r.Clusters[0].Groups[1], lag.SLO{Declared: true, Lag: 80, LagTime: 30 * time.Second, Churn: 0.5})
	got := text(t, page(r, Filter{Partitions: all, OverThreshold: true}))
	for _, want := range []string{
		`lagscaler_group_slo_lag_records{kafka_cluster="main",group="group-0000",tier="default"} 50000`,
		`lagscaler_group_slo_lag_records{kafka_cluster="main",group="group-0001",tier="declared"} 80`,
		`lagscaler_group_slo_lag_seconds{kafka_cluster="main",group="group-0001",tier="declared"} 30`,
		`lagscaler_group_slo_churn_ratio{kafka_cluster="main",group="group-0000",tier="default"} 0.1`,
		`lagscaler_group_slo_churn_ratio{kafka_cluster="main",group="group-0001",tier="declared"} 0.5`,
		`lagscaler_group_slo_rebalance_seconds{kafka_cluster="main",group="group-0001",tier="declared"} 30`,
		`lagscaler_group_partitions_over_threshold{kafka_cluster="main",group="group-0000"} 0`,
		`lagscaler_group_partitions_over_threshold{kafka_cluster="main",group="group-0001"} 2`,
		`lagscaler_partition_lag_records{kafka_cluster="main",group="group-0001",topic="topic-0000",partition="1"} 90`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("missing %s", want)
		}
	}
	for _, unwanted := range []string{`slo_lag_seconds{kafka_cluster="main",group="group-0000"`, `partition_lag_records{kafka_cluster="main",group="group-0000"`} {
		if strings.Contains(got, unwanted) {
			t.Errorf("there is %s", unwanted)
		}
	}
}

// Whose a group and a scaler are: labels that the configuration chooses, in order. Without one there is no series.
func TestOwnerInfo(t *testing.T) {
	r := (&fleet{name: "main", groups: 2, topics: 1, partitions: 2}).report(2)
	r.Clusters[0].Groups[1].Labels = map[string]string{"team": "shop", "product": "web\xff"}
	r.Scalers = []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{
		Name: "shop/orders", Workload: seen.Workload{Ref: seen.Ref{Kind: "Deployment", Namespace: "shop", Name: "orders"}}, Owners: map[string]string{"team": "shop"},
	}}}}
	got := text(t, page(r, Filter{}))
	for _, want := range []string{
		`lagscaler_group_owner_info{kafka_cluster="main",group="group-0001",product="web�",team="shop"} 1`,
		`lagscaler_scaler_owner_info{target_namespace="shop",target_kind="Deployment",target="orders",team="shop"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("missing %s", want)
		}
	}
	if strings.Contains(got, `owner_info{kafka_cluster="main",group="group-0000"`) {
		t.Error("a group without an owner has a series")
	}
	for _, line := range strings.Split(got, "\n") {
		if strings.Contains(line, "group-0001") && strings.Contains(line, "team=") && !strings.Contains(line, "owner_info") {
			t.Errorf("another series has the label: %s", line)
		}
	}
}

func TestTopPartitions(t *testing.T) {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 5}).report(2)
	rows := r.Clusters[0].Groups[0].Lag.Topics[0].Partitions
	rows[1].Committed -= 500
	rows[3].Committed -= 700
	rows[4].Known &^= lag.KnownEnd
	var got []string
	for line := range strings.Lines(text(t, page(r, Filter{Partitions: all, Top: 2}))) {
		if strings.HasPrefix(line, "lagscaler_partition_lag_records") {
			_, at, _ := strings.Cut(line, "partition=")
			got = append(got, strings.TrimSpace(at))
		}
	}
	if want := []string{`"1"} 520`, `"3"} 720`}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestScalersOfAnotherInstallation(t *testing.T) {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(3)
	for i, reason := range []scaler.Reason{"", scaler.KeptByAnother, "TargetTaken", scaler.KeptByAnother} {
		scaled(r, func(s *engine.ScalerReport) {
			s.Name, s.Refusal = fmt.Sprint("shop/", i), scaler.Refusal{Reason: reason}
		})
	}
	if got := text(t, page(r, Filter{})); !strings.Contains(got, "lagscaler_scalers_kept_by_another 2\n") {
		t.Error("two of the scalers are kept by another installation; the page does not say so")
	}
}

func TestScalerSeries(t *testing.T) {
	r := scaled((&fleet{name: "main", groups: 1, topics: 1, partitions: 2}).report(3), nil)
	scaled(r, func(s *engine.ScalerReport) {
		s.Name, s.Refusal, s.Workload.Spec = "shop/second", scaler.Refusal{Reason: "TargetTaken"}, 99
	})
	got := text(t, page(r, Filter{}))
	base := `target_namespace="shop",target_kind="Deployment",target="orders-worker"`
	for series, value := range map[string]string{
		"current_replicas{" + base:                                         "12",
		"desired_replicas{" + base:                                         "20",
		"min_replicas{" + base:                                             "2",
		"max_replicas{" + base:                                             "20",
		"partition_limit_replicas{" + base:                                 "24",
		"decisions_total{" + base + `,reason="ScaleUp"`:                    "3",
		"scale_events_total{" + base + `,direction="up"`:                   "3",
		"scale_events_total{" + base + `,direction="down"`:                 "1",
		"errors_total{" + base:                                             "0",
		"paused{" + base:                                                   "0",
		"required_records_per_second{" + base:                              "2066",
		"capacity_per_replica_records_per_second{" + base:                  "100",
		"source_info{" + base + `,kafka_cluster="main",group="group-0000"`: "1",
	} {
		if line := fmt.Sprintf("lagscaler_scaler_%s} %s\n", series, value); !strings.Contains(got, line) {
			t.Errorf("missing %s", line)
		}
	}
	if strings.Contains(got, "hold_overdue") || strings.Contains(got, " 99\n") {
		t.Errorf("a refused scaler or a hold is shown:\n%s", got)
	}
	scaled(r, func(s *engine.ScalerReport) {
		s.Workload.Ref.Name, s.Decision.Overdue, s.Decision.Verdict = "other", true, scaler.MembersMissing
	})
	want := `lagscaler_scaler_hold_overdue{target_namespace="shop",target_kind="Deployment",target="other",reason="MembersMissing"} 1`
	if got := text(t, page(r, Filter{})); !strings.Contains(got, want) {
		t.Errorf("missing %s", want)
	}
}

func TestHelpNamesTheSamplingPeriod(t *testing.T) {
	r := (&fleet{name: "main", groups: 1, topics: 1, partitions: 1}).report(1)
	p := New(Options{Latest: func() *engine.Report { return r }, Sample: 2 * time.Second})
	want := "# HELP lagscaler_group_rebalances_unplanned_total Rebalances that no replica change and no rollout of the target explains. " +
		"A lower bound, because states are read every 2s and members every 10s, unless the cluster has intervals of its own.\n"
	if body := scrape(t, p, nil).Body.String(); !strings.Contains(body, want) {
		t.Errorf("missing %s", want)
	}
}

func TestBeforeTheFirstReport(t *testing.T) {
	body := scrape(t, New(Options{Latest: func() *engine.Report { return nil }, Version: "1.2.3"}), nil).Body.String()
	for _, want := range []string{`lagscaler_build_info{version="1.2.3",revision="unknown"} 1`, "lagscaler_leader 0", "go_goroutines ", "process_cpu_seconds_total "} {
		if !strings.Contains(body, want) {
			t.Errorf("missing %s", want)
		}
	}
}

// Of five stalled partitions the first three are named, with their offset, their owner and since when they stand.
func TestStalledPartitionsAreNamed(t *testing.T) {
	f := &fleet{name: "main", groups: 1, topics: 1, partitions: 8, stuck: 5}
	r := f.report(120)
	p := New(Options{Latest: func() *engine.Report { return r }, Filter: everything, ConfigLoaded: func() bool { return true }})
	page := text(t, p)
	for _, want := range []string{
		`lagscaler_group_stalled_partition_offset{kafka_cluster="main",group="group-0000",topic="topic-0000",partition="0",owner="worker-0@10.0.0.7"} 1000`,
		`lagscaler_group_stalled_partition_offset{kafka_cluster="main",group="group-0000",topic="topic-0000",partition="1",owner="worker-1@10.0.0.7"} 1001`,
		fmt.Sprintf(`lagscaler_group_stalled_partition_since_timestamp_seconds{kafka_cluster="main",group="group-0000",topic="topic-0000",partition="2"} %s`,
			strconv.FormatFloat(float64(noon.Add(20*time.Second).Unix()), 'g', -1, 64)),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if n := strings.Count(page, "\nlagscaler_group_stalled_partition_offset{"); n != 3 {
		t.Errorf("%d named", n)
	}
	f.stuck = 0
	if page := text(t, New(Options{Latest: func() *engine.Report { return f.report(1) }, Filter: everything, ConfigLoaded: func() bool { return true }})); strings.Contains(page, "stalled_partition_offset{") {
		t.Error("they are named although they move")
	}
}
