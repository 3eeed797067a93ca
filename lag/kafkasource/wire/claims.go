package wire

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kbin"
)

// claims walks through a response and keeps nothing. kmsg's decoders allocate an element for each byte that is left when
// an array claims so many, and loop for as many tags as are claimed: after this walk they have what they claim.
type claims struct {
	reader
	version int16
}

// checked are the responses that are walked through before kmsg decodes them, by API, and their first flexible version.
var checked = map[int16]struct {
	flexible int16
	walk     func(*claims)
}{
	3:  {9, (*claims).metadata},
	10: {3, (*claims).findCoordinator},
	15: {5, (*claims).describeGroups},
	16: {3, (*claims).listGroups},
	69: {0, (*claims).consumerGroups},
	77: {0, (*claims).shareGroups},
	89: {0, (*claims).streamsGroups},
	90: {0, (*claims).shareOffsets},
}

// Check refuses a response of an API whose lengths, counts or tags do not fit into its bytes.
func Check(key, version int16, body []byte) error {
	c, ok := checked[key]
	if !ok {
		return nil
	}
	r := claims{reader{kbin.Reader{Src: body}, version >= c.flexible}, version}
	c.walk(&r)
	r.tags()
	if !r.Ok() {
		return errors.New("lengths or tags that its bytes do not hold")
	}
	return nil
}

// array walks through an array whose elements take at least size bytes each, their tags included.
func (r *claims) array(size int, element func()) {
	for n := r.arrayLen(size); n > 0 && r.Ok(); n-- {
		element()
		r.tags()
	}
}

// ids walks through an array of broker or partition numbers.
func (r *claims) ids() { r.Span(4 * r.arrayLen(4)) }

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
	for n := r.arrayLen(size); n > 0 && r.Ok(); n-- {
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
	r.array(4, func() {
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
	r.array(14, func() {
		r.bytes() // group
		r.Span(4) // id
		r.bytes() // host
		r.Span(6) // port, code
		r.bytes() // message
	})
}

func (r *claims) describeGroups() {
	r.since(1, 4) // throttle time
	r.array(8, func() {
		r.Span(2) // code
		r.stringSince(6)
		r.strings(4) // group, state, protocol type, protocol
		r.array(6, func() {
			r.bytes() // id
			r.stringSince(4)
			r.strings(2) // client, host
			r.blob()     // subscription
			r.blob()     // assignment
		})
		r.since(3, 4) // authorized operations
	})
}

func (r *claims) metadata() {
	r.since(3, 4) // throttle time
	r.array(10, func() {
		r.Span(4) // id
		r.bytes() // host
		r.Span(4) // port
		r.stringSince(1)
	})
	r.stringSince(2) // cluster id
	r.since(1, 4)    // controller
	r.array(5, func() {
		r.Span(2) // code
		r.bytes() // name
		r.since(10, 16)
		r.since(1, 1) // internal
		r.array(13, func() {
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
}

func (r *claims) consumerGroups() {
	r.groupsOf(16, func() {
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
func (r *claims) groupsOf(memberBytes int, member func()) {
	r.Span(4) // throttle time
	r.array(20, func() {
		r.Span(2)    // code
		r.strings(3) // message, group, state
		r.Span(8)    // epochs
		r.bytes()    // assignor
		r.array(memberBytes, member)
		r.Span(4) // authorized operations
	})
}

func (r *claims) assignment() {
	r.array(19, func() {
		r.Span(16) // topic id
		r.bytes()  // name
		r.ids()
	})
	r.tags()
}
