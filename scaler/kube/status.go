package kube

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// statusOf is the status of a KafkaScaler after an outcome; before is the status it replaces, and lacking names the missing
// permissions.
func statusOf(o scaler.Outcome, r *resource, before v1alpha1.KafkaScalerStatus, lacking string, now metav1.Time) v1alpha1.KafkaScalerStatus {
	s := v1alpha1.KafkaScalerStatus{
		ObservedGeneration: r.generation,
		Conditions:         append([]metav1.Condition{}, before.Conditions...),
		Target:             r.Target.Kind + "/" + r.Target.Name,
		Groups:             groupsOf(r.Spec.Sources),
		LastChange:         before.LastChange,
		Asleep:             before.Asleep,
	}
	for _, c := range append(conditionsOf(o), permittedCondition(lacking)) {
		c.ObservedGeneration, c.LastTransitionTime = r.generation, now
		meta.SetStatusCondition(&s.Conditions, c)
	}
	if o.Workload.Sized() {
		s.CurrentReplicas = &o.Workload.Spec
	}
	if o.Refused() {
		return s
	}
	s.Asleep = asleepOf(o.Asleep)
	d := o.Decision
	s.DesiredReplicas = desiredOf(&d)
	if d.Bounds.Replicas > 0 {
		s.Partitions = &d.Bounds.Replicas
	}
	s.Policy = policyOf(d.Policy, o.Mode)
	s.LastDecision = decided(o, before, now)
	s.Objective = objectiveOf(&o)
	if o.Disposition == scaler.Applied && d.Desired != d.Current {
		s.LastChange = &v1alpha1.LastChange{From: d.Current, To: d.Desired, Reason: string(d.Reason()), Time: metav1.NewTime(d.At).Rfc3339Copy()}
	}
	measured(&s, o)
	return s
}

// desiredOf is the number of replicas of a decision; nil: it has none, because the target does not exist.
func desiredOf(d *scaler.Decision) *int32 {
	if !d.Decides() {
		return nil
	}
	return &d.Desired
}

func groupsOf(sources []seen.SourceSpec) string {
	var names []string
	for _, src := range sources {
		if src.StandbyFor.Cluster == "" { // else it is the group of another source
			names = append(names, src.Group)
		}
	}
	return strings.Join(names, ",")
}

// decided is the last decision. Its time stays that of the first decision with the same result.
func decided(o scaler.Outcome, before v1alpha1.KafkaScalerStatus, now metav1.Time) *v1alpha1.LastDecision {
	d := &v1alpha1.LastDecision{
		Reason: string(o.Decision.Verdict), Message: o.Line, Disposition: string(o.Disposition), Time: now.Rfc3339Copy(),
	}
	if last := before.LastDecision; last != nil && last.Reason == d.Reason && last.Disposition == d.Disposition &&
		value(before.DesiredReplicas) == value(desiredOf(&o.Decision)) {
		d.Time = last.Time
	}
	return d
}

// measured writes the measured numbers of an outcome into a status: the sum of its sources, and the time lag of the worst.
// A sum is unknown if a number of one source is unknown.
func measured(s *v1alpha1.KafkaScalerStatus, o scaler.Outcome) {
	if n, ok := o.Decision.Need(); ok && n.PerConsumer > 0 {
		s.CapacityPerConsumer, s.CapacitySource = rounded(n.PerConsumer), string(n.Capacity)
	}
	inUse := measuredInUse(&o)
	if len(inUse) == 0 {
		return
	}
	lagKnown, ratesKnown := true, true
	var total int64
	var produced, consumed float64
	lagBound := ""
	for _, m := range inUse {
		lagKnown = lagKnown && m.LagKnown
		ratesKnown = ratesKnown && m.Produced.Known && m.Consumed.Known
		total += m.Lag
		if !m.Complete {
			lagBound = ">="
		}
		produced, consumed = produced+m.Produced.PerSecond, consumed+m.Consumed.PerSecond
	}
	if lagKnown {
		s.Lag = &total
		s.LagText = lagBound + strconv.FormatInt(total, 10)
	}
	s.TimeLag = worstTimeLag(inUse)
	if ratesKnown {
		s.ArrivalRate, s.ConsumptionRate = rounded(produced), rounded(consumed)
	}
}

