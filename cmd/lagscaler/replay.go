package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/audit"
	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/output"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/internal/tryout"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	tryOptions
	policy string
	output choice
}

func newReplay() *cobra.Command {
	o := replayOptions{output: choice{value: "table", of: []string{"table", "json", "audit"}}}
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Repeat recorded decisions and show the differences",
		Long: `Repeats the decisions of recorded polls with this version of lagscaler, with the recorded policy or another one, and prints
the decisions that differ. Several files of one run are read as one recording; give the oldest file first. Replicas and lag
are those of the recording: a decision that differs does not change them.

If the files before the first file are missing, the readings before it are unknown, so its first 20 minutes are not compared.

With --proposed or --brakes it prints one row for each case instead: what really ran, the present settings, the proposed settings, and
the proposed settings without one restriction (a limit, a freeze, …), for each restriction. A row has the changes of the replicas, the
consumer hours, and for how long each restriction held.

With -o audit it makes the recorded decisions again, and prints the audit trail that follows from them. It is the same, byte for byte,
as the file audit.path of the run for this time. Compare the two with diff.

Exit codes are those of diff: 0 no decision differs; 1 a decision differs, or a file cannot be read; 2 the flags, the policy
or a file are wrong.`,
		Example: `  lagscaler replay polls.jsonl.gz
  lagscaler replay polls.jsonl.gz -o audit | diff audit.jsonl -
  lagscaler replay polls.jsonl.gz --proposed orders.yaml --brakes lagscaler.yaml
  lagscaler replay polls.jsonl.gz.2 polls.jsonl.gz.1 polls.jsonl.gz --policy scaler.yaml -o json`,
		Args: checked(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	cmd.Flags().StringVar(&o.policy, "policy", "", "`FILE` with the KafkaScaler whose policy is used (default: the recorded policies)")
	o.flags(cmd)
	cmd.Flags().VarP(&o.output, "output", "o", "table, json or audit")
	return cmd
}

func (o *replayOptions) run(w, errOut io.Writer, files []string) error {
	if o.output.value == "audit" {
		return o.audit(w, errOut, files)
	}
	if o.proposed != "" || o.brakes != "" {
		return o.try(w, files)
	}
	out := record.Summary{Differences: []record.Difference{}}
	r := record.Replay{Report: out.Add}
	if o.policy != "" {
		var err error
		if r.Policy, err = otherPolicy(o.policy); err != nil {
			return wrong{err}
		}
	}
	if err := readRecording(files, &r); err != nil {
		return err
	}
	out.Polls = r.Polls
	if err := o.print(w, &out); err != nil {
		return err
	}
	if out.Different > 0 {
		return exceeded{}
	}
	return nil
}

// try prints what would have been different with other settings.
func (o *replayOptions) try(w io.Writer, files []string) error {
	if o.policy != "" {
		return wrong{errors.New("--policy, --proposed: give only one of them")}
	}
	history := tryout.History{}
	if err := readRecording(files, history.Replay()); err != nil {
		return err
	}
	named, err := o.name(o.proposed)
	if err != nil {
		return err
	}
	if o.proposed != "" && named.Name == "" { // a file without a name is for the only scaler
		past, err := history.Past("")
		if err != nil {
			return wrong{fmt.Errorf("--scaler: %w", err)}
		}
		named.Name = past.Name
	}
	tried, err := history.Tried(named.Name)
	if err != nil {
		return wrong{err}
	}
	tried.Labels = named.Labels
	if err := o.tried(&tried); err != nil {
		return err
	}
	played := tryout.Recorded{History: &history, Tried: tried}
	if err := readRecording(files, played.Replays()...); err != nil {
		return err
	}
	if o.output.value == "json" {
		return output.JSON(w, played.Outcomes(), true)
	}
	return printTried(w, played.Outcomes(), replayedLegend)
}

// audit prints the audit trail that follows from the recording.
func (o *replayOptions) audit(w, errOut io.Writer, files []string) error {
	if o.policy != "" || o.proposed != "" || o.brakes != "" {
		return wrong{errors.New("-o audit: the trail is that of the recorded settings; give neither --policy, --proposed nor --brakes")}
	}
	var failed error
	warming := 0
	r := record.Replay{
		Deed: func(d engine.Deed, by, configuration string) {
			e := audit.Entry{Deed: d, By: by, Configuration: configuration}
			line, err := e.JSON()
			if err == nil {
				_, err = w.Write(line)
			}
			failed = errors.Join(failed, err)
		},
		Report: func(c record.Compared) {
			if c.Warming {
				warming++
			}
		},
	}
	err := readRecording(files, &r)
	switch {
	case err != nil || failed != nil:
		return errors.Join(err, failed)
	case r.Facts == 0:
		return wrong{errors.New("the recording has no facts of an audit trail: an older version made it, or no replica of lagscaler was the leader")}
	case r.Lost > 0 || warming > 0:
		fmt.Fprintf(errOut, "The trail may differ: %s missing from the recording, %s made before the replay knew what lagscaler knew.\n",
			number.Of(r.Lost, "fact"), number.Of(warming, "decision"))
	}
	return nil
}

// otherPolicy replaces the recorded policy by that of a file, and the settings of groups that the file has too.
func otherPolicy(file string) (func(*scaler.Input), error) {
	loaded, err := config.LoadScaler(file)
	if err != nil {
		return nil, err
	}
	spec := loaded.Scaler()
	policy, err := spec.Policy()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return func(in *scaler.Input) {
		in.Policy = policy
		for i := range in.Sources {
			src := &in.Sources[i]
			for _, s := range spec.Sources {
				if s.Cluster == src.Cluster && s.Group == src.Group {
					src.SourceSpec = s
				}
			}
		}
	}, nil
}

func (o *replayOptions) print(w io.Writer, r *record.Summary) error {
	if o.output.value == "json" {
		return output.JSON(w, r, true)
	}
	if len(r.Differences) > 0 {
		g := output.NewTable(w, "AT", "DECISIONS", "SCALER", "THEN", "NOW")
		for _, d := range r.Differences {
			g.Row(d.From.UTC().Format(time.RFC3339), strconv.Itoa(d.Decisions), d.Scaler, d.Then.Line, d.Now.Line)
		}
		if err := g.Flush(); err != nil {
			return fmt.Errorf("printing differences: %w", err)
		}
	}
	_, err := fmt.Fprintf(w, "%d polls, %d decisions, %d differ, %d not compared\n", r.Polls, r.Decisions, r.Different, r.NotCompared)
	return err
}
