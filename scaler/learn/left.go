package learn

import (
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

// LeftTopic is a [lag.Left] as it is saved: a topic that the group committed to and no longer subscribes to.
type LeftTopic struct {
	Topic    string    `json:"topic"`
	Since    time.Time `json:"since"`
	Rested   float64   `json:"restedSeconds,omitempty"`
	Orphaned bool      `json:"orphaned,omitempty"`
	ReadAt   time.Time `json:"readAt,omitzero"`
	GrewAt   time.Time `json:"grewAt,omitzero"`
}

// learnLeft keeps what the group has left, for the time after a restart.
func (l *learner) learnLeft() {
	l.source.Left = nil
	for _, t := range l.seen.Lag.Left {
		l.source.Left = append(l.source.Left, LeftTopic{t.Topic, t.Since, t.Rested.Seconds(), t.Orphaned, t.ReadAt, t.GrewAt})
	}
}

// LeftBefore is what was saved of topics that the group had left.
func (s *Source) LeftBefore() []lag.Left {
	var list []lag.Left
	for _, t := range s.Left {
		list = append(list, lag.Left{
			Topic: t.Topic, Since: t.Since, Rested: time.Duration(t.Rested * float64(time.Second)), Orphaned: t.Orphaned,
			ReadAt: t.ReadAt, GrewAt: t.GrewAt,
		})
	}
	return list
}
