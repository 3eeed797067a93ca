package rebalancemon_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/rebalancemon"
)

var update = flag.Bool("update", false, "write what the stories' ends are now")

const storyEnd = "--\n"

// Each file in testdata is the story of one group: what the sampler and the polls saw, line by line, and below the
// double dash what the monitor made of it. testdata/README.md has the language.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.story")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".story"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			told, want, _ := strings.Cut(string(text), storyEnd)
			got, err := play(told)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(told+storyEnd+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("the story now ends\n%s\nand should end\n%s", got, want)
			}
		})
	}
}

// teller plays a story to a monitor.
type teller struct {
	monitor *rebalancemon.Monitor
	scene   scene
	hints   []rebalancemon.Hint
	polled  *lag.Snapshot // the last poll
	moves   uint64        // of the coordinator: leader changes, no rebalances
	out     bytes.Buffer
}

func play(story string) (string, error) {
	tell := &teller{
		monitor: rebalancemon.New(rebalancemon.Options{Cluster: "main"}),
		scene:   newScene(),
	}
	lines := bufio.NewScanner(strings.NewReader(story))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := tell.line(strings.Fields(line)); err != nil {
			return "", fmt.Errorf("line %d, %q: %w", n, line, err)
		}
	}
	tell.finish()
	return tell.out.String(), nil
}

func (tell *teller) line(words []string) error {
	switch words[0] {
	case "type":
		tell.scene.kind = lag.GroupType(words[1])
		return nil
	case "assignor":
		tell.scene.assignor = words[1]
		return nil
	}
	from, to, err := span(words[0])
	if err != nil {
		return err
	}
	for at := from; at <= to; at += time.Second {
		if err := tell.moment(at, words[1:]); err != nil {
			return err
		}
	}
	return nil
}

func (tell *teller) moment(at time.Duration, words []string) error {
	now := tell.scene.time(at)
	switch words[0] {
	case "restart":
		tell.finish()
		tell.monitor = rebalancemon.New(rebalancemon.Options{Cluster: "main"})
		tell.polled, tell.moves = nil, 0
	case "resized":
		var h rebalancemon.Hint
		if _, err := fmt.Sscan(words[1]+" "+words[2], &h.From, &h.To); err != nil {
			return fmt.Errorf("resized FROM TO: %w", err)
		}
		h.Group, h.At, h.Kind = group, now, rebalancemon.Resized
		tell.hints = append(tell.hints, h)
	case "rollout":
		tell.hints = append(tell.hints, rebalancemon.Hint{Group: group, At: now, Kind: rebalancemon.RolledOut})
	case "rolledout":
		tell.hints[len(tell.hints)-1].Until = now
	case "poll":
		s, err := tell.scene.poll(at, words[1:])
		if err != nil {
			return err
		}
		tell.moves += lag.LeaderChanges(tell.polled, s)
		tell.polled = s
		tell.report(at, tell.monitor.Snapshot(s, tell.hints))
	default:
		tell.report(at, tell.monitor.Sample(tell.scene.sample(at, words[0]), tell.hints))
	}
	return nil
}

func (tell *teller) report(at time.Duration, events []rebalancemon.Event) {
	for _, ev := range events {
		fmt.Fprintf(&tell.out, "%v: %v to %v (%v), %s, %s", at, ev.Start.Sub(tell.scene.epoch), ev.End.Sub(tell.scene.epoch),
			ev.Resolution, ev.Outcome, ev.Cause)
		if ev.Count != 1 {
			fmt.Fprintf(&tell.out, ", %d times", ev.Count)
		}
		if ev.Generation != lag.NoGeneration {
			fmt.Fprintf(&tell.out, ", up to %d", ev.Generation)
		}
		if ev.Joined+ev.Left > 0 {
			fmt.Fprintf(&tell.out, ", +%d -%d", ev.Joined, ev.Left)
		}
		fmt.Fprintf(&tell.out, ": %s\n", ev.Evidence)
	}
}

func (tell *teller) finish() {
	s, ok := tell.monitor.Stats(group)
	if !ok {
		tell.out.WriteString("nothing known\n")
		return
	}
	fmt.Fprintf(&tell.out, "%d rebalances in %v", s.Total(), s.TimeSpent)
	for _, n := range []struct {
		name  string
		count uint64
	}{{"unplanned", s.Unplanned}, {"joins", s.Joins}, {"leaves", s.Leaves}, {"moves", tell.moves}, {"slow", s.Slow}} {
		if n.count > 0 {
			fmt.Fprintf(&tell.out, ", %s %d", n.name, n.count)
		}
	}
	if s.Rebalancing {
		fmt.Fprintf(&tell.out, ", one since %v (paused: %v)", s.Since.Sub(tell.scene.epoch), s.Paused)
	}
	fmt.Fprintln(&tell.out)
	for _, a := range s.Advice {
		fmt.Fprintf(&tell.out, "%s: %s\n", a.Name, a.Because)
	}
}
