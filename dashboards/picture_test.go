package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// The rules of this file are what a Grafana showed: each of them forbids a picture that misled.
//
//	what was seen                                                    what forbids it
//	the status of every group is green; a status has two colours     TestStatusesHaveTheirColours
//	a group's dashboard loads all groups; a link carries All         TestVariablesDoSomething
//	unknown groups cannot be chosen; variables without effect        TestVariablesDoSomething
//	alerts of other groups paint every graph                         TestMarksBelongToWhatIsSelected, TestAlertsAreMarkedAtTheirBeginning
//	writes of all scalers are marked everywhere                      TestMarksBelongToWhatIsSelected
//	bars count an event several times, or the first one not at all   TestBarsCountOnce, TestDrawnSumsAreTheCounters
//	bars cover each other; every decision has a bright colour        TestBarsCountOnce, TestGraphs
//	green zeros of an empty Prometheus; wrong number left out        TestMissingIsNotZero, TestWhatIsShown
//	149,000 records wait, in green; an empty panel says nothing      TestNumbersWithoutAJudgeHaveNoColour
//	"No data" when scrapes are 60 s apart                            TestRatesHaveALongerWindow, TestRatesWithRareScrapes
//	columns "Value #A"                                               TestColumnsHaveNames
//	no way from a row to its group or scaler, or to a runbook        TestRowsHaveLinks
//	"200000000 recps"                                                TestPanels
//	ten worst by name, three visible; one name for six clusters      TestGraphs
//	a threshold flattens a small lag; zero up to 10,000 %; ramps     TestGraphs, TestWhatIsShown
//	titles are cut                                                   TestTitlesAreNotCut

// eachPanel calls check for every panel but headings.
func eachPanel(t *testing.T, check func(where string, b *board, p *boardPanel)) {
	t.Helper()
	for _, b := range boards(t) {
		for i := range b.Panels {
			if p := &b.Panels[i]; p.Type != string(heading) {
				check(fmt.Sprintf("%s: %s %q", b.UID, p.Type, p.Title), &b, p)
			}
		}
	}
}

// pageHues are the hues of the colours of Grafana and of the classes of lagscaler's own page.
var pageHues = map[string]string{
	"green": "ok", "orange": "warn", "red": "bad", "dark-red": "bad", "blue": "info", "dark-blue": "info", "light-blue": "info", noColour: "mute",
}

// A status has one colour everywhere, with the hue that it has on lagscaler's own page. The timeline keeps its mappings: with the
// colour mode thresholds Grafana drops them when it merges equal values.
func TestStatusesHaveTheirColours(t *testing.T) {
	css, err := os.ReadFile("../internal/web/static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	var names []lag.Status
	for _, s := range statuses {
		names = append(names, lag.Status(s.text))
		hue := "mute"
		for line := range strings.Lines(string(css)) {
			if m := regexp.MustCompile(`background: var\(--(\w+)-bg\)`).FindStringSubmatch(line); m != nil && strings.Contains(line, ".status."+s.text) {
				hue = m[1]
			}
		}
		if hue != pageHues[s.color] {
			t.Errorf("%s is %s, and %s on the page", s.text, s.color, hue)
		}
	}
	slices.Sort(names)
	known := slices.Clone(lag.Statuses)
	slices.Sort(known)
	if !slices.Equal(names, known) {
		t.Errorf("colours for %v, statuses are %v", names, known)
	}
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		texts, err := json.Marshal(p.FieldConfig)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case p.Type == string(timeline):
			if p.FieldConfig.Defaults.Color.Mode != "fixed" || p.Options["mergeValues"] != true || p.Options["showValue"] != "auto" {
				t.Errorf("%s: colour %+v, options %v", where, p.FieldConfig.Defaults.Color, p.Options)
			}
			texts = p.FieldConfig.Defaults.Mappings
		case !strings.Contains(string(p.targets()), "by (status)") && !strings.Contains(string(p.targets()), ", status)"):
			return
		}
		for _, s := range statuses {
			if !regexp.MustCompile(`"` + s.text + `"\}?[^}]*"` + s.color + `"|"` + s.color + `"[^}]*"` + s.text + `"`).Match(texts) {
				t.Errorf("%s: %s is not %s", where, s.text, s.color)
			}
		}
	})
}

