package scaler

import (
	"slices"
	"time"
)

// Decision is how many replicas a target should have, and every number that led there.
type Decision struct {
	At      time.Time `json:"at"` // when it was decided; polls in between return the standing one
	Target  Ref       `json:"target"`
	Current int32     `json:"current"`
	Desired int32     `json:"desired"`
	Verdict Reason    `json:"verdict"`           // the first rule that matched
	Wanted  int32     `json:"wanted"`            // what the verdict asks for, before the limits
	Steps   []Step    `json:"steps,omitempty"`   // every limit that then changed the number, in order
	Needs   []Need    `json:"needs,omitempty"`   // by source, as in the Input
	Decider int       `json:"deciderIndex"`      // which of Needs the verdict comes from
	Notes   []Reason  `json:"notes,omitempty"`   // conditions that hold but did not decide, sorted
	Wait    *Wait     `json:"wait,omitempty"`    // what a hold waits for
	Overdue bool      `json:"overdue,omitempty"` // the hold has outlived its deadline: HoldOverdue
	Why     Evidence  `json:"why"`               // the numbers of the verdict that belong to no source
	Bounds  Bounds    `json:"bounds"`
	Policy  Policy    `json:"policy"` // in force
}

// Step is one limit that changed the number.
type Step struct {
	Reason Reason `json:"reason"`
	From   int32  `json:"from"`
	To     int32  `json:"to"`
}

// Wait is what a hold waits for.
type Wait struct {
	Since    time.Time  `json:"since"`              // the hold began
	Until    *time.Time `json:"until,omitempty"`    // when it ends by itself, if that is known
	Deadline time.Time  `json:"deadline,omitempty"` // after this it is overdue
}

// Evidence are the numbers of the target that a line may print.
type Evidence struct {
	Ready         int32   `json:"ready"`
	Joined        int32   `json:"joined"`                  // members that count as this target's
	Foreign       int32   `json:"foreign,omitempty"`       // members of the groups that run elsewhere
	PerReplica    int32   `json:"perReplica,omitempty"`    // members in one replica
	Unschedulable int32   `json:"unschedulable,omitempty"` // pods
	Fights        int32   `json:"fights,omitempty"`        // foreign changes in 10 min that came after ours
	Downs         int32   `json:"downs,omitempty"`         // our steps down in the last hour
	From          int32   `json:"foreignFrom,omitempty"`   // the last foreign change
	To            int32   `json:"foreignTo,omitempty"`     //
	PauseSeconds  float64 `json:"pauseSeconds,omitempty"`  // what a rebalance costs

	RebalanceSeconds float64 `json:"rebalanceSeconds,omitempty"` // how long the active one has lasted
	OutageSeconds    float64 `json:"outageSeconds,omitempty"`    // how long polls have been partial or stale
}

// Bounds are the limits in force, for metrics and status.
type Bounds struct {
	Min        int32 `json:"min"`
	Max        int32 `json:"max,omitempty"`        // 0: none
	Partitions int32 `json:"partitions,omitempty"` // consumers that can have one; 0: no complete poll yet, or no limit
	Useful     int32 `json:"useful,omitempty"`     // the same as replicas
}

// CapacityFrom says where a consumer's capacity comes from.
type CapacityFrom string

// Where a capacity may come from.
const (
	Declared CapacityFrom = "declared" // processingTime
	Learned  CapacityFrom = "learned"  // from saturated consumers
	Observed CapacityFrom = "observed" // the most one consumer was seen to do: a lower bound
	NotKnown CapacityFrom = "unknown"
)

// ForecastFrom says what a forecast rests on.
type ForecastFrom string

// What a forecast may rest on.
const (
	FromRate   ForecastFrom = "rate"  // what arrives now
	FromJump   ForecastFrom = "jump"  // what arrived since the last poll, far more than before
	FromTrend  ForecastFrom = "trend" // its slope
	FromBurst  ForecastFrom = "burst" // less than arrives now: such bursts did not last lately, and the target's lag absorbs them
	FromHour   ForecastFrom = "1h"    // what an hour ago did next
	FromDay    ForecastFrom = "24h"
	FromWeek   ForecastFrom = "7d"
	FromWindow ForecastFrom = "window" // the maximum of the stabilization window
)

