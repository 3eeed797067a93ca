package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// A group whose members are not known is no target with 0 replicas. Twin: one of which it is known that nobody is in it.
func TestAGroupAsATarget(t *testing.T) {
	for _, c := range []struct {
		name  string
		group lag.GroupLag
		known bool
		says  string
	}{
		{"two members", lag.GroupLag{Described: true, Members: make([]lag.Member, 2)}, true, ""},
		{"two members, as they were before it rebalanced", lag.GroupLag{Members: make([]lag.Member, 2)}, true, ""},
		{"twin: nobody is in it", lag.GroupLag{Described: true}, true, ""},
		{"it has rebalanced since the first poll", lag.GroupLag{}, false, "rebalances"},
		{"it could not be read", lag.GroupLag{Err: lag.Unreachable}, false, "BROKER_UNREACHABLE"},
	} {
		c.group.Group = "shop"
		r := &engine.Report{Clusters: []*engine.ClusterReport{{Name: "main", Snapshot: &lag.Snapshot{Groups: []lag.GroupLag{c.group}}}}}
		target := &groupAsTarget{source: seen.SourceSpec{Cluster: "main", Group: "shop"}, latest: func() *engine.Report { return r }}
		w := target.Scalers(time.Time{})[0].Workload
		if w.Sized() != c.known || w.Spec != int32(len(c.group.Members)) {
			t.Errorf("%s: %+v", c.name, w)
		}
		if err := membersUnknown(&c.group); !c.known && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	target := &groupAsTarget{latest: func() *engine.Report { return nil }}
	if w := target.Scalers(time.Time{})[0].Workload; w.Sized() {
		t.Errorf("before the first report: %+v", w)
	}
}
