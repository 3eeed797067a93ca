package kafkasource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// Finding is one thing that Check tried.
type Finding struct {
	Subject string        // such as `bootstrap kafka-0:9092`, `broker 2 at kafka-2:9092`, `group "shop"`
	Code    lag.ErrorCode // OK: it works
	Detail  string        // for people
	Warning bool          // it works, and is a risk
	Missing string        // the ACL that would help, such as `DESCRIBE on GROUP "shop"`; empty when no ACL would
}

// Check tries everything a poll needs: each bootstrap address by itself, the permission to list all groups, each broker,
// group and topic. Findings are in that order; warnings are the last ones. All groups that can be read are one finding, and so are all topics.
func (s *Source) Check(ctx context.Context) []Finding {
	var findings []Finding
	for _, address := range s.cfg.Brokers {
		findings = append(findings, s.checkBootstrap(ctx, address))
	}
	o := s.Observe(ctx)
	if len(o.Brokers) == 0 {
		return append(findings, s.cfg.warnings()...)
	}
	findings = append(findings, s.CheckListing(ctx))
	findings = append(findings, brokerFindings(o)...)
	findings = append(findings, groupFindings(o)...)
	findings = append(findings, topicFindings(o)...)
	findings = append(findings, s.checkHeaders(ctx, o)...)
	findings = append(findings, s.checkPace(ctx)...)
	return append(findings, s.cfg.warnings()...)
}

// checkBootstrap connects, authenticates and asks for the brokers, through one address alone.
func (s *Source) checkBootstrap(ctx context.Context, address string) Finding {
	f := Finding{Subject: "bootstrap " + address}
	cfg := s.cfg
	cfg.Brokers = []string{address}
	alone, err := New(cfg)
	if err != nil {
		f.Code, f.Detail = lag.AuthenticationError, err.Error()
		return f
	}
	defer alone.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*s.cfg.Limits.Dial+time.Second) // the transport connects once for itself
	defer cancel()
	round := alone.cluster.Sample()
	if err := round.FindBrokers(ctx); err != nil {
		f.Code, f.Detail = transport.Code(err), err.Error()+s.hint(err)
		return f
	}
	f.Detail = fmt.Sprintf("knows %d brokers", len(round.Brokers))
	return f
}

// hint is the usual cause of an error that does not name its cause.
func (s *Source) hint(err error) string {
	switch closed := errors.Is(err, io.EOF) || transport.IsLost(err); {
	case closed && s.cfg.TLS == nil && s.cfg.SASL == nil:
		return " (the broker closed the connection: it may expect TLS or SASL)"
	case closed && s.cfg.TLS == nil:
		return " (the broker closed the connection: it may expect TLS)"
	case errors.Is(err, context.DeadlineExceeded):
		return " (no answer in time: a firewall, or a listener that speaks another protocol)"
	}
	return ""
}

// describeBit is DESCRIBE in the bit field of authorized operations (KIP-430).
const describeBit = 1 << kmsg.ACLOperationDescribe

// CheckListing finds out whether ListGroups lists all groups: without DESCRIBE on the cluster it lists only those groups
// that we may describe, without an error. It sends one request.
func (s *Source) CheckListing(ctx context.Context) Finding {
	defer s.ended()
	f := Finding{Subject: "cluster"}
	req := kmsg.NewPtrDescribeClusterRequest()
	req.IncludeClusterAuthorizedOperations = true
	answer, err := transport.AsResponse[*kmsg.DescribeClusterResponse](s.cluster.Sample().SendAny(ctx, req))
	if err == nil {
		err = transport.ErrorOf(answer.ErrorCode)
	}
	if err != nil {
		f.Code, f.Detail = transport.Code(err), "whether all groups are listed: "+err.Error()
		return f
	}
	if answer.ClusterAuthorizedOperations&describeBit == 0 {
		f.Code, f.Missing = lag.ClusterDenied, "DESCRIBE on CLUSTER"
		f.Detail = "brokers list only the groups that may be described one by one: others are not seen"
		return f
	}
	f.Detail = "all groups are listed"
	return f
}

// readBit is READ in the same bit field, for a topic.
const readBit = 1 << kmsg.ACLOperationRead

