package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/lagscaler/lagscaler/e2e/servers/child"
	pages "github.com/lagscaler/lagscaler/e2e/servers/daemon"
	"github.com/lagscaler/lagscaler/e2e/servers/prom"
)

// TestPrometheusTakesPushes: a real Prometheus that is pushed to, and scrapes nothing, has every name that /metrics has, as it is there.
func TestPrometheusTakesPushes(t *testing.T) {
	t.Parallel()
	p := prom.Start(t, prom.Config{})
	kafka, err := kfake.NewCluster(kfake.SeedTopics(3, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	consumer, err := kgo.NewClient(kgo.SeedBrokers(kafka.ListenAddrs()...), kgo.ConsumerGroup("shop"), kgo.ConsumeTopics("orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(consumer.Close)
	go consumer.PollFetches(t.Context())
	d := pages.Start(t, pages.Options{
		Brokers: strings.Join(kafka.ListenAddrs(), ","), Interval: time.Second, OTLP: "http://" + p.Address + "/api/v1/otlp/v1/metrics",
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = child.Await(ctx, func(ctx context.Context) error { return sameNames(ctx, d.URL, p.Address) })
	if err != nil {
		t.Error(err)
	}
}

// sameNames compares the names of a scrape with those that a Prometheus has.
func sameNames(ctx context.Context, url, prometheus string) error {
	page, err := child.Fetch(ctx, url+"/metrics")
	if err != nil {
		return err
	}
	text, err := child.Fetch(ctx, "http://"+prometheus+"/api/v1/label/__name__/values")
	if err != nil {
		return err
	}
	var answer struct{ Data []string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	if !strings.Contains(page, `lagscaler_group_members{kafka_cluster="main",group="shop"}`) {
		return errors.New("the group is not read yet")
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z_]+)[{ ]`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(answer.Data, m[1]) {
			return fmt.Errorf("Prometheus has no %s, but %s", m[1], strings.Join(answer.Data, " "))
		}
	}
	return nil
}
