package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report measures everything and prints the table, or writes it between its markers.
func report(ctx context.Context, rounds int, file string) error {
	addresses, stop, err := start(ctx, fill{groups: 1_000, partitions: perTopic, members: true})
	if err != nil {
		return err
	}
	defer stop()
	contestants, closeAll, err := ways(addresses)
	if err != nil {
		return err
	}
	results, err := measure(ctx, contestants, rounds)
	closeAll()
	if err != nil {
		return err
	}
	page, err := measureScrape(ctx, addresses)
	stop()
	if err != nil {
		return err
	}
	text := render(results, page, rounds)
	fmt.Print(text)
	if file == "" {
		return nil
	}
	return put(file, "poll", "make bench", text)
}

func render(results []result, page scraped, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "1,000 groups with a member each, 100,000 group-partitions over 5,000 partitions, three embedded brokers in a process\n"+
		"of their own, 1 ms added to each answer. %d interleaved rounds: median (10th to 90th percentile). %s.\n\n", rounds, machine())
	b.WriteString("| way | requests | connections | wall ms | client CPU ms | allocated MiB | received MiB |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		requests := over(r.costs, func(c cost) int { return c.requests })
		fmt.Fprintf(&b, "| %s | %d (%d to %d) | %d | %s | %s | %.1f | %.1f |\n", r.name,
			requests.median, requests.low, requests.high, r.connections,
			millis(over(r.costs, func(c cost) time.Duration { return c.wall })),
			millis(over(r.costs, func(c cost) time.Duration { return c.cpu })),
			mib(over(r.costs, func(c cost) uint64 { return c.allocated }).median),
			mib(uint64(over(r.costs, func(c cost) int64 { return c.received }).median)))
	}
	b.WriteString(ratios(results))
	fmt.Fprintf(&b, "\nA scrape of %s series, with gzip as Prometheus asks (%.1f MiB on the wire): %s ms, median (10th to 90th percentile) of %d;\n"+
		"%d requests to Kafka during them. Rendering and compressing the page, once a poll and not while a scraper waits: %.0f ms.\n",
		thousands(page.Series), mib(uint64(page.Bytes)), millis(page.Wall), scrapes-1, page.KafkaRequests, float64(page.Render)/1e6)
	return b.String()
}

// ratios say how we stand to the floor and to the best of the others.
func ratios(results []result) string {
	floor, ours, kadm := results[0], results[1], results[2]
	wall := func(c cost) time.Duration { return c.wall }
	cpu := func(c cost) time.Duration { return c.cpu }
	return fmt.Sprintf("\nlagscaler, round by round: %.2f of the floor's wall time, %.2f of `kadm.Lag`'s wall time and %.2f of its client CPU (medians).\n",
		ratio(ours, floor, wall), ratio(ours, kadm, wall), ratio(ours, kadm, cpu))
}

// ratio is the median over rounds of a's number over b's in the same round: what else the machine did is in both.
func ratio(a, b result, of func(cost) time.Duration) float64 {
	ratios := make([]float64, len(a.costs))
	for i := range ratios {
		ratios[i] = float64(of(a.costs[i])) / float64(of(b.costs[i]))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func millis(s spread[time.Duration]) string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%.1f (%.1f to %.1f)", ms(s.median), ms(s.low), ms(s.high))
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }

// machine is what all this ran on.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if _, name, ok := strings.Cut(line, "model name\t: "); ok {
				model = strings.TrimSpace(name)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s, %s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// put writes a table between its markers, which name the command that makes it.
func put(file, table, command, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	opens, closes := fmt.Sprintf("<!-- bench:%s: written by `%s` -->\n", table, command), fmt.Sprintf("<!-- /bench:%s -->\n", table)
	head, rest, ok := strings.Cut(string(content), opens)
	_, tail, closed := strings.Cut(rest, closes)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table: %q … %q", file, opens, closes)
	}
	return os.WriteFile(file, []byte(head+opens+"\n"+text+"\n"+closes+tail), 0o644) // a document
}
