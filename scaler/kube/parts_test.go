package kube

import (
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler/brakes"
)

var pool = []brakes.Limit{{Name: "pool", Replicas: 12}}

// needs says to the Lease of a shard what its scalers need, as an engine does at each poll, and is what they may have.
func needs(r *replica, uses, asks int32) int32 {
	p := r.Parts(pool, map[string]brakes.Parts{"pool": {Replicas: brakes.Part{Uses: uses, Asks: asks}}})
	return p["pool"].Replicas.Has
}

// A pool of 12 replicas over one shard, then two: what runs stays counted, what is asked for is given, and never more than 12 in all.
func TestTheRoomOfALimitMoves(t *testing.T) {
	inFleet(t, func(f *shardedFleet) {
		a := f.begin("0/2")
		b := f.begin("1/2")
		used := []int32{3, 0}
		asks := []int32{0, 0}
		polls := func(n int) (may []int32) {
			for range n {
				may = nil
				for i, r := range []*replica{a, b} {
					m := needs(r, used[i], asks[i])
					may = append(may, m)
					if taken := min(asks[i], max(0, m-used[i])); taken > 0 {
						used[i] += taken
						asks[i] -= taken
					}
				}
				if used[0]+used[1] > 12 {
					t.Fatalf("%v of 12 are used", used)
				}
				f.pass(10 * time.Second)
			}
			return may
		}
		if may := needs(b, 0, 5); may != 0 {
			t.Errorf("a shard that has written nothing may have %d", may)
		}
		f.pass(20 * time.Second)
		if may := polls(3); may[0]+may[1] != 12 || may[0] < 3 {
			t.Errorf("of 12 the shards may have %v", may)
		}
		asks[1] = 20
		polls(4)
		if used[1] != 9 {
			t.Errorf("who asks gets %d; want what the other does not use", used[1])
		}
		asks[0] = 5
		polls(3)
		used[1] = 4 // it scales down
		asks[1] = 0
		polls(4)
		if used[0] != 8 {
			t.Errorf("when the other has given up 5, there are %d; want 8", used[0])
		}
		b.kill() // its replicas run on
		asks[0] = 10
		polls(6)
		if used[0]+used[1] > 12 || used[0] != 8 {
			t.Errorf("beside a dead shard with 4 there are %d", used[0])
		}
		c := f.begin("1/2") // the next leader of that shard has not said yet what is used
		f.pass(20 * time.Second)
		polls(3)
		if used[0] != 8 {
			t.Errorf("a new leader has lost what its predecessor used: the other has %d", used[0])
		}
		if may := needs(c, 4, 0); may > 4 {
			t.Errorf("it may have %d", may)
		}
	})
}
