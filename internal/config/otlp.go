package config

import (
	"net/url"
	"time"
)

// OTLP is a collector to which the metrics of /metrics are pushed.
type OTLP struct {
	// The address of the collector: `http://HOST:PORT`, or `https://HOST:PORT` for TLS. With HTTP, the path is `/v1/metrics` unless it is set.
	Endpoint TokenURL `yaml:"endpoint"`

	// `http/protobuf` or `grpc`.
	Protocol OTLPProtocol `yaml:"protocol"`

	// Headers of each push, such as `{Authorization: "Bearer ${TOKEN}"}`.
	Headers map[string]Secret `yaml:"headers"`

	// The time between two pushes. At least 1s.
	Interval Duration `yaml:"interval"`

	// Files for TLS with an address that begins with https. Default: the certificate authorities of the system. A changed file needs a restart.
	TLS *OTLPTLS `yaml:"tls"`
}

// History is where pages read the past of groups from.
type History struct {
	// The address of the Prometheus that has the metrics of this lagscaler, or of what answers the same API (Thanos, Mimir, VictoriaMetrics),
	// such as `http://prometheus.monitoring:9090`. It may have a path, a user and a password. It is asked when a page is opened, and only then.
	Prometheus TokenURL `yaml:"prometheus"`

	// Headers of each request, such as `{X-Scope-OrgID: team, Authorization: "Bearer ${TOKEN}"}`.
	Headers map[string]Secret `yaml:"headers"`

	// Label matchers of PromQL that the series of this lagscaler have, such as `namespace="lagscaler"`, if several write to the same Prometheus.
	Matchers string `yaml:"matchers"`

	// Files for TLS with an address that begins with https. Default: the certificate authorities of the system. A changed file needs a restart.
	TLS *OTLPTLS `yaml:"tls"`
}

// OTLPTLS is the TLS configuration for a server of the monitoring.
type OTLPTLS struct {
	// A file with certificate authorities (PEM) that verify the certificate of the server. Default: those of the system.
	CAFile string `yaml:"caFile"`

	// A file with the client certificate (PEM). It needs keyFile.
	CertFile string `yaml:"certFile"`

	// A file with the private key of the client certificate (PEM).
	KeyFile string `yaml:"keyFile"`
}

// OTLPProtocol is a protocol of OTLP.
type OTLPProtocol string

// The protocols.
const (
	OTLPHTTP OTLPProtocol = "http/protobuf"
	OTLPGRPC OTLPProtocol = "grpc"
)

// UnmarshalText takes one of the protocols.
func (p *OTLPProtocol) UnmarshalText(text []byte) error {
	return parseEnum(p, text, OTLPHTTP, OTLPGRPC)
}

func (o *OTLP) setDefaults() { o.Protocol, o.Interval = OTLPHTTP, Duration(time.Minute) }

func (v *validator) otlp(o *OTLP) {
	if o == nil {
		return
	}
	at, err := url.Parse(string(o.Endpoint))
	switch {
	case o.Endpoint == "":
		v.require("otlp.endpoint", true, "the address of the collector, such as http://collector:4318")
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.RawQuery != "" || at.User != nil:
		v.addProblem("otlp.endpoint", "must be an address such as http://collector:4318, without user and query")
	case o.Protocol == OTLPGRPC && at.Path != "" && at.Path != "/":
		v.addProblem("otlp.endpoint", "must not have a path, because gRPC has none")
	case at.Scheme == "http" && o.TLS != nil:
		v.addProblem("otlp.tls", "is for an endpoint that begins with https")
	}
	if o.Interval < Duration(time.Second) {
		v.addProblem("otlp.interval", "must be at least 1s")
	}
	v.serverTLS("otlp.tls", o.TLS)
}

// serverTLS checks the files of the TLS configuration for a server of the monitoring.
func (v *validator) serverTLS(at string, t *OTLPTLS) {
	if t == nil {
		return
	}
	v.requireReadable(at+".caFile", &t.CAFile)
	v.requireReadable(at+".certFile", &t.CertFile)
	v.requireReadable(at+".keyFile", &t.KeyFile)
	v.require(at+".keyFile", t.CertFile != "" && t.KeyFile == "", "the private key of certFile")
	v.require(at+".certFile", t.CertFile == "" && t.KeyFile != "", "the certificate of keyFile")
}
