package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// way is one way to read every group's lag. read returns the group-partitions it came to know.
type way struct {
	name string
	wire *wire
	read func(context.Context) (int, error)
}

// ways are the contestants, each with connections of its own.
func ways(addresses []string) ([]*way, func(), error) {
	ours, closeOurs, err := ours(addresses)
	if err != nil {
		return nil, nil, err
	}
	theirs, closeTheirs, err := franz(addresses)
	if err != nil {
		return nil, nil, err
	}
	return []*way{floor(ours), ours, theirs, stock(addresses)}, func() {
		closeOurs()
		closeTheirs()
	}, nil
}

func ours(addresses []string) (*way, func(), error) {
	w := &way{name: "lagscaler", wire: &wire{}}
	s, err := kafkasource.New(kafkasource.Config{Cluster: "bench", Brokers: addresses, Dial: w.wire.dial})
	if err != nil {
		return nil, nil, err
	}
	w.read = func(ctx context.Context) (int, error) {
		o := s.Observe(ctx)
		if len(o.Errors) > 0 {
			return 0, fmt.Errorf("observing: %+v", o.Errors)
		}
		n := 0
		for i := range o.Groups {
			for _, t := range o.Groups[i].Commits {
				n += len(t.Partitions)
			}
		}
		return n, nil
	}
	return w, s.Close, nil
}

func franz(addresses []string) (*way, func(), error) {
	w := &way{name: "franz-go `kadm.Lag`", wire: &wire{}}
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.Dialer(w.wire.dial))
	if err != nil {
		return nil, nil, err
	}
	admin := kadm.NewClient(client)
	w.read = func(ctx context.Context) (int, error) {
		lags, err := admin.Lag(ctx)
		if err != nil {
			return 0, err
		}
		n := 0
		for _, l := range lags {
			n += len(l.Lag.Sorted())
		}
		return n, lags.Error()
	}
	return w, admin.Close, nil
}

// workers is how many of kafka-go's calls run at once.
const workers = 32

// stock reads with kafka-go's own admin calls, as an exporter would write it.
func stock(addresses []string) *way {
	w := &way{name: "kafka-go admin calls, 32 workers", wire: &wire{}}
	client := &kafka.Client{Addr: kafka.TCP(addresses...), Transport: &kafka.Transport{Dial: w.wire.dial, IdleTimeout: time.Hour}}
	w.read = func(ctx context.Context) (int, error) {
		listed, err := client.ListGroups(ctx, &kafka.ListGroupsRequest{})
		if err != nil {
			return 0, err
		}
		var mu sync.Mutex
		n := 0
		wanted := map[string]bool{}
		err = parallel(listed.Groups, func(g kafka.ListGroupsResponseGroup) error {
			if _, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{g.GroupID}}); err != nil {
				return err
			}
			fetched, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: g.GroupID})
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for topic, partitions := range fetched.Topics {
				n += len(partitions)
				wanted[topic] = true
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		return n, ends(ctx, client, wanted)
	}
	return w
}

func ends(ctx context.Context, client *kafka.Client, wanted map[string]bool) error {
	names := make([]string, 0, len(wanted))
	for topic := range wanted {
		names = append(names, topic)
	}
	return parallel(names, func(topic string) error {
		req := &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{}}
		for p := range perTopic {
			req.Topics[topic] = append(req.Topics[topic], kafka.LastOffsetOf(p))
		}
		_, err := client.ListOffsets(ctx, req)
		return err
	})
}

// parallel runs f for every item in as many goroutines as there are workers.
func parallel[T any](items []T, f func(T) error) error {
	work := make(chan T)
	errs := make(chan error, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var failed error
			for item := range work {
				if err := f(item); err != nil {
					failed = err
				}
			}
			errs <- failed
		})
	}
	for _, item := range items {
		work <- item
	}
	close(work)
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wire counts, and on demand records, what goes over a way's connections.
type wire struct {
	mu          sync.Mutex
	connections int
	requests    int
	received    int64
	recording   bool
	recorded    []frame
	slowest     time.Duration // from the end of a request to the end of its answer
	largest     int64         // bytes of an answer
}

// forgetExtremes begins anew with the slowest request and the largest answer.
func (w *wire) forgetExtremes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slowest, w.largest = 0, 0
}

// extremes are the slowest request and the largest answer.
func (w *wire) extremes() (slowest time.Duration, largest int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.slowest, w.largest
}

// frame is one request as it was sent.
type frame struct {
	address string
	key     int16
	bytes   []byte
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connections++
	return &wireConn{Conn: c, w: w, address: address}, nil
}

// totals are what went over the wire so far.
func (w *wire) totals() (connections, requests int, received int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connections, w.requests, w.received
}

// wireConn cuts the written stream into requests: each starts with its length.
type wireConn struct {
	net.Conn
	w       *wire
	address string
	head    []byte // of the request being written, up to its API key
	body    []byte // all of it, when recording
	left    int    // bytes of it that are not written yet
	sent    time.Time
	answer  int64 // bytes since then
}

func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.w.mu.Lock()
	c.w.received += int64(n)
	if c.answer += int64(n); n > 0 && !c.sent.IsZero() {
		c.w.slowest, c.w.largest = max(c.w.slowest, time.Since(c.sent)), max(c.w.largest, c.answer)
	}
	c.w.mu.Unlock()
	return n, err
}

func (c *wireConn) Write(b []byte) (int, error) {
	c.w.mu.Lock()
	c.follow(b)
	c.w.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *wireConn) follow(b []byte) {
	for len(b) > 0 {
		if len(c.head) < 4 {
			n := min(len(b), 4-len(c.head))
			c.head, b = append(c.head, b[:n]...), b[n:]
			if len(c.head) < 4 {
				return
			}
			c.left = int(uint32(c.head[0])<<24 | uint32(c.head[1])<<16 | uint32(c.head[2])<<8 | uint32(c.head[3]))
			c.body = append([]byte(nil), c.head...)
		}
		n := min(len(b), c.left)
		if c.w.recording {
			c.body = append(c.body, b[:n]...)
		}
		b, c.left = b[n:], c.left-n
		if c.left == 0 {
			c.done()
		}
	}
}

func (c *wireConn) done() {
	c.w.requests++
	c.sent, c.answer = time.Now(), 0
	if c.w.recording {
		c.w.recorded = append(c.w.recorded, frame{c.address, int16(c.body[4])<<8 | int16(c.body[5]), c.body})
	}
	c.head, c.body = c.head[:0], nil
}
