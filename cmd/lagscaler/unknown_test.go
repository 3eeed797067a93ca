package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// silent is a cluster that answers nothing, and a scaler of a group of it whose HPA has just been made: nothing is known but what
// its target and its refusal say.
type silent struct {
	t       *testing.T
	mode    scaler.Mode
	target  seen.Workload // what is known of it
	refusal scaler.Refusal
	topics  []string         // that the scaler names
	answers *lag.Observation // what the cluster answers; nil: nothing
}

func (s silent) Sample(context.Context) lag.Sample { return lag.Sample{Cluster: "main"} }

func (s silent) Observe(context.Context) lag.Observation {
	if s.answers != nil {
		return s.answer()
	}
	return lag.Observation{Cluster: "main", Began: start.Add(-time.Second), At: start, Errors: []lag.ReadError{{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable}}}
}

// answer is what the cluster answers, a poll later each time.
func (s silent) answer() lag.Observation {
	o := *s.answers
	s.answers.Began, s.answers.At = o.Began.Add(10*time.Second), o.At.Add(10*time.Second)
	o.Groups = slices.Clone(o.Groups)
	for i := range o.Groups {
		o.Groups[i].At, o.Groups[i].CommitsAt = o.At, o.At
	}
	return o
}

func (s silent) Apply(context.Context, scaler.Change) error { return nil }

func (s silent) Scalers(time.Time) []scaler.Scaler {
	sources := []seen.SourceSpec{{Cluster: "main", Group: "shop", Topics: s.topics}}
	policy, err := scaler.Spec{Sources: sources}.Policy()
	if err != nil {
		s.t.Fatal(err)
	}
	w := s.target
	w.Ref = seen.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "orders"}
	w.Owner = seen.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders-hpa", Unknown: true}
	return []scaler.Scaler{{Name: "shop/orders", Mode: s.mode, Policy: policy, Sources: sources, Workload: w, Refusal: s.refusal}}
}

var start = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// outputs are everything that is shown of a report, by name.
func outputs(t *testing.T, r *engine.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	pages := web.New(web.Options{Latest: func() *engine.Report { return r }, Ring: recent.New(), Interval: 10 * time.Second, Now: func() time.Time { return r.At }})
	for _, path := range []string{
		"/", "/decisions", "/group?cluster=main&group=shop", "/rebalances", "/status",
		"/api/v1/groups", "/api/v1/decisions", "/api/v1/rebalances", "/api/v1/status", "/api/v1/lag", "/api/v1/group?cluster=main&group=shop", "/api/v1/compare?scaler=shop/orders",
	} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		out[path] = w.Body.String()
	}
	page := metrics.New(metrics.Options{Latest: func() *engine.Report { return r }})
	for path, handler := range map[string]http.Handler{"/metrics": page, "/metrics/compat": page.Compat()} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		out[path] = w.Body.String()
	}
	for _, f := range []output.LagFormat{output.LagTable, output.LagWide} {
		var b strings.Builder
		if err := f.Print(&b, api.LagOf(r), output.Reading{Timed: true}); err != nil {
			t.Fatal(err)
		}
		out["lag -o "+string(f)] = b.String()
	}
	for _, s := range web.DecisionsOf(r) {
		var b strings.Builder
		explain(&b, s)
		out["explain"], out["line"] = b.String(), s.Line
	}
	kubernetes(t, r.Scalers[0].Outcome, r.At, out)
	return out
}

// kubernetes are the Events, the conditions and the whole status of a KafkaScaler.
func kubernetes(t *testing.T, o scaler.Outcome, now time.Time, out map[string]string) {
	t.Helper()
	s, events := kube.Shown(o, now)
	out["events"] = strings.Join(events, "\n")
	var conditions []string
	for _, c := range s.Conditions {
		conditions = append(conditions, c.Type+" "+string(c.Status)+" "+c.Reason+": "+c.Message)
	}
	out["conditions"] = strings.Join(conditions, "\n")
	status, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out["status"] = string(status)
}

