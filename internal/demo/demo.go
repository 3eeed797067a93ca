package demo

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Options say which demo to run, and how to show it.
type Options struct {
	Scenario Scenario
	Duration time.Duration          // 0: until the context ends
	Listen   string                 // of the page; empty: a free port of 127.0.0.1
	Started  func(Addresses)        // called once, before the first record is produced; may be nil
	Show     func(r *engine.Report) // called with every report, in order; may be nil
	Record   string                 // the file to which polls are recorded; empty: not recorded
	Version  string                 // of the program
	Revision string                 // the commit from which the program was built
	Log      *slog.Logger
}

// Addresses are where a running demo answers.
type Addresses struct {
	URL   string // of the web UI
	Kafka string // HOST:PORT of an embedded broker
}

// Run runs the demo until its duration is over or ctx ends, stops everything, and returns a summary.
//
//	faults, producer ── brokers ── fleet        one errgroup: the first error, or the end of ctx, ends them all
//	                       └── engine ── page
func Run(ctx context.Context, o Options) (Summary, error) {
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Duration)
		defer cancel()
	}
	b, err := startBrokers(retention)
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

	recorded, stopRecording := o.recorder()
	defer stopRecording()
	running, ctx := errgroup.WithContext(ctx)
	f := newFleet(ctx, b.ListenAddrs(), o.Scenario, policy)
	f.resize(1)
	reports := make(chan *engine.Report, 1)
	e := newEngine(source, f, engine.Options{Record: recorded, Log: o.Log}, reports)
	ring := recent.New()
	url, err := serve(ctx, running, o.Listen, o.pages(e.Latest, ring, time.Now()))
	if err != nil {
		return Summary{}, err
	}
	if o.Started != nil {
		o.Started(Addresses{URL: url, Kafka: b.ListenAddrs()[0]})
	}
	summary := newSummaryBuilder(o.Scenario)
	running.Go(func() error {
		return produce(ctx, b.ListenAddrs(), production{topic: topic, partitions: partitions, rate: arrivals, hot: o.Scenario.hot})
	})
	running.Go(func() error { return neighbours(ctx, b.ListenAddrs()) })
	running.Go(func() error { return e.Run(ctx) })
	running.Go(func() error {
		return watch(ctx, reports, func(r *engine.Report) { ring.Add(r); summary.add(r); o.show(r) })
	})
	if faults := o.Scenario.faults; faults != nil {
		running.Go(func() error { faults(ctx, b, f); return nil })
	}
	err = running.Wait()
	f.wait()
	return summary.result(), err
}

func demoPolicy() (scaler.Policy, error) {
	spec := scaler.Spec{
		Sources:   []seen.SourceSpec{{Cluster: clusterName, Group: group}},
		TargetLag: targetLag, DrainTime: 2 * targetLag,
	}
	p, err := spec.Policy()
	if err != nil {
		return scaler.Policy{}, fmt.Errorf("the demo's policy: %w", err)
	}
	return p, nil
}

func newEngine(source engine.Source, targets engine.Targets, o engine.Options, reports chan *engine.Report) *engine.Engine {
	return engine.New(engine.Settings{
		Clusters: []engine.Cluster{{Name: clusterName, Source: source}},
		SLO: func(_, name string) lag.SLO {
			slo := lag.DefaultSLO
			slo.Pace = pace
			if name != group {
				return slo
			}
			slo.Lag, slo.LagTime, slo.Declared = 1000, targetLag, true
			return slo
		},
		Mode: scaler.Act,
	}, engine.Options{
		Interval: Interval, SampleInterval: SampleInterval,
		Clock:   seen.Clock{Poll: Interval, Decide: 3 * Interval, Pace: pace},
		Targets: targets, Record: o.Record, Log: o.Log,
		Publish: func(r *engine.Report) {
			select {
			case reports <- r:
			default: // show is still busy with a report: it gets a later one
			}
		},
	})
}

// show calls Show, if it is set.
func (o Options) show(r *engine.Report) {
	if o.Show != nil {
		o.Show(r)
	}
}

// watch calls show with every report until ctx ends.
func watch(ctx context.Context, reports <-chan *engine.Report, show func(*engine.Report)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-reports:
			show(r)
		}
	}
}