// Need is what one source needs, with every number that the lines print. Rates are records/s.
type Need struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`

	// Measured.
	Rate       float64 `json:"rate"` // arriving, over 30 s
	RateKnown  bool    `json:"rateKnown"`
	Consumed   float64 `json:"consumed"` // committed, over 30 s
	Lag        int64   `json:"lag"`      // total, without residual lag
	MaxLag     int64   `json:"maxLag"`
	LagSeconds float64 `json:"lagSeconds"` // of the worst partition
	// MovingSeconds is the same without stalled partitions, which nothing that is decided here moves.
	MovingSeconds float64 `json:"movingSeconds"`
	LagKnown      bool    `json:"lagKnown"`
	Partitions    int32   `json:"partitions"`
	Unanswered    int32   `json:"unanswered,omitempty"`
	Silent        []int32 `json:"silentBrokers,omitempty"`
	Members       int32   `json:"members"`
	Assignor      string  `json:"assignor,omitempty"`
	AgeSeconds    float64 `json:"ageSeconds"` // of the reading

	// Capacity.
	PerConsumer float64      `json:"perConsumer"`
	Capacity    CapacityFrom `json:"capacity"`

	// Demand: Rate -> Forecast -> Base = Forecast/Utilization - Excluded -> Required = Base + DrainRate.
	Forecast     float64      `json:"forecast"`
	ForecastBy   ForecastFrom `json:"forecastBy"`
	Horizon      float64      `json:"horizonSeconds"`
	Utilization  float64      `json:"utilization"`
	Base         float64      `json:"base"`
	Backlog      float64      `json:"backlog"` // records to drain in DrainSeconds, what isolated partitions leave over apart
	DrainSeconds float64      `json:"drainSeconds"`
	DrainRate    float64      `json:"drainRate"`          // Backlog / DrainSeconds
	Excluded     float64      `json:"excluded,omitempty"` // of Base: what bound partitions get beyond a fair share
	Required     float64      `json:"required"`

	// The way down: PeakRequired = max(Peak/DownUtilization, Room) - DownExcluded, Room = RoomShare * RoomPeak.
	Peak            float64 `json:"peak"`                // greatest rate of the window
	Room            float64 `json:"room,omitempty"`      // for the last hour's peak, should it come back at once
	RoomPeak        float64 `json:"roomPeak,omitempty"`  // greatest sustained rate of the hour
	RoomShare       float64 `json:"roomShare,omitempty"` // of it that must run already
	DownExcluded    float64 `json:"downExcluded,omitempty"`
	WindowSeconds   float64 `json:"windowSeconds"`
	DownUtilization float64 `json:"downUtilization"`
	PeakRequired    float64 `json:"peakRequired"`

	// Consumers: whole numbers of them.
	Plan     int32 `json:"plan"`
	Fit      int32 `json:"fit"`
	Up       int32 `json:"up"` // the greater
	RatePlan int32 `json:"ratePlan"`
	ByRate   int32 `json:"byRate"` // the same without the drain
	DownPlan int32 `json:"downPlan"`
	Down     int32 `json:"down"`   // the same from Peak
	Useful   int32 `json:"useful"` // more than these would idle

	Bound      []PartitionNeed `json:"bound,omitempty"`    // partitions that one consumer cannot carry
	AllBound   bool            `json:"allBound,omitempty"` // so many that every partition needs a consumer of its own
	Isolated   []PartitionNeed `json:"isolated,omitempty"` // partitions whose backlog alone fills a consumer
	Stalled    []PartitionNeed `json:"stalled,omitempty"`
	Downstream *Downstream     `json:"downstream,omitempty"`
}

// PartitionNeed is one partition that stands out.
type PartitionNeed struct {
	Topic      string  `json:"topic"`
	Partition  int32   `json:"partition"`
	Rate       float64 `json:"rate"`
	Lag        int64   `json:"lag"`
	ETASeconds float64 `json:"etaSeconds,omitempty"` // until its backlog is gone; 0: unknown
}

// Downstream is an experiment with fewer consumers, while it lasts.
type Downstream struct {
	Cap       float64   `json:"cap"`  // what AtN consumers did together
	AtN       int32     `json:"atN"`  // consumers when it began
	CapN      int32     `json:"capN"` // consumers that do it as well
	Did       float64   `json:"did"`  // what they do now
	Best      float64   `json:"best"` // the best one consumer ever did
	NextProbe time.Time `json:"nextProbe"`
}

// Change is one write of the replicas. Applying it fails when the size is not From.
type Change struct {
	Target   Ref
	From, To int32
	Reason   Reason
	At       time.Time
}

// Change is what the decision asks to write, if it was made at now and asks for anything.
// A standing decision asks for nothing: the next one does.
func (d Decision) Change(now time.Time) (Change, bool) {
	if !d.At.Equal(now) || d.Desired == d.Current || d.Verdict == TargetNotFound {
		return Change{}, false
	}
	return Change{Target: d.Target, From: d.Current, To: d.Desired, Reason: d.Reason(), At: d.At}, true
}

// Reason is what the change is called: the verdict, or the limit that moved the number when the verdict alone would
// not have.
func (d Decision) Reason() Reason {
	if d.Wanted == d.Current && len(d.Steps) > 0 {
		return d.Steps[len(d.Steps)-1].Reason
	}
	return d.Verdict
}

// Same reports whether a decision is the same answer for the same reasons as another, whatever its numbers: then it is
// not worth another event or log line.
func (d Decision) Same(o Decision) bool {
	return d.Current == o.Current && d.Desired == o.Desired && d.Verdict == o.Verdict && d.Overdue == o.Overdue &&
		slices.Equal(d.Notes, o.Notes) &&
		slices.EqualFunc(d.Steps, o.Steps, func(a, b Step) bool { return a.Reason == b.Reason })
}

// Direction is where a decision goes.
type Direction string

// The directions of a decision.
const (
	Up   Direction = "up"
	Down Direction = "down"
	Hold Direction = "hold"
)

// Direction is where the decision goes.
func (d Decision) Direction() Direction {
	switch {
	case d.Desired > d.Current:
		return Up
	case d.Desired < d.Current:
		return Down
	}
	return Hold
}

// Need is what the source needs that the verdict comes from; ok is false when no source was evaluated.
func (d Decision) Need() (n Need, ok bool) {
	if d.Decider < 0 || d.Decider >= len(d.Needs) {
		return Need{}, false
	}
	return d.Needs[d.Decider], true
}
