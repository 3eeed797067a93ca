package sim

import (
	"slices"
	"testing"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// view is a poll with a total lag, spread evenly over 48 partitions.
func viewOf(second, replicas int32, total int64) *View {
	v := &View{Second: second, World: World{}.filled(), Workload: seen.Workload{Spec: replicas, Status: replicas}}
	v.Lag = &lag.GroupLag{Topics: []lag.TopicLag{{Topic: viewTopic, Partitions: make([]lag.PartitionLag, 48)}}}
	for p := range v.Lag.Topics[0].Partitions {
		n := total / 48
		if int64(p) < total%48 {
			n++
		}
		v.Lag.Topics[0].Partitions[p] = lag.PartitionLag{Partition: int32(p), End: n, Known: lag.KnownStart | lag.KnownCommitted | lag.KnownEnd}
	}
	return v
}

// Computed by hand from the rules: ceil(lag / threshold), 10 % tolerance, at most double, or four, at most 48.
func TestKEDA(t *testing.T) {
	for _, c := range []struct {
		name      string
		threshold float64
		replicas  int32
		lag       int64
		want      int32
	}{
		{"one replica for each threshold", 100, 3, 450, 5},
		{"within tolerance", 100, 10, 1090, 10},
		{"just above it", 100, 10, 1110, 12},
		{"four at once", 10, 1, 1000, 4},
		{"double at once", 10, 10, 1000, 20},
		{"not above the partitions", 10, 40, 10_000_000, 48},
		{"never below one", 10, 1, 0, 1},
	} {
		if got, _ := KEDA(c.threshold).Decide(viewOf(0, c.replicas, c.lag)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// An HPA that may have more replicas than there are partitions: KEDA cuts the lag only when it is a whole threshold above them.
func TestKEDACutsByWholeThresholds(t *testing.T) {
	for lag, want := range map[int64]int32{480: 48, 481: 49, 489: 49, 490: 48, 10_000: 48} {
		h := KEDA(10)
		h.Max = 100
		if got, _ := h.Decide(viewOf(0, 40, lag)); got != want {
			t.Errorf("lag %d: %d replicas, want %d", lag, got, want)
		}
	}
}

func TestHPABeginsWithTheSizeThatItFinds(t *testing.T) {
	h := KEDA(100)
	for second := int32(7); second < 307; second += 15 {
		if got, _ := h.Decide(viewOf(second, 10, 300)); got != 10 {
			t.Fatalf("down to %d after %d s: it found ten less than 300 s ago", got, second)
		}
	}
	if got, _ := h.Decide(viewOf(307, 10, 300)); got != 3 {
		t.Errorf("%d after 300 s, want 3", got)
	}
}

func TestHPAStabilizesDownwards(t *testing.T) {
	h := KEDA(100)
	h.Decide(viewOf(0, 10, 1000))
	for second := int32(15); second < 300; second += 15 {
		if got, _ := h.Decide(viewOf(second, 10, 300)); got != 10 {
			t.Fatalf("down to %d after %d s: ten were recommended less than 300 s ago", got, second)
		}
	}
	if got, _ := h.Decide(viewOf(300, 10, 300)); got != 3 {
		t.Errorf("%d after 300 s, want 3", got)
	}
}

func TestKEDARateSeesTheRate(t *testing.T) {
	h := KEDARate(85, 1000)
	v := viewOf(0, 5, 0)
	h.Decide(v)
	v = viewOf(15, 5, 0)
	for p := range v.Lag.Topics[0].Partitions { // 15 s at 800/s, all of it processed
		row := &v.Lag.Topics[0].Partitions[p]
		row.End, row.Committed = 250, 250
	}
	if got, _ := h.Decide(v); got != 10 {
		t.Errorf("%d, want 10: ceil(800 / 85)", got)
	}
}

// At each fourth look, 800 / 85 consumers; with a backlog of 6000 beyond ten seconds' arrivals, drained in a minute, 900 / 85.
func TestDS2(t *testing.T) {
	for _, c := range []struct {
		backlog int64
		want    int32
	}{{0, 10}, {8000 + 6400, 11}} {
		d := &DS2{Target: 85}
		for look := range int32(5) {
			v := viewOf(3+15*look, 5, int64(15*look)*800)
			for p := range v.Lag.Topics[0].Partitions {
				row := &v.Lag.Topics[0].Partitions[p]
				row.Committed = row.End - c.backlog/48
			}
			got, _ := d.Decide(v)
			want := int32(5)
			if look == 4 {
				want = c.want
			}
			if got != want {
				t.Errorf("backlog %d, look %d: %d, want %d", c.backlog, look, got, want)
			}
		}
	}
}

// The clairvoyant goes up for the next 75 s and down only to what the next 600 s need.
func TestClairvoyant(t *testing.T) {
	rates := make([]float64, 2000)
	for i := range rates {
		rates[i] = 850 // 850/0.93 = 914, 19 a partition: five fit on one consumer, so 10
		if i >= 1000 && i < 1100 {
			rates[i] = 3000 // 3226: 48, for 2 partitions each would be 134 > 100
		}
	}
	rates[1700] = 3000 // 922/s over half a minute: 991 are 12 consumers, but 48 by the second
	for _, c := range []struct{ second, replicas, want, bySecond int32 }{
		{0, 5, 10, 10},
		{0, 16, 10, 10},
		{500, 16, 16, 16}, // the burst is within 600 s: nothing goes down
		{930, 16, 48, 48}, // and now within 75 s
		{1150, 48, 12, 48},
		{1650, 10, 12, 48},
		{1710, 48, 10, 10},
	} {
		for _, bySecond := range []bool{false, true} {
			v := viewOf(c.second, c.replicas, 0)
			v.rates, v.weights = rates, Uniform.weights(48, nil)
			want := c.want
			if bySecond {
				want = c.bySecond
			}
			if got, _ := (&Clairvoyant{BySecond: bySecond}).Decide(v); got != want {
				t.Errorf("second %d with %d, by the second %v: %d, want %d", c.second, c.replicas, bySecond, got, want)
			}
		}
	}
}

func TestAveraged(t *testing.T) {
	for _, c := range []struct {
		seconds int
		want    []float64
	}{
		{1, []float64{4, 0, 2, 6, 9}},
		{2, []float64{2, 2, 4, 4, 9}},
		{9, []float64{4.2, 4.2, 4.2, 4.2, 4.2}},
	} {
		if got := averaged([]float64{4, 0, 2, 6, 9}, c.seconds); !slices.Equal(got, c.want) {
			t.Errorf("%d s: %v, want %v", c.seconds, got, c.want)
		}
	}
}

// By hand, with room for half as much again: up for the present rate and the backlog, down once the hold has passed.
func TestRateFollower(t *testing.T) {
	b := &RateFollower{Headroom: 1.5, Hold: 60, wrote: -followerWait}
	end := int64(0)
	for _, c := range []struct {
		second, replicas int32
		arrived, waiting int64 // since the last poll; in all
		want             int32
	}{
		{0, 4, 0, 0, 4},
		{10, 4, 2000, 0, 3},      // 300/s are three consumers
		{20, 3, 8000, 0, 3},      // it has just written
		{30, 3, 8000, 0, 12},     // 800/s now: 1200/s are twelve
		{40, 12, 2000, 0, 12},    // it has just written
		{50, 12, 2000, 0, 12},    // 800/s within the last minute
		{60, 12, 2000, 0, 12},    // the same
		{70, 12, 2000, 0, 12},    // the same
		{80, 12, 2000, 0, 12},    // the same
		{90, 12, 2000, 0, 3},     // not any more
		{100, 3, 2000, 0, 3},     // 300/s
		{110, 3, 2000, 11000, 5}, // and 117/s of backlog: 20 s of arrivals are no backlog, the rest takes a minute
	} {
		end += c.arrived
		v := viewOf(c.second, c.replicas, 0)
		v.Workload.Ready, v.weights = c.replicas, Uniform.weights(48, nil)
		for p := range v.Lag.Topics[0].Partitions {
			row := &v.Lag.Topics[0].Partitions[p]
			row.End = end / 48
			if int64(p) < end%48 {
				row.End++
			}
			row.Committed = row.End - c.waiting/48
			if int64(p) < c.waiting%48 {
				row.Committed--
			}
		}
		if got, _ := b.Decide(v); got != c.want {
			t.Errorf("second %d: %d, want %d", c.second, got, c.want)
		}
	}
}
