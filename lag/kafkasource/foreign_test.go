package kafkasource_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// network is where the addresses of clusters lead.
type network struct {
	mu sync.Mutex
	to map[string]string // empty: nobody is there
}

func (n *network) move(address, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.to == nil {
		n.to = map[string]string{}
	}
	n.to[address] = to
}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	to, moved := n.to[address]
	n.mu.Unlock()
	switch {
	case moved && to == "":
		return nil, syscall.ECONNREFUSED
	case moved:
		address = to
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// shopOf is a cluster with the group shop, which has committed 4 of the records of each of three partitions.
func shopOf(t *testing.T, id string, brokers int, end int64) *kfake.Cluster {
	t.Helper()
	c := embedded(t, kfake.NumBrokers(brokers), kfake.ClusterID(id))
	k := lagtest.Kafka(t, source(t, kafkasource.Config{Brokers: c.ListenAddrs()}), c.ListenAddrs())
	k.Create("orders", 3)
	for p := range int32(3) {
		if err := c.MoveTopicPartition("orders", p, p%int32(brokers)); err != nil {
			t.Fatal(err)
		}
		k.Append("orders", p, end)
		for i := range 9 {
			k.Commit(fmt.Sprint("shop", i), "orders", p, 4)
		}
	}
	return c
}

// lagOfShops is the lag of each group; complete is how many of them are.
func lagOfShops(s *lag.Snapshot) (total map[int64]int, complete int) {
	total = map[int64]int{}
	for i := range s.Groups {
		n, whole := s.Groups[i].Total()
		total[n]++
		if whole {
			complete++
		}
	}
	return total, complete
}

// silence has brokers close every connection.
func silence(c *kfake.Cluster, brokers ...int) {
	c.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		return nil, io.EOF, slices.Contains(brokers, int(c.CurrentNode()))
	})
}

// TestAnAddressOfAnotherCluster gives addresses of cluster A to cluster B while A is polled. No answer of B is ever used. Its
// twin is a cluster that is gone, at whose addresses nobody answers.
func TestAnAddressOfAnotherCluster(t *testing.T) {
	for _, c := range []struct {
		name  string
		lost  []int // brokers of A that are gone
		taken []int // addresses of A at which B answers
	}{
		{"one of three", []int{1}, []int{1}},
		{"all are gone, and one address is another's", []int{0, 1, 2}, []int{1}},
		{"all are another's", []int{0, 1, 2}, []int{0, 1, 2}},
		{"twin: nobody is there", []int{0, 1, 2}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := shopOf(t, "A", 3, 14), shopOf(t, "B", 1, 4)
			var n network
			s := source(t, kafkasource.Config{Cluster: "main", Brokers: a.ListenAddrs(), Dial: n.dial, Limits: kafkasource.Limits{Metadata: time.Nanosecond, Pause: time.Millisecond, Grace: time.Nanosecond}})
			snap := lag.Compute(s.Observe(t.Context()), nil, nil)
			if snap.ClusterID != "A" {
				t.Fatalf("cluster %q", snap.ClusterID)
			}
			for _, i := range c.lost {
				n.move(a.ListenAddrs()[i], "")
			}
			for _, i := range c.taken {
				n.move(a.ListenAddrs()[i], b.ListenAddrs()[0])
			}
			silence(a, c.lost...)
			for range 4 {
				snap = lag.Compute(s.Observe(t.Context()), snap, nil)
				total, complete := lagOfShops(snap)
				if total[30]+total[20] != 9 || total[20] > 0 && len(c.lost) == 3 || complete > 0 {
					t.Errorf("lag %v, %d complete: want the last one of A, 30, or 20 without one of its partitions", total, complete)
				}
				if len(snap.Errors) == 0 || snap.ClusterID != "A" {
					t.Errorf("errors %+v, cluster %q", snap.Errors, snap.ClusterID)
				}
				for _, f := range snap.Foreign {
					if f.ClusterID != "B" || !slices.Contains(a.ListenAddrs(), f.Address) {
						t.Errorf("foreign %+v", f)
					}
				}
				if (len(snap.Foreign) > 0) != (len(c.taken) > 0) {
					t.Errorf("foreign %+v", snap.Foreign)
				}
			}
			if told := fmt.Sprint(snap.Errors); len(c.taken) > 0 && len(c.lost) == 3 &&
				!(strings.Contains(told, a.ListenAddrs()[1]) && strings.Contains(told, `"B"`) && strings.Contains(told, `"A"`)) {
				t.Errorf("the errors do not name both clusters and the address: %s", told)
			}
		})
	}
}

// A stranger among the bootstrap addresses does not hide the brokers that are well, whichever is asked first.
func TestAStrangerAmongTheBootstrapAddresses(t *testing.T) {
	a, b := shopOf(t, "A", 1, 14), shopOf(t, "B", 1, 4)
	for range 8 {
		s := source(t, kafkasource.Config{Brokers: []string{b.ListenAddrs()[0], a.ListenAddrs()[0]}, ClusterID: []string{"A"}})
		var snap *lag.Snapshot
		for range 2 {
			snap = lag.Compute(s.Observe(t.Context()), snap, nil)
		}
		if total, complete := lagOfShops(snap); total[30] != 9 || complete != 9 {
			t.Errorf("lag %v, %d complete; errors %+v", total, complete, snap.Errors)
		}
	}
}

