package scaler

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// targetWatch is what is being seen of the target.
type targetWatch struct {
	spec    int32 // replicas at the last poll
	seen    bool
	write   time.Time // of our last write that was noticed
	foreign []Write   // others' changes of the last minutes, oldest first
	grew    Write     // an increase whose members have not all joined; zero: none
}

// crew is how a group's members map to the target's replicas.
type crew struct {
	joined     int32 // members in replicas of the target
	foreign    int32 // members that run elsewhere: capacity all the same
	perReplica int32
}

// observe notices changes of the replicas, ours and others'.
func (t *targetWatch) observe(in *Input, m *Memory, clk Clock) {
	wl := &in.Workload
	if !wl.Found || !wl.HasScale {
		return
	}
	if wrote := wl.LastWrite; wrote.At.After(t.write) {
		if t.seen && wrote.To < wrote.From {
			m.Downs = append(slices.Clip(m.Downs), wrote.At)
		}
		if t.seen {
			t.changed(wrote)
		}
		t.write = wrote.At
	}
	m.Downs = after(m.Downs, in.Now.Add(-clk.of(budgetWithin)))
	if t.seen && wl.Spec != t.spec {
		other := Write{At: in.Now, From: t.spec, To: wl.Spec}
		t.foreign = append(slices.Clip(t.foreign), other)
		t.changed(other)
	}
	for len(t.foreign) > 0 && in.Now.Sub(t.foreign[0].At) > clk.of(foughtWithin) {
		t.foreign = t.foreign[1:]
	}
	t.spec, t.seen = wl.Spec, true
}

// changed takes a change of the replicas in, whoever made it.
func (t *targetWatch) changed(w Write) {
	t.spec, t.grew = w.To, Write{}
	if w.To > w.From {
		t.grew = w
	}
}

// fights counts the foreign changes of the last minutes that came after a write of ours.
func (t *targetWatch) fights(clk Clock) (n int32) {
	for _, f := range t.foreign {
		if !t.write.IsZero() && f.At.Sub(t.write) < clk.of(foughtWithin) {
			n++
		}
	}
	return n
}

// keepTimes is how many learned times are kept; a 90th percentile of 20 leaves two out.
const keepTimes = 20

// joinedAll learns how long it took from an increase until all members were there.
func (t *targetWatch) joinedAll(in *Input, m *Memory, clk Clock, c crew) {
	if t.grew.At.IsZero() {
		return
	}
	took := in.Now.Sub(t.grew.At)
	switch {
	case took > clk.of(defaultWait):
		t.grew = Write{}
	case in.Workload.Ready >= t.grew.To && c.joined >= t.grew.To*max(1, c.perReplica):
		m.Startup = keep(m.Startup, took.Seconds())
		t.grew = Write{}
	}
}

// crewOf maps a group's members to the target's pods: by host, which is the pod's address, else by a client id that
// contains the pod's name. When none can be told apart, every member counts as one replica of the target.
func crewOf(g *lag.GroupLag, pods []Pod) crew {
	c := crew{joined: int32(len(g.Members)), perReplica: 1}
	if len(pods) == 0 || len(g.Members) == 0 {
		return c
	}
	byPod := make([]int32, len(pods))
	mine := int32(0)
	for i := range g.Members {
		if k := podOf(&g.Members[i], pods); k >= 0 {
			byPod[k]++
			mine++
		}
	}
	if mine == 0 {
		return c
	}
	return crew{joined: mine, foreign: c.joined - mine, perReplica: slices.Max(byPod)}
}

func podOf(m *lag.Member, pods []Pod) int {
	host := strings.TrimPrefix(m.Host, "/")
	for i := range pods {
		if pods[i].IP != "" && pods[i].IP == host {
			return i
		}
	}
	for i := range pods {
		if pods[i].Name != "" && strings.Contains(m.ClientID, pods[i].Name) {
			return i
		}
	}
	return -1
}

// replicas turns consumers into replicas: those that run elsewhere are capacity too.
func (c crew) replicas(consumers int32) int32 {
	per := max(1, c.perReplica)
	return max(0, (max(0, consumers-c.foreign)+per-1)/per)
}

// consumers is the reverse.
func (c crew) consumers(replicas int32) int32 { return replicas*max(1, c.perReplica) + c.foreign }

// horizon is how long it takes until a replica that is asked for now works.
func (m *Memory) horizon(s *SourceMemory, clk Clock) time.Duration {
	return p90(m.Startup, clk.of(startupDefault)) + s.pause(clk) + clk.of(horizonMargin)
}

// pause is how long a rebalance takes.
func (s *SourceMemory) pause(clk Clock) time.Duration {
	return p90(s.Rebalances, clk.of(rebalanceGuess))
}

// p90 is the 90th percentile of seconds, or what to think without any.
func p90(seconds []float64, otherwise time.Duration) time.Duration {
	if len(seconds) == 0 {
		return otherwise
	}
	var room [keepTimes]float64
	sorted := append(room[:0], seconds...)
	slices.Sort(sorted)
	i := int(math.Ceil(0.9*float64(len(sorted)))) - 1
	return time.Duration(sorted[i] * float64(time.Second))
}

// keep appends to a list that others may hold, and keeps its end.
func keep(list []float64, v float64) []float64 {
	return append(slices.Clip(list[max(0, len(list)+1-keepTimes):]), v)
}

// after drops the times before a time; the list is sorted.
func after(list []time.Time, t time.Time) []time.Time {
	for len(list) > 0 && list[0].Before(t) {
		list = list[1:]
	}
	return list
}
