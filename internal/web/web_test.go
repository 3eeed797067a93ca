package web

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
)

var t0 = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// report is a cluster with the given groups, each with one partition and a lag of its index, polled twice.
func report(t testing.TB, names ...string) *engine.Report {
	t.Helper()
	var history lag.History
	var s *lag.Snapshot
	var rates []lag.Rates
	for poll := range 2 {
		at := t0.Add(time.Duration(poll) * 10 * time.Second)
		o := lag.Observation{Cluster: "main", Began: at, At: at, Brokers: []lag.Broker{{ID: 1, Host: "127.0.0.1"}}}
		o.Topics = []lag.TopicRead{{Name: "orders", Partitions: []lag.PartitionRead{{End: 20_000, At: at.UnixMilli(), Known: lag.KnownStart | lag.KnownEnd}}}}
		for i, n := range names {
			o.Groups = append(o.Groups, lag.GroupRead{
				GroupState: lag.GroupState{At: at, Group: n, State: lag.Stable, Type: lag.Classic}, Protocol: "consumer", Described: true, CommitsAt: at,
				Commits: []lag.TopicCommits{{Topic: "orders", Partitions: []lag.PartitionCommit{{Offset: int64(20_000 - i), Known: lag.KnownCommitted}}}},
			})
		}
		slices.SortFunc(o.Groups, func(a, b lag.GroupRead) int { return strings.Compare(a.Group, b.Group) })
		s = lag.Compute(o, s, nil)
		rates = history.Add(s, func(string) lag.SLO { return lag.DefaultSLO })
	}
	c := engine.ClusterReport{
		Name: "main", Snapshot: s, Rates: rates,
		Members: make([]rebalancemon.Stats, len(rates)), SLOs: make([]lag.SLO, len(rates)),
	}
	if len(names) > 0 {
		c.Members[0].Events = []rebalancemon.Event{{
			Cluster: "main", Group: s.Groups[0].Group, Start: t0, End: t0.Add(3 * time.Second), Outcome: rebalancemon.Success,
			Cause: rebalancemon.Scaling, Evidence: "resized from 2 to 4", Count: 1, Joined: 2, Generation: lag.NoGeneration,
		}}
	}
	return &engine.Report{
		At: t0.Add(10 * time.Second), Leader: true, Mode: scaler.Advise, Clusters: []engine.ClusterReport{c},
		Polls: []engine.PollStats{{Cluster: "main", LastBegan: t0.Add(10 * time.Second), LastSuccess: t0.Add(10 * time.Second)}},
	}
}

func serve(r *engine.Report) http.Handler {
	ring := NewRing()
	if r != nil {
		ring.Add(r)
	}
	return New(Options{
		Latest: func() *engine.Report { return r }, Ring: ring, Interval: 10 * time.Second, Version: "test",
		Config: func() string { return "mode: advise" }, Now: func() time.Time { return t0.Add(12 * time.Second) },
	})
}

func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// Every page answers, and so does its JSON twin; neither allows anything from elsewhere.
func TestPagesAndTwins(t *testing.T) {
	rep := report(t, "alpha", "beta")
	rep.Scalers = []engine.ScalerReport{{Scaler: engine.Scaler{Name: "shop/orders", Sources: []scaler.SourceSpec{{Cluster: "main", Group: "beta"}}}}}
	h := serve(rep)
	queries := map[string]string{"/api/v1/group": "?cluster=main&group=beta", "/api/v1/compare": "?scaler=shop/orders"}
	for _, r := range routes {
		query := queries[r.twin]
		w := get(t, h, r.twin+query)
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %.200s", r.twin, w.Code, w.Body)
		}
		if r.page == "" {
			continue
		}
		path := strings.TrimSuffix(r.page, "{$}") + query
		w = get(t, h, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<h1>") {
			t.Errorf("%s: %d %.300s", path, w.Code, w.Body)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: content security policy %q", path, csp)
		}
		if m := regexp.MustCompile(`(?i) (style|on[a-z]+)="|<script>|https?://`).FindString(w.Body.String()); m != "" {
			t.Errorf("%s holds %q, which the content security policy forbids or which leads elsewhere", path, m)
		}
	}
}

