package scaler_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/say"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var update = flag.Bool("update", false, "rewrite the decisions of testdata/*.timeline")

// TestTimelines plays every timeline and compares the decisions with those it records. A timeline is what happens,
// then a line of dashes, then what was decided: a line whenever the answer or its reason changes.
//
//	given partitions 48, consumer 100/s, declared 10ms, replicas 16
//	00:00 rate 1000
//	05:00 rate 3000
//	30:00 end
//	-----
//	time   arriving  lag  oldest  spec/ready/joined  decision
//
// Run with -update to record them again, and the examples of the docs with them.
func TestTimelines(t *testing.T) {
	seen := map[scaler.Reason]bool{}
	files, err := filepath.Glob("testdata/*.timeline")
	if err != nil || len(files) == 0 {
		t.Fatalf("no timelines: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".timeline"), func(t *testing.T) {
			script, want := readTimeline(t, file)
			got := play(t, script, seen)
			if t.Failed() { // a decision without words is not recorded
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(script+dashes+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("decisions differ; run go test ./scaler -run Timelines -update and read the diff\n--- want\n%s--- got\n%s", want, got)
			}
		})
	}
	for _, r := range scaler.Reasons {
		if !seen[r.Reason] {
			t.Errorf("no timeline shows %s", r.Reason)
		}
	}
	t.Run("examples", examplesAreDecided)
}

const dashes = "-----\n"

func readTimeline(t *testing.T, file string) (script, want string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, want, ok := strings.Cut(string(data), dashes)
	if !ok && !*update {
		t.Fatalf("%s: no line of dashes", file)
	}
	return script, want
}

type event struct {
	at    time.Duration
	words []string
}

// play runs a timeline and writes its decisions.
func play(t *testing.T, script string, seen map[scaler.Reason]bool) string {
	t.Helper()
	w := newWorld()
	events := parseScript(t, w, script)
	var out strings.Builder
	fmt.Fprintf(&out, "%-9s %9s %8s %8s  %-11s  %s\n", "time", "arriving", "lag", "oldest", "set/rdy/jnd", "decision")
	began, last := w.now, scaler.Decision{}
	for second := 0; len(events) > 0; second++ {
		if second > 0 {
			w.second()
		}
		for len(events) > 0 && events[0].at <= w.now.Sub(began) {
			if events[0].words[0] == "end" {
				events = nil
				break
			}
			if err := w.happen(events[0].words); err != nil {
				t.Fatalf("%v: %v", events[0].words, err)
			}
			events = events[1:]
		}
		if second%10 != 0 {
			continue
		}
		before := w.input().Workload
		r := w.poll()
		if !r.Fresh {
			continue
		}
		d := r.Decision
		if len(d.Words()) == 0 {
			t.Fatalf("%s has no words: nothing is recorded", d.Verdict)
		}
		seen[d.Verdict] = true
		for _, s := range d.Steps {
			seen[s.Reason] = true
		}
		// A number that changes alone is not worth a line; an answer, a reason or an alarm is.
		if !d.Same(last) {
			last = d
			out.WriteString(w.line(d, before))
		}
	}
	return out.String()
}

func (w *world) line(d scaler.Decision, before seen.Workload) string {
	rate, lag, oldest := "?", "?", "?"
	if n, ok := d.Need(); ok && n.RateKnown {
		rate, lag, oldest = number.PerSecond(n.Rate), number.Whole(n.Lag), number.Seconds(n.LagSeconds)
	}
	crew := fmt.Sprintf("%d/%d/%d", before.Spec, before.Ready, w.joined)
	return fmt.Sprintf("%-9s %9s %8s %8s  %-11s  %s\n", w.now.Format("15:04:05"), rate, lag, oldest, crew, say.Line(d))
}

// parseScript reads what is given and what happens.
func parseScript(t *testing.T, w *world, script string) []event {
	t.Helper()
	var events []event
	replicas := int32(0)
	lines := bufio.NewScanner(strings.NewReader(script))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "given" {
			for given := range strings.SplitSeq(strings.TrimPrefix(strings.TrimSpace(line), "given"), ",") {
				n, err := w.given(strings.Fields(given))
				if err != nil {
					t.Fatalf("given%s: %v", given, err)
				}
				replicas += n
			}
			continue
		}
		at, err := time.ParseDuration(strings.Replace(words[0], ":", "m", 1) + "s")
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		events = append(events, event{at, words[1:]})
	}
	if len(events) == 0 || events[len(events)-1].words[0] != "end" {
		t.Fatal("a timeline ends with: MM:SS end")
	}
	if err := w.start(replicas); err != nil {
		t.Fatal(err)
	}
	return events
}

// given sets the stage.
func (w *world) given(words []string) (replicas int32, err error) {
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	count := func() int32 { return int32(must(strconv.Atoi(arg(1)))) }
	span := func() time.Duration { return must(time.ParseDuration(arg(1))) }
	switch words[0] {
	case "partitions":
		w.each = int(count())
	case "topics":
		w.topics = words[1:]
	case "assignor":
		w.assignor = arg(1)
	case "consumer":
		w.speed = must(strconv.ParseFloat(strings.TrimSuffix(arg(1), "/s"), 64))
	case "declared":
		w.source.ProcessingTime = span()
	case "commits":
		w.every = span()
		w.source.CommitInterval = span()
	case "replicas":
		replicas = count()
	case "mode":
		w.spec.Mode = scaler.Mode(arg(1))
	case "policy":
		w.spec.Kind = scaler.PolicyKind(arg(1))
	case "preset":
		w.spec.Preset = scaler.Preset(arg(1))
	case "min":
		w.spec.MinReplicas = new(count())
	case "max":
		w.spec.MaxReplicas = new(count())
	case "fallback":
		w.spec.FallbackReplicas = new(count())
	case "activation":
		w.spec.ActivationLag = int64(count())
	case "target":
		w.spec.TargetLag = span()
	case "window":
		w.spec.StabilizationWindow = span()
	case "objective": // objective 99.9
		w.spec.Objective = new(must(strconv.ParseFloat(arg(1), 64)))
	case "budget":
		w.spec.ObjectiveBudget = new(must(strconv.ParseFloat(arg(1), 64)))
	case "schedule": // schedule 0_13_*_*_* 0_14_*_*_* 24
		cron := func(i int) string { return strings.ReplaceAll(arg(i), "_", " ") }
		w.spec.Schedule = []scaler.WindowSpec{{Start: cron(1), End: cron(2), MinReplicas: int32(must(strconv.Atoi(arg(3))))}}
	case "per-pod":
		w.perPod = int(count())
	case "standby": // standby 30s: another cluster stands by, whose mirror is late by so much
		w.standsBy(span())
	case "elsewhere":
		w.foreign = int(count())
	case "names":
		w.source.Topics = words[1:]
	case "never":
		w.never = true
	case "marker": // each partition ends with so many offsets that nobody reads
		w.marker = int64(count())
	case "reset":
		w.source.OffsetReset = seen.OffsetReset(arg(1))
	case "zero-by-hand":
		w.spec.OnZeroByHand = scaler.OnZeroByHand(arg(1))
	case "share":
		w.share = true
	case "share-members":
		w.source.MaxShareMembers = count()
	default:
		return 0, fmt.Errorf("unknown: %v", words)
	}
	return replicas, nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// happen makes something happen.
func (w *world) happen(words []string) error {
	n := 0.0
	if len(words) > 1 {
		n, _ = strconv.ParseFloat(words[1], 64)
	}
	switch words[0] {
	case "rate":
		w.rate = n
	case "speed":
		w.speed = n
	case "downstream":
		w.behind = n
	case "believes": // a defect: what was learned of one consumer is this, whatever it does
		w.believes = n
	case "fleet": // fleet 4 60m: so many scalers have stopped themselves
		w.fleet = breaker.Stop{Since: w.now, Until: w.now.Add(must(time.ParseDuration(words[2]))), Steps: int32(n)}
	case "hot": // hot 7 0.2: partition 7 gets a fifth of everything
		hot := int(n)
		share := must(strconv.ParseFloat(words[2], 64))
		for p := range w.weights {
			w.weights[p] = (1 - share) / float64(len(w.weights)-1)
		}
		w.weights[hot] = share
	case "stuck": // stuck 7, stuck all
		for p := range w.end {
			w.stuck[p] = words[1] == "all" || p == int(n)
		}
	case "moving":
		w.stuck = map[int]bool{}
	case "replay": // offsets are set back
		for p := range w.end {
			w.pos[p] -= n / float64(len(w.end))
			w.commit[p] = int64(w.pos[p])
		}
	case "scaled": // by somebody else
		w.scale(int32(n))
	case "rebalance":
		w.pause(time.Duration(n) * time.Second)
	case "followed": // KEDA or an HPA asks for the number, and sets the replicas
		w.wl.Followed = true
	case "nodes":
		w.nodes = int32(n)
	case "absent":
		w.absent = int(n)
	case "silent": // silent 3 16: broker 3, which leads 16 partitions
		w.silent, w.unknown = []int32{int32(n)}, must(strconv.Atoi(words[2]))
	case "moved": // moved 3: the consumers of so many pods use the cluster that stood by
		w.moved = int(n)
	case "unread":
		w.unread = true
	case "answered":
		w.silent, w.unknown, w.unread = nil, 0, false
	case "missing": // missing payment: the source names this topic, and it does not exist
		w.missing = words[1:]
	case "nogroup": // no broker lists the group
		w.nogroup = true
	case "rollout":
		w.rollout = words[1] == "begins"
	case "target":
		w.wl.Found = words[1] == "back"
	case "fought-to":
		w.reacts = func(now int32) (int32, bool) { return int32(n), now != int32(n) }
	case "limit": // limit added 20, limit replicas 60: of this scaler and others
		to, _ := strconv.Atoi(words[2])
		w.limit.Name = "all"
		switch words[1] {
		case "added":
			w.limit.AddedPerMinute = int32(to)
		case "replicas":
			w.limit.Replicas = int32(to)
		case "down":
			w.limit.SteppingDown = 0.5
		}
	case "others": // others 40 44: another scaler under the limit is written from 40 to 44 replicas
		w.others = int32(must(strconv.Atoi(words[2])))
		w.ledger.Observe("shop/others", seen.Write{At: w.now, From: int32(n), To: w.others}, w.now)
	case "frozen": // frozen down 30m window_month_end
		w.wl.Freeze = &seen.Freeze{
			Stops: seen.Stops(words[1]), Until: w.now.Add(must(time.ParseDuration(words[2]))), By: strings.ReplaceAll(words[3], "_", " "),
		}
	case "thawed":
		w.wl.Freeze = nil
	case "refused": // the API server creates no pod, and says why
		w.wl.Refused = strings.Join(words[1:], " ")
	case "annotated":
		w.wl.PauseScaleIn, w.wl.PauseScaleOut = slices.Contains(words, "pause-scale-in"), slices.Contains(words, "pause-scale-out")
		w.wl.Paused = slices.Contains(words, "paused")
		w.wl.FixedReplicas = nil
		if words[1] == "fixed-replicas" {
			w.wl.FixedReplicas = new(int32(must(strconv.Atoi(words[2]))))
		}
	default:
		return fmt.Errorf("unknown: %v", words)
	}
	return nil
}
