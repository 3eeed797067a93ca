package web

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/need"
	"github.com/lagscaler/lagscaler/scaler/promise"
	"github.com/lagscaler/lagscaler/scaler/say"
)

// PricePage is what objectives would have cost a scaler in the last days, on its own traffic.
type PricePage struct {
	Name      string     `json:"name"`
	TargetLag float64    `json:"targetLagSeconds"`
	Objective *float64   `json:"objective"`         // percent; null: none is set
	Played    float64    `json:"playedSeconds"`     // of traffic; 0: not enough yet, and no rows
	Rows      []PriceRow `json:"rows"`              // by target, the shortest first
	Missing   string     `json:"missing,omitempty"` // why there are no rows

	Cheapest string `json:"change"`  // what would make it cheaper most of all; empty: nothing that was played
	Cheaper  string `json:"cheaper"` // another target that would cost less than two thirds; empty: there is none
	Counted  string `json:"counted"` // how late records are counted, because more or fewer were really late; empty: as they were simulated
	InForce  string `json:"inForce"` // what is kept for the objective, and why; empty: there is none
}

// PriceRow is a target.
type PriceRow struct {
	TargetLag float64     `json:"targetLagSeconds"`
	Cells     []PriceCell `json:"cells"` // by objective, the least first
}

// PriceCell is an objective within a target. Where nothing that was played would have kept it, it is what would have kept most.
type PriceCell struct {
	Objective float64 `json:"objective"` // percent
	Reachable bool    `json:"reachable"`
	Kept      float64 `json:"wouldHaveKept"` // percent
	Replicas  float64 `json:"replicas"`      // on average
	Most      float64 `json:"most"`          // replicas at most
	Hours     float64 `json:"replicaHoursADay"`
	Room      string  `json:"room"`
}

// supposed is the objective for which changes are computed if none is set, as a share.
const supposed = 0.997

func (p *pages) price(r *engine.Report, req *http.Request) (any, error) {
	name := req.URL.Query().Get("scaler")
	for i := range r.Scalers {
		if s := &r.Scalers[i]; s.Name == name {
			return p.priceOf(s), nil
		}
	}
	return nil, failure{http.StatusNotFound, "no scaler " + strconv.Quote(name)}
}

func (p *pages) priceOf(s *engine.ScalerReport) *PricePage {
	page := PriceOf(s.Name, s.Policy.TargetLag, s.Policy.Objective, &s.Played, s.Decision.Why.PerReplica)
	page.InForce = s.Promise
	if why := neverPlayed(s); len(page.Rows) == 0 && why != "" {
		page.Missing = why
	}
	return page
}

// neverPlayed is why nothing of a scaler is played at present; empty: it is.
func neverPlayed(s *engine.ScalerReport) string {
	n, ok := s.Decision.Need()
	switch {
	case s.Refused():
		return "nothing is decided: " + s.Refusal.String()
	case s.Mode == scaler.Observe:
		return "nothing is decided in mode observe"
	case s.Policy.Kind == scaler.Thresholds:
		return "the policy thresholds does not compute how many consumers are needed"
	case !ok:
		return "nothing was decided yet"
	case !n.Capacity.Known():
		return "the capacity of a consumer is not known yet: set processingTime, or wait until consumers were busy"
	}
	return ""
}

// tooLittle says how much was played of what a price needs.
func tooLittle(play *promise.Play) string {
	const needed = promise.PriceAfter / 60
	played := min(int(play.Seconds()/60), needed-1) // the last minutes count when they are added up
	return fmt.Sprintf("%d min of the %d min of traffic that are needed were played so far", played, needed)
}

// PriceOf is the price list of a play; objective is in percent, 0: none is set.
func PriceOf(name string, target time.Duration, objective float64, play *promise.Play, perReplica int32) *PricePage {
	page := &PricePage{Name: name, TargetLag: target.Seconds(), Rows: []PriceRow{}}
	asked := supposed
	if objective > 0 {
		page.Objective, asked = &objective, promise.Share(objective)
	}
	list, ok := play.Price(asked)
	if !ok {
		page.Missing = tooLittle(play)
		return page
	}
	page.Played = list.Seconds
	page.Cheapest, page.Cheaper, page.Counted = say.Change(&list, target, asked), say.Cheaper(&list, target, asked), say.Corrected(list.Correction)
	for _, r := range list.Rows {
		row := PriceRow{TargetLag: r.Target.Seconds()}
		for _, c := range r.Cells {
			row.Cells = append(row.Cells, priceCell(c, float64(max(1, perReplica))))
		}
		page.Rows = append(page.Rows, row)
	}
	return page
}

func priceCell(c promise.PriceCell, perReplica float64) PriceCell {
	replicas := c.Consumers / perReplica
	return PriceCell{
		Objective: inPercent(c.Objective), Reachable: c.Reachable, Kept: inPercent(c.Kept), Replicas: replicas, Most: c.Most / perReplica,
		Hours: 24 * replicas, Room: need.RoomWords(c.Room),
	}
}

// inPercent is a share of records in percent, to a thousandth, never rounded up.
func inPercent(share float64) float64 { return math.Floor(share*1e5+1e-6) / 1e3 }
