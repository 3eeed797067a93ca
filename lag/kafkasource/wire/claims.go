package wire

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// claims walks through a response before kmsg decodes it. kmsg's decoders allocate an element for each byte that is left when
// an array claims so many, and loop for as many tags as are claimed: after this walk they have what they claim.
//
// The walk also counts the memory that kmsg will take, because small elements take much more memory than bytes: a group
// without names has 5 bytes in a ListGroups response, and 72 in memory. And it drops tagged fields, which nobody reads: one of
// 3 bytes takes a map of 300.
type claims struct {
	reader
	version int16
	memory  int // bytes that kmsg will allocate

	body []byte
	kept []byte // body up to from, without tags; nil: there were none
	from int    // bytes of body that are in kept, or were dropped
}

// An answer may take this much memory for each of its bytes when it is decoded. Ordinary ones take up to 6. Together with the
// reading of its bytes (up to 3) and a copy without tags it stays below [MostMemory].
const (
	mostDecoded = 12
	freeMemory  = 16 << 10 // for a short answer
)

// MostMemory is how many bytes of memory one byte of an answer costs at most until it is decoded.
const MostMemory = 16

// checked are the responses that are walked through before kmsg decodes them, by API, and their first flexible version.
var checked = map[int16]struct {
	flexible int16
	walk     func(*claims)
}{
	2:  {6, (*claims).listOffsets},
	3:  {9, (*claims).metadata},
	9:  {6, (*claims).offsetFetch},
	10: {3, (*claims).findCoordinator},
	15: {5, (*claims).describeGroups},
	16: {3, (*claims).listGroups},
	32: {4, (*claims).describeConfigs},
	60: {0, (*claims).describeCluster},
	69: {0, (*claims).consumerGroups},
	77: {0, (*claims).shareGroups},
	89: {0, (*claims).streamsGroups},
	90: {0, (*claims).shareOffsets},
}

// Check refuses a response of an API whose lengths, counts or tags do not fit into its bytes, or that takes too much memory when
// it is decoded. It returns the response without tagged fields. It refuses an API or a version that it does not know: kmsg would believe that response.
func Check(key, version int16, body []byte) ([]byte, error) {
	c, ok := checked[key]
	if !ok {
		return nil, fmt.Errorf("responses of %s are not checked", kmsg.NameForKey(key))
	}
	if version > kmsg.ResponseForKey(key).MaxVersion() { // its layout is not known, so what is checked may not be what kmsg decodes
		return nil, fmt.Errorf("version %d of the responses of %s is not known", version, kmsg.NameForKey(key))
	}
	r := newClaims(body, version, version >= c.flexible)
	c.walk(&r)
	r.tags()
	if err := r.refusal(freeMemory); err != nil {
		return nil, err
	}
	if r.kept == nil {
		return body, nil
	}
	return append(r.kept, body[r.from:]...), nil
}

func newClaims(body []byte, version int16, flexible bool) claims {
	return claims{reader: newReader(body, flexible), version: version, body: body}
}

// refusal says why the bytes may not be decoded.
func (r *claims) refusal(free int) error {
	switch {
	case r.elements > MostElements:
		return r.reader.refusal()
	case !r.Ok():
		return errors.New("lengths or tags that its bytes do not hold")
	case r.memory > mostDecoded*len(r.body)+free:
		return fmt.Errorf("%d bytes that would take %d bytes of memory", len(r.body), r.memory)
	}
	return nil
}

// array walks through an array of elements that take at least size bytes each, their tags included. kmsg has them as T.
func array[T any](r *claims, size int, element func()) {
	n := r.arrayLen(size)
	r.memory += n * int(reflect.TypeFor[T]().Size())
	for ; n > 0 && r.Ok(); n-- {
		element()
		r.tags()
	}
}

// tags drops the tagged fields that flexible versions end each structure with.
func (r *claims) tags() {
	if !r.flexible {
		return
	}
	began := len(r.body) - len(r.Src)
	SkipTags(&r.Reader)
	if ended := len(r.body) - len(r.Src); r.Ok() && ended > began+1 {
		if r.kept == nil {
			r.kept = make([]byte, 0, len(r.body))
		}
		r.kept = append(append(r.kept, r.body[r.from:began]...), 0)
		r.from = ended
	}
}

// bytes is a string. kmsg copies it, and needs a pointer to it if it may be null.
func (r *claims) bytes() {
	if b := r.reader.bytes(); b != nil {
		r.memory += pointer + len(b)
	}
}

const pointer = 16

// ids walks through an array of broker or partition numbers.
func (r *claims) ids() {
	n := 4 * r.arrayLen(4)
	r.memory += n
	r.Span(n)
}

func (r *claims) strings(n int) {
	for range n {
		r.bytes()
	}
}

