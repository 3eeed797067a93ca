package metrics

import (
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// Type is a metric's type.
type Type string

// The types. There is no histogram: a default one would multiply the series of every group.
const (
	Gauge   Type = "gauge"
	Counter Type = "counter"
)

// Area is the part of the program a metric tells about, and its chapter in docs/metrics.md.
type Area string

// The areas, in the order of the docs.
const (
	AreaLag        Area = "Lag"
	AreaThresholds Area = "Thresholds in force"
	AreaRates      Area = "Rates"
	AreaGroup      Area = "Group"
	AreaMembers    Area = "Members"
	AreaRebalances Area = "Rebalances"
	AreaScaler     Area = "Scaling"
	AreaCluster    Area = "Cluster"
	AreaSelf       Area = "lagscaler itself"
	AreaCompat     Area = "Names of other tools"
)

// Areas are all of them, in the order of the docs.
var Areas = []Area{
	AreaLag, AreaThresholds, AreaRates, AreaGroup, AreaMembers, AreaRebalances, AreaScaler, AreaCluster, AreaSelf, AreaCompat,
}

// Stability is what users may rely on, see docs/metrics.md.
type Stability string

// The stabilities. Foreign names are as stable as the tools they come from.
const (
	Stable       Stability = "stable"
	Experimental Stability = "experimental"
	Foreign      Stability = "foreign"
)

// Metric describes one metric.
type Metric struct {
	Name      string
	Type      Type
	Area      Area
	Stability Stability
	Labels    []string // those of its view first, then its own
	Help      string
	Optional  bool // not exposed unless the configuration asks for it
}

// view is something that has series: a group, a partition, a scaler. It gives the values of the labels that all its
// series share.
type view interface {
	pairs() []*dto.LabelPair
	isStale() bool // not read for so long that gauges are removed: lag.StaleAfter
}

// row is one metric of a table, and how its series follow from a view.
type row[V view] struct {
	Metric
	keptWhenStale bool // a gauge that stays: it is no reading
	emit          func(v V, o *out)
}

// out collects the series of one metric.
type out struct {
	metric *Metric
	base   []*dto.LabelPair
	family *dto.MetricFamily // nil: only count
	reused *reused           // nil: each series is new
	n      int
}

// add adds a series; own are the values of the metric's own labels.
func (o *out) add(value float64, own ...string) {
	o.n++
	if o.family == nil {
		return
	}
	one := o.reused.next()
	m := &one.metric
	m.Label = o.base
	if len(own) > 0 {
		names := o.metric.Labels[len(o.metric.Labels)-len(own):]
		m.Label = append(make([]*dto.LabelPair, 0, len(o.base)+len(own)), o.base...)
		for i := range own {
			m.Label = append(m.Label, pair(names[i], own[i]))
		}
	}
	one.value = value
	if o.metric.Type == Counter {
		one.counter.Value = &one.value
		m.Counter = &one.counter
	} else {
		one.gauge.Value = &one.value
		m.Gauge = &one.gauge
	}
	o.family.Metric = append(o.family.Metric, m)
}

// addLabels adds a series with labels whose names the configuration chooses, in the order of their names; none without labels.
func (o *out) addLabels(value float64, own map[string]string) {
	if len(own) == 0 {
		return
	}
	o.add(value)
	if o.family == nil {
		return
	}
	m := o.family.Metric[len(o.family.Metric)-1]
	m.Label = slices.Clone(m.Label)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		m.Label = append(m.Label, newLabels(name, own[name])...)
	}
}

// know adds a series when its value is known.
func (o *out) know(value float64, ok bool) {
	if ok {
		o.add(value)
	}
}

func (o *out) flag(b bool, own ...string) {
	if b {
		o.add(1, own...)
	} else {
		o.add(0, own...)
	}
}

// family renders one metric over the views of its table.
func (r *row[V]) family(views []V, memory *reused) *dto.MetricFamily {
	o := &out{metric: &r.Metric, reused: memory, family: &dto.MetricFamily{Name: &r.Name, Help: &r.Help, Type: r.Type.dto()}}
	for _, v := range views {
		r.into(v, o)
	}
	return o.family
}

// count is how many series a view has in a table.
func count[V view](table []row[V], v V) int {
	var o out
	for i := range table {
		o.metric = &table[i].Metric
		table[i].into(v, &o)
	}
	return o.n
}

func (r *row[V]) into(v V, o *out) {
	if r.Type == Gauge && !r.keptWhenStale && v.isStale() {
		return
	}
	o.base = v.pairs()
	r.emit(v, o)
}

func (t Type) dto() *dto.MetricType {
	if t == Counter {
		return dto.MetricType_COUNTER.Enum()
	}
	return dto.MetricType_GAUGE.Enum()
}

func pair(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }

func describe[V view](table []row[V]) []Metric {
	all := make([]Metric, len(table))
	for i := range table {
		all[i] = table[i].Metric
	}
	return all
}

// Metrics are all metrics of the main page, in the order of the docs.
func Metrics() []Metric {
	var all []Metric
	all = append(all, describe(groupTable)...)
	all = append(all, describe(topicTable)...)
	all = append(all, describe(partitionTable)...)
	all = append(all, describe(scalerTable)...)
	all = append(all, describe(clusterTable)...)
	all = append(all, describe(pollTable)...)
	return append(all, describe(selfTable)...)
}
