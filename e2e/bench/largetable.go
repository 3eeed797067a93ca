package main

import (
	"context"
	"fmt"
	"strings"
)

// reportLarge measures all worlds and prints the tables, or writes them between their markers.
func reportLarge(ctx context.Context, file string) error {
	all, err := measureLarge(ctx, worlds)
	if err != nil {
		return err
	}
	text := renderLarge(all)
	fmt.Print(text)
	if file == "" {
		return nil
	}
	return put(file, "large", "make bench-large", text)
}

// renderLarge is the table of the worlds, and that of what each part keeps.
func renderLarge(all []large) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Three embedded brokers on the same machine, 1 ms added to each answer. Each cluster is read in a process of its own by the engine of the daemon. %s.\n"+
		"With pages, the metrics are scraped and five pages are opened after each poll. At first nothing moves: then a group shares the memory of the snapshot before. \"While everything moves\": in each poll all\n"+
		"offsets have moved, and each group has a rebalance every two minutes. After two hours of that, each group has had 60 rebalances, and the charts are full.\n"+
		"A poll is reading, and everything until its report is published. CPU is that of a poll, with the scrape and the pages. A sample lists all groups. Memory is VmHWM.\n\n", machine())
	b.WriteString(
		"| what is read | groups listed | groups read | group-partitions | requests a poll | a poll, ms | CPU of a poll, ms | CPU of a sample, ms | GOMEMLIMIT, MB | memory at the most, MB |\n" +
			"|---|---|---|---|---|---|---|---|---|---|\n")
	for i, m := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %.0f | %.0f | %.1f | %d | %.0f |\n", worlds[i].name, thousands(m.Listed), thousands(m.Groups), thousands(m.Partitions),
			m.Requests, float64(m.Wall.Microseconds())/1e3, float64(m.CPU.Microseconds())/1e3, float64(m.Sample.Microseconds())/1e3, worlds[i].memory, float64(m.PeakRSS)/1e6)
	}
	for i, m := range all {
		if worlds[i].hours {
			b.WriteString(renderParts(&m))
		}
	}
	return b.String()
}

// renderParts is what each part keeps between two polls, two hours after the start.
func renderParts(m *large) string {
	var b strings.Builder
	b.WriteString("\nWhat each part keeps between two polls, after two hours: the heap with it and without it. While a poll is taken in, there are two snapshots and the answers of the brokers.\n\n" +
		"| part | MB | bytes per group-partition |\n|---|---|---|\n")
	for _, p := range m.Parts {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f |\n", p.Name, float64(p.Bytes)/1e6, float64(p.Bytes)/float64(m.Partitions))
	}
	return b.String()
}
