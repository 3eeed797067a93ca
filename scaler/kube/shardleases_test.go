package kube

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler/brakes"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// A Lease says what its annotations say to whoever may edit them. There are never more shards than there may be, and what a shard may
// use of a limit is never more than another one has left of it.
func FuzzShardLease(f *testing.F) {
	f.Add("1/2", "2", `{"pool":{"Replicas":{"Has":4,"Uses":3,"Asks":2},"Acting":3}}`, int32(12), int32(3))
	f.Add("1/100", "9223372036854775807", "", int32(12), int32(3))
	f.Add("1/0", "-3", "{", int32(0), int32(0))
	f.Add("0/2", "x", `{"pool":{"Added":{"Has":-9},"Acting":2147483647}}`, int32(2147483647), int32(2147483647))
	f.Add("", "", "null", int32(-1), int32(-1))
	f.Fuzz(func(t *testing.T, claim, wants, text string, limit, asks int32) {
		now, holder := metav1.NowMicro(), "another"
		other := &knownLease{Lease: shard.Lease{Index: 1}}
		other.saw(&coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotationShard: claim, annotationWanted: wants, annotationParts: text}},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &now},
		}, time.Now())
		if !other.Live || other.Of < 0 || other.Of > shard.Most || other.Wants < 0 || other.Wants > shard.Most {
			t.Fatalf("%+v", other.Lease)
		}
		s := newShards(access.API{}, Options{Lease: "lagscaler", Shard: shard.Shard{Index: 0, Of: 2}}, nil)
		s.known[1] = other
		others := s.others()
		limits := []brakes.Limit{{Name: "pool", Replicas: limit, AddedPerMinute: limit, SteppingDown: 0.5}}
		needs := map[string]brakes.Parts{"pool": {Replicas: brakes.Part{Asks: asks}, Added: brakes.Part{Asks: asks}, Acting: 1}}
		s.parts.take(limits, needs)
		s.parts.mark("", false, others)
		s.parts.marked()
		s.parts.read(others)
		use, has := s.parts.take(limits, needs)["pool"], other.parts.all["pool"]
		for _, n := range []struct{ use, has int32 }{{use.Replicas.Has, has.Replicas.Has}, {use.Added.Has, has.Added.Has}} {
			if n.use < 0 || n.has < 0 || n.use > 0 && int64(n.use)+int64(n.has) > int64(limit) {
				t.Errorf("of %d the other has %d, and this one may use %d", limit, n.has, n.use)
			}
			if other.parts.unknown && n.use > 0 {
				t.Errorf("beside a shard of which nothing is known, %d may be used", n.use)
			}
		}
	})
}
