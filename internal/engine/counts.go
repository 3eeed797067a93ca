package engine

import (
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/scaler"
)

// ScalerCounts are counters since start, by reason and direction.
type ScalerCounts struct {
	Decisions []ReasonCount // sorted by reason
	Ups       uint64
	Downs     uint64
	Errors    uint64
}

// ReasonCount says how often a reason was the verdict.
type ReasonCount struct {
	Reason scaler.Reason
	Count  uint64
}

// counts are the counters of one scaler.
type counts struct {
	decisions          map[scaler.Reason]uint64
	ups, downs, errors uint64
}

// applied counts a change and whether it could be written.
func (c *counts) applied(d scaler.Decision, err error) {
	switch {
	case err != nil:
		c.errors++
	case d.Desired > d.Current:
		c.ups++
	default:
		c.downs++
	}
}

// published are the counters as a value.
func (c *counts) published() ScalerCounts {
	out := ScalerCounts{Ups: c.ups, Downs: c.downs, Errors: c.errors}
	for reason, n := range c.decisions {
		out.Decisions = append(out.Decisions, ReasonCount{Reason: reason, Count: n})
	}
	slices.SortFunc(out.Decisions, func(a, b ReasonCount) int { return strings.Compare(string(a.Reason), string(b.Reason)) })
	return out
}
