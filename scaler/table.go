package scaler

import (
	"time"

	"github.com/lagscaler/lagscaler/scaler/need"
)

// rule is one verdict: a row of the table. Its row has everything that a decision says of the verdict. What depends on
// single verdicts besides: the conditions of a KafkaScaler (readyCondition, ableCondition in scaler/kube), which verdicts decide
// early (accepts), the limits that a zero by hand switches off, and the problems that pages list.
type rule struct {
	reason   Reason
	doc      string                                      // one line, for people
	blocks   direction                                   // where the target may not go meanwhile
	deadline time.Duration                               // of a rule that blocks: after this it is overdue
	event    event                                       // whether a Warning Event says that it began
	when     func(f *facts) (replicas int32, holds bool) // how many replicas it asks for, if it matches
	until    func(f *facts) (at time.Time, known bool)   // when time alone ends it; nil: never
	words    func(d *Decision, n *need.Need) []string    // the numbers that made it match: the parts of a line
	note     func(f *facts) bool                         // when it is named beside another verdict; nil: never
	unless   Reason                                      // the verdict beside which it is not named
	again    bool                                        // the reason has another row, which says all but when
}

// direction is where a target may not go.
type direction uint8

// What a rule may block.
const (
	nothing direction = 0
	down    direction = 1
	up      direction = 2
	both              = down | up
)

// event says whether a verdict has a Warning Event of its own when it begins.
type event uint8

// The choice stands in every row, so that a new one does not make it by accident.
const (
	_       event = iota
	noEvent       // it ends by itself, or it is a change, which has an Event already
	warning       // somebody may have to act
)

// How long a hold may last.
const (
	usual = 15 * time.Minute // but never less than until it ends by itself
	hour  = 75 * time.Minute // it ends by itself within the hour
	never = -1               // it may last for ever: a replica or two more than needed is a choice, not a fault
)

