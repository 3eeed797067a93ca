package kube

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Scalers are the declared scalers and their targets as Kubernetes shows them now, sorted by name. It reads caches and
// does no I/O.
func (c *Controller) Scalers(now time.Time) []scaler.Scaler {
	settings, all := c.declarations.current(), c.declarations.all()
	out := make([]scaler.Scaler, len(all))
	for i, r := range all {
		out[i] = settings.scaler(r)
		out[i].Owners = settings.owners(r, c.namespaces.Labels)
	}
	kept := c.others.keptOf(all, out)
	refuseTaken(all, out, kept)
	c.others.refuse(all, out, kept)
	for i, r := range all {
		switch one := &out[i]; {
		case !one.Refused():
			one.Refusal = c.workloads.Read(one, r.declaration(), now)
		case one.Applies(): // another installation keeps it; what happens to its target still explains rebalances
			one.Hints = c.workloads.Hints(one.Workload.Ref)
		}
	}
	return out
}

// scaler is what one declaration comes to under the settings, without its target.
func (s Settings) scaler(r *resource) scaler.Scaler {
	out := scaler.Scaler{Name: r.Name, Mode: r.Spec.Mode, Sources: r.Spec.Sources, Labels: r.labels, Generation: r.generation, DeclaredBy: r.writer, Workload: seen.Workload{Ref: r.Target}}
	if r.unread != (scaler.Refusal{}) {
		out.Refusal = r.unread
		return out
	}
	if r.invalid != nil {
		out.Refusal = scaler.Refuse(v1alpha1.Invalid, "%v", r.invalid)
		return out
	}
	if !r.file && !isTrigger(r.Name) {
		out.Asleep = stateOf(r.status.Asleep)
	}
	policy, err := r.Spec.Policy()
	if err != nil {
		out.Refusal = scaler.Refuse(v1alpha1.Invalid, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return out
	}
	out.Policy, out.Mode = policy, scaler.Weaker(s.Mode, policy.Mode)
	out.Refusal = s.allowed(r)
	return out
}

// owners are the labels that say whose a scaler is: those of the KafkaScaler, and where it has none those of the namespace of its target.
func (s Settings) owners(r *resource, labelsOf func(namespace string) map[string]string) map[string]string {
	if len(s.Labels) == 0 {
		return nil
	}
	namespace := labelsOf(r.Target.Namespace)
	out := map[string]string{}
	for _, l := range s.Labels {
		if value := cmp.Or(r.labels[l.Key], namespace[l.Key]); value != "" {
			out[l.Name] = value
		}
	}
	return out
}

// allowed checks the clusters, groups and topics that a scaler names. What the configuration itself declares is allowed.
func (s Settings) allowed(r *resource) scaler.Refusal {
	for i, src := range r.Spec.Sources {
		if !slices.Contains(s.Clusters, src.Cluster) {
			return scaler.Refuse(v1alpha1.UnknownCluster, "sources[%d].cluster: %q is not configured; there are: %s",
				i, src.Cluster, strings.Join(s.Clusters, ", "))
		}
		if !r.file && !s.mayName(r.Target.Namespace, src) {
			return scaler.Refuse(v1alpha1.NotAllowed, "sources[%d]: namespace %q may not name group %q%s of cluster %q",
				i, r.Target.Namespace, src.Group, topicWords(src), src.Cluster)
		}
	}
	return scaler.Refusal{}
}

// mayName reports whether scalers of a namespace may name a cluster, a group and topics. Without rules they may name all.
// One rule has to allow all of it. The topics of a scaler are read even if its group never used them, so that their records
// start a target. Without a rule for topics, a namespace can therefore see the arrivals of any topic.
func (s Settings) mayName(namespace string, src seen.SourceSpec) bool {
	if len(s.Namespaces) == 0 {
		return true
	}
	for _, rule := range s.Namespaces {
		if rule.Match.MatchString(namespace) && anyOf(rule.Clusters, src.Cluster) && anyOf(rule.Groups, src.Group) && rule.mayNameTopics(src) {
			return true
		}
	}
	return false
}

// mayNameTopics reports whether the rule allows the topics of a source. Two patterns cannot be compared, so if topics are
// restricted, a pattern of a source must be one of the patterns of the rule. A source without topics has those that its group
// reads: they are allowed because the group is allowed.
func (n NamespaceRule) mayNameTopics(src seen.SourceSpec) bool {
	if slices.ContainsFunc(src.Topics, func(topic string) bool { return !anyOf(n.Topics, topic) }) {
		return false
	}
	return src.TopicPattern == "" || len(n.Topics) == 0 ||
		slices.ContainsFunc(n.Topics, func(p *regexp.Regexp) bool { return p.String() == "^(?:"+src.TopicPattern+")$" })
}

func topicWords(src seen.SourceSpec) string {
	switch {
	case src.TopicPattern != "":
		return fmt.Sprintf(" with topicPattern %q", src.TopicPattern)
	case len(src.Topics) > 0:
		return fmt.Sprintf(" with topics %q", src.Topics)
	}
	return ""
}

func anyOf(patterns []*regexp.Regexp, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}

// refuseTaken leaves each target to the oldest scaler on it. A scaler that is refused already has no target: it does not
// scale it, unless another installation keeps it, which may.
func refuseTaken(all []*resource, scalers []scaler.Scaler, kept []string) {
	oldest := map[seen.Ref]*resource{}
	for i, r := range all {
		if first, taken := oldest[r.Target]; (!scalers[i].Refused() || kept[i] != "") && (!taken || older(r, first)) {
			oldest[r.Target] = r
		}
	}
	for i, r := range all {
		if first := oldest[r.Target]; !scalers[i].Refused() && first != r {
			scalers[i].Refusal = scaler.Refuse(v1alpha1.TargetTaken, "%s is scaled by %s", r.Target, first.Name)
		}
	}
}
