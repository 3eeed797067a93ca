package web

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/web/recent"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/bill"
)

// accountFor is the account of a target that lagscaler found with 20 replicas, and then had some for so many hours up to a time. One of a
// thousand records is late.
func accountFor(hours int, replicas float64, until time.Time, written bool) (a bill.Account) {
	begun := until.Add(-time.Duration(hours) * time.Hour)
	p := bill.Poll{Longest: time.Minute, Sized: true, Ours: true, Written: written, Judged: bill.Judged{Within: 30 * time.Second, Read: true}}
	for at := begun; !at.After(until); at = at.Add(10 * time.Second) {
		p.Now, p.Replicas = at, replicas
		if at.Equal(begun) {
			p.Replicas = 20
		}
		p.Judged.Records += 1000
		p.Judged.Late++
		a = a.Next(p)
	}
	return a
}

// billedScaler is a scaler with an account; objective 0: none.
func billedScaler(name, team string, objective float64, a bill.Account) engine.ScalerReport {
	s := engine.ScalerReport{Bill: a, Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: name, Mode: scaler.Act}}}
	s.Policy.TargetLag, s.Policy.Objective = 30*time.Second, objective
	if team != "" {
		s.Owners = map[string]string{"team": team}
	}
	return s
}

func billedFleet() *engine.Report {
	r := &engine.Report{At: t0.Add(10 * time.Second), Leader: true, Mode: scaler.Act}
	r.Scalers = []engine.ScalerReport{
		billedScaler("pay/cards", "money", 99.95, accountFor(3, 4, t0, false)),
		billedScaler("shop/mails", "shop", 0, accountFor(3, 10, t0, false)),
		billedScaler("shop/orders", "shop", 99.5, accountFor(30, 5, t0, true)),
		billedScaler("shop/young", "shop", 99, bill.Account{}),
		{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/watched", Mode: scaler.Observe}}},
		{Outcome: scaler.Outcome{Scaler: scaler.Scaler{Name: "shop/wrong", Mode: scaler.Act, Refusal: scaler.Refuse("Invalid", "x")}}},
	}
	return r
}

func billPage(t *testing.T, h http.Handler, query string) (page BillPage) {
	t.Helper()
	w := get(t, h, "/api/v1/bill"+query)
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatal(w.Code, err, w.Body)
	}
	return page
}

func is(got *float64, want float64) bool { return got != nil && math.Abs(*got-want) <= 0.01*want }

// A row is the sum of the scalers of a namespace and an owner. What is unknown of one is not zero in the sum.
func TestBill(t *testing.T) {
	h := handlerOf(billedFleet())
	page := billPage(t, h, "")
	if len(page.Rows) != 2 || page.All.Scalers != 4 || page.ReplicaHour != nil || page.Rows[0].Namespace != "shop" || page.Rows[1].Namespace != "pay" {
		t.Fatalf("%+v", page)
	}
	shop, pay := &page.Rows[0], &page.Rows[1]
	if w := &shop.Week; !is(w.Hours, 30+150) || w.Known() != "0 to 30 h" || w.Befores != 1 || !is(w.Before, 60) || !is(w.Of, 30) || w.Cost != nil {
		t.Errorf("shop, the week: %+v", w)
	}
	if d := &shop.Day; !is(d.Hours, 30+23*5) || d.Known() != "0 to 23 h" || !is(d.OnTime, 99.9) {
		t.Errorf("shop, the day: %+v", d)
	}
	if got := shop.Week.Kept(); got != "1 of 1, 1 unknown" { // the young one has an objective, too
		t.Errorf("promises of shop: %s", got)
	}
	if w := &pay.Week; w.Kept() != "0 of 1" || w.Known() != "3 h" || !w.From.Equal(t0.Add(-3*time.Hour)) || !is(w.AtPeak, 12) || Less(w.Of, w.Before) != "80 % less" {
		t.Errorf("pay: %+v", w)
	}
	scalers := billPage(t, h, "?by=scaler&sort=name&q=SHOP")
	if len(scalers.Rows) != 3 || scalers.Rows[0].Scaler != "shop/mails" || scalers.Rows[2].Week.Hours != nil || scalers.Rows[2].Week.Known() != "0 s" {
		t.Errorf("by scaler: %+v", scalers)
	}
	for _, wrong := range []string{"?by=team", "?sort=colour"} {
		if w := get(t, h, "/api/v1/bill"+wrong); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", wrong, w.Code)
		}
	}
}

func TestBillInMoney(t *testing.T) {
	r := billedFleet()
	h := New(Options{
		Latest: func() *engine.Report { return r }, Ring: recent.New(), Now: func() time.Time { return r.At },
		HourPrice: func() HourPrice { return HourPrice{Amount: 0.5, Currency: "EUR"} },
	})
	page := billPage(t, h, "")
	if page.ReplicaHour == nil || page.Currency != "EUR" || !is(page.All.Week.Cost, 96) || !is(page.All.Week.BeforeCost, 60) {
		t.Errorf("%+v", page)
	}
	if text := get(t, h, "/bill").Body.String(); !strings.Contains(text, "96.00\u00a0EUR") || !strings.Contains(text, "0.5\u00a0EUR for a replica and hour") {
		t.Error(text)
	}
}

// What a program reads and what a person sees is the same, and the rows of a page keep their kind.
func TestBillPage(t *testing.T) {
	r := billedFleet()
	for i := range 120 {
		r.Scalers = append(r.Scalers, billedScaler("many/s"+strings.Repeat("x", i), "", 0, bill.Account{}))
	}
	h := handlerOf(r)
	text := get(t, h, "/bill?by=scaler").Body.String()
	for _, want := range []string{`href="/scaler?scaler=shop%2Forders"`, "page 1 of 3", "by=scaler", "0\u00a0of\u00a01", "99.9\u00a0%"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if all := billPage(t, h, "?by=scaler&page=all"); len(all.Rows) != 124 || all.Total != 124 {
		t.Errorf("%d rows", len(all.Rows))
	}
}

func TestWordsOfTheBill(t *testing.T) {
	five, ten, none := 5., 10., 0.
	for want, got := range map[string]string{
		"50 % less": Less(&five, &ten), "100 % more": Less(&ten, &five), "the same": Less(&ten, &ten), "": Less(nil, &ten) + Less(&ten, &none) + Amount(nil, "EUR"),
		"5.00 EUR": Amount(&five, "EUR"), "12 346 EUR": Amount(new(12345.6), "EUR"), "10": Amount(&ten, ""),
		"7 d": (&BillSpan{LeastHours: 167.9, MostHours: 168}).Known(), "3 h to 24 h": (&BillSpan{LeastHours: 3, MostHours: 23.6}).Known(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
