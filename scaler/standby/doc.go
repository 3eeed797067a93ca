// Package standby says which of two Kafka clusters a target's consumers use, when one of the two is a copy that waits for the other to
// fail (MirrorMaker 2, Cluster Linking).
//
// The problem: a copy looks like work. A mirror appends records to its topics, and MirrorMaker (sync.group.offsets.enabled) and
// Cluster Linking (consumer.offset.sync.enable) move the committed offsets of its groups, although no consumer reads there. So neither
// arrivals nor commits say which cluster is in use: only members do, and only those that run in the pods of the target.
//
//	members of the target in     what counts
//	the active cluster only      the active one; the other stands by
//	the other cluster only       the other one is active from now on
//	neither                      the one that had them last
//	both                         both; the greater need is used, and nothing is scaled down, for one hour at most ([Most])
//
// If a cluster cannot be read, its members count as unchanged, until every ready pod has a member in the other cluster.
// These situations look the same. The last column says what distinguishes them:
//
//	situation                                another one that looks the same                 distinguished by
//	consumers fail over, pod by pod          two halves of the pods use two clusters         [Most]
//	the active cluster is gone               lagscaler alone cannot reach it                 members of every ready pod in the other one
//	consumers of the target use the copy     somebody else's consumers read it               the pods of the target, see package seen
//	all consumers restart                    they fail over                                  the cluster that they join again
//
// [Pair.Next] is a pure function. A [Pair] is saved, so that a new leader knows which cluster was in use.
package standby
