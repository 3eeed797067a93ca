package kafkasource_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

func requests(o lag.Observation) map[string]int64 {
	counts := map[string]int64{}
	for _, r := range o.Requests {
		counts[r.API] = r.Count
		counts["all"] += r.Count
	}
	return counts
}

func TestRequestsOfAPoll(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(30)
	leave := r.Join("g00", "orders")
	defer leave()
	for poll := range 7 {
		o := r.observe()
		quiet(t, o)
		got := requests(o)
		want := map[string]int64{"ListGroups": 3, "OffsetFetch": 3, "ListOffsets": 3, "Metadata": 0}
		switch poll {
		case 0: // brokers, then the topic, and its log starts
			want["Metadata"], want["ListOffsets"] = 2, 6
		case 6:
			want["ListOffsets"] = 6
		}
		for api, n := range want {
			if got[api] != n {
				t.Errorf("poll %d: %d %s, want %d", poll, got[api], api, n)
			}
		}
		if poll%6 != 0 && got["all"] > 12 {
			t.Errorf("poll %d: %d requests", poll, got["all"])
		}
	}
	// Two in flight to each broker, the transport's own, and sometimes one more: it answers before it takes a connection back.
	if n := r.source.Connections(); n > 3*3+1 {
		t.Errorf("%d connections", n)
	}
}

// Metadata that is too old costs one request to one broker of the cluster.
func TestOldMetadataIsOneRequest(t *testing.T) {
	r := newRig(t, kafkasource.Config{Limits: kafkasource.Limits{Metadata: time.Nanosecond}})
	r.fill(30)
	r.observe()
	for range 2 {
		if got := requests(r.observe())["Metadata"]; got != 1 {
			t.Errorf("%d Metadata requests, want 1", got)
		}
	}
}

func TestBatches(t *testing.T) {
	r := newRig(t, kafkasource.Config{Limits: kafkasource.Limits{Groups: 2, Partitions: 1}}, kfake.NumBrokers(1))
	r.Create("orders", 3)
	for i := range 5 {
		r.Commit(fmt.Sprintf("g%d", i), "orders", 0, 0)
	}
	o := r.observe()
	quiet(t, o)
	if got := requests(o); got["OffsetFetch"] != 3 || got["ListOffsets"] != 6 || len(o.Groups) != 5 {
		t.Errorf("requests %v, %d groups", got, len(o.Groups))
	}
}

func TestBrokersBefore30(t *testing.T) {
	r := newRig(t, kafkasource.Config{}, kfake.MaxVersions(kversion.V2_8_0()))
	r.fill(9)
	r.observe()
	o := r.observe()
	quiet(t, o)
	if got := requests(o); got["OffsetFetch"] != 9 || got["FindCoordinator"] != 0 {
		t.Errorf("requests %v: want one OffsetFetch a group, and no search for coordinators", got)
	}
}

// batches is how many batches of that size n items are.
func batches(n, size int) int64 { return int64((n + size - 1) / size) }

// requestsOfGroups is the number of requests of a poll by the number of groups.
var requestsOfGroups = map[int]int64{30: 12, 1_000: 12, 1_800: 18, 10_000: 48}

// TestRequestsGrowWithGroups holds the formula of the package comment, with the batch sizes that are the default, and the
// numbers of docs/operations.md: every sixth poll also reads the starts of the logs, with one more request to each broker, and
// every 30 s one poll also reads the metadata.
func TestRequestsGrowWithGroups(t *testing.T) {
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"| 100 | 12 to 16 |", "| 1,000 | 12 to 16 |", "| 10,000 | 48 to 52 |"} {
		if !strings.Contains(string(operations), row) {
			t.Errorf("docs/operations.md has no row with %q", row)
		}
	}
	for groups, all := range requestsOfGroups {
		t.Run(fmt.Sprintf("%d groups", groups), func(t *testing.T) {
			r := newRig(t, kafkasource.Config{})
			r.fill(groups)
			of := r.listAsStable(groups)
			r.observe() // metadata and log starts
			o := r.observe()
			quiet(t, o)
			want := map[string]int64{"ListGroups": 3, "ListOffsets": 3, "all": all}
			for broker := range int32(3) {
				want["DescribeGroups"] += batches(len(of[broker]), 500)
				want["OffsetFetch"] += batches(len(of[broker]), 500)
			}
			if got := requests(o); !maps.Equal(got, want) || len(o.Groups) != groups {
				t.Errorf("%d groups with requests %v, want %v", len(o.Groups), got, want)
			}
		})
	}
}

func TestRequestsGrowWithPartitions(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.Create("orders", 36_000)
	r.Commit("shop", "orders", 0, 0)
	for poll := range 2 {
		o := r.observe()
		quiet(t, o)
		leads := map[int32]int{}
		for _, p := range topic(t, o, "orders").Partitions {
			leads[p.Leader]++
		}
		var want int64
		for _, n := range leads {
			want += batches(n, 10_000)
		}
		if poll == 0 { // log starts too
			want *= 2
		}
		if got := requests(o)["ListOffsets"]; got != want || len(leads) != 3 || want < 6 {
			t.Errorf("poll %d: %d requests, want %d for leaders of %v partitions", poll, got, want, leads)
		}
	}
}

// listAsStable makes brokers list the groups of fill as if they had members, so that they are described. It returns
// the groups by coordinator.
func (r *rig) listAsStable(groups int) map[int32][]string {
	of := map[int32][]string{}
	for i := range groups {
		name := fmt.Sprintf("g%02d", i)
		of[r.CoordinatorFor(name)] = append(of[r.CoordinatorFor(name)], name)
	}
	r.ControlKey(int16(kmsg.ListGroups), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		resp := req.ResponseKind().(*kmsg.ListGroupsResponse)
		for _, name := range of[r.CurrentNode()] {
			resp.Groups = append(resp.Groups, kmsg.ListGroupsResponseGroup{Group: name, ProtocolType: "consumer", GroupState: "Stable", GroupType: "classic"})
		}
		return resp, nil, true
	})
	return of
}
