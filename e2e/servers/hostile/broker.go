// Package hostile has brokers that answer wrongly: each [Mode] is one way. A broker is right again after [Broker.Heal].
package hostile

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lagscaler/lagscaler/lag/kafkasource/framing"
)

// Broker listens on 127.0.0.1. It is the only broker of its cluster, with one topic and one empty group.
type Broker struct {
	Mode    Mode
	Address string

	port   int32
	well   atomic.Bool
	closed context.Context
}

// Start starts a broker that ends with the test.
func Start(t testing.TB, m Mode) *Broker {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &Broker{Mode: m, Address: at.String(), port: int32(at.Port()), closed: ctx}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			all.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); stop(); all.Wait() })
	return b
}

// Heal makes the broker answer as it should.
func (b *Broker) Heal() { b.well.Store(true) }

// call is a request, and how often its connection was asked before.
type call struct {
	*Broker
	net.Conn
	framing.Request
	before int
}

func (b *Broker) serve(c net.Conn) {
	defer c.Close()
	if b.Mode.greets != nil && !b.well.Load() {
		b.Mode.greets(c)
		<-b.closed.Done()
	}
	for before := 0; ; before++ {
		request, err := framing.Read(c)
		if err != nil {
			return
		}
		if _, err := c.Write(b.answer(&call{b, c, request, before})); err != nil {
			return
		}
	}
}

func (b *Broker) answer(q *call) []byte {
	if wrong := b.Mode.answers[q.Key]; wrong != nil && !b.well.Load() {
		return wrong(q)
	}
	return q.Answer(q.right())
}

// hang never answers.
func (q *call) hang() []byte {
	<-q.closed.Done()
	return nil
}

// The keys of the requests that are sent.
const (
	listOffsets      = 2
	metadata         = 3
	offsetFetch      = 9
	findCoordinator  = 10
	describeGroups   = 15
	listGroups       = 16
	saslHandshake    = 17
	apiVersions      = 18
	describeConfigs  = 32
	saslAuthenticate = 36
)

// right is the body of the right answer.
func (q *call) right() []byte {
	switch q.Key {
	case apiVersions:
		apis := [][3]int16{
			{listOffsets, 0, 5},
			{metadata, 0, 1},
			{offsetFetch, 2, 5},
			{findCoordinator, 0, 2},
			{describeGroups, 0, 4},
			{listGroups, 0, 5},
			{saslHandshake, 0, 1},
			{apiVersions, 0, 0},
			{saslAuthenticate, 0, 0},
		}
		return framing.Pack(int16(0), int32(len(apis)), apis)
	case metadata:
		return framing.Pack(q.brokers(q.port), int32(1), topic)
	case saslHandshake:
		return framing.Pack(int16(0), int32(1), framing.String(q.Mode.SASL))
	case saslAuthenticate:
		return framing.Pack(int16(0), int16(-1), int32(0))
	case listGroups:
		return groups(framing.CompactString("g"))
	case offsetFetch:
		return commits(0)
	case findCoordinator:
		return framing.Pack(int32(0), int16(0), framing.String(""), int32(1), framing.String("127.0.0.1"), q.port)
	case listOffsets:
		return framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), int32(0), int16(0), int64(-1), int64(9), int32(0))
	}
	return nil
}

// brokers are the brokers of a Metadata response, one for each port.
func (q *call) brokers(ports ...int32) string {
	b := framing.Pack(int32(len(ports)))
	for i, port := range ports {
		b = append(b, framing.Pack(int32(i+1), framing.String("127.0.0.1"), port, int16(-1))...)
	}
	return string(b)
}

// topic is the only topic of a Metadata response.
var topic = string(framing.Pack(int32(1), int16(0), framing.String("orders"), "\x00", int32(1), int16(0), int32(0), int32(1), int32(1), int32(1), int32(1), int32(1)))

// groups is a ListGroups response with one group of a name.
func groups(name string) []byte {
	return framing.Pack("\x00", int32(0), int16(0), "\x02", name, framing.CompactString("consumer"), framing.CompactString("Empty"), framing.CompactString("classic"), "\x00\x00")
}

// commits is an OffsetFetch response with one commit.
func commits(partition int32) []byte {
	return framing.Pack(int32(0), int32(1), framing.String("orders"), int32(1), partition, int64(5), int32(-1), framing.String(""), int16(0), int16(0))
}
