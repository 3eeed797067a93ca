package lag_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// reader is the user whose rights are tested.
var reader = kafka.User{Name: "reader", Password: "read-only"}

func login(mechanism, password string) *kafkasource.SASL {
	return &kafkasource.SASL{Mechanism: mechanism, Username: reader.Name, Password: password}
}

// allow grants an operation.
func allow(t *testing.T, c *kafka.Cluster, on *kadm.ACLBuilder, operation kadm.ACLOperation) {
	t.Helper()
	on = on.Allow("User:" + reader.Name).AllowHosts("*").Operations(operation).ResourcePatternType(kadm.ACLPatternLiteral)
	results, err := c.Admin(t).CreateACLs(t.Context(), on)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
}

func missing(findings []kafkasource.Finding) []string {
	var acls []string
	for _, f := range findings {
		if f.Missing != "" {
			acls = append(acls, f.Missing)
		}
	}
	return acls
}

// TestQuietClusters needs clusters without the groups and the odd names of the other tests.
func TestQuietClusters(t *testing.T) {
	t.Parallel() // most of it is waiting
	for _, v := range kafka.Versions {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			c := kafka.Start(t, kafka.Config{Version: v, Users: []kafka.User{reader}})
			t.Run("rights", func(t *testing.T) { rights(t, c) })
			t.Run("Kafka's own tool", func(t *testing.T) { equalsKafkasOwnTool(t, c) })
		})
	}
}

// rights adds one right after the other, and check names the next one that is missing.
func rights(t *testing.T, c *kafka.Cluster) {
	auth := strings.Split(c.SASLBootstrap(), ",")
	orders := c.CreateTopic(t, "orders", 2)
	fleet := c.Fleet(t)
	fleet.Join(kafka.Consumer{ID: "a", Group: "shop", Topics: []string{orders}})
	fleet.AwaitBalanced(orders, 2, "a")
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		wrongPassword(t, auth, mechanism)
	}
	s := source(t, kafkasource.Config{Brokers: auth, SASL: login("SCRAM-SHA-512", reader.Password)})
	looks := source(t, kafkasource.Config{
		Brokers: auth, SASL: login("SCRAM-SHA-512", reader.Password), Headers: func(string) bool { return true },
	})
	steps := []struct {
		grant     *kadm.ACLBuilder
		operation kadm.ACLOperation
		source    *kafkasource.Source
		missing   []string
	}{
		{nil, 0, s, []string{"DESCRIBE on CLUSTER"}},
		{kadm.NewACLs().Clusters(), kadm.OpDescribe, s, []string{`DESCRIBE on GROUP "shop"`}},
		{kadm.NewACLs().Groups("shop"), kadm.OpDescribe, s, []string{fmt.Sprintf(`DESCRIBE on TOPIC %q`, orders)}},
		{kadm.NewACLs().Topics(orders), kadm.OpDescribe, s, nil},
		{nil, 0, looks, []string{fmt.Sprintf(`READ on TOPIC %q`, orders)}},
		{kadm.NewACLs().Topics(orders), kadm.OpRead, looks, nil},
	}
	for _, step := range steps {
		if step.grant != nil {
			allow(t, c, step.grant, step.operation)
		}
		kafka.Eventually(t, fmt.Sprintf("%q to be missing", step.missing), func() error {
			findings := step.source.Check(t.Context())
			if !slices.Equal(missing(findings), step.missing) {
				return fmt.Errorf("%q is missing: %+v", missing(findings), findings)
			}
			return nil
		})
	}
	if o := s.Observe(t.Context()); len(o.Errors) != 0 {
		t.Errorf("with every right: %+v", o.Errors)
	} else if o.OffsetsRetention != 0 {
		t.Errorf("the retention of offsets is %v, and reading it needs one right more", o.OffsetsRetention)
	}
	open := source(t, kafkasource.Config{Brokers: strings.Split(c.Bootstrap(), ",")})
	if o := open.Observe(t.Context()); o.OffsetsRetention != lag.DefaultOffsetsRetention {
		t.Errorf("the retention of offsets is %v, the default is %v", o.OffsetsRetention, lag.DefaultOffsetsRetention)
	}
}

func wrongPassword(t *testing.T, auth []string, mechanism string) {
	t.Helper()
	right := source(t, kafkasource.Config{Brokers: auth, SASL: login(mechanism, reader.Password)}).Observe(t.Context())
	if len(right.Brokers) != 3 {
		t.Errorf("%s with the right password: %+v", mechanism, right.Errors)
	}
	wrong := source(t, kafkasource.Config{Brokers: auth, SASL: login(mechanism, "guess")}).Observe(t.Context())
	if len(wrong.Errors) == 0 || wrong.Errors[0].Code != lag.AuthenticationError {
		t.Errorf("%s with a wrong password: %+v", mechanism, wrong.Errors)
	}
}
