package learn

import "github.com/lagscaler/lagscaler/lag"

// mostTimes bounds the topics of a source for which [Source.Times] are saved: 5 KB.
const mostTimes = 32

// learnTimes keeps what is known of the times in records, for the time after a restart.
func (l *learner) learnTimes() {
	l.source.Times = l.seen.Times[:min(len(l.seen.Times), mostTimes)]
}

// RecordTimes is what is known of the times in the records of a group's topics.
func (m *Memory) RecordTimes(cluster, group string) []lag.RecordTimes {
	if k, ok := find(m.Sources, cluster, group); ok {
		return m.Sources[k].Times
	}
	return nil
}
