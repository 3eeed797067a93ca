package alerts

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/dashboards"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
	"github.com/lagscaler/lagscaler/internal/metrics"
)

// The fleet whose dashboards are measured.
const (
	fleetGroups  = 300
	fleetScalers = 40
	fleetHistory = 24 * time.Hour
	recentPart   = 3 * time.Hour   // of the history
	recentScrape = time.Minute     // in it
	oldScrape    = 4 * time.Minute // before it; Prometheus looks five minutes back
)

// several are labels with more than one value at a time for one group, scaler, cluster or replica.
var several = map[string][]string{
	"cause": {"scaling", "deploy", "member_left"}, "outcome": {"success", "failed"}, "direction": {"down", "up"},
	"api": {"ListGroups", "DescribeGroups", "OffsetFetch", "ListOffsets"}, "stage": {"poll", "sample"}, "part": {"read"},
}

// fleetSeries are the labels of the series of one metric: of 300 groups in three clusters, or of 40 scalers.
func fleetSeries(m *metrics.Metric) []string {
	all := []string{`instance="10.0.0.1:9090",job="lagscaler"`}
	add := func(each func(labels string) []string) {
		var next []string
		for _, labels := range all {
			next = append(next, each(labels)...)
		}
		all = next
	}
	cluster := func(i int) string { return fmt.Sprintf(`kafka_cluster="prod-%d"`, i%3) }
	group := func(i int) string {
		return fmt.Sprintf(`%s,group="com.example.team-%02d.some-consumer-of-orders-and-payments-%03d"`, cluster(i), i%20, i)
	}
	for _, l := range m.Labels {
		switch l {
		case "kafka_cluster":
			add(func(labels string) (next []string) {
				if len(m.Labels) > 1 && m.Labels[1] == "group" {
					for i := range fleetGroups {
						next = append(next, labels+","+group(i))
					}
					return next
				}
				if strings.Contains(labels, "target=") { // the source of a scaler
					i, _ := strconv.Atoi(regexp.MustCompile(`target="worker-0*(\d+)"`).FindStringSubmatch(labels)[1])
					return []string{labels + "," + group(i)}
				}
				for i := range 3 {
					next = append(next, labels+","+cluster(i))
				}
				return next
			})
		case "group": // with its cluster
		case "target_namespace":
			add(func(labels string) (next []string) {
				for i := range fleetScalers {
					next = append(next, fmt.Sprintf(`%s,target_namespace="shop-%d",target_kind="Deployment",target="worker-%02d"`, labels, i%5, i))
				}
				return next
			})
		case "target_kind", "target": // with the namespace
		default:
			values := several[l]
			if values == nil {
				values = []string{map[string]string{"status": "ok", "state": "stable", "tier": "declared", "mode": "act", "reason": "Steady"}[l] + ""}
			}
			if values[0] == "" {
				values = []string{l}
			}
			add(func(labels string) (next []string) {
				for _, v := range values {
					next = append(next, labels+","+l+`="`+v+`"`)
				}
				return next
			})
		}
	}
	return all
}

// writeFleet writes the history of all default series as OpenMetrics, and returns how many series it has.
func writeFleet(t *testing.T, path string, end time.Time) (series, samples int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(file, 1<<20)
	for _, m := range metrics.Metrics() {
		if m.Optional {
			continue
		}
		name := strings.TrimSuffix(m.Name, "_total")
		_, _ = fmt.Fprintf(w, "# TYPE %s %s\n", name, m.Type) // Flush returns the error
		for i, labels := range fleetSeries(&m) {
			series++
			for at := end.Add(-fleetHistory); !at.After(end); {
				value := 1.0
				switch hours := at.Sub(end.Add(-fleetHistory)).Hours(); {
				case m.Type == metrics.Counter:
					value = math.Floor(hours * float64(20+i%50))
				case strings.HasSuffix(m.Name, "timestamp_seconds"):
					value = float64(at.Unix() - int64(i%30))
				case !strings.Contains(m.Help, "1 ") || strings.Contains(m.Name, "lag"):
					value = math.Round(1000 * (1.5 + math.Sin(hours+float64(i)))) // every group is among the worst for a while
				}
				_, _ = fmt.Fprintf(w, "%s{%s} %g %d\n", m.Name, labels, value, at.Unix())
				samples++
				if end.Sub(at) <= recentPart {
					at = at.Add(recentScrape)
				} else {
					at = at.Add(oldScrape)
				}
			}
		}
	}
	_, _ = fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return series, samples
}

// asked is a query as Grafana sends it.
type asked struct {
	path   string
	values url.Values
}

