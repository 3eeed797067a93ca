package seen

import (
	"fmt"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
)

// Members are told apart by their host, else by a client id with the pod's name; when no member can be told apart, each
// counts as one replica.
func TestMapMembers(t *testing.T) {
	g := &lag.GroupLag{}
	for i := range 11 {
		host := fmt.Sprintf("/10.0.0.%d", i/2)
		if i >= 6 {
			host = "/10.9.9.9"
		}
		g.Members = append(g.Members, lag.Member{Host: host})
	}
	pods := []Pod{{Name: "pod-000", IP: "10.0.0.0"}, {Name: "pod-001", IP: "10.0.0.1"}, {Name: "pod-002", IP: "10.0.0.2"}}
	if got, want := MapMembers(g, pods), (Members{Joined: 6, Elsewhere: 5, PerReplica: 2}); got != want {
		t.Errorf("by host: %+v, want %+v", got, want)
	}
	for i := range g.Members {
		g.Members[i].Host = "/192.168.1.1" // behind a proxy
	}
	if got, want := MapMembers(g, pods), (Members{Joined: 11, PerReplica: 1}); got != want {
		t.Errorf("nobody known: %+v, want %+v", got, want)
	}
	g.Members[4].ClientID = "consumer-pod-001-7"
	if got, want := MapMembers(g, pods), (Members{Joined: 1, Elsewhere: 10, PerReplica: 1}); got != want {
		t.Errorf("by client id: %+v, want %+v", got, want)
	}
	m := Members{Elsewhere: 5, PerReplica: 2}
	for consumers, want := range map[int32]int32{0: 0, 5: 0, 6: 1, 7: 1, 8: 2, 24: 10} {
		if got := m.Replicas(consumers); got != want {
			t.Errorf("%d consumers need %d replicas, want %d", consumers, got, want)
		}
	}
}
