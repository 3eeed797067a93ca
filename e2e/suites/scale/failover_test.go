package scale

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/closedloop/consumer"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/long"
	"github.com/lagscaler/lagscaler/scaler"
)

// MirrorMaker copies the topic and the commits of the group to a second cluster. That changes no decision, until the first cluster is gone
// and the consumers use the copy: then it is the one that counts, and nothing is scaled for the change itself.
func TestAClusterStandsBy(t *testing.T) {
	long.Story(t, "worlds of scaler/sim/worlds have a cluster that stands by, and fail over")
	t.Parallel()
	east := kafka.Start(t, kafka.Config{Version: kafka.V43, Nodes: 1})
	west := kafka.Start(t, kafka.Config{Version: kafka.V43, Nodes: 1})
	var failedOver atomic.Bool
	s := open(t, setup{
		Kafka: east, Rate: 200, Replicas: 6, Spec: "  minReplicas: 1\n",
		Scaler: func(s *closedloop.Loop) string {
			copies := fmt.Sprintf("  - {cluster: west, group: %s, topics: [main.%s, %s], processingTime: %s, commitInterval: %s, standbyFor: {cluster: main, mirrorDelay: 10s}}\n",
				s.Groups[0], s.Topic, s.Topic, s.Setup.Processing, consumer.CommitEvery)
			return strings.Replace(s.Scaler(), "  minReplicas", copies+"  minReplicas", 1)
		},
		Consumer: func(c *consumerConfig) {
			if failedOver.Load() {
				c.Brokers, c.More = west.Bootstrap(), []string{"main." + c.Topic}
			}
		},
	})
	west.CreateTopicNamed(t, s.Topic, 12, nil)
	mirror := kafka.StartMirror(t, kafka.Mirroring{Name: "main", From: east, To: west, Topic: s.Topic, Group: s.Groups[0]})
	s.Daemon.Others = map[string][]string{"west": strings.Split(west.Bootstrap(), ",")}
	d := s.start()
	copied := s.awaitDecision(d, "the mirror to copy records and commits", func(got scalerReport) bool {
		if len(got.Decision.Needs) != 2 {
			return false
		}
		n := got.Decision.Needs[1]
		return n.StandsBy && n.Rate > 50 && n.Consumed > 50
	})
	t.Logf("without a member the copy has %.0f/s arrivals and %.0f/s commits", copied.Decision.Needs[1].Rate, copied.Decision.Needs[1].Consumed)
	s.awaitCalm(d)
	s.Load.Set(60)
	low := s.awaitSize("fewer, though nobody is a member in the copy", func(n int32) bool { return n <= 3 })
	s.awaitCalm(d)

	sizes := s.WatchSize()
	s.Load.Set(0)
	mirror.Kill()
	east.Node(t, 1).Kill(t)
	gone := time.Now()
	s.awaitDecision(d, "a cluster that cannot be read", func(got scalerReport) bool {
		return got.Decision.Verdict == scaler.DataStale || got.Decision.Verdict == scaler.Fallback
	})
	failedOver.Store(true)
	load := closedloop.Produce(t, strings.Split(west.Bootstrap(), ","), s.Topic, even(12))
	load.Set(60)
	s.Kubectl(t, "delete", "pod", "--namespace="+s.NS, "--all", "--wait=false")
	got := s.awaitDecision(d, "the copy to be the cluster in use", func(got scalerReport) bool {
		n, ok := got.Decision.Need()
		return ok && n.Cluster == "west" && got.Decision.Needs[0].StandsBy && got.Decision.Verdict == scaler.Steady && n.LagSeconds < target.Seconds()/4
	})
	t.Logf("failed over after %v: %s", time.Since(gone).Round(time.Second), got.Line)
	for _, size := range sizes() { // arrivals that begin anew may look like a trend; what nobody read in the copy is no backlog
		if size.Replicas < low || size.Replicas > 2*low {
			t.Errorf("sizes %v: the failover itself needs no other number than %d", sizes(), low)
			break
		}
	}
	load.Set(200)
	s.awaitSize("a size for the traffic in the copy", atLeast(4))
	if ready := s.Status(`conditions[?(@.type=="Ready")].status`); ready != "True" {
		t.Errorf("Ready is %s, though the cluster in use is read", ready)
	}
}
