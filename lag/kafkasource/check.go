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
	"github.com/lagscaler/lagscaler/lag/rights"
)

// Finding is one thing that Check tried.
type Finding struct {
	Subject string        // such as `bootstrap kafka-0:9092`, `broker 2 at kafka-2:9092`, `group "shop"`
	Code    lag.ErrorCode // OK: it works
	Detail  string        // for people
	Warning bool          // it works, and is a risk; or it is not known whether it does

	Missing  []rights.Right // that would help; nil when no right would
	Optional bool           // only details are missing without them: the code is OK
}

// Checked is what Check found.
type Checked struct {
	Findings []Finding
	// Groups and Topics are how many could be read. Zero: it is not known whether the rights for others are there.
	Groups, Topics int
	Cluster        string // the id of the cluster; empty: not known
}

// Missing are all rights that are missing, those for details included.
func (c Checked) Missing() []rights.Right {
	var all []rights.Right
	for _, f := range c.Findings {
		all = append(all, f.Missing...)
	}
	return all
}

// Check tries everything a poll needs: each bootstrap address by itself, the permission to list all groups, each broker,
// group and topic, and the rights for details. Findings are in that order; then come rights that nothing needs, and warnings.
// All groups that can be read are one finding, and so are all topics.
func (s *Source) Check(ctx context.Context) Checked {
	var c Checked
	for _, address := range s.cfg.Brokers {
		c.Findings = append(c.Findings, s.checkBootstrap(ctx, address))
	}
	o := s.Observe(ctx)
	c.Cluster = o.ClusterID
	if len(o.Brokers) == 0 {
		c.Findings = append(c.Findings, s.cfg.warnings()...)
		return c
	}
	held, listing := s.checkListing(ctx)
	c.Findings = append(c.Findings, listing)
	c.Findings = append(c.Findings, brokerFindings(o)...)
	groups, readable := groupFindings(o)
	c.Findings, c.Groups = append(c.Findings, groups...), readable
	topics, readable := topicFindings(o)
	c.Findings, c.Topics = append(c.Findings, topics...), readable
	c.Findings = append(c.Findings, s.checkHeaders(ctx, o)...)
	c.Findings = append(c.Findings, s.checkDetails(ctx, o)...)
	c.Findings = append(c.Findings, s.checkUnused(ctx, o, held)...)
	c.Findings = append(c.Findings, s.checkPace(ctx)...)
	c.Findings = append(c.Findings, s.cfg.warnings()...)
	return c
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
		if code := lag.ErrorCode(t.ErrorCode); t.Topic == nil || code != lag.TopicDenied && (code != lag.OK || unsaid(t.AuthorizedOperations) || has(t.AuthorizedOperations, kmsg.ACLOperationRead)) {
			continue // a topic that cannot be read for another reason is a finding of its own
		}
		bad = append(bad, Finding{
			Subject: fmt.Sprintf("batch headers of topic %q", *t.Topic), Code: lag.TopicDenied,
			Missing: []rights.Right{{Operation: rights.Read, Resource: rights.Topic, Name: *t.Topic}},
			Detail:  "may not be read: a rest behind its commits stays unknown",
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

// groupFindings are those of the groups, and how many of them can be read.
func groupFindings(o lag.Observation) (findings []Finding, readable int) {
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
			f.Missing = []rights.Right{{Operation: rights.Describe, Resource: rights.Group, Name: g.Group}}
		}
		bad = append(bad, f)
	}
	readable = len(o.Groups) - len(bad)
	all := Finding{Subject: "groups", Detail: fmt.Sprintf("%d of %d can be read", readable, len(o.Groups))}
	if len(bare) > 0 {
		all.Detail += "; without members and commits: " + shortList(bare) +
			" (their offsets expired, or DESCRIBE on their topics is missing: brokers leave such topics out and say nothing)"
	}
	return append(bad, all), readable
}

// shortList names the first few of many.
func shortList(names []string) string {
	const few = 5
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// topicFindings are those of the topics, and how many of them can be read.
func topicFindings(o lag.Observation) (findings []Finding, readable int) {
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
			f.Missing = []rights.Right{{Operation: rights.Describe, Resource: rights.Topic, Name: t.Name}}
		}
		bad = append(bad, f)
	}
	readable = len(o.Topics) - len(bad)
	return append(bad, Finding{Subject: "topics", Detail: fmt.Sprintf("%d of %d can be read", readable, len(o.Topics))}), readable
}
