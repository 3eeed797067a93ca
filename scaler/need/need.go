package need

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// Input has everything that a need is estimated from.
type Input struct {
	Now       time.Time
	Clock     seen.Clock
	Seen      *seen.History
	Learned   *learn.Source
	Targets   Targets
	Horizon   time.Duration // until a replica that is requested now processes records
	HourPeak  float64       // the greatest effective rate of the last hour, records/s
	Consumers int32         // that the replicas and members elsewhere are; 0: as many as there are members
	Fleet     Fleet
	Played    *Played // nil: the replicas are those that were decided
	Removed   Removed
	Promise   *promise.Choice // the room that is kept for an objective; nil: none is set
	IdleSince time.Time       // there has been neither lag nor an arrival since then; zero: there is one
}

// Removed is what is known of members whose replicas were removed, and that keep their partitions until their session ends.
type Removed struct {
	Holds      map[int]bool  // the members, by their place in the reading; false: it may be so
	Recovering bool          // the group processes what they left unread
	Unread     time.Duration // for how long the next step down will leave partitions unread; 0: consumers leave when they end
}

// Played is what would be, had an advice been written.
type Played struct {
	Backlog   float64 // records that would wait
	PerSecond float64 // records that would be processed
}

// Targets are the values of a policy that a need depends on.
type Targets struct {
	Utilization         float64 // share of its capacity that a consumer is planned for, scaling up
	DownUtilization     float64 // and scaling down
	KeepsReserve        bool    // for the last hour's peak to come back at once
	TargetLag           time.Duration
	DrainTime           time.Duration
	StabilizationWindow time.Duration
	IdleTime            time.Duration
}

// Estimate is the need of a source, and facts from the same measurement.
type Estimate struct {
	Need     Need
	Trial    *learn.Trial   // of fewer consumers; nil: none is worth it
	Forecast learn.Forecast // to be compared with the arrivals later; its At is 0 when none was made
	High     bool           // lag is above a fixed threshold
	Frozen   bool           // there is lag, and no position moved within the stall window
	Idle     bool           // no lag and no arrivals, as far as every partition tells
}

// Of estimates the need of a source.
func Of(in Input) Estimate {
	e := measure(&in)
	var made learn.Forecast
	if e.need.RateKnown {
		made = e.forecast()
		e.demand()
	}
	e.count()
	return Estimate{Need: e.need, Trial: e.trial(), Forecast: made, High: e.high(), Frozen: e.frozen(), Idle: e.idle()}
}

// ForecastBy says how a forecast was made.
type ForecastBy string

// The ways to make a forecast.
const (
	FromRate   ForecastBy = "rate"  // the present arrival rate
	FromJump   ForecastBy = "jump"  // what a jump is expected to come to: the arrival rate since the last poll is far above the one before
	FromTrend  ForecastBy = "trend" // its slope
	FromBurst  ForecastBy = "burst" // less than arrives now: such bursts did not last lately, and the target's lag absorbs them
	FromHour   ForecastBy = "1h"    // the rate that followed an hour ago
	FromDay    ForecastBy = "24h"
	FromWeek   ForecastBy = "7d"
	FromPeriod ForecastBy = "period" // that was found in the arrivals of the last days: Need.PeriodSeconds
	FromWindow ForecastBy = "window" // the maximum of the stabilization window
)