// targets are the queries of a panel in one text.
func (p *boardPanel) targets() []byte {
	var all []string
	for _, q := range p.Targets {
		all = append(all, q.Expr)
	}
	return []byte(strings.Join(all, "\n"))
}

// A number has a colour only if something judges it, and a missing number never has one.
func TestNumbersWithoutAJudgeHaveNoColour(t *testing.T) {
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		d := p.FieldConfig.Defaults
		if p.Type == string(table) && d.NoValue == "" {
			t.Errorf("%s: an empty table says nothing", where)
		}
		if p.Type == string(table) && (d.Color != color{Mode: "fixed", FixedColor: noColour}) {
			t.Errorf("%s: colour %+v", where, d.Color)
		}
		if p.Type != string(stat) {
			return
		}
		judged := len(d.Thresholds.Steps) > 1
		if judged != (d.Color.Mode == "thresholds") || !judged && (d.Color != color{Mode: "fixed", FixedColor: noColour}) {
			t.Errorf("%s: steps %v, colour %+v", where, d.Thresholds.Steps, d.Color)
		}
		if !strings.Contains(string(d.Mappings), `"match": "null"`) && !strings.Contains(string(d.Mappings), `"match":"null"`) || d.NoValue == "" {
			t.Errorf("%s: a missing value has the mappings %s and the text %q", where, d.Mappings, d.NoValue)
		}
	})
}

// vector(0) is a zero when nothing is known; here zero always follows from a series that somebody exports.
func TestMissingIsNotZero(t *testing.T) {
	for where, expr := range expressions(t) {
		if strings.Contains(expr, "vector(0)") {
			t.Errorf("%s: %s", where, expr)
		}
		if strings.Contains(expr, "or 0 *") && !regexp.MustCompile(`or 0 \* (max\(lagscaler_leader == 1\)|max\(lagscaler:evaluation:one\)|lagscaler_panics_total|max by \(kafka_cluster, group\) \(lagscaler_group_status)`).MatchString(expr) {
			t.Errorf("%s: zero without a reason: %s", where, expr)
		}
	}
}

// Bars count events with the counter itself, and are at least a minute wide. increase and rate look back further than the step.
func TestBarsCountOnce(t *testing.T) {
	n := 0
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		bars := p.FieldConfig.Defaults.Custom["drawStyle"] == "bars"
		if bars {
			n++
			stacking, _ := p.FieldConfig.Defaults.Custom["stacking"].(map[string]any)
			if p.Interval != barInterval || stacking["mode"] != "normal" {
				t.Errorf("%s: interval %q, stacking %v", where, p.Interval, stacking)
			}
		}
		for _, q := range p.Targets {
			if strings.Contains(q.Expr, "increase(") && strings.Contains(q.Expr, "[$__") || bars && regexp.MustCompile(`\b(rate|increase|changes)\(`).MatchString(q.Expr) {
				t.Errorf("%s: %s", where, q.Expr)
			}
			if strings.Contains(q.Expr, earlier) != bars {
				t.Errorf("%s: bars %v: %s", where, bars, q.Expr)
			}
		}
	})
	if n < 8 {
		t.Errorf("only %d panels of bars", n)
	}
}

// A rate also has a value when scrapes are 60 s apart and the data source does not know it.
func TestRatesHaveALongerWindow(t *testing.T) {
	window := regexp.MustCompile(`rate\((\w+(?:\{[^{}]*\})?)\[\$__rate_interval\]\)`)
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		for _, q := range p.Targets {
			for _, m := range window.FindAllStringSubmatch(q.Expr, -1) {
				if !strings.Contains(q.Expr, " or rate("+m[1]+"[5m])") {
					t.Errorf("%s: %s", where, q.Expr)
				}
			}
			if strings.Contains(window.ReplaceAllString(q.Expr, ""), "$__rate_interval") {
				t.Errorf("%s: $__rate_interval without rate: %s", where, q.Expr)
			}
		}
	})
}

// A mark is at the beginning of something, and belongs to what is selected. Writes are marked from the beginning only on the dashboard
// of a group: those of a fleet would be everywhere.
func TestMarksBelongToWhatIsSelected(t *testing.T) {
	for _, b := range boards(t) {
		for _, a := range b.Annotations.List[1:] {
			for _, want := range []string{`kafka_cluster=~"$kafka_cluster"`, `group=~"$group"`, earlier} {
				if !strings.Contains(a.Expr, want) {
					t.Errorf("%s: %s lacks %s", b.UID, a.Name, want)
				}
			}
			if a.Name == "Replicas written" && a.Enable != (b.UID == groups.uid) {
				t.Errorf("%s: %s is enabled: %v", b.UID, a.Name, a.Enable)
			}
		}
	}
}

