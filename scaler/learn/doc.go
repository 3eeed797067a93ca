// Package learn learns capacity, durations and seasons from the readings of scaler/seen, and saves them as a [Memory]. It is
// the only writer of a Memory.
//
// A declared processing time is often wrong, and the time of a start or of a rebalance is not declared at all. A [State] is
// a Memory and the learning in progress; its methods return the next State and change nothing that they were given:
//
//	AtPoll          at every poll: our steps down, the peak of the current five minutes
//	AtDecision      at a decision: everything else; less on the fast lane, see there
//	WithForecasts   after it: the forecasts to be compared with the arrivals later
//	WithWeek        at every poll: the week that lagscaler compare shows
//
//	capacity.go, samples.go    records/s of one consumer, from consumers that were busy all the time
//	downstream.go              the experiment with fewer consumers, when more did not do more
//	durations.go               starts and rebalances: the 90th percentile of the last 20
//	residual.go                the lag that transaction markers leave
//	trust.go, forecasts.go     how far jumps, trends and seasons are to be believed
//	season.go, series.go       the peaks of the last week
//
// Example: 10 ms are declared, so 100/s. In three windows of 30 s in a row, saturated consumers do 80/s: the capacity becomes
// 0.7 * 100 + 0.3 * 80 = 94/s, then 90/s, then 87/s.
package learn
