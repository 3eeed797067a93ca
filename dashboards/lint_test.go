package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/alerts"
	"github.com/lagscaler/lagscaler/internal/metrics"
	"github.com/lagscaler/lagscaler/internal/promtest"
)

// board has the keys of a rendered dashboard that the tests check.
type board struct {
	ID            *int     `json:"id"`
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Templating    struct {
		List []struct {
			Name       string         `json:"name"`
			Type       string         `json:"type"`
			Definition string         `json:"definition"`
			IncludeAll bool           `json:"includeAll"`
			AllValue   string         `json:"allValue"`
			Current    map[string]any `json:"current"`
			Hide       int            `json:"hide"`
		} `json:"list"`
	} `json:"templating"`
	Links []struct {
		Type        string `json:"type"`
		URL         string `json:"url"`
		IncludeVars bool   `json:"includeVars"`
		KeepTime    bool   `json:"keepTime"`
	} `json:"links"`
	Annotations struct {
		List []struct {
			Name   string `json:"name"`
			Expr   string `json:"expr"`
			Enable bool   `json:"enable"`
			Target *struct {
				Expr string `json:"expr"`
			} `json:"target"`
			BuiltIn int `json:"builtIn"`
		} `json:"list"`
	} `json:"annotations"`
	Panels []boardPanel `json:"panels"`
}

type boardPanel struct {
	ID          int                      `json:"id"`
	Type        string                   `json:"type"`
	Title       string                   `json:"title"`
	Description string                   `json:"description"`
	Datasource  datasource               `json:"datasource"`
	GridPos     struct{ X, Y, W, H int } `json:"gridPos"`
	Interval    string                   `json:"interval"`
	Targets     []target                 `json:"targets"`
	Options     map[string]any           `json:"options"`
	FieldConfig struct {
		Defaults struct {
			Unit       string          `json:"unit"`
			NoValue    string          `json:"noValue"`
			Color      color           `json:"color"`
			Custom     map[string]any  `json:"custom"`
			Mappings   json.RawMessage `json:"mappings"`
			Thresholds thresholds      `json:"thresholds"`
		} `json:"defaults"`
		Overrides []override `json:"overrides"`
	} `json:"fieldConfig"`
	Transformations []struct {
		ID      string `json:"id"`
		Options struct {
			Include struct {
				Names []string `json:"names"`
			} `json:"include"`
			RenameByName map[string]string `json:"renameByName"`
		} `json:"options"`
	} `json:"transformations"`
}

func all(t *testing.T) []Dashboard {
	t.Helper()
	dashboards, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return dashboards
}

func boards(t *testing.T) []board {
	t.Helper()
	var decoded []board
	for _, d := range all(t) {
		var b board
		if err := json.Unmarshal(d.JSON, &b); err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, b)
	}
	return decoded
}

