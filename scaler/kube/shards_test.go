package kube

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// replica is a process of a shard: its controller, and an engine that goes by what the controller says is its own.
type replica struct {
	*Controller
	flag string
	stop context.CancelFunc // asks it to end
	kill context.CancelFunc // its API server does not answer any more
	done chan struct{}
}

// shardedFleet are replicas on one API server.
type shardedFleet struct {
	t        *testing.T
	world    *world
	replicas []*replica
	alone    map[string]time.Time // groups that nobody owns, since when
	longest  time.Duration
}

func (f *shardedFleet) begin(flag string) *replica {
	own, err := shard.Parse(flag)
	if err != nil {
		f.t.Fatal(err)
	}
	name := fmt.Sprint(flag, " ", len(f.replicas))
	ctx, stop := context.WithCancel(f.t.Context())
	r := &replica{flag: flag, stop: stop, done: make(chan struct{})}
	r.Controller = New(f.world.clients, Options{
		Namespace: "lagscaler", Lease: "lagscaler", Shard: own, Identity: name, Log: slog.New(slog.NewTextHandler(f.world.log, nil)),
	})
	r.Configure(Settings{Clusters: []string{"main"}})
	elected, end := context.WithCancel(f.t.Context())
	r.kill = end
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.Elect(elected) })
	wg.Go(func() { _ = r.Run(ctx) })
	wg.Go(func() { // an engine
		for elected.Err() == nil {
			r.Took(r.View())
			time.Sleep(time.Second)
		}
	})
	go func() {
		<-ctx.Done()
		r.Linger(elected)
		end()
		wg.Wait()
		close(r.done)
	}()
	f.replicas = append(f.replicas, r)
	return r
}

func (f *shardedFleet) end(flags ...string) {
	for _, r := range f.replicas {
		if slices.Contains(flags, r.flag) {
			r.stop()
		}
	}
}

// pass lets time pass, and looks twice a second who owns what.
func (f *shardedFleet) pass(d time.Duration) {
	f.t.Helper()
	for range d / (500 * time.Millisecond) {
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		for g := range 24 {
			group := fmt.Sprint("group-", g)
			owners := f.owners(group)
			if len(owners) > 1 {
				f.t.Fatalf("%s is of %v", group, owners)
			}
			if len(owners) == 1 {
				delete(f.alone, group)
			} else if since, known := f.alone[group]; !known {
				f.alone[group] = time.Now()
			} else {
				f.longest = max(f.longest, time.Since(since))
			}
		}
	}
}

func (f *shardedFleet) owners(group string) (out []string) {
	for _, r := range f.replicas {
		if r.Leading() && r.goesBy().Owns("main", group) {
			out = append(out, r.flag)
		}
	}
	return out
}

// goesBy is what the engine of a replica goes by.
func (r *replica) goesBy() *shard.View {
	r.shards.mu.Lock()
	defer r.shards.mu.Unlock()
	return r.shards.took
}

// all fails the test unless each group is of its shard of so many.
func (f *shardedFleet) all(of int) {
	f.t.Helper()
	for g := range 24 {
		group := fmt.Sprint("group-", g)
		want := shard.Shard{Index: shard.Owner("main", group, of), Of: of}.String()
		if got := f.owners(group); len(got) != 1 || got[0] != want {
			f.t.Fatalf("%s is of %v; want %s", group, got, want)
		}
	}
}

// follow fails the test unless so many replicas of a shard follow.
func (f *shardedFleet) follow(flag string, want int) {
	f.t.Helper()
	got := 0
	for _, r := range f.replicas {
		if r.flag == flag && r.Follows() {
			got++
		}
	}
	if got != want {
		f.t.Errorf("%d replicas of %s follow, want %d", got, flag, want)
	}
}

func inFleet(t *testing.T, test func(f *shardedFleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &shardedFleet{t: t, world: newWorld(t, ""), alone: map[string]time.Time{}}
		defer func() {
			for _, r := range f.replicas {
				r.stop()
				r.kill()
				<-r.done
			}
		}()
		test(f)
	})
}

