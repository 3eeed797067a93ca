package rights

import (
	"cmp"
	"slices"
	"strconv"
)

// Operation is what a right allows, in the words of Kafka's ACLs.
type Operation string

// The operations that the program uses. None of them changes anything.
const (
	Describe        Operation = "DESCRIBE"
	DescribeConfigs Operation = "DESCRIBE_CONFIGS"
	Read            Operation = "READ"
)

// Resource is the kind of what a right is on.
type Resource string

// The resources.
const (
	Cluster Resource = "CLUSTER"
	Group   Resource = "GROUP"
	Topic   Resource = "TOPIC"
)

// Extent says which resources of a kind a right is on.
type Extent int8

// The extents.
const (
	Named    Extent = iota // the one of the name; the cluster
	Prefixed               // those whose names begin with it
	All                    // all of the kind
)

// Right is one operation on resources of one kind. The name of the cluster is empty.
type Right struct {
	Operation Operation
	Resource  Resource
	Name      string // empty with All
	Extent    Extent
}

// String is the right in words: DESCRIBE on GROUP "shop".
func (r Right) String() string {
	s := string(r.Operation) + " on "
	switch {
	case r.Resource == Cluster:
		return s + string(Cluster)
	case r.Extent == All:
		return s + "every " + string(r.Resource)
	case r.Extent == Prefixed:
		return s + "every " + string(r.Resource) + " whose name begins with " + strconv.Quote(r.Name)
	}
	return s + string(r.Resource) + " " + strconv.Quote(r.Name)
}

// Compare orders rights by need, then by name.
func Compare(a, b Right) int {
	return cmp.Or(cmp.Compare(needIndex(a), needIndex(b)), cmp.Compare(a.Extent, b.Extent), cmp.Compare(a.Name, b.Name))
}

// Need is one operation that the program uses on one kind of resource.
type Need struct {
	Operation Operation
	Resource  Resource
	Optional  bool   // the lag of every group is right without it
	Why       string // what it is for
	Without   string // what is not known without it
}

// Needs are all of them, those that are needed most first.
var Needs = []Need{
	{
		Describe, Cluster, false,
		"ListGroups then returns every group",
		"brokers list only the groups that may be described one by one: others are not seen",
	},
	{
		Describe, Group, false,
		"states, members and committed offsets of groups",
		"the group has no numbers",
	},
	{
		Describe, Topic, false,
		"end and start offsets",
		"the lag in the topic is not known, and nothing that reads it is scaled down",
	},
	{
		Read, Topic, false,
		"headers of record batches, only in topics that batchHeaders names",
		"a rest behind the commits of the topic stays unknown",
	},
	{
		DescribeConfigs, Cluster, true,
		"offsets.retention.minutes and group.share.max.size of brokers",
		"7 days of retention and 200 members of a share group are assumed, unless offsetsRetention and maxShareMembers say otherwise",
	},
	{
		DescribeConfigs, Topic, true,
		"message.timestamp.type: whether the times in records are those of their arrival",
		"after a start, time lags are unknown for some polls",
	},
}

func needIndex(r Right) int {
	return slices.IndexFunc(Needs, func(n Need) bool { return n.Operation == r.Operation && n.Resource == r.Resource })
}

// Need is the row of the table for the right; ok is false if the program never uses it.
func (r Right) Need() (n Need, ok bool) {
	i := needIndex(r)
	if i < 0 {
		return Need{}, false
	}
	return Needs[i], true
}
