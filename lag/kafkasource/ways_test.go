package kafkasource_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
)

// Brokers that are not Apache Kafka, and old ones, know some requests in old versions only, refuse others, or leave out what is no
// offset. docs/providers.md says which do what. Each way of theirs is played here by an embedded cluster.

// way is one way to differ from Apache Kafka.
type way struct {
	caps    map[int16]int16               // the newest version of an API; -1: it is not there
	answers map[int16]func(kmsg.Response) // changes what is answered
	refuses int16                         // the error code for all settings; 0: they can be read
	warns   []string                      // what `lagscaler check` does not know
}

var ways = map[string]way{
	"commits of one group at a time":    {caps: map[int16]int16{9: 7}},
	"commits without leader epochs":     {caps: map[int16]int16{9: 4}},
	"coordinators of one group":         {caps: map[int16]int16{10: 3}},
	"metadata without epochs":           {caps: map[int16]int16{3: 6, 2: 3}},
	"metadata without topic ids":        {caps: map[int16]int16{3: 9}},
	"groups without instance ids":       {caps: map[int16]int16{15: 2}},
	"nothing flexible":                  {caps: map[int16]int16{2: 5, 3: 8, 9: 5, 10: 2, 15: 4}},
	"settings are no API":               {caps: map[int16]int16{32: -1}, warns: []string{"settings of brokers", "settings of topics"}},
	"settings are refused":              {refuses: kerr.ClusterAuthorizationFailed.Code},
	"settings are an invalid request":   {refuses: kerr.InvalidRequest.Code, warns: []string{"settings of brokers"}},
	"no DescribeCluster":                {caps: map[int16]int16{60: -1, 3: 9}}, // Metadata tells it in its place
	"nor operations in Metadata":        {caps: map[int16]int16{60: -1}, warns: []string{"cluster"}},
	"no KIP-848, share and streams":     {caps: map[int16]int16{69: -1, 77: -1, 89: -1, 90: -1}},
	"operations are not said":           {answers: map[int16]func(kmsg.Response){60: withoutOperations, 3: withoutOperations, 15: withoutOperations}, warns: []string{"cluster"}},
	"hosts of members are all the same": {answers: map[int16]func(kmsg.Response){15: withOneHost}},
	"hosts of members are left out":     {answers: map[int16]func(kmsg.Response){15: withoutHosts}},
	"racks and internal topics unsaid":  {answers: map[int16]func(kmsg.Response){3: withoutRacks}},
}

func withoutOperations(r kmsg.Response) {
	switch r := r.(type) {
	case *kmsg.DescribeClusterResponse:
		r.ClusterAuthorizedOperations = math.MinInt32
	case *kmsg.MetadataResponse:
		r.AuthorizedOperations = math.MinInt32
		for i := range r.Topics {
			r.Topics[i].AuthorizedOperations = math.MinInt32
		}
	case *kmsg.DescribeGroupsResponse:
		for i := range r.Groups {
			r.Groups[i].AuthorizedOperations = math.MinInt32
		}
	}
}

func withoutHosts(r kmsg.Response) {
	groups := r.(*kmsg.DescribeGroupsResponse).Groups
	for i := range groups {
		for m := range groups[i].Members {
			groups[i].Members[m].ClientHost = ""
		}
	}
}

// withOneHost is what Event Hubs shows.
func withOneHost(r kmsg.Response) {
	groups := r.(*kmsg.DescribeGroupsResponse).Groups
	for i := range groups {
		for m := range groups[i].Members {
			groups[i].Members[m].ClientHost = "0.0.0.0"
		}
	}
}

func withoutRacks(r kmsg.Response) {
	m := r.(*kmsg.MetadataResponse)
	for i := range m.Brokers {
		m.Brokers[i].Rack = nil
	}
	for i := range m.Topics {
		m.Topics[i].IsInternal = false
	}
}

// runningOnly lists no group without members, as Event Hubs does.
func runningOnly(r kmsg.Response) {
	list := r.(*kmsg.ListGroupsResponse)
	list.Groups = slices.DeleteFunc(list.Groups, func(g kmsg.ListGroupsResponseGroup) bool { return g.GroupState == string(lag.Empty) })
}

// withoutMembers says that groups have none, whatever their state.
func withoutMembers(r kmsg.Response) {
	groups := r.(*kmsg.DescribeGroupsResponse).Groups
	for i := range groups {
		groups[i].Members = nil
	}
}

// run is an embedded cluster that differs in this way, and a source of it.
func (w way) run(t *testing.T) *rig {
	t.Helper()
	versions := kversion.Stable()
	for key, limit := range w.caps {
		versions.SetMaxKeyVersion(key, limit)
	}
	c := embedded(t, kfake.MaxVersions(versions))
	if w.refuses != 0 {
		c.ControlKey(int16(kmsg.DescribeConfigs), refuses(c, w.refuses))
	}
	s := source(t, kafkasource.Config{Cluster: "main", Brokers: c.ListenAddrs(), Dial: rewriting{w.answers}.dial})
	return &rig{c, lagtest.Kafka(t, s, c.ListenAddrs()), s, t}
}

