package transport

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// What an answer costs, from its first byte until it is decoded: [wire.MostMemory] times its bytes, and some for short ones.

const freeCost = 64 << 10

// costOf is how much memory a function allocates.
// detector is how much more memory a test takes with the race detector, see race_test.go.
var detector = 1.0

// fewer divides how many elements an answer has: 1, and more with the race detector.
var fewer = 1

func costOf(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// receive reads and decodes a response as Do does.
func receive(t *testing.T, req kmsg.Request, version int16, body []byte) (err error) {
	t.Helper()
	buffers.Get() // no memory of an earlier answer
	req.SetVersion(version)
	e := &exchange{correlation: 7, limit: 100 << 20, request: req}
	a := &rawResponse{key: req.Key(), version: version}
	header := []byte{0, 0, 0, 0, 0, 0, 0, 7}
	if req.IsFlexible() && req.Key() != apiVersionsKey {
		header = append(header, 0)
	}
	binary.BigEndian.PutUint32(header, uint32(len(header)-4+len(body)))
	if err := e.read(bytes.NewReader(append(header, body...)), a); err != nil {
		return err
	}
	resp := req.ResponseKind()
	resp.SetVersion(version)
	return make(decoders, 1).decode(t.Context(), resp, a.body)
}

// many gives every field a value and every array n elements, the inner ones fewer; without text, strings are empty and inner arrays
// have none, so that elements are as small as they can be.
func many(v reflect.Value, n int, text string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Version" && f.Name != "UnknownTags" {
				many(v.Field(i), n, text)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		many(v.Elem(), n, text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		inner := min(n, 3)
		if text == "" {
			inner = 0
		}
		for i := range n {
			many(v.Index(i), inner, text)
		}
	case reflect.String:
		v.SetString(text)
	}
}

// requests are one of each kind that is sent, and the versions that are decoded.
func requests() map[int16]func() (req kmsg.Request, oldest, newest int16) {
	all := map[int16]func() (kmsg.Request, int16, int16){
		wire.OffsetFetchKey: func() (kmsg.Request, int16, int16) {
			return wire.NewOffsetFetch([]string{"g"}, wire.NewTopicNames(func(string) bool { return true })), 5, 8
		},
		2: func() (kmsg.Request, int16, int16) {
			topics := []lag.TopicRead{{Name: "orders", Partitions: make([]lag.PartitionRead, 100)}}
			return &wire.ListOffsets{ListOffsetsRequest: kmsg.NewPtrListOffsetsRequest(), Topics: topics, TopicIndex: map[string]int32{"orders": 0}, Partitions: make([]wire.Partition, 100)}, 5, 7
		},
		1: func() (kmsg.Request, int16, int16) {
			return wire.NewFetch("orders", 0, 0, &wire.Walk{End: 1 << 40}, 16<<10), 11, 12
		},
	}
	for key, newest := range map[int16]int16{3: 12, 10: 6, 15: 6, 16: 5, 32: 4, 69: 1, 77: 1, 89: 1, 90: 1} {
		all[key] = func() (kmsg.Request, int16, int16) { return kmsg.RequestForKey(key), 0, newest }
	}
	return all
}

func TestCostOfAnAnswer(t *testing.T) {
	for key, kind := range requests() {
		_, oldest, newest := kind()
		for version := oldest; version <= newest; version++ {
			for name, body := range answers(key, version) {
				t.Run(fmt.Sprintf("%s v%d %s", kmsg.NameForKey(key), version, name), func(t *testing.T) {
					req, _, _ := kind()
					var err error
					cost := costOf(func() { err = receive(t, req, version, body) })
					if most := int(detector * float64(wire.MostMemory*len(body)+freeCost)); cost > most {
						t.Errorf("%d bytes cost %d, %.1f times as much (%v)", len(body), cost, float64(cost)/float64(len(body)), err)
					}
					if name == "ordinary" && err != nil {
						t.Errorf("an ordinary answer is refused: %v", err)
					}
				})
			}
		}
	}
}

// answers are an ordinary one of a kind, one of the smallest elements that there can be, one with a tag in each structure, and
// ones that claim what is not there.
func answers(key, version int16) map[string][]byte {
	ordinary, small := kmsg.ResponseForKey(key), kmsg.ResponseForKey(key)
	ordinary.SetVersion(version)
	small.SetVersion(version)
	many(reflect.ValueOf(ordinary).Elem(), 500/fewer, "orders-of-shop")
	many(reflect.ValueOf(small).Elem(), 20_000/fewer, "")
	start := strings.Repeat("\x00", 6) // throttle time, code
	return map[string][]byte{
		"ordinary":           ordinary.AppendTo(nil),
		"smallest elements":  small.AppendTo(nil),
		"elements with tags": []byte(start + "\xff\xff\xff\x7f" + strings.Repeat("\x00\x00\x00\x00\x01\x01\x00", 20_000)),
		"elements of zeros":  []byte(start + "\xff\xff\x7f" + strings.Repeat("\x00", 128<<10)),
		"elements of ones":   []byte(start + "\x81\x80\x08" + strings.Repeat("\x01", 128<<10)),
		"elements of 0xff":   []byte(start + "\x81\x80\x08" + strings.Repeat("\xff", 128<<10)),
		"an array of 2^31":   []byte(strings.Repeat("\x7f\xff\xff\xff", 20_000)),
	}
}

// repeated is an answer whose last array has n elements that are all the same, small or ordinary ones; other arrays are empty.
func repeated(key, version int16, text string, n int) []byte {
	with := func(field, n int) []byte {
		resp := kmsg.ResponseForKey(key)
		resp.SetVersion(version)
		v := reflect.ValueOf(resp).Elem()
		many(v, 2, text) // every field has a value
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice && i == field {
				f.Set(f.Slice(0, n))
			} else if f.Kind() == reflect.Slice {
				f.SetZero()
			}
		}
		return resp.AppendTo(nil)
	}
	field := reflect.TypeOf(kmsg.ResponseForKey(key)).Elem().NumField() - 1
	for len(with(field, 1)) == len(with(field, 0)) || len(with(field, 2)) == len(with(field, 1)) {
		field-- // not an array of this version
	}
	one, two := with(field, 1), with(field, 2)
	at := 0 // of the number of elements, one byte of a flexible version
	for one[at] == two[at] {
		at++
	}
	element := two[at+1 : at+1+len(two)-len(one)]
	body := binary.AppendUvarint(slices.Clone(one[:at]), uint64(n+1))
	body = append(body, bytes.Repeat(element, n)...)
	return append(body, one[at+1+len(element):]...)
}

