package scaler_test

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/plan"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// Every number of a line follows from the Decision, and a Decision that went through JSON says the same.
func TestLinesCanBeRecomputed(t *testing.T) {
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(a)+math.Abs(b)) }
	rapid.Check(t, func(t *rapid.T) {
		live(t, func(_ *world, in scaler.Input, r scaler.Result) {
			d := r.Decision
			if !r.Fresh {
				return
			}
			data, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			var back scaler.Decision
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			if say.Line(back) != say.Line(d) || !reflect.DeepEqual(say.Explain(back), say.Explain(d)) {
				t.Fatalf("through JSON:\n%s\n%s", say.Line(d), say.Line(back))
			}
			n, ok := d.Need()
			if !ok || !n.RateKnown || !n.Capacity.Known() {
				return
			}
			room := 0.0
			if n.Promise != nil {
				if room = n.Promise.PerSecond; !near(room, n.Promise.Room.Share*n.Promise.Peak) {
					t.Fatalf("the room is no share of the peak: %+v", n.Promise)
				}
			}
			if !near(n.Base, max(n.Forecast/n.Utilization, room)-n.Excluded) || !near(n.Required, n.Base+n.DrainRate) ||
				!near(n.Backlog, n.DrainRate*n.DrainSeconds) || !near(n.PeakRequired, max(n.Peak/n.DownUtilization, n.Peak+n.UnreadRate, n.Reserve, room)-n.DownExcluded) {
				t.Fatalf("the sums do not add up: %+v", n)
			}
			if n.Plan != plan.Consumers(n.Required, n.PerConsumer) || n.RatePlan != plan.Consumers(n.Base, n.PerConsumer) ||
				n.DownPlan != plan.Consumers(n.PeakRequired, n.PerConsumer) {
				t.Fatalf("the plans are others': %+v", n)
			}
			line := say.Line(d)
			recompute(t, line)
			if (d.Verdict == scaler.ScaleUp || d.Verdict == scaler.ScaleDown) && counted.FindString(ungrouped(line)) == "" {
				t.Fatalf("no derivation: %s", line)
			}
			if n.Up < n.Plan || n.ByRate < n.RatePlan || n.Down < n.DownPlan {
				t.Fatalf("less than planned: %+v", n)
			}
		})
	})
}

// The sums and counts of a line, as written.
var (
	demanded = regexp.MustCompile(`(\S+/s) (?:arrive|expected \([^)]*\)) / (\S+) % utilization(?: - (\S+/s) excess of hot partitions)?` +
		`(?: \+ backlog (\S+) records? in (\S+ \S+) \(\S+/s\))? = (\S+/s)`)
	peaked   = regexp.MustCompile(`peak (\S+/s) \(last [^)]*\) / (\S+) % utilization(?: - (\S+/s) excess of hot partitions)? = (\S+/s)`)
	reserved = regexp.MustCompile(`reserve of (\S+) % of the last hour's peak (\S+/s)(?: - (\S+/s) excess of hot partitions)? = (\S+/s)`)
	roomed   = regexp.MustCompile(`room of (\S+) % of the peak of the last \S+ \S+ (\S+/s)(?: - (\S+/s) excess of hot partitions)?` +
		`(?: \+ backlog (\S+) records? in (\S+ \S+) \(\S+/s\))? = (\S+/s)`)
	counted = regexp.MustCompile(`= (\S+/s); (\d+) consumers? at (\S+/s) each(?:, but \D*(?:\d+ to \d+ consumers, )?one has (?:at least )?(\d+) of (\d+) partitions \((\S+)/s\), so (\d+))?`)
	capable = regexp.MustCompile(`(\d+) consumers? can process (\S+/s)`)
	grouped = regexp.MustCompile(`(\d) (\d{3})\b`)
)

// ungrouped writes 9 400 as 9400.
func ungrouped(line string) string {
	for grouped.MatchString(line) {
		line = grouped.ReplaceAllString(line, "$1$2")
	}
	return line
}

// between is a printed number: it was rounded, so it lies between two.
type between struct{ from, to float64 }

