package prom

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
)

// Target is one address that Prometheus scrapes.
type Target struct {
	Job     string
	Address string            // host:port
	Path    string            // /metrics when empty
	Labels  map[string]string // put on every series of it
}

// Config says what Prometheus to start.
type Config struct {
	Targets       []Target
	RuleFiles     []string      // paths
	Alertmanagers []string      // host:port
	Interval      time.Duration // of scraping and of evaluating rules; a second when zero
	OpenMetrics   string        // a file of samples with timestamps that is there from the start
}

// Server is a running Prometheus.
type Server struct {
	Address string // host:port
	dir     string
	process *child.Process
	api     v1.API
}

const (
	startLimit = time.Minute     // a start takes a second or two on an idle machine
	waitLimit  = 3 * time.Minute // longer than any "for" that a test should have
)

// Start starts a Prometheus that ends with the test. It skips the test where
// the program is not built, unless CI is true.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	bin, err := built.Module("prometheus")
	built.Need(t, err)
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{dir: t.TempDir(), Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	if err := s.layOut(bin, cfg); err != nil {
		t.Fatalf("laying out Prometheus: %v", err)
	}
	s.process, err = child.Start(child.Command{
		Path: filepath.Join(bin, "prometheus"),
		Args: []string{
			"--config.file=" + s.path("prometheus.yaml"),
			"--storage.tsdb.path=" + s.path("data"),
			"--web.listen-address=" + s.Address,
			"--scrape.discovery-reload-interval=100ms", // 5 s otherwise, until the first sample
			"--rules.alert.resend-delay=1s",
			"--web.enable-otlp-receiver",
		},
		Log: s.path("prometheus.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, s.process) })
	s.connect(t)
	return s
}

// layOut writes the configuration and the samples that are there from the start.
func (s *Server) layOut(bin string, cfg Config) error {
	data, err := cfg.yaml()
	if err != nil {
		return fmt.Errorf("writing its configuration: %w", err)
	}
	if err := os.WriteFile(s.path("prometheus.yaml"), data, 0o600); err != nil {
		return err
	}
	if cfg.OpenMetrics == "" {
		return nil
	}
	// Longer blocks: promtool reads the whole file for each block.
	cmd := exec.Command(filepath.Join(bin, "promtool"), "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=31d", "--quiet", cfg.OpenMetrics, s.path("data"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making blocks of %s: %w: %s", cfg.OpenMetrics, err, out)
	}
	return nil
}

// connect makes the client and waits until Prometheus is ready.
func (s *Server) connect(t testing.TB) {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: "http://" + s.Address})
	if err != nil {
		t.Fatal(err)
	}
	s.api = v1.NewAPI(client)
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	if err := child.Await(ctx, ready(s.Address), s.process); err != nil {
		t.Fatalf("starting Prometheus: %v", err)
	}
}

// API is Prometheus' HTTP API.
func (s *Server) API() v1.API { return s.api }

// Vector answers an instant query whose value is a vector, now.
func (s *Server) Vector(t testing.TB, expression string) model.Vector {
	t.Helper()
	vector, err := s.vector(t.Context(), expression)
	if err != nil {
		t.Fatal(err)
	}
	return vector
}

func (s *Server) vector(ctx context.Context, expression string) (model.Vector, error) {
	value, warnings, _, err := s.api.Query(ctx, expression, time.Now())
	if err != nil {
		return nil, fmt.Errorf("querying %s: %w", expression, err)
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("querying %s: %s", expression, strings.Join(warnings, "; "))
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("querying %s: the value is a %s, not a vector", expression, value.Type())
	}
	return vector, nil
}

// NotEmpty is what [Server.AwaitVector] most often waits for.
func NotEmpty(v model.Vector) bool { return len(v) > 0 }

// AwaitVector repeats an instant query until its value is as wanted, and
// returns it.
func (s *Server) AwaitVector(t testing.TB, expression string, wanted func(model.Vector) bool) model.Vector {
	t.Helper()
	var vector model.Vector
	await(t, expression+" to be as wanted", func(ctx context.Context) (err error) {
		if vector, err = s.vector(ctx, expression); err == nil && !wanted(vector) {
			err = fmt.Errorf("it is %v", vector)
		}
		return err
	})
	return vector
}

// Range answers a range query, as a graph asks it: each second from then to now.
func (s *Server) Range(t testing.TB, expression string, from time.Time) model.Matrix {
	t.Helper()
	value, warnings, _, err := s.api.QueryRange(t.Context(), expression, v1.Range{Start: from, End: time.Now(), Step: time.Second})
	if err != nil {
		t.Fatalf("querying %s: %v", expression, err)
	}
	if len(warnings) > 0 {
		t.Fatalf("querying %s: %s", expression, strings.Join(warnings, "; "))
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		t.Fatalf("querying %s: the value is a %s, not a matrix", expression, value.Type())
	}
	return matrix
}

// AwaitScraped waits until every target was scraped without error since it
// was asked for.
func (s *Server) AwaitScraped(t testing.TB) {
	t.Helper()
	from := time.Now()
	await(t, "a scrape of every target", func(ctx context.Context) error {
		targets, err := s.api.Targets(ctx)
		if err != nil {
			return err
		}
		if len(targets.Active) == 0 {
			return fmt.Errorf("no targets")
		}
		for _, target := range targets.Active {
			if target.Health != v1.HealthGood || target.LastScrape.Before(from) {
				return fmt.Errorf("%s is %s: %s", target.ScrapeURL, target.Health, target.LastError)
			}
		}
		return nil
	})
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }
