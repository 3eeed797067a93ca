package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// playedFor is a play of some hours of 1 000/s, of consumers that process 100/s.
func playedFor(hours int) promise.Play { return played(hours, func(int) float64 { return 1000 }) }

// played is a play of some hours of traffic, in records/s.
func played(hours int, rateAt func(second int) float64) promise.Play {
	return playedSeconds(hours*3600, rateAt)
}

func playedSeconds(seconds int, rateAt func(second int) float64) promise.Play {
	return playedAndMeasured(seconds, rateAt, func(int) promise.Measured { return promise.Measured{} })
}

func playedAndMeasured(seconds int, rateAt func(second int) float64, measured func(second int) promise.Measured) (p promise.Play) {
	for second := 0; second < seconds; second += 10 {
		rate := rateAt(second)
		p = p.Next(promise.Poll{
			Now: t0.Add(time.Duration(second) * time.Second), Seconds: 10, Arrived: 10 * rate, Rate: rate, Expected: rate, Peak: rate,
			Decides: second%30 == 0, SinceDecision: 30, PerConsumer: 100, Partitions: 48, Consumers: 12, Least: 1,
			Starts: []float64{40}, Pauses: []float64{8}, Longest: 8, Horizon: 63, Commit: 5, Target: 30 * time.Second, Drain: 120, Window: 240,
			Utilization: 0.92, DownUtilization: 0.87, KeepsReserve: true, Measured: measured(second),
		})
	}
	return p
}

// A price says how its late records are counted: as if the target were shorter, where more were really late than were simulated; fewer of
// them, where fewer were. Where as many were late, it says nothing.
func TestPriceSaysHowLateRecordsAreCounted(t *testing.T) {
	bursts := func(second int) float64 {
		if second%3600 < 180 {
			return 1500 + float64(second%7)*300
		}
		return 400
	}
	const seconds = 8 * 3600
	measured := func(late float64) *PricePage {
		play := playedAndMeasured(seconds, bursts, func(second int) promise.Measured {
			return promise.Measured{Judged: uint64(second) * 1_000_000, Late: uint64(late * 1e6 * float64(second)), Ours: true}
		})
		return PriceOf("shop/orders", 30*time.Second, 99.9, &play, 1)
	}
	simulated := playedSeconds(seconds, bursts)
	late := 1 - simulated.Options()[0].Kept
	if late < 0.001 {
		t.Fatalf("%v of the records are late in the simulation: too few for this test", late)
	}
	for name, c := range map[string]struct {
		late float64
		want string
	}{
		"as many":     {late, `^$`},
		"some more":   {late + 0.002, `^late records are counted as if the target lag were [1-6] s shorter: more records were really late than in the simulation$`},
		"all of them": {1, `^late records are counted as if the target lag were 19 s shorter: more records were really late than in the simulation$`},
		"fewer":       {0.7 * late, `^7[0-9] % of the late records are counted: fewer records were really late than in the simulation$`},
		"none":        {0, `^50 % of the late records are counted: fewer records were really late than in the simulation$`},
	} {
		if got := measured(c.late).Counted; !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
}

// The price list of a scaler is in replicas, has its own objective, and is empty until an hour was played.
func TestPrice(t *testing.T) {
	rep := report(t, "orders")
	one := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders"}, Played: playedFor(3), Promise: "why"}}
	one.Policy.TargetLag, one.Policy.Objective = 30*time.Second, 99.85
	one.Decision.Why.PerReplica = 2
	twin := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/young"}}}
	rep.Scalers = []engine.ScalerReport{one, twin}
	h := handlerOf(rep)
	var page PricePage
	w := get(t, h, "/api/v1/price?scaler=shop/orders")
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err)
	}
	if page.Objective == nil || *page.Objective != 99.85 || page.InForce != "why" || page.Played < 2.9*3600 || len(page.Rows) != 6 {
		t.Errorf("%+v", page)
	}
	found := false
	for _, r := range page.Rows {
		for _, c := range r.Cells {
			// 1 000/s / 0.92 are 11 consumers, so 12 of 48 partitions: 6 replicas of 2 consumers, all the time
			if !c.Reachable || c.Kept != 100 || c.Replicas < 5.9 || c.Replicas > 6.1 || c.Hours < 141 || c.Hours > 147 || c.Room == "" {
				t.Errorf("%v s: %+v", r.TargetLag, c)
			}
			found = found || c.Objective == 99.85
		}
	}
	if !found {
		t.Error("the objective of the scaler has no price")
	}
	if page.Missing != "" {
		t.Errorf("there are prices, and missing is %q", page.Missing)
	}
	page = PricePage{}
	w = get(t, h, "/api/v1/price?scaler=shop/young")
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK || len(page.Rows) != 0 || page.Played != 0 {
		t.Errorf("nothing was played: %d %v %+v", w.Code, err, page)
	}
	if w := get(t, h, "/api/v1/price?scaler=shop/none"); w.Code != http.StatusNotFound {
		t.Errorf("no such scaler: %d", w.Code)
	}
}

// What no room would have kept, whatever it costs, is marked, with what the best would have kept.
func TestPriceOutOfReach(t *testing.T) {
	rep := report(t, "orders")
	one := engine.ScalerReport{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/orders"}, Promise: "out of reach"}}
	one.Played = played(30, func(second int) float64 { return 100 + 3000*float64(second/3600%7/6)*float64((second/60%60)/50) }) // ten minutes of each seventh hour
	one.Policy.TargetLag, one.Policy.Objective = 30*time.Second, 99.99
	rep.Scalers = []engine.ScalerReport{one}
	var page PricePage
	if err := json.Unmarshal(get(t, handlerOf(rep), "/api/v1/price?scaler=shop/orders").Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	if page.InForce != "out of reach" || len(page.Rows) == 0 {
		t.Fatalf("%+v", page)
	}
	for _, r := range page.Rows {
		for _, c := range r.Cells {
			if c.Reachable != (c.Kept >= c.Objective) {
				t.Errorf("%v s: %v of %v, reachable %v", r.TargetLag, c.Kept, c.Objective, c.Reachable)
			}
		}
	}
	first := page.Rows[0]
	if last := first.Cells[len(first.Cells)-1]; first.TargetLag != 10 || last.Reachable || last.Kept < 50 {
		t.Errorf("%v s: %+v", first.TargetLag, last)
	}
}

// Where there is no price, the answer says which of the two is missing, and how much.
func TestPriceSaysWhatIsMissing(t *testing.T) {
	const tooLittle = " min of the 60 min of traffic that are needed were played so far"
	for name, c := range map[string]struct {
		seconds  int
		capacity learn.CapacityFrom
		kind     scaler.PolicyKind
		want     string
	}{
		"young":          {0, learn.Declared, scaler.Capacity, "0" + tooLittle},
		"half an hour":   {1800, learn.Learned, scaler.Capacity, "30" + tooLittle},
		"not added up":   {3620, learn.Learned, scaler.Capacity, ""},
		"its last steps": {3590, learn.Learned, scaler.Capacity, "59" + tooLittle},
		"no capacity":    {0, learn.Observed, scaler.Capacity, "the capacity of a consumer is not known yet: set processingTime, or wait until consumers were busy"},
		"thresholds":     {0, learn.Declared, scaler.Thresholds, "the policy thresholds does not compute how many consumers are needed"},
		"undecided":      {0, "", scaler.Capacity, "nothing was decided yet"},
	} {
		s := engine.ScalerReport{Outcome: scaler.Outcome{Played: playedSeconds(c.seconds, func(int) float64 { return 1000 })}}
		s.Policy.TargetLag, s.Policy.Kind = 30*time.Second, c.kind
		if c.capacity != "" {
			s.Decision.Needs = []need.Need{{Capacity: c.capacity}}
		}
		page := (&pages{}).priceOf(&s)
		if page.Missing != c.want || (len(page.Rows) > 0) != (c.want == "") {
			t.Errorf("%s: %q, %d rows, want %q", name, page.Missing, len(page.Rows), c.want)
		}
	}
}
