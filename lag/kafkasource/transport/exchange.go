package transport

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// exchange is one request in kafka-go's transport, which calls it with a pooled, secured and authenticated connection.
// It only writes and reads bytes. The caller decodes them, because the transport may return to the caller, when its
// context ends, while the exchange still runs.
type exchange struct {
	broker      int32
	correlation int32
	client      *kmsg.RequestFormatter
	limit       int // bytes of the largest response
	request     kmsg.Request
	opened      atomic.Int64 // when the handshake of its connection was answered, ns since the client was made; 0: it has none yet
	identity    *Identity    // of the cluster that may answer; nil: any
}

// rawResponse is a response that is not decoded yet: its body without the header. Unsupported means that the broker
// supports no version of the API that we do, and that nothing was sent.
type rawResponse struct {
	key         int16
	version     int16
	unsupported bool
	body        []byte
	buffer      []byte // to be recycled once body is decoded
	versions    map[int16]versionRange
}

var (
	_ protocol.RawExchanger  = (*exchange)(nil)
	_ protocol.BrokerMessage = (*exchange)(nil)
	_ protocol.Message       = (*rawResponse)(nil)
)

func (e *exchange) ApiKey() protocol.ApiKey    { return protocol.ApiKey(e.request.Key()) }
func (r *rawResponse) ApiKey() protocol.ApiKey { return protocol.ApiKey(r.key) }

// Broker routes the exchange.
func (e *exchange) Broker(c protocol.Cluster) (protocol.Broker, error) {
	if e.broker == AnyBroker {
		return protocol.Broker{ID: AnyBroker}, nil
	}
	b, ok := c.Brokers[e.broker]
	if !ok {
		return protocol.Broker{}, kafka.BrokerNotAvailable
	}
	return b, nil
}

// Required makes kafka-go call RawExchange.
func (e *exchange) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange writes the request in the newest version both sides support and reads the response.
// An error closes the connection.
func (e *exchange) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	to, err := peerOf(rw)
	if err != nil {
		return nil, err
	}
	to.trusted = true // kafka-go authenticates before anything else
	e.opened.Store(to.opened)
	if err := e.identify(rw, to); err != nil {
		return nil, err
	}
	a := &rawResponse{key: e.request.Key(), versions: to.versions}
	version, ok := negotiate(to.versions, a.key, e.request.MaxVersion())
	if !ok {
		a.unsupported = true
		return a, nil
	}
	a.version = version
	e.request.SetVersion(version)
	to.raw = true
	if err := e.write(rw); err != nil {
		return nil, err
	}
	return a, e.read(rw, a)
}

func peerOf(rw io.ReadWriter) (*peer, error) {
	if c, ok := rw.(net.Conn); ok {
		if p, ok := c.RemoteAddr().(*peer); ok && p.versions != nil {
			return p, nil
		}
	}
	return nil, Garbled("connection was not opened by this source")
}

func (e *exchange) write(w io.Writer) error {
	buf := e.client.AppendRequest(recycled(), e.request, e.correlation)
	defer recycle(buf)
	_, err := w.Write(buf)
	return err
}

func (e *exchange) read(r io.Reader, a *rawResponse) error {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint32(head[:])) - 4
	if size < 0 || size > e.limit {
		return Garbled("answer to %s of %d bytes, %d are the limit", kmsg.NameForKey(a.key), size, e.limit)
	}
	if id := binary.BigEndian.Uint32(head[4:]); int32(id) != e.correlation {
		return Garbled("answer to %s has correlation id %d, sent was %d", kmsg.NameForKey(a.key), id, e.correlation)
	}
	var err error
	if a.buffer, err = readN(r, size, recycled()); err != nil {
		return err
	}
	a.body, err = skipHeaderTags(a.buffer, e.request.IsFlexible() && a.key != apiVersionsKey)
	return err
}

// skipHeaderTags skips the tagged fields in the header of a flexible response. None of them has a meaning yet.
func skipHeaderTags(body []byte, flexible bool) ([]byte, error) {
	if !flexible {
		return body, nil
	}
	r := kbin.Reader{Src: body}
	wire.SkipTags(&r)
	if !r.Ok() {
		return nil, Garbled("header of an answer")
	}
	return r.Src, nil
}

// buffers hold the memory of requests and responses between two exchanges.
var buffers sync.Pool

// recycled is an empty buffer, with the memory of an earlier one if there is any.
func recycled() []byte {
	if buf, ok := buffers.Get().(*[]byte); ok {
		return (*buf)[:0]
	}
	return nil
}

// recycle gives memory back. Nothing may use it afterwards.
func recycle(buf []byte) { buffers.Put(&buf) }

// readStep is how much is allocated before any byte arrived: a length that is wrong costs no more.
const readStep = 1 << 20

// readN reads n bytes into buf, which may be nil or recycled.
func readN(r io.Reader, n int, buf []byte) ([]byte, error) {
	for len(buf) < n {
		have := len(buf)
		want := min(n, max(cap(buf), have+max(readStep, have)))
		if cap(buf) < want {
			grown := make([]byte, have, want)
			copy(grown, buf)
			buf = grown
		}
		buf = buf[:want]
		if _, err := io.ReadFull(r, buf[have:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}
