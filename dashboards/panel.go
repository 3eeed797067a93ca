package dashboards

import (
	"github.com/grafana-tools/sdk"
)

// kind is a type of panel.
type kind string

const (
	timeseries kind = "timeseries"
	stat       kind = "stat"
	table      kind = "table"
	timeline   kind = "state-timeline"
	heading    kind = "row"
)

// panel is the definition of one panel. Its kind determines everything that is not here.
type panel struct {
	kind    kind
	title   string
	help    string // the description: what the panel shows and means
	unit    string // a unit id of Grafana
	width   int    // of 24 columns
	height  int
	queries []query

	stacked    bool // stacked areas
	bars       bool
	steps      []step      // colours by value
	valueTexts []valueText // texts for values
	columns    []column
	sort       string // the column of a table to sort by, descending
}

// number is a single value.
func number(title, unit, help string, queries ...query) panel {
	return panel{kind: stat, title: title, help: help, unit: unit, width: 4, height: 4, queries: queries}
}

// graph is a time series, half as wide as the grid.
func graph(title, unit, help string, queries ...query) panel {
	return panel{kind: timeseries, title: title, help: help, unit: unit, width: 12, height: 8, queries: queries}
}

// section is a heading over the width of the grid.
func section(title string) panel { return panel{kind: heading, title: title} }

func (p panel) sized(width, height int) panel {
	p.width, p.height = width, height
	return p
}

// asBars draws bars, for the number of events in each step of time.
func (p panel) asBars() panel {
	p.bars = true
	return p
}

// asStack stacks the series, which are parts of a whole.
func (p panel) asStack() panel {
	p.stacked = true
	return p
}

// colored sets the colours of values, in ascending order.
func (p panel) colored(steps ...step) panel {
	p.steps = steps
	return p
}

// greenThen is colored for a number that should be 0: green below the first step.
func (p panel) greenThen(steps ...step) panel {
	return p.colored(append([]step{{Color: "green"}}, steps...)...)
}

// query is one PromQL expression. Stats and tables show the current value, other panels the time range.
type query struct{ expr, legend string }

// valueText is the text and the colour that a timeline shows for a value.
type valueText struct{ value, text, color string }

// column is one column of a table. Its values are those of a label, or of the query with this letter ("Value #B").
type column struct{ from, title, unit string }

var prometheus = datasource{Type: "prometheus", UID: "${datasource}"}

// build returns the SDK's panel. It is a CustomPanel because the SDK's panel types lack fields, and its AddTarget drops
// queries.
func (p panel) build(id uint, x, y int) *sdk.Panel {
	w, h := p.width, p.height
	built := &sdk.Panel{CustomPanel: &sdk.CustomPanel{}}
	built.ID, built.OfType, built.Type, built.Title = id, sdk.CustomType, string(p.kind), p.title
	built.GridPos.X, built.GridPos.Y, built.GridPos.W, built.GridPos.H = &x, &y, &w, &h
	if p.kind == heading {
		(*built.CustomPanel)["collapsed"] = false
		(*built.CustomPanel)["panels"] = []string{}
		return built
	}
	built.Description, built.Datasource = &p.help, prometheus
	custom := *built.CustomPanel
	custom["targets"] = p.targets()
	custom["options"] = p.options()
	custom["fieldConfig"] = fieldConfig{Defaults: p.defaults(), Overrides: p.overrides()}
	if p.kind == table {
		custom["transformations"] = p.transformations()
	}
	return built
}

func (p panel) targets() []target {
	targets := make([]target, len(p.queries))
	now := p.kind == stat || p.kind == table
	format := "time_series"
	if p.kind == table {
		format = "table"
	}
	for i, q := range p.queries {
		targets[i] = target{
			Datasource: prometheus, EditorMode: "code", Expr: q.expr, Format: format,
			Instant: now, Range: !now, LegendFormat: q.legend, RefID: letter(i),
		}
	}
	return targets
}

// letter is the name of a query in its panel: A, B, C …
func letter(i int) string { return string(rune('A' + i)) }