func refuses(c *kfake.Cluster, code int16) func(kmsg.Request) (kmsg.Response, error, bool) {
	return func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.DescribeConfigsRequest)
		answer := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, resource := range req.Resources {
			one := kmsg.NewDescribeConfigsResponseResource()
			one.ResourceType, one.ResourceName, one.ErrorCode = resource.ResourceType, resource.ResourceName, code
			answer.Resources = append(answer.Resources, one)
		}
		return answer, nil, true
	}
}

// What every source promises holds in each of these ways, and nothing is called missing that is not.
func TestConformInEveryWay(t *testing.T) {
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.run(t)
			lagtest.Conform(t, func(t *testing.T) lagtest.Subject { return lagtest.Kafka(t, r.source, r.ListenAddrs()) }, "")
			checked := r.source.Check(t.Context())
			if needed := missing(checked); len(needed) > 0 {
				t.Errorf("%q is called missing", needed)
			}
			for _, f := range checked.Findings {
				if f.Code != lag.OK {
					t.Errorf("%s: %s, %s", f.Subject, f.Code, f.Detail)
				}
				if f.Warning != slices.Contains(w.warns, f.Subject) {
					t.Errorf("%s: warning %v, %s", f.Subject, f.Warning, f.Detail)
				}
			}
		})
	}
}

// A broker that shows no members still has commits: the lag is exact, and the group is not Empty.
func TestGroupsWithoutMembers(t *testing.T) {
	r := way{answers: map[int16]func(kmsg.Response){15: withoutMembers}}.run(t)
	r.fill(1)
	t.Cleanup(r.Join("g00", "orders"))
	deadline := time.Now().Add(10 * time.Second)
	for {
		o := r.observe()
		g := group(t, o, "g00")
		if g.State == lag.Stable && g.Err == lag.OK && len(g.Members) == 0 && len(g.Commits) == 1 {
			quiet(t, o)
			if n, complete := lag.Compute(o, nil, nil).Groups[0].Total(); n != 6 || !complete {
				t.Errorf("the lag is %d, complete %v, want 6", n, complete)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("group %+v", g)
		}
	}
}

// A group is not gone because brokers list it only while it runs: its lag stays known, and complete, for longer than the grace.
func TestGroupsAreListedOnlyWhileTheyRun(t *testing.T) {
	r := way{answers: map[int16]func(kmsg.Response){16: runningOnly}}.run(t)
	r.fill(1)
	leave := r.Join("g00", "orders")
	await := func(what string, ok func(lag.GroupRead) bool) {
		deadline := time.Now().Add(10 * time.Second)
		for {
			o := r.observe()
			i := slices.IndexFunc(o.Groups, func(g lag.GroupRead) bool { return g.Group == "g00" })
			if i >= 0 && ok(o.Groups[i]) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("not %s: %+v, errors %+v", what, o.Groups, o.Errors)
			}
		}
	}
	await("stable", func(g lag.GroupRead) bool { return g.State == lag.Stable })
	leave()
	await("empty", func(g lag.GroupRead) bool { return g.State == lag.Empty })
	for range 5 {
		o := r.observe()
		g := group(t, o, "g00")
		if g.State != lag.Empty || g.Err != lag.OK || len(g.Commits) != 1 {
			t.Errorf("group %+v", g)
		}
		quiet(t, o)
	}
}

// rewriting changes what brokers answer, on the way to the client.
type rewriting struct{ changes map[int16]func(kmsg.Response) }

func (w rewriting) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &rewritten{Conn: conn, changes: w.changes}, nil
}

// rewritten is a connection with one request at a time, as this source sends them.
type rewritten struct {
	net.Conn
	changes map[int16]func(kmsg.Response)

	sent    bytes.Buffer // of the request that is being written
	key     int16
	version int16
	answer  bytes.Reader // what is left of the last answer
}

func (c *rewritten) Write(p []byte) (int, error) {
	c.sent.Write(p)
	if b := c.sent.Bytes(); len(b) >= 8 && len(b) >= 4+int(binary.BigEndian.Uint32(b)) {
		c.key, c.version = int16(binary.BigEndian.Uint16(b[4:])), int16(binary.BigEndian.Uint16(b[6:]))
		c.sent.Reset()
	}
	return c.Conn.Write(p)
}

func (c *rewritten) Read(p []byte) (int, error) {
	if c.answer.Len() == 0 {
		frame, err := c.next()
		if err != nil {
			return 0, err
		}
		c.answer.Reset(frame)
	}
	return c.answer.Read(p)
}

// next is the next whole answer.
func (c *rewritten) next() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c.Conn, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(c.Conn, body); err != nil {
		return nil, err
	}
	change, ok := c.changes[c.key]
	if !ok {
		return append(size[:], body...), nil
	}
	resp := kmsg.ResponseForKey(c.key)
	resp.SetVersion(c.version)
	head := 4
	if resp.IsFlexible() {
		head++ // no tags
	}
	if err := resp.ReadFrom(body[head:]); err != nil {
		return nil, err
	}
	change(resp)
	changed := resp.AppendTo(append(size[:], body[:head]...))
	binary.BigEndian.PutUint32(changed, uint32(len(changed)-4))
	return changed, nil
}
