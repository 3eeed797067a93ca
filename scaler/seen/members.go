package seen

import (
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/lag"
)

// Members is how the members of a group map to the replicas of the target.
type Members struct {
	Joined     int32 // members in replicas of the target
	Elsewhere  int32 // members that run elsewhere: they process records all the same
	PerReplica int32
}

// MapMembers maps a group's members to the target's pods: by host, which is the pod's address, else by a client id that
// contains the pod's name. When no member can be mapped, every member counts as one replica of the target.
//
//	pods 10.0.0.1, 10.0.0.2; members on /10.0.0.1, /10.0.0.1, /10.0.0.2   3 joined, 2 in a replica
//	the same, and a member on /10.9.9.9                                   3 joined, 1 elsewhere
//	3 members, all on /192.168.1.1 (a proxy), client ids unknown          3 joined, 1 in a replica
func MapMembers(g *lag.GroupLag, pods []Pod) Members {
	all := Members{Joined: int32(len(g.Members)), PerReplica: 1}
	if len(pods) == 0 || len(g.Members) == 0 {
		return all
	}
	byPod := make([]int32, len(pods))
	joined := int32(0)
	for i := range g.Members {
		if k := podOf(&g.Members[i], pods); k >= 0 {
			byPod[k]++
			joined++
		}
	}
	if joined == 0 {
		return all
	}
	return Members{Joined: joined, Elsewhere: all.Joined - joined, PerReplica: slices.Max(byPod)}
}

func podOf(m *lag.Member, pods []Pod) int {
	host := strings.TrimPrefix(m.Host, "/")
	for i := range pods {
		if pods[i].IP != "" && pods[i].IP == host {
			return i
		}
	}
	for i := range pods {
		if pods[i].Name != "" && strings.Contains(m.ClientID, pods[i].Name) {
			return i
		}
	}
	return -1
}

// Replicas turns consumers into replicas. Consumers that run elsewhere need none.
func (m Members) Replicas(consumers int32) int32 {
	per := max(1, m.PerReplica)
	return max(0, (max(0, consumers-m.Elsewhere)+per-1)/per)
}

// Consumers is the reverse.
func (m Members) Consumers(replicas int32) int32 { return replicas*max(1, m.PerReplica) + m.Elsewhere }

// Expected is how many members ready replicas should have.
func (m Members) Expected(ready int32) int32 { return ready * m.PerReplica }
