package propose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Cluster is a Kafka cluster with its groups.
type Cluster struct {
	Name     string
	Brokers  []string       // bootstrap addresses
	Settings config.Cluster // of the configuration that was used: TLS, SASL, filters and the rest
	Groups   []lag.GroupLag
}

// Claim is what is known of the workload of one group.
type Claim struct {
	Cluster, Group string
	Workload       int    // index into the inventory; -1: not one workload
	Why            string // the evidence
	Doubt          string // why it is not sure; empty: it is
	Partitions     int    // that the group reads; 0: not known
}

// Sure reports whether a KafkaScaler is written for the claim.
func (c *Claim) Sure() bool { return c.Workload >= 0 && c.Doubt == "" }

// Claims finds the workload of every group of the clusters.
func Claims(clusters []Cluster, inv kube.Inventory) []Claim {
	var all []Claim
	claimsOf := map[int][]int{} // by workload: the claims whose groups have a member there
	for _, c := range clusters {
		for i := range c.Groups {
			claim, in := claimOf(c.Name, &c.Groups[i], inv)
			all = append(all, claim)
			for _, w := range in {
				claimsOf[w] = append(claimsOf[w], len(all)-1)
			}
		}
	}
	for i := range all {
		c := &all[i]
		if !c.Sure() {
			continue
		}
		w := &inv.Workloads[c.Workload]
		switch others := othersOf(all, claimsOf[c.Workload], i); {
		case w.Scaler != "":
			c.Doubt = fmt.Sprintf("the KafkaScaler %s/%s scales it already", w.Ref.Namespace, w.Scaler)
		case len(others) > 0:
			c.Doubt = fmt.Sprintf("its pods also have members of %s. One process with several groups and a proxy for the consumers of these groups look the same",
				several(others))
		}
	}
	return all
}

// othersOf names the groups of some claims but one; those of another cluster with it.
func othersOf(all []Claim, some []int, but int) (names []string) {
	for _, i := range some {
		switch other := &all[i]; {
		case i == but:
		case other.Cluster != all[but].Cluster:
			names = append(names, other.Group+" of cluster "+other.Cluster)
		default:
			names = append(names, other.Group)
		}
	}
	return names
}

// claimOf is what the members of one group show. in are all workloads in which a member runs.
func claimOf(cluster string, g *lag.GroupLag, inv kube.Inventory) (c Claim, in []int) {
	c = Claim{Cluster: cluster, Group: g.Group, Workload: -1}
	for _, t := range g.Topics {
		if !t.Orphaned {
			c.Partitions += len(t.Partitions)
		}
	}
	switch {
	case g.Err != lag.OK:
		c.Doubt = "the group could not be read: " + g.Err.String()
		return c, nil
	case !g.MembersKnown():
		c.Doubt = "its members are not known, because it rebalances: try again"
		return c, nil
	case len(g.Members) == 0:
		c.Doubt = "it has no members now, so nothing shows where its consumers run"
		return c, nil
	}
	e := collect(g, inv)
	in = e.workloads()
	if len(in) == 1 {
		c.Workload = in[0]
		c.Why = e.why(in[0], inv)
	}
	c.Doubt = e.doubt(in, inv)
	if len(in) == 0 {
		c.Doubt += similar(g, inv)
	}
	return c, in
}

// evidence is where the members of a group run.
type evidence struct {
	members  int
	in       map[int]int            // members by workload
	by       map[seen.MappedBy]bool // the kinds of evidence used
	pods     map[int]bool           // pods with a member
	alone    []string               // pods with a member that belong to no workload
	unplaced []string               // hosts of members of which it is not known where they run
	nowhere  int                    // these members
}

func collect(g *lag.GroupLag, inv kube.Inventory) evidence {
	e := evidence{members: len(g.Members), in: map[int]int{}, by: map[seen.MappedBy]bool{}, pods: map[int]bool{}}
	for i, at := range seen.Locate(g, inv.Pods) {
		switch {
		case at.Pod < 0:
			e.nowhere++
			e.unplaced = append(e.unplaced, strings.TrimPrefix(g.Members[i].Host, "/"))
		case inv.Of[at.Pod] < 0:
			e.alone = append(e.alone, inv.Pods[at.Pod].Name)
		default:
			e.in[inv.Of[at.Pod]]++
			e.by[at.By], e.pods[at.Pod] = true, true
		}
	}
	return e
}

func (e *evidence) workloads() []int {
	var in []int
	for w := range e.in {
		in = append(in, w)
	}
	slices.Sort(in)
	return in
}

// ready counts the ready pods of a workload, and those of them without a member.
func (e *evidence) ready(w int, inv kube.Inventory) (ready, bare int) {
	for k := range inv.Pods {
		if inv.Of[k] == w && inv.Pods[k].Ready {
			ready++
			if !e.pods[k] {
				bare++
			}
		}
	}
	return ready, bare
}

func (e *evidence) why(w int, inv kube.Inventory) string {
	what := "the address or the name"
	switch {
	case !e.by[seen.ByName]:
		what = "the address"
	case !e.by[seen.ByAddress]:
		what = "the name in their client id or instance id"
	}
	ready, bare := e.ready(w, inv)
	return fmt.Sprintf("%d of %d members have %s of a pod of %s; %d of its %d ready pods have a member", e.in[w], e.members, what, inv.Workloads[w].Ref, ready-bare, ready)
}

// doubt is why the workloads found are not, for sure, the one that runs the group.
func (e *evidence) doubt(in []int, inv kube.Inventory) string {
	var doubts []string
	if len(in) > 1 {
		var each []string
		for _, w := range in {
			each = append(each, fmt.Sprintf("%d in %s", e.in[w], inv.Workloads[w].Ref))
		}
		doubts = append(doubts, "its members run in several workloads: "+strings.Join(each, ", "))
	}
	if len(e.alone) > 0 {
		doubts = append(doubts, fmt.Sprintf("%d of its %d members run in pods of no Deployment or StatefulSet, or of several: %s", len(e.alone), e.members, several(e.alone)))
	}
	if e.nowhere > 0 {
		doubts = append(doubts, fmt.Sprintf("of %d of its %d members it is not known where they run: their addresses belong to no pod, or to several (NAT, a host network, a proxy, a process outside Kubernetes): %s",
			e.nowhere, e.members, several(e.unplaced)))
	}
	if len(in) == 1 {
		switch ready, bare := e.ready(in[0], inv); {
		case ready == 0:
			doubts = append(doubts, "no pod of the workload is ready")
		case bare > 0:
			doubts = append(doubts, fmt.Sprintf("%d of its %d ready pods have no member", bare, ready))
		}
	}
	return strings.Join(doubts, "; ")
}

// similar names workloads whose name is similar to that of the group. That is no evidence, and is said as such.
func similar(g *lag.GroupLag, inv kube.Inventory) string {
	const shortest = 4 // letters of a name that say something
	var found []string
	group := strings.ToLower(g.Group)
	for i := range inv.Workloads {
		r := inv.Workloads[i].Ref
		if name := strings.ToLower(r.Name); len(name) >= shortest && len(group) >= shortest && (strings.Contains(group, name) || strings.Contains(name, group)) {
			found = append(found, r.String())
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "; a similar name, which is no evidence, has " + several(found)
}

// several lists a few names, each once.
func several(names []string) string {
	const few = 3
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
