package groups

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// Listed is one group of a ListGroups answer.
type Listed struct {
	lag.GroupState
	Protocol string
}

// statesSince is the version from which ListGroups has the groups' states (Kafka 2.6).
const statesSince = 4

// States lists the groups of all brokers with their states, sorted, each group once. It asks each broker once and
// does not try again. A broker before Kafka 2.6 lists groups without states: an error of code [lag.UnsupportedVersion].
func (r *Reader) States(ctx context.Context, round *cluster.Round) []lag.GroupState {
	listed := make([][]Listed, len(round.Brokers))
	parallel.Each(round.Brokers, func(i int, b lag.Broker) {
		l, err := listOnce(ctx, round, b.ID)
		if err == nil && l.Version < statesSince {
			err = transport.WithCode(lag.UnsupportedVersion, errors.New("broker lists groups without states"))
		} else if err == nil {
			err = transport.ErrorOf(l.ErrorCode)
		}
		if err != nil {
			round.Fail(lag.StageList, b.ID, err)
			return
		}
		listed[i] = r.listing(b.ID, l)
	})
	return mergeStates(listed)
}

// loadingRetries is how often a poll asks a coordinator for its groups while it loads a partition and refuses the
// whole list: four times in 300 ms.
const loadingRetries = 4

// listPatiently asks a broker for the groups it coordinates, and again while a coordinator is moving.
func (r *Reader) listPatiently(ctx context.Context, round *cluster.Round, broker int32) ([]Listed, error) {
	var err error
	for try := range loadingRetries {
		if try > 0 {
			if err := round.Pause(ctx); err != nil {
				return nil, err
			}
		}
		var l *kmsg.ListGroupsResponse
		if l, err = listOnce(ctx, round, broker); err != nil {
			return nil, err
		}
		if err = transport.ErrorOf(l.ErrorCode); err == nil {
			return r.listing(broker, l), nil
		}
		if !cluster.CoordinatorMoving(transport.Code(err)) {
			break
		}
	}
	return nil, err
}

func listOnce(ctx context.Context, round *cluster.Round, broker int32) (*kmsg.ListGroupsResponse, error) {
	return transport.AsResponse[*kmsg.ListGroupsResponse](round.Send(ctx, broker, kmsg.NewPtrListGroupsRequest()))
}

func (r *Reader) listing(broker int32, l *kmsg.ListGroupsResponse) []Listed {
	now := time.Now()
	groups := make([]Listed, 0, len(l.Groups))
	for _, g := range l.Groups {
		if !r.cfg.Group(g.Group) {
			continue
		}
		groups = append(groups, Listed{Protocol: g.ProtocolType, GroupState: lag.GroupState{
			At: now, Group: g.Group, Type: groupType(g.GroupType), State: lag.State(g.GroupState), Coordinator: broker,
		}})
	}
	return groups
}

func groupType(s string) lag.GroupType {
	if s == "" {
		return lag.Classic
	}
	return lag.GroupType(strings.ToLower(s))
}

// mergeStates sorts the groups that brokers list. Each group is in the result once.
func mergeStates(listed [][]Listed) []lag.GroupState {
	type place struct{ broker, group int32 } // cheaper to sort than what it stands for: each second, in large clusters
	count := 0
	for _, l := range listed {
		count += len(l)
	}
	order := make([]place, 0, count)
	for b, l := range listed {
		for g := range l {
			order = append(order, place{int32(b), int32(g)})
		}
	}
	at := func(p place) *lag.GroupState { return &listed[p.broker][p.group].GroupState }
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(strings.Compare(at(a).Group, at(b).Group), cmp.Compare(a.broker, b.broker), cmp.Compare(a.group, b.group))
	})
	groups := make([]lag.GroupState, 0, count)
	for _, p := range order {
		g, last := at(p), len(groups)-1
		if last < 0 || groups[last].Group != g.Group {
			groups = append(groups, *g)
			continue
		}
		if preferState(*g, groups[last]) {
			groups[last] = *g
		}
	}
	return groups
}

// preferState reports whether a rather than b is the group, when two brokers list it while its coordinator moves:
// the one that has members, else the later answer.
func preferState(a, b lag.GroupState) bool {
	if isActive(a.State) != isActive(b.State) {
		return isActive(a.State)
	}
	return a.At.After(b.At)
}

func isActive(s lag.State) bool { return s != lag.Empty && s != lag.Dead && s != lag.StateUnknown }
