package keda

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (c *conversion) trigger(t trigger) error {
	switch t.Type {
	case "kafka", "apache-kafka":
		return c.kafka(t)
	case "cron":
		return c.cron(t)
	}
	c.note("The trigger %s has no equivalent.", t.Type)
	return nil
}

// connectionFields are the fields of a trigger for the connection to the brokers. They get no comment: connections are
// part of the configuration.
var connectionFields = []string{
	"sasl", "tls", "version", "caFile", "scopes", "oauthTokenEndpointUri", "saslTokenProvider", "awsRegion", "unsafeSsl", "enableTLS",
}

// withoutEquivalent is the comment for each known field that has no equivalent. %s is its value.
var withoutEquivalent = map[string]string{
	"lagThreshold":                       "lagThreshold %s (lag in records per replica) has no equivalent: targetLag is the limit of the time lag, by default 30s.",
	"limitToPartitionsWithLag":           "limitToPartitionsWithLag has no equivalent: the plan uses the rate and the backlog of every partition.",
	"ensureEvenDistributionOfPartitions": "ensureEvenDistributionOfPartitions is always on: a count is only used if it lowers the partitions of the busiest consumer.",
	"allowIdleConsumers":                 "allowIdleConsumers has no equivalent: there are never more replicas than partitions, except if minReplicas requires it.",
	"excludePersistentLag":               "excludePersistentLag is always on: a stalled partition is excluded and reported (PartitionStalled).",
	"scaleToZeroOnInvalidOffset":         "scaleToZeroOnInvalidOffset has no equivalent: a group without committed offsets is never scaled down (NoCommittedOffsets).",
	"partitionLimitation":                "partitionLimitation has no equivalent: all partitions of the topics count.",
}

// kafka converts a trigger to a source, or adds its topic to the source of the same group.
func (c *conversion) kafka(t trigger) error {
	m := t.Metadata
	if m["consumerGroup"] == "" {
		return errors.New("consumerGroup is missing, or comes from the environment of the target: set it in the trigger")
	}
	brokers := strings.FieldsFunc(m["bootstrapServers"], func(r rune) bool { return r == ',' || r == ' ' })
	if len(brokers) == 0 {
		return errors.New("bootstrapServers is missing, or comes from the environment of the target: set it in the trigger")
	}
	name, isNew := c.clusters.find(brokers)
	if isNew {
		c.note("Add to the configuration: clusters: [{name: %s, brokers: [%s]}], with the TLS and SASL settings of the trigger.", name, strings.Join(brokers, ", "))
	}
	var fields []string
	for field, value := range m {
		if text, ok := withoutEquivalent[field]; ok && value != "" && value != "false" {
			fields = append(fields, strings.ReplaceAll(text, "%s", value))
		} else if !ok && !slices.Contains(connectionFields, field) && !slices.Contains(convertedFields, field) {
			fields = append(fields, field+" has no equivalent.")
		}
	}
	slices.Sort(fields)
	for _, f := range fields {
		c.note("%s", f)
	}
	if len(t.AuthenticationRef) > 0 {
		c.note("authenticationRef %s has no equivalent: the configuration has the credentials of every cluster.", t.AuthenticationRef["name"])
	}
	if err := c.activation(m["activationLagThreshold"]); err != nil {
		return err
	}
	reset, err := c.offsetReset(m["offsetResetPolicy"])
	if err != nil {
		return err
	}
	c.add(source{Cluster: name, Group: m["consumerGroup"], OffsetReset: reset}, m["topic"])
	return nil
}

// offsetReset keeps what the trigger says. KEDA takes latest where it says nothing; that says nothing of the consumers, and
// with latest, records that arrived before their first start would not start them.
func (c *conversion) offsetReset(text string) (string, error) {
	switch text {
	case "", "earliest", "latest":
		return text, nil
	}
	return "", fmt.Errorf("offsetResetPolicy: %q is neither earliest nor latest", text)
}

// convertedFields are the fields that have an equivalent.
var convertedFields = []string{"bootstrapServers", "consumerGroup", "topic", "activationLagThreshold", "offsetResetPolicy"}

// activation keeps the smallest threshold, because in KEDA each trigger alone can activate the workload.
func (c *conversion) activation(text string) error {
	if text == "" {
		text = "0"
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("activationLagThreshold: %q is not a number", text)
	}
	s := &c.out.Spec
	if len(s.Sources) == 0 || n < s.ActivationLag {
		s.ActivationLag = n
	}
	return nil
}

// add adds a topic to the source of its group. A trigger without a topic stands for all topics of the group.
func (c *conversion) add(s source, topic string) {
	all := &c.out.Spec.Sources
	for i := range *all {
		if have := &(*all)[i]; have.Cluster == s.Cluster && have.Group == s.Group {
			if have.OffsetReset != s.OffsetReset { // not known, where two triggers differ
				have.OffsetReset = ""
			}
			if topic == "" || len(have.Topics) == 0 {
				have.Topics = nil
			} else if !slices.Contains(have.Topics, topic) {
				have.Topics = append(have.Topics, topic)
			}
			return
		}
	}
	if topic != "" {
		s.Topics = []string{topic}
	}
	*all = append(*all, s)
}

// cron converts a trigger to a window with a minimum number of replicas.
func (c *conversion) cron(t trigger) error {
	n, err := strconv.ParseInt(t.Metadata["desiredReplicas"], 10, 32)
	if err != nil {
		return fmt.Errorf("desiredReplicas: %q is not a number", t.Metadata["desiredReplicas"])
	}
	c.out.Spec.Schedule = append(c.out.Spec.Schedule, window{t.Metadata["start"], t.Metadata["end"], t.Metadata["timezone"], int32(n)})
	return nil
}

// clusters finds the name of a cluster by its brokers.
type clusters struct {
	known []Cluster
}

// find returns the cluster that has one of the brokers, or adds a new one.
func (c *clusters) find(brokers []string) (name string, isNew bool) {
	for _, k := range c.known {
		if slices.ContainsFunc(brokers, func(b string) bool { return slices.Contains(k.Brokers, b) }) {
			return k.Name, false
		}
	}
	name = "main"
	for n := 2; slices.ContainsFunc(c.known, func(k Cluster) bool { return k.Name == name }); n++ {
		name = fmt.Sprintf("main-%d", n)
	}
	c.known = append(c.known, Cluster{name, brokers})
	return name, true
}
