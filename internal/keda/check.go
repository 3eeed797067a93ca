package keda

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// check checks the converted fields as the program does when it reads a KafkaScaler: a ScaledObject may have values that
// no scaler can have, such as a window that never opens.
func (s spec) check() []error {
	in := scaler.Spec{
		MinReplicas: &s.MinReplicas, MaxReplicas: s.MaxReplicas, FallbackReplicas: s.FallbackReplicas, ActivationLag: s.ActivationLag,
		StabilizationWindow: duration(s.StabilizationWindow), IdleTime: duration(s.IdleTime),
	}
	for _, src := range s.Sources {
		in.Sources = append(in.Sources, seen.SourceSpec{Cluster: src.Cluster, Group: src.Group, Topics: src.Topics, OffsetReset: seen.OffsetReset(src.OffsetReset)})
	}
	for _, w := range s.Schedule {
		in.Schedule = append(in.Schedule, scaler.WindowSpec{Start: w.Start, End: w.End, TimeZone: w.TimeZone, MinReplicas: w.MinReplicas})
	}
	_, err := in.Policy()
	if err == nil {
		return nil
	}
	var errs []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			errs = append(errs, fmt.Errorf("no KafkaScaler can have %w", e))
		}
	}
	return errs
}

// duration is the value of what seconds has printed.
func duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}