// printed reads a number, whatever its unit; from an empty text 0.
func printed(t *rapid.T, text string) between {
	text, unit, _ := strings.Cut(strings.TrimSuffix(text, "/s"), " ")
	if text == "" {
		return between{}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	half := 0.5
	if _, decimals, ok := strings.Cut(text, "."); ok || v < 9.95 {
		half = 0.5 * math.Pow10(-max(len(decimals), 1))
	}
	if v < 0.995 {
		half = 0.005
	}
	scale := map[string]float64{"": 1, "s": 1, "min": 60, "h": 3600}[unit]
	return between{(v - half) * scale, (v + half) * scale}
}

// recompute compares what a line says with what follows from its own numbers.
func recompute(t *rapid.T, line string) {
	line = ungrouped(line)
	compare := func(what string, said between, from, to float64) {
		if slack := 1e-9 * (1 + math.Abs(to)); to < said.from-slack || from > said.to+slack {
			t.Fatalf("%s: between %v and %v follows from the numbers of: %s", what, from, to, line)
		}
	}
	num := func(s string) between { return printed(t, s) }
	whole := func(s string) float64 { n, _ := strconv.Atoi(s); return float64(n) }
	for _, m := range demanded.FindAllStringSubmatch(line, -1) {
		rate, share, excess, backlog, in := num(m[1]), num(m[2]), num(m[3]), whole(m[4]), num(m[5])
		low, high := 100*rate.from/share.to-excess.to, 100*rate.to/share.from-excess.from
		if m[4] != "" {
			low, high = low+backlog/in.to, high+(backlog+1)/in.from
		}
		compare("needed", num(m[6]), low-0.5, high+0.5) // an excess of 0.5/s is not printed
	}
	for _, m := range peaked.FindAllStringSubmatch(line, -1) {
		rate, share, excess := num(m[1]), num(m[2]), num(m[3])
		compare("peak", num(m[4]), 100*rate.from/share.to-excess.to-0.5, 100*rate.to/share.from-excess.from)
	}
	for _, m := range reserved.FindAllStringSubmatch(line, -1) {
		share, rate, excess := num(m[1]), num(m[2]), num(m[3])
		compare("reserve", num(m[4]), share.from*rate.from/100-excess.to-0.5, share.to*rate.to/100-excess.from)
	}
	for _, m := range roomed.FindAllStringSubmatch(line, -1) {
		share, rate, excess, backlog, in := num(m[1]), num(m[2]), num(m[3]), whole(m[4]), num(m[5])
		low, high := share.from*rate.from/100-excess.to, share.to*rate.to/100-excess.from
		if m[4] != "" {
			low, high = low+backlog/in.to, high+(backlog+1)/in.from
		}
		compare("room", num(m[6]), low-0.5, high+0.5)
	}
	for _, m := range counted.FindAllStringSubmatch(line, -1) {
		rate, consumers, each := num(m[1]), whole(m[2]), num(m[3])
		compare("consumers", between{consumers, consumers}, math.Ceil(max(0, rate.from)/each.to-1e-9), math.Ceil(rate.to/each.from))
		if m[4] != "" {
			part, all := whole(m[4]), whole(m[5])
			compare("partitions", num(m[6]), rate.from*part/all, rate.to*part/all)
			if to := whole(m[7]); math.Ceil(all/(to-1)) != part {
				t.Fatalf("%v consumers have not %v of %v partitions: %s", to-1, part, all, line)
			}
		}
	}
	each := counted.FindStringSubmatch(line)
	if m := capable.FindStringSubmatch(line); m != nil && each != nil && strings.Contains(line, "needed") {
		n, one := whole(m[1]), num(each[3])
		compare("capacity", num(m[2]), n*one.from, n*one.to)
	}
}

// TestExplain compares derivations with testdata/explain.txt; run with -update to record them again.
func TestExplain(t *testing.T) {
	w := newWorld()
	w.rate, w.source.ProcessingTime, w.assignor = 1000, 10*time.Millisecond, "range"
	w.spec.MaxReplicas = new(int32(20))
	if err := w.start(16); err != nil {
		t.Fatal(err)
	}
	got := ""
	show := func(title string) {
		d := *w.standing()
		got += "# " + title + "\n" + say.Line(d) + "\n\n" + say.Text(say.Explain(d)) + "\n"
	}
	w.run(10*time.Minute, nil)
	show("steady")
	w.silent, w.unknown = []int32{2, 3}, 20
	w.run(time.Minute, nil)
	show("two brokers silent")
	w.silent, w.unknown = nil, 0
	w.run(time.Minute, nil)
	w.rate = 1900
	w.run(90*time.Second, nil)
	show("limited")
	const file = "testdata/explain.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%v\n--- got\n%s--- want\n%s", err, got, want)
	}
}
