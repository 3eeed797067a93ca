package scaler

import (
	"fmt"
	"time"

	"github.com/lagscaler/lagscaler/scaler/breaker"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// stoppedWords say which steps made the scaler stop, and until when.
func stoppedWords(d *Decision, n *need.Need) []string {
	s := d.Why.Stopped
	parts := []string{stepsWords(s), "no scale down before " + clockAfter(d.At, s.Until)}
	if d.Wanted > d.Current {
		return append(parts, fmt.Sprintf("back to %s, with which the lag was low", number.Of(s.Well, "replica")))
	}
	return append(parts, enoughWords(d, n))
}

// stepsWords say which steps down made a scaler stop.
//
//	3 steps down made records late, the last was 24 -> 16 at 12:34
func stepsWords(s *breaker.Stop) string {
	did := "made records late"
	if s.Cause == breaker.WereUndone {
		did = "were undone though no more arrived"
	}
	return fmt.Sprintf("%d steps down %s, the last was %d -> %d at %s", s.Steps, did, s.Last.From, s.Last.To, number.Clock(s.Last.At))
}

func fleetStoppedWords(d *Decision, n *need.Need) []string {
	s := d.Why.Fleet
	return []string{scalersWords(s), "no scaler scales down before " + clockAfter(d.At, s.Until), enoughWords(d, n)}
}

// scalersWords say how many scalers made all of them stop.
func scalersWords(s *breaker.Stop) string {
	return fmt.Sprintf("%d scalers have stopped scaling down because of their own steps", s.Steps)
}

// clockAfter is a time of day, with its date where it is half a day away or more.
func clockAfter(now, t time.Time) string {
	if t.Sub(now) < 12*time.Hour {
		return number.Clock(t)
	}
	return t.Format("2 Jan ") + number.Clock(t)
}

// StoppedBy says what stops the scaler from scaling down, and in words why and until when; ok is false when nothing does.
func (d *Decision) StoppedBy() (reason Reason, why string, ok bool) {
	switch {
	case d.Why.Stopped != nil:
		s := d.Why.Stopped
		return ScaleDownStopped, stepsWords(s) + "; no scale down before " + clockAfter(d.At, s.Until), true
	case d.Why.Fleet != nil:
		s := d.Why.Fleet
		return FleetStopped, scalersWords(s) + "; no scaler scales down before " + clockAfter(d.At, s.Until), true
	}
	return "", "", false
}