// All columns of a table have a name of their own, and a query or label that they come from. Grafana 9 ignores the list of organize.
func TestColumnsHaveNames(t *testing.T) {
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		if p.Type != string(table) {
			return
		}
		if len(p.Transformations) != 3 || p.Transformations[0].ID != "merge" || p.Transformations[1].ID != "filterFieldsByName" || p.Transformations[2].ID != "organize" {
			t.Fatalf("%s: transformations %+v", where, p.Transformations)
		}
		kept, named := p.Transformations[1].Options.Include.Names, p.Transformations[2].Options.RenameByName
		expr := string(p.targets())
		var titles []string
		for _, from := range kept {
			title := named[from]
			titles = append(titles, title)
			letter, ofQuery := strings.CutPrefix(from, "Value #")
			switch {
			case title == "" || strings.HasPrefix(title, "Value"):
				t.Errorf("%s: the column %s has the name %q", where, from, title)
			case ofQuery && (len(p.Targets) < 2 || int(letter[0]-'A') >= len(p.Targets)), from == "Value" && len(p.Targets) != 1:
				t.Errorf("%s: there is no %s among %d queries", where, from, len(p.Targets))
			case !ofQuery && from != "Value" && !regexp.MustCompile(`by \([^)]*\b`+from+`\b`).MatchString(expr):
				t.Errorf("%s: no query has the label %s", where, from)
			}
		}
		if len(named) != len(kept) {
			t.Errorf("%s: keeps %v, names %v", where, kept, named)
		}
		for _, o := range p.FieldConfig.Overrides {
			if name, _ := o.Matcher.Options.(string); !slices.Contains(titles, name) {
				t.Errorf("%s: there is no column %q", where, name)
			}
		}
		for _, s := range list(p.Options["sortBy"]) {
			if name, _ := s["displayName"].(string); !slices.Contains(titles, name) {
				t.Errorf("%s: is sorted by %q", where, name)
			}
		}
	})
}

// Groups and scalers have links to their dashboard and to lagscaler's own page. A link takes its values from the row.
func TestRowsHaveLinks(t *testing.T) {
	found := map[string]int{}
	eachPanel(t, func(where string, b *board, p *boardPanel) {
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if property.ID != "links" {
					continue
				}
				links, _ := property.Value.([]any)
				for _, l := range list(links) {
					url, _ := l["url"].(string)
					found[b.UID+" "+p.Title+" "+url]++
					named := p.Transformations[2].Options.RenameByName
					for _, m := range regexp.MustCompile(`__data\.fields\["([^"]*)"\]`).FindAllStringSubmatch(url, -1) {
						ok := false
						for _, title := range named {
							ok = ok || title == m[1]
						}
						if !ok {
							t.Errorf("%s: the link %s names the column %s", where, url, m[1])
						}
					}
					if strings.Contains(url, "$group") || strings.Contains(url, "${group") || strings.Contains(url, "$__all") {
						t.Errorf("%s: the link %s carries a variable", where, url)
					}
				}
			}
		}
	})
	for _, want := range []string{
		overview.uid + " Groups " + toGroup, overview.uid + " Groups " + toGroupPage, scaling.uid + " Scalers " + toTarget, scaling.uid + " Scalers " + toTargetPage,
		scaling.uid + " Scalers " + toGroup, overview.uid + " Alerts that fire " + toRunbook, overview.uid + " Alerts that fire " + toGroup, groups.uid + " Scalers of the group " + toTarget,
	} {
		if found[want] == 0 {
			t.Errorf("there is no link %s", want)
		}
	}
}

