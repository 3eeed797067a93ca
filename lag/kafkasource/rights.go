package kafkasource

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// A bit field of authorized operations (KIP-430) has a bit for each operation that the user may do. Brokers before Kafka 2.3, and
// some that are not Apache Kafka, leave out the field; its default says so.

func unsaid(operations int32) bool { return operations == math.MinInt32 }

func has(operations int32, o kmsg.ACLOperation) bool {
	return !unsaid(operations) && operations&(1<<o) != 0
}

// CheckListing finds out whether ListGroups lists all groups.
func (s *Source) CheckListing(ctx context.Context) Finding {
	defer s.ended()
	_, f := s.checkListing(ctx)
	return f
}

// checkListing finds out whether ListGroups lists all groups: without DESCRIBE on the cluster it lists only those groups
// that we may describe, without an error. It sends one request, or two to brokers before Kafka 2.8.
//
//	operations on the cluster   the finding
//	DESCRIBE among them         all groups are listed
//	others, or none             denied: others are not seen
//	the brokers do not say      a warning: not known
func (s *Source) checkListing(ctx context.Context) (held int32, f Finding) {
	f.Subject = "cluster"
	held, err := s.clusterOperations(ctx)
	switch {
	case err != nil && transport.Code(err) == lag.UnsupportedVersion || err == nil && unsaid(held):
		f.Warning, f.Detail = true, "not known whether all groups are listed: the brokers do not say what this user may do"
		return math.MinInt32, f
	case err != nil:
		f.Code, f.Detail = transport.Code(err), "whether all groups are listed: "+err.Error()
		return math.MinInt32, f
	case !has(held, kmsg.ACLOperationDescribe):
		f.Code, f.Missing = lag.ClusterDenied, []rights.Right{{Operation: rights.Describe, Resource: rights.Cluster}}
		f.Detail = "brokers list only the groups that may be described one by one: others are not seen"
		return held, f
	}
	f.Detail = "all groups are listed"
	return held, f
}

// clusterOperations are those that this user may do on the cluster. DescribeCluster came with Kafka 2.8; Metadata tells it from
// version 8 (2.3) to 10.
func (s *Source) clusterOperations(ctx context.Context) (int32, error) {
	round := s.cluster.Sample()
	req := kmsg.NewPtrDescribeClusterRequest()
	req.IncludeClusterAuthorizedOperations = true
	answer, err := transport.AsResponse[*kmsg.DescribeClusterResponse](round.SendAny(ctx, req))
	if err == nil {
		err = transport.ErrorOf(answer.ErrorCode)
	}
	if err == nil {
		return answer.ClusterAuthorizedOperations, nil
	}
	if transport.Code(err) != lag.UnsupportedVersion {
		return 0, err
	}
	metadata := kmsg.NewPtrMetadataRequest()
	metadata.Topics, metadata.AllowAutoTopicCreation, metadata.IncludeClusterAuthorizedOperations = []kmsg.MetadataRequestTopic{}, false, true
	old, err := transport.AsResponse[*kmsg.MetadataResponse](round.SendAny(ctx, metadata))
	if err != nil {
		return 0, err
	}
	return old.AuthorizedOperations, nil
}

// checkDetails tries the rights without which every lag is right, and some details are missing.
func (s *Source) checkDetails(ctx context.Context, o lag.Observation) []Finding {
	var findings []Finding
	shares := slices.ContainsFunc(o.Groups, func(g lag.GroupRead) bool { return g.Type == lag.Share })
	if s.cfg.OffsetsRetention == 0 || shares {
		findings = append(findings, s.checkBrokerSettings(ctx, o))
	}
	if f, ok := s.checkTopicSettings(ctx, o); ok {
		findings = append(findings, f)
	}
	return findings
}

// checkBrokerSettings reads a setting of one broker, as polls do.
func (s *Source) checkBrokerSettings(ctx context.Context, o lag.Observation) Finding {
	f := Finding{Subject: "settings of brokers"}
	value, err := s.cluster.Sample().BrokerConfig(ctx, o.Brokers[0].ID, retentionSetting)
	switch {
	case err == nil:
		f.Detail = fmt.Sprintf("can be read: %s is %s", retentionSetting, value)
	case transport.Code(err) == lag.ClusterDenied:
		optional(&f, rights.Right{Operation: rights.DescribeConfigs, Resource: rights.Cluster})
	default:
		f.Warning, f.Detail = true, "not read: "+err.Error()
	}
	return f
}

// optional is the finding of rights that only details need.
func optional(f *Finding, missing ...rights.Right) {
	n, _ := missing[0].Need()
	f.Missing, f.Optional = missing, true
	f.Detail = "may not be read; it works without: " + n.Without
}

// checkTopicSettings reads a setting of the topics that can be read; ok is false if there is none.
func (s *Source) checkTopicSettings(ctx context.Context, o lag.Observation) (f Finding, ok bool) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	for i := range o.Topics {
		if o.Topics[i].Err != lag.OK || len(req.Resources) >= s.cfg.Limits.Topics {
			continue
		}
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeTopic, o.Topics[i].Name
		resource.ConfigNames = []string{"message.timestamp.type"}
		req.Resources = append(req.Resources, resource)
	}
	if len(req.Resources) == 0 {
		return f, false
	}
	f.Subject = "settings of topics"
	answer, err := transport.AsResponse[*kmsg.DescribeConfigsResponse](s.cluster.Sample().SendAny(ctx, req))
	if err != nil {
		f.Warning, f.Detail = true, "not read: "+err.Error()
		return f, true
	}
	var denied []rights.Right
	for _, r := range answer.Resources {
		if lag.ErrorCode(r.ErrorCode) == lag.TopicDenied {
			denied = append(denied, rights.Right{Operation: rights.DescribeConfigs, Resource: rights.Topic, Name: r.ResourceName})
		}
	}
	if len(denied) > 0 {
		optional(&f, denied...)
		f.Detail = fmt.Sprintf("%d of %d ", len(denied), len(answer.Resources)) + f.Detail
		return f, true
	}
	f.Detail = fmt.Sprintf("%d of %d can be read", len(answer.Resources), len(req.Resources))
	return f, true
}
