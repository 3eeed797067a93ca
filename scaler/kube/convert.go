package kube

import (
	"cmp"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/kube/v1alpha1"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// declaredOf converts a KafkaScaler into the types of package scaler. It checks nothing: the API server's schema refuses
// most errors, and [scaler.Spec.Policy] finds the others, all at once.
func declaredOf(k *v1alpha1.KafkaScaler) Declared {
	ref := k.Spec.ScaleTargetRef
	return Declared{
		Name: k.Namespace + "/" + k.Name,
		Target: seen.Ref{
			APIVersion: cmp.Or(ref.APIVersion, "apps/v1"), Kind: cmp.Or(ref.Kind, "Deployment"),
			Namespace: k.Namespace, Name: ref.Name,
		},
		Spec: specOf(k.Spec),
	}
}

func specOf(s v1alpha1.KafkaScalerSpec) scaler.Spec {
	spec := scaler.Spec{
		Mode: scaler.Mode(s.Mode), Kind: scaler.PolicyKind(s.Policy), Preset: scaler.Preset(s.Preset),
		MinReplicas: s.MinReplicas, MaxReplicas: s.MaxReplicas, FallbackReplicas: s.FallbackReplicas,
		TargetLag: length(s.TargetLag), DrainTime: length(s.DrainTime),
		StabilizationWindow: length(s.StabilizationWindow), IdleTime: length(s.IdleTime),
		ActivationLag: value(s.ActivationLag), OnDelete: scaler.OnDelete(s.OnDelete),
		OnZeroByHand: scaler.OnZeroByHand(s.OnZeroByHand), Objective: s.Objective, ObjectiveBudget: s.ObjectiveBudget,
	}
	if s.Place != nil {
		spec.Place = &scaler.Place{Share: value(s.Place.Share)}
	}
	if s.SLO != nil {
		spec.SLO = lag.SLO{
			Lag: value(s.SLO.Lag), LagTime: length(s.SLO.LagTime), RebalancesPerHour: value(s.SLO.RebalancesPerHour),
			RebalanceTime: length(s.SLO.RebalanceTime), Churn: value(s.SLO.Churn), Skew: value(s.SLO.Skew),
		}
	}
	for _, src := range s.Sources {
		spec.Sources = append(spec.Sources, seen.SourceSpec{
			Cluster: src.Cluster, Group: src.Group, Topics: src.Topics, TopicPattern: src.TopicPattern,
			ProcessingTime: length(src.ProcessingTime), Concurrency: value(src.Concurrency),
			ConsumersPerReplica: value(src.ConsumersPerReplica), SessionTimeout: length(src.SessionTimeout),
			CommitInterval: length(src.CommitInterval), Isolation: seen.Isolation(src.Isolation),
			CommitsWithin: length(src.CommitsWithin), LeavesBehind: value(src.LeavesBehind),
			MaxShareMembers: value(src.MaxShareMembers), OffsetReset: seen.OffsetReset(src.OffsetReset),
			StandbyFor: standbyFor(src.StandbyFor),
		})
	}
	for _, w := range s.Schedule {
		spec.Schedule = append(spec.Schedule, scaler.WindowSpec(w))
	}
	return spec
}

func standbyFor(s *v1alpha1.StandbyFor) seen.StandbyFor {
	if s == nil {
		return seen.StandbyFor{}
	}
	return seen.StandbyFor{Cluster: s.Cluster, MirrorDelay: length(s.MirrorDelay)}
}

func length(d *v1alpha1.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return d.Duration.Duration
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
