package keda

import (
	"strings"
	"time"
)

// replicaLimits converts the limits of the replicas. By default KEDA scales an idle workload to zero.
func (c *conversion) replicaLimits() {
	in, s := c.in.Spec, &c.out.Spec
	minimum := valueOr(in.MinReplicaCount, 0)
	s.MinReplicas = minimum
	if idle := in.IdleReplicaCount; idle != nil && *idle < minimum {
		s.MinReplicas = *idle
		c.note("idleReplicaCount %d is below minReplicaCount %d: minReplicas is %d. A separate minimum for a workload that is not idle has no equivalent.", *idle, minimum, *idle)
	} else if idle != nil {
		c.fail("spec.idleReplicaCount: must be less than minReplicaCount (%d), not %d", minimum, *idle)
	}
	s.MaxReplicas = in.MaxReplicaCount
	if in.MaxReplicaCount == nil {
		c.note("maxReplicaCount was not set (KEDA's default is 100): maxReplicas is not set, the number of partitions is the limit.")
	}
	c.fallback()
	if s.MinReplicas == 0 {
		c.idleTime(valueOr(in.CooldownPeriod, 300))
	} else if in.CooldownPeriod != nil {
		c.note("cooldownPeriod is omitted: it only applies to scaling to zero.")
	}
}

func (c *conversion) idleTime(n int32) {
	c.out.Spec.IdleTime = seconds(max(n, 1))
	if n < 1 {
		c.note("cooldownPeriod %d: idleTime is 1s, the shortest.", n)
	}
}

func (c *conversion) fallback() {
	f := c.in.Spec.Fallback
	if f == nil {
		return
	}
	if f.FailureThreshold < 0 {
		c.fail("spec.fallback.failureThreshold: must not be negative, not %d", f.FailureThreshold)
	}
	if f.Replicas < 0 {
		c.fail("spec.fallback.replicas: must not be negative, not %d", f.Replicas)
	}
	if f.Replicas > 0 {
		c.out.Spec.FallbackReplicas = &f.Replicas
		c.note("fallback: scale up to %d replicas if the lag is unknown for 5 minutes (KEDA: after %d failed polls). It never scales down.", f.Replicas, f.FailureThreshold)
	} else {
		c.note("fallback.replicas %d has no equivalent: a scaler never scales down while the lag is unknown.", f.Replicas)
	}
	if f.Behavior != "" {
		c.note("fallback.behavior has no equivalent.")
	}
}

// scalingBehaviour converts the settings for the speed and the frequency of changes.
func (c *conversion) scalingBehaviour() {
	in := c.in.Spec
	down := in.Advanced.HorizontalPodAutoscalerConfig.Behavior.ScaleDown
	if w := down.StabilizationWindowSeconds; w != nil && *w > 0 {
		c.out.Spec.StabilizationWindow = seconds(*w)
	} else if w != nil {
		c.out.Spec.StabilizationWindow = seconds(1)
		c.note("scaleDown.stabilizationWindowSeconds %d: stabilizationWindow is 1s, the shortest.", *w)
	}
	for _, f := range []struct {
		set  bool
		note string
	}{
		{in.PollingInterval != nil, "pollingInterval has no equivalent: the configuration has an interval for each cluster."},
		{in.InitialCooldownPeriod != nil, "initialCooldownPeriod has no equivalent: a scaler never scales down before it has enough data."},
		{in.Advanced.RestoreToOriginalReplicaCount, "restoreToOriginalReplicaCount has no equivalent: onDelete keeps the replicas, or starts one if there is none."},
		{len(down.Policies) > 0 || down.SelectPolicy != "", "scaleDown.policies have no equivalent: a scaler writes the final count in one step."},
		{len(in.Advanced.HorizontalPodAutoscalerConfig.Behavior.ScaleUp) > 0, "The scaleUp behavior has no equivalent: a scaler writes the final count in one step."},
		{in.Advanced.HorizontalPodAutoscalerConfig.Name != "", "horizontalPodAutoscalerConfig.name has no equivalent: there is no HPA."},
		{len(in.Advanced.ScalingModifiers) > 0, "scalingModifiers have no equivalent: the source that needs the most replicas decides."},
		{in.ScaleTargetRef.EnvSourceContainerName != "", "envSourceContainerName has no equivalent: the configuration has the connections."},
	} {
		if f.set {
			c.note("%s", f.note)
		}
	}
}

// leftOut names what else the ScaledObject has: fields of a newer KEDA, labels, and the annotations of others.
func (c *conversion) leftOut() {
	for _, path := range c.extra {
		c.note("%s has no equivalent.", path)
	}
	var names []string
	for label := range c.in.Metadata.Labels {
		if !strings.Contains(label, "keda.sh/") { // KEDA's own, which it writes itself
			names = append(names, "label "+label)
		}
	}
	for a := range c.in.Metadata.Annotations {
		if !strings.Contains(a, "keda.sh/") && a != "kubectl.kubernetes.io/last-applied-configuration" {
			names = append(names, "annotation "+a)
		}
	}
	if len(names) > 0 {
		c.note("Not copied: %s.", strings.Join(sorted(names), ", "))
	}
}

func seconds(n int32) string { return (time.Duration(n) * time.Second).String() }

// textOr is s, or the default if s is blank.
func textOr(s, fallback string) string {
	if strings.TrimSpace(s) == "" {
		return fallback
	}
	return s
}

// valueOr is *p, or the default if p is nil.
func valueOr(p *int32, fallback int32) int32 {
	if p == nil {
		return fallback
	}
	return *p
}
