package kafkasource_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// eager believes each coordinator at once, and tries again without a pause.
var eager = kafkasource.Config{Limits: kafkasource.Limits{Grace: time.Nanosecond, Pause: time.Millisecond, Metadata: time.Nanosecond}}

// outage is why the groups of a broker cannot be read.
type outage string

// The outages of a coordinator. Only the first leaves its groups readable.
const (
	none     outage = ""
	headless outage = "its partitions of __consumer_offsets have no leader" // a broker that is fenced, or that was the only replica
	loading  outage = "it loads its partitions"
	broken   outage = "it closes every connection"
	deaf     outage = "it does not list its groups, and no broker looks coordinators up"
	moving   outage = "it is said to coordinate the groups, and says that it does not"
)

var outages = []outage{none, headless, loading, broken, deaf, moving}

// outOrder puts brokers into outages. A group is coordinated by the same broker for ever.
func (r *rig) outOrder(out map[int32]outage) {
	r.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		node := r.CurrentNode()
		_, lookup := req.(*kmsg.FindCoordinatorRequest)
		switch {
		case out[node] == broken:
			return nil, io.EOF, true
		case out[node] == none && !lookup:
			return nil, nil, false
		}
		switch req := req.(type) {
		case *kmsg.ListGroupsRequest:
			resp := req.ResponseKind().(*kmsg.ListGroupsResponse)
			if out[node] == loading {
				resp.ErrorCode = kerr.CoordinatorLoadInProgress.Code
			}
			return resp, nil, true
		case *kmsg.FindCoordinatorRequest:
			return r.findIn(req, out)
		case *kmsg.DescribeGroupsRequest:
			resp := req.ResponseKind().(*kmsg.DescribeGroupsResponse)
			for _, name := range req.Groups {
				resp.Groups = append(resp.Groups, kmsg.DescribeGroupsResponseGroup{Group: name, ErrorCode: kerr.NotCoordinator.Code})
			}
			return resp, nil, true
		case *kmsg.OffsetFetchRequest:
			resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
			for _, g := range req.Groups {
				resp.Groups = append(resp.Groups, kmsg.OffsetFetchResponseGroup{Group: g.Group, ErrorCode: kerr.NotCoordinator.Code})
			}
			return resp, nil, true
		}
		return nil, nil, false
	})
}

//nolint:revive // the order is that of the embedded cluster's hook
func (r *rig) findIn(req *kmsg.FindCoordinatorRequest, out map[int32]outage) (kmsg.Response, error, bool) {
	resp := req.ResponseKind().(*kmsg.FindCoordinatorResponse)
	for _, name := range req.CoordinatorKeys {
		by := r.CoordinatorFor(name)
		c := kmsg.FindCoordinatorResponseCoordinator{Key: name, NodeID: by, Host: "127.0.0.1"}
		switch out[by] {
		case deaf:
			return nil, io.EOF, true
		case headless:
			c.NodeID, c.ErrorCode = -1, kerr.CoordinatorNotAvailable.Code
		}
		resp.Coordinators = append(resp.Coordinators, c)
	}
	return resp, nil, true
}

