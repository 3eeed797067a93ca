package watch

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lagscaler/lagscaler/scaler/seen"
)

// readPods takes the target's pods into the workload: which are ready, which cannot be scheduled, and the names and
// addresses by which group members are matched with them. Without the permission to see pods there are none, and the target's
// own numbers stand. So they do for a target whose selector finds none: the pods of a KafkaSource are not its own.
func (ws *Workloads) readPods(w *seen.Workload, t Target, now time.Time) {
	all, listed := ws.Watches.store(Key{Pods, t.Ref.Namespace})
	if _, denied := ws.Rights.Lacks(Pods.GroupResource(), t.Ref.Namespace); denied || !listed || t.selector == nil || t.selector.Empty() {
		return
	}
	var readyPods int32
	for _, o := range all {
		pod, ok := o.(*corev1.Pod)
		if !ok || !t.selector.Matches(labels.Set(pod.Labels)) || Finished(pod) {
			continue
		}
		p := PodOf(pod)
		w.Pods = append(w.Pods, p)
		if p.Ready {
			readyPods++
		}
		if since, is := unschedulable(pod, now); is {
			w.Unschedulable++
			if w.UnschedulableSince.IsZero() || since.Before(w.UnschedulableSince) {
				w.UnschedulableSince = since
			}
		}
	}
	if !builtIn(t.Resource.GroupResource()) && (len(w.Pods) > 0 || t.runsPods()) {
		w.Ready = readyPods // its status may not say, or in a field of its own
	}
	slices.SortFunc(w.Pods, func(a, b seen.Pod) int { return strings.Compare(a.Name, b.Name) })
}

// PodOf is a pod as decisions see it.
func PodOf(pod *corev1.Pod) seen.Pod {
	return seen.Pod{
		Name: pod.Name, UID: string(pod.UID), IP: pod.Status.PodIP, OtherIP: otherIP(pod), HostNetwork: pod.Spec.HostNetwork,
		Ready: isReady(pod),
	}
}

// runsPods reports whether all pods of a kind have the labels of its scale's selector, so that none found means that none is
// there. Strimzi's status.replicas does not say it: it is what the operator last made. (Its KafkaConnector has no selector, its
// tasks run in the pods of a KafkaConnect.)
func (t *Target) runsPods() bool {
	_, selects := t.selector.Requirements()
	r := t.Resource
	return selects && r.Group == "kafka.strimzi.io" && (r.Resource == "kafkaconnects" || r.Resource == "kafkamirrormaker2s")
}

// otherIP is the address of the other family, of a pod that has both.
func otherIP(p *corev1.Pod) string {
	for _, a := range p.Status.PodIPs {
		if a.IP != p.Status.PodIP {
			return a.IP
		}
	}
	return ""
}

// Finished reports whether a pod has ended, so that it runs no consumer any more.
func Finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// isReady: a pod that is going is not ready, though its consumer may still be a member.
func isReady(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func unschedulable(p *corev1.Pod, now time.Time) (since time.Time, is bool) {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable &&
			p.DeletionTimestamp == nil {
			if c.LastTransitionTime.IsZero() {
				return now, true
			}
			return c.LastTransitionTime.Time, true
		}
	}
	return time.Time{}, false
}
