package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// request is one of kafka-go's, as the wire has it.
func request(key, version int16, correlation int32) []byte {
	b := binary.BigEndian.AppendUint32(nil, 8)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	return binary.BigEndian.AppendUint32(b, uint32(correlation))
}

// guardedConn is a connection, and what the broker says on it when a request arrives.
func guardedConn(t *testing.T, answers ...[]byte) *conn {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		for _, a := range answers {
			if _, err := theirs.Read(make([]byte, 1<<10)); err != nil {
				return
			}
			if _, err := theirs.Write(a); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return &conn{Conn: ours, greeted: func() {}, peer: &peer{Addr: ours.RemoteAddr(), versions: map[int16]versionRange{}}}
}

// say sends a request and reads all that may be read of its response.
func say(c *conn, raw bool, b []byte, size int) ([]byte, error) {
	c.peer.raw = raw
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	return readN(c, size, nil)
}

func TestGuardRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		key, version int16
		answer       []byte
	}{
		"another correlation id":        {17, 1, frame(8, 0, 0, 0, 0, 0, 0)},
		"a frame without header":        {17, 1, []byte{0, 0, 0, 3, 0, 0, 0}},
		"a frame above the limit":       {17, 1, []byte{0, 2, 0, 0, 0, 0, 0, 7}},
		"elements":                      {17, 1, frame(7, 0, 0, 0x7f, 0xff, 0xff, 0xff)},
		"one element too many":          {17, 1, frame(7, 0, 0, 0, 0, 0, 2, 0, 0)},
		"a string":                      {17, 1, frame(7, 0, 0, 0, 0, 0, 1, 0, 9)},
		"bytes":                         {36, 1, frame(7, 0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff)},
		"brokers":                       {3, 1, frame(7, 0x7f, 0xff, 0xff, 0xff)},
		"a version kafka-go has not":    {3, 9, frame(7, 0, 0, 0, 0)},
		"APIs":                          {18, 0, frame(7, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 1)},
		"what kafka-go does not send":   {1, 0, frame(7)},
		"a response that ends too soon": {3, 1, frame(7, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := say(guardedConn(t, c.answer), false, request(c.key, c.version, 7), 1)
			if Code(err) != lag.Garbled {
				t.Errorf("got %v", err)
			}
		})
	}
}

// SASL without headers, as before Kafka 1.0, has no array but a length, which is bounded.
func TestGuardBoundsTokens(t *testing.T) {
	c := guardedConn(t, frame(7, 0, 0, 0, 0, 0, 0), []byte{0, 0, 0, 1, 'x'}, []byte{0xff, 0xff, 0xff, 0xff})
	for _, size := range []int{14, 5} {
		b := request(17, 0, 7)
		if size == 5 {
			b = []byte{0, 0, 0, 2, 'a', 'b'}
		}
		if got, err := say(c, false, b, size); err != nil || len(got) != size {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	if _, err := say(c, false, []byte{0, 0, 0, 2, 'a', 'b'}, 1); Code(err) != lag.Garbled {
		t.Errorf("a token of 4 GiB: %v", err)
	}
}

// What a broker sends beyond a response is not taken for the next one unseen.
func TestGuardKeepsResponsesApart(t *testing.T) {
	forged := frame(8, 0x7f, 0xff, 0xff, 0xff)
	right := frame(7, 1, 2, 3)
	c := guardedConn(t, append(bytes.Clone(right), forged...))
	if got, err := say(c, true, request(16, 4, 7), len(right)); err != nil || !bytes.Equal(got, right) {
		t.Fatalf("got %v, %v", got, err)
	}
	if _, err := c.Read(make([]byte, 4096)); Code(err) != lag.Garbled {
		t.Errorf("bytes that nobody asked for: %v", err)
	}
}

// kafka-go takes the deadline away before SASL: the handshake keeps its own until it ended.
func TestHandshakeHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := guardedConn(t)
		go func() { _, _ = c.Conn.Read(nil) }()
		c.handshake = time.Now().Add(3 * time.Second)
		began := time.Now()
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		_, err := c.Write(request(17, 1, 7))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		c.sent = nil
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		_, err = c.Write(request(3, 1, 7)) // the first request after the handshake
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 63*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
