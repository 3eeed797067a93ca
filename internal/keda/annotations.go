package keda

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Annotations of KEDA 2.21: apis/keda/v1alpha1/scaledobject_types.go.
const (
	paused         = "autoscaling.keda.sh/paused"
	pausedReplicas = "autoscaling.keda.sh/paused-replicas"
	pausedScaleIn  = "autoscaling.keda.sh/paused-scale-in"
	pausedScaleOut = "autoscaling.keda.sh/paused-scale-out"
)

// annotations converts the annotations of KEDA.
//
//	paused-replicas   lagscaler.io/fixed-replicas
//	paused-scale-in   lagscaler.io/pause-scale-in
//	paused-scale-out  lagscaler.io/pause-scale-out
//	paused            a comment: a ScaledObject that was paused for good, and one that was paused to let the KafkaScaler act
//	                  (docs/migrating.md), look the same
//	others            a comment
func (c *conversion) annotations() {
	in := c.in.Metadata.Annotations
	for _, a := range slices.Sorted(maps.Keys(in)) {
		switch a {
		case paused:
			if pauses(in[a]) {
				c.note("The ScaledObject is paused. To pause the KafkaScaler, set the annotation lagscaler.io/paused.")
			}
		case pausedReplicas:
			c.fixedReplicas(in[a])
		case pausedScaleIn:
			c.pause("lagscaler.io/pause-scale-in", in[a])
		case pausedScaleOut:
			c.pause("lagscaler.io/pause-scale-out", in[a])
		default:
			if strings.Contains(a, "keda.sh/") {
				c.note("The annotation %s has no equivalent.%s", a, annotationReasons[a])
			}
		}
	}
}

// annotationReasons say why a known annotation has no equivalent.
var annotationReasons = map[string]string{
	"autoscaling.keda.sh/force-activation":        " A minimum of 1 (minReplicas) keeps the target above zero.",
	"scaledobject.keda.sh/transfer-hpa-ownership": " There is no HPA.",
	"scaledobject.keda.sh/hpa-excluded-labels":    " There is no HPA.",
	"validations.keda.sh/hpa-ownership":           " lagscaler refuses a target that somebody else scales.",
}

// pauses reports whether a value counts as true: KEDA takes any that is no boolean as true.
func pauses(value string) bool {
	b, err := strconv.ParseBool(value)
	return err != nil || b
}

func (c *conversion) pause(annotation, value string) {
	if pauses(value) {
		c.annotate(annotation, "true")
	}
}

// fixedReplicas converts the replicas at which KEDA holds a paused target.
func (c *conversion) fixedReplicas(value string) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		c.fail("annotation %s: %q is not a number of replicas", pausedReplicas, value)
		return
	}
	c.annotate("lagscaler.io/fixed-replicas", strconv.FormatInt(n, 10))
	c.note("The ScaledObject holds %d replicas (paused-replicas), and so does the KafkaScaler once it acts, until its annotation lagscaler.io/fixed-replicas is removed.", n)
}

func (c *conversion) annotate(name, value string) {
	if c.out.Metadata.Annotations == nil {
		c.out.Metadata.Annotations = map[string]string{}
	}
	c.out.Metadata.Annotations[name] = value
}
