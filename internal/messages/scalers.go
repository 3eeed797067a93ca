package messages

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// toldScaler is what was told of a scaler.
type toldScaler struct {
	Decision string       `json:"decision,omitempty"` // see answer
	At       time.Time    `json:"at,omitzero"`        // of that decision
	From     int32        `json:"from,omitempty"`
	To       int32        `json:"to,omitempty"`
	Refusal  string       `json:"refusal,omitempty"`
	Freeze   *seen.Freeze `json:"freeze,omitempty"`
	Promise  State        `json:"promise,omitempty"`
	Stop     toldStop     `json:"stop,omitzero"`
}

// NotReadYet is the reason of a refusal that only says that the target is being listed, as after a start.
const NotReadYet scaler.Reason = "NotReadYet"

// scaler tells the changes of one scaler. A decision of a follower is not told: it is not what happens.
func (t *Teller) scaler(s *engine.ScalerReport, now time.Time) {
	if s.Refusal.Reason == NotReadYet {
		return
	}
	told, known := t.told.Scalers[s.Name]
	defer func() { t.told.Scalers[s.Name] = told }()
	t.refusal(s, &told, now)
	if s.Refused() {
		return
	}
	t.freeze(s, &told, now)
	if known && !t.taken {
		t.write(s, &told)
	}
	if s.Decision.At.IsZero() || s.Disposition == scaler.Follower {
		return
	}
	t.decision(s, &told)
	t.promise(s, &told)
	var stopped toldStop
	if why := s.Decision.Why.Stopped; why != nil {
		stopped = toldStop{why.Since, why.Until, string(why.Cause)}
	}
	told.Stop = t.stop(data(Stop, s), s.Name, told.Stop, stopped, now)
}

// data is what every message about a scaler has.
func data(k Kind, s *engine.ScalerReport) Data {
	d := Data{Kind: k, Scaler: s.Name, Target: s.Workload.Ref.String(), Owners: s.Owners}
	if d.Namespace, _, _ = strings.Cut(s.Name, "/"); s.Workload.Ref == (seen.Ref{}) {
		d.Target = ""
	}
	for _, src := range s.Sources {
		d.Groups = append(d.Groups, Group{src.Cluster, src.Group})
	}
	return d
}

func (t *Teller) refusal(s *engine.ScalerReport, told *toldScaler, now time.Time) {
	reason := string(s.Refusal.Reason)
	if reason == told.Refusal {
		return
	}
	d := data(Refusal, s)
	if reason != "" {
		d.State, d.Reason, d.Line = Begun, reason, s.Name+": no decision is made: "+s.Refusal.String()
	} else {
		d.State, d.Reason, d.Line = Ended, told.Refusal, s.Name+": decisions are made again"
	}
	told.Refusal = reason
	t.tell(now, d)
}

func (t *Teller) freeze(s *engine.ScalerReport, told *toldScaler, now time.Time) {
	was, is := told.Freeze, s.Workload.Freeze
	d := data(Freeze, s)
	switch {
	case was == nil && is == nil || was != nil && is != nil && was.Stops == is.Stops && was.By == is.By && was.Why == is.Why && was.Until.Equal(is.Until):
		return
	case is == nil:
		at := now
		if !was.Until.IsZero() {
			at = earlier(was.Until, now)
		}
		d.State, d.Stops, d.By, d.Line = Ended, string(was.Stops), was.By, s.Name+": the freeze has ended ("+was.By+")"
		t.tell(at, d)
		told.Freeze = nil
		return
	}
	kept := *is
	d.State, d.Stops, d.By, d.Line = Begun, string(is.Stops), is.By, s.Name+": frozen: "+scaler.FreezeWords(is)
	if !is.Until.IsZero() {
		until := is.Until.UTC()
		d.Until = &until
	}
	told.Freeze = &kept
	t.tell(now, d)
}

// write tells the last write of a leader that ended before it could tell it. The target has it in whole seconds.
//
//	told                            the target's last write    told now
//	12 -> 30 at 12:00:00.4          12 -> 30 at 12:00:00       nothing
//	Steady 12 at 11:59:50           12 -> 30 at 12:00:00       12 -> 30
//	Steady 30 at 12:00:20           12 -> 30 at 12:00:00       nothing: what came after it was told
func (t *Teller) write(s *engine.ScalerReport, told *toldScaler) {
	w := s.Workload.LastWrite
	if !w.At.After(told.At) || told.At.IsZero() || w.From == w.To || w.From == told.From && w.To == told.To && w.At.Sub(told.At) < 5*time.Second {
		return
	}
	d := data(Decision, s)
	d.From, d.To = &w.From, &w.To
	d.Line = fmt.Sprintf("%s: %d -> %d, by a leader that ended before it could say why", s.Name, w.From, w.To)
	t.tell(w.At, d, "write", strconv.Itoa(int(w.From)), strconv.Itoa(int(w.To)))
}

// decision tells a decision that is another answer, or has another reason, or of which something else became.
func (t *Teller) decision(s *engine.ScalerReport, told *toldScaler) {
	is := answer(s)
	if is == told.Decision {
		return
	}
	o := &s.Decision
	told.Decision, told.At, told.From, told.To = is, o.At, o.Current, o.Desired
	d := data(Decision, s)
	d.Reason, d.Disposition, d.Error, d.From, d.To = string(o.Reason()), string(s.Disposition), s.Failure, &o.Current, &o.Desired
	d.Line = s.Name + ": " + s.Line
	if s.Disposition != "" {
		d.Line += " (" + string(s.Disposition) + ")"
	}
	if s.Failure != "" {
		d.Line += ": " + s.Failure
	}
	t.tell(o.At, d, is)
}

// answer is what makes a decision another one: numbers of lag and rates do not.
func answer(s *engine.ScalerReport) string {
	d := &s.Decision
	return fmt.Sprintf("%s %s %d %d %s %t", d.Verdict, d.Reason(), d.Current, d.Desired, s.Disposition, s.Failure != "")
}

// promise tells when an objective is not kept, and when it is again. While it is not known, nothing is told.
//
//	no room within the budget would have kept it                broken
//	fewer of the records that were processed were within it     broken
//	otherwise                                                   kept
func (t *Teller) promise(s *engine.ScalerReport, told *toldScaler) {
	c := s.Decision.Promised()
	if c == nil || c.Learning {
		return
	}
	is := Kept
	missed := c.Measured != nil && *c.Measured < c.Objective
	if missed || !c.Reachable {
		is = Broken
	}
	first := told.Promise == ""
	if is == told.Promise || first && is == Kept {
		told.Promise = is
		return
	}
	told.Promise = is
	d := data(Promise, s)
	d.State, d.Line = is, s.Name+": "+s.Promise
	if missed {
		d.Line += fmt.Sprintf("; %s of the records were within the target", number.Kept(*c.Measured))
	}
	t.tell(s.Decision.At, d)
}
