package kafkasource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
)

func finding(c kafkasource.Checked, subject string) kafkasource.Finding {
	i := slices.IndexFunc(c.Findings, func(f kafkasource.Finding) bool { return f.Subject == subject })
	if i < 0 {
		return kafkasource.Finding{}
	}
	return c.Findings[i]
}

// A check without rights for details is no failed one: it says what is lost. Rights beside are named, and are no fault either.
func TestCheckTellsDetailsFromNeeds(t *testing.T) {
	of := func(o kmsg.ACLOperation, resource kmsg.ACLResourceType, name string) kfake.ACL {
		a := acl(resource, name)
		a.Operation = o
		return a
	}
	describe := []kfake.ACL{
		acl(kmsg.ACLResourceTypeCluster, "kafka-cluster"), acl(kmsg.ACLResourceTypeGroup, "*"), acl(kmsg.ACLResourceTypeTopic, "*"),
	}
	configs := []kfake.ACL{
		of(kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeCluster, "kafka-cluster"), of(kmsg.ACLOperationDescribeConfigs, kmsg.ACLResourceTypeTopic, "mine"),
	}
	for name, tc := range map[string]struct {
		acls    []kfake.ACL
		details []string
		unused  string
	}{
		"no details": {describe, []string{"DESCRIBE_CONFIGS on CLUSTER", `DESCRIBE_CONFIGS on TOPIC "mine"`, `DESCRIBE_CONFIGS on TOPIC "theirs"`}, ""},
		"some":       {slices.Concat(describe, configs), []string{`DESCRIBE_CONFIGS on TOPIC "theirs"`}, ""},
		"and more than is used": {
			slices.Concat(describe, configs, []kfake.ACL{
				of(kmsg.ACLOperationWrite, kmsg.ACLResourceTypeTopic, "mine"), of(kmsg.ACLOperationDelete, kmsg.ACLResourceTypeGroup, "watch-mine"),
				of(kmsg.ACLOperationAlter, kmsg.ACLResourceTypeCluster, "kafka-cluster"),
			}),
			[]string{`DESCRIBE_CONFIGS on TOPIC "theirs"`},
			`on CLUSTER ALTER; on 1 topics, such as "mine", WRITE; on 1 groups, such as "watch-mine", DELETE`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t, nil, tc.acls...)
			c := s.Check(t.Context())
			var details []string
			for _, r := range rights.Missing(c.Missing(), true) {
				details = append(details, r.String())
			}
			if !slices.Equal(details, tc.details) || len(missing(c)) > 0 {
				t.Errorf("details %q, want %q; needed %q", details, tc.details, missing(c))
			}
			if got := finding(c, "rights that are never used"); got.Detail != tc.unused || got.Code != lag.OK {
				t.Errorf("never used: %q, want %q", got.Detail, tc.unused)
			}
			for _, f := range c.Findings {
				if f.Code != lag.OK || f.Optional && !strings.Contains(f.Detail, "it works without: ") {
					t.Errorf("finding %+v", f)
				}
			}
		})
	}
}

// Who says how long commits are kept needs no right to ask for it.
func TestWhatIsConfiguredIsNotAsked(t *testing.T) {
	c := embedded(t)
	if f := finding(source(t, kafkasource.Config{Brokers: c.ListenAddrs(), OffsetsRetention: lag.DefaultOffsetsRetention}).Check(t.Context()), "settings of brokers"); f.Subject != "" {
		t.Errorf("finding %+v", f)
	}
	if f := finding(source(t, kafkasource.Config{Brokers: c.ListenAddrs()}).Check(t.Context()), "settings of brokers"); f.Code != lag.OK || f.Optional {
		t.Errorf("finding %+v", f)
	}
}
