package access

import (
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
)

// Place is where a permission is needed.
type Place string

// The places.
const (
	Watched Place = "watched" // every watched namespace: a ClusterRole, or a Role in each
	Own     Place = "own"     // the namespace of the Lease and the memory: a Role there
	Cluster Place = "cluster" // no namespace: a ClusterRole
	System  Place = "system"  // kube-system: a Role there
	Strimzi Place = "strimzi" // the namespace of an entry of strimzi of the configuration: a Role there
)

// Permission is what the program may do with one resource, and what for: one rule of the chart's roles.
type Permission struct {
	Group     string // API group; empty: the core
	Resource  string
	Verbs     []string // sorted
	Place     Place
	FromMode  scaler.Mode // the weakest mode that uses it
	Optional  bool        // the resource need not exist in the cluster
	Why       string
	ifMissing string // what is then not known or not done
}

// permissions are all of them. The chart's roles and docs/security.md are tested against [Permissions].
var permissions = []Permission{
	{
		"coordination.k8s.io", "leases",
		[]string{"create", "get", "update"},
		Own, scaler.Observe, false,
		"elects the leader among the replicas of lagscaler", "no replica leads, so nothing is decided or written",
	},
	{
		"lagscaler.io", "kafkascalers",
		[]string{"list", "watch"},
		Watched, scaler.Observe, true,
		"the targets to scale, and the alert thresholds of their groups", "KafkaScalers are not seen",
	},
	{
		"apps", "deployments",
		[]string{"list", "watch"},
		Watched, scaler.Observe, false,
		"replicas, readiness and rollouts of targets; planned causes of rebalances", "scalers of Deployments decide nothing",
	},
	{
		"apps", "statefulsets",
		[]string{"list", "watch"},
		Watched, scaler.Observe, false,
		"the same for StatefulSets", "scalers of StatefulSets decide nothing",
	},

	{
		"", "pods",
		[]string{"list", "watch"},
		Watched, scaler.Advise, false,
		"the pod of every group member, and unschedulable pods", "a member counts as one replica, and unschedulable pods are not seen",
	},
	{
		"", "namespaces",
		[]string{"get", "list", "watch"},
		Watched, scaler.Advise, false,
		"a freeze of all scalers of a namespace, by its annotation: list and watch where all namespaces are watched, get in single ones", "a freeze by an annotation of a namespace is not seen",
	},
	{
		"autoscaling", "horizontalpodautoscalers",
		[]string{"list", "watch"},
		Watched, scaler.Advise, false,
		"detects another autoscaler on the target: a conflict in act, a number to compare with in advise", "a conflict could not be seen, so nothing is written",
	},
	{
		"keda.sh", "scaledobjects",
		[]string{"list", "watch"},
		Watched, scaler.Advise, true,
		"the same for KEDA", "a conflict could not be seen, so nothing is written",
	},
	{
		"lagscaler.io", "kafkascalers/status",
		[]string{"patch"},
		Watched, scaler.Advise, true,
		"shows the decision and its reasons in kubectl, and which installation of lagscaler keeps the KafkaScaler; says before a write of 0 replicas whose it is", "the status is not written, no target is set to 0 replicas, and another installation may scale the same targets",
	},
	{
		"coordination.k8s.io", "leases",
		[]string{"get"},
		Watched, scaler.Advise, false,
		"sees whether another installation of lagscaler, which a KafkaScaler names as its keeper, still runs",
		"a KafkaScaler that another installation keeps is never taken over",
	},
	{
		"", "events",
		[]string{"create"},
		Watched, scaler.Advise, false,
		"Events about decisions, on the KafkaScaler and on its target", "no Events are written",
	},
	{
		"", "configmaps",
		[]string{"create", "delete", "list", "update"},
		Own, scaler.Advise, false,
		"stores the learned values, and what receivers of messages were told, so that they survive a restart", "the learned values are lost at a restart, and no messages are sent",
	},

	{
		"apps", "deployments/scale",
		[]string{"get", "update"},
		Watched, scaler.Act, false,
		"reads and writes the replicas of Deployments", "Deployments are not scaled",
	},
	{
		"apps", "statefulsets/scale",
		[]string{"get", "update"},
		Watched, scaler.Act, false,
		"reads and writes the replicas of StatefulSets", "StatefulSets are not scaled",
	},
}

// Owners is the permission that `owners` of the configuration needs beside those of the mode, where all namespaces are watched. It is on
// objects of the whole cluster.
var Owners = Permission{
	"", "namespaces",
	[]string{"list", "watch"},
	Watched, scaler.Observe, true,
	"the labels that say whose the groups of a namespace are", "the labels of namespaces are not known",
}

// CustomMetrics are the permissions that `customMetrics` of the configuration needs beside those of the mode.
var CustomMetrics = []Permission{
	{
		"authorization.k8s.io", "subjectaccessreviews",
		[]string{"create"},
		Cluster, scaler.Observe, false,
		"asks whether a user may read a metric", "no HPA gets a number: who may ask is not known",
	},
	{
		"", "configmaps",
		[]string{"get", "list", "watch"},
		System, scaler.Observe, false,
		"how the API server identifies itself, in extension-apiserver-authentication", "no HPA gets a number: the API server is not believed",
	},
}

// AuthenticationConfig is the ConfigMap that [CustomMetrics] reads.
const AuthenticationConfig = "extension-apiserver-authentication"

// Consequence is what happens without the permission.
func (p Permission) Consequence() string { return p.ifMissing }

// VerbsIn are the verbs that are used where all namespaces are watched, or where single ones are. A Role in a namespace allows to read that
// namespace, and neither to list nor to watch namespaces.
func (p Permission) VerbsIn(all bool) []string {
	if p.Group != "" || p.Resource != "namespaces" || p.Place != Watched {
		return p.Verbs
	}
	return slices.DeleteFunc(slices.Clone(p.Verbs), func(verb string) bool { return (verb == "get") == all })
}

// OfStrimzi are the permissions that an entry of `strimzi` of the configuration needs in its namespace. The second one is only for the Secret
// of its user, by name.
var OfStrimzi = []Permission{
	{
		"kafka.strimzi.io", "kafkas",
		[]string{"list", "watch"},
		Strimzi, scaler.Observe, true,
		"the Kafka clusters that Strimzi runs: their bootstrap addresses and certificates", "Kafka clusters of Strimzi are not found",
	},
	{
		"", "secrets",
		[]string{"list", "watch"},
		Strimzi, scaler.Observe, false,
		"the password or the certificate of the KafkaUser that the entry names, and of no other", "the clusters whose user has this Secret are not read",
	},
}

// Permissions are exactly those that a mode uses. Targets of other kinds than Deployment and StatefulSet need list and
// watch of their resource from observe on, get of its scale subresource from advise on (where its numbers come from), and
// update of it in act.
func Permissions(mode scaler.Mode) []Permission {
	var out []Permission
	for _, p := range permissions {
		if scaler.Weaker(mode, p.FromMode) == p.FromMode {
			p.Verbs = slices.Clone(p.Verbs)
			out = append(out, p)
		}
	}
	return out
}