func (p panel) options() any {
	switch p.kind {
	case stat:
		return statOptions{
			ColorMode: "value", GraphMode: "none", JustifyMode: "auto", Orientation: "auto", PercentChangeColorMode: "standard",
			ReduceOptions: reduceOptions{Calcs: []string{"lastNotNull"}}, TextMode: "auto", WideLayout: true,
		}
	case table:
		o := tableOptions{CellHeight: "sm", ShowHeader: true}
		if p.sort != "" {
			o.SortBy = []tableSort{{DisplayName: p.sort, Desc: true}}
		}
		return o
	case timeline:
		return timelineOptions{
			AlignValue: "left", MergeValues: true, RowHeight: 0.9, ShowValue: "never",
			Legend:  legend{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
			Tooltip: tooltip{Mode: "single", Sort: "none"},
		}
	default:
		return timeseriesOptions{
			Legend:  legend{Calcs: []string{"lastNotNull", "max"}, DisplayMode: "table", Placement: "bottom", ShowLegend: true},
			Tooltip: tooltip{Mode: "multi", Sort: "desc"},
		}
	}
}

func (p panel) defaults() fieldDefaults {
	d := fieldDefaults{
		Color: color{Mode: "palette-classic"}, Mappings: p.mappings(),
		Thresholds: thresholds{Mode: "absolute", Steps: p.steps}, Unit: p.unit,
	}
	if len(p.steps) == 0 {
		d.Thresholds.Steps = []step{{Color: "green"}}
	}
	switch p.kind {
	case stat:
		d.Color.Mode = "thresholds"
	case table:
		d.Color.Mode = "thresholds"
		d.Custom = tableField{Align: "auto", CellOptions: cellOptions{Type: "auto"}}
	case timeline:
		d.Color.Mode = "thresholds"
		d.Custom = timelineField{FillOpacity: 80}
	default:
		d.Custom = p.lines()
	}
	return d
}

func (p panel) lines() timeseriesField {
	zero := 0.0
	f := timeseriesField{
		DrawStyle: "line", LineInterpolation: "linear", LineWidth: 1, ShowPoints: "never", AxisSoftMin: &zero,
		Stacking: stacking{Group: "A", Mode: "none"}, ThresholdsStyle: thresholdsStyle{Mode: "off"},
	}
	if p.stacked {
		f.Stacking.Mode, f.FillOpacity = "normal", 30
	}
	if p.bars {
		f.DrawStyle, f.FillOpacity = "bars", 80
	}
	if len(p.steps) > 0 {
		f.ThresholdsStyle.Mode = "line"
	}
	return f
}

func (p panel) mappings() []mapping {
	if len(p.valueTexts) == 0 {
		return []mapping{}
	}
	m := mapping{Type: "value", Options: map[string]mappingResult{}}
	for i, v := range p.valueTexts {
		m.Options[v.value] = mappingResult{Color: v.color, Index: i, Text: v.text}
	}
	return []mapping{m}
}

// overrides set the units of the columns of a table.
func (p panel) overrides() []override {
	all := []override{}
	for _, c := range p.columns {
		if c.unit != "" {
			all = append(all, override{
				Matcher: option{ID: "byName", Options: c.title}, Properties: []option{{ID: "unit", Value: c.unit}},
			})
		}
	}
	return all
}

type organize struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IncludeByName map[string]bool   `json:"includeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

// transformations join the queries of a table by their labels, and keep only its columns, in their order.
func (p panel) transformations() []option {
	o := organize{
		ExcludeByName: map[string]bool{"Time": true}, IncludeByName: map[string]bool{},
		IndexByName: map[string]int{}, RenameByName: map[string]string{},
	}
	for i, c := range p.columns {
		o.IncludeByName[c.from], o.IndexByName[c.from], o.RenameByName[c.from] = true, i, c.title
	}
	return []option{{ID: "merge", Options: struct{}{}}, {ID: "organize", Options: o}}
}

// from is the colour of values of at least v.
func from(v float64, colour string) step { return step{Color: colour, Value: &v} }
