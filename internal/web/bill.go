package web

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/api"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/bill"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// HourPrice is what a replica costs in an hour; the zero value: that is not known.
type HourPrice struct {
	Amount   float64
	Currency string
}

// BillPage is what the consumers of all scalers took in the last day and week, and what they would have taken otherwise.
type BillPage struct {
	List
	Leader      bool       `json:"leader"`              // false: this replica knows what the leader saved until historyAt, or only what it has seen itself
	HistoryAt   *time.Time `json:"historyAt,omitempty"` // when this replica read what the leader saved
	By          string     `json:"by"`                  // what a row is: namespace (of one owner), or scaler
	ReplicaHour *float64   `json:"replicaHourPrice"`    // null: not configured, and so is every cost
	Currency    string     `json:"currency,omitempty"`  // of every cost
	All         BillRow    `json:"all"`                 // of all scalers that match
	Rows        []BillRow  `json:"rows"`                // sorted by sort, else those that took most in the week first
}

// HourPrice is the price as it is configured.
func (p *BillPage) HourPrice() string {
	return typeset.Replace(strconv.FormatFloat(*p.ReplicaHour, 'f', -1, 64) + " " + p.Currency)
}

// BillRow is a namespace and an owner, or a scaler.
type BillRow struct {
	Namespace string     `json:"namespace"`
	Labels    api.Labels `json:"labels,omitempty"` // whose the targets are; absent if nobody says
	Scaler    string     `json:"scaler,omitempty"` // absent: all scalers of the namespace and the owner
	Scalers   int        `json:"scalers"`
	Day       BillSpan   `json:"day"`  // the last 24 hours, the present one included
	Week      BillSpan   `json:"week"` // the last 168 hours
}

// key tells rows apart.
func (r *BillRow) key() string {
	return strings.Join([]string{r.Namespace, r.Labels.String(), r.Scaler}, "\x00")
}

// BillSpan is what is known of a time. Every number is of the hours that are known; null: nothing is.
type BillSpan struct {
	From       *time.Time `json:"from"`            // since when all scalers are known
	LeastHours float64    `json:"leastKnownHours"` // of the scaler of which least is known
	MostHours  float64    `json:"mostKnownHours"`

	Hours   *float64 `json:"replicaHours"`        // that really ran
	Ours    *float64 `json:"decidedReplicaHours"` // as lagscaler decided: in advise what it would have taken
	AtPeak  *float64 `json:"atPeakReplicaHours"`  // of fleets that always stood at their greatest size
	Before  *float64 `json:"beforeReplicaHours"`  // of the size before lagscaler; what another autoscaler held, while lagscaler advises
	Befores int      `json:"beforeScalers"`       // of which that size is known: the sum is of them
	Of      *float64 `json:"beforeComparedHours"` // what these really took

	Cost       *float64 `json:"cost"`
	OursCost   *float64 `json:"decidedCost"`
	AtPeakCost *float64 `json:"atPeakCost"`
	BeforeCost *float64 `json:"beforeCost"`

	Judged        *float64 `json:"judgedRecords"`
	Late          *float64 `json:"lateRecords"`
	OnTime        *float64 `json:"onTimePercent"` // of the records
	Promises      int      `json:"promises"`      // scalers with an objective
	PromisesKept  int      `json:"promisesKept"`
	PromisesKnown int      `json:"promisesKnown"` // of which it is known
}

// billed are the scalers of a report with their sums, and the names of their row.
type billed struct {
	*engine.ScalerReport
	namespace string
	day, week bill.Sum
}

// billedOf are the scalers that the bill may know: those that are decided.
func billedOf(r *engine.Report) []billed {
	var out []billed
	for i := range r.Scalers {
		s := &r.Scalers[i]
		if s.Refused() || s.Mode == scaler.Observe {
			continue
		}
		out = append(out, billedScalerOf(s, r.At))
	}
	return out
}