// A group stays while no coordinator that is up says that it is gone, however long that lasts, with the reason. The twin of
// each is a group that was really deleted, whose coordinator is up while another broker is not.
func TestAGroupIsGoneOnlyWhenItsCoordinatorSaysSo(t *testing.T) {
	for _, c := range []struct {
		of   outage
		code lag.ErrorCode
	}{
		{of: headless, code: lag.NoCoordinator},
		{of: loading, code: lag.CoordinatorLoading},
		{of: broken, code: lag.Unreachable},
		{of: deaf, code: lag.Unreachable},
		{of: moving, code: lag.NotCoordinator},
	} {
		t.Run(string(c.of), func(t *testing.T) {
			r := newRig(t, eager)
			r.fill(12)
			s := lag.Compute(r.observe(), nil, nil)
			out := map[int32]outage{1: c.of}
			lost, twin, well := r.coordinated(1, 12), r.coordinated(2, 12), r.coordinated(0, 12)
			r.DeleteGroup(twin)
			r.outOrder(out)
			for poll := range 8 { // more than any grace
				o := r.observe()
				if s = lag.Compute(o, s, nil); len(o.Errors) == 0 && poll > 0 {
					t.Errorf("poll %d tells no error", poll)
				}
				g, ok := s.Group(lost)
				if !ok || g.Err != c.code {
					t.Fatalf("poll %d: group %+v, want it with %s", poll, g, c.code)
				}
				if n, complete := g.Total(); n != 6 || complete {
					t.Errorf("poll %d: lag %d, complete %v, want the last one, and that it is not of this poll", poll, n, complete)
				}
				if g, _ := s.Group(well); g.Err != lag.OK || !g.Summary().Complete {
					t.Errorf("poll %d: a group of another coordinator: %s, %+v; %+v", poll, g.Err, g.Summary(), o.Errors)
				}
			}
			if _, ok := s.Group(twin); ok != (c.of == deaf) { // nobody says where its coordinator is
				t.Errorf("the group that was deleted is there: %v", ok)
			}
			out[1] = none
			if g, _ := lag.Compute(r.observe(), s, nil).Group(lost); g.Err != lag.OK || !g.Summary().Complete {
				t.Errorf("afterwards: %+v", g)
			}
		})
	}
}

// A coordinator that came back may not have read all its groups yet. It must deny them for the whole grace time, also after an
// outage that was longer.
func TestAnOutageIsNoPartOfTheGrace(t *testing.T) {
	cfg := eager
	cfg.Limits.Grace = 200 * time.Millisecond
	r := newRig(t, cfg)
	r.fill(12)
	r.observe()
	out, lost := map[int32]outage{1: headless}, r.coordinated(1, 12)
	r.outOrder(out)
	r.observe()
	time.Sleep(cfg.Limits.Grace)
	r.observe()
	out[1] = none
	r.DeleteGroup(lost)
	if g := group(t, r.observe(), lost); g.Err != lag.Unlisted {
		t.Errorf("denied for the first time: %+v", g)
	}
	time.Sleep(cfg.Limits.Grace)
	if g := group(t, r.observe(), lost); g.Err != lag.OK || g.State != lag.Dead {
		t.Errorf("denied for the whole time: %+v", g)
	}
}

// A denial before an outage is no part of it, either: only answers that follow each other count.
func TestADenialBeforeAnOutageDoesNotCount(t *testing.T) {
	cfg := eager
	cfg.Limits.Grace = 200 * time.Millisecond
	r := newRig(t, cfg)
	r.fill(12)
	r.observe()
	out, lost := map[int32]outage{}, r.coordinated(1, 12)
	r.outOrder(out)
	r.DeleteGroup(lost)
	r.observe() // denied
	out[1] = headless
	r.observe()
	time.Sleep(cfg.Limits.Grace)
	r.observe()
	out[1] = none
	if g := group(t, r.observe(), lost); g.Err != lag.Unlisted {
		t.Errorf("denied before and after an outage: %+v", g)
	}
	time.Sleep(cfg.Limits.Grace)
	if g := group(t, r.observe(), lost); g.Err != lag.OK || g.State != lag.Dead {
		t.Errorf("denied for the whole time: %+v", g)
	}
}

// After a start nothing is known of a group that somebody declared. Whether it exists is what its coordinator says.
func TestDeclaredGroupsThatNobodyLists(t *testing.T) {
	for name, c := range map[string]struct {
		of     outage
		absent bool
		err    lag.ErrorCode
	}{
		"twin: its coordinator is up":       {none, true, lag.OK},
		"its coordinator is not available":  {headless, false, lag.NoCoordinator},
		"its coordinator loads":             {loading, false, lag.CoordinatorLoading},
		"its coordinator cannot be reached": {broken, false, lag.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, eager)
			r.fill(12)
			if c.of == none {
				r.DeleteGroup(r.coordinated(1, 12))
			}
			r.outOrder(map[int32]outage{1: c.of})
			keep := []string{r.coordinated(1, 12)}
			r.source.ReadGroups(lag.GroupNames{Names: keep})
			var s *lag.Snapshot
			for range 6 {
				s = lag.Compute(r.observe(), s, keep)
				g, ok := s.Group(keep[0])
				if !ok || g.Absent() != c.absent || g.Err != c.err {
					t.Fatalf("group %+v", g)
				}
				if sum := g.Summary(); c.of != none && sum.Complete {
					t.Errorf("complete: %+v", sum)
				}
			}
		})
	}
}

