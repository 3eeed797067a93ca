package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	cluster = "demo"
	group   = "orders-worker"

	scalerPath = "/scaler?scaler=demo%2Forders"
)

// TestPages walks through the pages of a running demo as a person would.
func TestPages(t *testing.T) {
	b := open(t, demo(t, "burst"))
	b.visit("/")
	b.until("the group with its lag", `[...document.querySelectorAll(".groups tbody tr")].some(r => r.querySelector("a").innerText === "orders-worker" && /\d/.test(r.querySelectorAll("td.num")[1].innerText))`)
	b.until("a decision", `/ScaleUp|Steady|Hold/.test(document.querySelector(".groups").innerText)`)

	t.Run("updates itself", func(t *testing.T) {
		before := eval[string](b, `document.querySelector("#state time").innerText`)
		b.until("a later report", `document.querySelector("#state time").innerText !== "`+before+`"`)
	})
	t.Run("search", func(t *testing.T) {
		b.do(chromedp.SendKeys(chromedp.CSS("#q"), "nobody"))
		b.until("no match", `document.querySelector(".groups td.empty")?.innerText.includes("nobody")`)
		if q := eval[string](b, "location.search"); q == "" {
			t.Error("the search is not in the address")
		}
		b.visit("/?q=orders")
		b.until("the match", `document.querySelectorAll(".groups tbody tr").length === 1`)
	})
	t.Run("sorting, by keyboard", func(t *testing.T) {
		b.visit("/")
		b.do(chromedp.Focus(chromedp.CSS("#sort-lag")), chromedp.KeyEvent("\r"))
		b.until("sorted by lag", `document.querySelector("th[aria-sort]")?.innerText.startsWith("Lag")`)
	})
	t.Run("keyboard reaches everything", func(t *testing.T) {
		b.visit("/")
		seen := map[string]bool{}
		for range 40 {
			b.do(chromedp.KeyEvent("\t"))
			seen[eval[string](b, `document.activeElement.innerText || document.activeElement.id || ""`)] = true
		}
		for _, want := range []string{"Skip to content", "Decisions", "q", "orders-worker"} {
			if !seen[want] {
				t.Errorf("tabbing does not reach %q", want)
			}
		}
	})
	t.Run("an update leaves the focus", func(t *testing.T) {
		b.visit("/?sort=group")
		b.do(chromedp.Focus(chromedp.CSS(".groups tbody tr:last-child a")))
		focused := eval[string](b, `document.activeElement.textContent`)
		before := eval[string](b, `document.querySelector("#state time").innerText`)
		b.until("a later report", `document.querySelector("#state time").innerText !== "`+before+`"`)
		if now := eval[string](b, `document.activeElement.textContent`); now != focused {
			t.Errorf("the focus went from %q to %q", focused, now)
		}
	})
	t.Run("group", func(t *testing.T) {
		b.visit("/?q=orders-worker")
		b.do(chromedp.Click(chromedp.CSS(".groups tbody a")))
		b.until("the charts", `document.querySelectorAll(".chart canvas").length === 3`)
		b.until("partitions", `document.querySelectorAll("[aria-label=Partitions] tbody tr").length === 12`)
		b.until("a member that owns one", `document.querySelector("[aria-label=Partitions]").innerText.includes("orders-worker-")`)
	})
	t.Run("decisions", func(t *testing.T) {
		b.visit("/decisions")
		b.until("a derivation", `document.querySelector(".decision details table tr")`)
		b.do(chromedp.Click(chromedp.CSS(".decision summary")))
		b.until("it stays open through updates", `document.querySelector(".decision details").open`)
	})
	t.Run("scaler", func(t *testing.T) {
		b.visit("/decisions")
		b.do(chromedp.Click(chromedp.CSS(".decision h2 a")))
		b.until("arrivals, decisions and replicas on one axis", `document.querySelectorAll(".for-wide .picture path").length >= 4 && document.querySelector(".for-wide .picture circle title")`)
		b.do(chromedp.Click(chromedp.CSS("#permalink")))
		b.until("a time in the address", `location.search.includes("from=") && document.querySelector("#now")`)
		fixed := eval[string](b, `document.querySelector(".story .counts").innerText`)
		before := eval[string](b, `document.querySelector("#state time").innerText`)
		b.until("a later report", `document.querySelector("#state time").innerText !== "`+before+`"`)
		if now := eval[string](b, `document.querySelector(".story .counts").innerText`); now != fixed {
			t.Errorf("the time of the address shows %q, then %q", fixed, now)
		}
		eval[any](b, `fetch(document.querySelector("#image").href).then((r) => r.text()).then((text) => { document.body.dataset.svg = text }); 1`)
		b.until("the picture as a file", `document.body.dataset.svg?.includes("Scaler demo/orders")`)
		eval[any](b, `HTMLAnchorElement.prototype.click = function () { document.body.dataset.file = this.download + " " + this.href.slice(0, 22) + " " + this.href.length }; 1`)
		b.do(chromedp.Click(chromedp.CSS("#png")))
		b.until("the picture as a PNG", `/^demo-orders-\w+\.png data:image\/png;base64, \d{5,}$/.test(document.body.dataset.file ?? "")`)
	})
	t.Run("bill", func(t *testing.T) {
		b.visit("/bill")
		b.until("what ran", `/\d/.test(document.querySelector(".bill tbody b")?.innerText ?? "")`)
		b.do(chromedp.Focus(chromedp.CSS("#by-scaler")), chromedp.KeyEvent("\r"))
		b.until("the scaler", `document.querySelector(".bill tbody a")?.innerText === "demo/orders"`)
	})
	t.Run("rebalances", func(t *testing.T) {
		b.visit("/rebalances")
		b.until("one caused by scaling", `document.querySelector(".cause.scaling")`)
	})
	t.Run("status", func(t *testing.T) {
		b.visit("/status")
		b.until("three brokers", `document.querySelector(".facts dd")?.innerText.startsWith("3")`)
	})
}

