package keda

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// trigger converts a trigger; at is its path.
func (c *conversion) trigger(at string, t trigger) {
	switch t.Type {
	case "kafka", "apache-kafka":
		c.kafka(at, t)
	case "cron":
		c.cron(at, t)
	default:
		c.note("The trigger %s has no equivalent: keep KEDA for this target if it needs it (convert --to external).", t.Type)
		return
	}
	if t.UseCachedMetrics {
		c.note("useCachedMetrics has no equivalent: a poll reads all groups.")
	}
	if t.MetricType != "" && t.MetricType != "AverageValue" {
		c.note("metricType %s has no equivalent: there is no HPA.", t.MetricType)
	}
	if t.Name != "" {
		c.note("The name of the trigger, %s, has no equivalent: only scalingModifiers need it.", t.Name)
	}
}

// kafka converts a trigger to a source, or adds its topics to the source of the same group.
func (c *conversion) kafka(at string, t trigger) {
	m := map[string]string{} // as KEDA does, without blanks; an empty value is none
	for name, value := range t.Metadata {
		if v := strings.TrimSpace(value); v != "" {
			m[name] = v
		}
	}
	for _, name := range []string{"consumerGroup", "bootstrapServers"} {
		if m[name] == "" {
			c.fail("%s: %s is missing, or comes from the environment of the target: set it in the trigger", at, name)
		} else if env := m[name+"FromEnv"]; env != "" {
			c.note("%sFromEnv %s has no effect beside %s.", name, env, name)
		}
	}
	c.fields(at, t, m)
	c.refused(at, t.Type, m)
	c.authentication(at, t, m)
	for _, f := range triggerFields {
		if f.only != "" && f.only != t.Type {
			delete(m, f.name)
		}
	}
	topics, ok := c.topics(at, t.Type, m)
	brokers := list(m["bootstrapServers"])
	if m["bootstrapServers"] != "" && len(brokers) == 0 {
		c.fail("%s: bootstrapServers: %q has no broker", at, m["bootstrapServers"])
	}
	if ok && len(brokers) > 0 && m["consumerGroup"] != "" {
		name := c.cluster(t, m, brokers)
		c.activation(m["activationLagThreshold"])
		c.add(source{Cluster: name, Group: m["consumerGroup"], Topics: topics, OffsetReset: m["offsetResetPolicy"]})
	}
}

// topics are the topics of a trigger; none means all topics of the group. A trigger apache-kafka has a list. A trigger kafka
// has one name, and Kafka refuses a name with a comma.
func (c *conversion) topics(at, kind string, m map[string]string) (topics []string, ok bool) {
	env := m["topicFromEnv"]
	switch {
	case m["topic"] == "" && env != "":
		c.note("topicFromEnv %s: the environment of the target is not known here, so all topics of the group count. Set topics to the topics of %s.", env, env)
		return nil, true
	case m["topic"] == "":
		return nil, true
	case env != "":
		c.note("topicFromEnv %s has no effect beside topic.", env)
	}
	topics = []string{m["topic"]}
	if kind == "apache-kafka" {
		topics = list(m["topic"])
	}
	hint := ""
	if kind == "kafka" && strings.Contains(m["topic"], ",") {
		hint = "; a trigger kafka has one topic, a trigger apache-kafka has a list"
	}
	if ok = len(topics) > 0; !ok {
		c.fail("%s: topic: %q has no name of a topic", at, m["topic"])
	}
	for _, topic := range topics {
		if !topicName.MatchString(topic) || topic == "." || topic == ".." {
			c.fail("%s: topic: %q cannot be the name of a topic%s", at, topic, hint)
			ok = false
		}
	}
	return topics, ok
}

// topicName is Kafka's rule for names of topics (org.apache.kafka.common.internals.Topic, 4.1).
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// list splits a list at its commas, without blanks and empty elements.
func list(text string) (out []string) {
	for s := range strings.SplitSeq(text, ",") {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// activation keeps the smallest threshold, because in KEDA each trigger alone can activate the workload. The value has been checked.
func (c *conversion) activation(text string) {
	n, _ := strconv.ParseInt(text, 10, 64)
	s := &c.out.Spec
	if len(s.Sources) > 0 && n != s.ActivationLag {
		c.note("The triggers differ in activationLagThreshold: activationLag is the smallest.")
		n = min(n, s.ActivationLag)
	}
	s.ActivationLag = n
}

// add adds a source, or its topics to the source of the same group. A trigger without a topic stands for all topics of the
// group.
//
// offsetReset keeps what the triggers say. KEDA takes latest where they say nothing; that says nothing of the consumers, and
// with latest, records that arrived before their first start would not start them.
func (c *conversion) add(s source) {
	all := &c.out.Spec.Sources
	i, found := c.sources[[2]string{s.Cluster, s.Group}]
	if !found {
		c.sources[[2]string{s.Cluster, s.Group}] = len(*all)
		*all = append(*all, s)
		return
	}
	have := &(*all)[i]
	if have.OffsetReset != s.OffsetReset { // not known, where two triggers differ
		c.note("The triggers of group %s differ in offsetResetPolicy: offsetReset is not set.", s.Group)
		have.OffsetReset = ""
	}
	if (len(s.Topics) == 0) != (len(have.Topics) == 0) {
		c.note("A trigger of group %s names no topic: all its topics count.", s.Group)
	}
	if len(s.Topics) == 0 || len(have.Topics) == 0 {
		have.Topics = nil
		return
	}
	for _, topic := range s.Topics {
		if !slices.Contains(have.Topics, topic) {
			have.Topics = append(have.Topics, topic)
		}
	}
}

// cron converts a trigger to a window with a minimum number of replicas.
func (c *conversion) cron(at string, t trigger) {
	m := t.Metadata
	n, err := strconv.ParseInt(strings.TrimSpace(m["desiredReplicas"]), 10, 32)
	if err != nil {
		c.fail("%s: desiredReplicas: %q is not a number", at, m["desiredReplicas"])
	} else if n == 0 {
		c.fail("%s: desiredReplicas: KEDA refuses 0", at)
	}
	if strings.TrimSpace(m["timezone"]) == "" {
		c.fail("%s: timezone is missing", at)
	}
	for _, name := range []string{"start", "end"} {
		if v := strings.TrimSpace(m[name]); strings.HasPrefix(v, "@") {
			c.fail("%s: %s: KEDA refuses %q: it takes five fields only", at, name, v)
		}
	}
	for name := range maps.Keys(m) {
		if !slices.Contains([]string{"start", "end", "timezone", "desiredReplicas"}, name) {
			c.note("%s has no equivalent: KEDA %s does not know it in a trigger cron.", name, version)
		}
	}
	c.out.Spec.Schedule = append(c.out.Spec.Schedule, window{strings.TrimSpace(m["start"]), strings.TrimSpace(m["end"]), strings.TrimSpace(m["timezone"]), int32(n)})
}

func names(m map[string]string) []string { return slices.Collect(maps.Keys(m)) }

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
