package timeline

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func decision(at time.Time, to int32) *Decision {
	return &Decision{At: at, From: 4, To: to, Reason: "ScaleUp"}
}

// An advice that nobody follows is made again and again, and is one decision; a write that did not change the size is one each time.
func TestAnAdviceIsOneDecision(t *testing.T) {
	for _, advised := range []bool{true, false} {
		var tl Timeline
		for i := range 10 {
			d := decision(t0.Add(time.Duration(i)*30*time.Second), 8)
			d.Advised = advised
			tl = tl.Next(Poll{Now: d.At, Decision: d})
		}
		want := 10
		if advised {
			want = 1
		}
		if all, _ := tl.Decisions(t0.Add(time.Hour)); len(all) != want || !all[0].At.Equal(t0) {
			t.Errorf("advised %v: %v", advised, all)
		}
	}
}

// A rebalance is seen at every poll until the next one, also after a restart, and is one.
func TestARebalanceIsOne(t *testing.T) {
	r := Rebalance{Group: "orders", End: t0.Add(1500 * time.Millisecond), Took: 1200 * time.Millisecond, Cause: "scaling"}
	other := Rebalance{Group: "billing", End: t0, Took: time.Second, Cause: "deploy"}
	var tl Timeline
	for i := range 5 {
		tl = saveAndLoad(t, tl.Next(Poll{Now: t0.Add(time.Duration(i) * 10 * time.Second), Rebalances: []Rebalance{r, other}}))
	}
	all, since := tl.Rebalances(t0.Add(time.Hour))
	if len(all) != 2 || all[1].Group != "orders" || all[1].Took != r.Took || !since.Equal(t0) {
		t.Errorf("%v since %v", all, since)
	}
}

// The newest are kept, and it is said from when on they are complete.
func TestTooMany(t *testing.T) {
	var tl Timeline
	for i := range most + 72 {
		at := t0.Add(time.Duration(i) * time.Minute)
		tl = tl.Next(Poll{Now: at, Decision: decision(at, int32(i)), Rebalances: []Rebalance{{Group: "g", End: at}}})
	}
	tl = saveAndLoad(t, tl)
	now := t0.Add(5 * time.Hour)
	decisions, since := tl.Decisions(now)
	rebalances, alsoSince := tl.Rebalances(now)
	if len(decisions) != most || len(rebalances) != most || !since.Equal(t0.Add(71*time.Minute)) || !alsoSince.Equal(since) {
		t.Errorf("%d decisions, %d rebalances since %v", len(decisions), len(rebalances), since)
	}
	week := t0.Add(7*24*time.Hour + 100*time.Minute)
	if decisions, since = tl.Decisions(week); len(decisions) != most+72-101 || !since.Equal(week.Add(-7*24*time.Hour)) {
		t.Errorf("a week later: %d since %v", len(decisions), since)
	}
}

// failing is a test, or a check of rapid.
type failing interface {
	Helper()
	Fatal(args ...any)
}

func saveAndLoad(t failing, tl Timeline) (back Timeline) {
	t.Helper()
	data, err := json.Marshal(tl)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 5000 {
		t.Fatal(len(data), "bytes")
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// What is saved is loaded, and older values stay as they were.
func TestTimelines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tl Timeline
		now := t0
		for range rapid.IntRange(0, 150).Draw(t, "polls") {
			now = now.Add(time.Duration(rapid.IntRange(-5, 4000).Draw(t, "seconds")) * time.Second)
			p := Poll{Now: now}
			if rapid.Bool().Draw(t, "decides") {
				p.Decision = decision(now, int32(rapid.IntRange(0, 1<<30).Draw(t, "to")))
				p.Decision.Advised = rapid.Bool().Draw(t, "advised")
			}
			if rapid.Bool().Draw(t, "rebalance") {
				p.Rebalances = []Rebalance{{
					Group: rapid.SampledFrom([]string{"a", "b", "\xff", ""}).Draw(t, "group"), Cause: "scaling",
					End: now.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "ago")) * time.Second), Took: time.Duration(rapid.IntRange(-1, 100_000_000).Draw(t, "ms")) * time.Millisecond,
				}}
			}
			before := tl
			kept := fmt.Sprint(before.decisions, before.rebalances)
			if tl = tl.Next(p); fmt.Sprint(before.decisions, before.rebalances) != kept {
				t.Fatal("an older timeline was changed")
			}
		}
		if tl.IsZero() {
			return
		}
		once := saveAndLoad(t, tl)
		if twice := saveAndLoad(t, once); !reflect.DeepEqual(once, twice) || len(once.allDecisions()) != len(tl.allDecisions()) || len(once.allRebalances()) != len(tl.allRebalances()) {
			t.Fatalf("%v\n%v", once, twice)
		}
	})
}

// 96 decisions and 96 rebalances take less than 2 KB.
func TestSavedSize(t *testing.T) {
	var tl Timeline
	for i := range 300 {
		at := t0.Add(time.Duration(i*i%97+i*300) * time.Second)
		tl = tl.Next(Poll{Now: at, Decision: decision(at, int32(i*31%60)), Rebalances: []Rebalance{{Group: "orders", End: at, Took: time.Duration(i*7919%30_000) * time.Millisecond, Cause: "scaling"}}})
	}
	data, err := json.Marshal(tl)
	t.Logf("%d bytes", len(data))
	if err != nil || len(data) > 2000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func FuzzLoad(f *testing.F) {
	var tl Timeline
	data, err := json.Marshal(tl.Next(Poll{Now: t0, Decision: decision(t0, 3), Rebalances: []Rebalance{{Group: "g", End: t0, Cause: "deploy"}}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"begun":-9223372036854775808,"names":["a"],"decisions":"AA=="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var tl Timeline
		if json.Unmarshal(data, &tl) != nil {
			return
		}
		tl = tl.Next(Poll{Now: t0, Decision: decision(t0, 3), Rebalances: []Rebalance{{Group: "g", End: t0}}})
		if again, err := json.Marshal(tl); err != nil || json.Unmarshal(again, &tl) != nil {
			t.Errorf("%v: %s", err, again)
		}
	})
}
