package config

import (
	"net/url"
	"time"
)

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