// names walks through an array of strings.
func (r *claims) names() {
	size := 2
	if r.flexible {
		size = 1
	}
	n := r.arrayLen(size)
	r.memory += n * pointer
	for ; n > 0 && r.Ok(); n-- {
		r.bytes()
	}
}

// since skips bytes of a field that is there from a version on.
func (r *claims) since(first int16, bytes int) {
	if r.version >= first {
		r.Span(bytes)
	}
}

func (r *claims) stringSince(first int16) {
	if r.version >= first {
		r.bytes()
	}
}

// blob skips bytes whose length takes four, before flexible versions.
func (r *claims) blob() {
	if r.flexible {
		r.bytes()
		return
	}
	r.Span(max(0, int(r.Int32())))
}

func (r *claims) listGroups() {
	r.since(1, 4) // throttle time
	r.Span(2)     // code
	array[kmsg.ListGroupsResponseGroup](r, 4, func() {
		r.strings(2) // group, protocol type
		r.stringSince(4)
		r.stringSince(5)
	})
}

func (r *claims) findCoordinator() {
	r.since(1, 4) // throttle time
	if r.version < 4 {
		r.Span(2) // code
		r.stringSince(1)
		r.Span(4) // id
		r.bytes() // host
		r.Span(4) // port
		return
	}
	array[kmsg.FindCoordinatorResponseCoordinator](r, 14, func() {
		r.bytes() // group
		r.Span(4) // id
		r.bytes() // host
		r.Span(6) // port, code
		r.bytes() // message
	})
}

func (r *claims) describeGroups() {
	r.since(1, 4) // throttle time
	array[kmsg.DescribeGroupsResponseGroup](r, 8, func() {
		r.Span(2) // code
		r.stringSince(6)
		r.strings(4) // group, state, protocol type, protocol
		array[kmsg.DescribeGroupsResponseGroupMember](r, 6, func() {
			r.bytes() // id
			r.stringSince(4)
			r.strings(2) // client, host
			r.blob()     // subscription
			r.blob()     // assignment
		})
		r.since(3, 4) // authorized operations
	})
}

func (r *claims) describeConfigs() {
	r.Span(4) // throttle time
	array[kmsg.DescribeConfigsResponseResource](r, 6, func() {
		r.Span(2) // code
		r.bytes() // message
		r.Span(1) // resource type
		r.bytes() // resource
		array[kmsg.DescribeConfigsResponseResourceConfig](r, 5, func() {
			r.strings(2) // name, value
			r.Span(3)    // read only, source (v0: default), sensitive
			if r.version >= 1 {
				array[kmsg.DescribeConfigsResponseResourceConfigConfigSynonym](r, 3, func() {
					r.strings(2) // name, value
					r.Span(1)    // source
				})
			}
			r.since(3, 1) // type
			r.stringSince(3)
		})
	})
}

func (r *claims) metadata() {
	r.since(3, 4) // throttle time
	array[kmsg.MetadataResponseBroker](r, 10, func() {
		r.Span(4) // id
		r.bytes() // host
		r.Span(4) // port
		r.stringSince(1)
	})
	r.stringSince(2) // cluster id
	r.since(1, 4)    // controller
	array[kmsg.MetadataResponseTopic](r, 5, func() {
		r.Span(2) // code
		r.bytes() // name
		r.since(10, 16)
		r.since(1, 1) // internal
		array[kmsg.MetadataResponseTopicPartition](r, 13, func() {
			r.Span(10)    // code, number, leader
			r.since(7, 4) // leader epoch
			r.ids()       // replicas
			r.ids()       // in sync
			if r.version >= 5 {
				r.ids() // offline
			}
		})
		r.since(8, 4) // authorized operations
	})
	if r.version <= 10 {
		r.since(8, 4) // authorized operations
	}
	r.since(13, 2) // code
}

func (r *claims) consumerGroups() {
	groupsOf[kmsg.ConsumerGroupDescribeResponseGroup, kmsg.ConsumerGroupDescribeResponseGroupMember](r, 16, func() {
		r.strings(3) // id, instance, rack
		r.Span(4)    // epoch
		r.strings(2) // client, host
		r.names()    // topics
		r.bytes()    // pattern
		r.assignment()
		r.assignment()
		r.since(1, 1) // type
	})
}

// groupsOf walks through groups that the broker assigns: of consumers (KIP-848) and share groups (KIP-932).
func groupsOf[Group, Member any](r *claims, memberBytes int, member func()) {
	r.Span(4) // throttle time
	array[Group](r, 20, func() {
		r.Span(2)    // code
		r.strings(3) // message, group, state
		r.Span(8)    // epochs
		r.bytes()    // assignor
		array[Member](r, memberBytes, member)
		r.Span(4) // authorized operations
	})
}

func (r *claims) assignment() {
	array[kmsg.AssignmentTopicPartition](r, 19, func() {
		r.Span(16) // topic id
		r.bytes()  // name
		r.ids()
	})
	r.tags()
}
