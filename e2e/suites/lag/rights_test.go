package lag_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// The users whose rights are tested, and who grants them.
var (
	reader        = kafka.User{Name: "reader", Password: "read-only"}
	newcomer      = kafka.User{Name: "newcomer", Password: "no-rights"}
	administrator = kafka.User{Name: "administrator", Password: "all-rights"}
)

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

// missing are the rights that are missing, those for details last.
func missing(c kafkasource.Checked) []string {
	var acls []string
	for _, optional := range []bool{false, true} {
		for _, r := range rights.Missing(c.Missing(), optional) {
			acls = append(acls, r.String())
		}
	}
	return acls
}

// TestQuietClusters needs clusters without the groups and the odd names of the other tests.
func TestQuietClusters(t *testing.T) {
	t.Parallel() // most of it is waiting
	for _, v := range kafka.Heavy(kafka.Versions, kafka.V39) {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			c := kafka.Start(t, kafka.Config{
				Version: v, Users: []kafka.User{reader, newcomer, administrator},
				Properties: map[string]string{"super.users": "User:ANONYMOUS;User:" + administrator.Name},
			})
			t.Run("rights", func(t *testing.T) { eachRight(t, c) })
			t.Run("what check prints", func(t *testing.T) { printedCommandsGrant(t, c) })
			t.Run("Kafka's own tool", func(t *testing.T) { equalsKafkasOwnTool(t, c) })
			t.Run("a recording", func(t *testing.T) { recorded(t, c) })
		})
	}
}

// eachRight adds one right after the other, and check names the next ones that are missing.
func eachRight(t *testing.T, c *kafka.Cluster) {
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
	brokers, settings := "DESCRIBE_CONFIGS on CLUSTER", fmt.Sprintf("DESCRIBE_CONFIGS on TOPIC %q", orders)
	steps := []struct {
		grant     *kadm.ACLBuilder
		operation kadm.ACLOperation
		source    *kafkasource.Source
		missing   []string
	}{
		{nil, 0, s, []string{"DESCRIBE on CLUSTER", brokers}},
		{kadm.NewACLs().Clusters(), kadm.OpDescribe, s, []string{`DESCRIBE on GROUP "shop"`, brokers}},
		{kadm.NewACLs().Groups("shop"), kadm.OpDescribe, s, []string{fmt.Sprintf(`DESCRIBE on TOPIC %q`, orders), brokers}},
		{kadm.NewACLs().Topics(orders), kadm.OpDescribe, s, []string{brokers, settings}},
		{nil, 0, looks, []string{fmt.Sprintf(`READ on TOPIC %q`, orders), brokers, settings}},
		{kadm.NewACLs().Topics(orders), kadm.OpRead, looks, []string{brokers, settings}},
	}
	for _, step := range steps {
		if step.grant != nil {
			allow(t, c, step.grant, step.operation)
		}
		kafka.Eventually(t, fmt.Sprintf("%q to be missing", step.missing), func() error {
			checked := step.source.Check(t.Context())
			if !slices.Equal(missing(checked), step.missing) {
				return fmt.Errorf("%q is missing: %+v", missing(checked), checked.Findings)
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

// printedCommandsGrant runs what check prints for a user without rights, as an administrator does, until nothing is missing.
func printedCommandsGrant(t *testing.T, c *kafka.Cluster) {
	topic := c.CreateTopic(t, "sales", 2)
	fleet := c.Fleet(t)
	fleet.Join(kafka.Consumer{ID: "b", Group: "o'sales $(true)", Topics: []string{topic}})
	fleet.AwaitBalanced(topic, 2, "b")
	dir := t.TempDir()
	file := filepath.Join(dir, "lagscaler.yaml")
	brokers := strings.Split(c.SASLBootstrap(), ",")
	for name, text := range map[string]string{
		file: fmt.Sprintf("clusters:\n- name: main\n  brokers: [%q]\n  sasl: {mechanism: SCRAM-SHA-512, username: %s, password: %s}\n",
			brokers[0], newcomer.Name, newcomer.Password),
		filepath.Join(dir, "admin.properties"): fmt.Sprintf("security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n"+
			"sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=%q password=%q;\n", administrator.Name, administrator.Password),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	needed, _ := check(t, file, 1, 3, 2) // cluster, groups and topics; settings of brokers and topics
	c.Shell(t, dir, strings.Join(needed, "\n"))
	_, details := check(t, file, 0, 0, 2)
	c.Shell(t, dir, strings.Join(details, "\n"))
	check(t, file, 0, 0, 0)
}

// check runs `lagscaler check` until it exits with the code and prints so many commands for rights that are missing, and for details.
func check(t *testing.T, file string, code, wantNeeded, wantDetails int) (needed, details []string) {
	t.Helper()
	kafka.Eventually(t, fmt.Sprintf("exit code %d, %d and %d commands", code, wantNeeded, wantDetails), func() error {
		needed, details = nil, nil
		out, err := lagscaler(t, "check", "--config", file)
		got := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = exit.ExitCode()
		} else if err != nil {
			return err
		}
		into := &needed
		for line := range strings.Lines(string(out)) {
			switch {
			case strings.HasPrefix(line, "# main: works without"):
				into = &details
			case strings.HasPrefix(line, "kafka-acls.sh"):
				*into = append(*into, strings.TrimSpace(line))
			}
		}
		if got != code || len(needed) != wantNeeded || len(details) != wantDetails {
			return fmt.Errorf("exit code %d:\n%s", got, out)
		}
		return nil
	})
	return needed, details
}

func wrongPassword(t *testing.T, auth []string, mechanism string) {
	t.Helper()
	right := source(t, kafkasource.Config{Brokers: auth, SASL: login(mechanism, reader.Password)}).Observe(t.Context())
	if len(right.Brokers) != 3 {
		t.Errorf("%s with the right password: %+v", mechanism, right.Errors)
	}
	guesses := source(t, kafkasource.Config{Brokers: auth, SASL: login(mechanism, "guess")})
	kafka.Eventually(t, mechanism+" with a wrong password to be refused", func() error { // a busy broker may take longer than a poll
		if wrong := guesses.Observe(t.Context()); len(wrong.Errors) == 0 || wrong.Errors[0].Code != lag.AuthenticationError {
			return fmt.Errorf("%+v", wrong.Errors)
		}
		return nil
	})
}
