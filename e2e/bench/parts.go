package main

import (
	"context"
	"runtime"
	"strings"

	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

// part is what one part of the program keeps.
type part struct {
	Name  string
	Bytes int64
}

// parts measures what each part keeps between two polls: the heap after a collection, before and after the part is dropped. The parts of
// the engine cannot be dropped one by one, so they are made once more from the same polls.
func (d *driver) parts(ctx context.Context) []part {
	var all []part
	at := live()
	drop := func(name string) {
		now := live()
		all = append(all, part{name, at - now})
		at = now
	}
	d.page = nil
	drop("the rendered metrics")
	d.pages = nil
	drop("what pages share")
	*d.ring = recent.Ring{} // the engine has it, too
	drop("the charts of the pages")
	all = append(all, part{"rebalances that are kept", d.eventBytes()})
	d.engine = nil
	return append(all, d.ofEngine(ctx)...)
}

// eventBytes are those of the rebalances that all groups keep: what a copy of them takes.
func (d *driver) eventBytes() int64 {
	groups := d.engine.Latest().Clusters[0].Groups
	copies := make([]rebalancemon.Events, len(groups))
	before := live()
	for i := range groups {
		all := groups[i].Rebalances.Events.All()
		for k := range all {
			all[k].Evidence = strings.Clone(all[k].Evidence)
		}
		copies[i] = rebalancemon.NewEvents(all)
	}
	took := live() - before
	runtime.KeepAlive(copies)
	return took
}

// ofEngine makes the parts of the engine again, from the next polls.
func (d *driver) ofEngine(ctx context.Context) []part {
	var history lag.History
	var before *lag.Snapshot
	var rates []lag.Rates
	monitor := rebalancemon.New(rebalancemon.Options{Cluster: "bench"})
	began := live()
	for range 3 {
		d.source.shift += agingStep
		o := d.source.Observe(ctx)
		before = lag.Compute(o, before, nil)
		monitor.Snapshot(before, nil)
		rates = history.Add(before, func(string) lag.SLO { return lag.DefaultSLO })
	}
	whole := live()
	runtime.KeepAlive(monitor)
	monitor = nil
	withoutMonitor := live()
	clear(rates)
	withoutRates := live()
	history = lag.History{}
	withoutHistory := live()
	runtime.KeepAlive(before)
	nothing := live()
	return []part{
		{"the snapshot: a group's offsets and members", withoutHistory - nothing},
		{"the ends of logs, and other history", withoutRates - withoutHistory},
		{"rates, time lag of each partition", withoutMonitor - withoutRates},
		{"rebalances: what is followed of groups", whole - withoutMonitor},
		{"the source: what it knows of groups and topics", nothing - began},
	}
}

// live are the bytes of what is reachable.
func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
