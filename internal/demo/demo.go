package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
)

// Options say which demo to run, and how to show it.
type Options struct {
	Scenario Scenario
	Duration time.Duration                                   // 0: until the context ends
	Listen   string                                          // of the page; empty: a free port of 127.0.0.1
	Started  func(url string)                                // once, before anything moves; nil: nobody is told
	Show     func(r *engine.Report)                          // each report, in order; nil: nobody watches
	Handler  func(latest func() *engine.Report) http.Handler // of the page and the metrics; nil: none is served
	Record   engine.Record                                   // nil: nothing is recorded
	Log      *slog.Logger
}

// Run runs the demo until its duration is over or ctx ends, stops everything, and says what happened.
//
//	script, producer ── brokers ── fleet        one errgroup: the first error, or the end of ctx, ends them all
//	                       └── engine ── page
func Run(ctx context.Context, o Options) (Summary, error) {
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Duration)
		defer cancel()
	}
	b, err := startBrokers()
	if err != nil {
		return Summary{}, err
	}
	defer b.Close()
	arrivals, err := o.Scenario.arrivals()
	if err != nil {
		return Summary{}, err
	}
	policy, err := demoPolicy()
	if err != nil {
		return Summary{}, err
	}
	source, err := kafkasource.New(kafkasource.Config{Cluster: clusterName, Brokers: b.ListenAddrs(), Log: o.Log})
	if err != nil {
		return Summary{}, err
	}
	defer source.Close()

	running, ctx := errgroup.WithContext(ctx)
	f := newFleet(ctx, b.ListenAddrs(), o.Scenario, policy)
	f.resize(1)
	reports := make(chan *engine.Report, 1)
	e := newEngine(source, f, o, reports)
	url, err := serve(ctx, running, o, e.Latest)
	if err != nil {
		return Summary{}, err
	}
	if o.Started != nil {
		o.Started(url)
	}
	story := newStory(o.Scenario)
	running.Go(func() error {
		return produce(ctx, b.ListenAddrs(), production{topic: topic, partitions: partitions, rate: arrivals, hot: o.Scenario.hot})
	})
	running.Go(func() error { return neighbours(ctx, b.ListenAddrs()) })
	running.Go(func() error { return e.Run(ctx) })
	running.Go(func() error { return watch(ctx, reports, story, o.Show) })
	if script := o.Scenario.script; script != nil {
		running.Go(func() error { script(ctx, b, f); return nil })
	}
	err = running.Wait()
	f.wait()
	return story.summary(), err
}

func demoPolicy() (scaler.Policy, error) {
	spec := scaler.Spec{
		Sources:   []scaler.SourceSpec{{Cluster: clusterName, Group: group}},
		TargetLag: targetLag, DrainTime: 2 * targetLag,
	}
	p, err := spec.Policy()
	if err != nil {
		return scaler.Policy{}, fmt.Errorf("the demo's policy: %w", err)
	}
	return p, nil
}

func newEngine(source engine.Source, targets engine.Targets, o Options, reports chan *engine.Report) *engine.Engine {
	return engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: clusterName, Source: source}},
		SLO: func(_, name string) lag.SLO {
			slo := lag.DefaultSLO
			if name != group {
				return slo
			}
			slo.Lag, slo.LagTime, slo.Declared = 1000, targetLag, true
			return slo
		},
		Mode: scaler.Act,
	}, engine.Options{
		Interval: Interval, SampleInterval: SampleInterval,
		Clock:   scaler.Clock{Poll: Interval, Decide: 3 * Interval, Pace: pace},
		Targets: targets, Record: o.Record, Log: o.Log,
		Publish: func(r *engine.Report) {
			select {
			case reports <- r:
			default: // the viewer is a report behind: it will see the next
			}
		},
	})
}

// watch hands each report to the story and to the viewer.
func watch(ctx context.Context, reports <-chan *engine.Report, s *story, show func(*engine.Report)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-reports:
			s.see(r)
			if show != nil {
				show(r)
			}
		}
	}
}

// serve shows the page until ctx ends.
func serve(ctx context.Context, running *errgroup.Group, o Options, latest func() *engine.Report) (url string, err error) {
	if o.Handler == nil {
		return "", nil
	}
	addr := o.Listen
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: o.Handler(latest), ReadHeaderTimeout: 5 * time.Second}
	running.Go(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	running.Go(func() error {
		<-ctx.Done()
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(closing) != nil {
			return server.Close() // a page that follows live holds its connection open
		}
		return nil
	})
	return "http://" + l.Addr().String(), nil
}
