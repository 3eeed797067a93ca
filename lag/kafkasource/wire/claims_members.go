package wire

import "github.com/twmb/franz-go/pkg/kmsg"

// Blob is the metadata that a classic member sends to the other members. Brokers do not check it, so it may be wrong in a
// response that is valid.
type Blob uint8

// The blobs of the consumer protocol.
const (
	Subscription Blob = iota // ConsumerProtocolSubscription
	Assignment               // ConsumerProtocolAssignment
)

// ReadSubscription decodes what a member subscribes. It refuses what [CheckBlob] refuses: kmsg trusts counts.
func ReadSubscription(raw []byte) (m kmsg.ConsumerMemberMetadata, err error) {
	if err = CheckBlob(Subscription, raw); err == nil {
		err = m.ReadFrom(raw)
	}
	return m, err
}

// ReadAssignment decodes what a member is assigned. It refuses what [CheckBlob] refuses.
func ReadAssignment(raw []byte) (a kmsg.ConsumerMemberAssignment, err error) {
	if err = CheckBlob(Assignment, raw); err == nil {
		err = a.ReadFrom(raw)
	}
	return a, err
}

// CheckBlob refuses a blob whose counts and lengths do not fit into its bytes, or that takes too much memory, as [Check] does
// with responses.
func CheckBlob(b Blob, raw []byte) error {
	r := newClaims(raw, 0, false)
	r.version = r.Int16()
	switch b {
	case Subscription:
		r.names() // topics
		r.blob()  // user data
		if r.version >= 1 {
			owned[kmsg.ConsumerMemberMetadataOwnedPartition](&r)
		}
		r.since(2, 4) // generation
		r.stringSince(3)
	case Assignment:
		owned[kmsg.ConsumerMemberAssignmentTopic](&r)
		r.blob() // user data
	}
	return r.refusal(0)
}

// owned walks through an array of topics with partitions.
func owned[T any](r *claims) {
	array[T](r, 6, func() {
		r.bytes() // topic
		r.ids()
	})
}
