package daemon

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/twmb/franz-go/pkg/kgo"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/lagscaler/lagscaler/internal/config"
)

// receiver is a collector: it keeps the last push of each kind.
type receiver struct {
	collector.UnimplementedMetricsServiceServer
	mu     sync.Mutex
	last   *collector.ExportMetricsServiceRequest
	tokens []string // the header of the last push
	refuse bool     // answers that it is not available
}

func (r *receiver) take(req *collector.ExportMetricsServiceRequest, tokens []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.tokens = req, tokens
}

func (r *receiver) Export(ctx context.Context, req *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	head, _ := metadata.FromIncomingContext(ctx)
	r.take(req, head.Get("x-token"))
	return &collector.ExportMetricsServiceResponse{}, nil
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	refuse := r.refuse
	r.mu.Unlock()
	body, err := gzip.NewReader(req.Body)
	var raw []byte
	if err == nil {
		raw, err = io.ReadAll(body)
	}
	var push collector.ExportMetricsServiceRequest
	if err == nil {
		err = proto.Unmarshal(raw, &push)
	}
	switch {
	case err != nil || req.URL.Path != "/v1/metrics":
		http.Error(w, fmt.Sprint(req.URL.Path, err), http.StatusBadRequest)
	case refuse:
		http.Error(w, "not now", http.StatusServiceUnavailable)
	default:
		r.take(&push, req.Header.Values("X-Token"))
		w.Header().Set("Content-Type", "application/x-protobuf")
	}
}

// setRefuse makes the collector unavailable, or available again. What it got before is forgotten.
func (r *receiver) setRefuse(refuse bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse, r.last = refuse, nil
}

// got is the last push; nil: none yet.
func (r *receiver) got() (*collector.ExportMetricsServiceRequest, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, r.tokens
}

