package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/scaler/sim"
)

// Prometheus is a query for the arrival rate, in records per second, over a window of time.
type Prometheus struct {
	Server, Query string
	Window, Step  time.Duration // how far back, and the resolution: whole seconds
}

// Series are the samples of one series as Prometheus sends them: Unix time, value as text.
type Series [][2]any

// Ask sends the query and returns all series of the result.
func (p Prometheus) Ask(ctx context.Context) ([]Series, error) {
	end := time.Now().Truncate(p.Step)
	var answer struct {
		Data struct {
			Result []struct {
				Values Series `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	err := Get(ctx, p.Server, "/api/v1/query_range", url.Values{
		"query": {p.Query}, "step": {strconv.Itoa(int(p.Step / time.Second))},
		"start": {strconv.FormatInt(end.Add(-p.Window).Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	}, &answer)
	if err != nil {
		return nil, err
	}
	series := make([]Series, len(answer.Data.Result))
	for i, r := range answer.Data.Result {
		series[i] = r.Values
	}
	return series, nil
}

// Trace makes a trace of samples. A missing sample has the value of the sample before it: a gap does not mean no traffic. The
// times of the samples are in order and within the window: a gap of centuries would fill the memory.
func (p Prometheus) Trace(samples Series) (sim.Trace, error) {
	t := sim.Trace{Name: "prometheus", Step: p.Step}
	first, last, peak := int64(0), int64(0), 0.0
	for i, v := range samples {
		at, ok := v[0].(float64)
		text, isText := v[1].(string)
		rate, err := strconv.ParseFloat(text, 64)
		if !ok || !isText || err != nil || rate < 0 || math.IsInf(rate, 0) || math.IsNaN(rate) {
			return sim.Trace{}, fmt.Errorf("sample %v: must be a rate", v)
		}
		if i == 0 {
			first, last = int64(at), int64(at)
			t.Begins = time.Unix(first, 0).UTC()
		}
		if at < float64(last) || at > float64(first)+p.Window.Seconds() {
			return sim.Trace{}, fmt.Errorf("sample %v: its time must be after the sample before it, and within %v of the first", v, p.Window)
		}
		for n := len(t.Counts); n > 0 && last+int64(p.Step/time.Second) < int64(at); {
			last += int64(p.Step / time.Second)
			t.Counts = append(t.Counts, t.Counts[n-1])
		}
		last, peak = int64(at), max(peak, rate)
		t.Counts = append(t.Counts, rate*p.Step.Seconds())
	}
	if n := len(t.Counts); n < 2 {
		return sim.Trace{}, fmt.Errorf("samples in the window: %d, one every %s; at least two are needed: make the step shorter, or wait", n, p.Step)
	}
	if peak == 0 {
		return sim.Trace{}, errors.New("no traffic in the window")
	}
	return t, nil
}
