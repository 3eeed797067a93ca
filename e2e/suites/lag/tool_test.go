package lag_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

// printed is the part of docs/json.md that Kafka's own tool tells too.
type printed struct {
	Clusters []struct {
		Complete bool           `json:"complete"`
		Groups   []printedGroup `json:"groups"`
	} `json:"clusters"`
}

type printedGroup struct {
	Group    string  `json:"group"`
	State    *string `json:"state"`
	Assignor *string `json:"assignor"`
	Error    *string `json:"error"`
	Members  []struct {
		MemberID string `json:"memberId"`
		ClientID string `json:"clientId"`
		Host     string `json:"host"`
	} `json:"members"`
	Partitions []printedPartition `json:"partitions"`
}

type printedPartition struct {
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Start     *int64  `json:"start"`
	Committed *int64  `json:"committed"`
	End       *int64  `json:"end"`
	Lag       *int64  `json:"lag"`
	Owner     *string `json:"owner"`
	Orphaned  bool    `json:"orphaned"`
}

// lagscaler runs the program and returns what it printed.
func lagscaler(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	bin, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), bin, args...).Output()
}

// equalsKafkasOwnTool compares `lagscaler lag -o json` with kafka-consumer-groups, field by field,
// for every partition that is committed or assigned.
func equalsKafkasOwnTool(t *testing.T, c *kafka.Cluster) {
	names := populate(t, c)
	kafka.Eventually(t, "lagscaler and the tool to agree", func() error {
		theirs := c.Groups(t)
		out, err := lagscaler(t, "lag", "--brokers", c.Bootstrap(), "-o", "json")
		if err != nil {
			return fmt.Errorf("lagscaler: %w\n%s", err, out)
		}
		var ours printed
		if err := json.Unmarshal(out, &ours); err != nil {
			return fmt.Errorf("decoding: %w", err)
		}
		if len(ours.Clusters) != 1 || !ours.Clusters[0].Complete {
			return fmt.Errorf("not one whole cluster: %s", out)
		}
		return compareAll(names, ours.Clusters[0].Groups, theirs)
	})
}

// populate makes one group of each kind that the tool knows, and then leaves the cluster quiet.
func populate(t *testing.T, c *kafka.Cluster) []string {
	t.Helper()
	topic := c.CreateTopic(t, "orders", 4)
	c.Produce(t, topic, 50)
	fleet := c.Fleet(t)
	names := []string{c.Name("classic"), c.Name("static"), c.Name("silent"), c.Name("empty"), c.Name("simple")}
	fleet.Join(kafka.Consumer{ID: "a", Group: names[0], Topics: []string{topic}})
	fleet.Join(kafka.Consumer{ID: "b", Group: names[0], Topics: []string{topic}, Assignor: kafka.Range})
	fleet.Join(kafka.Consumer{ID: "s", Group: names[1], Topics: []string{topic}, InstanceID: "s-1", Assignor: kafka.CooperativeSticky})
	fleet.Join(kafka.Consumer{ID: "q", Group: names[2], Topics: []string{topic}, CommitInterval: -1})
	fleet.Join(kafka.Consumer{ID: "e", Group: names[3], Topics: []string{topic}})
	if c.Version.Since(kafka.V43) {
		next := c.Name("next")
		names = append(names, next)
		fleet.Join(kafka.Consumer{ID: "n", Group: next, Topics: []string{topic}, Protocol: kafka.KIP848})
		fleet.AwaitBalanced(topic, 4, "n")
	}
	fleet.AwaitBalanced(topic, 4, "a", "b")
	for _, id := range []string{"s", "q", "e"} {
		fleet.AwaitBalanced(topic, 4, id)
	}
	fleet.Stop("e")
	var offsets kadm.Offsets
	offsets.Add(kadm.Offset{Topic: topic, Partition: 2, At: 20, LeaderEpoch: -1})
	if _, err := c.Admin(t).CommitOffsets(t.Context(), names[4], offsets); err != nil {
		t.Fatal(err)
	}
	c.Produce(t, topic, 7) // what the empty and the simple group have not read
	return names
}

func compareAll(names []string, ours []printedGroup, theirs []kafka.Group) error {
	for _, name := range names {
		i := slices.IndexFunc(ours, func(g printedGroup) bool { return g.Group == name })
		k := slices.IndexFunc(theirs, func(g kafka.Group) bool { return g.Name == name })
		if i < 0 || k < 0 {
			return fmt.Errorf("group %s: ours %v, theirs %v", name, i >= 0, k >= 0)
		}
		if err := compare(ours[i], theirs[k]); err != nil {
			return fmt.Errorf("group %s: %w", name, err)
		}
	}
	return nil
}

func compare(ours printedGroup, theirs kafka.Group) error {
	if text(ours.State) != theirs.State || len(ours.Members) != theirs.Members || ours.Error != nil {
		return fmt.Errorf("state %q with %d members and error %v, theirs %q with %d",
			text(ours.State), len(ours.Members), ours.Error, theirs.State, theirs.Members)
	}
	if theirs.Assignor != "" && text(ours.Assignor) != theirs.Assignor {
		return fmt.Errorf("assignor %q, theirs %q", text(ours.Assignor), theirs.Assignor)
	}
	if len(ours.Partitions) != len(theirs.Partitions) {
		return fmt.Errorf("%d partitions, theirs %d: %+v", len(ours.Partitions), len(theirs.Partitions), theirs.Partitions)
	}
	for i, p := range ours.Partitions {
		q := theirs.Partitions[i]
		if p.Topic != q.Topic || p.Partition != q.Partition.Partition || p.Orphaned {
			return fmt.Errorf("partition %+v, theirs %+v", p, q)
		}
		same := equal(p.Committed, q.Committed) && equal(p.End, q.End) && equal(p.Lag, q.Lag) && text(p.Owner) == q.MemberID
		if !same {
			return fmt.Errorf("%s/%d: committed %s, end %s, lag %s, owner %q; theirs %+v",
				p.Topic, p.Partition, number(p.Committed), number(p.End), number(p.Lag), text(p.Owner), q)
		}
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func equal(ours *int64, theirs kafka.Number) bool {
	return theirs.Known == (ours != nil) && (ours == nil || *ours == theirs.Value)
}
