package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"text/template"
	"time"
)

// row is one kind of fault, as the page shows it.
type row struct {
	Name, Doc                 string
	Times, Unwell             int
	Partial, Leaderless       int // polls
	Usual, Most               int // polls until all was well: the median, and the most
	Sizes                     int // changes of the replicas
	Wrong, Back, MadeUp       int
	Late, LateHeld            int64
	MemoryBefore, MemoryAfter int

	polls []int
}

// Rows are the faults that came alone, each once, and the pairs together.
func (r result) Rows() []row {
	var rows []row
	for _, f := range faults {
		rows = append(rows, row{Name: f.name, Doc: f.doc})
	}
	rows = append(rows, row{Name: "two at once", Doc: "two of the above, of different parts, at the same time"})
	for _, e := range r.Episodes {
		i := slices.IndexFunc(rows, func(one row) bool { return one.Name == e.Name })
		if i < 0 {
			i = len(rows) - 1
		}
		rows[i].add(e)
	}
	return slices.DeleteFunc(rows, func(one row) bool { return one.Times == 0 })
}

func (w *row) add(e episode) {
	w.Times++
	if e.Why != nil {
		w.Unwell++
	} else {
		w.polls = append(w.polls, e.Polls)
		slices.Sort(w.polls)
		w.Usual, w.Most = w.polls[len(w.polls)/2], w.polls[len(w.polls)-1]
	}
	w.Sizes += e.Sizes
	w.Wrong, w.Back, w.MadeUp = w.Wrong+len(e.Wrong), w.Back+len(e.Back), w.MadeUp+len(e.MadeUp)
	w.Late, w.LateHeld = w.Late+e.Late, w.LateHeld+e.LateHeld
	w.Partial, w.Leaderless = w.Partial+e.Partial, w.Leaderless+e.Leaderless
	w.MemoryBefore, w.MemoryAfter = max(w.MemoryBefore, e.Before), max(w.MemoryAfter, e.After)
}

// Missing are the faults that did not come in this run.
func (r result) Missing() []string {
	var out []string
	for _, f := range faults {
		if !slices.ContainsFunc(r.Episodes, func(e episode) bool { return e.Name == f.name }) {
			out = append(out, f.name)
		}
	}
	return out
}

// Slowest is the longest recovery.
func (r result) Slowest() episode {
	return slices.MaxFunc(r.Episodes, func(a, b episode) int { return cmp.Compare(a.Polls, b.Polls) })
}

// Random are the episodes of the random part.
func (r result) Random() []episode {
	return slices.DeleteFunc(slices.Clone(r.Episodes), func(e episode) bool { return !e.Random })
}

