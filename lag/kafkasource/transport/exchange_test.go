package transport

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// direct is how to reach brokers without TLS and SASL.
func direct(brokers ...string) Config {
	return Config{
		Brokers: brokers, Dial: new(net.Dialer).DialContext,
		InFlight: 2, Response: 1 << 20, DialTimeout: 3 * time.Second, Request: 4 * time.Second,
	}
}

// TestRawExchangeContract is why kafka-go may be relied on: its transport must call RawExchange for any key and
// version, with a connection whose remote address is ours, and route by broker id. It breaks first when it changes.
func TestRawExchangeContract(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := New(direct(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	asked := make(chan int32, 1)
	c.ControlKey(int16(kmsg.ConsumerGroupDescribe), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		asked <- c.CurrentNode()
		return nil, nil, false
	})
	for _, broker := range []int32{2, 0, 1} {
		req := kmsg.NewPtrConsumerGroupDescribeRequest() // key 69: kafka-go knows none above 51
		req.Groups = []string{"none"}
		m, err := s.transport.RoundTrip(t.Context(), *s.bootstrap.Load(), &exchange{
			broker: broker, correlation: 7, client: s.formatter, limit: 1 << 20, request: req,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := <-asked; got != broker {
			t.Errorf("asked broker %d, wanted %d", got, broker)
		}
		a := m.(*rawResponse)
		resp := kmsg.NewPtrConsumerGroupDescribeResponse()
		resp.SetVersion(a.version)
		if err := resp.ReadFrom(a.body); err != nil || len(resp.Groups) != 1 || a.versions[69].high < a.version {
			t.Errorf("answer %+v: %v, versions %v", resp, err, a.versions[69])
		}
	}
	_, err = s.transport.RoundTrip(t.Context(), *s.bootstrap.Load(), &exchange{broker: 9, client: s.formatter, request: kmsg.NewPtrListGroupsRequest()})
	if err == nil || !strings.Contains(err.Error(), kafka.BrokerNotAvailable.Title()) {
		t.Errorf("unknown broker: %v", err)
	}
}

func TestNegotiate(t *testing.T) {
	versions := map[int16]versionRange{9: {0, 10}, 16: {0, 3}, 2: {7, 9}, 3: {5, 5}}
	for _, c := range []struct {
		key, ours int16
		want      int16
		ok        bool
	}{
		{9, 10, 9, true},    // capped: v10 answers ids
		{16, 5, 3, true},    // an older broker
		{2, 5, 5, false},    // a broker that dropped what we speak
		{3, 12, 5, true},    //
		{69, 1, 0, false},   // not spoken at all
		{9, 7, 7, true},     // kmsg older than the cap
		{1000, 1, 0, false}, //
	} {
		if got, ok := negotiate(versions, c.key, c.ours); ok != c.ok || ok && got != c.want {
			t.Errorf("negotiate(%d, %d) = %d, %v; want %d, %v", c.key, c.ours, got, ok, c.want, c.ok)
		}
	}
}

// connection is a raw exchange's other end: it answers whatever it is told to.
type connection struct {
	net.Conn
	peer *peer
	in   io.Reader
	out  bytes.Buffer
}

func (c *connection) RemoteAddr() net.Addr        { return c.peer }
func (c *connection) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c *connection) Write(b []byte) (int, error) { return c.out.Write(b) }

func frame(correlation int32, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))
	return append(binary.BigEndian.AppendUint32(b, uint32(correlation)), body...)
}

func TestExchangeRefusesGarbage(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		code lag.ErrorCode
	}{
		"nothing":           {nil, lag.Unreachable},
		"half a header":     {[]byte{0, 0, 0}, lag.Unreachable},
		"half a body":       {frame(5, 0, 0, 0)[:10], lag.Unreachable},
		"other correlation": {frame(6, 0), lag.Garbled},
		"too long":          {[]byte{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 5}, lag.Garbled},
		"too short":         {[]byte{0, 0, 0, 3, 0, 0, 0, 5}, lag.Garbled},
		"negative":          {[]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5}, lag.Garbled},
		"tags without end":  {frame(5, 0xff, 0xff, 0xff, 0xff, 0x0f), lag.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			e := &exchange{correlation: 5, client: kmsg.NewRequestFormatter(), limit: 1 << 20, request: kmsg.NewPtrListGroupsRequest()}
			_, err := e.RawExchange(&connection{peer: &peer{versions: map[int16]versionRange{16: {0, 5}}}, in: bytes.NewReader(c.in)})
			if err == nil || Code(err) != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
	e := &exchange{correlation: 5, request: kmsg.NewPtrListGroupsRequest()}
	if _, err := e.RawExchange(&bytes.Buffer{}); Code(err) != lag.Garbled {
		t.Errorf("a connection that is not ours: %v", err)
	}
}

func TestExchangeWritesWhatKafkaReads(t *testing.T) {
	conn := &connection{peer: &peer{versions: map[int16]versionRange{3: {0, 12}}}, in: bytes.NewReader(nil)}
	client := kmsg.NewRequestFormatter(kmsg.FormatterClientID("lagscaler"))
	e := &exchange{correlation: 9, client: client, limit: 1, request: kmsg.NewPtrMetadataRequest()}
	if _, err := e.RawExchange(conn); err == nil {
		t.Fatal("no answer, no error")
	}
	r := kbin.Reader{Src: conn.out.Bytes()}
	if size := r.Int32(); int(size) != len(r.Src) {
		t.Errorf("size %d, sent %d", size, len(r.Src))
	}
	if key, version, id := r.Int16(), r.Int16(), r.Int32(); key != 3 || version != 12 || id != 9 {
		t.Errorf("key %d, version %d, correlation %d", key, version, id)
	}
	if name := r.String(); name != "lagscaler" {
		t.Errorf("client id %q", name)
	}
}

// TestReadNGrowsAsBytesArrive holds memory to what really came, whatever a header claims.
func TestReadNGrowsAsBytesArrive(t *testing.T) {
	for _, n := range []int{0, 1, readStep - 1, readStep, 3*readStep + 5} {
		want := bytes.Repeat([]byte{7}, n)
		got, err := readN(bytes.NewReader(want), n, nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
	}
	liar := &countingReader{r: bytes.NewReader(make([]byte, 10))}
	if _, err := readN(liar, 100<<20, nil); err == nil {
		t.Error("a short answer is no error")
	}
	if liar.largest > readStep {
		t.Errorf("asked for %d bytes before any came", liar.largest)
	}
}

type countingReader struct {
	r       io.Reader
	largest int
}

func (c *countingReader) Read(b []byte) (int, error) {
	c.largest = max(c.largest, len(b))
	return c.r.Read(b)
}