var (
	tags    = regexp.MustCompile(`(?s)<(script|style|svg|head)\b.*?</(script|style|svg|head)>|<[^>]*>`)
	numbers = regexp.MustCompile(`(^|[^\w.:-])0(\.0+)?( ?(/s|s|%|records?|replicas?|partitions?|members?|min|d)\b|/s|$|[^\w.:])`)
)

// counted are the JSON keys that count what this process saw or what is declared: 0 of them is known. The second list are the
// fields of a decision, each of which has a companion that says that it is unknown.
var counted = map[string]string{
	"connections": "", "throttledSeconds": "", "refusedRequests": "", "refusedConnections": "", "pacedSeconds": "", // of this process
	"joins": "", "leaves": "", "rebalancesPerHour": "", "timeShare": "", "churnPerMinute": "",
	"advice": "", "page": "", "count": "", "samples": "", "sampleSeconds": "", "leaderChanges": "", "duplicates": "", "total": "", "minReplicas": "", "maxReplicas": "", "fallbackReplicas": "", "activationLag": "", "min": "",
	"rate": "rateKnown", "consumed": "rateKnown", "forecast": "rateKnown", "base": "rateKnown", "backlog": "rateKnown", "drainRate": "rateKnown",
	"required": "rateKnown", "peak": "rateKnown", "peakRequired": "rateKnown",
	"lag": "lagKnown", "maxLag": "lagKnown", "lagSeconds": "lagKnown", "movingSeconds": "lagKnown",
	"perConsumer": "capacity", "partitions": "rateKnown", "members": "rateKnown", "useful": "rateKnown", "ageSeconds": "",
	"current": "verdict", "desired": "verdict", "wanted": "verdict", "ready": "verdict", "joined": "verdict", "deciderIndex": "verdict",
}

// rebalances is a cluster whose group has rebalanced since the first poll, so that nobody has said yet who is in it and what it
// reads. It has no commit.
func rebalances() *lag.Observation {
	return &lag.Observation{
		Cluster: "main", Began: start.Add(-6 * time.Second), At: start.Add(-5 * time.Second), Brokers: []lag.Broker{{ID: 1, Host: "kafka", Port: 9092}},
		Topics: []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{{Start: 7, End: 70, Leader: 1, Known: lag.KnownStart | lag.KnownEnd}}}},
		Groups: []lag.GroupRead{{
			GroupState: lag.GroupState{Group: "shop", Type: lag.Classic, State: lag.PreparingRebalance, Coordinator: 1},
			Generation: lag.NoGeneration, Epoch: lag.NoGeneration, AssignmentEpoch: lag.NoGeneration,
		}},
	}
}

// halfSilent is a cluster whose group has read everything of one partition. The other one does not answer.
func halfSilent() *lag.Observation {
	o := rebalances()
	g := &o.Groups[0]
	g.State, g.Described = lag.Stable, true
	g.Members = []lag.Member{{ID: "m", Topics: []string{"orders"}, Assigned: []lag.TopicPartitions{{Topic: "orders", Partitions: []int32{0, 1}}}}}
	g.Commits = []lag.TopicCommits{{Topic: "orders", Partitions: []lag.PartitionCommit{
		{Partition: 0, Offset: 70, Known: lag.KnownCommitted}, {Partition: 1, Offset: 70, Known: lag.KnownCommitted},
	}}}
	o.Topics = []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{
		{Start: 7, End: 70, Leader: 1, Known: lag.KnownStart | lag.KnownEnd}, {Leader: -1, Err: lag.LeaderNotAvailable},
	}}}
	o.Errors = []lag.ReadError{{Stage: lag.StageOffsets, Broker: -1, Code: lag.LeaderNotAvailable}}
	return o
}