// docs/api.md has a section for every path, and no other.
func TestDocumentedPaths(t *testing.T) {
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^## `GET (/api/v1/[a-z]+)`").FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, m[1])
	}
	var handled []string
	for _, r := range routes {
		handled = append(handled, r.twin)
	}
	slices.Sort(documented)
	slices.Sort(handled)
	if !slices.Equal(documented, handled) {
		t.Errorf("documented %v\nhandled    %v", documented, handled)
	}
}

func TestHostileNamesAreText(t *testing.T) {
	names := []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "new\nline", "\u202eright-to-left", "a/b?c=d&e#f", "100%"}
	h := serve(report(t, names...))
	page := get(t, h, "/").Body.String()
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") {
		t.Error("a name became markup")
	}
	for _, n := range names {
		q := url.Values{"cluster": {"main"}, "group": {n}}.Encode()
		if w := get(t, h, "/group?"+q); w.Code != http.StatusOK {
			t.Errorf("%q: %d", n, w.Code)
		}
		var twin GroupPage
		if err := json.Unmarshal(get(t, h, "/api/v1/group?"+q).Body.Bytes(), &twin); err != nil || twin.Row.Group != n {
			t.Errorf("%q came back as %q (%v)", n, twin.Row.Group, err)
		}
	}
}

func TestGroupsSearchSortAndPages(t *testing.T) {
	names := make([]string, 120)
	for i := range names {
		names[i] = fmt.Sprintf("group-%03d", i)
	}
	h := serve(report(t, names...))
	for _, c := range []struct {
		query       string
		total, rows int
		first       string
	}{
		{"?sort=lag&desc=1", 120, 50, "group-119"},
		{"?sort=lag&desc=1&page=3", 120, 20, "group-019"},
		{"?sort=group", 120, 50, "group-000"},
		{"?sort=group&q=group-11", 10, 10, "group-110"},
		{"?sort=group&q=GROUP-05+main", 10, 10, "group-050"},
		{"?sort=group&q=nothing", 0, 0, ""},
		{"?sort=group&page=99", 120, 20, "group-100"},
		{"?sort=group&page=-5", 120, 50, "group-000"},
	} {
		var got GroupsPage
		w := get(t, h, "/api/v1/groups"+c.query)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		first := ""
		if len(got.Rows) > 0 {
			first = got.Rows[0].Group
		}
		if got.Total != c.total || len(got.Rows) != c.rows || first != c.first {
			t.Errorf("%s: %d found, %d shown, first %q; want %d, %d, %q", c.query, got.Total, len(got.Rows), first, c.total, c.rows, c.first)
		}
	}
	if w := get(t, h, "/api/v1/groups?sort=colour"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "colour") {
		t.Errorf("an unknown column: %d %s", w.Code, w.Body)
	}
}

