package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
)

// The API keys of a warm poll.
const (
	listOffsetsKey    = 2
	offsetFetchKey    = 9
	describeGroupsKey = 15
	listGroupsKey     = 16
)

// floor replays our own requests and reads the answers without looking at them: what brokers and wire cost by
// themselves. It keeps our order: to each broker ListGroups, then DescribeGroups beside OffsetFetch; when all brokers
// answered, ListOffsets.
func floor(ours *way) *way {
	f := &replay{ours: ours, conns: map[string][]net.Conn{}}
	w := &way{name: "wire floor (same bytes, not decoded)", wire: &wire{}}
	f.wire = w.wire
	w.read = f.read
	return w
}

type replay struct {
	ours    *way
	wire    *wire
	conns   map[string][]net.Conn // by address: one for each request that is in flight at once
	buffers sync.Pool
	frames  []frame
}

// record takes the requests of one warm poll of ours.
func (f *replay) record(ctx context.Context) error {
	if f.frames != nil {
		return nil
	}
	for range 2 { // the first poll also reads metadata and log starts
		f.ours.wire.mu.Lock()
		f.ours.wire.recording, f.ours.wire.recorded = true, nil
		f.ours.wire.mu.Unlock()
		if _, err := f.ours.read(ctx); err != nil {
			return err
		}
	}
	f.ours.wire.mu.Lock()
	defer f.ours.wire.mu.Unlock()
	f.ours.wire.recording = false
	for _, r := range f.ours.wire.recorded {
		if slices.Contains([]int16{listOffsetsKey, offsetFetchKey, describeGroupsKey, listGroupsKey}, r.key) {
			f.frames = append(f.frames, r)
		}
	}
	if len(f.frames) == 0 {
		return errors.New("no request was recorded")
	}
	return nil
}

func (f *replay) read(ctx context.Context) (int, error) {
	if err := f.record(ctx); err != nil {
		return 0, err
	}
	addresses := map[string]bool{}
	for _, r := range f.frames {
		addresses[r.address] = true
	}
	first := f.all(addresses, func(address string) error {
		if err := f.send(ctx, address, listGroupsKey); err != nil {
			return err
		}
		return f.send(ctx, address, describeGroupsKey, offsetFetchKey)
	})
	second := f.all(addresses, func(address string) error { return f.send(ctx, address, listOffsetsKey) })
	return 0, errors.Join(first, second)
}

func (f *replay) all(addresses map[string]bool, do func(address string) error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(addresses))
	i := 0
	for address := range addresses {
		f.connect(address)
		at := i
		wg.Go(func() { errs[at] = do(address) })
		i++
	}
	wg.Wait()
	return errors.Join(errs...)
}

// inFlight is how many requests we send to a broker at once.
const inFlight = 2

func (f *replay) connect(address string) {
	for len(f.conns[address]) < inFlight {
		c, err := f.wire.dial(context.Background(), "tcp", address)
		if err != nil {
			c = nil
		}
		f.conns[address] = append(f.conns[address], c)
	}
}

// send replays the requests of the given APIs to one broker at once.
func (f *replay) send(_ context.Context, address string, keys ...int16) error {
	var wg sync.WaitGroup
	var errs []error
	var mu sync.Mutex
	for i, r := range f.of(address, keys) {
		conn := f.conns[address][i%inFlight]
		if conn == nil {
			return fmt.Errorf("no connection to %s", address)
		}
		wg.Go(func() {
			if err := f.exchange(conn, r); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *replay) of(address string, keys []int16) []frame {
	var frames []frame
	for _, r := range f.frames {
		if r.address == address && slices.Contains(keys, r.key) {
			frames = append(frames, r)
		}
	}
	return frames
}

func (f *replay) exchange(conn net.Conn, r frame) error {
	if _, err := conn.Write(r.bytes); err != nil {
		return err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	buf, _ := f.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer f.buffers.Put(buf)
	size := int(binary.BigEndian.Uint32(head[:]))
	*buf = slices.Grow((*buf)[:0], size)[:size]
	_, err := io.ReadFull(conn, *buf)
	return err
}