// fleetQueries are the queries of a dashboard for a time range, with the steps that Grafana chooses at 1440 pixels.
func fleetQueries(t *testing.T, d dashboards.Dashboard, span time.Duration, end time.Time) []asked {
	t.Helper()
	var board struct {
		Panels []struct {
			Interval string `json:"interval"`
			GridPos  struct{ W int }
			Targets  []struct {
				Expr    string `json:"expr"`
				Instant bool   `json:"instant"`
			} `json:"targets"`
		} `json:"panels"`
		Annotations struct {
			List []struct {
				Expr   string `json:"expr"`
				Enable bool   `json:"enable"`
			} `json:"list"`
		} `json:"annotations"`
	}
	if err := json.Unmarshal(d.JSON, &board); err != nil {
		t.Fatal(err)
	}
	one := map[bool]string{true: "com.example.team-07.some-consumer-of-orders-and-payments-007", false: ".*"}[d.UID == "lagscaler-group"]
	clusters := map[bool]string{true: "prod-1", false: ".*"}[d.UID == "lagscaler-group"]
	var all []asked
	add := func(expr string, instant bool, step time.Duration) {
		step = max(step, 15*time.Second).Round(time.Second)
		each := strconv.Itoa(int(step.Seconds())) + "s"
		expr = strings.NewReplacer("$__rate_interval", strconv.Itoa(int(max(time.Minute, step+15*time.Second).Seconds()))+"s", "$__interval", each,
			"$kafka_cluster", clusters, "$group", one, "$topic", ".*", "$target_namespace", ".*", "$target", ".*").Replace(expr)
		if instant {
			all = append(all, asked{"/api/v1/query", url.Values{"query": {expr}, "time": {strconv.FormatInt(end.Unix(), 10)}}})
			return
		}
		last := end.Truncate(step)
		all = append(all, asked{"/api/v1/query_range", url.Values{
			"query": {expr}, "start": {strconv.FormatInt(last.Add(-span).Unix(), 10)}, "end": {strconv.FormatInt(last.Unix(), 10)}, "step": {each},
		}})
	}
	for _, p := range board.Panels {
		step := span / time.Duration(57*max(p.GridPos.W, 1))
		if p.Interval == "1m" {
			step = max(step, time.Minute)
		}
		for _, q := range p.Targets {
			add(q.Expr, q.Instant, step)
		}
	}
	for _, a := range board.Annotations.List {
		if a.Expr != "" && a.Enable {
			add(a.Expr, false, time.Minute)
		}
	}
	return all
}

// answered is what all queries of a dashboard cost.
type answered struct {
	queries, series int
	bytes           int64
	sum, wall       time.Duration // one after the other, and six at a time, as a browser asks
	slowest         time.Duration
}

// ask sends the queries, six at a time.
func ask(t *testing.T, server string, queries []asked) answered {
	t.Helper()
	var (
		mu    sync.Mutex
		total = answered{queries: len(queries)}
		work  = make(chan asked)
		group sync.WaitGroup
	)
	began := time.Now()
	for range 6 {
		group.Go(func() {
			for q := range work {
				start := time.Now()
				body, err := fetch(t, "http://"+server+q.path+"?"+q.values.Encode())
				took := time.Since(start)
				mu.Lock()
				if err != nil {
					t.Errorf("%s: %v", q.values.Get("query"), err)
				}
				total.bytes += int64(len(body))
				total.series += strings.Count(string(body), `"metric":`)
				total.sum += took
				total.slowest = max(total.slowest, took)
				mu.Unlock()
			}
		})
	}
	for _, q := range queries {
		work <- q
	}
	close(work)
	group.Wait()
	total.wall = time.Since(began)
	return total
}

func fetch(t *testing.T, address string) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body[:min(len(body), 300)])
	}
	return body, err
}

const (
	benchOpens  = "<!-- bench:dashboards: written by `make bench-dashboards` -->\n"
	benchCloses = "<!-- /bench:dashboards -->\n"
)

// TestDashboardsOfAFleet measures the queries of every dashboard for 300 groups and 40 scalers, over 3 and 24 hours. LAGSCALER_BENCH_DASHBOARDS
// names the file whose table it writes.
func TestDashboardsOfAFleet(t *testing.T) {
	file := os.Getenv("LAGSCALER_BENCH_DASHBOARDS")
	if file == "" {
		t.Skip("takes minutes: make bench-dashboards")
	}
	end := time.Now().Truncate(time.Minute)
	history := filepath.Join(t.TempDir(), "fleet.txt")
	series, samples := writeFleet(t, history, end)
	server := prom.Start(t, prom.Config{OpenMetrics: history})
	if err := os.Remove(history); err != nil { // a gigabyte
		t.Fatal(err)
	}
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d groups, %d scalers, three clusters: %d series, %d samples, one a minute in the last three\n"+
		"hours and one in four minutes before. The queries of every panel and mark as Grafana sends them at 1440 pixels, six at a\n"+
		"time; the dashboard of a group shows one group. Prometheus of the tests, %d cores, %s/%s.\n\n",
		fleetGroups, fleetScalers, series, samples, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	table.WriteString("| dashboard | range | queries | until the last answer | sum of all queries | slowest query | answers | series in them |\n|---|---|---|---|---|---|---|---|\n")
	for _, d := range all {
		for _, span := range []time.Duration{3 * time.Hour, 24 * time.Hour} {
			queries := fleetQueries(t, d, span, end)
			ask(t, server.Address, queries) // so that no measurement pays for reading the disk first
			got := ask(t, server.Address, queries)
			fmt.Fprintf(&table, "| %s | %.0f h | %d | %.1f s | %.1f s | %.2f s | %.1f MB | %d |\n", d.Title, span.Hours(), got.queries,
				got.wall.Seconds(), got.sum.Seconds(), got.slowest.Seconds(), float64(got.bytes)/1e6, got.series)
			if span == 3*time.Hour && (got.wall > 6*time.Second || got.bytes > 5e6) {
				t.Errorf("%s: %v and %d bytes for %v: want less than 6 s and 5 MB", d.Title, got.wall, got.bytes, span)
			}
			if got.series < got.queries/2 {
				t.Errorf("%s: only %d series for %d queries", d.Title, got.series, got.queries)
			}
		}
	}
	t.Log("\n" + table.String())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), benchOpens)
	_, after, ok2 := strings.Cut(rest, benchCloses)
	if !ok || !ok2 {
		t.Fatalf("%s has no %s", file, benchOpens)
	}
	if err := os.WriteFile(file, []byte(before+benchOpens+"\n"+table.String()+"\n"+benchCloses+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
