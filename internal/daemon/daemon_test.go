package daemon

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
)

// TestDaemon runs the program in this process, as e2e does: what is published is what it serves, and it ends when told.
func TestDaemon(t *testing.T) {
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	c, err := config.Brokers(kafka.ListenAddrs())
	if err != nil {
		t.Fatal(err)
	}
	c.Kubernetes.Enabled = config.Off
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	reports := make(chan *engine.Report, 1)
	d, err := New(Options{Config: c, Build: Build{Version: "of-the-test"}, Log: &log, Published: func(r *engine.Report) {
		select {
		case reports <- r:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, listener) }()
	select {
	case r := <-reports:
		if len(r.Clusters) != 1 || len(r.Clusters[0].Snapshot.Errors) > 0 {
			t.Errorf("published %+v", r.Clusters)
		}
	case err := <-ended:
		t.Fatalf("ended before it published: %v\n%s", err, log.String())
	}
	resp, err := http.Get("http://" + listener.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !strings.Contains(string(page), `version="of-the-test"`) {
		t.Errorf("metrics (%v):\n%s", err, page)
	}
	stop()
	if err := <-ended; err != nil || !strings.Contains(log.String(), "stopped") {
		t.Errorf("ended with %v\n%s", err, log.String())
	}
	if missing := d.MissingRights(); missing != nil {
		t.Errorf("rights of a Kubernetes that is not there: %v", missing)
	}
}
