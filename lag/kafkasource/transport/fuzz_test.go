package transport

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	_ "github.com/segmentio/kafka-go/protocol/apiversions" // each registers its decoder
	_ "github.com/segmentio/kafka-go/protocol/metadata"
	_ "github.com/segmentio/kafka-go/protocol/saslauthenticate"
	_ "github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What the guard lets through makes kafka-go neither panic nor take memory for what is not there.
func FuzzGuard(f *testing.F) {
	f.Add(int16(metadataKey), int16(8), []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 'h', 0, 0, 0, 1, 0xff, 0xff, 0, 1, 'i', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(int16(saslHandshakeKey), int16(1), []byte{0, 0, 0, 0, 0, 1, 0, 1, 'P'})
	f.Add(int16(apiVersionsKey), int16(0), []byte{0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 9})
	f.Add(int16(saslAuthenticateKey), int16(1), []byte{0, 0, 0xff, 0xff, 0, 0, 0, 1, 't', 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, key, version int16, body []byte) {
		if _, known := guarded[key]; !known || version < 0 || version > 8 {
			return
		}
		answer := frame(7, body...)
		if (sent{key: key, version: version, correlation: 7}).fits(answer[4:]) != nil {
			return
		}
		_ = clusterIDIn(version, body)
		if key == apiVersionsKey {
			_, _ = versionsIn(body) // it may refuse them
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, _ = protocol.ReadResponse(bytes.NewReader(answer), protocol.ApiKey(key), version)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*len(body)); got > most {
			t.Errorf("key %d v%d: %d bytes take %d bytes of memory", key, version, len(body), got)
		}
	})
}

// Whatever the frame of an answer says, no more is read of it than its size and the limit allow.
func FuzzExchange(f *testing.F) {
	f.Add(int16(3), frame(7, 0, 1, 2, 3))
	f.Add(int16(3), frame(7, 2, 0, 1, 9, 1, 0, 5)) // two tags
	f.Add(int16(0), frame(7, 1, 2, 3))
	f.Fuzz(func(t *testing.T, version int16, answer []byte) {
		const limit = 1 << 10
		req := kmsg.NewPtrListGroupsRequest() // flexible from version 3 on
		req.SetVersion(version)
		a := &rawResponse{key: req.Key()}
		if err := (&exchange{correlation: 7, limit: limit, request: req}).read(bytes.NewReader(answer), a); err != nil {
			return
		}
		if size := int(binary.BigEndian.Uint32(answer)) - 4; len(a.body) > size || size > limit {
			t.Errorf("%d bytes of body in a frame of %d", len(a.body), size)
		}
		recycle(a.buffer)
	})
}
