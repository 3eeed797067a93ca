package daemon

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/testlog"
)

// started is a daemon that runs in this process, on an embedded broker and without Kubernetes.
type started struct {
	*Daemon
	url   string
	first *engine.Report // that it published
	log   testlog.Log
	stop  context.CancelFunc
	ended chan error
}

// start runs a daemon until its first report.
func start(t *testing.T, change func(*config.Config), options ...func(*Options)) *started {
	t.Helper()
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
	change(c)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &started{url: "http://" + listener.Addr().String(), ended: make(chan error, 1)}
	reports := make(chan *engine.Report, 1)
	o := Options{Config: c, Build: Build{Version: "of-the-test"}, Log: &s.log, Published: func(r *engine.Report) {
		select {
		case reports <- r:
		default:
		}
	}}
	for _, set := range options {
		set(&o)
	}
	s.Daemon, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	s.stop = stop
	t.Cleanup(stop)
	go func() { s.ended <- s.Run(ctx, listener) }()
	select {
	case s.first = <-reports:
	case err := <-s.ended:
		t.Fatalf("ended before it published: %v\n%s", err, s.log.String())
	}
	return s
}
