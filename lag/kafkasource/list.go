package kafkasource

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// listed is one line of a ListGroups answer.
type listed struct {
	lag.GroupState
	protocol string
}

// lister says for whom groups are listed: a sample does not wait, and needs states.
type lister string

const (
	sampler lister = "sample"
	poller  lister = "poll"
)

// versions from which ListGroups tells states and types.
const statesSince = 4

// loadingRetries and loadingPause bound the wait for a coordinator that loads its partitions: 0.1 to 0.2 s when they move.
const (
	loadingRetries = 4
	loadingPause   = 100 * time.Millisecond
)

// list asks a broker for the groups it coordinates. While it loads a partition it refuses the whole list,
// so a poll asks again a few times.
func (s *Source) list(ctx context.Context, t *tally, broker int32, who lister) ([]listed, error) {
	var err error
	for try := range loadingRetries {
		if try > 0 {
			if err := pause(ctx, loadingPause); err != nil {
				return nil, err
			}
		}
		var l *kmsg.ListGroupsResponse
		if l, err = as[*kmsg.ListGroupsResponse](s.askAs(ctx, t, broker, who)); err != nil {
			return nil, err
		}
		if who == sampler && l.Version < statesSince {
			return nil, &failure{lag.NotAsked, errors.New("broker lists groups without states")}
		}
		if err = answered(l.ErrorCode); err == nil {
			return s.listing(broker, l), nil
		}
		if who == sampler || !isMoving(codeOf(err)) {
			break
		}
	}
	return nil, err
}

// askAs lets a sample pass by the polls' requests, so that its clock does not wait for them.
func (s *Source) askAs(ctx context.Context, t *tally, broker int32, who lister) (kmsg.Response, error) {
	if who == sampler {
		return s.do(ctx, t, broker, kmsg.NewPtrListGroupsRequest())
	}
	return s.ask(ctx, t, broker, kmsg.NewPtrListGroupsRequest())
}

func (s *Source) listing(broker int32, l *kmsg.ListGroupsResponse) []listed {
	now := time.Now()
	groups := make([]listed, 0, len(l.Groups))
	for _, g := range l.Groups {
		if !s.cfg.Group(g.Group) {
			continue
		}
		groups = append(groups, listed{protocol: g.ProtocolType, GroupState: lag.GroupState{
			At: now, Group: g.Group, Type: groupType(g.GroupType), State: lag.State(g.GroupState), Coordinator: broker,
		}})
	}
	return groups
}

// isMoving reports whether a coordinator is on its way to another broker, so that asking again soon helps.
func isMoving(c lag.ErrorCode) bool {
	return c == lag.CoordinatorLoading || c == lag.NotCoordinator || c == coordinatorNotAvailable
}

// Protocol error codes that only this package gives a meaning to.
const (
	coordinatorNotAvailable lag.ErrorCode = 15
	groupIDNotFound         lag.ErrorCode = 69
)
