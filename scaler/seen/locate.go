package seen

import "github.com/lagscaler/lagscaler/lag"

// Located is where one member of a group runs.
type Located struct {
	Pod int      // index into the pods; -1: not known
	By  MappedBy // the evidence: ByAddress or ByName
}

// Locate finds the pods in which the members of a group run, among the pods of all workloads, for a group of which nobody has said
// which workload it belongs to. The evidence is that of [State.Map]: an address that exactly one pod has, then a client id or an
// instance id with the name of a pod. As the pods are those of many workloads, more is needed for a name:
//
//	a client id contains a pod's name                 that pod
//	the same, and two namespaces have such a pod      not known
//	the same, at an address that another pod has      not known: one of them is a proxy, or a name was copied
//	an address that two pods have, or of a node       not known
func Locate(g *lag.GroupLag, pods []Pod) []Located {
	own, _ := addresses(pods)
	n := namesOf(pods)
	times := map[string]int{}
	for i := range pods {
		times[pods[i].Name]++
	}
	all := make([]Located, len(g.Members))
	for i := range g.Members {
		m := &g.Members[i]
		at, hasAddress := own[address(m.Host)]
		named := -1
		for _, id := range []string{m.InstanceID, naming(g.Group, m.ClientID)} {
			if k, _, ok := n.find(id); ok && times[pods[k].Name] == 1 {
				named = k
				break
			}
		}
		switch {
		case hasAddress && (named < 0 || named == at):
			all[i] = Located{at, ByAddress}
		case !hasAddress && named >= 0:
			all[i] = Located{named, ByName}
		default:
			all[i] = Located{Pod: -1}
		}
	}
	return all
}