func billedScalerOf(s *engine.ScalerReport, now time.Time) billed {
	namespace, _, _ := strings.Cut(s.Name, "/")
	return billed{s, cmp.Or(s.Workload.Ref.Namespace, namespace), s.Bill.Sum(now, bill.Day), s.Bill.Sum(now, bill.Week)}
}

func (p *pages) bill(r *engine.Report, req *http.Request) (any, error) {
	out, rows, err := p.findBill(r, req)
	if err != nil {
		return nil, err
	}
	first, end := out.cut(len(rows))
	out.Rows = rows[first:end]
	return out, nil
}

func (p *pages) allBill(r *engine.Report, req *http.Request) (serve.Whole, error) {
	out, rows, err := p.findBill(r, req)
	if err != nil {
		return serve.Whole{}, err
	}
	out.List.whole(len(rows))
	return serve.WholeOf(out, slices.Values(rows)), nil
}

// findBill are the rows of the scalers that match, sorted, and the page without them.
func (p *pages) findBill(r *engine.Report, req *http.Request) (*BillPage, []BillRow, error) {
	q := req.URL.Query()
	out := &BillPage{List: listOf(q, "hours"), Leader: r.Leader, By: cmp.Or(q.Get("by"), "namespace"), Rows: []BillRow{}}
	if !q.Has("sort") {
		out.Desc = true
	}
	if out.By != "namespace" && out.By != "scaler" {
		return nil, nil, failure{http.StatusBadRequest, "by: " + strconv.Quote(out.By) + " is neither namespace nor scaler"}
	}
	out.by = out.By
	if _, ok := billOrders[out.Sort]; !ok {
		return nil, nil, failure{http.StatusBadRequest, "sort: " + strconv.Quote(out.Sort) + " is no column"}
	}
	price := p.hourPrice()
	if price.Amount > 0 {
		out.ReplicaHour, out.Currency = &price.Amount, price.Currency
	}
	for i := range r.Scalers {
		if at := r.Scalers[i].HistoryAt; !at.IsZero() {
			out.HistoryAt = &at // the same for all
			break
		}
	}
	words, sums, all := out.words(), map[string]*billSum{}, &billSum{}
	for _, one := range p.digests.at(r).billed() {
		if !one.matches(words) {
			continue
		}
		row := BillRow{Namespace: one.namespace, Labels: one.Owners}
		if out.By == "scaler" {
			row.Scaler = one.Name
		}
		key := row.key()
		if sums[key] == nil {
			sums[key] = &billSum{row: row}
		}
		sums[key].add(&one)
		all.add(&one)
	}
	rows := make([]BillRow, 0, len(sums))
	for _, sum := range sums {
		rows = append(rows, sum.priced(price))
	}
	slices.SortFunc(rows, out.order())
	out.All = all.priced(price)
	return out, rows, nil
}

// order is the order of the rows that is asked for. No two rows have the same place.
func (p *BillPage) order() func(a, b BillRow) int {
	by, desc := billOrders[p.Sort], p.Desc
	return func(a, b BillRow) int {
		c := by(&a, &b)
		if desc {
			c = -c
		}
		return cmp.Or(c, byName(&a, &b))
	}
}

// price is the price of every cost of the page.
func (p *BillPage) price() HourPrice {
	if p.ReplicaHour == nil {
		return HourPrice{}
	}
	return HourPrice{*p.ReplicaHour, p.Currency}
}

// hourPrice is what a replica costs in an hour.
func (p *pages) hourPrice() HourPrice {
	if p.HourPrice == nil {
		return HourPrice{}
	}
	return p.HourPrice()
}

func (b *billed) matches(words []string) bool {
	text := strings.ToLower(strings.Join([]string{b.Name, b.namespace, api.Labels(b.Owners).String()}, "\x00"))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// billOrders are the columns that the bill can be sorted by: those of the week.
var billOrders = map[string]func(a, b *BillRow) int{
	"name":    byName,
	"hours":   func(a, b *BillRow) int { return compare(a.Week.Hours, b.Week.Hours) },
	"late":    func(a, b *BillRow) int { return compare(a.Week.Late, b.Week.Late) },
	"scalers": func(a, b *BillRow) int { return cmp.Compare(a.Scalers, b.Scalers) },
}

func byName(a, b *BillRow) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Labels.String(), b.Labels.String()), strings.Compare(a.Scaler, b.Scaler))
}

