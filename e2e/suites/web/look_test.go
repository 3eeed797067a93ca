package web

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/lagscaler/lagscaler/internal/history"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// look, when set, names the folder into which TestLook writes its pictures.
const look = "LAGSCALER_LOOK"

// TestLook takes a picture of every page, on a wide screen and on a phone, light and dark, with 3 groups and with 10,000, in peace and in
// trouble: make look. People look at them. What a program can see is a failure anywhere: a page that is wider than its window, and errors
// in the console.
func TestLook(t *testing.T) {
	dir := os.Getenv(look)
	if dir == "" {
		t.Skipf("skipped: pictures of all pages are taken only to be looked at; make look does it, with %s", look)
	}
	for name, s := range map[string]*site{
		"3-peace": few(t, false), "3-trouble": few(t, true), "10000-peace": many(t, false), "10000-trouble": many(t, true),
	} {
		b := open(t, s.url)
		for page, path := range map[string]string{
			"groups": "/", "group": groupPath("main", "orders"), "decisions": "/decisions", "scaler": "/scaler?scaler=shop/orders", "rebalances": "/rebalances",
			"bill": "/bill", "status": "/status", "history": "/history?cluster=main&group=orders",
		} {
			for screen, size := range map[string][2]int64{"wide": {1360, 850}, "phone": {390, 844}} {
				for _, scheme := range []string{"light", "dark"} {
					b.scheme(scheme)
					b.do(chromedp.EmulateViewport(size[0], size[1]))
					b.visit(path)
					if page == "group" {
						b.until("charts", `document.querySelectorAll(".chart canvas").length === 3`)
					}
					if wide := eval[float64](b, `document.documentElement.scrollWidth`); wide > float64(size[0]) {
						t.Errorf("%s of %s is %.0f pixels wide on a %s", page, name, wide, screen)
					}
					height := eval[float64](b, `document.querySelector("footer").getBoundingClientRect().bottom`)
					b.do(chromedp.EmulateViewport(size[0], int64(min(height, 1600))))
					png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
					if err != nil {
						t.Fatal(err)
					}
					file := filepath.Join(dir, strings.Join([]string{page, name, screen, scheme}, "-")+".png")
					if err := os.WriteFile(file, png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// few is a site with three groups; in trouble one has a partition that stands, one has no members, and a write is refused.
func few(t *testing.T, trouble bool) *site {
	t.Helper()
	s := newSite(t)
	s.past = pastWithPeaks(trouble)
	for _, name := range []string{"orders", "billing", "mail"} {
		s.group(name, name, name+"-worker-7d9f8c6b5-x2x4z", 30)
		s.kafka.Join(name, name+"-worker-7d9f8c6b5-k8w9q", name)
	}
	s.scaled("shop/orders", "orders", func(*scaler.Scaler) {})
	s.scaled("shop/mail", "mail", func(sc *scaler.Scaler) {
		if trouble {
			sc.Refusal = scaler.Refusal{Reason: "MissingRight", Why: "the permission to list deployments.apps in shop is missing"}
		}
	})
	for poll := range int64(60) {
		for _, name := range []string{"orders", "billing", "mail"} {
			for p := range int32(3) {
				s.kafka.Append(name, p, 300)
				read := 100 + 300*(poll+1)
				if trouble && name == "orders" {
					read = 100 + 180*(poll+1)
				}
				if trouble && name == "billing" && p == 1 {
					read = 100
				}
				s.kafka.Commit(name, name, p, read)
			}
		}
		s.poll(10 * time.Second)
	}
	if trouble {
		s.kafka.Fail(2, lag.Unreachable)
		s.poll(10 * time.Second)
	}
	return s
}

// many is a site with ten thousand groups; in trouble each tenth is late, and each hundredth could not be read.
func many(t *testing.T, trouble bool) *site {
	t.Helper()
	s := newSite(t)
	s.past = pastWithPeaks(trouble)
	s.group("orders", "orders", "orders-worker-0", 30)
	s.scaled("shop/orders", "orders", func(*scaler.Scaler) {})
	const topics = 50
	for i := range 9_999 {
		if i < topics {
			s.kafka.Create(fmt.Sprintf("topic-%02d", i), 10)
		}
		name, topic := fmt.Sprintf("team-%02d.service-%05d", i%40, i), fmt.Sprintf("topic-%02d", i%topics)
		s.kafka.Join(name, name+"-0", topic)
		if i%25 == 0 && i < 5000 {
			s.scaled(fmt.Sprintf("team-%02d/service-%05d", i%40, i), name, func(*scaler.Scaler) {})
		}
	}
	for poll := range int64(4) {
		for i := range topics {
			for p := range int32(10) {
				s.kafka.Append(fmt.Sprintf("topic-%02d", i), p, 300)
			}
		}
		for p := range int32(3) {
			s.kafka.Append("orders", p, 300)
			s.kafka.Commit("orders", "orders", p, 100+300*(poll+1))
		}
		for i := range 9_999 {
			read := 300 * (poll + 1)
			if trouble && i%10 == 0 {
				read = 30 * (poll + 1)
			}
			for p := range int32(10) {
				s.kafka.Commit(fmt.Sprintf("team-%02d.service-%05d", i%40, i), fmt.Sprintf("topic-%02d", i%topics), p, read)
			}
		}
		s.poll(30 * time.Second)
	}
	if trouble {
		for i := 0; i < 9_999; i += 100 {
			s.kafka.FailGroup(fmt.Sprintf("team-%02d.service-%05d", i%40, i), lag.GroupDenied)
		}
		s.poll(30 * time.Second)
	}
	return s
}

// pastWithPeaks is a week with a day and a night; in trouble a part of it is unknown, the last day is late, and a store of Prometheus is down.
func pastWithPeaks(trouble bool) func(context.Context, string, string, time.Time, time.Time) (history.Group, error) {
	return func(_ context.Context, _, _ string, from, to time.Time) (history.Group, error) {
		g := history.Group{Step: 15 * time.Minute}
		for at := from.Truncate(g.Step).Add(g.Step); !at.After(to); at = at.Add(g.Step) {
			day := 1 - math.Cos(float64(at.Unix()%86400)/86400*2*math.Pi)
			in := 100 + 400*day
			step := history.Step{At: at.UTC(), Lag: new(in / 2), Late: new(1.5), Produced: &in, Consumed: &in, Members: new(math.Ceil(in / 100)), Rebalances: new(0.0)}
			ago := to.Sub(at)
			switch {
			case trouble && ago > 60*time.Hour && ago < 80*time.Hour:
				continue
			case trouble && ago < 20*time.Hour:
				step.Lag, step.Late, step.Consumed = new(in*float64(20*time.Hour-ago)/1e11), new(float64(20*time.Hour-ago)/6e11), new(in*0.9)
			}
			g.Steps = append(g.Steps, step)
		}
		if trouble {
			g.Warnings = []string{`store gateway "prometheus-1.monitoring:10901": context deadline exceeded`}
		}
		return g, nil
	}
}
