package transport

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/time/rate"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/wire"
)

// quota is what brokers asked for because of their quotas, and the own limit of requests a second.
type quota struct {
	rate   *rate.Limiter // nil: no limit
	queued atomic.Int32  // requests that wait for their turn

	session atomic.Int64 // ms for which a broker last accepted the credentials of a connection (KIP-368); 0: for ever, or not known

	mu   sync.Mutex
	used lag.Quota // since the last take; without Connections and Refused
}

// newQuota allows so many requests a second, one after another: with 10 a second, one each 100 ms. 0: any number.
func newQuota(perSecond float64) *quota {
	q := &quota{}
	if perSecond > 0 {
		q.rate = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	return q
}

// turn waits until the next request may be sent. It fails at once when that is after the deadline of ctx.
func (q *quota) turn(ctx context.Context) error {
	if q.rate == nil {
		return nil
	}
	q.queued.Add(1)
	defer q.queued.Add(-1)
	began := time.Now()
	if err := q.rate.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return WithCode(lag.Slow, fmt.Errorf("%v requests a second are allowed (requestsPerSecond), and the turn of this one comes too late", float64(q.rate.Limit())))
	}
	if waited := time.Since(began); waited > 0 {
		q.note(lag.Quota{Paced: waited})
	}
	return nil
}

// spend counts a request that cannot wait, such as those of a handshake: the next ones wait for longer.
func (q *quota) spend() {
	if q != nil && q.rate != nil {
		q.rate.ReserveN(time.Now(), 1)
	}
}

// authenticated takes in the answer to SaslAuthenticate, without its correlation id: version 1 ends with the time of the session.
func (q *quota) authenticated(answer []byte) {
	if q == nil {
		return
	}
	r := claims{Reader: kbin.Reader{Src: answer}}
	r.Int16()
	r.string()
	r.bytes()
	if len(r.Src) < 8 {
		return
	}
	if lifetime := r.Int64(); r.Ok() {
		q.session.Store(max(0, lifetime))
	}
}

func (q *quota) note(used lag.Quota) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used = q.used.Plus(used)
}

// quotaExceeded is THROTTLING_QUOTA_EXCEEDED (KIP-599). Apache Kafka returns it for changes of topics only; a gateway in front of
// brokers may return it for any request.
const quotaExceeded = int16(lag.QuotaExceeded)

// exceededFor is the pause after such an answer that names none: the window of Kafka's quotas.
const exceededFor = time.Second

// asked takes in what an answer says of quotas: the pause that it asks for, and whether the request was refused because of a quota.
func (q *quota) asked(resp kmsg.Response) (pause time.Duration, refused bool) {
	if th, ok := resp.(kmsg.ThrottleResponse); ok {
		millis, _ := th.Throttle()
		pause = time.Duration(max(0, millis)) * time.Millisecond
	}
	if refused = exceeds(resp); refused {
		pause = max(pause, exceededFor)
	}
	if pause = min(pause, longestThrottle); pause == 0 {
		return 0, false
	}
	used := lag.Quota{Throttles: 1, Throttled: pause}
	if refused {
		used.Exceeded = 1
	}
	q.note(used)
	return pause, refused
}

// exceeds reports whether an answer, or a part of it, has the code.
func exceeds(resp kmsg.Response) bool {
	switch r := resp.(type) {
	case *kmsg.ListGroupsResponse:
		return r.ErrorCode == quotaExceeded
	case *kmsg.FindCoordinatorResponse:
		return r.ErrorCode == quotaExceeded || hasCode(r.Coordinators, func(c *kmsg.FindCoordinatorResponseCoordinator) int16 { return c.ErrorCode })
	case *kmsg.MetadataResponse:
		return hasCode(r.Topics, func(t *kmsg.MetadataResponseTopic) int16 { return t.ErrorCode })
	case *kmsg.DescribeGroupsResponse:
		return hasCode(r.Groups, func(g *kmsg.DescribeGroupsResponseGroup) int16 { return g.ErrorCode })
	case *kmsg.ConsumerGroupDescribeResponse:
		return hasCode(r.Groups, func(g *kmsg.ConsumerGroupDescribeResponseGroup) int16 { return g.ErrorCode })
	case *wire.OffsetFetchResponse:
		return hasCode(r.Groups, func(g *wire.GroupCommits) int16 { return g.Code })
	case *wire.ListOffsetsResponse:
		return hasCode(r.Offsets, func(o *wire.Offset) int16 { return int16(o.Code) })
	}
	return false
}

func hasCode[T any](parts []T, code func(*T) int16) bool {
	for i := range parts {
		if code(&parts[i]) == quotaExceeded {
			return true
		}
	}
	return false
}

// Quota is what brokers asked for since the last call, and the connections that are open now.
func (c *Client) Quota() lag.Quota {
	c.quota.mu.Lock()
	used := c.quota.used
	c.quota.used = lag.Quota{}
	c.quota.mu.Unlock()
	used.Connections, used.Refused = c.cfg.Connections.take()
	return used
}

// Session is how long a broker accepts the credentials of a connection, as the last one said; 0: for ever.
func (c *Client) Session() time.Duration {
	return time.Duration(c.quota.session.Load()) * time.Millisecond
}

// Queued reports whether a request waits for its turn.
func (c *Client) Queued() bool { return c.quota.queued.Load() > 0 }
