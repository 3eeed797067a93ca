// Package framing reads the frames of requests and writes those of answers, for the brokers of tests that answer as no real broker does.
// It knows no request: bodies are bytes.
//
//	size     key      version  correlation  body       request
//	0 0 0 9  0 18     0 0      0 0 0 7      0          size is of all that follows
//	0 0 0 5                    0 0 0 7      0          answer
//
// Source: the Kafka protocol guide, "Protocol primitive types" and "Common request and response structure".
package framing

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Request is one request of a client.
type Request struct {
	Key, Version int16
	Correlation  int32
	Body         []byte // what follows the correlation id
}

// mostBytes is the size of a request above which brokers close the connection: the default of socket.request.max.bytes is 100 MiB, and no
// request here has a hundredth of this. The first bytes of a TLS handshake, read as a size, are 369 MB.
const mostBytes = 4 << 20

// Read reads the next request. The error is that of the reader, or says that a frame is too short or too long for a request.
func Read(r io.Reader) (Request, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return Request{}, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > mostBytes {
		return Request{}, fmt.Errorf("a frame of %d bytes is no request: the most is %d", n, mostBytes)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return Request{}, err
	}
	if len(b) < 8 {
		return Request{}, fmt.Errorf("a frame of %d bytes is no request", len(b))
	}
	return Request{
		Key: int16(binary.BigEndian.Uint16(b)), Version: int16(binary.BigEndian.Uint16(b[2:])),
		Correlation: int32(binary.BigEndian.Uint32(b[4:])), Body: b[8:],
	}, nil
}

// Answer is the frame of an answer to the request.
func (q Request) Answer(body []byte) []byte {
	return append(Pack(int32(4+len(body)), q.Correlation), body...)
}

// Pack is the values one after the other, as in versions that are not flexible; a string is as it is.
func Pack(values ...any) (b []byte) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = append(b, v...)
		default:
			b, _ = binary.Append(b, binary.BigEndian, v) // cannot fail: a number, or a slice of numbers
		}
	}
	return b
}

// String is a string with its length, for [Pack].
func String(s string) string { return string(Pack(int16(len(s)))) + s }

// CompactString is a string of at most 126 bytes with its length, as in flexible versions.
func CompactString(s string) string { return string(rune(len(s)+1)) + s }
