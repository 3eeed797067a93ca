package engine

import (
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Identified is a Source that knows which Kafka cluster it reads, and refuses the answers of others.
type Identified interface {
	// Remember says which ids the cluster had before this process started. A configuration that states ids overrides it.
	Remember(ids []string)
	// ClusterID is the id of the cluster that the next poll reads; empty: not known.
	ClusterID() string
}

// clusterIDs are the saved ids of each cluster, until the cluster's next poll is taken in.
type clusterIDs map[string][]string

// remember takes in what was loaded. Scalers that were saved at different times may have different ids.
func (c clusterIDs) remember(learned map[string]scaler.Memory) {
	for _, m := range learned {
		for i := range m.Sources {
			if src := &m.Sources[i]; src.ClusterID != "" && !slices.Contains(c[src.Cluster], src.ClusterID) {
				c[src.Cluster] = append(c[src.Cluster], src.ClusterID)
			}
		}
	}
	for _, ids := range c {
		slices.Sort(ids)
	}
}

// identified is a poll, or why it is not used: it began before what was saved was loaded, and read another cluster than the
// one that this cluster was before this process started.
func (e *Engine) identified(name string, o lag.Observation) lag.Observation {
	source, ok := e.clusters[name].Source.(Identified)
	if !ok {
		return o
	}
	source.Remember(e.scaling.clusterIDs[name])
	delete(e.scaling.clusterIDs, name)
	id := source.ClusterID()
	if o.ClusterID == "" || id == "" || o.ClusterID == id {
		return o
	}
	err := fmt.Errorf("the brokers belong to the Kafka cluster %q, and not to %q as before", o.ClusterID, id)
	return lag.Observation{
		Cluster: name, Began: o.Began, At: o.At, ClusterID: id,
		Errors: []lag.ReadError{{Stage: lag.StageConnect, Broker: -1, Code: lag.ForeignCluster, Detail: err.Error()}},
	}
}
