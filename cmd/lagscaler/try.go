package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/tryout"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// tryOptions are the flags of commands that try settings on a history before they are in force.
type tryOptions struct {
	proposed string
	brakes   string
	scaler   string
}

func (o *tryOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.proposed, "proposed", "", "try the KafkaScaler of this `FILE`, beside the present one and without each of its restrictions")
	f.StringVar(&o.brakes, "brakes", "", "try the limits of all scalers and the freezes (brakes) of this `FILE`: a configuration, or values of the chart")
	f.StringVar(&o.scaler, "scaler", "", "the scaler that is tried, as `NAMESPACE/NAME` (default: that of the file, or the only one of the recording)")
}

// tried completes what is tried by the flags.
func (o *tryOptions) tried(t *tryout.Tried) error {
	if o.proposed != "" {
		loaded, err := config.LoadScaler(o.proposed)
		if err != nil {
			return wrong{err}
		}
		settings, err := tryout.SettingsOf(loaded.Scaler())
		if err != nil {
			return wrong{fmt.Errorf("--proposed %s: %w", o.proposed, err)}
		}
		t.Proposed = &settings
	}
	if o.brakes == "" {
		return nil
	}
	loaded, err := config.LoadBrakes(o.brakes)
	if err != nil {
		return wrong{err}
	}
	set := loaded.Scaler()
	t.Brakes = &set
	return nil
}

// name is the name and the labels of the scaler that is tried: by the flag, or by the first file that says it.
func (o *tryOptions) name(files ...string) (config.ScalerName, error) {
	said := config.ScalerName{Name: o.scaler}
	for _, file := range files {
		if file == "" {
			continue
		}
		loaded, err := config.LoadScalerName(file)
		if err != nil {
			return said, wrong{err}
		}
		said.Name = cmp.Or(said.Name, loaded.Name)
		if said.Labels == nil {
			said.Labels = loaded.Labels
		}
	}
	return said, nil
}

// readRecording reads the files of a recording, the oldest first.
func readRecording(files []string, replays ...*record.Replay) error {
	for _, name := range files {
		if err := readFile(name, replays...); err != nil {
			return err
		}
	}
	for _, r := range replays {
		r.Flush()
	}
	return nil
}

func readFile(name string, replays ...*record.Replay) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("reading a recording: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	err = record.Read(name, f, replays...)
	if errors.Is(err, record.ErrNotRecording) {
		return wrong{err}
	}
	return err
}

// printTried prints what would have been different.
func printTried(w io.Writer, rows []tryout.Outcome, legend string) error {
	g := output.NewTable(w, "SCALER", "CASE", "STEPS UP", "DOWN", "LATE RECORDS", "LATE %", "OLDEST", "CONSUMER HOURS", "RESTRICTIONS")
	for i := range rows {
		r := &rows[i]
		records, late, oldest := "", "", ""
		if r.LateRecords != nil {
			records = number.Whole(*r.LateRecords)
		}
		if r.LatePercent != nil {
			late = fmt.Sprintf("%.3f", *r.LatePercent)
		}
		if r.OldestSeconds != nil {
			oldest = number.Seconds(*r.OldestSeconds)
		}
		g.Row(r.Scaler, r.Case, number.Whole(r.StepsUp), number.Whole(r.StepsDown), records, late, oldest,
			fmt.Sprintf("%.1f", r.ConsumerHours), heldWords(r.Held))
	}
	if err := g.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, legend)
	return err
}

// heldWords are the restrictions that held, the longest first: MaxReplicas 3h10m, FleetUpLimit of all 4m.
func heldWords(all []tryout.Held) string {
	var words []string
	for _, h := range all {
		name := string(h.Reason)
		if h.Limit != "" {
			name += " of " + h.Limit
		}
		words = append(words, name+" "+number.Duration(time.Duration(h.Seconds)*time.Second))
	}
	return strings.Join(words, ", ")
}

// triedLegend explains the table of a simulation, replayedLegend that of a replay.
const triedLegend = `
CASE              present: the settings now; proposed: those of --proposed; without: without one restriction, to see its effect
STEPS UP, DOWN    changes of the replicas
LATE RECORDS      records that were processed later than %s, the present targetLag
OLDEST            the longest time that a record waited
CONSUMER HOURS    replicas multiplied by the hours that they ran
RESTRICTIONS      for how long each one (a limit, a freeze, …) kept the replicas from the number that was needed
-                 not known, or none
`

const replayedLegend = `
AS IT WAS         the replicas that ran, whoever set them; late records are known if lagscaler counted them by the present targetLag
CASE              decisions on the recorded polls. present: the settings of each poll; proposed: those of --proposed; without: without one restriction
STEPS UP, DOWN    changes that were requested. Replicas and lag are those of the recording and do not follow, so a different number is requested again
CONSUMER HOURS    replicas that were decided, multiplied by the hours until the next decision
RESTRICTIONS      for how long each one (a limit, a freeze, …) kept the replicas from the number that was needed
-                 not known, or none. lagscaler simulate --recording simulates which records would have been late
`
