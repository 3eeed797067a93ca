package lag

import "slices"

// placeholderIDs are what brokers say while they do not know their cluster's id: Redpanda, until its first node has formed the
// cluster (src: redpanda/src/v/kafka/server/handlers/metadata.cc).
var placeholderIDs = []string{"", "redpanda.initializing"}

// IsClusterID reports whether what a broker gives as the id of its cluster is one, and neither missing nor a placeholder.
func IsClusterID(id string) bool { return !slices.Contains(placeholderIDs, id) }
