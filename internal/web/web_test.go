package web

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/lagscaler/lagscaler/internal/history"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
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
	c := &engine.ClusterReport{Name: "main", Snapshot: s}
	for i := range s.Groups {
		c.Groups = append(c.Groups, engine.GroupReport{Lag: &s.Groups[i], Summary: s.Groups[i].Summary(), Rates: rates[i]})
	}
	if len(names) > 0 {
		c.Groups[0].Rebalances.Events = rebalancemon.NewEvents([]rebalancemon.Event{{
			Cluster: "main", Group: s.Groups[0].Group, Start: t0, End: t0.Add(3 * time.Second), Outcome: rebalancemon.Success,
			Cause: rebalancemon.Scaling, Evidence: "resized from 2 to 4", Count: 1, Joined: 2, Generation: lag.NoGeneration,
		}})
	}
	return &engine.Report{
		At: t0.Add(10 * time.Second), Leader: true, Mode: scaler.Advise, Clusters: []*engine.ClusterReport{c},
		Polls: []engine.PollStats{{Cluster: "main", LastBegan: t0.Add(10 * time.Second), LastSuccess: t0.Add(10 * time.Second)}},
	}
}

// alter changes a group's lag, and adds it up anew.
func alter(r *engine.Report, group int, change func(*lag.GroupLag)) {
	g := &r.Clusters[0].Groups[group]
	change(g.Lag)
	g.Summary = g.Lag.Summary()
}

func handlerOf(r *engine.Report) http.Handler {
	ring := recent.New()
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
	rep.Scalers = []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Sources: []seen.SourceSpec{{Cluster: "main", Group: "beta"}}}}}}
	ring := recent.New()
	ring.Add(rep)
	h := New(Options{
		Latest: func() *engine.Report { return rep }, Ring: ring, Interval: 10 * time.Second, Now: func() time.Time { return t0 },
		History: func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
			return history.Group{Step: time.Minute}, nil
		},
	})
	queries := map[string]string{"/api/v1/group": "?cluster=main&group=beta", "/api/v1/history": "?cluster=main&group=beta", "/api/v1/compare": "?scaler=shop/orders", "/api/v1/price": "?scaler=shop/orders", "/api/v1/release": "?scaler=shop/orders&since=10m", "/api/v1/scaler": "?scaler=shop/orders"}
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

// The page of a group has the picture of the scaler that scales it; that of another group does not.
func TestGroupHasThePictureOfItsScaler(t *testing.T) {
	rep := report(t, "alpha", "beta")
	rep.Scalers = []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Sources: []seen.SourceSpec{{Cluster: "main", Group: "beta"}}}}}}
	h := handlerOf(rep)
	for group, want := range map[string]bool{"beta": true, "alpha": false} {
		text := get(t, h, "/group?cluster=main&group="+group).Body.String()
		if has := strings.Contains(text, `aria-label="Scaler shop/orders. `); has != want {
			t.Errorf("%s: the picture is there: %v", group, has)
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
	h := handlerOf(report(t, names...))
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
	h := handlerOf(report(t, names...))
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

func TestHealth(t *testing.T) {
	fresh, old := report(t, "a"), report(t, "a")
	old.Polls[0].LastBegan = t0.Add(-2 * time.Minute)
	down := report(t, "a")
	down.Polls[0].LastSuccess = time.Time{} // Kafka is down; polling goes on
	rare, wedged, changed := report(t, "alpha"), report(t, "alpha"), report(t, "alpha")
	began := rare.Polls[0].LastBegan
	rare.Polls[0].Interval, rare.Polls[0].LastBegan = 10*time.Minute, began.Add(-20*time.Minute)
	wedged.Polls = append(slices.Clone(wedged.Polls), engine.PollStats{Cluster: "rare", Interval: 10 * time.Minute, LastBegan: began.Add(-20 * time.Minute)})
	wedged.Polls[0].Interval, wedged.Polls[0].LastBegan = 10*time.Second, began.Add(-21*time.Minute)
	changed.Polls[0].LastBegan = time.Time{} // all clusters are new
	for _, c := range []struct {
		name         string
		report       *engine.Report
		live, readyz int
	}{
		{"starting", nil, http.StatusOK, http.StatusServiceUnavailable},
		{"polling", fresh, http.StatusOK, http.StatusOK},
		{"Kafka is down", down, http.StatusOK, http.StatusOK},
		{"the only cluster is rarely polled", rare, http.StatusOK, http.StatusOK},
		{"no progress, though a rare poll is no late one", wedged, http.StatusServiceUnavailable, http.StatusOK},
		{"other clusters since a moment ago", changed, http.StatusOK, http.StatusOK},
		{"no progress", old, http.StatusServiceUnavailable, http.StatusOK},
	} {
		h := handlerOf(c.report)
		if live, ready := get(t, h, "/healthz").Code, get(t, h, "/readyz").Code; live != c.live || ready != c.readyz {
			t.Errorf("%s: live %d, ready %d; want %d, %d", c.name, live, ready, c.live, c.readyz)
		}
	}
}

func BenchmarkGroupsPage(b *testing.B) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("team-%d.service-%d", i%40, i)
	}
	h := handlerOf(report(b, names...))
	for b.Loop() {
		if w := get(b, h, "/?sort=lag&desc=1&q=team-7"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// Whatever a browser asks for, it gets an answer: JSON that is valid, or a page, and no other status than these.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"", "q=alpha&sort=lag&desc=1&page=2", "page=all", "page=-9223372036854775808", "page=9223372036854775807",
		"cluster=main&group=alpha", "group=alpha&group=beta&q=%ff%00", "scaler=shop/orders", "%zz=1", "q=a;b", "status=ok",
	} {
		f.Add(q)
	}
	rep := report(f, "alpha", "beta")
	rep.Scalers = []engine.ScalerReport{{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders", Sources: []seen.SourceSpec{{Cluster: "main", Group: "beta"}}}}}}
	h := handlerOf(rep)
	answers := []int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound}
	f.Fuzz(func(t *testing.T, query string) {
		ask := func(path string) *httptest.ResponseRecorder {
			req := httptest.NewRequest(http.MethodGet, path, nil)
			req.URL.RawQuery = query
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			if !slices.Contains(answers, w.Code) {
				t.Errorf("%s?%s: %d %.200s", path, query, w.Code, w.Body)
			}
			return w
		}
		for _, r := range routes {
			if r.page != "" {
				ask(strings.TrimSuffix(r.page, "{$}"))
			}
			if w := ask(r.twin); !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s?%s: no JSON: %.200s", r.twin, query, w.Body)
			}
		}
		for path := range images {
			ask(path)
		}
	})
}
