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
	sloped     bool    // a measured quantity: lines between values; otherwise steps, because a count keeps its value until it changes
	ranked     bool    // many series with long names: the legend is at the right, sorted by the last value
	top        float64 // the axis goes at least up to here, so that a value near zero is not drawn as a mountain
	steps      []step  // colours by value
	valueTexts []valueText
	columns    []column
	sort       string // the column of a table to sort by
	ascending  bool   // sort it so
	empty      string // what it means that there is nothing to show
}

// number is a single value. Without steps it has no colour, because nothing judges it.
func number(title, unit, help string, queries ...query) panel {
	return panel{kind: stat, title: title, help: help, unit: unit, width: 4, height: 4, queries: queries, empty: "no data"}
}

// graph is a time series, half as wide as the grid. Rates and times have slopes, counts have steps.
func graph(title, unit, help string, queries ...query) panel {
	return panel{
		kind: timeseries, title: title, help: help, unit: unit, width: 12, height: 8, queries: queries,
		sloped: unit != count, top: tops[unit],
	}
}

// tops is the least upper end of the axis by unit.
var tops = map[string]float64{records: 1, count: 1, perSecond: 1, seconds: 1, share: 0.05, requests: 1}

// ranking is a graph of the ten worst of something: as wide as the grid, so that its legend at the right has room for ten long names.
func ranking(title, unit, help string, queries ...query) panel {
	p := graph(title, unit, help, queries...).sized(columns, 10)
	p.ranked = true
	return p
}

// rows is a table.
func rows(title, help, sort string, columns ...column) panel {
	return panel{kind: table, title: title, help: help, unit: count, width: 24, height: 10, sort: sort, columns: columns}
}

// section is a heading over the width of the grid.
func section(title string) panel { return panel{kind: heading, title: title} }

func (p panel) sized(width, height int) panel {
	p.width, p.height = width, height
	return p
}

// asBars draws stacked bars, for the number of events in each step of time.
func (p panel) asBars() panel {
	p.bars, p.sloped = true, false
	return p
}

// asStack stacks the series, which are parts of a whole.
func (p panel) asStack() panel {
	p.stacked = true
	return p
}

// upTo sets the least upper end of the axis.
func (p panel) upTo(top float64) panel {
	p.top = top
	return p
}

// orElse sets what an empty panel says: that nothing is there, and what this means.
func (p panel) orElse(text string) panel {
	p.empty = text
	return p
}

// rising sorts a table in ascending order.
func (p panel) rising() panel {
	p.ascending = true
	return p
}

func (p panel) titled(title string) panel {
	p.title = title
	return p
}

func (p panel) asking(queries ...query) panel {
	p.queries = queries
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

// valueText is the text and the colour that a timeline or a column shows for a value.
type valueText struct{ value, text, color string }

// column is one column of a table. Its values are those of a label, or of the query with this letter ("Value #B").
type column struct {
	from, title, unit string
	links             []link
	texts             []valueText
	width             int // in pixels; 0: Grafana decides
}

// link is a link of a cell.
type link struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

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
	if p.bars {
		custom["interval"] = barInterval
	}
	if p.kind == table {
		custom["transformations"] = p.transformations()
	}
	return built
}

// barInterval is the least width of a bar. A shorter one would have a scrape in some bars and none in others.
const barInterval = "1m"

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
			o.SortBy = []tableSort{{DisplayName: p.sort, Desc: !p.ascending}}
		}
		return o
	case timeline:
		// showValue auto: the bar has the name of the status where it fits.
		return timelineOptions{
			AlignValue: "left", MergeValues: true, RowHeight: 0.9, ShowValue: "auto",
			Legend:  legend{Calcs: []string{}, DisplayMode: "list", Placement: "bottom", ShowLegend: true},
			Tooltip: tooltip{Mode: "single", Sort: "none"},
		}
	default:
		l := legend{Calcs: []string{"lastNotNull", "max"}, DisplayMode: "table", Placement: "bottom", ShowLegend: true, SortBy: "Last *", SortDesc: ptr(true)}
		if p.bars {
			l.Calcs, l.SortBy = []string{"sum"}, "Total"
		}
		if p.ranked {
			l.Placement = "right"
		}
		return timeseriesOptions{Legend: l, Tooltip: tooltip{Mode: "multi", Sort: "desc"}}
	}
}

// noColour is the colour of values that nothing judges, and of missing ones.
const noColour = "text"

func (p panel) defaults() fieldDefaults {
	d := fieldDefaults{
		Color: color{Mode: "palette-classic"}, Mappings: mappings(p.valueTexts),
		Thresholds: thresholds{Mode: "absolute", Steps: p.steps}, Unit: p.unit, NoValue: p.empty,
	}
	if len(p.steps) == 0 {
		d.Thresholds.Steps = []step{{Color: noColour}}
	}
	switch p.kind {
	case stat:
		d.Color = color{Mode: "thresholds"}
		if len(p.steps) == 0 {
			d.Color = color{Mode: "fixed", FixedColor: noColour}
		}
		d.Mappings = append(d.Mappings, missing(p.empty, len(p.valueTexts)))
	case table:
		d.Color = color{Mode: "fixed", FixedColor: noColour}
		d.Custom = tableField{Align: "auto", CellOptions: cellOptions{Type: "auto"}, Filterable: true}
	case timeline:
		// Not the mode thresholds: with mergeValues, Grafana would then use the thresholds instead of the mappings.
		d.Color = color{Mode: "fixed", FixedColor: noColour}
		d.Custom = timelineField{FillOpacity: 80}
	default:
		d.Custom = p.lines()
	}
	return d
}

