package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
)

// event is the type, reason and message of an Event.
type event struct {
	kind    string // Normal or Warning
	reason  string
	message string
}

// HoldOverdue is the reason of the Event about a hold that lasts longer than its deadline.
const HoldOverdue = "HoldOverdue"

// longestMessage is the API's limit.
const longestMessage = 1024

// adviseEvery is the shortest time between two Events about advice: advice changes with the traffic.
const adviseEvery = time.Minute

// eventState is the content of the Events of a scaler so far, so that no Event is written twice.
type eventState struct {
	refusal     string // empty: none
	verdict     scaler.Reason
	stopped     scaler.Reason // what stops it from scaling down; empty: nothing
	overdue     bool
	disposition scaler.Disposition
	applied     time.Time // decision that was applied
	failed      time.Time // decision whose write failed
	advised     time.Time
	desired     int32
}

// newEvents are the Events of an outcome that were not written yet: about the scaler and its target, or about the scaler
// alone.
//
//	what happened                        type     reason           target too
//	replicas were written                Normal   ScaleUp, …       yes
//	they would be written, in advise     Normal   ScaleUp, …       yes, at most once a minute
//	another autoscaler gets the number   Normal   ScaleUp, …       yes, at most once a minute
//	another controller owns the target   Warning  Conflict         yes, when it begins
//	the write failed                     Warning  Failed           yes
//	the scaler is refused                Warning  Invalid, …       no, when it begins
//	a verdict that warns                 Warning  Unschedulable, … no, when it begins
//	scaling down is stopped              Warning  ScaleDownStopped no, when it begins; or FleetStopped
//	a hold is overdue                    Warning  HoldOverdue      no, when it begins
func (s eventState) newEvents(o scaler.Outcome, now time.Time) (both, own []event, next eventState) {
	next = s
	next.refusal = o.Refusal.String()
	if o.Refused() {
		if next.refusal != s.refusal && o.Refusal.Reason != v1alpha1.NotReadYet {
			own = append(own, event{corev1.EventTypeWarning, string(o.Refusal.Reason), next.refusal})
		}
		return both, own, next
	}
	d := o.Decision
	next.verdict, next.overdue, next.disposition = d.Verdict, d.Overdue, o.Disposition
	if d.Verdict.Warns() && d.Verdict != s.verdict {
		own = append(own, event{corev1.EventTypeWarning, string(d.Verdict), o.Line})
	}
	var why string
	if next.stopped, why, _ = d.StoppedBy(); next.stopped != "" && next.stopped != s.stopped {
		own = append(own, event{corev1.EventTypeWarning, string(next.stopped), why})
	}
	if d.Overdue && !s.overdue {
		own = append(own, event{corev1.EventTypeWarning, HoldOverdue, o.Line})
	}
	if o.Disposition == scaler.Conflict && s.disposition != scaler.Conflict {
		both = append(both, event{corev1.EventTypeWarning, string(scaler.Conflict), conflictOf(o)})
	}
	if d.Desired != d.Current {
		both = append(both, next.change(o, now)...)
	}
	return both, own, next
}

// change is the Event about a change that was written, that failed, or that is only advised, if there was none about it.
func (s *eventState) change(o scaler.Outcome, now time.Time) []event {
	d := o.Decision
	switch o.Disposition {
	case scaler.Applied:
		if !d.At.Equal(s.applied) {
			s.applied = d.At
			return []event{{corev1.EventTypeNormal, string(d.Reason()), o.Line}}
		}
	case scaler.Failed:
		if !d.At.Equal(s.failed) {
			s.failed = d.At
			return []event{{corev1.EventTypeWarning, string(scaler.Failed), o.Line + ": " + o.Failure}}
		}
	case scaler.Advised:
		if (d.Desired != s.desired || s.advised.IsZero()) && now.Sub(s.advised) >= adviseEvery {
			s.advised, s.desired = now, d.Desired
			return []event{{corev1.EventTypeNormal, string(d.Reason()), adviceOf(o)}}
		}
	case scaler.Answered:
		return s.answered(o, now)
	case scaler.Conflict, scaler.Follower, scaler.Paused:
	}
	return nil
}

// answered is the Event about a number that another autoscaler is given, if it is another one than the last.
func (s *eventState) answered(o scaler.Outcome, now time.Time) []event {
	given := o.Given
	if given == nil || given.Replicas == s.desired && !s.advised.IsZero() || now.Sub(s.advised) < adviseEvery {
		return nil
	}
	s.advised, s.desired = now, given.Replicas
	message := fmt.Sprintf("another autoscaler is given %d replicas; %s (Answered)", given.Replicas, o.Line)
	return []event{{corev1.EventTypeNormal, string(o.Decision.Reason()), message}}
}

// adviceOf is the message of an advice. It begins with what it is, because the reason of the Event names a change.
func adviceOf(o scaler.Outcome) string {
	return fmt.Sprintf("advice only, nothing is written: it would go from %d to %d replicas; %s (Advised)", o.Decision.Current, o.Decision.Desired, o.Line)
}

// conflictOf is the message of a conflict: who owns the target, or that another writer was first.
func conflictOf(o scaler.Outcome) string {
	if w := o.Workload.Owner; w.Owns() {
		return fmt.Sprintf("%s %s sets the replicas, so lagscaler does not write them: %s", w.Kind, w.Name, o.Line)
	}
	return o.Line + ": " + o.Failure
}

// eventStateFrom reads from the status which Events the leader before this one has written.
func eventStateFrom(s v1alpha1.KafkaScalerStatus) eventState {
	var out eventState
	if d := s.LastDecision; d != nil {
		out.verdict, out.disposition = scaler.Reason(d.Reason), scaler.Disposition(d.Disposition)
	}
	for _, cond := range s.Conditions {
		if cond.Type == v1alpha1.ScaleDownStopped && cond.Status == metav1.ConditionTrue {
			out.stopped = scaler.Reason(cond.Reason)
		}
		if cond.Type == v1alpha1.Ready && cond.Status == metav1.ConditionFalse {
			out.refusal = scaler.Refusal{Reason: scaler.Reason(cond.Reason), Why: cond.Message}.String()
		}
	}
	return out
}

// events writes Events.
type events struct {
	api      access.API
	reporter string // this replica
}

// emit writes an Event about an object. A failure is only logged.
func (w *events) emit(ctx context.Context, about corev1.ObjectReference, e event) {
	if about.Name == "" {
		return
	}
	now := w.api.Clock()
	message := e.message
	if len(message) > longestMessage {
		message = message[:longestMessage-3] + "..."
	}
	_, err := w.api.Clients.Kubernetes.CoreV1().Events(about.Namespace).Create(ctx, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s.%x", about.Name, now.UnixNano()), Namespace: about.Namespace,
		},
		InvolvedObject: about, Type: e.kind, Reason: e.reason, Message: message, Action: e.reason, Count: 1,
		FirstTimestamp: metav1.NewTime(now), LastTimestamp: metav1.NewTime(now), EventTime: metav1.NewMicroTime(now),
		Source: corev1.EventSource{Component: access.Program}, ReportingController: access.Program, ReportingInstance: w.reporter,
	}, metav1.CreateOptions{})
	w.api.Rights.Note(access.Right{Verb: "create", Resource: "events", Namespace: about.Namespace}, err)
	if err != nil {
		w.api.Log.Debug("writing an event failed", "about", about.Kind+"/"+about.Namespace+"/"+about.Name, "reason", e.reason, "err", err)
	}
}
