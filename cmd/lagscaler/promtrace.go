package main

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

// promQuery is a trace taken from a Prometheus: a query that gives one series, of records per second.
type promQuery struct {
	server, query string
	window, step  time.Duration
}

// promAnswer is the part of Prometheus' query_range answer that is needed.
type promAnswer struct {
	Data struct {
		Result []struct {
			Values [][2]any `json:"values"` // Unix time, value as text
		} `json:"result"`
	} `json:"data"`
}

func (q promQuery) trace(ctx context.Context) (sim.Trace, error) {
	if q.query == "" {
		return sim.Trace{}, wrong{errors.New("--query: required with --from-prometheus")}
	}
	if q.step < time.Second || q.step%time.Second != 0 || q.window < 2*q.step {
		return sim.Trace{}, wrong{fmt.Errorf("--window %s, --step %s: want whole seconds, and at least two steps", q.window, q.step)}
	}
	end := time.Now().Truncate(q.step)
	var a promAnswer
	err := ask(ctx, q.server, "/api/v1/query_range", url.Values{
		"query": {q.query}, "step": {strconv.Itoa(int(q.step / time.Second))},
		"start": {strconv.FormatInt(end.Add(-q.window).Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	}, &a)
	if err != nil {
		return sim.Trace{}, err
	}
	if n := len(a.Data.Result); n != 1 {
		return sim.Trace{}, wrong{fmt.Errorf("--query gives %d series: want one, such as sum(…)", n)}
	}
	return q.fill(a.Data.Result[0].Values)
}

// fill makes a trace of samples; where one is missing, the last one goes on: a gap is no silence.
func (q promQuery) fill(values [][2]any) (sim.Trace, error) {
	t := sim.Trace{Name: "prometheus", Step: q.step}
	last, peak := int64(0), 0.0
	for _, v := range values {
		at, ok := v[0].(float64)
		text, isText := v[1].(string)
		rate, err := strconv.ParseFloat(text, 64)
		if !ok || !isText || err != nil || rate < 0 || math.IsInf(rate, 0) || math.IsNaN(rate) {
			return sim.Trace{}, wrong{fmt.Errorf("--query: sample %v: want a rate", v)}
		}
		for n := len(t.Counts); n > 0 && last+int64(q.step/time.Second) < int64(at); {
			last += int64(q.step / time.Second)
			t.Counts = append(t.Counts, t.Counts[n-1])
		}
		last, peak = int64(at), max(peak, rate)
		t.Counts = append(t.Counts, rate*q.step.Seconds())
	}
	if len(t.Counts) < 2 || peak == 0 {
		return sim.Trace{}, wrong{errors.New("--query: no traffic in the window")}
	}
	return t, nil
}
