package access

import (
	"crypto/sha256"
	"encoding/hex"
)

// Program is the name of the program: in labels and Events, and the field manager of the versions that knew no installations.
const Program = "lagscaler"

// Installation is the identity of an installation of the program: the Lease by which its replicas elect their leader. It is in
// the API server that has the KafkaScalers, so two leaders at a time are never of one installation.
type Installation struct {
	Namespace string
	Lease     string
}

// String is the identity as statuses have it: namespace/name.
func (i Installation) String() string { return i.Namespace + "/" + i.Lease }

// longestManager is the API server's limit.
const longestManager = 128

// FieldManager is how the writes of the installation are named in managed fields.
func (i Installation) FieldManager() string {
	name := Program + ":" + i.String()
	if len(name) <= longestManager {
		return name
	}
	sum := sha256.Sum256([]byte(i.String()))
	return Program + ":" + hex.EncodeToString(sum[:16])
}