// rules are tried in order, for each source; the first that matches is the verdict. A gate blocks only scaling down: it
// matches when fewer replicas would do, or when that is not known.
var rules = []rule{
	{
		reason: TargetNotFound, blocks: both, deadline: usual, when: (*facts).targetNotFound, words: targetWords,
		event: warning,
		doc:   "the target does not exist or has no scale subresource",
	},
	{ // of an HPA, too, 0 replicas are the operator's
		reason: ZeroByHandWaiting, blocks: up, deadline: never, when: (*facts).byHandWaiting, words: byHandWords,
		event: warning,
		doc:   "somebody else set the replicas to 0, and records wait",
	},
	{
		reason: ZeroByHand, blocks: up, deadline: never, when: (*facts).byHand, words: byHandWords,
		event: noEvent,
		doc:   "somebody else set the replicas to 0: the target stays there until somebody resumes it",
	},
	{
		reason: Activate, when: (*facts).activate, words: activateWords,
		event: noEvent,
		doc:   "no replica runs, and records wait",
	},
	{ // all of it: more replicas do not make it move. Status "stalled" of package lag is PartitionStalled below
		reason: Stalled, blocks: both, deadline: usual, when: (*facts).stalled, words: stalledWords,
		event: warning,
		doc:   "there is lag and no committed offset moves for longer than it usually does, though members have the partitions: more replicas cannot help",
	},
	{ // two controllers on one target undo each other's changes
		reason: ReplicasFought, blocks: both, deadline: usual, when: (*facts).fought, words: foughtWords,
		event: warning,
		doc:   "another client changed the replicas after lagscaler did, three times in 10 min",
	},
	{ // it asks for the cap of the experiment: so many consumers should process as much
		reason: DownstreamBound, blocks: up, deadline: usual, when: (*facts).downstreamBound, until: (*facts).nextProbe,
		words: downstreamWords,
		event: warning,
		doc:   "more consumers did not process more: a system behind them is probably the limit",
	},
	{
		reason: Unschedulable, blocks: up, deadline: usual, when: (*facts).unschedulable, words: unschedulableWords,
		event: warning,
		doc:   "pods could not be scheduled for 180 s: more pods would stay Pending too",
	},
	{ // for 60 s; after that arrivals may force a step
		reason: Rebalancing, blocks: both, deadline: usual, when: (*facts).rebalancing, until: (*facts).patienceEnds,
		words: rebalancingWords,
		event: noEvent,
		doc:   "the group has been rebalancing for less than 60 s: a change now would make the rebalance longer",
	},
	{ // after 300 s; not when arrivals alone need more than runs
		reason: RebalanceStuck, blocks: up, deadline: usual, when: (*facts).rebalanceStuck, words: stuckWords,
		event: warning,
		doc:   "the group has been rebalancing for more than 300 s",
	},
	{ // under the policy thresholds: instead of both ScaleUp and ScaleDown
		reason: ThresholdHigh, again: true, when: (*facts).thresholdUp,
	},
	{ // to the size before the step down that made records late, or more if more is needed
		reason: ScaleDownStopped, again: true, when: (*facts).goesBack,
	},
	{
		reason: ScaleUp, when: (*facts).scaleUp, words: scaleUpWords,
		event: noEvent,
		doc:   "the arrivals, or the arrivals and the backlog, need more replicas",
	},
	{
		reason: Fallback, blocks: down, deadline: usual, when: (*facts).fallback, words: fallbackWords,
		event: warning,
		doc:   "no complete reading for 5 min: at least fallbackReplicas, no scale down",
	},
	{
		reason: DataPartial, blocks: down, deadline: usual, when: (*facts).dataPartial, words: partialWords,
		note: (*facts).dataIsPartial, unless: Fallback,
		event: noEvent,
		doc:   "some partitions did not answer: the numbers are lower bounds",
	},
	{
		reason: DataStale, blocks: down, deadline: usual, when: (*facts).dataStale, words: staleWords,
		note: (*facts).dataIsStale, unless: Fallback,
		event: noEvent,
		doc:   "this poll could not read the group",
	},
	{ // the arrival rate of the topic is not known, so nothing is scaled down, also not to zero
		reason: TopicNotFound, blocks: down, deadline: usual, when: (*facts).topicNotFound, words: absentWords,
		note:  (*facts).topicIsMissing,
		event: warning,
		doc:   "a topic that the source names does not exist",
	},
	{ // only if a replica is ready: the first consumer that joins creates the group
		reason: GroupNotFound, blocks: down, deadline: usual, when: (*facts).groupNotFound, words: absentWords,
		event: warning,
		doc:   "replicas are ready, but the group does not exist",
	},
	{ // never "nothing waits"
		reason: ZeroUnread, blocks: up, deadline: usual, when: (*facts).zeroUnread, words: zeroUnreadWords,
		event: noEvent,
		doc:   "no replica runs, and it is not known whether records wait",
	},
	{ // these, the budget, and a size that another client chose, also apply to members without a partition
		reason: ScaleDownStopped, again: true, when: whileSpare((*facts).stopped),
	},
	{
		reason: FailoverInProgress, again: true, when: whileSpare((*facts).failingOver),
	},
	{
		reason: FleetStopped, again: true, when: whileSpare((*facts).fleetStopped),
	},
	{
		reason: HoldBudget, again: true, when: whileSpare((*facts).overBudget),
	},
	{
		reason: ExternalChange, again: true, when: whileSpare((*facts).externalChange),
	},
	{ // members without a partition are removed, regardless of the lag
		reason: IdleConsumers, when: (*facts).idleConsumers, words: idleWords,
		event: noEvent,
		doc:   "more consumers run than can have a partition, and for longer than a session some held none",
	},
	{ // nobody joined, so nobody can be spared
		reason: NoMembers, blocks: down, deadline: usual, when: (*facts).noMembers, words: noMembersWords,
		event: warning,
		doc:   "replicas are ready, but the group has no member",
	},
	{
		reason: MembersMissing, blocks: down, deadline: usual, when: (*facts).membersMissing, words: missingWords,
		event: warning,
		doc:   "fewer consumers have joined the group than the ready replicas run",
	},
	{ // it ends by itself; the Event of the stop itself is written when that begins, whatever the verdict (scaler/kube)
		reason: ScaleDownStopped, blocks: down, deadline: usual, when: gate((*facts).stopped), until: (*facts).stopEnds,
		words: stoppedWords, note: (*facts).stopped,
		event: noEvent,
		doc:   "steps down have made records late, or were undone, too often: no scale down for a while",
	},
	{
		reason: FleetStopped, blocks: down, deadline: usual, when: gate((*facts).fleetStopped), until: (*facts).fleetStopEnds,
		words: fleetStoppedWords, note: (*facts).fleetStopped,
		event: noEvent,
		doc:   "several scalers have stopped themselves: no scaler scales down for a while",
	},
	{ // members leave one cluster and join the other: neither alone shows what runs
		reason: FailoverInProgress, blocks: down, deadline: hour, when: gate((*facts).failingOver), until: (*facts).failoverEnds,
		words: failoverWords, note: (*facts).failingOver,
		event: noEvent,
		doc:   "consumers of the target are members in two Kafka clusters, of which one stood by: no scale down for an hour at most",
	},
	{ // pods come and go by themselves
		reason: RolloutInProgress, blocks: down, deadline: usual, when: gate((*facts).rollingOut), words: rolloutWords,
		event: noEvent,
		doc:   "a rollout is replacing the pods",
	},
	{ // somebody wanted this number
		reason: ExternalChange, blocks: down, deadline: usual, when: gate((*facts).externalChange),
		until: (*facts).adoptionEnds, words: externalWords,
		event: noEvent,
		doc:   "another client changed the replicas less than 10 min ago: that number is accepted for now",
	},
	{
		reason: NoCommittedOffsets, blocks: down, deadline: usual, when: gate((*facts).uncommitted), words: uncommittedWords,
		event: warning,
		doc:   "no partition has a committed offset: lag is unknown",
	},
	{
		reason: CapacityUnknown, blocks: down, deadline: usual, when: gate((*facts).unknownCapacityHolds), words: capacityWords,
		note:  (*facts).capacityUnknown,
		event: warning,
		doc:   "the capacity of a consumer is not declared, and not learned yet",
	},
	{
		reason: ThresholdHigh, blocks: down, deadline: usual, when: gate((*facts).thresholdHigh), words: thresholdWords,
		event: noEvent,
		doc:   "lag is above a fixed limit: the policy thresholds scales up, no policy scales down",
	},
	{ // the last step is not complete
		reason: Settling, blocks: down, deadline: usual, when: gate((*facts).unsettled), until: (*facts).settlesAt,
		words: settlingWords,
		event: noEvent,
		doc:   "the last change is not complete: pods or members are missing, or it was less than 60 s ago",
	},
	{
		reason: HoldStabilizing, blocks: down, deadline: usual, when: gate((*facts).stabilizing),
		until: (*facts).stabilizesAt, words: stabilizingWords,
		event: noEvent,
		doc:   "fewer replicas would be enough, but not for long enough yet",
	},
	{ // the backlog first
		reason: HoldLag, blocks: down, deadline: usual, when: gate((*facts).lagging), words: laggingWords,
		event: noEvent,
		doc:   "fewer replicas would be enough, but the oldest record has waited for too long",
	},
	{
		reason: HoldTolerance, blocks: down, deadline: never, when: gate((*facts).tolerable), words: toleranceWords,
		event: noEvent,
		doc:   "fewer replicas would be enough, but the saving is not worth a rebalance",
	},
	{
		reason: HoldBudget, blocks: down, deadline: hour, when: gate((*facts).overBudget), until: (*facts).budgetFrees,
		words: budgetWords,
		event: noEvent,
		doc:   "fewer replicas would be enough, but the target was scaled down six times in the last hour",
	},
	{
		reason: HoldRebalanceCost, blocks: down, deadline: usual, when: gate((*facts).costly), words: costWords,
		event: noEvent,
		doc:   "fewer replicas would be enough, but they save less than 30 %, and the rebalance with 10 s to spare would exceed targetLag",
	},
	{ // only the step to zero
		reason: KeptAwake, blocks: down, deadline: never, when: gate((*facts).keptAwake), words: keptAwakeWords,
		event: noEvent,
		doc:   "nothing arrives, but partitions without a commit would wake the target again",
	},
	{
		reason: ScaleDown, when: (*facts).scaleDown, words: scaleDownWords,
		event: noEvent,
		doc:   "fewer replicas can process the peaks that must be expected",
	},
	{ // no deadline: it may last forever, and only an operator who knows the topic can end it
		reason: RestUnknown, blocks: down, deadline: never, when: (*facts).restUnknown, words: restWords,
		event: warning,
		doc:   "nothing moves, but the offsets after some commits may be unread records: not to zero",
	},
	{
		reason: ScaleToZero, when: (*facts).scaleToZero, words: toZeroWords,
		event: noEvent,
		doc:   "no lag and no arrivals for idleTime",
	},
	{ // more is needed than for arrivals alone: it waits for the last step
		reason: Settling, again: true, when: (*facts).settling,
	},
	{ // at least one partition: the status "stalled" of package lag
		reason: PartitionStalled, when: (*facts).partitionStalled, words: partitionStalledWords,
		note: (*facts).someStalled, unless: Stalled,
		event: noEvent,
		doc:   "the committed offset of some partitions does not move: they are not counted",
	},
	{
		reason: PartitionBound, when: (*facts).partitionBound, words: boundWords,
		note:  (*facts).hot,
		event: warning,
		doc:   "single partitions get more than one consumer can process: more replicas cannot help",
	},
	{
		reason: Steady, when: (*facts).steady, words: steadyWords,
		event: noEvent,
		doc:   "the current number of replicas is what is needed",
	},
}