// From one shard to three and to two, in the order in which Helm and the Deployments do it: no group ever has two owners, and none is
// without one for as long as two polls.
func TestShardsChange(t *testing.T) {
	inFleet(t, func(f *shardedFleet) {
		f.begin("0/1")
		f.begin("0/1")
		f.pass(5 * time.Second)
		f.all(1)
		lease, err := f.world.typed.CoordinationV1().Leases("lagscaler").Get(t.Context(), "lagscaler", metav1.GetOptions{})
		if err != nil || strings.Contains(fmt.Sprint(lease.Annotations), "shard") {
			t.Errorf("without shards the Lease says %v, %v", lease.Annotations, err)
		}
		f.follow("0/1", 0)
		f.longest = 0

		for _, flag := range []string{"0/3", "1/3", "1/3", "2/3", "2/3"} {
			f.begin(flag)
		}
		f.pass(10 * time.Second)
		f.all(1)
		f.end("0/1")
		f.begin("0/3")
		f.pass(30 * time.Second)
		f.all(3)
		for _, flag := range []string{"0/3", "1/3", "2/3"} {
			f.follow(flag, 1)
		}
		t.Logf("from one shard to three a group was without owner for %v at most", f.longest)
		if f.longest > 10*time.Second {
			t.Errorf("for %v", f.longest)
		}
		f.longest = 0

		f.end("2/3") // its Deployment is deleted while the others roll
		for _, flag := range []string{"0/2", "1/2"} {
			f.begin(flag)
		}
		f.pass(7 * time.Second)
		f.end("0/3", "1/3")
		f.begin("0/2")
		f.begin("1/2")
		f.pass(60 * time.Second)
		f.all(2)
		t.Logf("from three to two for %v at most", f.longest)
		if f.longest > 20*time.Second {
			t.Errorf("for %v", f.longest)
		}
		f.longest = 0

		f.begin("0/1")
		f.begin("0/1")
		f.end("1/2")
		f.pass(5 * time.Second)
		f.end("0/2")
		f.pass(60 * time.Second)
		f.all(1)
		t.Logf("from two to one for %v at most", f.longest)
	})
}

// A new shard that does not start leaves no group without an owner: the first one goes on with its groups.
func TestAShardThatDoesNotStart(t *testing.T) {
	inFleet(t, func(f *shardedFleet) {
		f.begin("0/1")
		f.pass(5 * time.Second)
		f.begin("1/3")
		f.begin("0/3")
		f.end("0/1")
		f.pass(2 * time.Minute)
		for g := range 24 {
			group := fmt.Sprint("group-", g)
			got := f.owners(group)
			if len(got) != 1 || shard.Owner("main", group, 3) != 1 && got[0] != "0/3" {
				t.Fatalf("%s is of %v; want 0/3, unless 1/3 took it over when 0/1 gave its Lease back", group, got)
			}
		}
	})
}

