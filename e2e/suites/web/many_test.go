package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestTenThousandGroups finds its way through a large cluster as a person would: search, sort, turn pages.
func TestTenThousandGroups(t *testing.T) {
	const groups = 10_000
	s := newSite(t)
	for i := range groups {
		if i < 50 {
			s.kafka.Create(fmt.Sprintf("topic-%02d", i), 10)
		}
		name, topic := fmt.Sprintf("team-%02d.service-%05d", i%40, i), fmt.Sprintf("topic-%02d", i%50)
		s.kafka.Join(name, name+"-0", topic)
		for p := range int32(10) {
			s.kafka.Commit(name, topic, p, 0)
		}
	}
	for range 3 {
		for i := range 50 {
			s.kafka.Append(fmt.Sprintf("topic-%02d", i), 0, int64(1000+i))
		}
		s.poll(10 * time.Second)
	}
	for i := range 120 {
		s.kafka.Join(fmt.Sprintf("team-%02d.service-%05d", i%40, i), fmt.Sprint("second-", i), fmt.Sprintf("topic-%02d", i%50))
	}
	s.poll(10 * time.Second)

	b := open(t, s.url)
	b.visit("/")
	rows := func() int { return eval[int](b, `document.querySelectorAll(".groups tbody tr").length`) }
	first := func() string { return eval[string](b, `document.querySelector(".groups tbody a").textContent`) }
	counts := `(document.querySelector(".counts")?.innerText ?? "").replaceAll("\u00a0", " ")`
	if text := eval[string](b, counts); rows() != 50 || !strings.HasPrefix(text, "10 000 of 10 000 groups") {
		t.Errorf("%d rows, %q", rows(), text)
	}
	t.Run("search", func(t *testing.T) {
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), "TEAM-02 service-04242"))
		b.until("the one", counts+`.startsWith("1 of 10 000 groups")`)
		if got := first(); got != "team-02.service-04242" {
			t.Errorf("found %q", got)
		}
	})
	t.Run("sort", func(t *testing.T) {
		b.visit("/")
		b.do(chromedp.Click(chromedp.CSS("#sort-lag")))
		b.until("the greatest lag first", `document.querySelector("th[aria-sort=descending]")?.innerText.startsWith("Lag")`)
		if got := first(); got != "team-09.service-00049" { // topic-49 is the longest
			t.Errorf("first %q", got)
		}
		b.do(chromedp.Click(chromedp.CSS("#sort-lag")))
		b.until("the least lag first", `document.querySelector("th[aria-sort=ascending]")?.innerText.startsWith("Lag")`)
		if got := first(); got != "team-00.service-00000" {
			t.Errorf("first %q", got)
		}
	})
	t.Run("pages", func(t *testing.T) {
		b.visit("/?sort=group")
		b.do(chromedp.Click(chromedp.CSS("#next")))
		b.until("the second page", `document.querySelector(".pager")?.innerText.includes("page 2 of 200")`)
		b.visit("/?sort=group&page=200")
		if got, next := eval[string](b, `[...document.querySelectorAll(".groups tbody a")].at(-1).textContent`),
			eval[bool](b, `!!document.querySelector("#next")`); got != "team-39.service-09999" || next {
			t.Errorf("the last page ends with %q, and has a next: %v", got, next)
		}
	})
	t.Run("rebalances", func(t *testing.T) {
		b.visit("/rebalances")
		b.until("three pages of rebalances", `document.querySelector(".pager")?.innerText.includes("page 1 of 3")`)
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), "service-00119"))
		b.until("one group's", `document.querySelectorAll("#live tbody tr").length === 1`)
	})
	t.Run("status", func(t *testing.T) {
		b.visit("/status")
		b.until("all groups", `document.querySelector(".card")?.innerText.replaceAll("\u00a0", " ").includes("10 000")`)
	})
}
