package seen

import (
	"net/netip"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// place is where a member runs.
type place struct {
	pod   int  // index into the pods; -1: not known
	named bool // known by its client id or instance id, not by its address
}

// places say where the members of a group run, as far as this is known.
//
//	an address that exactly one pod has       that pod. Not the address of a node, which several pods may have
//	an instance id or client id with a name   that pod, if every pod that had time to join is found in an id; otherwise no
//	                                          id is used
func places(g *lag.GroupLag, wl *Workload, pods fleet, now time.Time, clk Clock) []place {
	list, found := make([]place, len(g.Members)), make([]bool, len(wl.Pods))
	own, _ := addresses(wl.Pods)
	for i := range g.Members {
		list[i].pod = -1
		if k, ok := own[address(g.Members[i].Host)]; ok {
			list[i].pod, found[k] = k, true
		}
	}
	late := func(k int) bool { return pods.late(&wl.Pods[k], now, clk) }
	if !bare(found, late) && anyOf(found) {
		return list
	}
	for _, exactly := range []bool{true, false} { // an exact match has priority over a name that is contained in the id
		withNames := placesByName(g, wl.Pods, list, exactly)
		for _, p := range withNames {
			if p.named {
				found[p.pod] = true
			}
		}
		if !bare(found, late) && anyOf(found) {
			return withNames
		}
	}
	return list
}

func placesByName(g *lag.GroupLag, pods []Pod, list []place, exactly bool) []place {
	n := namesOf(pods)
	named := make([]place, len(list))
	for i, p := range list {
		named[i] = p
		if p.pod >= 0 {
			continue
		}
		m := &g.Members[i]
		for _, id := range []string{m.InstanceID, naming(g.Group, m.ClientID)} {
			if k, exact, ok := n.find(id); ok && (exact || !exactly) {
				named[i] = place{k, true}
				break
			}
		}
	}
	return named
}

// bare reports whether a pod that had time to join has no member.
func bare(found []bool, late func(k int) bool) bool {
	for k := range found {
		if !found[k] && late(k) {
			return true
		}
	}
	return false
}

func anyOf(found []bool) bool {
	for _, is := range found {
		if is {
			return true
		}
	}
	return false
}

// addresses are those that exactly one pod has, and those that are shared.
func addresses(pods []Pod) (own map[netip.Addr]int, shared map[netip.Addr]bool) {
	own, shared = make(map[netip.Addr]int, len(pods)), map[netip.Addr]bool{}
	for i := range pods {
		for _, text := range [...]string{pods[i].IP, pods[i].OtherIP} {
			a := address(text)
			if !a.IsValid() {
				continue
			}
			if k, has := own[a]; pods[i].HostNetwork || shared[a] || has && k != i {
				shared[a] = true
				delete(own, a)
				continue
			}
			own[a] = i
		}
	}
	return own, shared
}

// address reads an address as brokers and Kubernetes write it: Java writes /fd00:0:0:0:0:0:0:1 for fd00::1.
func address(text string) netip.Addr {
	a, _ := netip.ParseAddr(strings.TrimPrefix(text, "/"))
	return a.Unmap()
}
