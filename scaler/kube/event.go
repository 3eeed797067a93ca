package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// event is what an Event says.
type event struct {
	kind    string // Normal or Warning
	reason  string
	message string
}

// HoldOverdue is the reason of the Event that says that a hold has outlived its deadline.
const HoldOverdue = "HoldOverdue"

// longestMessage is the API's limit.
const longestMessage = 1024

// adviseEvery is the shortest time between two Events about advice: advice that nobody takes changes with the traffic.
const adviseEvery = time.Minute

// notable verdicts begin with an Event of their own: somebody may have to do something.
var notable = map[scaler.Reason]bool{
	scaler.TargetNotFound: true, scaler.Stalled: true, scaler.ReplicasFought: true, scaler.Unschedulable: true,
	scaler.RebalanceStuck: true, scaler.Fallback: true, scaler.NoMembers: true, scaler.MembersMissing: true,
	scaler.NoCommittedOffsets: true, scaler.CapacityUnknown: true, scaler.PartitionBound: true, scaler.DownstreamBound: true,
}

// said is what the Events of a scaler have said so far, so that nothing is said twice.
type said struct {
	refusal     scaler.Refusal
	verdict     scaler.Reason
	overdue     bool
	disposition scaler.Disposition
	change      time.Time // decision that was applied
	failed      time.Time // decision whose write failed
	advised     time.Time
	desired     int32
}

// news is what an outcome has to tell that was not told yet: to the scaler and its target, or to the scaler alone.
//
//	what happened                        type     reason           target too
//	replicas were written                Normal   ScaleUp, …       yes
//	they would be, in advise             Normal   ScaleUp, …       yes, at most once a minute
//	another controller owns the target   Warning  Conflict         yes, when that begins
//	the write failed                     Warning  Failed           yes
//	nothing is decided                   Warning  Invalid, …       no, when that begins
//	a notable verdict                    Warning  Unschedulable, … no, when that begins
//	a hold is overdue                    Warning  HoldOverdue      no, when that begins
func (s said) news(o scaler.Outcome, now time.Time) (both, own []event, next said) {
	next = s
	next.refusal = o.Refusal
	if o.Refused() {
		if o.Refusal != s.refusal && o.Refusal.Reason != NotReadYet {
			own = append(own, event{corev1.EventTypeWarning, string(o.Refusal.Reason), o.Refusal.String()})
		}
		return both, own, next
	}
	d := o.Decision
	next.verdict, next.overdue, next.disposition = d.Verdict, d.Overdue, o.Disposition
	if notable[d.Verdict] && d.Verdict != s.verdict {
		own = append(own, event{corev1.EventTypeWarning, string(d.Verdict), o.Line})
	}
	if d.Overdue && !s.overdue {
		own = append(own, event{corev1.EventTypeWarning, HoldOverdue, o.Line})
	}
	if o.Disposition == scaler.Conflict && s.disposition != scaler.Conflict {
		both = append(both, event{corev1.EventTypeWarning, string(scaler.Conflict), conflictOf(o)})
	}
	if d.Desired == d.Current {
		return both, own, next
	}
	switch o.Disposition {
	case scaler.Applied:
		if !d.At.Equal(s.change) {
			both, next.change = append(both, event{corev1.EventTypeNormal, string(d.Reason()), o.Line}), d.At
		}
	case scaler.Failed:
		if !d.At.Equal(s.failed) {
			both, next.failed = append(both, event{corev1.EventTypeWarning, string(scaler.Failed), o.Line + ": " + o.Failure}), d.At
		}
	case scaler.Advised:
		if (d.Desired != s.desired || s.advised.IsZero()) && now.Sub(s.advised) >= adviseEvery {
			both = append(both, event{corev1.EventTypeNormal, string(d.Reason()), o.Line + " (Advised)"})
			next.advised, next.desired = now, d.Desired
		}
	case scaler.Conflict, scaler.Follower, scaler.Paused:
	}
	return both, own, next
}

// saidBefore is what a new leader knows of what the one before it said: the status tells.
func saidBefore(s v1alpha1.KafkaScalerStatus) said {
	var out said
	if d := s.LastDecision; d != nil {
		out.verdict, out.disposition = scaler.Reason(d.Reason), scaler.Disposition(d.Disposition)
	}
	for _, cond := range s.Conditions {
		if cond.Type == v1alpha1.Ready && cond.Status == metav1.ConditionFalse {
			out.refusal = scaler.Refusal{Reason: scaler.Reason(cond.Reason), Why: cond.Message}
		}
	}
	return out
}

// emit writes an Event about an object. That it could not is no reason to stop.
func (c *Controller) emit(ctx context.Context, about corev1.ObjectReference, e event) {
	if about.Name == "" {
		return
	}
	now := c.clock()
	message := e.message
	if len(message) > longestMessage {
		message = message[:longestMessage-3] + "..."
	}
	_, err := c.clients.Kubernetes.CoreV1().Events(about.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s.%x", about.Name, now.UnixNano()), Namespace: about.Namespace,
		},
		InvolvedObject: about, Type: e.kind, Reason: e.reason, Message: message, Action: e.reason, Count: 1,
		FirstTimestamp: metav1.NewTime(now), LastTimestamp: metav1.NewTime(now), EventTime: metav1.NewMicroTime(now),
		Source: corev1.EventSource{Component: FieldManager}, ReportingController: FieldManager, ReportingInstance: c.opts.Identity,
	}, metav1.CreateOptions{})
	c.rights.note(Right{Verb: "create", Resource: "events", Namespace: about.Namespace}, err)
	if err != nil {
		c.opts.Log.Debug("writing an event failed", "about", about.Kind+"/"+about.Namespace+"/"+about.Name, "reason", e.reason, "err", err)
	}
}

// regarding is how an Event names a target; empty when it is gone.
func (c *Controller) regarding(ref scaler.Ref) corev1.ObjectReference {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.targets[ref]
	if !ok {
		return corev1.ObjectReference{}
	}
	return corev1.ObjectReference{
		APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, UID: t.uid,
	}
}