// The JSON files are those that the Go code renders. go generate writes them.
func TestFilesAreUpToDate(t *testing.T) {
	var names []string
	for _, d := range all(t) {
		path := filepath.Join("json", d.File())
		names = append(names, path)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(path, d.JSON, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(path)
		if err != nil || string(file) != string(d.JSON) {
			t.Errorf("%s is not up to date: go generate ./dashboards (%v)", path, err)
		}
	}
	files, err := filepath.Glob("json/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if !slices.Equal(files, names) {
		t.Errorf("there are %v, want %v", files, names)
	}
}

func TestRenderingIsStable(t *testing.T) {
	once, again := all(t), all(t)
	for i := range once {
		if string(once[i].JSON) != string(again[i].JSON) {
			t.Errorf("%s: rendering it twice gives different JSON", once[i].UID)
		}
	}
}

// The rules for a board: a fixed uid, no id, a description, the tag, the variables, and complete annotations.
func TestBoards(t *testing.T) {
	var uids []string
	for _, b := range boards(t) {
		if b.ID != nil || b.SchemaVersion != 39 || b.Description == "" || !strings.HasPrefix(b.Title, "lagscaler / ") {
			t.Errorf("%s: id %v, schema version %d, title %q, description %q", b.UID, b.ID, b.SchemaVersion, b.Title, b.Description)
		}
		if !regexp.MustCompile(`^lagscaler-[a-z]+$`).MatchString(b.UID) || slices.Contains(uids, b.UID) {
			t.Errorf("uid %q", b.UID)
		}
		uids = append(uids, b.UID)
		if !slices.Contains(b.Tags, tag) {
			t.Errorf("%s lacks the tag %q", b.UID, tag)
		}
		for _, v := range b.Templating.List {
			if (v.Definition == "") != (v.Name == "datasource" || v.Name == "lagscaler_page") {
				t.Errorf("%s: variable %s has the definition %q", b.UID, v.Name, v.Definition)
			}
		}
		for i, a := range b.Annotations.List {
			if (i == 0) != (a.BuiltIn == 1) || i > 0 && (a.Target == nil || a.Target.Expr != a.Expr || a.Expr == "") {
				t.Errorf("%s: annotation %s has no target", b.UID, a.Name)
			}
		}
	}
}

// The units that Grafana knows since version 9. It writes the text after "count:" behind the number.
var units = []string{records, count, perSecond, seconds, share, ago, size, requests}

// The rules for a panel: a unique title and id, a description, a known unit, the data source, and queries.
func TestPanels(t *testing.T) {
	kinds := []string{string(timeseries), string(stat), string(table), string(timeline)} // no Angular panels: current Grafana does not support them
	for _, b := range boards(t) {
		var ids []int
		var names []string
		for _, p := range b.Panels {
			where := fmt.Sprintf("%s: %s %q", b.UID, p.Type, p.Title)
			if name := p.Type + p.Title; p.Title == "" || slices.Contains(names, name) || slices.Contains(ids, p.ID) || p.ID == 0 {
				t.Errorf("%s: the title or the id %d is missing or not unique", where, p.ID)
			}
			ids, names = append(ids, p.ID), append(names, p.Type+p.Title)
			if p.Type == string(heading) {
				continue
			}
			if !slices.Contains(kinds, p.Type) || len(p.Description) < 10 || !slices.Contains(units, p.FieldConfig.Defaults.Unit) {
				t.Errorf("%s: description %q, unit %q", where, p.Description, p.FieldConfig.Defaults.Unit)
			}
			if p.Datasource != prometheus || len(p.Targets) == 0 {
				t.Errorf("%s: data source %v, %d queries", where, p.Datasource, len(p.Targets))
			}
			for _, q := range p.Targets {
				checkQuery(t, where, p, q)
			}
		}
	}
}

// whole are panels that count groups of the selected clusters, whichever groups are selected.
var whole = []string{"Groups left out"}

func checkQuery(t *testing.T, where string, p boardPanel, q target) {
	t.Helper()
	if q.Datasource != prometheus || q.RefID == "" || q.Instant == q.Range {
		t.Errorf("%s: query %+v", where, q)
	}
	if p.Type == string(timeseries) && q.LegendFormat == "" {
		t.Errorf("%s: query %s has no legend", where, q.RefID)
	}
	for _, m := range regexp.MustCompile(`(lagscaler_\w+)(\{[^{}]*\})?`).FindAllStringSubmatch(q.Expr, -1) {
		for _, l := range labels[m[1]] {
			scaler := strings.HasPrefix(m[1], "lagscaler_scaler_") && m[1] != "lagscaler_scaler_source_info"
			if slices.Contains([]string{"kafka_cluster", "group", "topic"}, l) && !scaler && !strings.Contains(m[2], l+`=~"$`+l+`"`) &&
				hasVariable(where, l) && !slices.Contains(whole, p.Title) {
				t.Errorf("%s: %s is not filtered by the variable %s: %s", where, m[1], l, q.Expr)
			}
		}
		if strings.HasPrefix(m[1], "lagscaler_scaler_") && !strings.Contains(q.Expr, "lagscaler_scaler_source_info{"+byGroup) {
			t.Errorf("%s: %s is not filtered by its groups: %s", where, m[1], q.Expr)
		}
	}
}

// hasVariable reports whether a dashboard has a variable: only that of a group has one of topics, and only those of groups have one of groups.
func hasVariable(where, label string) bool {
	switch label {
	case "topic":
		return strings.HasPrefix(where, groups.uid)
	case "group":
		return !strings.HasPrefix(where, self.uid)
	default:
		return true
	}
}

// labels are the labels of every metric of lagscaler.
var labels = func() promtest.Metrics {
	known := promtest.Metrics{}
	for _, m := range metrics.Metrics() {
		known[m.Name] = append([]string{}, m.Labels...)
	}
	return known
}()

func TestPanelsDoNotOverlap(t *testing.T) {
	for _, b := range boards(t) {
		taken := map[[2]int]string{}
		for _, p := range b.Panels {
			if p.GridPos.W < 1 || p.GridPos.H < 1 || p.GridPos.X+p.GridPos.W > columns {
				t.Errorf("%s: %q is at %+v", b.UID, p.Title, p.GridPos)
			}
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					if other, ok := taken[at]; ok {
						t.Fatalf("%s: %q overlaps %q", b.UID, p.Title, other)
					}
					taken[at] = p.Title
				}
			}
		}
	}
}

