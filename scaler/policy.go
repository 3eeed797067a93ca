package scaler

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Spec is everything a user may say about a scaler. The zero value of a field means its default, see [Spec.Policy].
type Spec struct {
	Mode   Mode
	Kind   PolicyKind
	Preset Preset
	SLO    lag.SLO // the alerts' thresholds; it does not change a decision

	Sources []seen.SourceSpec

	Place *Place // the target is one of two places in which consumers of its groups run; nil: the only one

	MinReplicas      *int32 // nil: 1; 0 allows scale to zero
	MaxReplicas      *int32 // nil: none but the partitions
	FallbackReplicas *int32 // nil: hold
	Schedule         []WindowSpec

	TargetLag           time.Duration // 0: 30 s
	DrainTime           time.Duration // 0: max(120 s, 2 TargetLag)
	StabilizationWindow time.Duration // 0: the preset's
	ActivationLag       int64         // records; at zero replicas, more lag than this activates
	IdleTime            time.Duration // 0: 600 s without lag and arrivals before scale to zero
	OnDelete            OnDelete
	OnZeroByHand        OnZeroByHand

	Objective       *float64 // percent of the records that are to be processed within TargetLag; nil: none
	ObjectiveBudget *float64 // how many times the cheapest way it may cost; nil: 1.5
}

// Place is one of two places in which consumers of a group run, each with a scaler of its own.
type Place struct {
	Share int32 `json:"share,omitempty"` // percent of the consumers that this place takes; 0: learned
}

// PolicyKind is how replicas are computed.
type PolicyKind string

// The kinds of policy.
const (
	Capacity   PolicyKind = "capacity"   // the plan for the required rate: the default
	Thresholds PolicyKind = "thresholds" // the fixed lag thresholds
)

// Preset moves the headroom and the window together.
type Preset string

// The presets, see [Presets].
const (
	Balanced Preset = "balanced"
	Economy  Preset = "economy"
	Latency  Preset = "latency"
)

// PresetValues are the values of a preset.
type PresetValues struct {
	Preset              Preset
	Utilization         float64 // share of its capacity that a consumer is planned for, going up
	DownUtilization     float64 // and going down
	StabilizationWindow time.Duration
	KeepsRoom           bool // for the last hour's peak to come back at once
}

// Presets are all of them; the first is the default.
var Presets = []PresetValues{
	{Balanced, 0.92, 0.87, 240 * time.Second, true},
	{Economy, 0.95, 0.90, 240 * time.Second, false},
	{Latency, 0.80, 0.75, 480 * time.Second, true},
}

// OnDelete says how a target is left when its scaler is deleted.
type OnDelete string

// The ways to leave a target.
const (
	Keep    OnDelete = "keep"    // the replicas stay as they are
	Restore OnDelete = "restore" // at least one replica; the default when minReplicas is 0
)

// OnZeroByHand says what to do when somebody else sets the replicas to 0.
type OnZeroByHand string

// What to do with a zero by hand.
const (
	KeepZero OnZeroByHand = "keep" // the target stays at zero until somebody resumes it: the default
	Wake     OnZeroByHand = "wake" // as if lagscaler had set it
)

// Policy is a Spec with its defaults and preset filled in and its schedule parsed: the policy in force.
// [Spec.Policy] is the way to make one.
type Policy struct {
	Mode            Mode       `json:"mode"`
	Kind            PolicyKind `json:"policy"`
	Preset          Preset     `json:"preset"`
	Utilization     float64    `json:"utilization"`
	DownUtilization float64    `json:"downUtilization"`
	KeepsRoom       bool       `json:"keepsRoom,omitempty"`
	SLO             lag.SLO    `json:"-"`

	Place *Place `json:"place,omitempty"` // one of two; nil: the only one

	MinReplicas      int32    `json:"minReplicas"`
	MaxReplicas      int32    `json:"maxReplicas,omitempty"`      // 0: none but the partitions
	FallbackReplicas int32    `json:"fallbackReplicas,omitempty"` // 0: hold
	Schedule         []Window `json:"-"`

	TargetLag           time.Duration `json:"targetLag"`
	DrainTime           time.Duration `json:"drainTime"`
	StabilizationWindow time.Duration `json:"stabilizationWindow"`
	ActivationLag       int64         `json:"activationLag"`
	IdleTime            time.Duration `json:"idleTime"`
	OnDelete            OnDelete      `json:"onDelete"`
	OnZeroByHand        OnZeroByHand  `json:"onZeroByHand,omitempty"`

	Objective       float64 `json:"objective,omitempty"`       // percent of the records within TargetLag; 0: none
	ObjectiveBudget float64 `json:"objectiveBudget,omitempty"` // how many times the cheapest way it may cost
}

