package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	pages "github.com/lagscaler/lagscaler/e2e/servers/daemon"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
	settings "github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/web"
)

// pastOfAGroup is what a Prometheus has scraped in eight days, a sample a minute, as OpenMetrics: the lag is 10, for one minute two days ago
// 5000, and nothing is known between four and three days ago. Another pod leads since yesterday. Another installation has a group of the
// same name. The counters grow by 120 a minute, with a rebalance each hour, a minute after a step begins.
func pastOfAGroup(t *testing.T, end time.Time) string {
	t.Helper()
	const day = 24 * 60
	var b strings.Builder
	each := func(name, kind string, value func(minutesAgo int) float64, more string) {
		fmt.Fprintf(&b, "# TYPE %s %s\n", strings.TrimSuffix(name, "_total"), kind)
		for _, pod := range []string{"a", "b", "other"} {
			for ago := 8 * day; ago >= 0; ago-- {
				led := pod == "a" && ago > day || pod == "b" && ago <= day || pod == "other"
				if !led || ago > 3*day && ago <= 4*day {
					continue
				}
				namespace, v := "lagscaler", value(ago)
				if pod == "other" {
					namespace, v = "other", 1e6+v
				}
				fmt.Fprintf(&b, "%s{kafka_cluster=\"main\",group=\"shop\",namespace=%q,pod=%q%s} %g %d\n", name, namespace, pod, more, v, end.Add(-time.Duration(ago)*time.Minute).Unix())
			}
		}
	}
	each("lagscaler_group_lag_records", "gauge", func(ago int) float64 {
		if ago == 2*day+7 {
			return 5000
		}
		return 10
	}, "")
	each("lagscaler_group_members", "gauge", func(int) float64 { return 3 }, "")
	each("lagscaler_group_produced_records_total", "counter", func(ago int) float64 { return float64(8*day-ago) * 120 }, "")
	each("lagscaler_group_rebalances_total", "counter", func(ago int) float64 { return float64((8*day - ago) / 60) }, `,outcome="success"`)
	b.WriteString("# EOF\n")
	file := filepath.Join(t.TempDir(), "past.txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestHistoryOfAPrometheus: a daemon that has just started shows the week of a group as a real Prometheus has it. A peak of a minute is
// there, a gap is a gap, the number of another installation is not taken, and another leader is no break. Twin: Prometheus is gone, and
// the page says so.
func TestHistoryOfAPrometheus(t *testing.T) {
	t.Parallel()
	// What happens between the last scrape of a step and the first one of the next counts, too.
	end := time.Now().Add(-15 * time.Minute).Truncate(15 * time.Minute).Add(time.Minute)
	p := prom.Start(t, prom.Config{OpenMetrics: pastOfAGroup(t, end)})
	kafka, err := kfake.NewCluster(kfake.SeedTopics(3, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	d := pages.Start(t, pages.Options{
		Brokers: strings.Join(kafka.ListenAddrs(), ","), Interval: time.Second,
		History: &settings.History{Prometheus: settings.TokenURL("http://" + p.Address), Matchers: `namespace="lagscaler"`},
	})
	week := historyOf(t, d.URL, url.Values{"from": {end.Add(-7 * 24 * time.Hour).Format(time.RFC3339)}, "to": {end.Format(time.RFC3339)}})
	if n := len(week.Steps); n < 6*96-2 || n > 6*96+4 || week.StepSeconds != 900 {
		t.Errorf("%d steps of %.0f s: six days of seven are known, with 96 steps each", n, week.StepSeconds)
	}
	peak, moves, rebalances := 0., 0, 0.
	for i, s := range week.Steps {
		if ago := end.Sub(s.Time); ago > 73*time.Hour && ago < 95*time.Hour {
			t.Errorf("a step at %v, of which nothing is known", s.Time)
		}
		if s.Lag == nil || s.Members == nil || *s.Members != 3 || s.Consumed != nil {
			t.Errorf("step %d: %+v", i, s)
			continue
		}
		peak = max(peak, *s.Lag)
		if s.Produced != nil && *s.Produced > 1.9 && *s.Produced < 2.1 {
			moves++
		}
		if s.Rebalances != nil {
			rebalances += *s.Rebalances
		}
	}
	if peak != 5000 || moves < len(week.Steps)*95/100 || rebalances < 142 || rebalances > 145 {
		t.Errorf("peak %.0f, want 5000; %d of %d steps have 2/s; %v rebalances, want about 144", peak, moves, len(week.Steps), rebalances)
	}
	if since := end.Sub(*week.Since); since < 6*24*time.Hour || since > 7*24*time.Hour {
		t.Errorf("known since %v", week.Since)
	}
	if hour := historyOf(t, d.URL, url.Values{"from": {end.Add(-time.Hour).Format(time.RFC3339)}, "to": {end.Format(time.RFC3339)}}); hour.StepSeconds != 30 || len(hour.Steps) < 115 {
		t.Errorf("an hour: %d steps of %.0f s", len(hour.Steps), hour.StepSeconds)
	}

	port, err := child.Port() // at which nobody answers
	if err != nil {
		t.Fatal(err)
	}
	without := pages.Start(t, pages.Options{
		Brokers: strings.Join(kafka.ListenAddrs(), ","), Interval: time.Second,
		History: &settings.History{Prometheus: settings.TokenURL(fmt.Sprintf("http://127.0.0.1:%d", port))},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = child.Await(ctx, func(ctx context.Context) error {
		_, failed := child.Fetch(ctx, without.URL+"/api/v1/history?cluster=main&group=shop")
		if failed == nil {
			return errors.New("without Prometheus the page answers")
		}
		if !strings.Contains(failed.Error(), "502") || !strings.Contains(failed.Error(), "connection refused") {
			return failed
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func historyOf(t *testing.T, address string, q url.Values) (page web.HistoryPage) {
	t.Helper()
	q.Set("cluster", "main")
	q.Set("group", "shop")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var text string
	err := child.Await(ctx, func(ctx context.Context) (err error) {
		text, err = child.Fetch(ctx, address+"/api/v1/history?"+q.Encode())
		return err
	})
	if err == nil {
		err = json.Unmarshal([]byte(text), &page)
	}
	if err != nil {
		t.Fatal(err)
	}
	return page
}
