package seen

import (
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// Each row has a twin with the same numbers in which the member runs elsewhere, or nobody can know where.
func TestLocate(t *testing.T) {
	pods := []Pod{
		{Name: "orders-0", IP: "10.0.0.1"},
		{Name: "orders-1", IP: "10.0.0.2", OtherIP: "fd00::2"},
		{Name: "agent-a", IP: "10.9.0.1", HostNetwork: true},
		{Name: "agent-b", IP: "10.9.0.1", HostNetwork: true},
		{Name: "twice-0", IP: "10.0.0.3"},
		{Name: "twice-0", IP: "10.0.0.4"},
	}
	for name, c := range map[string]struct {
		host, client, instance string
		want                   Located
	}{
		"an address":                                 {"/10.0.0.2", "rdkafka", "", Located{1, ByAddress}},
		"the address of the other family":            {"/fd00:0:0:0:0:0:0:2", "rdkafka", "", Located{1, ByAddress}},
		"an address that no pod has":                 {"/10.1.1.1", "rdkafka", "", Located{Pod: -1}},
		"the address of a node":                      {"/10.9.0.1", "rdkafka", "", Located{Pod: -1}},
		"a name behind another address":              {"/10.1.1.1", "orders-1", "", Located{1, ByName}},
		"a name as part of a client id":              {"/10.1.1.1", "app@orders-1 (lib)", "", Located{1, ByName}},
		"an instance id":                             {"/10.1.1.1", "rdkafka", "orders-0", Located{0, ByName}},
		"a name that may go on":                      {"/10.1.1.1", "orders-1-0", "", Located{Pod: -1}},
		"a name that pods of two namespaces have":    {"/10.1.1.1", "twice-0", "", Located{Pod: -1}},
		"one of them, by its address":                {"/10.0.0.4", "twice-0", "", Located{5, ByAddress}},
		"the name and the address of the same pod":   {"/10.0.0.1", "orders-0", "", Located{0, ByAddress}},
		"the name of one and the address of another": {"/10.0.0.1", "orders-1", "", Located{Pod: -1}},
		"a name on a node":                           {"/10.9.0.1", "orders-1", "", Located{1, ByName}},
	} {
		g := &lag.GroupLag{GroupState: lag.GroupState{Group: "g"}, Members: []lag.Member{{ID: "m", Host: c.host, ClientID: c.client, InstanceID: c.instance}}}
		if got := Locate(g, pods); !slices.Equal(got, []Located{c.want}) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