// Policy fills in the fields that the user left out. The error lists every wrong field, with its value.
func (s Spec) Policy() (Policy, error) {
	preset, ok := presetOf(s.Preset)
	errs := s.wrong()
	if !ok {
		errs = append(errs, fmt.Errorf("preset: must be balanced, economy or latency, not %q", s.Preset))
	}
	p := Policy{
		Mode: cmp.Or(s.Mode, Advise), Kind: cmp.Or(s.Kind, Capacity), Preset: preset.Preset,
		Utilization: preset.Utilization, DownUtilization: preset.DownUtilization, KeepsRoom: preset.KeepsRoom, SLO: s.SLO,
		MinReplicas: deref(s.MinReplicas, 1), MaxReplicas: deref(s.MaxReplicas, 0), FallbackReplicas: deref(s.FallbackReplicas, 0),
		TargetLag:           cmp.Or(s.TargetLag, 30*time.Second),
		StabilizationWindow: cmp.Or(s.StabilizationWindow, preset.StabilizationWindow),
		ActivationLag:       s.ActivationLag,
		IdleTime:            cmp.Or(s.IdleTime, 600*time.Second),
		OnDelete:            s.OnDelete,
		OnZeroByHand:        cmp.Or(s.OnZeroByHand, KeepZero),
		Place:               s.Place,
	}
	if s.Objective != nil {
		p.Objective, p.ObjectiveBudget = *s.Objective, derefOr(s.ObjectiveBudget, promise.DefaultBudget)
	}
	p.DrainTime = cmp.Or(s.DrainTime, max(plan.DefaultDrain, 2*p.TargetLag))
	if p.OnDelete == "" {
		p.OnDelete = Keep
		if p.MinReplicas == 0 {
			p.OnDelete = Restore
		}
	}
	for i, w := range s.Schedule {
		window, wrong := w.parse(fmt.Sprintf("schedule[%d]", i))
		p.Schedule, errs = append(p.Schedule, window), append(errs, wrong...)
	}
	if err := errors.Join(errs...); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// wrong is everything that cannot stand on its own.
func (s Spec) wrong() []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !slices.Contains(Modes, cmp.Or(s.Mode, Advise)) {
		fail("mode: must be observe, advise or act, not %q", s.Mode)
	}
	if k := cmp.Or(s.Kind, Capacity); k != Capacity && k != Thresholds {
		fail("policy: must be capacity or thresholds, not %q", s.Kind)
	}
	if d := cmp.Or(s.OnDelete, Keep); d != Keep && d != Restore {
		fail("onDelete: must be keep or restore, not %q", s.OnDelete)
	}
	if z := cmp.Or(s.OnZeroByHand, KeepZero); z != KeepZero && z != Wake {
		fail("onZeroByHand: must be keep or wake, not %q", s.OnZeroByHand)
	}
	lowest := deref(s.MinReplicas, 1)
	if lowest < 0 {
		fail("minReplicas: must not be negative, not %d", lowest)
	}
	if s.MaxReplicas != nil && *s.MaxReplicas < max(1, lowest) {
		fail("maxReplicas: must be at least 1 and at least minReplicas (%d), not %d", lowest, *s.MaxReplicas)
	}
	if s.FallbackReplicas != nil && *s.FallbackReplicas < 1 {
		fail("fallbackReplicas: must be at least 1, not %d", *s.FallbackReplicas)
	}
	if p := s.Place; p != nil && (p.Share < 0 || p.Share > 99) {
		fail("place.share: must be between 1 and 99 percent, not %d", p.Share)
	}
	if s.ActivationLag < 0 {
		fail("activationLag: must not be negative, not %d", s.ActivationLag)
	}
	for _, d := range []struct {
		field string
		value time.Duration
	}{
		{"targetLag", s.TargetLag},
		{"drainTime", s.DrainTime},
		{"stabilizationWindow", s.StabilizationWindow},
		{"idleTime", s.IdleTime},
	} {
		if d.value != 0 && d.value < time.Second {
			fail("%s: must be at least 1s, not %v", d.field, d.value)
		}
	}
	return slices.Concat(errs, s.wrongObjective(), s.wrongSources())
}

func (s Spec) wrongSources() []error {
	var errs []error
	if len(s.Sources) == 0 {
		errs = append(errs, errors.New("sources: must name at least one group"))
	}
	seen := map[[2]string]bool{}
	for i, src := range s.Sources {
		key := [2]string{src.Cluster, src.Group}
		if seen[key] {
			errs = append(errs, fmt.Errorf("sources[%d].group: %q of cluster %q is named twice", i, src.Group, src.Cluster))
		}
		seen[key] = true
		for _, err := range src.Check() {
			errs = append(errs, fmt.Errorf("sources[%d].%w", i, err))
		}
	}
	return append(errs, s.wrongPairs()...)
}

// wrongPairs is what is wrong with the sources that stand by: each names a source that does not, and no two the same.
func (s Spec) wrongPairs() []error {
	var errs []error
	pairs := map[[2]string]int{}
	for i, src := range s.Sources {
		active := src.StandbyFor.Cluster
		if active == "" {
			continue
		}
		key := [2]string{active, src.Group}
		at := slices.IndexFunc(s.Sources, func(o seen.SourceSpec) bool { return o.Cluster == active && o.Group == src.Group })
		other, twice := pairs[key]
		switch {
		case at < 0 || at == i:
			errs = append(errs, fmt.Errorf("sources[%d].standbyFor.cluster: %q must be the cluster of another source with the group %q", i, active, src.Group))
		case s.Sources[at].StandbyFor.Cluster != "":
			errs = append(errs, fmt.Errorf("sources[%d].standbyFor.cluster: sources[%d] of %q stands by, too", i, at, active))
		case twice:
			errs = append(errs, fmt.Errorf("sources[%d].standbyFor.cluster: sources[%d] stands by for %q already", i, other, active))
		}
		pairs[key] = i
	}
	return errs
}

func presetOf(name Preset) (PresetValues, bool) {
	for _, p := range Presets {
		if name == p.Preset || name == "" {
			return p, true
		}
	}
	return Presets[0], false
}

func deref(value *int32, otherwise int32) int32 { return derefOr(value, otherwise) }

func derefOr[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