// Groups that a broker lists are read once, and not looked up, whoever declares them: in the first poll, too.
func TestDeclaredGroupsThatAreListed(t *testing.T) {
	r := newRig(t, eager)
	r.fill(3)
	r.source.ReadGroups(lag.GroupNames{Names: []string{"g00", "g01", "g02"}})
	for range 2 {
		o := r.observe()
		quiet(t, o)
		if n := requests(o)["FindCoordinator"]; len(o.Groups) != 3 || n != 0 {
			t.Errorf("%d groups, %d coordinators were looked up", len(o.Groups), n)
		}
	}
}

// A cluster without a group has no __consumer_offsets, and a broker that looks up a coordinator creates it.
func TestWithoutAnyGroupNoCoordinatorIsLookedUp(t *testing.T) {
	r := newRig(t, eager)
	keep := []string{"shop"}
	r.source.ReadGroups(lag.GroupNames{Names: keep})
	o := r.observe()
	quiet(t, o)
	if n := requests(o)["FindCoordinator"]; n != 0 {
		t.Errorf("%d coordinators were looked up", n)
	}
	if g, _ := lag.Compute(o, nil, keep).Group("shop"); !g.Absent() {
		t.Errorf("group %+v", g)
	}
}

// Brokers before 3.0 look up one coordinator in a request.
func TestManyCoordinatorsOfOldBrokers(t *testing.T) {
	cfg := eager
	cfg.Limits.Groups = 2
	r := newRig(t, cfg, kfake.MaxVersions(kversion.V2_8_0()))
	r.fill(9)
	quiet(t, r.observe())
	r.hideGroups()
	r.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Err: kerr.CoordinatorNotAvailable, Count: -1})
	asked, names := map[lag.ErrorCode]int{}, map[string]bool{}
	for poll := range 5 {
		o := r.observe()
		if n := requests(o)["FindCoordinator"]; n > 6 {
			t.Errorf("%d requests in a poll", n)
		}
		for _, g := range o.Groups {
			if asked[g.Err]++; g.Err == lag.NoCoordinator {
				names[g.Group] = true
			}
		}
		for i := 0; poll == 0 && i < len(names); i++ {
			if !names[fmt.Sprintf("g%02d", i)] {
				t.Errorf("the first poll leaves out group %d of %v", i, names)
			}
		}
	}
	if len(asked) != 2 || len(names) != 9 || asked[lag.Unlisted] == 0 {
		t.Errorf("groups by reason %v: each is asked for in its turn, and none is gone", asked)
	}
}

