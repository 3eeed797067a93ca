package sim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Trace is recorded traffic: Counts[i] events arrived in [i*Step, (i+1)*Step).
type Trace struct {
	Name   string
	Step   time.Duration
	Counts []float64
	Begins time.Time // when the first step began, for schedules and freezes; zero: a Monday at midnight, UTC
}

// Header is the first line of a trace file.
const Header = "t_s,count"

// ReadTrace reads a CSV of seconds since the first sample and events in the step from there on: constant step, sorted,
// no gaps. The error lists up to ten problems, each with its line.
func ReadTrace(name string, r io.Reader) (Trace, error) {
	t := Trace{Name: name}
	var errs []error
	wrong := func(line int, format string, args ...any) {
		if len(errs) < 10 {
			errs = append(errs, fmt.Errorf("%s:%d: "+format, append([]any{name, line}, args...)...))
		}
	}
	lines := bufio.NewScanner(r)
	var times []float64
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		switch {
		case n == 1 && text != Header:
			wrong(n, "header %q: must be %q", text, Header)
		case n == 1 || text == "":
		default:
			at, count, err := parseSample(text)
			if err != nil {
				wrong(n, "%w", err)
				continue
			}
			if err := t.follows(times, at); err != nil {
				wrong(n, "%w", err)
			}
			if len(times) == 1 {
				t.Step = time.Duration((at - times[0]) * float64(time.Second))
			}
			times, t.Counts = append(times, at), append(t.Counts, count)
		}
	}
	if err := lines.Err(); err != nil {
		return Trace{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(errs) == 0 && len(t.Counts) < 2 {
		errs = append(errs, fmt.Errorf("%s: %d samples: must be at least two", name, len(t.Counts)))
	}
	if len(errs) == 0 && t.peak() == 0 {
		errs = append(errs, fmt.Errorf("%s: every count is 0: nothing arrives", name))
	} else if sum := t.sum(); len(errs) == 0 && sum < 1 {
		errs = append(errs, fmt.Errorf("%s: all counts together are %g: not one record arrives", name, sum))
	}
	return t, errors.Join(errs...)
}

func (t *Trace) sum() (records float64) {
	for _, n := range t.Counts {
		records += n
	}
	return records
}

func parseSample(text string) (at, count float64, err error) {
	first, second, ok := strings.Cut(text, ",")
	if !ok {
		return 0, 0, fmt.Errorf("%q: must be two columns", text)
	}
	if at, err = number(first); err != nil {
		return 0, 0, fmt.Errorf("t_s %q: %w", first, err)
	}
	if count, err = number(second); err != nil {
		return 0, 0, fmt.Errorf("count %q: %w", second, err)
	}
	if count < 0 {
		return 0, 0, fmt.Errorf("count %q: must not be negative", second)
	}
	return at, count, nil
}

func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errors.New("not a number")
	}
	return v, nil
}

// follows reports whether a sample may come after those before it.
func (t *Trace) follows(times []float64, at float64) error {
	n := len(times)
	switch {
	case n == 0:
		return nil
	case at <= times[n-1]:
		return fmt.Errorf("t_s %v after %v: not sorted", at, times[n-1])
	case n == 1 && at-times[0] < 1:
		return fmt.Errorf("t_s %v after %v: steps of less than a second", at, times[0])
	case n > 1 && math.Abs(at-times[n-1]-t.Step.Seconds()) > 1e-6:
		return fmt.Errorf("t_s %v after %v: a gap; steps are %v s", at, times[n-1], t.Step.Seconds())
	}
	return nil
}

// Peak is the greatest rate of a step, in records/s.
func (t Trace) Peak() float64 { return t.peak() / t.Step.Seconds() }

func (t Trace) peak() float64 {
	m := 0.0
	for _, c := range t.Counts {
		m = max(m, c)
	}
	return m
}

// Length is how long the trace is.
func (t Trace) Length() time.Duration { return time.Duration(len(t.Counts)) * t.Step }

// Rates are the arrivals of each second, in records/s, scaled so that the greatest step's is peak.
func (t Trace) Rates(peak float64) []float64 {
	step := int(t.Step / time.Second)
	scale := peak / t.peak()
	rates := make([]float64, 0, step*len(t.Counts))
	for _, c := range t.Counts {
		for range step {
			rates = append(rates, c*scale)
		}
	}
	return rates
}