var page = template.Must(template.New("reliability").Funcs(template.FuncMap{
	"targets": result.targets,
	"yes": func(met bool) string {
		if met {
			return "yes"
		}
		return "**no**"
	},
	"since":       func(r result, e episode) string { return fmt.Sprintf("%.0f s", e.Began.Sub(r.Began).Seconds()) },
	"evenTraffic": func() int { return evenTraffic },
	"secs":        func(d time.Duration) string { return d.Round(time.Second).String() },
}).Parse(`# Reliability

Written by ` + "`make chaos`" + `; do not edit.

## How it was measured

Three brokers of Apache Kafka 4.3, a Kubernetes control plane, a topic with 12 partitions, and one consumer process for every Ready pod of a
Deployment ran on one machine. Two replicas of lagscaler scaled this Deployment. They reached the brokers over TLS with client certificates and SCRAM, and the API server over TLS,
through proxies. A producer changed its rate every 5 s, up and down between 20 and 200 records per second with a period of
a minute; one consumer can do 50. The KafkaScaler has ` + "`preset: economy` and `stabilizationWindow: 150s`" + `, so that replicas follow this traffic.
The faults came one after the other, and then at random, with seed {{.Seed}}. The run took {{secs (.Ended.Sub .Began)}}, and consumers processed {{.Done}} records.

The clocks of lagscaler ran ten times as fast as in production: a poll every second, a decision every third poll. The Lease (15 s) and what brokers need to
notice that one of them is gone (9 s) are as in production. So a fault that waits for one of them takes more polls here than in production.

The columns have these meanings:

- partial: polls of either replica, during the faults of this row and until all was well, that left something unknown.
- without leader: polls during that time in which no replica led.
- recovery: the polls from the end of the fault until two replicas read everything, one of them leads, and its decision does not name missing or old data.
  For a leader that is killed, the fault ends when it is killed.
- changes: changes of the replicas during the faults of this row and until the next fault.
- wrong: writes of the replicas that no replica had decided, or by a replica that did not hold the Lease, scale-downs at a poll that did
  not read the whole group, and scale-downs below what the lowest traffic of the last 15 s needs. The sizes are those that the API server stored.
- counters: counters of a metrics page that became smaller while the process ran. The pages of both replicas were read once per poll.
- made up: rebalances that a replica reported, and no coordinator had logged.
- late: records that were older than targetLag (10 s) when a consumer finished them. While a broker or a coordinator is away, consumers wait, too.
- late by a hold: those of them that were late while the leader had fewer replicas than the traffic needed and did not add any, because it could not read
  everything.
- memory: the resident memory of the larger replica in MiB, before the fault and after the recovery. The process is the binary of the test.

## Targets

| target | measured | reached |
|---|---|---|
{{range targets .}}| {{.Want}} | {{.Got}} | {{yes .Met}} |
{{end}}
## By fault

| fault | times | partial | without leader | recovery, polls: median | most | changes | wrong | counters | made up | late | late by a hold | memory before | after |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
{{range .Rows}}| {{.Name}} | {{.Times}} | {{.Partial}} | {{.Leaderless}} | {{.Usual}} | {{.Most}}{{if .Unwell}}, {{.Unwell}} not in time{{end}} | {{.Sizes}} | {{.Wrong}} | {{.Back}} | {{.MadeUp}} | {{.Late}} | {{.LateHeld}} | {{.MemoryBefore}} | {{.MemoryAfter}} |
{{end}}
{{with .Slowest}}The slowest recovery was after "{{.Name}}": {{.Polls}} polls.{{end}}

| fault | what was done |
|---|---|
{{range .Rows}}| {{.Name}} | {{.Doc}} |
{{end}}
{{with .Missing}}These faults did not come alone in this run:{{range $i, $name := .}}{{if $i}},{{end}} {{$name}}{{end}}.

{{end}}## The random part

| after | fault | lasted | recovery, polls |
|---|---|---|---|
{{range .Random}}| {{since $ .}} | {{.Name}} | {{secs (.Healed.Sub .Began)}} | {{if .Why}}not in time{{else}}{{.Polls}}{{end}} |
{{end}}
{{with .Lesson}}## A wrong capacity

After the random part the traffic stayed at {{evenTraffic}}/s, and targetLag was 3 s. All replicas were ended by SIGTERM, the capacity of a consumer that they had saved was replaced by three times
the truth, and new replicas started: {{.Lessons}} times. {{if .Stopped}}The next leader scaled down each time. {{.Late}} of these steps made records late, and {{secs .After}} after the first lesson the scaler stopped itself and went back to the size that was
well. Then the traffic changed as before, down to {{.Lowest}}/s, and these faults came: {{range $i, $f := .Faults}}{{if $i}}, {{end}}{{$f}}{{end}}. In these {{secs .Observed}} there were {{len .Downs}} scale-downs.{{end}}
{{with .Why}}It did not go as it should: {{.}}.{{end}}
{{end}}{{range targets .}}{{if .Details}}
## Not reached: {{.Want}}
{{range .Details}}
- {{.}}{{end}}
{{end}}{{end}}
## Not tried here

- A full disk under ` + "`memory.file`" + `: with Kubernetes, lagscaler saves what it learned in ConfigMaps.
`))