// Need is the need of one source, with every number that a line prints. Rates are records/s.
type Need struct {
	Cluster string `json:"cluster"`
	Group   string `json:"group"`

	StandsBy bool `json:"standsBy,omitempty"` // a copy that the consumers do not use: nothing below is needed

	// Measured.
	Rate       float64 `json:"rate"` // arriving, over RateOver
	RateKnown  bool    `json:"rateKnown"`
	RateOver   float64 `json:"rateOverSeconds,omitempty"` // between the readings that rates are measured from: 30 s, less after a start
	Consumed   float64 `json:"consumed"`                  // committed, over RateOver
	Lag        int64   `json:"lag"`                       // total, without the offsets after commits that are not, or may not be, records
	Rest       int64   `json:"rest,omitempty"`            // offsets after commits: not known whether they are unread records
	Resting    int32   `json:"resting,omitempty"`         // partitions of Rest
	Unread     int64   `json:"unread,omitempty"`          // of Lag: in partitions of members whose replicas were removed, or may have been, and whose session has not ended
	MaxLag     int64   `json:"maxLag"`
	LagSeconds float64 `json:"lagSeconds"` // of the worst partition
	// MovingSeconds is the same without stalled partitions, which nothing that is decided here moves. Partitions of members whose
	// replicas may have been removed are not left out.
	MovingSeconds float64 `json:"movingSeconds"`
	// LagSecondsAtMost is an upper bound of the time lag, where LagSeconds is not known.
	LagSecondsAtMost float64 `json:"lagSecondsAtMost,omitempty"`

	LagKnown       bool        `json:"lagKnown"`
	LagAtLeast     bool        `json:"lagAtLeast,omitempty"`     // partitions are missing from Lag
	LagSecondsFrom TimeLagFrom `json:"lagSecondsFrom,omitempty"` // how LagSeconds is known
	Partitions     int32       `json:"partitions"`
	Unanswered     int32       `json:"unanswered,omitempty"`
	Silent         []int32     `json:"silentBrokers,omitempty"`
	Members        int32       `json:"members"`
	MembersUnknown bool        `json:"membersUnknown,omitempty"` // nobody has said yet who is in the group
	Assignor       string      `json:"assignor,omitempty"`
	AgeSeconds     float64     `json:"ageSeconds"`              // of the reading
	NoGroup        bool        `json:"noGroup,omitempty"`       // the cluster has no such group
	MissingTopics  []string    `json:"missingTopics,omitempty"` // topics that the source names, and that do not exist

	// Capacity.
	PerConsumer float64            `json:"perConsumer"`
	Capacity    learn.CapacityFrom `json:"capacity"`

	// Demand: Rate -> Forecast -> Base = Forecast/Utilization - Excluded -> Required = Base + DrainRate.
	Forecast     float64    `json:"forecast"`
	ForecastBy   ForecastBy `json:"forecastBy"`
	Period       float64    `json:"periodSeconds,omitempty"` // after which the arrivals repeat themselves; 0: no such time was found
	Horizon      float64    `json:"horizonSeconds"`
	Utilization  float64    `json:"utilization"`
	Base         float64    `json:"base"`
	Backlog      float64    `json:"backlog"` // records to drain in DrainSeconds, what isolated partitions leave over apart
	DrainSeconds float64    `json:"drainSeconds"`
	DrainRate    float64    `json:"drainRate"`          // Backlog / DrainSeconds
	Excluded     float64    `json:"excluded,omitempty"` // of Base: what bound partitions get beyond a fair share
	Required     float64    `json:"required"`
	Behind       bool       `json:"behind,omitempty"` // more arrives than the members that joined can process
	Joined       int32      `json:"joined,omitempty"` // those members

	// The way down: PeakRequired = max(Peak/DownUtilization, Peak + UnreadRate, Reserve) - DownExcluded,
	// Reserve = ReserveShare * ReservePeak.
	Peak            float64 `json:"peak"`                    // greatest rate of the window
	Reserve         float64 `json:"room,omitempty"`          // for the last hour's peak, should it come back at once
	ReservePeak     float64 `json:"roomPeak,omitempty"`      // greatest sustained rate of the hour
	ReserveShare    float64 `json:"roomShare,omitempty"`     // of it that must run already
	UnreadRate      float64 `json:"unreadRate,omitempty"`    // to process what the consumers of removed replicas will leave unread
	UnreadSeconds   float64 `json:"unreadSeconds,omitempty"` // for so long
	DownExcluded    float64 `json:"downExcluded,omitempty"`
	WindowSeconds   float64 `json:"windowSeconds"`
	DownUtilization float64 `json:"downUtilization"`
	PeakRequired    float64 `json:"peakRequired"`

	// Promise is the room that is kept for an objective: Base is at least (Promise.PerSecond - Excluded), and so is PeakRequired.
	Promise *promise.Choice `json:"promise,omitempty"`

	// Consumers: whole numbers of them.
	Plan     int32 `json:"plan"`
	Fit      int32 `json:"fit"`
	Up       int32 `json:"up"`                 // the greater
	GoesBack int32 `json:"goesBack,omitempty"` // of Up: consumers before a trial that has just failed
	RatePlan int32 `json:"ratePlan"`
	ByRate   int32 `json:"byRate"` // the same without the drain
	DownPlan int32 `json:"downPlan"`
	Down     int32 `json:"down"`            // the same from Peak
	Useful   int32 `json:"useful"`          // more than these would idle
	Tasks    int32 `json:"tasks,omitempty"` // of Kafka Streams, which are assigned as a whole; 0: none, or not known

	MaxShareMembers         int32 `json:"maxShareMembers,omitempty"`         // that a share group may have; 0: it is none
	DeclaredMaxShareMembers bool  `json:"declaredMaxShareMembers,omitempty"` // by the KafkaScaler
	ReadMaxShareMembers     bool  `json:"readMaxShareMembers,omitempty"`     // from its coordinator; else, if not declared, it is Kafka's default

	Bound      []Partition       `json:"bound,omitempty"`    // partitions that one consumer cannot carry
	AllBound   bool              `json:"allBound,omitempty"` // so many that every partition needs a consumer of its own
	Isolated   []Partition       `json:"isolated,omitempty"` // partitions whose backlog alone fills a consumer
	Stalled    []Partition       `json:"stalled,omitempty"`
	Downstream *learn.Downstream `json:"downstream,omitempty"`
}

// TimeLagFrom says how a time lag is known.
type TimeLagFrom string

// How a time lag is known.
const (
	LateUnknown   TimeLagFrom = ""
	LateMeasured  TimeLagFrom = "measured"  // from the readings of the end of the log
	LateAtLeast   TimeLagFrom = "atLeast"   // a lower bound: a record is older than the readings, or a partition is missing
	LateAtMost    TimeLagFrom = "atMost"    // LagSecondsAtMost: soon after a start, that is all that is known
	LateEstimated TimeLagFrom = "estimated" // lag / arrival rate, because a record is older than the readings
)

// Partition is one partition that stands out.
type Partition struct {
	Topic      string  `json:"topic"`
	Partition  int32   `json:"partition"`
	Rate       float64 `json:"rate"`
	Lag        int64   `json:"lag"`
	ETASeconds float64 `json:"etaSeconds,omitempty"` // until its backlog is gone; 0: unknown
}
