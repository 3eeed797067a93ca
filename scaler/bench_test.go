package scaler_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/scaler"
)

// BenchmarkEvaluate is a poll: two of three only remember, the third decides. A fortnight of them must simulate in
// seconds.
func BenchmarkEvaluate(b *testing.B) {
	for _, partitions := range []int{12, 48, 144, 1000} {
		b.Run(fmt.Sprintf("P=%d", partitions), func(b *testing.B) {
			in := benchInputs(partitions)
			m := scaler.Memory{}
			at := in[0].Now
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				poll := in[i%len(in)]
				poll.Now, poll.Memory = at, m
				g := *poll.Sources[0].Lag
				g.ReadAt = at
				poll.Sources[0].Lag = &g
				m = scaler.Evaluate(poll).Memory
				at = at.Add(10 * time.Second)
				i++
			}
		})
	}
}

// benchInputs is an hour of polls of a busy group, as read.
func benchInputs(partitions int) []scaler.Input {
	w := newWorld()
	w.each, w.source.ProcessingTime, w.noWrites = partitions, 10*time.Millisecond, true
	if err := w.start(int32(partitions / 3)); err != nil {
		panic(err)
	}
	var in []scaler.Input
	for second := range 3600 {
		w.rate = float64(partitions) * (20 + float64(second%600)/60)
		w.second()
		if second%10 == 0 {
			w.reading = w.read()
			in = append(in, w.input())
		}
	}
	return in
}