// measuredInUse are the sources that do not stand by: those that the consumers read.
func measuredInUse(o *scaler.Outcome) (list []lag.Measurement) {
	for i, m := range o.Measured {
		if i >= len(o.Decision.Needs) || !o.Decision.Needs[i].StandsBy {
			list = append(list, m)
		}
	}
	return list
}

// worstTimeLag is the time lag of the worst source: "12s", ">=1m0s" for a lower bound, "<=1m0s" for an upper bound. It is empty
// if that of one source is not known at all. An upper bound holds for all of them only if no other has just a lower bound.
func worstTimeLag(sources []lag.Measurement) string {
	var late, most float64
	bound := ""
	for _, m := range sources {
		seconds, atLeast, ok := m.TimeLag.Value()
		limit, bounded := m.TimeLag.AtMost()
		if !ok && !bounded {
			return ""
		}
		if atLeast {
			bound = ">="
		}
		late, most = max(late, seconds), max(most, limit)
	}
	if bound == "" && most > late {
		bound, late = "<=", most
	}
	return bound + time.Duration(late*float64(time.Second)).Round(time.Second).String()
}

// rounded keeps three digits. With more digits, the status would change at every poll.
func rounded(x float64) *float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return new(float64)
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(x)))-2)
	x = math.Round(x/unit) * unit
	x = math.Round(x*1e6) / 1e6 // 0.30000000000000004
	return &x
}

func policyOf(p scaler.Policy, inForce scaler.Mode) *v1alpha1.PolicyInForce {
	out := &v1alpha1.PolicyInForce{
		Mode: string(inForce), Policy: string(p.Kind), Preset: string(p.Preset),
		TargetUtilization: p.Utilization, DownUtilization: p.DownUtilization,
		MinReplicas: p.MinReplicas, TargetLag: metav1.Duration{Duration: p.TargetLag},
		DrainTime:           metav1.Duration{Duration: p.DrainTime},
		StabilizationWindow: metav1.Duration{Duration: p.StabilizationWindow}, OnDelete: string(p.OnDelete),
	}
	if p.MaxReplicas > 0 {
		out.MaxReplicas = &p.MaxReplicas
	}
	if p.FallbackReplicas > 0 {
		out.FallbackReplicas = &p.FallbackReplicas
	}
	if p.Objective > 0 {
		out.Objective, out.ObjectiveBudget = &p.Objective, &p.ObjectiveBudget
	}
	return out
}

// onlyNumbers reports whether two statuses differ only in measured numbers. Those are written less often.
func onlyNumbers(a, b v1alpha1.KafkaScalerStatus) bool {
	return equality.Semantic.DeepEqual(unmeasured(a), unmeasured(b))
}

func unmeasured(s v1alpha1.KafkaScalerStatus) v1alpha1.KafkaScalerStatus {
	s = *s.DeepCopy()
	s.LagText = ""
	s.Lag, s.TimeLag, s.ArrivalRate, s.ConsumptionRate, s.CapacityPerConsumer = nil, "", nil, nil, nil
	if s.LastDecision != nil {
		s.LastDecision.Message = ""
	}
	if s.Objective != nil {
		s.Objective.WouldHaveKept, s.Objective.Kept, s.Objective.Message, s.Objective.Cheaper = "", "", "", ""
	}
	if s.Asleep != nil {
		for i := range s.Asleep.Topics {
			s.Asleep.Topics[i].Read, s.Asleep.Topics[i].Committed = 0, 0
		}
	}
	for i := range s.Conditions {
		if s.Conditions[i].Status == metav1.ConditionTrue {
			s.Conditions[i].Message = ""
		}
	}
	return s
}

