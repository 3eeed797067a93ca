// Package otlp pushes the metrics of a page to an OpenTelemetry collector.
//
// The problem: some installations have no Prometheus that scrapes, but a collector that is pushed to. What is pushed is what a scrape
// would get at that moment: the same families from the same Report, so that the series of groups and scalers come from the leader
// alone. OpenTelemetry's own bridge converts them; names and labels stay.
//
//	Report --metrics.Page--> families --bridge--> OTLP --HTTP or gRPC--> collector
//
// A collector that is slow, away or hostile costs one goroutine that waits: pushes follow one another, each ends after its timeout, and
// what could not be sent is not kept, because the next push has the counters' totals.
package otlp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"google.golang.org/grpc/credentials"
)

// Gatherer has the families of metrics.
type Gatherer interface {
	Gather() ([]*dto.MetricFamily, error)
}

// Options say where the metrics go.
type Options struct {
	Endpoint string            // such as http://collector:4318; https means TLS
	GRPC     bool              // else HTTP with protobuf
	Headers  map[string]string // of each push
	Interval time.Duration     // between two pushes
	TLS      *tls.Config       // nil: the authorities of the system

	Metrics  Gatherer
	Version  string
	Instance string // of this process among its replicas
	Log      *slog.Logger
}

// Pusher pushes until its context ends.
type Pusher struct {
	o        Options
	exporter metric.Exporter
	reader   *metric.ManualReader
	provider *metric.MeterProvider
	sent     atomic.Uint64
	failed   atomic.Uint64
}

// Counts are the pushes that were accepted, and those that failed, since start.
func (p *Pusher) Counts() (sent, failed uint64) { return p.sent.Load(), p.failed.Load() }

// New makes a Pusher. It connects to nothing yet.
func New(ctx context.Context, o Options) (*Pusher, error) {
	at, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", o.Endpoint, err)
	}
	p := &Pusher{o: o}
	if p.exporter, err = o.exporter(ctx, at); err != nil {
		return nil, fmt.Errorf("making the exporter for %s: %w", at.Redacted(), err)
	}
	who, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "lagscaler"), attribute.String("service.version", o.Version),
		attribute.String("service.instance.id", o.Instance),
	))
	if err != nil {
		return nil, err
	}
	p.reader = metric.NewManualReader(metric.WithProducer(prometheus.NewMetricProducer(prometheus.WithGatherer(o.Metrics))))
	p.provider = metric.NewMeterProvider(metric.WithReader(p.reader), metric.WithResource(who))
	return p, nil
}

// exporter sends once for each push: the next one is soon enough for what could not be sent.
func (o Options) exporter(ctx context.Context, at *url.URL) (metric.Exporter, error) {
	if o.GRPC {
		options := []otlpmetricgrpc.Option{
			otlpmetricgrpc.WithEndpoint(at.Host), otlpmetricgrpc.WithHeaders(o.Headers), otlpmetricgrpc.WithTimeout(o.timeout()),
			otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{}),
		}
		if at.Scheme == "http" {
			options = append(options, otlpmetricgrpc.WithInsecure())
		} else {
			options = append(options, otlpmetricgrpc.WithTLSCredentials(credentials.NewTLS(o.TLS)))
		}
		return otlpmetricgrpc.New(ctx, options...)
	}
	path := at.Path
	if path == "" || path == "/" {
		path = "/v1/metrics" // as the specification says for an endpoint without a path
	}
	options := []otlpmetrichttp.Option{
		otlpmetrichttp.WithEndpoint(at.Host), otlpmetrichttp.WithURLPath(path), otlpmetrichttp.WithHeaders(o.Headers),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithHTTPClient(o.client()),
	}
	if at.Scheme == "http" {
		options = append(options, otlpmetrichttp.WithInsecure())
	}
	return otlpmetrichttp.New(ctx, options...)
}

// client follows no redirect: it would send the headers, which may have credentials, to an address that nobody configured. A push that
// is redirected fails, and the error has the status.
func (o Options) client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, ForceAttemptHTTP2: true, IdleConnTimeout: 2 * o.Interval},
		Timeout:       o.timeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// timeout is for one push.
func (o Options) timeout() time.Duration { return min(o.Interval, 30*time.Second) }

// Run pushes at each interval until ctx ends. A failure is logged once, and once when pushes succeed again.
func (p *Pusher) Run(ctx context.Context) error {
	defer p.close()
	ticker := time.NewTicker(p.o.Interval)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		err := p.push(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			p.o.Log.Warn("metrics could not be pushed; the next push has their totals", "endpoint", p.at(), "err", err)
		case err == nil && failing:
			p.o.Log.Info("metrics are pushed again", "endpoint", p.at())
		}
		failing = err != nil
	}
}

func (p *Pusher) push(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.o.timeout())
	defer cancel()
	var all metricdata.ResourceMetrics
	err := p.reader.Collect(ctx, &all)
	if err == nil {
		err = p.exporter.Export(ctx, &all)
	}
	if err != nil {
		p.failed.Add(1)
		return err
	}
	p.sent.Add(1)
	return nil
}

// at is the endpoint without a password.
func (p *Pusher) at() string {
	at, err := url.Parse(p.o.Endpoint)
	if err != nil {
		return ""
	}
	return at.Redacted()
}

// close ends connections. The context of Run has ended.
func (p *Pusher) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := errors.Join(p.exporter.Shutdown(ctx), p.provider.Shutdown(ctx)); err != nil {
		p.o.Log.Debug("ending pushes failed", "err", err)
	}
}
