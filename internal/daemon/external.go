package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/internal/external"
	"github.com/lagscaler/lagscaler/scaler/kube"
	"github.com/lagscaler/lagscaler/scaler/kube/access"
)

// externalScaler is the endpoint that KEDA asks, with its port.
type externalScaler struct {
	server   *external.Server
	address  string
	listener net.Listener
}

// newExternalScaler makes the endpoint; nil if none is configured.
func (d *Daemon) newExternalScaler() (*externalScaler, error) {
	c := d.config.Load()
	e := c.ExternalScaler
	switch {
	case e == nil:
		return nil, nil
	case d.kube == nil:
		return nil, errors.New("externalScaler: needs Kubernetes, and there is none: see kubernetes.enabled")
	case answersAt(e) == "":
		d.log.Warn("externalScaler.advertise is not set: replicas that do not lead cannot ask the leader, and answer with an error")
	}
	o := external.Options{
		Scalers: d.kube, Latest: func() *engine.Report { return d.engine.Latest() }, Interval: time.Duration(c.Interval), Clock: d.opts.Clock,
		Restricted: func() bool { return len(d.config.Load().Namespaces) > 0 }, Log: d.log,
	}
	if e.TLS != nil {
		o.Files = external.Files{Certificate: e.TLS.CertFile, Key: e.TLS.KeyFile, ClientCA: e.TLS.ClientCAFile}
	}
	server, err := external.New(o)
	if err != nil {
		return nil, err
	}
	return &externalScaler{server: server, address: e.Listen}, nil
}

// listen opens the port.
func (e *externalScaler) listen() (err error) {
	if e == nil {
		return nil
	}
	if e.listener, err = net.Listen("tcp", e.address); err != nil {
		return fmt.Errorf("externalScaler.listen: %w", err)
	}
	return nil
}

// answersAt is the address at which other replicas reach the endpoint of this one; empty: they cannot.
func answersAt(e *config.ExternalScaler) string {
	if e == nil {
		return ""
	}
	if host, _, err := net.SplitHostPort(e.Listen); e.Advertise == "" && err == nil && host != "" && !unspecified(host) {
		return e.Listen
	}
	return e.Advertise
}

func unspecified(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsUnspecified()
}

// questions are those that were answered so far, for the metrics; nil without an endpoint.
func (e *externalScaler) questions() func(each func(call, code string, count uint64)) {
	if e == nil {
		return nil
	}
	return func(each func(call, code string, count uint64)) {
		for _, c := range e.server.Counts() {
			each(c.Call, c.Code, c.N)
		}
	}
}

// CheckTriggers checks the ScaledObjects that ask this installation. ok is false if there is nothing to check: no endpoint, no
// Kubernetes, or no KEDA.
func CheckTriggers(ctx context.Context, c *config.Config, version string) (findings []kube.TriggerFinding, ok bool, err error) {
	k := c.Kubernetes
	if c.ExternalScaler == nil || withoutKubernetes(k) {
		return nil, false, nil
	}
	access.LogTo(slog.New(slog.DiscardHandler))
	clients, err := access.Connect(k.Kubeconfig, "lagscaler/"+version)
	if err != nil {
		return nil, true, fmt.Errorf("kubernetes: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkKubernetesTimeout)
	defer cancel()
	return kube.CheckTriggers(ctx, clients, k.WatchNamespaces)
}