// conditionsOf are the conditions of an outcome, without their times.
func conditionsOf(o scaler.Outcome) []metav1.Condition {
	return []metav1.Condition{readyCondition(o), activeCondition(o), ableCondition(o), limitedCondition(o), pausedCondition(o), stoppedCondition(o)}
}

func condition(kind string, is bool, reason, message string) metav1.Condition {
	status := metav1.ConditionFalse
	if is {
		status = metav1.ConditionTrue
	}
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

func unknown(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionUnknown, Reason: reason, Message: message}
}

// readyCondition: the spec is valid, and its target and groups exist and can be read.
func readyCondition(o scaler.Outcome) metav1.Condition {
	if o.Refused() {
		return condition(v1alpha1.Ready, false, string(o.Refusal.Reason), o.Refusal.Why)
	}
	if c, absent := absentCondition(&o.Decision); absent {
		return c
	}
	switch v := o.Decision.Verdict; v {
	case scaler.TargetNotFound, scaler.Fallback, scaler.NoCommittedOffsets, scaler.CapacityUnknown:
		return condition(v1alpha1.Ready, false, string(v), v.Doc())
	}
	if unread(&o) {
		return unknown(v1alpha1.Ready, string(scaler.DataStale), "the groups could not be read in the last polls: "+o.Line)
	}
	return condition(v1alpha1.Ready, true, "Evaluated", "the target and its groups can be read")
}

// unread reports whether a group has not been read since the start, so that its lag is unknown on every page, too. A group that was read
// before keeps its last values (package lag), and the scaler stays ready until the verdict is Fallback.
func unread(o *scaler.Outcome) bool {
	stale := o.Decision.Verdict == scaler.DataStale || slices.Contains(o.Decision.Notes, scaler.DataStale)
	return stale && slices.ContainsFunc(measuredInUse(o), func(m lag.Measurement) bool { return !m.LagKnown })
}

// absentCondition is Ready when a group or a topic of the specification does not exist. If no consumer
// can have joined the group yet, it is not known whether its name is wrong.
func absentCondition(d *scaler.Decision) (c metav1.Condition, absent bool) {
	reason, status, names := scaler.TopicNotFound, metav1.ConditionFalse, []string(nil)
	for i := range d.Needs {
		n := &d.Needs[i]
		if what := n.Absent(); what != "" {
			names = append(names, what)
		}
		if n.NoGroup && len(n.MissingTopics) == 0 {
			reason = scaler.GroupNotFound
		}
	}
	if len(names) == 0 || d.Verdict == scaler.TargetNotFound {
		return c, false
	}
	message := strings.Join(names, "; ")
	if !d.NamesWrong() {
		status, reason, message = metav1.ConditionUnknown, v1alpha1.WaitingForGroup, message+"; the first consumer that joins makes the group"
	}
	return metav1.Condition{Type: v1alpha1.Ready, Status: status, Reason: string(reason), Message: message}, true
}

func activeCondition(o scaler.Outcome) metav1.Condition {
	if !o.Workload.Sized() {
		return unknown(v1alpha1.Active, "TargetUnknown", "the number of replicas is not known: the target does not exist, has no scale subresource, or is not read")
	}
	if o.Workload.Spec > 0 {
		return condition(v1alpha1.Active, true, "ReplicasWanted", "the spec of the target has at least one replica")
	}
	return condition(v1alpha1.Active, false, "AtZero", "the spec of the target has 0 replicas")
}

