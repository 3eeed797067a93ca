package kafkasource

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// Pace is how often a source is asked, and what the provider of the cluster allows. Only Check uses it: whoever calls Observe and
// Sample keeps the pace.
type Pace struct {
	Interval time.Duration // between two polls; 0: not known, and nothing is said of it
	Samples  time.Duration // between two samples; 0: there are none

	RequestsPerSecond    float64 // that the provider allows; 0: not known, as for the next two
	ConnectionsPerSecond float64 // new ones
	Connections          int     // open at once, to all brokers
}

// Load is what a cluster is asked at a pace, on average.
type Load struct {
	Poll                 int64   // requests of a poll, without those that only some polls make
	RequestsPerSecond    float64 // of everything
	ConnectionsPerSecond float64 // new ones
	Connections          int     // open at once
}

// loadOf computes the load from a poll that was not the first one, of a cluster with so many brokers. session is how long a broker
// accepts a connection before it must authenticate again (KIP-368); 0: for ever.
//
//	requests a second =   requests of a poll / interval
//	                    + brokers / interval of samples
//	                    + ListOffsets requests of a poll / 6 intervals           log starts, see Limits.StartEvery
//	                    + Metadata / 30 s                                        or each poll, if that is rarer
//	                    + 2 / (time between two readings of the list of brokers) kafka-go waits for a random part of it
//
//	connections a second = connections / the shorter one of session, and of interval if that exceeds kafka-go's idle time
func (l Limits) loadOf(warm []lag.RequestCount, brokers, open int, p Pace, session time.Duration) Load {
	load := Load{Connections: open}
	ends := int64(0)
	for _, r := range warm {
		switch r.API {
		case "Metadata": // not each poll makes it
		case "ListOffsets":
			ends = r.Count
			fallthrough
		default:
			load.Poll += r.Count
		}
	}
	interval := p.Interval.Seconds()
	load.RequestsPerSecond = float64(load.Poll)/interval + float64(ends)/interval/float64(l.StartEvery) +
		1/max(l.Metadata.Seconds(), interval) + 2/l.Brokers.Seconds()
	if p.Samples > 0 {
		load.RequestsPerSecond += float64(brokers) / p.Samples.Seconds()
	}
	lives := math.Inf(1)
	if p.Interval > transport.IdleTime {
		lives = interval
	}
	if session > 0 {
		lives = min(lives, session.Seconds())
	}
	load.ConnectionsPerSecond = float64(open) / lives
	return load
}

// checkPace says what the cluster is asked at the pace, and warns about what the provider does not allow, or what cannot be kept. It
// polls once more: the first poll of a source makes requests that others do not make.
func (s *Source) checkPace(ctx context.Context) []Finding {
	p, l := s.cfg.Pace, s.cfg.Limits
	if p.Interval == 0 {
		return nil
	}
	before := s.client.Quota()
	o := s.Observe(ctx)
	if !lag.Complete(o.Errors) {
		return nil // a poll that fails says little of those that do not; other findings say why
	}
	load := l.loadOf(o.Requests, len(o.Brokers), o.Quota.Connections, p, s.client.Session())
	all := paceFindings(load, p, l)
	if q := before.Plus(o.Quota); q.Bites() {
		all = append(all, paceWarning("brokers held these polls back because of their quotas: pauses of %v, %d requests and %d connections refused", q.Throttled, q.Exceeded, q.Refused))
	}
	return all
}

func paceWarning(format string, args ...any) Finding {
	return Finding{Subject: "pace", Warning: true, Detail: fmt.Sprintf(format, args...)}
}

// paceFindings are the load of a cluster in words, and a warning for each limit that it exceeds.
func paceFindings(load Load, p Pace, l Limits) []Finding {
	samples := "no samples"
	if p.Samples > 0 {
		samples = "samples every " + p.Samples.String()
	}
	all := []Finding{{Subject: "pace", Detail: fmt.Sprintf(
		"polls every %v of %d requests, %s: %s requests a second, %s new connections a second, %d connections open",
		p.Interval, load.Poll, samples, figure(load.RequestsPerSecond), figure(load.ConnectionsPerSecond), load.Connections)}}
	warn := func(exceeds bool, format string, args ...any) {
		if exceeds {
			all = append(all, paceWarning(format, args...))
		}
	}
	warn(p.RequestsPerSecond > 0 && load.RequestsPerSecond > p.RequestsPerSecond,
		"%s requests a second are above quota.requestsPerSecond, which is %s: set a longer interval or sampleInterval", figure(load.RequestsPerSecond), figure(p.RequestsPerSecond))
	warn(p.RequestsPerSecond > 0 && l.PerSecond > p.RequestsPerSecond,
		"requestsPerSecond, which is %s, is above quota.requestsPerSecond, which is %s", figure(l.PerSecond), figure(p.RequestsPerSecond))
	warn(p.ConnectionsPerSecond > 0 && load.ConnectionsPerSecond > p.ConnectionsPerSecond,
		"%s new connections a second are above quota.connectionsPerSecond, which is %s", figure(load.ConnectionsPerSecond), figure(p.ConnectionsPerSecond))
	warn(p.Connections > 0 && load.Connections > p.Connections,
		"%d connections are above quota.connections, which is %d: set connections, the limit for each broker", load.Connections, p.Connections)
	if l.PerSecond == 0 {
		return all
	}
	warn(load.RequestsPerSecond > l.PerSecond,
		"%s requests a second are needed, and requestsPerSecond is %s: polls fall behind. Set a longer interval or sampleInterval", figure(load.RequestsPerSecond), figure(l.PerSecond))
	took := time.Duration(float64(load.Poll) / l.PerSecond * float64(time.Second))
	warn(took > l.Poll, "with requestsPerSecond %s, a poll of %d requests takes %v, and must end within %v", figure(l.PerSecond), load.Poll, took.Round(time.Second), l.Poll)
	return all
}

// figure is a number with three digits after the point, less if they are zero: 0.3, 12.
func figure(x float64) string { return strconv.FormatFloat(math.Round(x*1000)/1000, 'f', -1, 64) }
