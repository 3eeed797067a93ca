package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// compareOptions are the flags of compare.
type compareOptions struct {
	server string
	output choice
}

// compared is a day, or all of them.
type compared struct {
	Day           string   `json:"day"`           // or "all"
	Hours         float64  `json:"hours"`         // that are known
	ActualHours   float64  `json:"actualHours"`   // replica hours as they were
	DesiredHours  float64  `json:"desiredHours"`  // as lagscaler decided, beside them
	ActualLate    float64  `json:"actualLate"`    // percent of the time later than the target, as measured
	SimulatedLate *float64 `json:"simulatedLate"` // the same of lagscaler's, simulated on the recorded traffic; null: too little is known
}

func newCompare() *cobra.Command {
	o := compareOptions{output: choice{value: "table", of: []string{"table", "json"}}}
	cmd := &cobra.Command{
		Use:   "compare NAMESPACE/NAME",
		Short: "What a scaler would have done in the last week, beside what happened",
		Long: `Prints, day by day, the replica hours that there were and those that the scaler decided, and how much of the time
records were later than the target: theirs as measured, ours simulated on the recorded traffic. It is what a team reads
before it lets an advising scaler act.`,
		Example: `  lagscaler compare shop/orders --server http://localhost:9090`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return wrong{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&o.server, "server", "s", "http://localhost:9090", "the running daemon at `URL`")
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
	return cmd
}

func (o *compareOptions) run(cmd *cobra.Command, name string) error {
	var page web.ComparePage
	if err := ask(cmd.Context(), o.server, "/api/v1/compare", url.Values{"scaler": {name}}, &page); err != nil {
		return err
	}
	if len(page.Steps) == 0 {
		return fmt.Errorf("%s: nothing is recorded yet; the first five minutes are not over", name)
	}
	rows := compareDays(page)
	if o.output.value == "json" {
		return printJSON(cmd.OutOrStdout(), rows, true)
	}
	return printCompared(cmd.OutOrStdout(), page, rows)
}

// compareDays adds the steps up by day, and all of them last.
func compareDays(page web.ComparePage) []compared {
	late := simulatedLate(page)
	var rows []compared
	all := compared{Day: "all"}
	simulated := 0.0
	add := func(c *compared, s web.Step) {
		hours := scaler.SeasonStep.Hours()
		c.Hours += hours
		c.ActualHours += hours * s.Replicas
		c.DesiredHours += hours * s.Desired
		if s.Late > page.TargetLag {
			c.ActualLate += hours
		}
	}
	for _, s := range page.Steps {
		day := s.Time.Format(time.DateOnly)
		if n := len(rows); n == 0 || rows[n-1].Day != day {
			rows = append(rows, compared{Day: day})
		}
		add(&rows[len(rows)-1], s)
		add(&all, s)
	}
	rows = append(rows, all)
	for i := range rows {
		rows[i].ActualLate *= 100 / rows[i].Hours
	}
	if late != nil {
		simulated = *late
		rows[len(rows)-1].SimulatedLate = &simulated
	}
	return rows
}

// simulatedLate is how much of the time our policy would have been late on the recorded traffic; nil when the speed of a
// consumer or the partitions are not known yet. Where a step is missing the one before goes on.
func simulatedLate(page web.ComparePage) *float64 {
	if page.PerConsumer == nil || page.Partitions == nil || len(page.Steps) < 2 {
		return nil
	}
	t := sim.Trace{Name: page.Name, Step: scaler.SeasonStep}
	peak := 0.0
	for i, s := range page.Steps {
		if i > 0 {
			for at := page.Steps[i-1].Time.Add(scaler.SeasonStep); at.Before(s.Time); at = at.Add(scaler.SeasonStep) {
				t.Counts = append(t.Counts, page.Steps[i-1].Rate)
			}
		}
		t.Counts = append(t.Counts, s.Rate)
		peak = max(peak, s.Rate)
	}
	if peak == 0 {
		return nil
	}
	w := sim.World{
		Partitions: int(*page.Partitions), PerConsumer: *page.PerConsumer, Protocol: sim.Eager,
		PeakLoad: peak / (float64(*page.Partitions) * *page.PerConsumer),
		Target:   time.Duration(page.TargetLag * float64(time.Second)), Seed: 1,
	}
	if strings.Contains(strings.ToLower(page.Assignor), "cooperative") {
		w.Protocol = sim.Cooperative
	}
	spec := scaler.Spec{Preset: scaler.Preset(page.Preset), TargetLag: w.Target, MinReplicas: &page.MinReplicas, MaxReplicas: page.MaxReplicas}
	policy, err := sim.Ours(sim.OurName, sim.Declare(spec, w), nil)
	if err != nil {
		return nil // a policy of a newer daemon, which this program does not know
	}
	r := sim.Simulate(t, w, policy)
	return &r.ViolationPercent
}

func printCompared(w io.Writer, page web.ComparePage, rows []compared) error {
	owner := page.Owner
	if owner == "" {
		owner = "as it was"
	}
	g := newGrid(w, "DAY", "REPLICA HOURS, "+strings.ToUpper(owner), "LAGSCALER", "LATE %, "+strings.ToUpper(owner), "LAGSCALER, SIMULATED")
	for _, r := range rows {
		simulated := ""
		if r.SimulatedLate != nil {
			simulated = fmt.Sprintf("%.2f", *r.SimulatedLate)
		}
		g.row(r.Day, fmt.Sprintf("%.1f", r.ActualHours), fmt.Sprintf("%.1f", r.DesiredHours), fmt.Sprintf("%.2f", r.ActualLate), simulated)
	}
	return g.w.Flush()
}