// The files have none of the obsolete keys of the SDK, and none of the keys of an export for sharing.
func TestNoObsoleteKeys(t *testing.T) {
	for _, d := range all(t) {
		for _, key := range []string{
			"__inputs", "__requires", "originalTitle", "sharedCrosshair", "hideControls", `"rows"`, `"span":`, "isNew", "allFormat",
			"singlestat", `"graph"`, "CustomPanel", "textFormat", "\\u003e",
		} {
			if strings.Contains(string(d.JSON), key) {
				t.Errorf("%s contains %s", d.UID, key)
			}
		}
	}
}

// fill gives the variables values, as Grafana does.
func fill(expr, step, window string) string {
	return strings.NewReplacer("$__rate_interval", window, "$__interval", step, "$kafka_cluster", ".*", "$group", ".*", "$topic", ".*",
		"$target_namespace", ".*", "$target", ".*").Replace(expr)
}

// expressions returns the queries of all dashboards, with values for the variables.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, b := range boards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				found[b.UID+" "+p.Title+" "+q.RefID] = fill(q.Expr, "1m", "5m")
			}
		}
		for _, a := range b.Annotations.List[1:] {
			found[b.UID+" "+a.Name] = fill(a.Expr, "1m", "5m")
		}
	}
	return found
}

func TestQueriesUseExistingMetrics(t *testing.T) {
	for where, expr := range expressions(t) {
		promtest.Check(t, where, expr, labels)
	}
	for _, b := range boards(t) {
		for _, v := range b.Templating.List {
			promtest.Check(t, b.UID+" variable "+v.Name, v.Definition, labels)
		}
	}
}

// notShown are the metrics that no dashboard shows, and why.
var notShown = map[string]string{
	"lagscaler_group_lag_trend":                "the sign of lag_trend_records_per_second",
	"lagscaler_scaler_given_replicas":          "what an autoscaler that follows is given: the desired number while nothing holds",
	"lagscaler_external_scaler_requests_total": "requests of KEDA, for who looks for a trigger that fails",
	"lagscaler_group_owner_info":               "the alerts join it; whose a group is, is said by its name or by its page",
	"lagscaler_scaler_owner_info":              "the same, of scalers",
	"lagscaler_scaler_source_standby":          "the alerts leave such a group out; the decision and its page say which cluster is in use",
	"lagscaler_otlp_pushes_total":              "pushes to a collector, for who looks for one that fails",
	"lagscaler_messages_total":                 "what became of messages, for who looks for a receiver that loses some",
	"lagscaler_message_failures_total":         "the same; the status page says when messages wait",
	"lagscaler_messages_waiting":               "the same",
	"lagscaler_poll_interval_seconds":          "a setting; LagscalerDataStale compares the age of the data with it",
	"lagscaler_shards":                         "LagscalerShardSilent compares it with the leaders",
	"lagscaler_shard_leader":                   "the same",
	"lagscaler_group_rebalances_slow_total":    "the duration of each rebalance is shown with its threshold",
}

// A new metric has a place on a dashboard, or a reason why not.
func TestEveryMetricIsShown(t *testing.T) {
	var text strings.Builder
	for _, d := range all(t) {
		text.Write(d.JSON)
	}
	for _, m := range metrics.Metrics() {
		if shown := regexp.MustCompile(m.Name + `\b`).MatchString(text.String()); shown == (notShown[m.Name] != "") {
			t.Errorf("%s is shown: %v", m.Name, shown)
		}
	}
}

// The alerts in the texts of panels exist.
func TestTextsNameExistingAlerts(t *testing.T) {
	for _, d := range all(t) {
		for _, name := range regexp.MustCompile(`Lagscaler[A-Z]\w+`).FindAllString(string(d.JSON), -1) {
			if !slices.Contains(alerts.Names(), name) {
				t.Errorf("%s: there is no alert %s", d.UID, name)
			}
		}
	}
}

// Every query is valid PromQL: promtool parses all queries as the rules of one file.
func TestQueriesParse(t *testing.T) {
	promtool := promtest.Promtool(t)
	type rule struct {
		Record string            `json:"record"`
		Expr   string            `json:"expr"`
		Labels map[string]string `json:"labels"`
	}
	var rules []rule
	for where, expr := range expressions(t) {
		rules = append(rules, rule{Record: "query", Expr: expr, Labels: map[string]string{"panel": where}})
	}
	file, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboards", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.json"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	promtest.Run(t, dir, promtool, "check", "rules", "--lint=duplicate-rules", "rules.json")
}

// docs/dashboards.md has a line for every dashboard.
func TestDashboardsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all(t) {
		if line := "| " + d.Title + " | `" + d.UID + "` | "; !strings.Contains(string(page), line) {
			t.Errorf("docs/dashboards.md lacks %s", line)
		}
	}
}
