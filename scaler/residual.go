package scaler

import (
	"cmp"
	"slices"
)

// residualMost is the greatest residual lag: one commit marker, and one abort marker.
const residualMost = 2

// floor is the residual lag of a column: what stays when nothing is left to read.
func (w *watch) floor(m *SourceMemory, column int) int8 {
	if len(m.Residual) == 0 {
		return 0
	}
	topic, partition := w.window.shape.name(column)
	i, ok := findResidual(m.Residual, topic, partition)
	if !ok {
		return 0
	}
	return m.Residual[i].Records
}

func findResidual(list []ResidualFloor, topic string, partition int32) (int, bool) {
	return slices.BinarySearchFunc(list, ResidualFloor{Topic: topic, Partition: partition}, compareResiduals)
}

func compareResiduals(a, b ResidualFloor) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

// settle learns residual lags: end and position both stood still for five minutes, one or two records apart, while
// a member held the partition. A position that reaches the end shows that there is none.
func (w *watch) settle(m *SourceMemory, clk Clock) {
	if w.window.len() == 0 {
		return
	}
	i := w.window.before(clk.of(residualWindow), clk.Poll/2)
	old := w.window.tip().at-w.window.row(i).at >= int64(clk.of(residualWindow)-clk.Poll/2)
	was, now := w.window.cells(i), w.window.cells(w.window.len()-1)
	list := m.Residual
	for c := range now {
		if now[c].known != knowsBoth {
			continue
		}
		rest := now[c].end - now[c].pos
		still := old && was[c].known == knowsBoth && was[c].end == now[c].end && was[c].pos == now[c].pos
		if rest <= 0 && len(list) == 0 || rest > 0 && (!still || rest > residualMost || now[c].owner < 0) {
			continue
		}
		topic, partition := w.window.shape.name(c)
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
	m.Residual = list
}
