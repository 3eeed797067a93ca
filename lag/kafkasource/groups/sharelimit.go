package groups

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// shareMaxSize is the number of members that a coordinator admits to a share group. A broker reads it at its start, and no group
// has a limit of its own: GroupConfig.java of Kafka 4.4 has sessions, locks and offset resets of share groups, but no size.
const shareMaxSize = "group.share.max.size"

// limitFor is how long an answer is used, and how long none is asked for where it is refused: it needs DESCRIBE_CONFIGS on the
// cluster, which nothing else needs.
const limitFor = time.Hour

// shareLimits are the limits of coordinators, as they last answered.
type shareLimits struct {
	mu       sync.Mutex
	byBroker map[int32]shareLimit
}

type shareLimit struct {
	members int32 // 0: not known
	asked   time.Time
}

// due is the limit that is known, and whether the broker is to be asked now. Only one caller is told to ask.
func (l *shareLimits) due(broker int32, now time.Time) (members int32, ask bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.byBroker[broker]
	if ok && now.Sub(known.asked) < limitFor {
		return known.members, false
	}
	l.set(broker, shareLimit{known.members, now})
	return known.members, true
}

func (l *shareLimits) set(broker int32, to shareLimit) {
	if l.byBroker == nil {
		l.byBroker = map[int32]shareLimit{}
	}
	l.byBroker[broker] = to
}

// shareLimit is the number of members that a coordinator admits to a share group; 0 if it does not say. That is no error: the
// scaler then assumes the default of Kafka.
func (r *Reading) shareLimit(ctx context.Context, broker int32) int32 {
	now := time.Now()
	members, ask := r.limits.due(broker, now)
	if !ask {
		return members
	}
	req := kmsg.NewPtrDescribeConfigsRequest()
	resource := kmsg.NewDescribeConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeBroker, strconv.Itoa(int(broker))
	resource.ConfigNames = []string{shareMaxSize}
	req.Resources = []kmsg.DescribeConfigsRequestResource{resource}
	answer, err := transport.AsResponse[*kmsg.DescribeConfigsResponse](r.round.Send(ctx, broker, req))
	r.limits.mu.Lock()
	defer r.limits.mu.Unlock()
	if err != nil && transport.Code(err) == lag.Unreachable { // the next poll asks again
		delete(r.limits.byBroker, broker)
		return members
	}
	if err == nil {
		if said, ok := limitIn(answer); ok {
			members = said
		}
	}
	r.limits.set(broker, shareLimit{members, now})
	return members
}

// limitIn is the limit in a response; ok is false if it is refused, or no number that can be one.
func limitIn(answer *kmsg.DescribeConfigsResponse) (members int32, ok bool) {
	for _, r := range answer.Resources {
		for _, c := range r.Configs {
			if r.ErrorCode != 0 || c.Name != shareMaxSize || c.Value == nil {
				continue
			}
			n, err := strconv.ParseInt(*c.Value, 10, 32)
			return int32(n), err == nil && n > 0
		}
	}
	return 0, false
}