// When nothing is known, most of the bootstrap addresses decide, whichever answers first. The twin has as many of the one as of
// the other: nothing is read, and both are named.
func TestTheFirstMeeting(t *testing.T) {
	a, b := shopOf(t, "A", 2, 14), shopOf(t, "B", 1, 4)
	for name, c := range map[string]struct {
		brokers []string
		reads   bool
		foreign int
	}{
		"two and one":             {append(b.ListenAddrs(), a.ListenAddrs()...), true, 1},
		"twin: one and one":       {append(b.ListenAddrs(), a.ListenAddrs()[0]), false, 2},
		"one, and nobody answers": {[]string{"127.0.0.1:1", a.ListenAddrs()[0]}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for range 4 {
				s := source(t, kafkasource.Config{Brokers: c.brokers})
				s.Sample(t.Context()) // a sample may come first, and meet anyone
				var snap *lag.Snapshot
				for range 2 {
					snap = lag.Compute(s.Observe(t.Context()), snap, nil)
				}
				total, complete := lagOfShops(snap)
				if c.reads && (total[30] != 9 || complete != 9 || snap.ClusterID != "A") || !c.reads && len(snap.Groups) > 0 || len(snap.Foreign) != c.foreign {
					t.Errorf("lag %v of %q, %d complete; foreign %+v, errors %+v", total, snap.ClusterID, complete, snap.Foreign, snap.Errors)
				}
				if told := fmt.Sprint(snap.Errors); !c.reads && !(strings.Contains(told, "set clusterId") && strings.Contains(told, `"A"`) && strings.Contains(told, `"B"`)) {
					t.Errorf("errors %s", told)
				}
			}
		})
	}
}

// What a cluster is compared with: what the configuration states, or else what is remembered, or else what answered first.
func TestWhichClusterIsTheRightOne(t *testing.T) {
	a := shopOf(t, "A", 1, 14)
	young := shopOf(t, "redpanda.initializing", 1, 14)
	for name, c := range map[string]struct {
		of         *kfake.Cluster
		stated     []string
		remembered []string
		read       bool
		id         string
	}{
		"nothing is known":      {a, nil, nil, true, "A"},
		"it is stated":          {a, []string{"A"}, nil, true, "A"},
		"one of a pair":         {a, []string{"B", "A"}, nil, true, "A"},
		"another is stated":     {a, []string{"B"}, nil, false, ""},
		"another is remembered": {a, nil, []string{"B"}, false, "B"},
		"it is remembered":      {a, nil, []string{"B", "A"}, true, "A"},
		"rebuilt: another is remembered, it is stated": {a, []string{"A"}, []string{"B"}, true, "A"},
		"a placeholder":                    {young, nil, nil, true, ""},
		"a placeholder, another is stated": {young, []string{"B"}, nil, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, kafkasource.Config{Brokers: c.of.ListenAddrs(), ClusterID: c.stated})
			if name == "it is remembered" {
				s.Observe(t.Context()) // what answered first is one of them
			}
			s.Remember(c.remembered)
			o := s.Observe(t.Context())
			if (len(o.Groups) == 9) != c.read || o.ClusterID != c.id || (len(o.Errors) == 0) != c.read {
				t.Errorf("%d groups of %q, errors %+v", len(o.Groups), o.ClusterID, o.Errors)
			}
		})
	}
}

// What answered first turns out to be a stranger when what was saved is loaded: its connections are not used any more.
func TestTheFirstAnswerWasOfAStranger(t *testing.T) {
	a, b := shopOf(t, "A", 1, 14), shopOf(t, "B", 1, 4)
	var n network
	n.move(a.ListenAddrs()[0], b.ListenAddrs()[0])
	s := source(t, kafkasource.Config{Brokers: a.ListenAddrs(), Dial: n.dial})
	if o := s.Observe(t.Context()); o.ClusterID != "B" {
		t.Fatalf("cluster %q", o.ClusterID)
	}
	s.Remember([]string{"A"})
	if o := s.Observe(t.Context()); o.ClusterID != "A" || len(o.Groups) > 0 || len(o.Errors) == 0 {
		t.Errorf("%d groups of %q, errors %+v", len(o.Groups), o.ClusterID, o.Errors)
	}
}

// Of a failover pair the other cluster is read when nobody of the first one answers any more.
func TestAFailoverPair(t *testing.T) {
	a, b := shopOf(t, "A", 2, 14), shopOf(t, "B", 2, 9)
	var n network
	s := source(t, kafkasource.Config{Brokers: a.ListenAddrs()[:1], ClusterID: []string{"A", "B"}, Dial: n.dial, Limits: kafkasource.Limits{Metadata: time.Nanosecond}})
	snap := lag.Compute(s.Observe(t.Context()), nil, nil)
	silence(a, 0, 1)
	n.move(a.ListenAddrs()[0], b.ListenAddrs()[0])
	n.move(a.ListenAddrs()[1], "")
	for poll := range 3 {
		snap = lag.Compute(s.Observe(t.Context()), snap, nil)
		total, complete := lagOfShops(snap)
		if of := total[30] + total[15]; of != 9 || total[30] > 0 && complete > 0 {
			t.Errorf("poll %d: lag %v, %d complete: of both clusters", poll, total, complete)
		}
	}
	if total, complete := lagOfShops(snap); total[15] != 9 || complete != 9 || snap.ClusterID != "B" || len(snap.Foreign) > 0 {
		t.Errorf("lag %v of %q, %d complete; %+v %+v", total, snap.ClusterID, complete, snap.Errors, snap.Foreign)
	}
}
