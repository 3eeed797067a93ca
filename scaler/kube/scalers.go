package kube

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// The refusals: the reasons of the condition Ready when no decision is made for a scaler.
const (
	Invalid        scaler.Reason = "Invalid"        // the specification contradicts itself, or an annotation does
	UnknownCluster scaler.Reason = "UnknownCluster" // it names a Kafka cluster that the configuration does not have
	NotAllowed     scaler.Reason = "NotAllowed"     // its namespace may not name the cluster or the group
	TargetTaken    scaler.Reason = "TargetTaken"    // an older scaler has the same target
	MissingRight   scaler.Reason = "MissingRight"   // a right is missing without which the target cannot be seen
	NotReadYet     scaler.Reason = "NotReadYet"     // the target's kind is being listed for the first time
)

// none refuses nothing.
var none scaler.Refusal

func refuse(r scaler.Reason, format string, args ...any) scaler.Refusal {
	return scaler.Refusal{Reason: r, Why: fmt.Sprintf(format, args...)}
}

// Scalers are the declared scalers and what Kubernetes says of their targets, sorted by name. It reads caches and does
// no I/O.
func (c *Controller) Scalers(now time.Time) []scaler.Scaler {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all()
	out := make([]scaler.Scaler, 0, len(all))
	for i, r := range all {
		if i > 0 && all[i-1].Name == r.Name {
			continue // the file's word holds
		}
		out = append(out, c.scaler(r, all, now))
	}
	return out
}

// scaler is what one declaration comes to; the caller holds the lock.
func (c *Controller) scaler(r *resource, all []*resource, now time.Time) scaler.Scaler {
	s := scaler.Scaler{Name: r.Name, Mode: r.Spec.Mode, Sources: r.Spec.Sources, Workload: scaler.Workload{Ref: r.Target}}
	s.Refusal = c.fill(&s, r, all, now)
	return s
}

func (c *Controller) fill(s *scaler.Scaler, r *resource, all []*resource, now time.Time) scaler.Refusal {
	if r.invalid != nil {
		return refuse(Invalid, "%v", r.invalid)
	}
	policy, err := r.Spec.Policy()
	if err != nil {
		return refuse(Invalid, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	s.Policy, s.Mode = policy, scaler.Weaker(c.settings.Mode, policy.Mode)
	if why := c.allowed(r); why != none {
		return why
	}
	for _, other := range all {
		if other != r && other.invalid == nil && other.Target == r.Target && older(other, r) {
			return refuse(TargetTaken, "%s is scaled by %s", r.Target, other.Name)
		}
	}
	if s.Mode == scaler.Observe {
		s.Hints = c.hints(r.Target)
		return none // nothing is decided, so nothing more is read
	}
	return c.workload(s, r, now)
}

// allowed checks the clusters and groups that a scaler names. What the configuration itself declares is allowed.
func (c *Controller) allowed(r *resource) scaler.Refusal {
	for i, src := range r.Spec.Sources {
		if !slices.Contains(c.settings.Clusters, src.Cluster) {
			return refuse(UnknownCluster, "sources[%d].cluster: %q is not configured; there are: %s",
				i, src.Cluster, strings.Join(c.settings.Clusters, ", "))
		}
		if !r.file && !c.mayName(r.Target.Namespace, src) {
			return refuse(NotAllowed, "sources[%d]: namespace %q may not name group %q of cluster %q",
				i, r.Target.Namespace, src.Group, src.Cluster)
		}
	}
	return none
}

func (c *Controller) mayName(namespace string, src scaler.SourceSpec) bool {
	if len(c.settings.Namespaces) == 0 {
		return true
	}
	for _, rule := range c.settings.Namespaces {
		if rule.Match.MatchString(namespace) && anyOf(rule.Clusters, src.Cluster) && anyOf(rule.Groups, src.Group) {
			return true
		}
	}
	return false
}

func anyOf(patterns []*regexp.Regexp, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) })
}

// hints are the resizes and rollouts of a target.
func (c *Controller) hints(ref scaler.Ref) []rebalancemon.Hint {
	if t, ok := c.targets[ref]; ok {
		return slices.Clone(t.hints)
	}
	return nil
}

// workload reads the target out of the caches.
func (c *Controller) workload(s *scaler.Scaler, r *resource, now time.Time) scaler.Refusal {
	w := &s.Workload
	k, asked := c.kinds[kindOf(r.Target)]
	if !asked {
		return refuse(NotReadYet, "asking whether the API server serves %s %s", r.Target.APIVersion, r.Target.Kind)
	}
	if !k.served {
		return none // not found
	}
	if right, missing := c.rights.lacks(k.resource.GroupResource(), r.Target.Namespace); missing {
		return refuse(MissingRight, "%s", missingRight(right))
	}
	if _, ready := c.store(watchKey{k.resource, r.Target.Namespace}); !ready {
		return refuse(NotReadYet, "listing %s", watchKey{k.resource, r.Target.Namespace})
	}
	t, ok := c.targets[r.Target]
	if !ok {
		return none // not found
	}
	if !t.sized {
		scale := schema.GroupResource{Group: k.resource.Group, Resource: k.resource.Resource + "/scale"}
		if right, missing := c.rights.lacks(scale, r.Target.Namespace); missing {
			return refuse(MissingRight, "%s", missingRight(right))
		}
		return refuse(NotReadYet, "reading the size of %s", r.Target)
	}
	s.Hints = slices.Clone(t.hints)
	w.Found, w.HasScale = true, t.scalable
	w.Spec, w.Status, w.Ready = t.spec, t.status, t.ready
	w.RolloutInProgress, w.LastWrite = t.rolling, lastWrite(t, r)
	w.Owner = c.owner(r.Target)
	c.count(w, t, now)
	if err := operate(w, r.annotations, t.annotations); err != nil {
		return refuse(Invalid, "%v", err)
	}
	return none
}

// lastWrite is our last write of the target's size. One from before this process is told by the status, to the second.
func lastWrite(t *target, r *resource) scaler.Write {
	if last := r.status.LastChange; last != nil && last.Time.After(t.write.At) {
		return scaler.Write{At: last.Time.Time, From: last.From, To: last.To}
	}
	return t.write
}

// resourcesRead reports whether the custom resources have been read, so that one that is not known is not there.
// The caller holds the lock.
func (c *Controller) resourcesRead() bool {
	for _, ns := range c.namespaces() {
		if _, ready := c.store(watchKey{v1alpha1.Resource, ns}); !ready {
			return false
		}
	}
	return true
}