// checkHeaders finds out at which topics polls may look at the headers of batches, among those that the configuration selects.
// It reads no batch.
func (s *Source) checkHeaders(ctx context.Context, o lag.Observation) []Finding {
	if s.cfg.Headers == nil {
		return nil
	}
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations, req.AllowAutoTopicCreation = true, false
	req.Topics = []kmsg.MetadataRequestTopic{}
	for i := range o.Topics {
		if name := &o.Topics[i].Name; s.cfg.Headers(*name) && len(req.Topics) < s.cfg.Limits.Topics {
			topic := kmsg.NewMetadataRequestTopic()
			topic.Topic = name
			req.Topics = append(req.Topics, topic)
		}
	}
	all := Finding{Subject: "batch headers"}
	answer, err := transport.AsResponse[*kmsg.MetadataResponse](s.cluster.Sample().SendAny(ctx, req))
	if err != nil {
		all.Code, all.Detail = transport.Code(err), "which topics may be read: "+err.Error()
		return []Finding{all}
	}
	var bad []Finding
	for _, t := range answer.Topics {
		if code := lag.ErrorCode(t.ErrorCode); t.Topic == nil || code != lag.TopicDenied && (code != lag.OK || t.AuthorizedOperations&readBit != 0) {
			continue // a topic that cannot be read for another reason is a finding of its own
		}
		bad = append(bad, Finding{
			Subject: fmt.Sprintf("batch headers of topic %q", *t.Topic), Code: lag.TopicDenied, Missing: fmt.Sprintf("READ on TOPIC %q", *t.Topic),
			Detail: "may not be read: a rest behind its commits stays unknown",
		})
	}
	all.Detail = fmt.Sprintf("%d of %d topics may be read", len(answer.Topics)-len(bad), len(answer.Topics))
	return append(bad, all)
}

func brokerFindings(o lag.Observation) []Finding {
	failed := map[int32]lag.ReadError{}
	for _, e := range o.Errors {
		if _, told := failed[e.Broker]; !told && e.Code != lag.GroupDenied && e.Code != lag.TopicDenied {
			failed[e.Broker] = e
		}
	}
	findings := make([]Finding, 0, len(o.Brokers))
	for _, b := range o.Brokers {
		f := Finding{Subject: fmt.Sprintf("broker %d at %s:%d", b.ID, b.Host, b.Port), Detail: "answers"}
		if e, bad := failed[b.ID]; bad {
			f.Code, f.Detail = e.Code, e.Detail
		}
		findings = append(findings, f)
	}
	if e, bad := failed[transport.AnyBroker]; bad {
		findings = append(findings, Finding{Subject: "cluster", Code: e.Code, Detail: e.Detail})
	}
	return findings
}

func groupFindings(o lag.Observation) []Finding {
	var bad []Finding
	var bare []string // groups that show neither members nor commits
	for _, g := range o.Groups {
		if g.Err == lag.OK {
			if g.State == lag.Empty && len(g.Commits) == 0 {
				bare = append(bare, strconv.Quote(g.Group))
			}
			continue
		}
		f := Finding{Subject: fmt.Sprintf("group %q", g.Group), Code: g.Err, Detail: "cannot be read: " + g.Err.String()}
		if g.Err == lag.GroupDenied {
			f.Missing = fmt.Sprintf("DESCRIBE on GROUP %q", g.Group)
		}
		bad = append(bad, f)
	}
	all := Finding{Subject: "groups", Detail: fmt.Sprintf("%d of %d can be read", len(o.Groups)-len(bad), len(o.Groups))}
	if len(bare) > 0 {
		all.Detail += "; without members and commits: " + shortList(bare) +
			" (their offsets expired, or DESCRIBE on their topics is missing: brokers leave such topics out and say nothing)"
	}
	return append(bad, all)
}

// shortList names the first few of many.
func shortList(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

func topicFindings(o lag.Observation) []Finding {
	var bad []Finding
	for _, t := range o.Topics {
		code := t.Err
		for _, p := range t.Partitions {
			if code == lag.OK {
				code = p.Err
			}
		}
		if code == lag.OK {
			continue
		}
		f := Finding{Subject: fmt.Sprintf("topic %q", t.Name), Code: code, Detail: "cannot be read: " + code.String()}
		if code == lag.TopicDenied {
			f.Missing = fmt.Sprintf("DESCRIBE on TOPIC %q", t.Name)
		}
		bad = append(bad, f)
	}
	return append(bad, Finding{Subject: "topics", Detail: fmt.Sprintf("%d of %d can be read", len(o.Topics)-len(bad), len(o.Topics))})
}