// elsewhere is a cluster whose group reads another topic than the one that the scaler names, which does not exist.
func elsewhere() *lag.Observation {
	o := halfSilent()
	o.Topics[0].Partitions[1] = lag.PartitionRead{Start: 7, End: 70, Leader: 1, Known: lag.KnownStart | lag.KnownEnd}
	o.Errors, o.Absent = nil, []string{"ordres"}
	return o
}

// worlds are those in which nothing is known of the group: the target is there or not, or the scaler is refused.
func worlds(t *testing.T) map[string]silent {
	return map[string]silent{
		"no target":                {t: t, mode: scaler.Advise},
		"no target, act":           {t: t, mode: scaler.Act},
		"a target of 3":            {t: t, mode: scaler.Advise, target: seen.Workload{Found: true, HasScale: true, Spec: 3, Status: 3, Ready: 3}},
		"a target of 3, act":       {t: t, mode: scaler.Act, target: seen.Workload{Found: true, HasScale: true, Spec: 3, Status: 3, Ready: 3}},
		"a target without a scale": {t: t, mode: scaler.Act, target: seen.Workload{Found: true}},
		"it has rebalanced since": {
			t: t, mode: scaler.Act, target: seen.Workload{Found: true, HasScale: true, Spec: 3, Status: 3, Ready: 3}, answers: rebalances(),
		},
		"its size is not read yet": {
			t: t, mode: scaler.Act, refusal: scaler.RefuseTarget("NotReadYet", "reading the size of Deployment/shop/orders"),
		},
	}
}

// Nothing is known, and no output has a number for it.
func TestNothingKnownIsNoNumber(t *testing.T) {
	for world, s := range worlds(t) {
		e := engine.New(engine.Settings{Mode: s.mode, Clusters: []engine.Cluster{{Name: "main", Source: s}}}, engine.Options{Targets: s})
		for polls := range 3 {
			e.Tick(t.Context(), start.Add(time.Duration(polls)*10*time.Second))
			for name, text := range outputs(t, e.Latest()) {
				t.Run(fmt.Sprint(world, ", ", name, " after poll ", polls+1), func(t *testing.T) { noZero(t, name, text) })
			}
		}
	}
}

// A number of which only a part is known is not shown as if it were all: nothing waits in one partition, and the other does not
// answer. Twin: both answer.
func TestHalfKnownIsNotAll(t *testing.T) {
	target := seen.Workload{Found: true, HasScale: true, Spec: 1, Status: 1, Ready: 1}
	both := halfSilent()
	both.Topics[0].Partitions[1], both.Errors = both.Topics[0].Partitions[0], nil
	for _, c := range []struct {
		name     string
		answers  *lag.Observation
		late     string // in JSON
		lagText  string // in the status
		timeLag  string
		complete string
	}{
		{"half", halfSilent(), `"lateSeconds":null`, ">=0", "", `"complete":false`},
		{"twin: all", both, `"lateSeconds":0`, "0", "0s", `"complete":true`},
	} {
		s := silent{t: t, mode: scaler.Advise, target: target, answers: c.answers}
		e := engine.New(engine.Settings{Mode: s.mode, Clusters: []engine.Cluster{{Name: "main", Source: s}}}, engine.Options{Targets: s})
		for polls := range 3 {
			e.Tick(t.Context(), start.Add(time.Duration(polls)*10*time.Second))
		}
		out := outputs(t, e.Latest())
		for _, path := range []string{"/api/v1/groups", "/api/v1/decisions", "/api/v1/group?cluster=main&group=shop"} {
			if text := strings.ReplaceAll(out[path], " ", ""); !strings.Contains(text, c.late) || !strings.Contains(text, c.complete) {
				t.Errorf("%s, %s: want %s and %s in %s", c.name, path, c.late, c.complete, text)
			}
		}
		if late := strings.Contains(out["/metrics"], "lagscaler_group_max_lag_seconds{"); late != (c.timeLag != "") {
			t.Errorf("%s: the metric of the time lag is there: %v", c.name, late)
		}
		status, _ := kube.Shown(e.Latest().Scalers[0].Outcome, start)
		if status.LagText != c.lagText || status.TimeLag != c.timeLag {
			t.Errorf("%s: lag %q, time lag %q in the status, want %q and %q", c.name, status.LagText, status.TimeLag, c.lagText, c.timeLag)
		}
	}
}