// What does not print is spelled out.
func TestVisible(t *testing.T) {
	for name, want := range map[string]string{
		"orders":           "orders",
		"grüße шалом שלום": "grüße шалом שלום",
		"new\nline\x00":    `new\nline\x00`,
		"\u202etxt\u2066":  `\u202etxt\u2066`,
		"soft\u00adhyphen": `soft\u00adhyphen`,
		"":                 "(empty)",
	} {
		if got := visible(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Every status but the one in which all is well says what it means.
func TestMeanings(t *testing.T) {
	for _, s := range lag.Statuses {
		if words, ok := meanings[s]; !ok || (words == "") != (s == lag.StatusOK) {
			t.Errorf("%s means %q", s, words)
		}
	}
}

// happened are rebalances of two groups: alpha's by deploy at even minutes, beta's by scaling at odd ones; each third failed.
func happened(r *engine.Report, n int) {
	for i := range n {
		g, cause, outcome := i%2, rebalancemon.Deploy, rebalancemon.Success
		if g == 1 {
			cause = rebalancemon.Scaling
		}
		if i%3 == 0 {
			outcome = rebalancemon.Failed
		}
		m := &r.Clusters[0].Members[g]
		m.Events = append(slices.Clone(m.Events), rebalancemon.Event{
			Cluster: "main", Group: r.Clusters[0].Snapshot.Groups[g].Group, Count: 1,
			Start: t0.Add(time.Duration(i) * time.Minute), End: t0.Add(time.Duration(i)*time.Minute + time.Second), Outcome: outcome, Cause: cause,
		})
	}
}

func TestRebalancesSearchAndPages(t *testing.T) {
	r := report(t, "alpha", "beta")
	r.Clusters[0].Members[0].Events = nil
	happened(r, 120)
	h := serve(r)
	for _, c := range []struct {
		query        string
		total, shown int
		first, last  int // minutes
		causes       string
	}{
		{"", 120, 50, 119, 70, "[{deploy 60} {scaling 60}]"},
		{"?page=3", 120, 20, 19, 0, "[{deploy 60} {scaling 60}]"},
		{"?page=all", 120, 120, 119, 0, "[{deploy 60} {scaling 60}]"},
		{"?q=ALPHA", 60, 50, 118, 20, "[{deploy 60}]"},
		{"?q=failed", 40, 40, 117, 0, "[{deploy 20} {scaling 20}]"},
		{"?q=failed+beta", 20, 20, 117, 3, "[{scaling 20}]"},
		{"?q=deploy+success&group=alpha", 40, 40, 118, 2, "[{deploy 40}]"},
		{"?q=deploy&group=beta", 0, 0, 0, 0, "[]"},
		{"?group=gamma", 0, 0, 0, 0, "[]"},
	} {
		var got RebalancesPage
		if err := json.Unmarshal(get(t, h, "/api/v1/rebalances"+c.query).Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		if causes := fmt.Sprint(got.Causes); got.Total != c.total || len(got.Events) != c.shown || len(causes) != len(c.causes) {
			t.Errorf("%s: %d found, %d shown, causes %s; want %d, %d, %s", c.query, got.Total, len(got.Events), causes, c.total, c.shown, c.causes)
			continue
		}
		if c.shown == 0 {
			continue
		}
		minute := func(i int) int { return int(got.Events[i].Start.Sub(t0).Minutes()) }
		if minute(0) != c.first || minute(c.shown-1) != c.last {
			t.Errorf("%s: minutes %d to %d, want %d to %d", c.query, minute(0), minute(c.shown-1), c.first, c.last)
		}
	}
}

// A later report's rebalances are counted, those of groups in which nothing happened from before.
func TestTalliesFollowReports(t *testing.T) {
	before := report(t, "alpha", "beta")
	before.Clusters[0].Members[0].Events = nil
	happened(before, 4)
	var d digests
	counted := d.tallies(before)
	after := report(t, "alpha", "beta")
	after.Clusters[0].Members = slices.Clone(before.Clusters[0].Members)
	happened(after, 1)
	beta := before.Clusters[0].Members[1].Events
	next := d.tallies(after)
	if len(next) != 2 || &next[&beta[1]][0] != &counted[&beta[1]][0] {
		t.Errorf("%d tallies, and that of a quiet group was made anew", len(next))
	}
	alpha := after.Clusters[0].Members[0].Events
	if got := next[&alpha[2]]; len(got) != 2 || got[0].events+got[1].events != 3 {
		t.Errorf("of three events: %+v", got)
	}
}

func TestDecisionsSearchAndPages(t *testing.T) {
	r := report(t, "alpha")
	for i := range 60 {
		s := engine.ScalerReport{Scaler: engine.Scaler{Name: fmt.Sprintf("shop/scaler-%02d", i), Sources: []scaler.SourceSpec{{Cluster: "main", Group: "alpha"}}}}
		s.Decision.Verdict = scaler.Steady
		if i%10 == 0 {
			s.Decision.Verdict = scaler.ScaleUp
		}
		r.Scalers = append(r.Scalers, s)
	}
	h := serve(r)
	for _, c := range []struct {
		query        string
		total, shown int
		first        string
		verdicts     int
	}{
		{"", 60, 50, "shop/scaler-00", 2},
		{"?page=2", 60, 10, "shop/scaler-50", 2},
		{"?page=all", 60, 60, "shop/scaler-00", 2},
		{"?q=scaleup", 6, 6, "shop/scaler-00", 1},
		{"?q=Alpha+scaler-4", 10, 10, "shop/scaler-40", 2},
		{"?q=nothing", 0, 0, "", 0},
	} {
		var got DecisionsPage
		if err := json.Unmarshal(get(t, h, "/api/v1/decisions"+c.query).Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		first := ""
		if len(got.Scalers) > 0 {
			first = got.Scalers[0].Name
		}
		if got.Total != c.total || len(got.Scalers) != c.shown || first != c.first || len(got.Verdicts) != c.verdicts {
			t.Errorf("%s: %d found, %d shown, first %q, %v; want %+v", c.query, got.Total, len(got.Scalers), first, got.Verdicts, c)
		}
	}
}

// Each trouble is on every page, says where and what, and what to do.
func TestProblemsSayWhatToDo(t *testing.T) {
	scaled := func(s engine.ScalerReport) func(*engine.Report) {
		return func(r *engine.Report) { s.Name = "shop/orders"; r.Scalers = []engine.ScalerReport{s} }
	}
	owned := scaler.Workload{Owner: scaler.Owner{Kind: "HorizontalPodAutoscaler", Name: "orders-hpa"}}
	cluster := func(e lag.ReadError) func(*engine.Report) {
		return func(r *engine.Report) { r.Clusters[0].Snapshot.Errors = []lag.ReadError{e} }
	}
	group := func(code lag.ErrorCode) func(*engine.Report) {
		return func(r *engine.Report) { r.Clusters[0].Snapshot.Groups[1].Err = code }
	}
	for _, c := range []struct {
		name    string
		trouble func(*engine.Report)
		want    []string
	}{
		{
			"Kafka is unreachable", cluster(lag.ReadError{Stage: lag.StageConnect, Broker: -1, Code: lag.Unreachable, Detail: "dial tcp 127.0.0.1:9092: connection refused"}),
			[]string{"main", "connection refused", "check the address, the listener and the network policy"},
		},
		{
			"a right on the cluster is missing", cluster(lag.ReadError{Stage: lag.StageList, Broker: 2, Code: lag.ClusterDenied}),
			[]string{"broker 2, list groups: CLUSTER_AUTHORIZATION_FAILED", "grant DESCRIBE on the cluster"},
		},
		{
			"a right on a group is missing", group(lag.GroupDenied),
			[]string{"groups that could not be read: GROUP_AUTHORIZATION_FAILED", "group=beta", "grant DESCRIBE on the group", "lagscaler check"},
		},
		{
			"a right on a topic is missing", cluster(lag.ReadError{Stage: lag.StageMetadata, Broker: -1, Code: lag.TopicDenied}),
			[]string{"grant DESCRIBE on the topic"},
		},
		{"a group is partial", func(r *engine.Report) {
			p := &r.Clusters[0].Snapshot.Groups[1].Topics[0].Partitions[0]
			p.Known, p.Err = p.Known&^lag.KnownEnd, lag.LeaderNotAvailable
		}, []string{"some partitions did not answer", "group=beta", "their lag is at least what is shown, and they are never scaled down"}},
		{
			"a right in Kubernetes is missing", scaled(engine.ScalerReport{Scaler: engine.Scaler{Refused: "MissingRight: the right to list deployments.apps in shop is missing"}}),
			[]string{"shop/orders", "the right to list deployments.apps in shop is missing", "nothing is decided for this scaler until that is mended"},
		},
		{
			"a write is denied", scaled(engine.ScalerReport{Disposition: scaler.Failed, Failure: `deployments.apps "orders" is forbidden`}),
			[]string{"a write failed", "is forbidden", "check the rights of the service account"},
		},
		{
			"another controller owns the target", scaled(engine.ScalerReport{Disposition: scaler.Conflict, Scaler: engine.Scaler{Workload: owned}}),
			[]string{"HorizontalPodAutoscaler orders-hpa owns the target", "remove or pause it, or let this scaler advise"},
		},
		{
			"somebody else was faster", scaled(engine.ScalerReport{Disposition: scaler.Conflict, Failure: "orders has 7 replicas, not 4"}),
			[]string{"orders has 7 replicas, not 4", "decided anew at the next poll"},
		},
		{
			"a hold does not end", scaled(engine.ScalerReport{Decision: scaler.Decision{Verdict: scaler.Stalled, Overdue: true}}),
			[]string{"a hold is past its deadline: Stalled", "LagscalerHoldOverdue"},
		},
		{
			"nothing is read any more", func(r *engine.Report) { r.Polls[0].LastSuccess = t0.Add(-5 * time.Minute) },
			[]string{"nothing was read for 5.2 min", "what is shown is as old as that; scalers hold meanwhile"},
		},
	} {
		r := report(t, "alpha", "beta")
		c.trouble(r)
		h := serve(r)
		for _, path := range []string{"/", "/decisions", "/status"} {
			page := get(t, h, path).Body.String()
			_, section, _ := strings.Cut(page, `<section class="problems"`)
			section, _, _ = strings.Cut(section, "</section>")
			for _, want := range c.want {
				if !strings.Contains(section, html.EscapeString(want)) && !strings.Contains(section, want) {
					t.Errorf("%s: %s does not say %q:\n%s", c.name, path, want, section)
				}
			}
		}
	}
}

// What the program around the report has to say comes first.
func TestTroublesAroundTheReport(t *testing.T) {
	r := report(t, "alpha")
	h := New(Options{
		Latest: func() *engine.Report { return r }, Ring: NewRing(), Now: func() time.Time { return r.At },
		Troubles: func() []Problem {
			return []Problem{{Where: "Kubernetes", What: "the right to create events is missing", Do: "grant it", Count: 1}}
		},
	})
	var status StatusPage
	if err := json.Unmarshal(get(t, h, "/api/v1/status").Body.Bytes(), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Problems) != 1 || status.Problems[0].Do != "grant it" {
		t.Errorf("%+v", status.Problems)
	}
}

func TestHealth(t *testing.T) {
	fresh, old := report(t, "a"), report(t, "a")
	old.Polls[0].LastBegan = t0.Add(-2 * time.Minute)
	down := report(t, "a")
	down.Polls[0].LastSuccess = time.Time{} // Kafka is down; polling goes on
	for _, c := range []struct {
		name         string
		report       *engine.Report
		live, readyz int
	}{
		{"starting", nil, http.StatusOK, http.StatusServiceUnavailable},
		{"polling", fresh, http.StatusOK, http.StatusOK},
		{"Kafka is down", down, http.StatusOK, http.StatusOK},
		{"no progress", old, http.StatusServiceUnavailable, http.StatusOK},
	} {
		h := serve(c.report)
		if live, ready := get(t, h, "/healthz").Code, get(t, h, "/readyz").Code; live != c.live || ready != c.readyz {
			t.Errorf("%s: live %d, ready %d; want %d, %d", c.name, live, ready, c.live, c.readyz)
		}
	}
}

func TestRing(t *testing.T) {
	ring := NewRing()
	for i := range 2000 {
		r := report(t, "a")
		r.Clusters[0].Snapshot.At = t0.Add(time.Duration(i) * 10 * time.Second)
		ring.Add(r)
		ring.Add(r) // published again without a new poll
	}
	s := ring.Series("main", "a")
	if len(s.Seconds) != ringSamples || len(s.Lag) != ringSamples {
		t.Fatalf("%d times, %d samples, want %d", len(s.Seconds), len(s.Lag), ringSamples)
	}
	if span := s.Seconds[len(s.Seconds)-1] - s.Seconds[0]; span != (ringSamples-1)*10 {
		t.Errorf("spans %v s", span)
	}
	if got := ring.Series("main", "nobody"); len(got.Seconds) != 0 || got.Lag == nil {
		t.Errorf("an unknown group has %v", got)
	}
}

// The ring shrinks its reach rather than pass its budget.
func TestRingStaysWithinItsBudget(t *testing.T) {
	for _, groups := range []int{1, 10_000, 100_000} {
		r := &engine.Report{Clusters: []engine.ClusterReport{{Snapshot: &lag.Snapshot{Groups: make([]lag.GroupLag, groups)}}}}
		if limit := sampleLimit(r); limit < 100 || limit*groups*sampleBytes > ringBudget {
			t.Errorf("%d groups: %d samples each", groups, limit)
		}
	}
}

func BenchmarkGroupsPage(b *testing.B) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("team-%d.service-%d", i%40, i)
	}
	h := serve(report(b, names...))
	for b.Loop() {
		if w := get(b, h, "/?sort=lag&desc=1&q=team-7"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
