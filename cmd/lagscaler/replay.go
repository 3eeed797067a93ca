package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/record"
	"github.com/lagscaler/lagscaler/scaler"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	policy string
	output choice
}

func newReplay() *cobra.Command {
	o := replayOptions{output: choice{value: "table", of: []string{"table", "json"}}}
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Decide again what the daemon recorded, and show what differs",
		Long: `Decides recorded polls again, with this version and the recorded policy or another one, and prints the decisions that
differ. Several files of one run, the oldest first, are read as one. The world stays as it was recorded: replicas and
lag follow from what was decided then.

A file whose beginning was rotated away does not hold the readings before it: its first 20 minutes are not compared.

Exit codes, as diff has them: 0 no decision differs; 1 some do, or a file cannot be read; 2 the flags, the policy or a
file are wrong.`,
		Example: `  lagscaler replay polls.jsonl.gz
  lagscaler replay polls.jsonl.gz.2 polls.jsonl.gz.1 polls.jsonl.gz --policy scaler.yaml -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.MinimumNArgs(1)(cmd, args); err != nil {
				return wrong{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.OutOrStdout(), args) },
	}
	cmd.Flags().StringVar(&o.policy, "policy", "", "KafkaScaler `FILE` to decide with (default: the recorded policies)")
	cmd.Flags().VarP(&o.output, "output", "o", "table or json")
	return cmd
}

func (o *replayOptions) run(w io.Writer, files []string) error {
	out := replayed{Differences: []difference{}}
	r := record.Replay{Report: out.add}
	if o.policy != "" {
		var err error
		if r.Policy, err = otherPolicy(o.policy); err != nil {
			return wrong{err}
		}
	}
	for _, name := range files {
		if err := replayFile(&r, name); err != nil {
			return err
		}
	}
	out.Polls = r.Polls
	if err := out.print(w, o.output.value); err != nil {
		return err
	}
	if out.Different > 0 {
		return exceeded{}
	}
	return nil
}

func replayFile(r *record.Replay, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("reading a recording: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	err = r.Read(name, f)
	if errors.Is(err, record.ErrNotRecording) {
		return wrong{err}
	}
	return err
}

// otherPolicy puts the policy of a file in the place of the recorded one, with what it says of the same groups.
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

// replayed is the JSON of a replay.
type replayed struct {
	Polls       int          `json:"polls"`
	Decisions   int          `json:"decisions"` // that were recorded
	Different   int          `json:"different"`
	NotCompared int          `json:"notCompared"` // made before the replay knew what the daemon knew
	Differences []difference `json:"differences"`
}

// difference is one decision that differs, or several in a row that differ alike.
type difference struct {
	Scaler    string          `json:"scaler"`
	From      time.Time       `json:"from"`
	To        time.Time       `json:"to"`
	Decisions int             `json:"decisions"`
	Then      record.Decision `json:"then"` // the first
	Now       record.Decision `json:"now"`
}

func (r *replayed) add(c record.Compared) {
	r.Decisions++
	switch {
	case c.Warming:
		r.NotCompared++
	case c.Differs():
		r.Different++
		r.differs(c)
	}
}

// differs adds a difference, to the last one of its scaler when it is the same.
func (r *replayed) differs(c record.Compared) {
	for i := len(r.Differences) - 1; i >= 0; i-- {
		d := &r.Differences[i]
		if d.Scaler != c.Scaler {
			continue
		}
		if sameAnswer(d.Then, c.Then) && sameAnswer(d.Now, c.Now) && c.Then.At.Sub(d.To) <= 2*time.Minute {
			d.To, d.Decisions = c.Then.At, d.Decisions+1
			return
		}
		break
	}
	r.Differences = append(r.Differences, difference{c.Scaler, c.Then.At, c.Then.At, 1, c.Then, c.Now})
}

func sameAnswer(a, b record.Decision) bool {
	return a.Current == b.Current && a.Desired == b.Desired && a.Verdict == b.Verdict && slices.Equal(a.Steps, b.Steps)
}

func (r *replayed) print(w io.Writer, format string) error {
	if format == "json" {
		return printJSON(w, r, true)
	}
	if len(r.Differences) > 0 {
		g := newGrid(w, "AT", "DECISIONS", "SCALER", "THEN", "NOW")
		for _, d := range r.Differences {
			g.row(d.From.UTC().Format(time.RFC3339), strconv.Itoa(d.Decisions), d.Scaler, d.Then.Line, d.Now.Line)
		}
		if err := g.w.Flush(); err != nil {
			return fmt.Errorf("printing differences: %w", err)
		}
	}
	_, err := fmt.Fprintf(w, "%d polls, %d decisions, %d differ, %d not compared\n", r.Polls, r.Decisions, r.Different, r.NotCompared)
	return err
}