// The longest answers that are accepted, and one element more: 100 MiB of ordinary elements, or so many that more are refused. They
// cost no more memory than others and a second of a core that does nothing else. The race detector makes all of it slower, so it gets a hundredth.
func TestTimeOfAnAnswer(t *testing.T) {
	const limit = 100 << 20
	part := 1
	if detector > 1 {
		part = 100
	}
	for key, kind := range requests() {
		_, _, version := kind()
		if key == 1 {
			continue // its answer is one element: the batches, of which as few bytes are asked for as are needed
		}
		for name, text := range map[string]string{"smallest": "", "ordinary": "orders-of-shop"} {
			t.Run(fmt.Sprintf("%s v%d %s", kmsg.NameForKey(key), version, name), func(t *testing.T) {
				size := len(repeated(key, version, text, 2)) - len(repeated(key, version, text, 1))
				n := min(wire.MostElements, (limit-freeCost)/size) / part
				body := repeated(key, version, text, n)
				took := time.Hour
				for range 3 { // the machine may be busy with something else
					req, _, _ := kind()
					var err error
					runtime.GC()
					began := coreTime(t)
					cost := costOf(func() { err = receive(t, req, version, body) })
					took = min(took, coreTime(t)-began)
					t.Logf("%d elements of %d bytes: %v, %.1f times the memory, %v", n, size, took.Round(time.Millisecond), float64(cost)/float64(len(body)), err)
					if cost > int(detector*float64(wire.MostMemory*len(body)+freeCost)) {
						t.Errorf("%d bytes cost %d", len(body), cost)
					}
					if took < time.Second {
						break
					}
				}
				if took > 2*time.Second { // a core that does other work, too, takes up to twice as long
					t.Errorf("%d bytes take %v of a core", len(body), took)
				}
				if name == "smallest" && part == 1 && n == wire.MostElements {
					req, _, _ := kind()
					if err := receive(t, req, version, repeated(key, version, text, n+1)); err == nil {
						t.Errorf("%d elements are decoded", n+1)
					}
				}
			})
		}
	}
}

// coreTime is how much time of cores this process has taken.
func coreTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// The answers that kafka-go decodes, behind the guard.
func TestCostOfWhatKafkaGoDecodes(t *testing.T) {
	for key, versions := range map[int16][]int16{metadataKey: {0, 1, 5, 8}, saslHandshakeKey: {0, 1}, apiVersionsKey: {0}, saslAuthenticateKey: {0, 1}} {
		for _, version := range versions {
			for name, body := range answers(key, version) {
				t.Run(fmt.Sprintf("%s v%d %s", kmsg.NameForKey(key), version, name), func(t *testing.T) {
					body = body[:min(len(body), guarded[key]-4)]
					ours, theirs := net.Pipe()
					defer ours.Close()
					defer theirs.Close()
					go func() {
						_, _ = theirs.Read(make([]byte, 64))
						header := binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))
						_, _ = theirs.Write(append(append(header, 0, 0, 0, 7), body...))
					}()
					c := &conn{Conn: ours, peer: &peer{Addr: ours.RemoteAddr(), versions: map[int16]versionRange{}}}
					if _, err := c.Write(request(key, version, 7)); err != nil {
						t.Fatal(err)
					}
					cost := costOf(func() { _, _, _ = protocol.ReadResponse(c, protocol.ApiKey(key), version) })
					if cost > wire.MostMemory*len(body)+freeCost {
						t.Errorf("%d bytes cost %d", len(body), cost)
					}
				})
			}
		}
	}
}

// What decoding an ordinary answer takes of a core, by kind.
func BenchmarkDecode(b *testing.B) {
	for key, kind := range requests() {
		_, _, version := kind()
		body := answers(key, version)["ordinary"]
		b.Run(kmsg.NameForKey(key), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				req, _, _ := kind()
				req.SetVersion(version)
				resp := req.ResponseKind()
				resp.SetVersion(version)
				if err := make(decoders, 1).decode(b.Context(), resp, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