// billSum adds up the scalers of a row.
type billSum struct {
	row       BillRow
	day, week spanSum
}

func (s *billSum) add(b *billed) {
	s.row.Scalers++
	s.day.add(&b.day, b)
	s.week.add(&b.week, b)
}

func (s *billSum) priced(price HourPrice) BillRow {
	s.row.Day, s.row.Week = s.day.span(price), s.week.span(price)
	return s.row
}

func hoursOf(seconds float64) *float64 { return new(seconds / 3600) }

// of is what replica hours cost; nil if that is not known.
func (p HourPrice) of(hours *float64) *float64 {
	if hours == nil || p.Amount <= 0 {
		return nil
	}
	return new(*hours * p.Amount)
}

// Known is how much time is known, in words: "3 h"; "0 to 24 h" of several scalers.
func (s *BillSpan) Known() string {
	least, most := number.Seconds(3600*s.LeastHours), number.Seconds(3600*s.MostHours)
	switch {
	case least == most:
		return most
	case s.LeastHours == 0:
		return "0 to " + most
	}
	return least + " to " + most
}

// Kept is how many promises were kept: "3 of 4", "3 of 4, 2 unknown"; empty if there is none.
func (s *BillSpan) Kept() string {
	if s.Promises == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %d", s.PromisesKept, s.PromisesKnown)
	if unknown := s.Promises - s.PromisesKnown; unknown > 0 {
		text += fmt.Sprintf(", %d unknown", unknown)
	}
	return text
}

// BeforeOf says of how many scalers the size before lagscaler is known; empty: of all.
func (s *BillSpan) BeforeOf(scalers int) string {
	if s.Befores == scalers || s.Before == nil {
		return ""
	}
	return fmt.Sprintf("%d of %d scalers", s.Befores, scalers)
}

// Less is by how much less was taken than would have been: "38 % less", "4 % more"; empty if that is not known.
func Less(took, instead *float64) string {
	if took == nil || instead == nil || *instead <= 0 {
		return ""
	}
	switch share := math.Round(100 * (1 - *took / *instead)); {
	case share > 0:
		return fmt.Sprintf("%.0f %% less", share)
	case share < 0:
		return fmt.Sprintf("%.0f %% more", -share)
	}
	return "the same"
}

// Amount is a sum of money with its currency, or replica hours if the currency is empty; empty if it is not known.
func Amount(v *float64, currency string) string {
	switch {
	case v == nil:
		return ""
	case currency == "":
		return number.Quantity(*v)
	case *v >= 1000:
		return number.Whole(int64(math.Round(*v))) + " " + currency
	}
	return strconv.FormatFloat(*v, 'f', 2, 64) + " " + currency
}

// Amounts are what is shown of a time, in money if that is known.
func (s *BillSpan) Amounts() (ran, ours, atPeak, before *float64) {
	if s.Cost != nil {
		return s.Cost, s.OursCost, s.AtPeakCost, s.BeforeCost
	}
	return s.Hours, s.Ours, s.AtPeak, s.Before
}

// dash stands for what is not known.
func dash(text string) string { return cmp.Or(text, unknownMark) }

// onTime is a percentage of records, never rounded up.
func onTime(percent *float64) string {
	if percent == nil {
		return unknownMark
	}
	return typeset.Replace(number.Kept(*percent / 100))
}

// billURL is the address of the bill with other rows.
func billURL(l List, by string) string {
	q := url.Values{"by": {by}}
	if l.Query != "" {
		q.Set("q", l.Query)
	}
	return "/bill?" + q.Encode()
}
