package keda

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Way is who acts after the conversion.
type Way string

// The ways.
const (
	ToKafkaScaler Way = "kafkascaler" // lagscaler; KEDA is paused
	ToExternal    Way = "external"    // KEDA, which asks lagscaler
	ToHPA         Way = "hpa"         // an HPA, which reads the number of lagscaler from custom.metrics.k8s.io
)

// Ways are all of them; the first is the default.
var Ways = []Way{ToKafkaScaler, ToExternal, ToHPA}

// Options say what is written besides the KafkaScalers.
type Options struct {
	To      Way    // empty: ToKafkaScaler
	Beside  bool   // keep the kafka triggers beside that of lagscaler
	Address string // of the endpoint that KEDA asks, as HOST:PORT
}

// kafkaTypes are the triggers that become sources.
var kafkaTypes = []string{"kafka", "apache-kafka"}

// second is the object beside the KafkaScaler: who acts by its number. nil: lagscaler itself.
func (c *conversion) second(o Options) *yaml.Node {
	if len(c.in.Spec.Advanced.ScalingModifiers) > 0 && (o.To == ToExternal || o.To == ToHPA) {
		c.fail("spec.advanced.scalingModifiers: with a formula KEDA uses its result alone, and no trigger beside it: remove it first")
		return nil
	}
	switch o.To {
	case ToExternal:
		return c.external(o)
	case ToHPA:
		return c.hpa()
	}
	return nil
}

// others are the triggers that are not Kafka's.
func (c *conversion) others() (types []string) {
	for _, t := range c.in.Spec.Triggers {
		if !slices.Contains(kafkaTypes, t.Type) {
			types = append(types, t.Type)
		}
	}
	return types
}

// external is the same ScaledObject with the trigger of lagscaler. Everything that is not Kafka's stays as it is.
func (c *conversion) external(o Options) *yaml.Node {
	if f := c.in.Spec.Fallback; f != nil && f.Replicas == 0 {
		c.note("WARNING: fallback.replicas 0: when lagscaler does not know a number, it answers with an error, and KEDA then goes to zero. Set it to at least 1, or remove fallback: then KEDA keeps the present size.")
	}
	c.note("KEDA acts: it asks lagscaler for the number of replicas (externalScaler of the configuration). The KafkaScaler stays in mode advise, and the ScaledObject keeps its other settings.")
	c.note("Way back: apply the ScaledObject as it was, then delete the KafkaScaler. KEDA keeps the replicas and its HPA.")
	root := copyOf(c.node)
	for _, name := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"} {
		remove(child(root, "metadata"), name)
	}
	if annotations := child(child(root, "metadata"), "annotations"); annotations != nil {
		remove(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	}
	remove(root, "status")
	spec := child(root, "spec")
	triggers := child(spec, "triggers")
	if triggers == nil || triggers.Kind != yaml.SequenceNode || len(triggers.Content) != len(c.in.Spec.Triggers) {
		c.fail("spec.triggers: must stand in the ScaledObject itself, not in a YAML merge key (<<)")
		return nil
	}
	kept := triggers.Content[:0:0]
	for i, t := range triggers.Content {
		if o.Beside || !slices.Contains(kafkaTypes, c.in.Spec.Triggers[i].Type) {
			kept = append(kept, t)
		}
	}
	triggers.Content = append(kept, c.parse(fmt.Sprintf(triggerText, quoted(o.Address), quoted(c.out.Metadata.Name))).Content...)
	advanced := under(spec, "advanced")
	config := under(advanced, "horizontalPodAutoscalerConfig")
	if child(config, "behavior") != nil {
		c.note("The behavior of the HPA is replaced: lagscaler has its own window, and gives the final number.")
	}
	set(config, "behavior", c.parse(behavior(o.Beside || len(c.others()) > 0)))
	for _, n := range []*yaml.Node{root, spec, triggers, advanced, config} {
		n.Style &^= yaml.FlowStyle // comments need lines of their own
	}
	return root
}

const triggerText = `- type: external-push # it is told at once when records arrive for a target at zero; the type external waits for pollingInterval
  metricType: AverageValue # never Value: the HPA would multiply the number by the pods that are ready, again and again
  metadata:
    scalerAddress: %s # the Service of lagscaler, and its externalScaler.port
    kafkaScaler: %s # in the namespace of this ScaledObject
  # authenticationRef: {name: lagscaler} # if the endpoint has TLS: caCert, and tlsClientCert and tlsClientKey of this namespace
`

// behavior is the behavior block of an HPA that gets its number from lagscaler. shared: other triggers act through the same HPA.
func behavior(shared bool) string {
	window := "stabilizationWindowSeconds: 0 # lagscaler has waited for its own window before it gives a smaller number; the HPA's default of 300 s would come on top"
	if shared {
		window = "stabilizationWindowSeconds: 300 # for the other triggers, whose values go up and down; it delays smaller numbers of lagscaler by up to 300 s"
	}
	return `scaleUp:
  stabilizationWindowSeconds: 0 # a greater number counts at once
  # tolerance: "0" # if the cluster knows this field (HPAConfigurableTolerance): without it the HPA ignores a number within a tenth, so that 12 -> 13 is not made
  policies:
  - {type: Percent, value: 900, periodSeconds: 15} # up to ten times in one step; the default, double or 4 pods, takes several steps of 15 s, each a rebalance
  - {type: Pods, value: 100, periodSeconds: 15} # and from few replicas
  selectPolicy: Max # the greater of the two
scaleDown:
  ` + window + `
  # tolerance: "0" # the same
  policies:
  - {type: Percent, value: 100, periodSeconds: 15} # to the number in one step, which is one rebalance
`
}

