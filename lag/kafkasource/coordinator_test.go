package kafkasource_test

import (
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

func TestCoordinatorLoadsForAMoment(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(9)
	r.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListGroups}, TopLevel: true, Err: kerr.CoordinatorLoadInProgress, Count: 2})
	o := r.observe()
	quiet(t, o)
	if len(o.Groups) != 9 {
		t.Errorf("%d groups", len(o.Groups))
	}
}

func TestCoordinatorKeepsLoading(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(30)
	quiet(t, r.observe())
	lost, well := r.coordinated(1, 30), r.coordinated(2, 30)
	h := r.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListGroups}, Nodes: []int32{1}, TopLevel: true, Err: kerr.CoordinatorLoadInProgress, Count: -1})
	o := r.observe()
	if g := group(t, o, lost); g.Err != lag.CoordinatorLoading || !g.CommitsAt.IsZero() {
		t.Errorf("group of the loading coordinator: %+v", g)
	}
	if g := group(t, o, well); g.Err != lag.OK {
		t.Errorf("group of another coordinator: %s", g.Err)
	}
	if len(o.Errors) != 1 || o.Errors[0].Broker != 1 || o.Errors[0].Stage != lag.StageList {
		t.Errorf("errors %+v", o.Errors)
	}
	if s := r.source.Sample(t.Context()); s.Complete() || s.Errors[0].Code != lag.CoordinatorLoading {
		t.Errorf("sample errors %+v", s.Errors)
	}
	h.Remove()
	o = r.observe()
	quiet(t, o)
	if len(o.Groups) != 30 {
		t.Errorf("%d groups", len(o.Groups))
	}
}

// hideGroups makes ListGroups of every broker forget everything, as for a moment during a leader election.
func (r *rig) hideGroups() {
	r.ControlKey(int16(kmsg.ListGroups), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		return req.ResponseKind(), nil, true
	})
}

func TestListedByNobody(t *testing.T) {
	for name, opts := range map[string][]kfake.Opt{
		"Kafka of today": nil,
		"Kafka 3.0, the first that looks up many coordinators at once": {kfake.MaxVersions(kversion.V3_0_0())},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, kafkasource.Config{}, opts...)
			r.fill(9)
			quiet(t, r.observe())
			r.hideGroups()
			o := r.observe()
			quiet(t, o)
			if got := requests(o); len(o.Groups) != 9 || got["FindCoordinator"] != 1 {
				t.Errorf("%d groups with requests %v: coordinators should have been asked", len(o.Groups), got)
			}
			if g := group(t, o, "g01"); len(g.Commits) != 1 || g.State != lag.Empty {
				t.Errorf("group %+v", g)
			}
		})
	}
}

// atOnce believes that a group is gone as soon as nobody lists it.
var atOnce = kafkasource.Config{Limits: kafkasource.Limits{Grace: time.Nanosecond}}

func TestCoordinatorDoesNotKnowAGroupForAMoment(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(2)
	quiet(t, r.observe())
	r.DeleteGroup("g00")
	for range 6 {
		if g := group(t, r.observe(), "g00"); g.Err != lag.Unlisted || g.State != lag.StateUnknown {
			t.Errorf("group %+v: it may be back as soon as the new coordinator has read everything", g)
		}
	}
	r.Commit("g00", "orders", 0, 9)
	if g := group(t, r.observe(), "g00"); g.Err != lag.OK || g.State != lag.Empty {
		t.Errorf("a group that is back: %+v", g)
	}
}

func TestDeletedGroupIsDead(t *testing.T) {
	r := newRig(t, atOnce)
	r.fill(2)
	quiet(t, r.observe())
	r.DeleteGroup("g00")
	r.observe() // absent from now on
	for poll := range 4 {
		if g := group(t, r.observe(), "g00"); g.Err != lag.OK || g.State != lag.Dead {
			t.Errorf("poll %d: %+v", poll, g)
		}
	}
	if o := r.observe(); len(o.Groups) != 1 {
		t.Errorf("groups %+v: a dead one is told of long enough", o.Groups)
	}
	r.Commit("g00", "orders", 0, 9)
	if g := group(t, r.observe(), "g00"); g.State != lag.Empty {
		t.Errorf("a group that is back: %+v", g)
	}
}

func TestListedTwice(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(3)
	leave := r.Join("g00", "orders")
	defer leave()
	other := (r.CoordinatorFor("g00") + 1) % 3
	r.ControlKey(int16(kmsg.ListGroups), func(req kmsg.Request) (kmsg.Response, error, bool) {
		r.KeepControl()
		if r.CurrentNode() != other {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ListGroupsResponse)
		resp.Groups = []kmsg.ListGroupsResponseGroup{{Group: "g00", ProtocolType: "consumer", GroupState: "Empty"}}
		return resp, nil, true
	})
	deadline := time.Now().Add(10 * time.Second)
	for {
		o := r.observe()
		g := group(t, o, "g00")
		if o.Duplicates == 1 && g.Err == lag.OK && g.State == lag.Stable && len(g.Members) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d duplicates, %+v", o.Duplicates, g)
		}
	}
	s := r.source.Sample(t.Context())
	if i := slices.IndexFunc(s.Groups, func(g lag.GroupState) bool { return g.Group == "g00" }); s.Groups[i].State != lag.Stable {
		t.Errorf("sample says %+v", s.Groups[i])
	}
}

func TestCoordinatorMovedAfterListing(t *testing.T) {
	r := newRig(t, kafkasource.Config{})
	r.fill(9)
	r.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Group: "g03", Err: kerr.NotCoordinator})
	o := r.observe()
	quiet(t, o)
	if got := requests(o); got["FindCoordinator"] != 1 || len(group(t, o, "g03").Commits) != 1 {
		t.Errorf("requests %v, group %+v", got, group(t, o, "g03"))
	}
}