// What the scaler names is not read by the group: its lag is not known, and is not that of other topics.
func TestTheLagOfATopicThatDoesNotExist(t *testing.T) {
	target := seen.Workload{Found: true, HasScale: true, Spec: 1, Status: 1, Ready: 1}
	s := silent{t: t, mode: scaler.Advise, target: target, topics: []string{"ordres"}, answers: elsewhere()}
	e := engine.New(engine.Settings{Mode: s.mode, Clusters: []engine.Cluster{{Name: "main", Source: s}}}, engine.Options{Targets: s})
	for polls := range 3 {
		e.Tick(t.Context(), start.Add(time.Duration(polls)*10*time.Second))
		out := outputs(t, e.Latest())
		for _, name := range []string{"explain", "line", "status", "/api/v1/decisions", "/decisions"} {
			noZero(t, name, out[name])
		}
		if status, _ := kube.Shown(e.Latest().Scalers[0].Outcome, start); status.Lag != nil {
			t.Errorf("lag %d of a topic that does not exist", *status.Lag)
		}
	}
}

// False is not unknown, either: a condition says False only of what is known.
func TestConditionsOfWhatIsNotKnown(t *testing.T) {
	want := map[string]string{
		"no target":                "Ready=False Active=Unknown AbleToScale=False ScalingLimited=Unknown",
		"no target, act":           "Ready=False Active=Unknown AbleToScale=False ScalingLimited=Unknown",
		"a target of 3":            "Ready=Unknown Active=True AbleToScale=False ScalingLimited=False",
		"a target without a scale": "Ready=False Active=Unknown AbleToScale=False ScalingLimited=Unknown",
		"it has rebalanced since":  "Ready=True Active=True AbleToScale=False ScalingLimited=False",
		"a target of 3, act":       "Ready=Unknown Active=True AbleToScale=False ScalingLimited=False",
		"its size is not read yet": "Ready=False Active=Unknown AbleToScale=False ScalingLimited=Unknown",
	}
	for world, s := range worlds(t) {
		e := engine.New(engine.Settings{Mode: s.mode, Clusters: []engine.Cluster{{Name: "main", Source: s}}}, engine.Options{Targets: s})
		for polls := range 3 {
			e.Tick(t.Context(), start.Add(time.Duration(polls)*10*time.Second))
		}
		status, _ := kube.Shown(e.Latest().Scalers[0].Outcome, start)
		var got []string
		for _, c := range status.Conditions[:4] {
			got = append(got, c.Type+"="+string(c.Status))
		}
		if text := strings.Join(got, " "); text != want[world] {
			t.Errorf("%s: %s, want %s", world, text, want[world])
		}
	}
}

