package kube

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// Shown is what is written about an outcome if nothing was written before: the status of its KafkaScaler, and its Events.
func Shown(o scaler.Outcome, now time.Time) (status v1alpha1.KafkaScalerStatus, events []string) {
	r := &resource{}
	r.Target, r.Spec.Sources = o.Workload.Ref, o.Sources
	both, own, _ := eventState{}.newEvents(o, now)
	for _, e := range append(both, own...) {
		events = append(events, e.kind+" "+e.reason+": "+e.message)
	}
	return statusOf(o, r, v1alpha1.KafkaScalerStatus{}, "", metav1.NewTime(now)), events
}