// offsetsTopic has brokers say that some of the partitions of __consumer_offsets have no leader.
func (r *rig) offsetsTopic(lost *int) {
	addresses := r.ListenAddrs()
	r.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		for i, a := range addresses {
			var port int32
			_, _ = fmt.Sscanf(a[strings.LastIndex(a, ":")+1:], "%d", &port)
			resp.Brokers = append(resp.Brokers, kmsg.MetadataResponseBroker{NodeID: int32(i), Host: "127.0.0.1", Port: port})
		}
		if len(req.(*kmsg.MetadataRequest).Topics) == 0 {
			return resp, nil, true
		}
		name := "__consumer_offsets"
		topic := kmsg.MetadataResponseTopic{Topic: &name, IsInternal: true}
		for i := range 8 {
			p := kmsg.NewMetadataResponseTopicPartition()
			if p.Partition = int32(i); i < *lost {
				p.Leader, p.ErrorCode = -1, kerr.LeaderNotAvailable.Code
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
}

// While a partition of __consumer_offsets has no leader, groups that were never seen may be missing: the poll says so, and so
// does the sample.
func TestAPollWithALostPartitionOfTheOffsetsTopicIsNotComplete(t *testing.T) {
	r := newRig(t, eager)
	lost := 3
	r.offsetsTopic(&lost)
	o := r.observe()
	if len(o.Errors) != 1 || o.Errors[0].Code != lag.NoCoordinator || !strings.Contains(o.Errors[0].Detail, "3 of 8 partitions") {
		t.Errorf("errors %+v", o.Errors)
	}
	if s := r.source.Sample(t.Context()); s.Complete() {
		t.Error("the sample is complete")
	}
	lost = 0
	quiet(t, r.observe())
}

// A topic that one broker does not know is there if another one knows it.
func TestATopicThatOneBrokerDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct {
		ignorant []int32
		silent   bool // the others do not answer
		there    bool
		code     lag.ErrorCode
	}{
		"one of three":                       {[]int32{0}, false, true, lag.OK},
		"twin: all, it was deleted":          {[]int32{0, 1, 2}, false, false, lag.OK},
		"one of three, and nobody else says": {[]int32{0}, true, true, lag.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, eager)
			r.fill(12)
			s := lag.Compute(r.observe(), nil, nil)
			r.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
				r.KeepControl()
				asked, metadata := req.(*kmsg.MetadataRequest)
				knows := !slices.Contains(c.ignorant, r.CurrentNode())
				if c.silent && knows {
					return nil, io.EOF, true
				}
				if !metadata || knows {
					return nil, nil, false
				}
				return r.knowsNoTopic(asked), nil, true
			})
			g := r.coordinated(0, 12)
			for range 4 { // each broker in turn
				o := r.observe()
				s = lag.Compute(o, s, nil)
				i := slices.IndexFunc(o.Topics, func(t lag.TopicRead) bool { return t.Name == "orders" })
				if (i >= 0) != c.there || i >= 0 && o.Topics[i].Err != c.code {
					t.Errorf("topics %+v, errors %+v", o.Topics, o.Errors)
				}
				read, _ := s.Group(g)
				if sum := read.Summary(); c.there && (sum.Partitions == 0 || sum.Complete != (c.code == lag.OK)) {
					t.Errorf("group %+v", sum)
				}
			}
		})
	}
}

// A partition that one broker does not know is there if another one knows it, also at the first poll, which has nothing to compare
// with.
func TestAPartitionThatOneBrokerDoesNotKnow(t *testing.T) {
	for name, c := range map[string]struct {
		ignorant []int32
		silent   bool // the others do not answer metadata
		rarely   bool // metadata is read each five minutes
		lag      int64
		complete bool
		code     lag.ErrorCode
	}{
		"one of three":                         {[]int32{0}, false, false, 8, true, lag.OK},
		"twin: all, it was made anew with two": {[]int32{0, 1, 2}, false, false, 5, true, lag.OK},
		"one of three, and nobody else says":   {[]int32{0}, true, false, 5, false, lag.Unreachable},
		"one of three, rarely asked":           {[]int32{0}, false, true, 8, true, lag.OK},
		"twin: all, rarely asked":              {[]int32{0, 1, 2}, false, true, 5, true, lag.OK},
	} {
		t.Run(name, func(t *testing.T) {
			config := eager
			if c.rarely {
				config = kafkasource.Config{}
			}
			r := newRig(t, config)
			r.Create("orders", 3)
			for p := range int32(3) {
				r.Append("orders", p, 10)
			}
			r.Commit("shop", "orders", 0, 5)
			r.Commit("shop", "orders", 1, 10)
			r.Commit("shop", "orders", 2, 7)
			asked := 0
			r.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
				r.KeepControl()
				m, ok := req.(*kmsg.MetadataRequest)
				if !ok || !slices.ContainsFunc(m.Topics, func(t kmsg.MetadataRequestTopic) bool { return t.Topic != nil && *t.Topic == "orders" }) {
					return nil, nil, false
				}
				asked++
				switch knows := !slices.Contains(c.ignorant, r.CurrentNode()); {
				case !knows:
					return r.knowsTwo(m), nil, true
				case c.silent:
					return nil, io.EOF, true
				}
				return nil, nil, false
			})
			var s *lag.Snapshot
			for range 4 { // each broker in turn
				o := r.observe()
				s = lag.Compute(o, s, nil)
				g, _ := s.Group("shop")
				n, complete := g.Total()
				if n != c.lag || complete != c.complete || (len(o.Errors) == 0) != c.complete {
					t.Errorf("lag %d, complete %v, errors %+v: want %d, %v", n, complete, o.Errors, c.lag, c.complete)
				}
				if last := len(g.Topics[0].Partitions) - 1; g.Topics[0].Partitions[last].Err != c.code {
					t.Errorf("partitions %+v", g.Topics[0].Partitions)
				}
				if want := len(g.Topics[0].Partitions) == 3; want != (len(c.ignorant) < 3) {
					t.Errorf("%d partitions", len(g.Topics[0].Partitions))
				}
			}
			if c.rarely && asked > 2 {
				t.Errorf("%d requests for metadata of the topic", asked)
			}
		})
	}
}