// limitRule is one limit: a row of its table.
type limitRule struct {
	reason Reason
	doc    string
	to     func(f *limitFacts, replicas int32) int32      // the number of replicas that it allows instead
	words  func(d *Decision, s Step, n *need.Need) string // nil: the step says it all
	brake  bool                                           // it only keeps a part of a step, or all of it, from being taken
}

// limits are applied in order to the replicas that the verdict asks for; each that changes the number adds a step.
var limits = []limitRule{
	{reason: PartitionLimit, to: (*limitFacts).partitionLimit, words: partitionLimitWords, doc: "no more replicas than can have a partition: the others would be idle"}, // it takes nothing away that runs
	{reason: ShareGroupLimit, to: (*limitFacts).shareGroupLimit, words: shareGroupLimitWords, doc: "no more replicas than a share group may have members"},              // nor does this
	{reason: Schedule, to: (*limitFacts).schedule, doc: "an open schedule window sets a minimum"},
	{reason: MinReplicas, to: (*limitFacts).least, words: minReplicasWords, doc: "minReplicas is the minimum"}, // also above the partitions: it is the operator's choice
	{reason: MaxReplicas, to: (*limitFacts).most, doc: "maxReplicas is the maximum"},
	{reason: PauseScaleIn, to: (*limitFacts).pauseScaleIn, doc: "the annotation lagscaler.io/pause-scale-in blocks scaling down"},
	{reason: PauseScaleOut, to: (*limitFacts).pauseScaleOut, doc: "the annotation lagscaler.io/pause-scale-out blocks scaling up"},
	{reason: FixedReplicas, to: (*limitFacts).fixed, doc: "the annotation lagscaler.io/fixed-replicas fixes the number"}, // the last word on the number
	{ // the brakes: whatever the number is, they keep a part of the way there from being gone now
		reason: PodsRefused, to: (*limitFacts).podsRefused, words: refusedWords, brake: true,
		doc: "the API server creates no more pods for the target, for example because a ResourceQuota is exceeded: no more are asked for",
	},
	{
		reason: PodsPending, to: braked(PodsPending), words: brakeWords, brake: true,
		doc: "a limit of brakes.limits applies, and pods have found no node yet: no more are asked for until they run",
	},
	{
		reason: FleetUpLimit, to: braked(FleetUpLimit), words: brakeWords, brake: true,
		doc: "a limit of brakes.limits: so many replicas are added a minute",
	},
	{
		reason: PoolFull, to: braked(PoolFull), words: brakeWords, brake: true,
		doc: "a limit of brakes.limits: so many replicas in all",
	},
	{
		reason: FleetDownLimit, to: braked(FleetDownLimit), words: brakeWords, brake: true,
		doc: "a limit of brakes.limits: so many scalers step down at once",
	},
	{
		reason: Frozen, to: (*limitFacts).frozen, words: brakeWords, brake: true,
		doc: "a freeze is in force: nothing goes down, or nothing is written at all",
	},
}
