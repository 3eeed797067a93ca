package learn

import (
	"cmp"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// residualWindow is for how long a lag of at most [lag.MaxResidue] records must not change to be residual.
const residualWindow = 300 * time.Second

// ResidualLag is how many records of lag remain in a partition when nothing is left to read.
func (s *Source) ResidualLag(c *seen.Columns, column int) int64 {
	if len(s.Residual) == 0 {
		return 0
	}
	topic, partition := c.Name(column)
	i, ok := findResidual(s.Residual, topic, partition)
	if !ok {
		return 0
	}
	return int64(s.Residual[i].Records)
}

func findResidual(list []ResidualFloor, topic string, partition int32) (int, bool) {
	return slices.BinarySearchFunc(list, ResidualFloor{Topic: topic, Partition: partition}, compareResiduals)
}

func compareResiduals(a, b ResidualFloor) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// learnResidual learns residual lags: end and position did not move for five minutes, one or two records apart, while a
// member owned the partition. A position that reaches the end shows that there is none.
func (l *learner) learnResidual() {
	r := &l.seen.Readings
	window := l.now.Clock.Scale(residualWindow)
	i := r.Before(window, l.now.Clock.Slack())
	long := r.Spans(i, window, l.now.Clock.Slack())
	was, now := r.At(i).Offsets, r.Last().Offsets
	list := l.source.Residual
	for c := range now {
		if now[c].Known != seen.KnowsBoth {
			continue
		}
		rest := now[c].Lag()
		still := long && was[c].Known == seen.KnowsBoth && was[c].End == now[c].End && was[c].Position == now[c].Position
		if rest <= 0 && len(list) == 0 || rest > 0 && (!still || rest > lag.MaxResidue || now[c].Owner < 0) {
			continue
		}
		topic, partition := r.Columns.Name(c)
		k, found := findResidual(list, topic, partition)
		switch {
		case rest <= 0 && found:
			list = slices.Delete(slices.Clone(list), k, k+1)
		case rest > 0 && !found:
			list = slices.Insert(slices.Clone(list), k, ResidualFloor{topic, partition, int8(rest)})
		case rest > 0 && list[k].Records != int8(rest):
			list = slices.Clone(list)
			list[k].Records = int8(rest)
		}
	}
	l.source.Residual = list
}
