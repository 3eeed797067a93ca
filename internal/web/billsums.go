package web

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/promise"
)

// add adds up the rows of the bill: a namespace may have scalers in several shards.
func (p *BillPage) add(other json.RawMessage) error {
	o, err := partOf[BillPage](other)
	if err != nil {
		return err
	}
	if len(o.Rows) < o.Total {
		return fmt.Errorf("its bill has %d rows, and %d can be added up", o.Total, mostOfTheList)
	}
	price := p.price()
	rows := map[string]int{}
	for i := range p.Rows {
		rows[p.Rows[i].key()] = i
	}
	for i := range o.Rows {
		at, known := rows[o.Rows[i].key()]
		if !known {
			at = len(p.Rows)
			p.Rows = append(p.Rows, BillRow{Namespace: o.Rows[i].Namespace, Labels: o.Rows[i].Labels, Scaler: o.Rows[i].Scaler})
		}
		p.Rows[at].add(&o.Rows[i], price)
	}
	p.All.add(&o.All, price)
	if o.HistoryAt != nil && (p.HistoryAt == nil || o.HistoryAt.Before(*p.HistoryAt)) {
		p.HistoryAt = o.HistoryAt // it is not known better than where it is known least
	}
	return nil
}

func (p *BillPage) arrange() {
	slices.SortFunc(p.Rows, p.order())
	first, end := p.cut(len(p.Rows))
	p.Rows = p.Rows[min(first, len(p.Rows)):min(end, len(p.Rows))]
}

// add adds what the scalers of another shard took.
func (r *BillRow) add(o *BillRow, price HourPrice) {
	r.Day.add(&o.Day, r.Scalers, o.Scalers, price)
	r.Week.add(&o.Week, r.Scalers, o.Scalers, price)
	r.Scalers += o.Scalers
}

// add adds the same time of other scalers; had and more are how many scalers the two are of.
func (s *BillSpan) add(o *BillSpan, had, more int, price HourPrice) {
	switch {
	case more == 0:
		return
	case had == 0:
		*s = *o
	default:
		s.LeastHours, s.MostHours = min(s.LeastHours, o.LeastHours), max(s.MostHours, o.MostHours)
		if o.From != nil && (s.From == nil || o.From.After(*s.From)) {
			s.From = o.From
		}
		s.Hours, s.Ours, s.AtPeak = plus(s.Hours, o.Hours), plus(s.Ours, o.Ours), plus(s.AtPeak, o.AtPeak)
		s.Before, s.Of = plus(s.Before, o.Before), plus(s.Of, o.Of)
		s.Judged, s.Late = plus(s.Judged, o.Judged), plus(s.Late, o.Late)
		s.Befores, s.Promises = s.Befores+o.Befores, s.Promises+o.Promises
		s.PromisesKept, s.PromisesKnown = s.PromisesKept+o.PromisesKept, s.PromisesKnown+o.PromisesKnown
		s.OnTime = nil
		if s.Judged != nil {
			sum := bill.Sum{Judged: *s.Judged, Late: *s.Late}
			if share, ok := sum.Kept(); ok {
				s.OnTime = new(inPercent(share))
			}
		}
	}
	s.Cost, s.OursCost, s.AtPeakCost, s.BeforeCost = price.of(s.Hours), price.of(s.Ours), price.of(s.AtPeak), price.of(s.Before)
}

// plus adds what is known of two sums. What is not known of one is not zero, and the sum is of the other.
func plus(a, b *float64) *float64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return new(*a + *b)
}

// spanSum adds up the same time of several scalers.
type spanSum struct {
	out         BillSpan
	sum         bill.Sum
	scalers     int
	known       bool
	comparedRan float64
}

func (s *spanSum) add(one *bill.Sum, of *billed) {
	hours := one.Seconds / 3600
	if s.scalers == 0 {
		s.out.LeastHours = hours
	}
	s.scalers++
	s.out.LeastHours, s.out.MostHours = min(s.out.LeastHours, hours), max(s.out.MostHours, hours)
	if one.Seconds > 0 {
		s.known = true
		if one.From.After(s.sum.From) {
			s.sum.From = one.From
		}
		s.sum.Ran, s.sum.Ours, s.sum.AtPeak = s.sum.Ran+one.Ran, s.sum.Ours+one.Ours, s.sum.AtPeak+one.AtPeak
		if one.BeforeKnown {
			s.out.Befores++
			s.sum.Before, s.comparedRan = s.sum.Before+one.Before, s.comparedRan+one.Ran
		}
	}
	if one.Heard > 0 {
		s.sum.Heard, s.sum.Judged, s.sum.Late = s.sum.Heard+one.Heard, s.sum.Judged+one.Judged, s.sum.Late+one.Late
	}
	if of.Policy.Objective > 0 {
		s.out.Promises++
		if kept, known := keptPromise(one, &of.Policy); known {
			s.out.PromisesKnown++
			if kept {
				s.out.PromisesKept++
			}
		}
	}
}

// keptPromise reports whether the objective was kept. It is not known if no record was judged by the scaler's own target.
func keptPromise(s *bill.Sum, p *scaler.Policy) (kept, known bool) {
	share, ok := s.Kept()
	if !ok || s.Within != p.TargetLag || p.Objective <= 0 {
		return false, false
	}
	return share >= promise.Share(p.Objective), true
}

// span is the sum in hours and money; nil where nothing is known.
func (s *spanSum) span(price HourPrice) BillSpan {
	out := s.out
	if s.known {
		out.From = &s.sum.From
		out.Hours, out.Ours, out.AtPeak = hoursOf(s.sum.Ran), hoursOf(s.sum.Ours), hoursOf(s.sum.AtPeak)
	}
	if out.Befores > 0 {
		out.Before, out.Of = hoursOf(s.sum.Before), hoursOf(s.comparedRan)
	}
	if s.sum.Heard > 0 {
		out.Judged, out.Late = &s.sum.Judged, &s.sum.Late
		if share, ok := s.sum.Kept(); ok {
			out.OnTime = new(inPercent(share))
		}
	}
	out.Cost, out.OursCost, out.AtPeakCost, out.BeforeCost = price.of(out.Hours), price.of(out.Ours), price.of(out.AtPeak), price.of(out.Before)
	return out
}
