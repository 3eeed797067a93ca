package otlp_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/lagscaler/lagscaler/internal/otlp"
	"github.com/lagscaler/lagscaler/internal/testlog"
)

// one is a page with one metric.
type one struct{}

func (one) Gather() ([]*dto.MetricFamily, error) {
	name, value := "lagscaler_test", 1.0
	return []*dto.MetricFamily{{Name: &name, Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}}}}}, nil
}

// A collector that was taken over, or moved, must not send the credentials of a push elsewhere.
func TestARedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			var elsewhere atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
			defer other.Close()
			keys := make(chan string, 100)
			collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				keys <- r.Header.Get("api-key")
				http.Redirect(w, r, other.URL+r.URL.Path, status)
			}))
			defer collector.Close()
			var log testlog.Log
			ctx, cancel := context.WithCancel(t.Context())
			p, err := otlp.New(ctx, otlp.Options{
				Endpoint: collector.URL, Headers: map[string]string{"api-key": "secret"}, Interval: time.Second,
				Metrics: one{}, Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- p.Run(ctx) }()
			for range 2 { // the first push has ended then
				if key := <-keys; key != "secret" {
					t.Errorf("the collector got the header %q", key)
				}
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if _, failed := p.Counts(); failed == 0 {
				t.Error("no push has failed")
			}
			if n := elsewhere.Load(); n > 0 {
				t.Errorf("another server got %d pushes", n)
			}
			if text := log.String(); !strings.Contains(text, strconv.Itoa(status)) || strings.Contains(text, "secret") {
				t.Errorf("the log does not say why: %s", text)
			}
		})
	}
}