func (p panel) lines() timeseriesField {
	zero := 0.0
	f := timeseriesField{
		DrawStyle: "line", LineInterpolation: "stepAfter", LineWidth: 1, ShowPoints: "never", AxisSoftMin: &zero,
		Stacking: stacking{Group: "A", Mode: "none"}, ThresholdsStyle: thresholdsStyle{Mode: "off"},
	}
	if p.sloped {
		f.LineInterpolation = "linear"
	}
	if p.top > 0 {
		f.AxisSoftMax = &p.top
	}
	if p.stacked || p.bars {
		f.Stacking.Mode = "normal"
	}
	switch {
	case p.bars:
		f.DrawStyle, f.FillOpacity = "bars", 80
	case p.stacked:
		f.FillOpacity = 30
	}
	if len(p.steps) > 0 {
		f.ThresholdsStyle.Mode = "line"
	}
	return f
}

// mappings are the texts and colours of values.
func mappings(texts []valueText) []mapping {
	if len(texts) == 0 {
		return []mapping{}
	}
	m := valueMapping{}
	for i, v := range texts {
		m[v.value] = mappingResult{Color: v.color, Index: i, Text: v.text}
	}
	return []mapping{{Type: "value", Options: m}}
}

// missing is the text of a value that is not there. Without it, Grafana shows it in the colour of the lowest step: green.
func missing(text string, index int) mapping {
	return mapping{Type: "special", Options: specialMapping{Match: "null", Result: mappingResult{Color: noColour, Index: index, Text: text}}}
}

// overrides set units, links, texts and widths of the columns of a table, and the styles of series by their names.
func (p panel) overrides() []override {
	all := []override{}
	for _, c := range p.columns {
		if properties := c.properties(); len(properties) > 0 {
			all = append(all, override{Matcher: option{ID: "byName", Options: c.title}, Properties: properties})
		}
	}
	if p.kind == timeseries {
		all = append(all, p.styles()...)
	}
	return all
}

func (c column) properties() []option {
	var all []option
	if c.unit != "" {
		all = append(all, option{ID: "unit", Value: c.unit})
	}
	if c.width > 0 {
		all = append(all, option{ID: "custom.width", Value: c.width})
	}
	if len(c.texts) > 0 {
		all = append(all,
			option{ID: "mappings", Value: mappings(c.texts)},
			option{ID: "custom.displayMode", Value: "color-text"}, // Grafana 9
			option{ID: "custom.cellOptions", Value: cellOptions{Type: "color-text"}})
	}
	if len(c.links) > 0 {
		all = append(all, option{ID: "links", Value: c.links})
	}
	return all
}

// styles are the colours of series by their names, and dashed lines for thresholds.
func (p panel) styles() []override {
	var all []override
	fixed := func(id, names, colour string, more ...option) {
		all = append(all, override{
			Matcher: option{ID: id, Options: names}, Properties: append([]option{{ID: "color", Value: color{Mode: "fixed", FixedColor: colour}}}, more...),
		})
	}
	for _, q := range p.queries {
		switch q.legend {
		case "{{status}}":
			for _, s := range statuses {
				fixed("byName", s.text, s.color)
			}
		case "{{reason}}":
			fixed("byName", "Steady", "#808080") // nothing to do: most decisions
		}
	}
	for _, q := range p.queries {
		if limit.MatchString(q.legend) {
			fixed("byRegexp", "/("+limits+")$/", "red", option{ID: "custom.lineStyle", Value: lineStyle{Fill: "dash", Dash: []int{10, 10}}},
				option{ID: "custom.fillOpacity", Value: 0})
			break
		}
	}
	for _, q := range p.queries {
		if below.MatchString(q.legend) {
			fixed("byRegexp", "/ left$/", "orange", option{ID: "custom.transform", Value: "negative-Y"})
		}
	}
	return all
}

type organize struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

// transformations join the queries of a table by their labels, and keep only its columns, in their order. organize itself can keep columns
// by name only since Grafana 10.
func (p panel) transformations() []option {
	o := organize{ExcludeByName: map[string]bool{}, IndexByName: map[string]int{}, RenameByName: map[string]string{}}
	var names []string
	for i, c := range p.columns {
		names = append(names, c.from)
		o.IndexByName[c.from], o.RenameByName[c.from] = i, c.title
	}
	keep := map[string]any{"include": map[string]any{"names": names}}
	return []option{{ID: "merge", Options: struct{}{}}, {ID: "filterFieldsByName", Options: keep}, {ID: "organize", Options: o}}
}

// from is the colour of values of at least v.
func from(v float64, colour string) step { return step{Color: colour, Value: &v} }
