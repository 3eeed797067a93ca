package dashboards

// The options of panels, with the names of Grafana's schema (npm @grafana/schema, raw/composable/*/panelcfg).

type timeseriesOptions struct {
	Legend  legend  `json:"legend"`
	Tooltip tooltip `json:"tooltip"`
}

type legend struct {
	Calcs       []string `json:"calcs"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	SortBy      string   `json:"sortBy,omitempty"`
	SortDesc    *bool    `json:"sortDesc,omitempty"`
}

type tooltip struct {
	Mode string `json:"mode"`
	Sort string `json:"sort"`
}

// timeseriesField is fieldConfig.defaults.custom of a time series.
type timeseriesField struct {
	DrawStyle         string          `json:"drawStyle"`
	FillOpacity       int             `json:"fillOpacity"`
	LineInterpolation string          `json:"lineInterpolation"`
	LineWidth         int             `json:"lineWidth"`
	ShowPoints        string          `json:"showPoints"`
	SpanNulls         bool            `json:"spanNulls"` // false: a gap means unknown, so no line connects its ends
	Stacking          stacking        `json:"stacking"`
	AxisSoftMin       *float64        `json:"axisSoftMin,omitempty"`
	AxisSoftMax       *float64        `json:"axisSoftMax,omitempty"`
	ThresholdsStyle   thresholdsStyle `json:"thresholdsStyle"`
}

type stacking struct {
	Group string `json:"group"`
	Mode  string `json:"mode"`
}

type lineStyle struct {
	Fill string `json:"fill"`
	Dash []int  `json:"dash"`
}

type thresholdsStyle struct {
	Mode string `json:"mode"`
}

type statOptions struct {
	ColorMode              string        `json:"colorMode"`
	GraphMode              string        `json:"graphMode"`
	JustifyMode            string        `json:"justifyMode"`
	Orientation            string        `json:"orientation"`
	PercentChangeColorMode string        `json:"percentChangeColorMode"`
	ReduceOptions          reduceOptions `json:"reduceOptions"`
	ShowPercentChange      bool          `json:"showPercentChange"`
	TextMode               string        `json:"textMode"`
	WideLayout             bool          `json:"wideLayout"`
}

type reduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

type tableOptions struct {
	CellHeight string      `json:"cellHeight"`
	FrameIndex int         `json:"frameIndex"`
	ShowHeader bool        `json:"showHeader"`
	SortBy     []tableSort `json:"sortBy,omitempty"`
}

type tableSort struct {
	DisplayName string `json:"displayName"`
	Desc        bool   `json:"desc"`
}

// tableField is fieldConfig.defaults.custom of a table.
type tableField struct {
	Align       string      `json:"align"`
	CellOptions cellOptions `json:"cellOptions"`
	Filterable  bool        `json:"filterable"`
	Inspect     bool        `json:"inspect"`
}

type cellOptions struct {
	Type string `json:"type"`
}

type timelineOptions struct {
	AlignValue  string  `json:"alignValue"`
	Legend      legend  `json:"legend"`
	MergeValues bool    `json:"mergeValues"`
	RowHeight   float64 `json:"rowHeight"`
	ShowValue   string  `json:"showValue"`
	Tooltip     tooltip `json:"tooltip"`
}

// timelineField is fieldConfig.defaults.custom of a state timeline.
type timelineField struct {
	FillOpacity int `json:"fillOpacity"`
	LineWidth   int `json:"lineWidth"`
}

// fieldConfig sets units, colours and styles of the values of a panel.
type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []override    `json:"overrides"`
}

type fieldDefaults struct {
	Color      color      `json:"color"`
	Custom     any        `json:"custom,omitempty"`
	Mappings   []mapping  `json:"mappings"`
	Thresholds thresholds `json:"thresholds"`
	Unit       string     `json:"unit"`
	NoValue    string     `json:"noValue,omitempty"`
}

type color struct {
	Mode       string `json:"mode"`
	FixedColor string `json:"fixedColor,omitempty"`
}

// mapping gives values a text and a colour. Its options are a valueMapping or a specialMapping.
type mapping struct {
	Type    string `json:"type"`
	Options any    `json:"options"`
}

type valueMapping map[string]mappingResult

type specialMapping struct {
	Match  string        `json:"match"`
	Result mappingResult `json:"result"`
}

type mappingResult struct {
	Color string `json:"color,omitempty"`
	Index int    `json:"index"`
	Text  string `json:"text"`
}

type thresholds struct {
	Mode  string `json:"mode"`
	Steps []step `json:"steps"`
}

// step is the colour of values of at least Value. The first step has no Value.
type step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

type override struct {
	Matcher    option   `json:"matcher"`
	Properties []option `json:"properties"`
}

// option is an override, a property or a transformation: an id with its options or value.
type option struct {
	ID      string `json:"id"`
	Options any    `json:"options,omitempty"`
	Value   any    `json:"value,omitempty"`
}

// datasource refers to a data source of Grafana.
type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// target is one query of a panel.
type target struct {
	Datasource   datasource `json:"datasource"`
	EditorMode   string     `json:"editorMode"`
	Expr         string     `json:"expr"`
	Format       string     `json:"format"`
	Instant      bool       `json:"instant"`
	LegendFormat string     `json:"legendFormat"`
	Range        bool       `json:"range"`
	RefID        string     `json:"refId"`
}
