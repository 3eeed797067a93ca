package seen

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// Four replicas of one consumer each, which has a partition and commits at each poll while it works. What is known of the second
// half of them after two minutes:
//
//	what happened to them                                               removed
//	the fleet was scaled down, and they left the group                  none
//	the fleet was scaled down, and they stay                            both
//	the same, and where they ran is not known                           may be
//	the same, and they work: another Deployment, behind the same NAT    none
//	they crashed, and other pods were started                           none
//	the same, after a step down of the day before                       none
func TestRemoved(t *testing.T) {
	type world struct {
		nat, leave, work, crash bool
		step                    time.Duration // of the write before the first poll
	}
	for _, c := range []struct {
		name  string
		world world
		want  map[int]bool
	}{
		{"they leave", world{leave: true}, nil},
		{"they stay", world{}, map[int]bool{2: true, 3: true}},
		{"they stay, behind NAT", world{nat: true}, map[int]bool{2: false, 3: false}},
		{"others that work, behind NAT", world{nat: true, work: true}, nil},
		{"they crash", world{crash: true}, nil},
		{"they crash a day after a step down", world{crash: true, step: 24 * time.Hour}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			p := &polled{now: begin}
			four, two := podsNamed(4, "worker-%d"), podsNamed(2, "worker-%d")
			if c.world.step > 0 {
				four.LastWrite = Write{At: begin.Add(-c.world.step), From: 6, To: 4}
			}
			if two.LastWrite = (Write{At: begin.Add(121 * time.Second), From: 4, To: 2}); c.world.crash {
				two = podsNamed(6, "worker-%d")
				two.Pods = append(two.Pods[:2], two.Pods[4:]...)
				two.Spec, two.Status, two.Ready, two.LastWrite = 4, 4, 4, four.LastWrite
			}
			var s *State
			for k := range 24 {
				wl, members := four, 4
				if k >= 12 {
					if wl = two; c.world.leave {
						members = 2
					}
				}
				s = p.poll(wl, committing(members, c.world.nat, func(i int) int64 {
					if i >= 2 && k >= 12 && !c.world.work {
						return 12
					}
					return int64(k)
				}, int64(k+2)))
			}
			got := s.Removed(&s.Sources[0])
			if len(got) != len(c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for i, known := range c.want {
				if r, ok := got[i]; !ok || r.Known != known || r.For < 110*time.Second || r.For > 2*time.Minute {
					t.Errorf("member %d: %+v, want known %v since the step down", i, got[i], known)
				}
			}
		})
	}
}

// committing is a group of which each member has one partition.
func committing(members int, behindNAT bool, commit func(i int) int64, end int64) lag.GroupLag {
	g := groupOf("g", each(members, func(i int) lag.Member {
		if behindNAT {
			return lag.Member{Host: nat, ClientID: "consumer-g-1"}
		}
		return lag.Member{Host: fmt.Sprintf("/10.0.0.%d", i)}
	})...)
	topic := lag.TopicLag{Topic: "orders"}
	for i := range 4 {
		topic.Partitions = append(topic.Partitions, lag.PartitionLag{
			Partition: int32(i), Known: lag.KnownStart | lag.KnownEnd | lag.KnownCommitted, End: end, Committed: commit(i), Owner: int32(min(i, members-1)),
		})
	}
	g.Topics = []lag.TopicLag{topic}
	return g
}
