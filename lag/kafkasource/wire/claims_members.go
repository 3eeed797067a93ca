package wire

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kbin"
)

// Blob is the metadata that a classic member sends to the other members. Brokers do not check it, so it may be wrong in a
// response that is valid.
type Blob uint8

// The blobs of the consumer protocol.
const (
	Subscription Blob = iota // ConsumerProtocolSubscription
	Assignment               // ConsumerProtocolAssignment
)

// CheckBlob refuses a blob whose counts and lengths do not fit into its bytes, as [Check] does with responses.
func CheckBlob(b Blob, raw []byte) error {
	r := claims{reader: reader{Reader: kbin.Reader{Src: raw}}}
	r.version = r.Int16()
	switch b {
	case Subscription:
		r.names() // topics
		r.blob()  // user data
		if r.version >= 1 {
			r.owned()
		}
		r.since(2, 4) // generation
		r.stringSince(3)
	case Assignment:
		r.owned()
		r.blob() // user data
	}
	if !r.Ok() {
		return errors.New("counts or lengths that its bytes do not hold")
	}
	return nil
}

// owned walks through an array of topics with partitions.
func (r *claims) owned() {
	r.array(6, func() {
		r.bytes() // topic
		r.ids()
	})
}
