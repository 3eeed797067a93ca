package record

import (
	"slices"
	"time"
)

// Summary is the JSON of a replay.
type Summary struct {
	Polls       int          `json:"polls"`
	Decisions   int          `json:"decisions"` // that were recorded
	Different   int          `json:"different"`
	NotCompared int          `json:"notCompared"` // made before the replay knew what the daemon knew
	Differences []Difference `json:"differences"`
}

// Difference is a decision that differs, or several consecutive decisions with the same difference.
type Difference struct {
	Scaler    string    `json:"scaler"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Decisions int       `json:"decisions"`
	Then      Decision  `json:"then"` // the first
	Now       Decision  `json:"now"`
}

// Add counts a decision.
func (s *Summary) Add(c Compared) {
	s.Decisions++
	switch {
	case c.Warming:
		s.NotCompared++
	case c.Differs():
		s.Different++
		s.differs(c)
	}
}

// differs adds a difference, or extends the last one of the scaler if it is the same.
func (s *Summary) differs(c Compared) {
	for i := len(s.Differences) - 1; i >= 0; i-- {
		d := &s.Differences[i]
		if d.Scaler != c.Scaler {
			continue
		}
		if sameAnswer(d.Then, c.Then) && sameAnswer(d.Now, c.Now) && c.Then.At.Sub(d.To) <= 2*time.Minute {
			d.To, d.Decisions = c.Then.At, d.Decisions+1
			return
		}
		break
	}
	s.Differences = append(s.Differences, Difference{c.Scaler, c.Then.At, c.Then.At, 1, c.Then, c.Now})
}

func sameAnswer(a, b Decision) bool {
	return a.Current == b.Current && a.Desired == b.Desired && a.Verdict == b.Verdict && slices.Equal(a.Steps, b.Steps)
}
