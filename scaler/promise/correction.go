package promise

import "time"

const (
	correctsAfter = 6 * time.Hour // in which lagscaler set the replicas
	lateSlack     = 0.0002        // share of the records: it is added in quotients, so that a few records do not decide
	mostMargins   = 3.
	leastShare    = 0.5
)

// Correction is how the late records of a play are corrected, because the fleet that really ran was late more often, or less often, than
// the same fleet in the play.
//
// If it was late more often, it was later by a time. What a play leaves out (a slow pod, consumers that are not equal) takes time, and a
// fleet that was within the target by a second in each burst has no late record that could be multiplied. So the late records of all
// fleets are counted as if the target were shorter. A margin is 6 s here:
//
//	                        late in the play    late if the target were a margin shorter    really late    counts as late
//	the room in force       0.02 %              0.18 %                                      0.11 %         0.10 %: the target is 3 s shorter
//	a room with more        none                0.04 %                                                     0.02 %
//
// If it was late less often, the late records are multiplied: of the room in force, and of rooms that cost more. It says nothing of rooms
// that cost less, which were late at other times, too.
type Correction struct {
	Later float64 // s, at most three margins of the scaler's own target
	Share float64 // of the late records that really were late, in [0.5, 1]
}

// Correction is the present one; {0, 1} corrects nothing: too little is known, or the play was right.
func (p *Play) Correction() Correction {
	none := Correction{Share: 1}
	sum := p.days.sum()
	if len(p.terms) == 0 || sum.Judged == 0 || sum.PlayedOf == 0 || sum.Seconds < correctsAfter.Seconds() {
		return none
	}
	really, late := sum.Late/sum.Judged, sum.PlayedLate/sum.PlayedOf
	if really < late {
		return Correction{Share: max(leastShare, (really+lateSlack)/(late+lateSlack))}
	}
	nearly, most := max(0, sum.PlayedStrict-sum.PlayedLate)/sum.PlayedOf, mostMargins
	if nearly < lateSlack { // they were late for another reason, or too few were nearly late to tell
		most = 1
	}
	return Correction{min(most, (really-late)/(nearly+lateSlack)) * p.margin(p.terms[0]), 1}
}

// corrected returns how many records of a fleet of a row count as late; atLeast: it costs at least as much as the room in force.
func (p *Play) corrected(t Terms) func(f fleetDay, atLeast bool) float64 {
	c, margins := p.Correction(), 0.0
	if c.Later > 0 {
		margins = min(mostMargins, c.Later/p.margin(t))
	}
	return func(f fleetDay, atLeast bool) float64 {
		late := float64(f.late) + margins*float64(max(0, f.strict-f.late))
		if atLeast {
			late *= c.Share
		}
		return late
	}
}

// Uncorrected is the play as if nothing had been measured: to compare with it what the correction changes.
func (p Play) Uncorrected() Play {
	p.days = nil
	return p
}

// How long a margin is: records that would be late if the target were so much shorter are counted, too. The longer a replica needs until it
// works, the more a play can be wrong. Three margins are shorter than the target.
const (
	marginOfHorizon = 0.1
	marginOfTarget  = 0.3 // at most
)

// margin is that of a row, in seconds, as of the last poll.
func (p *Play) margin(t Terms) float64 { return margin(t.seconds(), t.horizon(p.horizon, p.start)) }

// margin is that of a target; horizon is the time until a replica that is requested now works.
func margin(target, horizon float64) float64 {
	return min(marginOfTarget*target, marginOfHorizon*horizon)
}
