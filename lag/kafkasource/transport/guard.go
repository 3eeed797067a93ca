package transport

import (
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The APIs whose responses kafka-go decodes itself. It allocates as many bytes and elements as a response claims to
// have, before any of them arrived.
const (
	metadataKey         = 3
	saslHandshakeKey    = 17
	apiVersionsKey      = 18 // the only API whose responses have no tags in their header in any version
	saslAuthenticateKey = 36
)

// guarded are the bytes of the largest response that is accepted, by API. Kafka 4.3 supports 72 APIs, 6 bytes each. A
// broker takes some 60 bytes in a Metadata response, and no topics are asked for.
var guarded = map[int16]int{
	metadataKey:         4 << 20,
	saslHandshakeKey:    64 << 10,
	apiVersionsKey:      64 << 10,
	saslAuthenticateKey: 64 << 10,
}

// sent is the request whose response a connection waits for. kafka-go has one at a time on a connection.
type sent struct {
	key, version int16
	correlation  int32
	raw          bool // a raw exchange, which checks its response itself
	token        bool // bytes of SASL without a header, as after SaslHandshake v0
}

// requestHeader is the size of a request, its API key, version and correlation id.
const requestHeader = 12

// sentIn is the request that begins with these bytes. They have its whole header: kafka-go writes 64 KiB at once.
func sentIn(b []byte, tokens bool) (sent, error) {
	if len(b) >= requestHeader {
		s := sent{
			key:         int16(binary.BigEndian.Uint16(b[4:])),
			version:     int16(binary.BigEndian.Uint16(b[6:])),
			correlation: int32(binary.BigEndian.Uint32(b[8:])),
		}
		if _, known := guarded[s.key]; known && (!tokens || s.key == metadataKey) {
			return s, nil
		}
	}
	if tokens {
		return sent{key: saslAuthenticateKey, token: true}, nil
	}
	return sent{}, Garbled("request that no response is known for")
}

// fits reports whether kafka-go may decode a frame, given without its size: it answers this request, and has all bytes
// and elements that it claims to have.
func (s sent) fits(frame []byte) error {
	if s.token {
		return nil
	}
	r := claims{Reader: kbin.Reader{Src: frame}}
	if id := r.Int32(); id != s.correlation {
		return Garbled("response to %s has correlation id %d, sent was %d", kmsg.NameForKey(s.key), id, s.correlation)
	}
	switch s.key {
	case metadataKey:
		r.metadata(s.version)
	case saslHandshakeKey:
		r.Int16()
		r.array(2, func() { r.string() })
	case apiVersionsKey:
		r.Int16()
		r.array(6, func() { r.Span(6) })
	case saslAuthenticateKey:
		r.Int16()
		r.string()
		r.bytes()
	}
	switch {
	case r.host != "":
		return Garbled("response to %s has a broker whose host is %q", kmsg.NameForKey(s.key), r.host)
	case !r.Ok():
		and := ""
		if s.key == metadataKey {
			and = fmt.Sprintf(", or more than %d brokers", MostBrokers)
		}
		return Garbled("response to %s claims more than its %d bytes hold%s", kmsg.NameForKey(s.key), len(frame), and)
	}
	return nil
}

// claims walks through a response of a version that is not flexible, and keeps nothing. It fails where a length claims
// more than the bytes that are left.
type claims struct {
	kbin.Reader
	host string // of a broker, if it is not one address
}

// array walks through an array whose elements take at least size bytes each.
func (r *claims) array(size int, element func()) {
	n := int(r.Int32())
	if n > len(r.Src)/size {
		r.fail()
	}
	for ; n > 0 && r.Ok(); n-- {
		element()
	}
}

func (r *claims) string() { r.Span(max(0, int(r.Int16()))) }
func (r *claims) bytes()  { r.Span(max(0, int(r.Int32()))) }
func (r *claims) fail()   { r.Span(len(r.Src) + 1) }

// metadata walks through versions 0 to 8, which are kafka-go's.
func (r *claims) metadata(version int16) {
	if version > 8 {
		r.fail()
		return
	}
	since := func(first int16, bytes int) {
		if version >= first {
			r.Span(bytes)
		}
	}
	r.brokers(version)
	if version >= firstWithClusterID {
		r.string() // cluster id
	}
	since(1, 4) // controller
	r.array(8, func() {
		r.Span(2) // code
		r.string()
		since(1, 1) // internal
		r.array(18, func() {
			r.Span(10)  // code, number, leader
			since(7, 4) // leader epoch
			r.ids()     // replicas
			r.ids()     // in sync
			if version >= 5 {
				r.ids() // offline
			}
		})
		since(8, 4) // authorized operations
	})
	since(8, 4) // authorized operations
}

// MostBrokers bounds the brokers of a cluster: connections and goroutines grow with them. The greatest clusters have some hundreds.
const MostBrokers = 1000

// brokers walks through what is before the cluster's id.
func (r *claims) brokers(version int16) {
	if version >= 3 {
		r.Span(4) // throttle time
	}
	brokers := 0
	r.array(10, func() {
		if brokers++; brokers > MostBrokers {
			r.fail()
		}
		r.Span(4) // id
		r.hostName()
		r.Span(4) // port
		if version >= 1 {
			r.string()
		}
	})
}

// hostName is the host of a broker.
func (r *claims) hostName() {
	if host := string(r.Span(max(0, int(r.Int16())))); !OneAddress(host) {
		r.host = host
	}
}

func (r *claims) ids() { r.array(4, func() { r.Span(4) }) }

// begin reads the size of the next frame. The frame of a raw exchange goes on to it as it arrives, another one when it
// was read and checked as a whole.
func (c *conn) begin() error {
	if c.sent == nil {
		return Garbled("%s sends what nobody asked for", c.peer.Addr)
	}
	s := *c.sent
	c.sent = nil
	head, err := readN(c.Conn, 4, nil)
	if err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint32(head))
	if s.raw {
		c.ready, c.left = head, size
		return nil
	}
	least := 4
	if s.token {
		least = 0
	}
	if size < least || size > guarded[s.key] {
		if c.peer.versions == nil {
			return Garbled("%s does not answer as a Kafka broker does", c.peer.Addr)
		}
		return Garbled("response to %s of %d bytes, %d are the limit", kmsg.NameForKey(s.key), size, guarded[s.key])
	}
	frame, err := readN(c.Conn, size, nil)
	if err != nil {
		return err
	}
	if err := s.fits(frame); err != nil {
		return err
	}
	if s.key == metadataKey && c.identity != nil {
		if err := c.identity.check(c.peer.address, clusterIDIn(s.version, frame[4:])); err != nil {
			return err
		}
	}
	if s.key == apiVersionsKey {
		if c.peer.versions, err = versionsIn(frame[4:]); err != nil {
			return fmt.Errorf("versions of %s: %w", c.peer.Addr, err)
		}
		if _, ok := c.peer.versions[metadataKey]; !ok {
			return Garbled("%s supports no Metadata requests", c.peer.Addr)
		}
		c.greeted()
	}
	if s.key == saslAuthenticateKey && !s.token {
		c.quota.authenticated(frame[4:])
	}
	if s.key == metadataKey {
		c.step.finds()
	} else {
		c.step.reaches(stepCredentials)
	}
	c.ready = append(head, frame...)
	return nil
}

func versionsIn(body []byte) (map[int16]versionRange, error) {
	var answer kmsg.ApiVersionsResponse
	if err := answer.ReadFrom(body); err != nil {
		return nil, Garbled("%v", err)
	}
	versions := make(map[int16]versionRange, len(answer.ApiKeys))
	for _, k := range answer.ApiKeys {
		versions[k.ApiKey] = versionRange{k.MinVersion, k.MaxVersion}
	}
	return versions, nil
}
