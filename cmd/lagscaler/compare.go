package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/web"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/learn"
	"github.com/lagscaler/lagscaler/scaler/sim"
)

// compareOptions are the flags of compare.
type compareOptions struct {
	server string
	output choice
}

// compared is a day, or all of them.
type compared struct {
	Day          string   `json:"day"`          // or "all"
	Hours        float64  `json:"hours"`        // that are known
	ActualHours  float64  `json:"actualHours"`  // replica hours as they were
	DesiredHours float64  `json:"desiredHours"` // as lagscaler decided, beside them
	ActualLate   *float64 `json:"actualLate"`   // percent of the steps whose greatest time lag was above the target; null: no time lag is known

	LateHours float64 `json:"lateHours"` // of which the time lag is known: actualLate is a percentage of them

	late float64 // hours

	// The result if lagscaler had scaled, simulated on the recorded traffic: only for all days together, and null if too little
	// is known. The decisions above depend on the replicas that another autoscaler set; the simulation does not.
	SimulatedHours *float64 `json:"simulatedHours"`
	SimulatedLate  *float64 `json:"simulatedLate"` // percent of the seconds
}

func newCompare() *cobra.Command {
	o := compareOptions{output: choice{value: "table", of: []string{"table", "json"}}}
	cmd := &cobra.Command{
		Use:   "compare NAMESPACE/NAME",
		Short: "Compare the decisions of a scaler in the last week with what happened",
		Long: `Prints for every day the actual replica hours, the replica hours that the scaler decided, and the share of the recorded steps of
five minutes in which the greatest measured time lag was above the target. For all days together it also prints the replica
hours and the share of the seconds that a simulation gives for the case that the scaler had written its decisions. Read it
before you change a scaler from advise to act.`,
		Example: `  lagscaler compare shop/orders --server http://localhost:9090`,
		Args:    oneName("a scaler"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	cmd.Flags().StringVarP(&o.server, "server", "s", "http://localhost:9090", "read from the running daemon at `URL`")
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
	return cmd
}

func (o *compareOptions) run(cmd *cobra.Command, name string) error {
	var page web.ComparePage
	if err := (&place{server: o.server}).ask(cmd.Context(), "/api/v1/compare", url.Values{"scaler": {name}}, &page); err != nil {
		return err
	}
	if len(page.Steps) == 0 {
		return fmt.Errorf("%s: nothing is recorded yet; the first five minutes are not over", name)
	}
	rows := compareDays(page)
	if o.output.value == "json" {
		return output.JSON(cmd.OutOrStdout(), rows, true)
	}
	if err := printCompared(cmd.OutOrStdout(), page, rows); err != nil {
		return err
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), compareLegend)
	return err
}

const compareLegend = `
RECORDED       the hours of the day that are recorded; all other columns are about these hours. They are recorded in steps of five minutes. Each step
               counts in full here and in HOURS, also one that was read only in part: the first and the last one
HOURS          replica hours: replicas multiplied by the hours that they ran
AS IT WAS      the replicas that ran, whoever set them; or the name of the autoscaler that controls the target
DECIDED        the replicas that lagscaler decided at the time, in advise without effect on the lag
SIMULATED      a simulation of the policy on the recorded traffic; only for all days together, and only if the capacity of a consumer is known
LATE %         as it was: the share of the recorded steps whose greatest time lag was above targetLag; "of N h": the time lag was known for
               N hours only. SIMULATED: the share of the seconds in which the time lag was above targetLag. A step of five minutes with one late
               second is late as a whole, so for the same lag the first number is greater
-              unknown
`

// compareDays sums up the steps of every day; the last row is the sum of all days.
func compareDays(page web.ComparePage) []compared {
	var rows []compared
	all := compared{Day: "all"}
	if r, ok := simulateWeek(page); ok {
		all.SimulatedHours, all.SimulatedLate = &r.ConsumerHours, &r.ViolationPercent
	}
	add := func(c *compared, s web.Step) {
		hours := learn.SeasonStep.Hours()
		c.Hours += hours
		c.ActualHours += hours * s.Replicas
		c.DesiredHours += hours * s.Desired
		if s.Late != nil {
			c.LateHours += hours
			if *s.Late > page.TargetLag {
				c.late += hours
			}
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
		if c := &rows[i]; c.LateHours > 0 {
			c.ActualLate = new(100 * c.late / c.LateHours)
		}
	}
	return rows
}

// simulateWeek simulates our policy on the recorded traffic. It is not ok if the capacity of a consumer or the number of
// partitions is unknown. A missing step has the rate of the step before it.
func simulateWeek(page web.ComparePage) (r sim.Result, ok bool) {
	if page.PerConsumer == nil || page.Partitions == nil || len(page.Steps) < 2 {
		return r, false
	}
	t := sim.Trace{Name: page.Name, Step: learn.SeasonStep}
	peak := 0.0
	for i, s := range page.Steps {
		if i > 0 {
			for at := page.Steps[i-1].Time.Add(learn.SeasonStep); at.Before(s.Time); at = at.Add(learn.SeasonStep) {
				t.Counts = append(t.Counts, page.Steps[i-1].Rate)
			}
		}
		t.Counts = append(t.Counts, s.Rate)
		peak = max(peak, s.Rate)
	}
	if peak == 0 {
		return r, false
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
		return r, false // a policy of a newer daemon, which this program does not know
	}
	return sim.Simulate(t, w, policy), true
}

// partOf names the hours of a percentage that is not of all hours.
func partOf(r compared) string {
	if r.ActualLate == nil || r.Hours-r.LateHours < learn.SeasonStep.Hours()/2 {
		return ""
	}
	return fmt.Sprintf(" (of %.1f h)", r.LateHours)
}

func printCompared(w io.Writer, page web.ComparePage, rows []compared) error {
	owner := page.Owner
	if owner == "" {
		owner = "as it was"
	}
	owner = strings.ToUpper(owner)
	g := output.NewTable(w, "DAY", "RECORDED", "HOURS, "+owner, "HOURS, DECIDED", "HOURS, SIMULATED", "LATE %, "+owner, "LATE %, SIMULATED")
	known := func(v *float64, format string) string {
		if v == nil {
			return ""
		}
		return fmt.Sprintf(format, *v)
	}
	for _, r := range rows {
		g.Row(r.Day, fmt.Sprintf("%.1f h", r.Hours), fmt.Sprintf("%.1f", r.ActualHours), fmt.Sprintf("%.1f", r.DesiredHours), known(r.SimulatedHours, "%.1f"),
			known(r.ActualLate, "%.2f")+partOf(r), known(r.SimulatedLate, "%.2f"))
	}
	return g.Flush()
}
