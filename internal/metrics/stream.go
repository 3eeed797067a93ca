package metrics

import (
	"cmp"
	"compress/gzip"
	"io"
	"net/http"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp/zstd" // offers zstd beside gzip
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// maker makes one metric of a page. A page of 350,000 series takes more than 100 MB as metric families, so a page is written metric by
// metric, and only one of them is in memory.
type maker struct {
	name string
	make func(r *reused) *dto.MetricFamily // without series: it has none
}

// makers are those of a table over its views.
func makers[V view](table []row[V], views []V) []maker {
	all := make([]maker, len(table))
	for i := range table {
		all[i] = maker{table[i].Name, func(r *reused) *dto.MetricFamily { return table[i].family(views, r) }}
	}
	return all
}

// made are makers of what is there.
func made(families []*dto.MetricFamily) []maker {
	all := make([]maker, len(families))
	for i, f := range families {
		all[i] = maker{f.GetName(), func(*reused) *dto.MetricFamily { return f }}
	}
	return all
}

// series is one series of a metric, with all that it consists of but its labels.
type series struct {
	metric  dto.Metric
	counter dto.Counter
	gauge   dto.Gauge
	value   float64
}

// reused is the memory of the series of a metric that is written already: the next metric takes it. A page of 350,000 series is otherwise
// 80 MB of garbage.
type reused struct {
	series []*series
	taken  int
}

// again makes all of it free; nil stays nil.
func (r *reused) again() *reused {
	if r != nil {
		r.taken = 0
	}
	return r
}

// next is an empty series. Nil makes a new one each time.
func (r *reused) next() *series {
	switch {
	case r == nil:
		return &series{}
	case r.taken == len(r.series):
		r.series = append(r.series, &series{})
	}
	s := r.series[r.taken]
	r.taken++
	s.metric.Counter, s.metric.Gauge = nil, nil
	return s
}

// source gives the makers of a page, in any order.
type source func() ([]maker, error)

// each makes one metric after the other, in the order of their names. Those without series are left out, and those that are not wanted;
// none is wanted: all are. With r, a metric holds only until the next one is made.
func (s source) each(wanted []string, r *reused, yield func(*dto.MetricFamily) error) error {
	all, err := s()
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b maker) int { return cmp.Compare(a.name, b.name) })
	for _, m := range all {
		if len(wanted) > 0 && !slices.Contains(wanted, m.name) {
			continue
		}
		f := m.make(r.again())
		if len(f.Metric) == 0 {
			continue
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// Gather has all metrics at once.
func (s source) Gather() (all []*dto.MetricFamily, err error) {
	err = s.each(nil, nil, func(f *dto.MetricFamily) error {
		all = append(all, f)
		return nil
	})
	return all, err
}

// negotiator answers with a page without series, in the format and the compression that a client gets.
func negotiator() http.Handler {
	return promhttp.HandlerFor(prometheus.NewRegistry(), promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// handler writes the page of a source, or the part of it that the parameters name[] ask for.
func handler(s source) http.Handler {
	negotiate := negotiator()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chosen := answer{header: http.Header{}}
		negotiate.ServeHTTP(&chosen, r)
		for name, values := range chosen.header {
			w.Header()[name] = values
		}
		if err := s.write(w, chosen.header, r.URL.Query()["name[]"]); err != nil {
			w.Header().Del("Content-Encoding")
			http.Error(w, "the metrics cannot be rendered: "+err.Error(), http.StatusInternalServerError)
		}
	})
}

// write writes the page as the headers of the answer say.
func (s source) write(w io.Writer, as http.Header, wanted []string) error {
	packed, err := packer(w, as.Get("Content-Encoding"))
	if err != nil {
		return err
	}
	enc := expfmt.NewEncoder(packed, expfmt.Format(as.Get("Content-Type")))
	if err := s.each(wanted, &reused{}, enc.Encode); err != nil {
		return err
	}
	if end, ok := enc.(expfmt.Closer); ok { // OpenMetrics has a last line
		if err := end.Close(); err != nil {
			return err
		}
	}
	return packed.Close()
}

// unpacked is a page without compression.
type unpacked struct{ io.Writer }

func (unpacked) Close() error { return nil }

func packer(w io.Writer, encoding string) (io.WriteCloser, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}
	return unpacked{w}, nil
}
