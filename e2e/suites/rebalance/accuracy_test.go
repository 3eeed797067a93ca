package rebalance_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"text/template"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka/compare"
)

var (
	accuracyFile = flag.String("accuracy", "", "measure, and write this file")
	accuracyTime = flag.Duration("accuracy-time", 150*time.Second, "how long each version's groups are disturbed")
	accuracySeed = flag.Uint64("accuracy-seed", 2026, "of what is done to them")
)

// accuracyRow is one kind of group on one version, as the page shows it.
type accuracyRow struct {
	Version kafka.Version
	Kind    kind
	compare.Comparison
}

// TestAccuracy is the long run: make accuracy.
func TestAccuracy(t *testing.T) {
	if *accuracyFile == "" {
		t.Skip("skipped: this measures for minutes and writes docs/accuracy.md; make accuracy runs it")
	}
	var page struct {
		Rows []accuracyRow
		Sum  accuracyRow
		Time time.Duration
		Seed uint64
	}
	page.Time, page.Seed = *accuracyTime, *accuracySeed
	for _, v := range kafka.Logged {
		t.Run(string(v), func(t *testing.T) {
			c := kafka.Start(t, kafka.Config{Version: v})
			tc := open(t, c, 3, *accuracySeed)
			tc.run(t, *accuracyTime)
			comparisons := tc.compare(t)
			report(t, comparisons)
			for _, k := range kindsOf(v) {
				page.Rows = append(page.Rows, accuracyRow{v, k, *comparisons[k]})
				page.Sum.Add(*comparisons[k])
			}
		})
	}
	if t.Failed() {
		return
	}
	var out bytes.Buffer
	if err := accuracyPage.Execute(&out, page); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*accuracyFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, target := range page.Sum.targets() {
		if !target.Met {
			t.Errorf("not met: %s, but %s", target.Want, target.Got)
		}
	}
}

// target is a promise, and what became of it.
type target struct {
	Want, Got string
	Met       bool
}

func (v accuracyRow) targets() []target {
	missed := len(v.Missed) + v.Excused
	causes := v.Right + len(v.Unknown) + len(v.Wrong)
	durations := v.Near + len(v.Far)
	return []target{
		{"at least 300 rebalances", fmt.Sprint(v.Truths), v.Truths >= 300},
		{"none missed in which a member stayed", fmt.Sprintf("%d missed", len(v.Missed)), len(v.Missed) == 0},
		{"at least 99 % seen of all", percent(v.Truths-missed, v.Truths), 100*missed <= v.Truths},
		{"none made up", fmt.Sprintf("%d made up", len(v.False)), len(v.False) == 0},
		{"the cause right in at least 90 %", percent(v.Right, causes), 10*v.Right >= 9*causes},
		{"unknown rather than wrong", fmt.Sprintf("%d unknown, %d wrong", len(v.Unknown), len(v.Wrong)), len(v.Wrong) <= len(v.Unknown)},
		{"durations within one sample", percent(v.Near, durations), len(v.Far) == 0},
	}
}

func percent(part, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d, %.1f %%", part, of, 100*float64(part)/float64(of))
}

var accuracyPage = template.Must(template.New("accuracy").Funcs(template.FuncMap{
	"targets": func(s accuracyRow) []target { return s.targets() },
	"yes": func(met bool) string {
		if met {
			return "yes"
		}
		return "**no**"
	},
	"ms": func(d time.Duration) string { return d.Round(time.Millisecond).String() },
}).Parse(`# Accuracy of the rebalance monitor

Written by ` + "`make accuracy`" + `; do not edit. [Rebalances](rebalances.md) explains the words.

## How it was measured

The test used Apache Kafka 3.9 and 4.3, with three brokers each, on one machine. There were three groups of each kind, with 2 to 5 Java consumers, at the same time. For
{{.Time}} (seed {{.Seed}}) a script caused these changes: members that join, leave, join in pairs, restart, are replaced one after the other, stop without closing, are killed by
SIGKILL, hang for longer than max.poll.interval.ms, or subscribe to another topic, and topics that get more partitions. Most changes were some seconds apart; some happened
at the same time. lagscaler read the groups as in production, with one sample per second. The poll interval was 2 s and the session
timeout 9 s, a fifth of the usual 10 s and 45 s. lagscaler watched no targets, so the causes scaling and deploy do not occur.

The result is compared with the log of the coordinator: one rebalance is one generation of a classic group, or one epoch of a KIP-848 group.

## Targets

| target | measured | reached |
|---|---|---|
{{range targets .Sum}}| {{.Want}} | {{.Got}} | {{yes .Met}} |
{{end}}
## By kind of group

| Kafka | group | rebalances | missed, a member stayed | missed, nobody stayed | made up | cause right | unknown | wrong | duration within a sample | further off | worst |
|---|---|---|---|---|---|---|---|---|---|---|---|
{{range .Rows}}| {{.Version}} | {{.Kind}} | {{.Truths}} | {{len .Missed}} | {{.Excused}} | {{len .False}} | {{.Right}} | {{len .Unknown}} | {{len .Wrong}} | {{.Near}} | {{len .Far}} | {{ms .Worst}} |
{{end}}
Causes and durations are counted per event: if no sample shows the group Stable between two rebalances, they are one event with a count. Its cause is
compared with the cause of the first rebalance. Its duration is compared with the time in the log from the start of the first to the end of the last rebalance that a
sample showed. The allowed difference is one sample, plus 0.25 s for delays in the brokers.
{{.Sum.Unclear}} events have no cause in the log either (a member rejoined without a reason) and are not counted among the causes.
{{with .Sum.Missed}}
## Missed
{{range .}}
- {{.}}{{end}}
{{end}}{{with .Sum.False}}
## Made up
{{range .}}
- {{.}}{{end}}
{{end}}{{with .Sum.Wrong}}
## Wrong causes
{{range .}}
- {{.}}{{end}}
{{end}}{{with .Sum.Far}}
## Durations further off
{{range .}}
- {{.}}{{end}}
{{end}}`))
