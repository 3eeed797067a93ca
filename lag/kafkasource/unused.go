package kafkasource

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// checkUnused says which rights this user has that the program never uses. That one of the requests fails is no finding: what could
// be read is said elsewhere.
func (s *Source) checkUnused(ctx context.Context, o lag.Observation, cluster int32) []Finding {
	var unused []string
	if text := operationNames(surplus(cluster, kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs)); text != "" {
		unused = append(unused, "on CLUSTER "+text)
	}
	unused = append(unused, s.unusedOfTopics(ctx, o).texts("topics")...)
	unused = append(unused, s.unusedOfGroups(ctx, o).texts("groups")...)
	if len(unused) == 0 {
		return nil
	}
	return []Finding{{Subject: "rights that are never used", Detail: strings.Join(unused, "; ")}}
}

// surplus are the operations beside those that are used.
func surplus(operations int32, used ...kmsg.ACLOperation) int32 {
	if unsaid(operations) {
		return 0
	}
	for _, o := range used {
		operations &^= 1 << o
	}
	return operations
}

// operationNames are the names of operations, in the order of their numbers.
func operationNames(operations int32) string {
	var names []string
	for o := kmsg.ACLOperationRead; o <= kmsg.ACLOperationDescribeTokens; o++ {
		if has(operations, o) {
			names = append(names, o.String())
		}
	}
	return strings.Join(names, ", ")
}

// spare are names by the operations on them that are not used.
type spare map[int32][]string

func (s spare) add(name string, operations int32) {
	if operationNames(operations) != "" {
		s[operations] = append(s[operations], name)
	}
}

// texts say it in words, those that concern most names first.
func (s spare) texts(kind string) []string {
	order := slices.SortedFunc(s.operations(), func(a, b int32) int {
		if d := len(s[b]) - len(s[a]); d != 0 {
			return d
		}
		return int(a - b)
	})
	texts := make([]string, 0, len(order))
	for _, operations := range order {
		texts = append(texts, fmt.Sprintf("on %d %s, such as %q, %s", len(s[operations]), kind, slices.Min(s[operations]), operationNames(operations)))
	}
	return texts
}

func (s spare) operations() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for o := range s {
			if !yield(o) {
				return
			}
		}
	}
}

func (s *Source) unusedOfTopics(ctx context.Context, o lag.Observation) spare {
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations, req.AllowAutoTopicCreation, req.Topics = true, false, []kmsg.MetadataRequestTopic{}
	for i := range o.Topics {
		if len(req.Topics) < s.cfg.Limits.Topics {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = &o.Topics[i].Name
			req.Topics = append(req.Topics, topic)
		}
	}
	answer, err := transport.AsResponse[*kmsg.MetadataResponse](s.cluster.Sample().SendAny(ctx, req))
	if err != nil {
		return nil
	}
	unused := spare{}
	for _, t := range answer.Topics {
		if t.Topic == nil || t.ErrorCode != 0 {
			continue
		}
		used := []kmsg.ACLOperation{kmsg.ACLOperationDescribe, kmsg.ACLOperationDescribeConfigs}
		if s.cfg.Headers != nil && s.cfg.Headers(*t.Topic) {
			used = append(used, kmsg.ACLOperationRead)
		}
		unused.add(*t.Topic, surplus(t.AuthorizedOperations, used...))
	}
	return unused
}

// unusedOfGroups asks the coordinator of each classic group. Rights on groups do not depend on their type.
func (s *Source) unusedOfGroups(ctx context.Context, o lag.Observation) spare {
	byBroker := map[int32][]string{}
	for i := range o.Groups {
		if g := &o.Groups[i]; g.Err == lag.OK && g.Type == lag.Classic {
			byBroker[g.Coordinator] = append(byBroker[g.Coordinator], g.Group)
		}
	}
	unused := spare{}
	for _, b := range o.Brokers {
		for batch := range slices.Chunk(byBroker[b.ID], s.cfg.Limits.Groups) {
			req := kmsg.NewPtrDescribeGroupsRequest()
			req.Groups, req.IncludeAuthorizedOperations = batch, true
			answer, err := transport.AsResponse[*kmsg.DescribeGroupsResponse](s.cluster.Sample().Send(ctx, b.ID, req))
			if err != nil {
				continue
			}
			for _, g := range answer.Groups {
				if g.ErrorCode == 0 {
					unused.add(g.Group, surplus(g.AuthorizedOperations, kmsg.ACLOperationDescribe))
				}
			}
		}
	}
	return unused
}
