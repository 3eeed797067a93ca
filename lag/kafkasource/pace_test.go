package kafkasource

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// The load of a cluster of three brokers with the requests of a warm poll, at some paces.
func TestLoad(t *testing.T) {
	warm := []lag.RequestCount{{API: "DescribeGroups", Count: 3}, {API: "ListGroups", Count: 3}, {API: "ListOffsets", Count: 3}, {API: "Metadata", Count: 1}, {API: "OffsetFetch", Count: 3}}
	for _, c := range []struct {
		pace                  Pace
		session               time.Duration
		requests, connections float64 // a second
	}{
		// 12 a poll, 3 log starts each 6 polls, metadata each 30 s, the list of brokers each 3 s on average, 3 a sample
		{Pace{Interval: 10 * time.Second, Samples: time.Second}, 0, 1.2 + 0.05 + 1/30. + 1/3. + 3, 0},
		{Pace{Interval: 10 * time.Second}, 15 * time.Minute, 1.2 + 0.05 + 1/30. + 1/3., 7 / 900.},
		{Pace{Interval: time.Minute, Samples: time.Minute}, 0, 0.2 + 3/360. + 1/60. + 2/36. + 0.05, 0},
		{Pace{Interval: 10 * time.Minute}, time.Minute, 0.02 + 3/3600. + 1/600. + 2/60., 7 / 60.},
		{Pace{Interval: 10 * time.Minute}, 0, 0.02 + 3/3600. + 1/600. + 2/60., 7 / 600.},
	} {
		l := LimitsOf(c.pace.Interval, 0).orDefault()
		load := l.loadOf(warm, 3, 7, c.pace, c.session)
		if load.Poll != 12 || math.Abs(load.RequestsPerSecond-c.requests) > 1e-9 || math.Abs(load.ConnectionsPerSecond-c.connections) > 1e-9 {
			t.Errorf("%+v: %+v, want %v and %v", c.pace, load, c.requests, c.connections)
		}
	}
}

// A poll that needs longer than it may because of requestsPerSecond is warned of.
func TestPollTakesTooLong(t *testing.T) {
	p, l := Pace{Interval: 10 * time.Second}, LimitsOf(10*time.Second, 0).orDefault()
	l.PerSecond = 5
	for poll, warned := range map[int64]bool{40: false, 41: true} {
		all := paceFindings(Load{Poll: poll, RequestsPerSecond: 4}, p, l)
		if got := len(all) == 2 && all[1].Warning && strings.Contains(all[1].Detail, "must end within 8s"); got != warned {
			t.Errorf("%d requests at 5 a second within 8 s: %+v", poll, all)
		}
	}
}
