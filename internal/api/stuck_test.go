package api

import (
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/lag"
)

func TestStuckOf(t *testing.T) {
	since := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	s := lag.Stuck{
		Topic: "orders", Partition: 7, Committed: 90210, Waiting: 12, Owner: lag.Member{ClientID: "worker-1", Host: "10.0.0.7"},
		Since: since, OthersMove: true, Broker: "kafka-0.kafka:9092",
	}
	hostile, alone := s, s
	hostile.Topic, hostile.Broker = "a; rm -rf /", "$(reboot):9092"
	alone.OthersMove, alone.Owner, alone.Broker = false, lag.Member{}, ""
	for _, tt := range []struct {
		in            lag.Stuck
		command, text string
	}{
		{
			s, "kafka-console-consumer.sh --bootstrap-server kafka-0.kafka:9092 --topic orders --partition 7 --offset 90210 --max-messages 1",
			"orders-7 stands at offset 90210 since 2026-01-05 12:00:00 UTC, 12 records wait, owner worker-1@10.0.0.7; others have moved since",
		},
		{hostile, "kafka-console-consumer.sh --bootstrap-server BROKER --topic TOPIC --partition 7 ", "a; rm -rf /-7 stands"},
		{alone, "--bootstrap-server BROKER --topic orders", "its owner is not known; no other partition of the group has moved since"},
	} {
		got := StuckOf([]lag.Stuck{tt.in})[0]
		if !strings.Contains(got.Command, tt.command) || !strings.Contains(got.Text(), tt.text) {
			t.Errorf("%s\n%s\nwant %s\n%s", got.Command, got.Text(), tt.command, tt.text)
		}
	}
}
