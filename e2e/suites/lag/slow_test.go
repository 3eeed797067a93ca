package lag_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestSlowBroker reads a cluster of which one broker is behind a proxy that delays its answers. With a timeout below the delay it is
// slow, and what it was asked for is unknown; the others are read. With a longer timeout everything is read. The twin is a broker
// whose answers never come: it is unreachable.
func TestSlowBroker(t *testing.T) {
	kafka.EachHeavy(t, kafka.V44, func(t *testing.T, c *kafka.Cluster) {
		name := c.CreateTopic(t, "slow", 6)
		c.Produce(t, name, 1)
		const delay = time.Second
		slow := c.Node(t, 2).Address
		for story, x := range map[string]struct {
			timeout, delay time.Duration
			want           lag.ErrorCode
		}{
			"slow":             {400 * time.Millisecond, delay, lag.Slow},
			"a longer timeout": {5 * time.Second, delay, lag.OK},
			"silent":           {400 * time.Millisecond, time.Hour, lag.Unreachable},
		} {
			t.Run(story, func(t *testing.T) {
				proxy := delaying(t, slow, x.delay)
				limits := kafkasource.LimitsOf(20*time.Second, x.timeout)
				s := source(t, kafkasource.Config{Brokers: []string{c.Node(t, 1).Address}, Limits: limits, Dial: through(slow, proxy)})
				s.ReadTopics(lag.TopicNames{Names: []string{name}})
				poll := func() error {
					err := reads(s.Observe(t.Context()), name, 2, x.want)
					time.Sleep(delay) // polls of a daemon are further apart than that
					return err
				}
				// The first poll ends before the handshake: only then is it known that the broker is up.
				kafka.Eventually(t, x.want.String(), poll)
				for range 2 {
					if err := poll(); err != nil {
						t.Errorf("in a later poll: %v", err)
					}
				}
			})
		}
	})
}

// reads reports what of a topic is not as expected: unknown with the code at one broker, and read from the others.
func reads(o lag.Observation, name string, broker int32, code lag.ErrorCode) error {
	read, err := topic(o, name)
	if err != nil {
		return err
	}
	for i, p := range read.Partitions {
		want := lag.OK
		if p.Leader == broker {
			want = code
		}
		if p.Err != want || p.Known.Has(lag.KnownEnd) != (want == lag.OK) {
			return fmt.Errorf("partition %d of leader %d: %s, want %s; errors %+v", i, p.Leader, p.Err, want, o.Errors)
		}
	}
	for _, e := range o.Errors {
		if e.Broker != broker || e.Code != code {
			return fmt.Errorf("error %+v, want %s of broker %d", e, code, broker)
		}
	}
	if complete := len(o.Errors) == 0; complete != (code == lag.OK) {
		return fmt.Errorf("errors %+v", o.Errors)
	}
	return nil
}

// through connects with a proxy where an address is wanted, and directly with all others.
func through(address, proxy string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == address {
			to = proxy
		}
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}
}

// delaying is the address of a proxy whose answers come later than those of the broker behind it.
func delaying(t *testing.T, to string, by time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := relay(listener, to, func(out io.Writer, in io.Reader) {
		buffer := make([]byte, 64<<10)
		for {
			n, err := in.Read(buffer)
			if err != nil {
				return
			}
			select {
			case <-t.Context().Done():
				return
			case <-time.After(by):
			}
			if _, err := out.Write(slices.Clone(buffer[:n])); err != nil {
				return
			}
		}
	})
	t.Cleanup(stop)
	return listener.Addr().String()
}