// TestTheBrowserTells makes sure that silence means something: what is forbidden is heard.
func TestTheBrowserTells(t *testing.T) {
	b := open(t, demo(t, "burst"))
	b.visit("/")
	eval[any](b, `fetch("http://127.0.0.2:1/").catch(() => 0); console.error("heard"); 1`)
	b.until("an update", `document.querySelector("#state")`)
	deadline := time.Now().Add(10 * time.Second)
	for {
		b.mu.Lock()
		heard := strings.Join(b.problems, "\n")
		b.mu.Unlock()
		if strings.Contains(heard, "Content Security Policy") && strings.Contains(heard, "console:") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("heard only %q", heard)
		}
		time.Sleep(100 * time.Millisecond) // events of a real browser come when they come
	}
	b.forget("")
}

// TestAccessible runs axe-core over every page, light and dark.
func TestAccessible(t *testing.T) {
	b := open(t, demo(t, "burst"))
	b.visit("/rebalances")
	b.until("a rebalance", `document.querySelector(".cause")`)
	for _, path := range []string{"/", groupPath(cluster, group), "/decisions", scalerPath, "/rebalances", "/bill", "/bill?by=scaler", "/status"} {
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme)
			b.visit(path)
			for _, v := range b.axe() {
				t.Errorf("%s, %s: %s", path, scheme, v)
			}
		}
	}
}

func TestDarkAndNarrow(t *testing.T) {
	b := open(t, demo(t, "burst"))
	b.visit("/")
	light := eval[string](b, `getComputedStyle(document.documentElement).backgroundColor`)
	b.scheme("dark")
	if dark := eval[string](b, `getComputedStyle(document.documentElement).backgroundColor`); dark == light {
		t.Errorf("dark and light are both %s", dark)
	}
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	for _, path := range []string{"/", groupPath(cluster, group), "/decisions", scalerPath, "/rebalances", "/bill", "/status"} {
		b.visit(path)
		if wide := eval[float64](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 1 {
			t.Errorf("%s is %v px wider than a phone", path, wide)
		}
	}
}

// TestScreenshots makes the pictures of the documentation: make screenshots.
func TestScreenshots(t *testing.T) {
	b := open(t, demo(t, "burst"))
	b.visit("/")
	step := `ScaleUp`
	if screenshots() != "" { // a group is called stopped or stalled after two minutes, when the next burst is near
		b.within(150*time.Second, "groups in trouble", `document.querySelector(".status.stopped") && document.querySelector(".status.stalled")`)
		step = `ScaleUp .*-> 1[2-9]` // the greatest of the burst
	}
	b.within(125*time.Second, "the burst", `/`+step+`/.test(document.body.innerText)`)
	b.picture("groups")
	b.scheme("dark")
	b.visit("/decisions")
	b.until("a derivation", `document.querySelector(".decision details table tr")`)
	b.do(chromedp.Click(chromedp.CSS(".decision summary")))
	b.picture("decisions-dark")
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
	b.visit("/")
	b.shoot("phone")
	b.do(chromedp.EmulateViewport(1360, 850))
	b.scheme("light")
	b.visit(groupPath(cluster, group))
	b.until("charts", `document.querySelectorAll(".chart canvas").length === 3`)
	b.until("rebalances", `document.querySelectorAll("[aria-label=Rebalances] tbody tr").length > 1`)
	b.picture("group")
	b.visit("/rebalances")
	b.picture("rebalances")
	b.visit(scalerPath)
	decisions := 2
	if screenshots() != "" { // up and down again: a story
		decisions = 6
	}
	b.within(150*time.Second, "decisions", fmt.Sprintf(`document.querySelectorAll(".for-wide .picture circle").length >= %d`, decisions))
	b.picture("scaler")
	b.visit("/bill?by=scaler")
	b.picture("bill")
}
