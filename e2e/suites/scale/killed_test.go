package scale

import (
	"testing"
	"time"
)

// killHalf kills the consumers of half of the pods, so that they cannot leave their group, and deletes these pods at once. The
// Deployment replaces them. Until their session ends, the group has members that do nothing.
func (s *scenario) killHalf() {
	s.t.Helper()
	pods := s.KillConsumers()
	s.Kubectl(s.t, append([]string{"delete", "pod", "--namespace=" + s.NS, "--grace-period=0", "--force", "--wait=false"}, pods...)...)
}

// Half of a fleet that is at its partition limit, and needs to be, is killed: the dead members are no reason to scale down,
// and only what waited for the end of their sessions is late.
func TestHalfTheFleetIsKilled(t *testing.T) {
	t.Parallel()
	const (
		partitions, rate = 12, 400 // of which six consumers could do 300
		session          = 15 * time.Second
	)
	s := open(t, setup{
		Rate: rate, Partitions: partitions, Replicas: partitions,
		Consumer: func(c *consumerConfig) { c.Session = session },
	})
	s.AwaitReady(t, s.NS, workload, partitions)
	d := s.start()
	before := s.awaitCalm(d)
	sizes := s.WatchSize()
	killed := time.Now()
	s.killHalf()
	s.awaitDecision(d, "members of pods that are gone", func(got scalerReport) bool { return got.Decision.Why.Gone == partitions/2 })
	s.awaitCalm(d)
	if got := sizes(); len(got) != 1 {
		t.Errorf("sizes %v: no scale down follows from dead members", got)
	}
	// What arrives for the dead members during their session waits for its end, and their successors have a third of their
	// time for this backlog. The partitions of the living members wait only for the rebalances.
	late, most := s.Consumed().Late-before.Late, int64(rate/2*2*session.Seconds())
	t.Logf("calm after %v, %d records late; those of the dead members: at most %d", time.Since(killed).Round(time.Second), late, most)
	if late > most {
		t.Errorf("%d records were late, and at most %d waited for the dead members", late, most)
	}
}