// hpa is an HPA that reads the number from custom.metrics.k8s.io.
func (c *conversion) hpa() *yaml.Node {
	var metrics strings.Builder
	for i, t := range c.in.Spec.Triggers {
		switch {
		case slices.Contains(kafkaTypes, t.Type):
		case isResource(t):
			target := fmt.Sprintf("type: AverageValue, averageValue: %q", t.Metadata["value"])
			if t.MetricType == "Utilization" {
				target = "type: Utilization, averageUtilization: " + t.Metadata["value"]
			}
			fmt.Fprintf(&metrics, "  - type: Resource # from the trigger %s: the greater number counts\n    resource: {name: %s, target: {%s}}\n", t.Type, t.Type, target)
		case t.Type == "cron": // the KafkaScaler has it
		default:
			c.fail("spec.triggers[%d]: an HPA without KEDA cannot have the trigger %s, metricType %q, value %q: use --to external", i, t.Type, t.MetricType, t.Metadata["value"])
		}
	}
	if c.in.Spec.Fallback != nil {
		c.note("fallback: an HPA has none. If the number is missing, it keeps the present size.")
	}
	if valueOr(c.in.Spec.MinReplicaCount, 0) == 0 {
		c.note("An HPA does not go to zero: its minReplicas is 1, and so is that of the KafkaScaler.")
		c.out.Spec.MinReplicas, c.out.Spec.IdleTime = 1, ""
	}
	c.note("An HPA acts: it reads the number of the KafkaScaler from custom.metrics.k8s.io, which lagscaler serves if customMetrics is enabled (docs/integrations.md). The KafkaScaler stays in mode advise.")
	c.note("Way back: delete the HPA, then apply the ScaledObject as it was. Pause the ScaledObject before you apply the HPA: two HPAs on one target fight.")
	s, m := &c.out.Spec, c.out.Metadata
	name, namespace := quoted(m.Name), quoted(textOr(m.Namespace, "default"))
	kind, target := quoted(s.ScaleTargetRef.Kind), quoted(s.ScaleTargetRef.Name)
	text := fmt.Sprintf(hpaText, name, namespace, quoted(s.ScaleTargetRef.APIVersion), kind, target,
		max(1, s.MinReplicas), valueOr(s.MaxReplicas, 100), name, metrics.String(),
		strings.ReplaceAll(strings.TrimSpace(behavior(metrics.Len() > 0)), "\n", "\n    "))
	return c.parse(text)
}

// isResource reports whether an HPA has the same metric: of KEDA's triggers those of CPU and memory.
func isResource(t trigger) bool {
	value := t.Metadata["value"]
	switch {
	case t.Type != "cpu" && t.Type != "memory":
		return false
	case t.MetricType == "Utilization":
		return percent.MatchString(value)
	}
	return t.MetricType == "AverageValue" && quantity.MatchString(value)
}

var (
	percent  = regexp.MustCompile(`^[1-9][0-9]{0,3}$`)
	quantity = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$`)
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9./_:-]*$`)
)

// quoted is a text as YAML.
func quoted(s string) string {
	if plain.MatchString(s) && !strings.HasSuffix(s, ":") && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s)) {
		return s
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: s}
	text, err := yaml.Marshal(&n)
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(string(text))
}

const hpaText = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: %s, namespace: %s}
spec:
  scaleTargetRef: {apiVersion: %s, kind: %s, name: %s}
  minReplicas: %d
  maxReplicas: %d
  metrics:
  - type: Object
    object:
      describedObject: {apiVersion: lagscaler.io/v1alpha1, kind: KafkaScaler, name: %s}
      metric: {name: replicas}
      target: {type: AverageValue, averageValue: "1"} # never Value: the HPA would multiply the number by the pods that are ready, again and again
%s  behavior:
    %s
`

// parse reads YAML of this file, with its comments.
func (c *conversion) parse(text string) *yaml.Node {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil || len(n.Content) == 0 {
		c.fail("writing YAML with its names: %w", err)
		return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	return n.Content[0]
}

// child is a value of a mapping; nil: it has none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// under is a mapping in a mapping, which is added if there is none.
func under(n *yaml.Node, key string) *yaml.Node {
	if found := child(n, key); found != nil && found.Kind == yaml.MappingNode {
		return found
	}
	added := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	set(n, key, added)
	return added
}

func set(n *yaml.Node, key string, value *yaml.Node) {
	remove(n, key)
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

func remove(n *yaml.Node, key string) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(slices.Clone(n.Content), i, i+2)
			return
		}
	}
}

// copyOf is a deep copy. Aliases are written out.
func copyOf(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return copyOf(n.Alias)
	}
	c := *n
	c.Anchor, c.Content = "", nil
	for _, below := range n.Content {
		c.Content = append(c.Content, copyOf(below))
	}
	return &c
}