// series are the names and labels of a push. A summary has no series of its own in a scrape's sense: it is one point.
func series(req *collector.ExportMetricsServiceRequest) []string {
	found := map[string]bool{}
	add := func(name string, points int, labels func(i int) []*common.KeyValue) {
		for i := range points {
			var parts []string
			for _, kv := range labels(i) {
				parts = append(parts, kv.GetKey()+"="+kv.GetValue().GetStringValue())
			}
			slices.Sort(parts)
			found[name+"{"+strings.Join(parts, ",")+"}"] = true
		}
	}
	for _, r := range req.GetResourceMetrics() {
		for _, s := range r.GetScopeMetrics() {
			for _, m := range s.GetMetrics() {
				switch d := m.GetData().(type) {
				case *metrics.Metric_Gauge:
					add(m.GetName(), len(d.Gauge.DataPoints), func(i int) []*common.KeyValue { return d.Gauge.DataPoints[i].Attributes })
				case *metrics.Metric_Sum:
					add(m.GetName(), len(d.Sum.DataPoints), func(i int) []*common.KeyValue { return d.Sum.DataPoints[i].Attributes })
				case *metrics.Metric_Summary:
					add(m.GetName(), len(d.Summary.DataPoints), func(i int) []*common.KeyValue { return d.Summary.DataPoints[i].Attributes })
				case *metrics.Metric_Histogram:
					add(m.GetName(), len(d.Histogram.DataPoints), func(i int) []*common.KeyValue { return d.Histogram.DataPoints[i].Attributes })
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// scraped are the names and labels of /metrics.
func scraped(t *testing.T, url string) []string {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for name, f := range families {
		for _, m := range f.GetMetric() {
			var parts []string
			for _, l := range m.GetLabel() {
				parts = append(parts, l.GetName()+"="+l.GetValue())
			}
			slices.Sort(parts)
			all = append(all, name+"{"+strings.Join(parts, ",")+"}")
		}
	}
	slices.Sort(all)
	return all
}

// What /metrics shows arrives at a collector, name by name and label by label, by HTTP and by gRPC.
func TestPushedMetricsAreThoseOfAScrape(t *testing.T) {
	t.Parallel() // most of it is waiting
	r := &receiver{}
	overHTTP := httptest.NewServer(r)
	defer overHTTP.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterMetricsServiceServer(server, r)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	defer server.Stop()
	for protocol, endpoint := range map[config.OTLPProtocol]string{
		config.OTLPHTTP: overHTTP.URL, config.OTLPGRPC: "http://" + listener.Addr().String(),
	} {
		t.Run(string(protocol), func(t *testing.T) {
			r.setRefuse(false)
			d := start(t, func(c *config.Config) {
				consume(t, c.Clusters[0].Brokers)
				c.Interval, c.SampleInterval = config.Duration(time.Second), config.Samples(200*time.Millisecond)
				c.OTLP = &config.OTLP{
					Endpoint: config.TokenURL(endpoint), Protocol: protocol, Interval: config.Duration(200 * time.Millisecond),
					Headers: map[string]config.Secret{"X-Token": config.NewSecret("sesame")},
				}
			})
			missing := []string{"nothing was pushed"}
			for end := time.Now().Add(20 * time.Second); len(missing) > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				push, tokens := r.got()
				if push == nil {
					continue
				}
				if len(tokens) != 1 || tokens[0] != "sesame" {
					t.Fatalf("the header is %q", tokens)
				}
				pushed := series(push)
				missing = different(scraped(t, d.url), pushed)
				if !slices.Contains(pushed, "lagscaler_group_members{group=shop,kafka_cluster=default}") {
					missing = append(missing, "no series of the group: "+strings.Join(pushed, " "))
				}
			}
			if len(missing) > 0 {
				t.Errorf("a scrape and a push differ: %s", strings.Join(missing, "\n"))
			}
			d.stop()
			if err := <-d.ended; err != nil {
				t.Error(err)
			}
			if strings.Contains(d.log.String(), "sesame") {
				t.Error("the log has the secret of a header")
			}
		})
	}
}

// consume is a member of the group shop, until the test ends.
func consume(t *testing.T, brokers []string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumerGroup("shop"), kgo.ConsumeTopics("orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	go cl.PollFetches(t.Context())
}

// different are the names that only one of two has. A start makes some series come and go: they agree at some moment.
func different(a, b []string) (out []string) {
	for _, name := range a {
		if _, ok := slices.BinarySearch(b, name); !ok {
			out = append(out, "only scraped: "+name)
		}
	}
	for _, name := range b {
		if _, ok := slices.BinarySearch(a, name); !ok {
			out = append(out, "only pushed: "+name)
		}
	}
	return out
}

// A collector that is away is said once, and nothing else suffers; when it is back, pushes arrive again.
func TestACollectorIsAway(t *testing.T) {
	t.Parallel() // most of it is waiting
	r := &receiver{}
	s := httptest.NewServer(r)
	defer s.Close()
	r.setRefuse(true)
	d := start(t, func(c *config.Config) {
		c.OTLP = &config.OTLP{Endpoint: config.TokenURL(s.URL), Protocol: config.OTLPHTTP, Interval: config.Duration(time.Second)} // which is the timeout of a push, too
	})
	waitFor(t, func() bool {
		return slices.ContainsFunc(scrapedLines(t, d.url), func(l string) bool {
			return strings.HasPrefix(l, `lagscaler_otlp_pushes_total{outcome="failed"} `) && !strings.HasSuffix(l, " 0") && !strings.HasSuffix(l, " 1")
		})
	})
	r.setRefuse(false)
	waitFor(t, func() bool { push, _ := r.got(); return push != nil })
	waitFor(t, func() bool { return strings.Contains(d.log.String(), "metrics are pushed again") }) // a moment after the push arrived
	d.stop()
	if err := <-d.ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(d.log.String(), "metrics could not be pushed"); n != 1 {
		t.Errorf("the log says %d times that pushes fail:\n%s", n, d.log.String())
	}
	if n := strings.Count(d.log.String(), "metrics are pushed again"); n != 1 {
		t.Errorf("the log says %d times that pushes work again", n)
	}
}

func waitFor(t *testing.T, good func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !good(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not become so")
		}
	}
}

func scrapedLines(t *testing.T, url string) []string {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
