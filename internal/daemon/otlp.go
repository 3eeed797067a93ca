package daemon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/otlp"
)

// pushTo makes what pushes the metrics to a collector, if one is configured.
func (d *Daemon) pushTo(o *config.OTLP) error {
	if o == nil {
		return nil
	}
	files, err := collectorTLS(o.TLS)
	if err != nil {
		return fmt.Errorf("otlp.tls: %w", err)
	}
	headers := map[string]string{}
	for name, value := range o.Headers {
		headers[name] = value.Reveal()
	}
	instance := d.opts.Identity
	if instance == "" {
		if instance, err = ownIdentity(); err != nil {
			return err
		}
	}
	d.pusher, err = otlp.New(context.Background(), otlp.Options{
		Endpoint: string(o.Endpoint), GRPC: o.Protocol == config.OTLPGRPC, Headers: headers, Interval: time.Duration(o.Interval), TLS: files,
		Metrics: d.metrics, Version: d.opts.Build.Version, Instance: instance, Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("otlp: %w", err)
	}
	return nil
}

// pushes counts the pushes; nil without a collector.
func (d *Daemon) pushes(o *config.OTLP) func() (sent, failed uint64) {
	if o == nil {
		return nil
	}
	return func() (sent, failed uint64) { return d.pusher.Counts() }
}

// collectorTLS is nil without files: then the authorities of the system apply.
func collectorTLS(t *config.OTLPTLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, err
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no certificate in PEM", t.CAFile)
		}
	}
	if t.CertFile != "" {
		own, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		out.Certificates = []tls.Certificate{own}
	}
	return out, nil
}
