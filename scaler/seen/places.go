package seen

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// place is where a member runs.
type place struct {
	pod   int  // index into the pods; -1: not known
	named bool // known by its client id or instance id, not by its address
}

// places say where the members of a group run, as far as this is known: by each kind of evidence that may be used. They
// depend only on the members and on the listed pods, so polls with the same of both share them.
//
//	an address that exactly one pod has       that pod. Not the address of a node, which several pods may have
//	an instance id or client id with a name   that pod, if every pod that had time to join is found in an id, and if these ids
//	                                          cannot be numbers, see counted; otherwise no id is used
type places struct {
	listed    *listing
	twoPlaces bool    // a StatefulSet of the same name may run in the other one
	by        []found // addresses; then names that are equal, because they have priority; then names that an id contains
}

// found are the members that one kind of evidence finds.
type found struct {
	where   []place
	pods    []bool // by pod: a member was found in it
	counted bool   // the ids may be numbers that every process counts
}

func placesOf(g *lag.GroupLag, l *listing, twoPlaces bool) *places {
	first := byAddress(g, l)
	all := &places{listed: l, twoPlaces: twoPlaces, by: []found{first}}
	if !slices.Contains(first.pods, false) {
		return all // names cannot add a pod
	}
	pods := first.pods
	for _, exactly := range []bool{true, false} {
		named := placesByName(g, l.names, first.where, exactly)
		pods = slices.Clone(pods)
		for _, p := range named {
			if p.named {
				pods[p.pod] = true
			}
		}
		all.by = append(all.by, found{named, pods, counted(g, l, named, twoPlaces)})
	}
	return all
}

// at is what a poll may use: the first evidence that finds every pod that had time to join.
func (p *places) at(pods fleet, now time.Time, clk Clock) *found {
	for i := range p.by {
		if found := p.by[i].pods; anyOf(found) && !p.by[i].counted && !bare(found, pods, now, clk) {
			return &p.by[i]
		}
	}
	return &p.by[0]
}

func byAddress(g *lag.GroupLag, l *listing) found {
	f := found{where: make([]place, len(g.Members)), pods: make([]bool, len(l.pods))}
	for i := range g.Members {
		f.where[i].pod = -1
		if k, ok := l.own[address(g.Members[i].Host)]; ok {
			f.where[i].pod, f.pods[k] = k, true
		}
	}
	return f
}

func placesByName(g *lag.GroupLag, n names, list []place, exactly bool) []place {
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

// counted reports whether the client ids that name pods of a StatefulSet may be numbers that every process counts from 0: threads
// worker-0, -1 and -2 in each of the pods worker-0, -1 and -2. Then they name no pod. What tells such ids from the names of pods:
//
//	pods                 members by client id                       the ids
//	worker-0 to -2       one of each                                are names: one process counts in a fleet of one pod only
//	worker-0 to -11      two of each                                are names: numbers would be in all twelve processes
//	worker-0 to -2       three of each                              may be numbers, or names of processes with three threads
//	worker-0, -1         one of each, and of worker-2, was a pod    are names: worker-2 may be dead
//	worker-0, -1         one of each, and of worker-2, never seen   may be numbers; or worker-2 is in another cluster
//	orders-5f7d9c-x2x4z  three                                      are names: nobody counts so
//
// Instance ids differ in a group, so they are no such numbers. Where consumers run in two places, StatefulSets of the same name have pods of
// the same names, so a client id that is, or contains, such a name says nothing.
func counted(g *lag.GroupLag, l *listing, named []place, twoPlaces bool) bool {
	members, most, beyond := map[string]int32{}, int32(0), false
	for i := range g.Members {
		m := &g.Members[i]
		if _, _, ok := l.names.find(m.InstanceID); ok {
			continue
		}
		switch p := named[i]; {
		case p.named && ordinal(l.pods[p.pod].Name):
			beyond = beyond || twoPlaces
			members[m.ClientID]++
			most = max(most, members[m.ClientID])
		case p.pod < 0:
			beyond = beyond || l.follows(naming(g.Group, m.ClientID))
		}
	}
	return beyond || most > 1 && len(l.pods) > 1 && 2*most >= readyOf(l.pods)
}

// bare reports whether a pod that had time to join has no member.
func bare(found []bool, pods fleet, now time.Time, clk Clock) bool {
	for k := range found {
		if !found[k] && pods.late(k, now, clk) {
			return true
		}
	}
	return false
}

func anyOf(found []bool) bool { return slices.Contains(found, true) }

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

// address reads an address as brokers and Kubernetes write it: Java writes /fd00:0:0:0:0:0:0:1 for fd00::1, and worker/10.0.0.1
// for 10.0.0.1 whose name was resolved.
func address(text string) netip.Addr {
	a, _ := netip.ParseAddr(text[strings.LastIndexByte(text, '/')+1:])
	return a.Unmap()
}
