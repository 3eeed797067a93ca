package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/lagscaler/lagscaler/internal/serve"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
	"github.com/lagscaler/lagscaler/scaler/kube/custommetrics"
)

// customMetrics is the endpoint that the API server asks for an HPA, with its port.
type customMetrics struct {
	server   *custommetrics.Server
	log      *slog.Logger
	address  string
	listener net.Listener
}

// newCustomMetrics makes the endpoint; nil if none is configured.
func (d *Daemon) newCustomMetrics() (*customMetrics, error) {
	c := d.config.Load()
	m := c.CustomMetrics
	switch {
	case m == nil:
		return nil, nil
	case d.kube == nil || d.external == nil:
		return nil, errors.New("customMetrics: needs Kubernetes and externalScaler")
	}
	clients, err := access.Connect(c.Kubernetes.Kubeconfig, "lagscaler/"+d.opts.Build.Version)
	if err != nil {
		return nil, fmt.Errorf("kubernetes: %w", err)
	}
	server, err := custommetrics.New(custommetrics.Options{
		Replicas: d.external.server.Replicas, Client: clients.Kubernetes, Certificate: m.CertFile, Key: m.KeyFile, Log: d.log,
	})
	if err != nil {
		return nil, err
	}
	return &customMetrics{server: server, address: m.Listen, log: d.log}, nil
}

// listen opens the port.
func (m *customMetrics) listen() (err error) {
	if m == nil {
		return nil
	}
	if m.listener, err = net.Listen("tcp", m.address); err != nil {
		return fmt.Errorf("customMetrics.listen: %w", err)
	}
	return nil
}

// run serves until ctx ends.
func (m *customMetrics) run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	following, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { m.server.Follow(following) })
	port := serve.New(m.server, m.log)
	port.TLSConfig = m.server.TLS()
	end := context.AfterFunc(ctx, func() { _ = port.Close() }) // the API server asks another replica
	defer end()
	if err := port.ServeTLS(serve.Listen(m.listener, m.log), "", ""); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving custom.metrics.k8s.io: %w", err)
	}
	return nil
}