// ableCondition: the daemon would write a change now.
func ableCondition(o scaler.Outcome) metav1.Condition {
	able := func(is bool, reason, message string) metav1.Condition {
		return condition(v1alpha1.AbleToScale, is, reason, message)
	}
	switch {
	case o.Refused():
		return able(false, string(o.Refusal.Reason), "no decision is made, see the condition Ready")
	case o.Disposition == scaler.Answered:
		return able(false, string(scaler.Answered), "another autoscaler asks for the number of replicas and writes it")
	case o.Mode != scaler.Act:
		message := "mode advise: lagscaler shows decisions and does not write them"
		if owner := o.Workload.Owner; owner.Owns() {
			message += "; in mode act it could not write them either, because " + owner.Kind + " " + owner.Name + " sets the replicas of the target"
		}
		return able(false, "Advise", message)
	case o.Disposition == scaler.Paused, o.Workload.Paused:
		return able(false, string(scaler.Paused), "the annotation "+v1alpha1.AnnotationPaused+" is set")
	case o.Workload.Owner.Owns():
		return able(false, string(scaler.Conflict), o.Workload.Owner.Kind+" "+o.Workload.Owner.Name+" sets the replicas of the target")
	case o.Disposition == scaler.Conflict, o.Disposition == scaler.Failed:
		return able(false, string(o.Disposition), cmp.Or(o.Failure, "the last change was not written; the next decision tries again"))
	case o.Decision.Verdict == scaler.ReplicasFought, o.Decision.Verdict == scaler.TargetNotFound:
		return able(false, string(o.Decision.Verdict), o.Decision.Verdict.Doc())
	}
	return able(true, "Leading", "lagscaler writes changes to the target")
}

func limitedCondition(o scaler.Outcome) metav1.Condition {
	if !o.Decision.Decides() || o.Refused() {
		return unknown(v1alpha1.ScalingLimited, "NothingDecided", "no number of replicas is decided, see the condition Ready")
	}
	if n := len(o.Decision.Steps); n > 0 {
		last := o.Decision.Steps[n-1]
		message := last.Reason.Doc()
		if last.Why != "" {
			message += ": " + last.Why
		}
		return condition(v1alpha1.ScalingLimited, true, string(last.Reason), message)
	}
	return condition(v1alpha1.ScalingLimited, false, "WithinLimits", "no limit changed the number of replicas that the decision asked for")
}

func pausedCondition(o scaler.Outcome) metav1.Condition {
	w := o.Workload
	if w.Freeze != nil {
		return condition(v1alpha1.Paused, true, string(scaler.Frozen), scaler.FreezeWords(w.Freeze))
	}
	for _, a := range []struct {
		set        bool
		reason     string
		annotation string
		message    string
	}{
		{w.Paused, string(scaler.Paused), v1alpha1.AnnotationPaused, "lagscaler does not write replicas"},
		{w.FixedReplicas != nil, string(scaler.FixedReplicas), v1alpha1.AnnotationFixedReplicas, "the annotation sets the number of replicas"},
		{w.PauseScaleIn, string(scaler.PauseScaleIn), v1alpha1.AnnotationPauseScaleIn, "no scale down"},
		{w.PauseScaleOut, string(scaler.PauseScaleOut), v1alpha1.AnnotationPauseScaleOut, "no scale up"},
	} {
		if a.set {
			return condition(v1alpha1.Paused, true, a.reason, "annotation "+a.annotation+": "+a.message)
		}
	}
	return condition(v1alpha1.Paused, false, "NotPaused", "no annotation and no freeze stops or limits scaling")
}

// stoppedCondition: its own steps, or those of other scalers, stopped it from scaling down.
func stoppedCondition(o scaler.Outcome) metav1.Condition {
	if reason, why, stopped := o.Decision.StoppedBy(); stopped && !o.Refused() {
		return condition(v1alpha1.ScaleDownStopped, true, string(reason), why)
	}
	return condition(v1alpha1.ScaleDownStopped, false, "NotStopped", "no recent scale-down stops the scaler from scaling down")
}

func permittedCondition(lacking string) metav1.Condition {
	if lacking != "" {
		return condition(v1alpha1.Permitted, false, string(v1alpha1.MissingRight), lacking)
	}
	return condition(v1alpha1.Permitted, true, "Granted", "all permissions are granted")
}