// The dashboard of a group begins with one group and cannot show all: 300 groups took 2.2 GB of the browser. So a link to it does not carry All.
// Every variable is used.
func TestVariablesDoSomething(t *testing.T) {
	for _, b := range boards(t) {
		text, err := json.Marshal(b.Panels)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range b.Templating.List {
			if used := strings.Contains(string(text), "$"+v.Name) || strings.Contains(string(text), "${"+v.Name); !used && v.Hide != 2 {
				t.Errorf("%s: the variable %s does nothing", b.UID, v.Name)
			}
			if v.Name == "group" && v.Definition != `label_values(lagscaler_group_status{kafka_cluster=~"$kafka_cluster"}, group)` {
				t.Errorf("%s: a group that could not be read has no members, but can be chosen: %s", b.UID, v.Definition)
			}
			one := b.UID == groups.uid && (v.Name == "group" || v.Name == "kafka_cluster")
			if v.Type == "query" && (v.IncludeAll == one || (v.AllValue == "") != one || (len(v.Current) == 0) != one) {
				t.Errorf("%s: variable %s: All %v, %q, begins with %v", b.UID, v.Name, v.IncludeAll, v.AllValue, v.Current)
			}
		}
		if len(b.Links) != 3 {
			t.Errorf("%s has %d links", b.UID, len(b.Links))
		}
		for _, l := range b.Links {
			if l.Type != "link" || l.IncludeVars || !l.KeepTime || !strings.Contains(l.URL, "${datasource:queryparam}") ||
				strings.Contains(l.URL, groups.uid) && strings.Count(l.URL, "${") != 1 {
				t.Errorf("%s: link %+v", b.UID, l)
			}
		}
	}
}

// pixels is the width of a column of the grid on a screen of 1440 pixels, and glyph that of a letter of a title.
const (
	pixels = 57
	glyph  = 8
)

// A title is not cut at 1440 pixels: beside it are an icon and a menu.
func TestTitlesAreNotCut(t *testing.T) {
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		if room := p.GridPos.W*pixels - 32; len(p.Title)*glyph > room {
			t.Errorf("%s: %d letters need %d of %d pixels", where, len(p.Title), len(p.Title)*glyph, room)
		}
	})
}

// The graph of the ten worst shows all ten, with names of 60 letters at 1440 pixels. Counts are steps, axes do not enlarge a zero, and
// what is empty in good times says so.
func TestGraphs(t *testing.T) {
	const lines, name = 11, 60 // ten and the head
	eachPanel(t, func(where string, _ *board, p *boardPanel) {
		if p.Type != string(timeseries) {
			return
		}
		legend, _ := p.Options["legend"].(map[string]any)
		custom := p.FieldConfig.Defaults.Custom
		bars := custom["drawStyle"] == "bars"
		if want := map[bool]string{false: "Last *", true: "Total"}[bars]; legend["sortBy"] != want || legend["sortDesc"] != true {
			t.Errorf("%s: the legend is sorted by %v", where, legend["sortBy"])
		}
		if strings.Contains(string(p.targets()), "topk(10") {
			if legend["placement"] != "right" || p.GridPos.H*38-40 < lines*28 || float64(p.GridPos.W*pixels)*0.6 < name*glyph+160 {
				t.Errorf("%s: legend at the %v of %+v", where, legend["placement"], p.GridPos)
			}
		}
		if steps := custom["lineInterpolation"] == "stepAfter"; steps != (p.FieldConfig.Defaults.Unit == count || bars) {
			t.Errorf("%s: unit %s, drawn %v", where, p.FieldConfig.Defaults.Unit, custom["lineInterpolation"])
		}
		if _, ok := custom["axisSoftMax"]; !ok && p.FieldConfig.Defaults.Unit != size {
			t.Errorf("%s: no least upper end of the axis", where)
		}
		styles, err := json.Marshal(p.FieldConfig.Overrides)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range p.Targets {
			if q.LegendFormat == "{{reason}}" && !strings.Contains(string(styles), `"Steady"`) {
				t.Errorf("%s: most decisions change nothing, and have a colour", where)
			}
			for legend, style := range map[string]string{" left": "negative-Y", " threshold": "lineStyle", " objective": "lineStyle"} {
				if strings.HasSuffix(q.LegendFormat, legend) && !strings.Contains(string(styles), style) {
					t.Errorf("%s: %s lacks the style %s", where, q.LegendFormat, style)
				}
			}
			if strings.Contains(q.LegendFormat, "{{topic}}") && !strings.Contains(q.LegendFormat, "{{kafka_cluster}}") {
				t.Errorf("%s: the legend %s is the same for two clusters", where, q.LegendFormat)
			}
			if strings.Contains(q.Expr, "_slo_") && !strings.Contains(q.Expr, "rate(") && !limit.MatchString(q.LegendFormat) {
				t.Errorf("%s: the threshold %s is not drawn as one", where, q.LegendFormat)
			}
		}
	})
}
