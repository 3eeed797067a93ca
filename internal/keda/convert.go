package keda

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Cluster is a Kafka cluster of the configuration.
type Cluster struct {
	Name    string
	Brokers []string
}

// Convert converts every ScaledObject of a YAML stream to a KafkaScaler in mode advise. Comments above each KafkaScaler
// list the settings that have no equivalent.
//
// A trigger names brokers, but a KafkaScaler names a cluster of the configuration. Convert uses the known cluster that has
// a broker in common with the trigger. If there is none it makes up a name, and a comment shows the configuration to add.
//
// It returns an error if the text has no ScaledObject, or if a ScaledObject has no target, no kafka trigger, or a trigger
// without its brokers or its group.
func Convert(text []byte, known []Cluster) (string, error) {
	var out bytes.Buffer
	clusters := clusters{known: known}
	found := 0
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o scaledObject
		switch err := dec.Decode(&o); {
		case errors.Is(err, io.EOF):
			if found == 0 {
				return "", errors.New("the input has no ScaledObject (keda.sh/v1alpha1)")
			}
			return out.String(), nil
		case err != nil:
			return "", fmt.Errorf("reading YAML: %w", err)
		case o.Kind != "ScaledObject":
			continue
		}
		c := conversion{in: o, clusters: &clusters}
		s, err := c.convert()
		if err != nil {
			return "", fmt.Errorf("ScaledObject %s: %w", o.Metadata.Name, err)
		}
		if found++; found > 1 {
			out.WriteString("---\n")
		}
		for _, n := range c.notes {
			fmt.Fprintf(&out, "# %s\n", n)
		}
		enc := yaml.NewEncoder(&out)
		enc.SetIndent(2)
		if err := errors.Join(enc.Encode(s), enc.Close()); err != nil {
			return "", err
		}
	}
}

// conversion is the conversion of one ScaledObject.
type conversion struct {
	in       scaledObject
	clusters *clusters
	out      kafkaScaler
	notes    []string // comments above the KafkaScaler
}

func (c *conversion) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(c.notes, n) {
		c.notes = append(c.notes, n)
	}
}

func (c *conversion) convert() (kafkaScaler, error) {
	in := c.in
	c.note("Converted from ScaledObject %s. In mode advise it writes nothing; read docs/migrating.md before you set mode act.", in.Metadata.Name)
	c.out = kafkaScaler{APIVersion: "lagscaler.io/v1alpha1", Kind: "KafkaScaler", Metadata: metadata{in.Metadata.Name, in.Metadata.Namespace}}
	s := &c.out.Spec
	s.Mode = "advise"
	s.ScaleTargetRef = target{
		textOr(in.Spec.ScaleTargetRef.APIVersion, "apps/v1"), textOr(in.Spec.ScaleTargetRef.Kind, "Deployment"), in.Spec.ScaleTargetRef.Name,
	}
	if s.ScaleTargetRef.Name == "" {
		return kafkaScaler{}, errors.New("spec.scaleTargetRef.name is missing")
	}
	for i, t := range in.Spec.Triggers {
		if err := c.trigger(t); err != nil {
			return kafkaScaler{}, fmt.Errorf("spec.triggers[%d]: %w", i, err)
		}
	}
	if len(s.Sources) == 0 {
		return kafkaScaler{}, errors.New("it has no kafka trigger to convert")
	}
	c.replicaLimits()
	c.scalingBehaviour()
	return c.out, nil
}

// replicaLimits converts the limits of the replicas. By default KEDA scales an idle workload to zero.
func (c *conversion) replicaLimits() {
	in, s := c.in.Spec, &c.out.Spec
	minimum := valueOr(in.MinReplicaCount, 0)
	s.MinReplicas = minimum
	if idle := in.IdleReplicaCount; idle != nil && *idle < minimum {
		s.MinReplicas = *idle
		c.note("idleReplicaCount %d is below minReplicaCount %d: minReplicas is %d. A separate minimum for a workload that is not idle has no equivalent.", *idle, minimum, *idle)
	}
	s.MaxReplicas = in.MaxReplicaCount
	if in.MaxReplicaCount == nil {
		c.note("maxReplicaCount was not set (KEDA's default is 100): maxReplicas is not set, the number of partitions is the limit.")
	}
	if f := in.Fallback; f != nil && f.Replicas > 0 {
		s.FallbackReplicas = &f.Replicas
		c.note("fallback: scale up to %d replicas if the lag is unknown for 5 minutes (KEDA: after %d failed polls). It never scales down.", f.Replicas, f.FailureThreshold)
		if f.Behavior != "" {
			c.note("fallback.behavior has no equivalent.")
		}
	}
	if s.MinReplicas == 0 {
		s.IdleTime = seconds(valueOr(in.CooldownPeriod, 300))
	} else if in.CooldownPeriod != nil {
		c.note("cooldownPeriod is omitted: it only applies to scaling to zero.")
	}
}

// scalingBehaviour converts the settings for the speed and the frequency of changes.
func (c *conversion) scalingBehaviour() {
	in := c.in.Spec
	down := in.Advanced.HorizontalPodAutoscalerConfig.Behavior.ScaleDown
	if w := down.StabilizationWindowSeconds; w != nil && *w > 0 {
		c.out.Spec.StabilizationWindow = seconds(*w)
	}
	for _, f := range []struct {
		set  bool
		note string
	}{
		{in.PollingInterval != nil, "pollingInterval has no equivalent: the configuration has one interval for all scalers."},
		{in.InitialCooldownPeriod != nil, "initialCooldownPeriod has no equivalent: a scaler never scales down before it has enough data."},
		{in.Advanced.RestoreToOriginalReplicaCount, "restoreToOriginalReplicaCount has no equivalent: onDelete keeps the replicas, or starts one if there is none."},
		{len(down.Policies) > 0 || down.SelectPolicy != "", "scaleDown.policies have no equivalent: a scaler writes the final count in one step."},
		{len(in.Advanced.HorizontalPodAutoscalerConfig.Behavior.ScaleUp) > 0, "The scaleUp behavior has no equivalent: a scaler writes the final count in one step."},
		{len(in.Advanced.ScalingModifiers) > 0, "scalingModifiers have no equivalent: the source that needs the most replicas decides."},
		{in.ScaleTargetRef.EnvSourceContainerName != "", "envSourceContainerName has no equivalent: the configuration has the connections."},
		{c.in.Metadata.Annotations["autoscaling.keda.sh/paused"] == "true", "The ScaledObject is paused. To pause the KafkaScaler, set the annotation lagscaler.io/paused."},
	} {
		if f.set {
			c.note("%s", f.note)
		}
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
