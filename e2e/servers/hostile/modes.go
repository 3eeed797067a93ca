package hostile

import (
	"bytes"
	"math"
	"net"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag/kafkasource/framing"
)

// Mode is one way to answer wrongly.
type Mode struct {
	Name  string
	SASL  string // the mechanism that the client is told to use; empty: none
	TLS   bool   // the client is told to use TLS
	Cause string // what the client's error must say; empty: there need not be any

	answers map[int16]func(*call) []byte // by key; else as it should
	greets  func(net.Conn)               // instead of answers
}

// Heals reports whether a broker can answer as it should: none here speaks TLS or SCRAM.
func (m Mode) Heals() bool { return !m.TLS && m.SASL != scram }

const (
	plain     = "PLAIN"
	scram     = "SCRAM-SHA-256"
	garbled   = "ANSWER_GARBLED"
	tooLong   = "claims more than its"
	notThere  = "lengths or tags that its bytes do not hold"
	endlessly = 100 * time.Millisecond // between two bytes
)

// Modes are all of them.
func Modes() []Mode {
	return append(append(append(lengths(), hangs()...), values()...), connections()...)
}

func only(key int16, answer func(*call) []byte) map[int16]func(*call) []byte {
	return map[int16]func(*call) []byte{key: answer}
}

// says answers with a body of these values.
func says(key int16, values ...any) map[int16]func(*call) []byte {
	body := framing.Pack(values...)
	return only(key, func(q *call) []byte { return q.Answer(body) })
}

func repeated(element string, n int) string { return strings.Repeat(element, n) }

// lengths are answers that claim what is not there, or have more than can be true.
func lengths() []Mode {
	broker := string(framing.Pack(int32(1), framing.String("h"), int32(1), int16(-1)))
	return []Mode{
		{Name: "meta-huge", Cause: notThere, answers: says(metadata, int32(math.MaxInt32))},
		{Name: "meta-mid", Cause: notThere, answers: says(metadata, int32(2_000_000))},
		{Name: "many-brokers", Cause: "1000 are the limit", answers: says(metadata, int32(5000), repeated(broker, 5000), int32(1), int32(0))},
		{Name: "million-brokers", Cause: "1000000 brokers", answers: says(metadata, int32(1_000_000), repeated(broker, 1_000_000), int32(1), int32(0))},
		{Name: "apis-huge", Cause: tooLong, answers: says(apiVersions, int16(0), int32(math.MaxInt32), repeated("\x00", 100))},
		{Name: "apis-negative", Cause: "supports no Metadata requests", answers: says(apiVersions, int16(0), int32(math.MinInt32), repeated("\x00", 100))},
		{Name: "apis-many", Cause: "does not answer as a Kafka broker does", answers: says(apiVersions, int16(0), int32(50_000), repeated("\x00", 300_000))},
		{Name: "sasl-huge", SASL: plain, Cause: tooLong, answers: says(saslHandshake, int16(0), int32(math.MaxInt32))},
		{Name: "auth-huge", SASL: plain, Cause: tooLong, answers: says(saslAuthenticate, int16(0), int16(-1), int32(math.MaxInt32))},
		{Name: "tags", Cause: notThere, answers: says(listGroups, "\x00", int32(0), int16(0), "\x00\x01\xff\xff\xff\xff\x0f")},
		{Name: "header-tags", Cause: "header of an answer", answers: says(listGroups, "\xff\xff\xff\xff\x0f")},
		{Name: "varints", Cause: notThere, answers: says(listGroups, "\x00", int32(0), int16(0), repeated("\xff", 100))},
		{Name: "list-many", Cause: notThere, answers: says(listGroups, "\x00", int32(0), int16(0), "\x80\x80\x80\x04", repeated("\xff", 8<<20))},
		{Name: "list-tiny", Cause: "bytes of memory", answers: says(listGroups, "\x00", int32(0), int16(0), "\x81\x80\x20", repeated("\x01\x01\x01\x01\x00", 1<<19), "\x00")},
		{Name: "biglen", Cause: "2147483628 bytes", answers: only(listGroups, func(q *call) []byte {
			return framing.Pack(int32(math.MaxInt32-15), q.Correlation, repeated("\x00", 64))
		})},
	}
}

