package sim

import "time"

// totals add a simulation up.
type totals struct {
	target     int32
	before     int // rebalances that do not count
	arrived    int64
	done, late int64
	podSeconds int64
	fluid      float64
	violation  int64 // seconds in which some record waited for longer than the target
	longest    int64 // violation without a break
	current    int64
	peakAge    int32
	overUseful int64 // pod seconds beyond the partitions
	points     []PlotPoint
	point      PlotPoint
}

// Result is what a policy did to a trace.
type Result struct {
	Trace, Policy string
	Protocol      Protocol
	Partitions    int
	Seed          uint64

	CostOverFluid    float64 // consumer time over the integral of max(1, rate / PerConsumer): 1 is out of reach
	LatePercent      float64 // of the records, processed later than the target
	Records, Late    int64   // that arrived, and that were processed later than the target
	ViolationPercent float64 // of the time, some record waited for longer than the target
	RebalancesPerDay float64
	ChangesPerDay    float64 // of the replicas
	PeakAge          time.Duration
	LongestViolation time.Duration
	ConsumerHours    float64
	AboveUsefulPods  float64     // consumer hours beyond the partition count
	Points           []PlotPoint // one a minute at most, for plots
	Moves            []Move      // changes of the replicas
	DownsInOutage    int         // scale-downs while a part of the partitions did not answer
}

// PlotPoint is an interval of the simulation: the greatest value of each number within it.
type PlotPoint struct {
	Second     int32
	Rate       float64
	Replicas   int32
	Age        int32 // of the oldest waiting record, seconds
	Rebalances int
}

// Move is one change of the replicas, with its reason if the policy gives one.
type Move struct {
	Second   int32
	From, To int32
	Why      string
}

func (m *totals) processed(q *queue, n int64, second int32) {
	before := q.position
	m.late += q.process(n, second, m.target)
	m.done += q.position - before
}

// second adds up one second, after everything in it happened.
func (m *totals) second(r *run, second int32) {
	m.podSeconds += int64(len(r.fleet.pods))
	m.overUseful += int64(max(0, len(r.fleet.pods)-r.Partitions))
	m.fluid += max(1, r.rate/r.PerConsumer)
	age := int32(0)
	for p := range r.queues {
		age = max(age, r.queues[p].age(second))
	}
	m.peakAge = max(m.peakAge, age)
	if age > m.target {
		m.violation++
		m.current++
		m.longest = max(m.longest, m.current)
	} else {
		m.current = 0
	}
	m.plot(r, second, age)
}

// plot keeps about two thousand points, whatever the length of the trace.
func (m *totals) plot(r *run, second, age int32) {
	every := max(10, int32(len(r.rates))/2000)
	m.point.Rate = max(m.point.Rate, r.rate)
	m.point.Replicas = max(m.point.Replicas, int32(len(r.fleet.pods)))
	m.point.Age = max(m.point.Age, age)
	m.point.Rebalances = r.group.rebalances
	if (second+1)%every == 0 {
		m.point.Second = second
		m.points = append(m.points, m.point)
		m.point = PlotPoint{}
	}
}

func (m *totals) result(t Trace, w World, p Policy, r *run) Result {
	seconds := r.counted()
	days := seconds / 86400
	// What still waits at the end was not processed in time if it is older than the target already.
	late := m.late
	for i := range r.queues {
		late += r.queues[i].process(r.queues[i].waiting, int32(len(r.rates)), m.target)
	}
	out := Result{
		Trace: t.Name, Policy: p.Name(), Protocol: w.Protocol, Partitions: w.Partitions, Seed: w.Seed,
		CostOverFluid: float64(m.podSeconds) / m.fluid,
		LatePercent:   100 * float64(late) / max(1, float64(m.arrived)),
		Records:       m.arrived, Late: late,
		ViolationPercent: 100 * float64(m.violation) / seconds,
		RebalancesPerDay: float64(r.group.rebalances-m.before) / days,
		PeakAge:          time.Duration(m.peakAge) * time.Second,
		LongestViolation: time.Duration(m.longest) * time.Second,
		ConsumerHours:    float64(m.podSeconds) / 3600,
		AboveUsefulPods:  float64(m.overUseful) / 3600,
		Points:           m.points,
	}
	return out
}
