// Package pipes connects clients with the brokers of tests that answer in the same process, so that no port is needed and a simulated
// clock passes by itself. A broker is a function: it gets a decoded request, and gives its response.
package pipes

import (
	"net"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag/kafkasource/framing"
)

// Broker answers a request; nil: the connection ends instead.
type Broker func(req kmsg.Request) kmsg.Response

// Patch changes the bytes of a response to a request of an API; nil changes none.
type Patch func(key int16, body []byte) []byte

const apiVersions = 18 // its responses have a header without tags in every version

// Dial is a connection to a broker that is said to be at an address.
func Dial(address string, b Broker, patch Patch) net.Conn {
	ours, theirs := net.Pipe()
	go serve(theirs, b, patch)
	return &pipe{ours, address}
}

// pipe is a connection with an address of its own.
type pipe struct {
	net.Conn
	address string
}

func (p *pipe) RemoteAddr() net.Addr { return p }
func (p *pipe) Network() string      { return "tcp" }
func (p *pipe) String() string       { return p.address }

func serve(c net.Conn, b Broker, patch Patch) {
	defer c.Close()
	for {
		q, err := framing.Read(c)
		if err != nil {
			return
		}
		req, err := decode(q)
		if err != nil {
			return
		}
		resp := b(req)
		if resp == nil {
			return
		}
		resp.SetVersion(q.Version)
		var body []byte
		if resp.IsFlexible() && q.Key != apiVersions {
			body = append(body, 0) // no tags
		}
		if body = resp.AppendTo(body); patch != nil {
			body = patch(q.Key, body)
		}
		if _, err := c.Write(q.Answer(body)); err != nil {
			return
		}
	}
}

func decode(q framing.Request) (kmsg.Request, error) {
	r := kbin.Reader{Src: q.Body}
	r.NullableString() // client id
	req := kmsg.RequestForKey(q.Key)
	req.SetVersion(q.Version)
	if req.IsFlexible() {
		kmsg.SkipTags(&r)
	}
	return req, req.ReadFrom(r.Src)
}