// knowsTwo is the metadata of a broker that knows two partitions of each topic.
func (r *rig) knowsTwo(req *kmsg.MetadataRequest) kmsg.Response {
	resp := r.knowsNoTopic(req).(*kmsg.MetadataResponse)
	for i := range resp.Topics {
		t := &resp.Topics[i]
		if *t.Topic != "orders" {
			continue
		}
		t.ErrorCode = 0
		for p := range int32(2) {
			one := kmsg.NewMetadataResponseTopicPartition()
			one.Partition, one.Leader = p, r.LeaderFor("orders", p)
			t.Partitions = append(t.Partitions, one)
		}
	}
	return resp
}

// knowsNoTopic is the metadata of a broker that knows no topic.
func (r *rig) knowsNoTopic(req *kmsg.MetadataRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.MetadataResponse)
	for i, a := range r.ListenAddrs() {
		var port int32
		_, _ = fmt.Sscanf(a[strings.LastIndex(a, ":")+1:], "%d", &port)
		resp.Brokers = append(resp.Brokers, kmsg.MetadataResponseBroker{NodeID: int32(i), Host: "127.0.0.1", Port: port})
	}
	for _, t := range req.Topics {
		resp.Topics = append(resp.Topics, kmsg.MetadataResponseTopic{Topic: t.Topic, TopicID: t.TopicID, ErrorCode: kerr.UnknownTopicOrPartition.Code})
	}
	return resp
}

// Whatever happens to coordinators: a group that nobody deleted never vanishes, it is complete only when its coordinator is
// available, and its lag is then exact. A poll that misses a group tells an error.
func TestNoGroupVanishesWhileItsCoordinatorIsUnavailable(t *testing.T) {
	t.Parallel()
	r := newRig(t, eager)
	r.fill(6)
	keep := []string{"g00", "g01"}
	out := map[int32]outage{}
	r.outOrder(out)
	r.source.ReadGroups(lag.GroupNames{Names: keep})
	s := lag.Compute(r.observe(), nil, keep)
	rapid.Check(t, func(rt *rapid.T) { // each check is one more poll
		for i := range int32(2) { // the third stays up
			out[i] = rapid.SampledFrom(outages).Draw(rt, fmt.Sprint("outage of ", i))
		}
		o := r.observe()
		s = lag.Compute(o, s, keep)
		for i := range 6 {
			name := fmt.Sprintf("g%02d", i)
			g, ok := s.Group(name)
			if !ok || g.State == lag.Dead {
				rt.Fatalf("%s is gone: %+v; out %v", name, g, out)
			}
			want := out[r.CoordinatorFor(name)] == none && out[int32(i%3)] != broken // its coordinator, and the leader of its partition
			n, complete := g.Total()
			if complete != want || complete && n != 6 {
				rt.Fatalf("%s: lag %d, complete %v; out %v, errors %+v", name, n, complete, out, o.Errors)
			}
			if !complete && len(o.Errors) == 0 {
				rt.Fatalf("the poll misses %s and tells no error; out %v", name, out)
			}
		}
	})
}
