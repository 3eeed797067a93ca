package watch

import (
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// An HPA has 0 desired replicas before it has computed any, also while its metrics cannot be read. Twin: it is disabled, because its
// target has 0 replicas.
func TestWhatAnHPAHasComputed(t *testing.T) {
	condition := func(kind autoscalingv2.HorizontalPodAutoscalerConditionType, is corev1.ConditionStatus, reason string) autoscalingv2.HorizontalPodAutoscalerCondition {
		return autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: is, Reason: reason}
	}
	able := condition(autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededGetScale")
	for _, c := range []struct {
		name       string
		desired    int32
		conditions []autoscalingv2.HorizontalPodAutoscalerCondition
		want       bool
	}{
		{"it was just made", 0, nil, false},
		{"its metrics cannot be read", 0, []autoscalingv2.HorizontalPodAutoscalerCondition{able, condition(autoscalingv2.ScalingActive, corev1.ConditionFalse, "FailedGetResourceMetric")}, false},
		{"they could be read before", 3, []autoscalingv2.HorizontalPodAutoscalerCondition{able, condition(autoscalingv2.ScalingActive, corev1.ConditionFalse, "FailedGetResourceMetric")}, true},
		{"twin: it is disabled", 0, []autoscalingv2.HorizontalPodAutoscalerCondition{able, condition(autoscalingv2.ScalingActive, corev1.ConditionFalse, "ScalingDisabled")}, true},
		{"it computed 0", 0, []autoscalingv2.HorizontalPodAutoscalerCondition{able, condition(autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound")}, true},
	} {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{Status: autoscalingv2.HorizontalPodAutoscalerStatus{DesiredReplicas: c.desired, Conditions: c.conditions}}
		if got := computed(hpa); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