// hangs are answers that do not come, or not to an end.
func hangs() []Mode {
	return []Mode{
		{Name: "meta-stall", Cause: "does not answer Metadata", answers: only(metadata, (*call).hang)},
		{Name: "sasl-stall", SASL: plain, Cause: "does not answer SASLHandshake", answers: only(saslHandshake, (*call).hang)},
		{Name: "auth-stall", SASL: plain, Cause: "does not answer SASLAuthenticate", answers: only(saslAuthenticate, (*call).hang)},
		{Name: "versions-stall", Cause: "does not answer ApiVersions", answers: only(apiVersions, (*call).hang)},
		{Name: "drip", Cause: "does not answer ApiVersions", answers: only(apiVersions, drip)},
		{Name: "drip-groups", Cause: "no answer within", answers: only(listGroups, drip)},
		{Name: "half-frame", Cause: "does not answer Metadata", answers: only(metadata, func(q *call) []byte {
			f := q.Answer(q.right())
			_, _ = q.Write(f[:len(f)/2])
			return q.hang()
		})},
		{Name: "endless-answer", Cause: "are the limit", answers: only(listGroups, func(q *call) []byte {
			_, _ = q.Write(framing.Pack(int32(math.MaxInt32), q.Correlation))
			flood(q.Conn)
			return nil
		})},
		{Name: "session-ends", SASL: plain, Cause: "does not answer SASLAuthenticate", answers: sessionEnds()},
	}
}

// sessionEnds authenticates some connections, which it closes at their second request, and hangs in the authentication of later ones.
func sessionEnds() map[int16]func(*call) []byte {
	began := time.Now()
	return map[int16]func(*call) []byte{
		saslAuthenticate: func(q *call) []byte {
			if time.Since(began) > 8*time.Second {
				return q.hang()
			}
			return q.Answer(q.right())
		},
		listGroups: func(q *call) []byte {
			if q.before > 4 {
				_ = q.Close()
			}
			return q.Answer(q.right())
		},
	}
}

func drip(q *call) []byte {
	for _, one := range q.Answer(q.right()) {
		if _, err := q.Write([]byte{one}); err != nil {
			return nil
		}
		time.Sleep(endlessly)
	}
	return nil
}

// flood writes until the other side closes the connection.
func flood(c net.Conn) {
	for zeros := make([]byte, 64<<10); ; {
		if _, err := c.Write(zeros); err != nil {
			return
		}
	}
}

// values are answers whose values cannot be true, or are meant to harm.
func values() []Mode {
	return []Mode{
		{Name: "negpart", Cause: garbled, answers: only(offsetFetch, func(q *call) []byte { return q.Answer(commits(-1)) })},
		{Name: "esc", Cause: `evil\\x1b]0;PWNED`, answers: map[int16]func(*call) []byte{
			listGroups: func(q *call) []byte {
				return q.Answer(groups(framing.CompactString("evil\x1b]0;PWNED\a\x1b[31m\n<script>")))
			},
			offsetFetch: func(q *call) []byte { return q.Answer([]byte{0xff}) },
		}},
		{Name: "wrongcorr", Cause: "has correlation id", answers: only(listGroups, otherCorrelation)},
		{Name: "wrongcorr-meta", Cause: "has correlation id", answers: only(metadata, otherCorrelation)},
		{Name: "wrongcorr-versions", Cause: "has correlation id", answers: only(apiVersions, otherCorrelation)},
		{Name: "negative-broker", Cause: garbled, answers: says(metadata, int32(1), int32(-7), framing.String("127.0.0.1"), int32(1), int16(-1), int32(1), int32(0))},
		{Name: "cloud-metadata", Cause: "169.254.169.254", answers: says(metadata, int32(1), int32(1), framing.String("169.254.169.254"), int32(80), int16(-1), int32(1), int32(0))},
		{Name: "throttle", answers: says(listGroups, "\x00", int32(math.MaxInt32), int16(0), "\x01\x00")},
		{Name: "scram-iterations", SASL: scram, Cause: "2147483647 iterations", answers: scramFirst("i=2147483647")},
		{Name: "scram-garbage", SASL: scram, Cause: "SASL SCRAM-SHA-256", answers: scramFirst("i=x")},
	}
}

func otherCorrelation(q *call) []byte {
	q.Correlation += 7
	return q.Answer(q.right())
}

// scramFirst answers the client's first message of SCRAM with these iterations.
func scramFirst(iterations string) map[int16]func(*call) []byte {
	return only(saslAuthenticate, func(q *call) []byte {
		_, nonce, _ := bytes.Cut(q.Body, []byte("r="))
		text := "r=" + string(nonce) + "x,s=c2FsdA==," + iterations
		return q.Answer(framing.Pack(int16(0), int16(-1), int32(len(text)), text))
	})
}

// connections are what is no broker at all.
func connections() []Mode {
	write := func(text string) func(net.Conn) { return func(c net.Conn) { _, _ = c.Write([]byte(text)) } }
	return []Mode{
		{Name: "silent", Cause: "does not answer ApiVersions", greets: func(net.Conn) {}},
		{Name: "flood", Cause: garbled, greets: flood},
		{Name: "http", Cause: garbled, greets: write("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{Name: "tls-garbage", TLS: true, Cause: "TLS handshake", greets: write("\x16\x03\x03\xff\xff" + repeated("\xff", 1<<16))},
		{Name: "tls-flood", TLS: true, Cause: "TLS handshake", greets: flood},
		{Name: "tls-silent", TLS: true, Cause: "answer the TLS handshake", greets: func(net.Conn) {}},
	}
}