// Two leaders of different divisions claim at once, and each sees the claim of the other one: the first shard has the groups of both when the
// Lease of the second one says that it waits. It says so of a claim, not of a shard: another leader of the first shard waits again.
func TestTwoThatClaimAtOnce(t *testing.T) {
	moved := "" // a group that both claim
	for g := 0; shard.Owner("main", moved, 3) != 1; g++ {
		moved = fmt.Sprint("group-", g)
	}
	start := func(own shard.Shard, replica string) *shards {
		return newShards(access.API{Clock: time.Now}, Options{Lease: "lagscaler", Shard: own, Identity: replica}, nil)
	}
	write := func(s *shards, lease *coordinationv1.Lease, begins bool) {
		s.Mark(lease.Annotations, !begins, false)
		s.Marked()
		lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &s.replica, RenewTime: &metav1.MicroTime{Time: time.Now()}}
	}
	look := func(s *shards, index int, lease *coordinationv1.Lease) {
		if s.known[index] == nil {
			s.known[index] = &knownLease{Lease: shard.Lease{Index: index}}
		}
		s.known[index].saw(lease, time.Now())
		s.take([]shard.Lease{s.known[index].Lease})
	}
	owns := func(s *shards) bool { return s.seat.View().Owns("main", moved) }

	first, second := start(shard.Shard{Of: 3}, "first"), start(shard.Shard{Index: 1, Of: 3}, "second")
	leases := []*coordinationv1.Lease{{}, {}}
	leases[0].Annotations, leases[1].Annotations = map[string]string{annotationShard: "0/1"}, map[string]string{}
	write(first, leases[0], true)
	write(second, leases[1], true)
	look(first, 1, leases[1])
	look(second, 0, leases[0])
	if owns(first) || owns(second) {
		t.Fatalf("nobody has said yet that it waits: owned by the first %v, by the second %v", owns(first), owns(second))
	}
	write(second, leases[1], false)
	look(first, 1, leases[1])
	look(second, 0, leases[0])
	if !owns(first) || owns(second) {
		t.Errorf("the second waits: owned by the first %v, by the second %v", owns(first), owns(second))
	}
	successor := start(shard.Shard{Of: 3}, "successor")
	write(successor, leases[0], true)
	look(successor, 1, leases[1])
	if owns(successor) {
		t.Error("the second waits for the claim of the first, and its successor goes on at once")
	}
	leases[1].Annotations[annotationWaits] = "{"
	if look(successor, 1, leases[1]); owns(successor) {
		t.Error("somebody has edited the Lease, and the successor goes on")
	}
}

// Both replicas of a shard are killed: its groups are nobody's, and the others go on.
func TestAShardIsKilled(t *testing.T) {
	inFleet(t, func(f *shardedFleet) {
		for _, flag := range []string{"0/2", "1/2"} {
			f.begin(flag)
		}
		f.pass(20 * time.Second)
		f.all(2)
		f.replicas[1].kill()
		f.pass(2 * time.Minute)
		for g := range 24 {
			group := fmt.Sprint("group-", g)
			owners := f.owners(group)
			if is := shard.Owner("main", group, 2); is == 0 && len(owners) != 1 || is == 1 && len(owners) != 0 {
				t.Fatalf("%s of shard %d is of %v", group, is, owners)
			}
		}
		f.begin("1/2")
		f.pass(20 * time.Second)
		f.all(2)
	})
}

// Which scalers of a shard have stopped themselves is known to the others, also when another replica begins to lead; and no more when
// nobody has.
func TestShardsTellWhatStopped(t *testing.T) {
	inFleet(t, func(f *shardedFleet) {
		first, second := f.begin("0/2"), f.begin("1/2")
		f.pass(20 * time.Second)
		told := breaker.Part{Stopped: []breaker.Member{{Namespace: "shop", Stopped: time.Now().UTC().Truncate(time.Second), WentDown: true}}, Down: 7}
		if got := first.Stops(told); len(got) != 1 || len(got[0].Stopped) != 0 || got[0].Down != 0 {
			t.Errorf("before anybody has stopped, %+v is known", got)
		}
		f.pass(20 * time.Second)
		if got := second.Stops(breaker.Part{}); len(got) != 1 || !reflect.DeepEqual(got[0], told) {
			t.Errorf("the other shard knows %+v; want %+v", got, told)
		}
		f.end("0/2")
		f.pass(5 * time.Second)
		successor := f.begin("0/2")
		f.pass(40 * time.Second)
		if got := second.Stops(breaker.Part{}); len(got) != 1 || !reflect.DeepEqual(got[0], told) {
			t.Errorf("before the successor has read the memories, the other shard knows %+v; want %+v", got, told)
		}
		successor.Stops(breaker.Part{})
		f.pass(20 * time.Second)
		if got := second.Stops(breaker.Part{}); len(got) != 1 || len(got[0].Stopped) != 0 || got[0].Down != 0 {
			t.Errorf("when nothing is stopped any more, the other shard knows %+v", got)
		}
	})
	for _, text := range []string{"", "{", "[]", `{"stopped": 3}`, `{"stopped": [{"at": "yesterday"}]}`} {
		if got := stopsIn(text); len(got.Stopped) != 0 || got.Down != 0 {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
