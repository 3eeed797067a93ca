package scaler

import "time"

// What came within the hour may come back, and nothing foretells when. Until replicas that are asked for then work, a
// horizon later, what runs must hold it: not to the last record, but so that none waits for longer than the target.
// The fleet does not go below that, and need not stay above it.
//
//	back to b at once, capacity C, horizon H:  the oldest record waits (1 - C/b) H, and then for the pause of a rebalance
//	so C/b >= 1 - (target - pause) / H         eager, target 30 s, H 68 s, a pause of 8 s: 0.68
//	                                           cooperative, H 64 s, 4 s: 0.59
//
// So a fleet holds its full peak, with headroom, only for the stabilization window, and about two thirds of it for the
// hour. Measured at 48 partitions over five traces, cost / late %, eager and cooperative: as it was, the full peak of 450 s
// and room for the jumps of a day, 2.68 / 0.14 and 2.61 / 0.04; so, with bursts left to the buffer, 2.22 / 0.18 and 2.15 / 0.03.
// Ten minutes less are 0.02 cheaper, and a third more are late under cooperative rebalancing; two hours cost 0.1 more. Two
// pauses of an eager rebalance instead of one cost 0.05 more and save a fifth of the late ones.
const roomOver = 55 * time.Minute // and the present five minutes

// room is the greatest sustained rate of the hour, in records/s, and which share of it must run already; 0: none is known,
// none is wanted, there is time enough to answer, or nothing has come for so long that the group may go to zero.
func (g *gauge) room() (peak, share float64) {
	if !g.in.Policy.KeepsRoom {
		return 0, 0
	}
	if idle := g.w.idle; !idle.IsZero() && g.in.Now.Sub(idle) >= g.clk.of(g.in.Policy.IdleTime) {
		return 0, 0
	}
	slack := g.in.Policy.TargetLag - g.mem.pause(g.clk)
	over := g.clk.of(roomOver)
	peak, _ = g.mem.Season.Maxima.most(g.in.Now.Add(-over), over)
	return max(peak, g.w.season.max), max(0, min(1, 1-slack.Seconds()/g.need.Horizon))
}

// roomy reports whether it is the room that keeps the fleet from going lower.
func (n *Need) roomy() bool { return n.Room > n.Peak/n.DownUtilization }