// Commands that compute a table from what they are given print none when they are given nothing: they say what is missing.
func TestCommandsGivenNothing(t *testing.T) {
	s := worlds(t)["a target of 3"]
	e := engine.New(engine.Settings{Mode: s.mode, Clusters: []engine.Cluster{{Name: "main", Source: s}}}, engine.Options{Targets: s})
	e.Tick(t.Context(), start)
	server := httptest.NewServer(web.New(web.Options{Latest: e.Latest, Ring: recent.New(), Interval: 10 * time.Second, Now: func() time.Time { return start }}))
	defer server.Close()
	nothing := filepath.Join(t.TempDir(), "nothing.csv")
	if err := os.WriteFile(nothing, []byte("t_s,count\n0,0\n60,0.4\n120,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"compare", "shop/orders", "--server", server.URL},
		{"compare", "shop/orders", "--server", server.URL, "-o", "json"},
		{"plan"},
		{"plan", "--rate", "100"},
		{"plan", "--processing-time", "50ms"},
		{"plan", "-o", "json"},
		{"simulate", "--trace", nothing},
		{"simulate", "--trace", nothing, "-o", "json"},
	} {
		var out strings.Builder
		cmd := newRoot()
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(io.Discard)
		if err := cmd.ExecuteContext(t.Context()); err == nil || out.Len() > 0 {
			t.Errorf("%v: %v, prints %q", args, err, out.String())
		}
	}
}

// What compare knows only in part it does not print as a number, and not as complete.
func TestCompareOfWhatIsPartlyKnown(t *testing.T) {
	page := web.ComparePage{Name: "shop/orders", TargetLag: 30, Preset: "balanced", MinReplicas: 1}
	for i := range 24 {
		s := web.Step{Time: start.Add(time.Duration(i) * 5 * time.Minute), Rate: 300, Replicas: 10, Desired: 6}
		if i < 6 {
			s.Late = new(90.0)
		}
		page.Steps = append(page.Steps, s)
	}
	for name, c := range map[string]struct {
		steps []web.Step
		want  []string // how long is recorded, and what was late
	}{
		"no time lag is known":         {page.Steps[6:], []string{"1.5 h", "-"}},
		"the time lag of half an hour": {page.Steps, []string{"2.0 h", "100.00 (of 0.5 h)"}},
	} {
		of := page
		of.Steps = c.steps
		var b strings.Builder
		if err := printCompared(&b, of, compareDays(of)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		all := regexp.MustCompile(` {2,}`).Split(lines[len(lines)-1], -1)
		if len(all) != 7 || all[1] != c.want[0] || all[4] != "-" || all[5] != c.want[1] || all[6] != "-" {
			t.Errorf("%s: %q", name, all)
		}
	}
}

func noZero(t *testing.T, name, text string) {
	t.Helper()
	switch {
	case strings.HasPrefix(name, "/api/") || name == "status":
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		noZeroKey(t, v)
	case strings.HasPrefix(name, "/metrics"):
		for line := range strings.Lines(text) {
			series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
			counts := strings.Contains(series, "_total") || strings.Contains(series, "_bucket")
			of := strings.HasPrefix(name, "/metrics/compat") || strings.HasPrefix(series, "lagscaler_group_") && (strings.Contains(series, "lag") || strings.Contains(series, "members")) ||
				strings.HasPrefix(series, "lagscaler_scaler_") && (strings.Contains(series, "replicas") || strings.Contains(series, "records"))
			if of && !counts && value == "0" && !strings.Contains(series, "slo") {
				t.Error(line)
			}
		}
	default:
		plain := html.UnescapeString(tags.ReplaceAllString(text, " "))
		for line := range strings.Lines(plain) {
			line = strings.ReplaceAll(strings.TrimSpace(line), "\u00a0", " ")
			if numbers.MatchString(line) && !isCount(line) {
				t.Errorf("%q", line)
			}
		}
	}
}

// isCount reports whether a line of a page counts what this process saw.
func isCount(line string) bool {
	for _, known := range []string{"joined,", "Rebalances", "rebalances", "Leader changes", "samples", "0 % is the best", " ago", "has waited for", "Connections"} {
		if strings.Contains(line, known) {
			return true
		}
	}
	return false
}

// noZeroKey looks for a key that is 0 and does not count what is known. Beside one that has a companion, that says unknown.
func noZeroKey(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			noZeroKey(t, one)
		}
	case map[string]any:
		for key, one := range v {
			noZeroKey(t, one)
			if one != 0.0 {
				continue
			}
			companion, counts := counted[key]
			switch says := v[companion]; {
			case !counts:
				t.Errorf("%q is 0 in %v", key, v)
			case says == true || companion == "capacity" && says != "unknown":
				t.Errorf("%q is 0, and %q is %v, in %v", key, companion, says, v)
			}
		}
	}
}
