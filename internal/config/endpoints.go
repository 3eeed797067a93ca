package config

// ExternalScaler is the endpoint that KEDA asks, with its protocol externalscaler (gRPC).
type ExternalScaler struct {
	// The address of the endpoint, as HOST:PORT.
	Listen string `yaml:"listen"`

	// The address at which other replicas of this installation reach this one, as HOST:PORT, such as `[${POD_IP}]:9092`. A replica that
	// does not lead asks the leader there. Default: `listen`, if it names a host. Without it, only the leader answers.
	Advertise string `yaml:"advertise"`

	// TLS, and client certificates. Default: plain text.
	TLS *ServerTLS `yaml:"tls"`
}

// CustomMetrics is the endpoint of custom.metrics.k8s.io.
type CustomMetrics struct {
	// The address of the endpoint, as HOST:PORT.
	Listen string `yaml:"listen"`

	// A file with the certificate of the port (PEM). It is read again for every connection, so a change takes effect at once.
	CertFile string `yaml:"certFile"`

	// A file with its private key (PEM).
	KeyFile string `yaml:"keyFile"`
}

// ServerTLS is the TLS configuration of a port. The files are read again for every connection, so a change takes effect at once.
type ServerTLS struct {
	// A file with the certificate of the port (PEM).
	CertFile string `yaml:"certFile"`

	// A file with its private key (PEM).
	KeyFile string `yaml:"keyFile"`

	// A file with the certificate authorities (PEM) of client certificates. If it is set, every client needs a certificate, and may
	// ask only for the namespaces that it names with the URIs `lagscaler:namespace/NAME`, or for all with `lagscaler:namespace/*`.
	ClientCAFile string `yaml:"clientCAFile"`
}
