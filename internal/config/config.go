package config

import "github.com/lagscaler/lagscaler/scaler"

// Config is the configuration file.
type Config struct {
	// The Kafka clusters to read. Each is polled independently, so an outage of one does not affect the others. It may also be the name of
	// a directory: each file `*.yaml` or `*.yml` in it and in its folders then has the fields of one cluster. A mistake in one of these files
	// leaves the other clusters as they are, and its own cluster as it was.
	Clusters []Cluster `yaml:"clusters"`

	// What holds for the clusters that do not set it themselves.
	ClusterDefaults ClusterDefaults `yaml:"clusterDefaults"`

	// Kafka clusters that Strimzi runs in this Kubernetes cluster, beside those of `clusters`, which is then optional: docs/strimzi.md. It needs
	// Kubernetes. A mistake in one Kafka resource leaves the other clusters as they are. Default: none; no Kafka resource and no Secret is read.
	Strimzi []Strimzi `yaml:"strimzi"`

	// Settings of consumer groups. The first entry whose match and cluster fit a group applies.
	// A group without an entry has the default thresholds, and its alerts are only warnings.
	Groups []Group `yaml:"groups"`

	// The labels that say whose a group is, such as its team: docs/owners.md. Each becomes a label of the metrics
	// `lagscaler_group_owner_info` and `lagscaler_scaler_owner_info`, which the alerts join, and a column of tables. At most 10.
	Owners []Owner `yaml:"owners"`

	// The global mode: `observe` (metrics only), `advise` (makes decisions and shows them, never writes replicas) or
	// `act` (writes replicas). Every scaler has a mode, too; the more restrictive of the two applies. So `advise` stops all
	// writes of lagscaler. A KEDA or HPA that asks lagscaler still gets its number in `advise`, and none in `observe`.
	Mode scaler.Mode `yaml:"mode"`

	// The address for metrics, web UI, API and health checks, as HOST:PORT.
	Listen string `yaml:"listen"`

	// A second address for the health checks alone, /healthz and /readyz, as HOST:PORT: plain HTTP, without password.
	// Browsers cannot use up its connections. Default: none; the health checks are then only at `listen`, where they always are.
	HealthListen string `yaml:"healthListen"`

	// A file in the format of the Prometheus exporter-toolkit: TLS, client certificates and basic auth on the port.
	// It is read again for every connection, so a change takes effect at once.
	WebConfigFile string `yaml:"webConfigFile"`

	// The endpoint that KEDA asks for the number of replicas: docs/integrations.md. It needs Kubernetes. Default: none; nothing listens.
	ExternalScaler *ExternalScaler `yaml:"externalScaler"`

	// The endpoint of custom.metrics.k8s.io, which the API server asks for a plain HPA: docs/integrations.md. It needs Kubernetes and
	// `externalScaler`, by which a replica that does not lead asks the leader. Default: none; nothing listens.
	CustomMetrics *CustomMetrics `yaml:"customMetrics"`

	// The time between two polls of a cluster that does not set its own. A poll reads groups, commits and log ends from Kafka. At
	// least 1s.
	Interval Duration `yaml:"interval"`

	// The time between two samples of a cluster that does not set its own, or `none`. A sample reads the states of all groups with one
	// request per broker, so this is the accuracy of rebalance times; without samples that is the interval of the polls. At least
	// 100ms, at most interval.
	SampleInterval Samples `yaml:"sampleInterval"`

	// Which series are exported.
	Metrics Metrics `yaml:"metrics"`

	// Pushes of the metrics to an OpenTelemetry collector: docs/otlp.md. Default: none; they are scraped.
	OTLP *OTLP `yaml:"otlp"`

	// A Prometheus from which pages read what a group was further back than two hours: docs/pages.md#the-past-of-a-group. Default: none.
	History *History `yaml:"history"`

	// Receivers of messages about decisions, rebalances, refusals, freezes, promises and stops: docs/messages.md. At most 20. Default: none.
	Messages []MessageReceiver `yaml:"messages"`

	// Recording of the polls, for `lagscaler replay` and bug reports.
	Record Record `yaml:"record"`

	// The audit trail: the writes of replicas, and the changes of settings, limits and freezes.
	Audit Audit `yaml:"audit"`

	// Where learned values are stored if there is no Kubernetes.
	Memory Memory `yaml:"memory"`

	// Workloads to scale, without the custom resource KafkaScaler.
	Scalers []Scaler `yaml:"scalers"`

	// Which Kubernetes namespaces may name which clusters, groups and topics in their KafkaScalers. A KafkaScaler shows the
	// lag of the groups that it names and whether records arrive in its topics, and sets the thresholds of the groups'
	// alerts, which may then be critical. If this list is empty, every namespace may name every group and topic of every
	// cluster. If it has entries, a namespace may name only what an
	// entry allows; lagscaler refuses any other KafkaScaler, which then changes nothing.
	Namespaces []NamespaceRule `yaml:"namespaces"`

	// What a replica costs, for the bill: docs/bill.md.
	Bill Bill `yaml:"bill"`

	// Limits of all scalers together, and freezes.
	Brakes Brakes `yaml:"brakes"`

	// The log of the program.
	Log Log `yaml:"log"`

	// The connection to Kubernetes, for workloads, KafkaScalers and the Lease.
	Kubernetes Kubernetes `yaml:"kubernetes"`

	files         []string // the configuration file, then every file that it refers to
	directory     string   // of the files with one cluster each; empty: clusters is a list
	directoryLine int
}

// Cluster is one Kafka cluster.
type Cluster struct {
	// The value of the label kafka_cluster, and the name that KafkaScalers use. Letters, digits, dot, dash, underscore.
	Name string `yaml:"name"`

	// Bootstrap addresses, each as HOST:PORT. lagscaler finds the other brokers through them.
	Brokers []string `yaml:"brokers"`

	// Patterns of the hosts that the brokers may advertise. lagscaler connects only to them and to the hosts of `brokers`. Default:
	// every host, but no link-local address and no metadata service of a cloud.
	Advertised []Regexp `yaml:"advertised"`

	// The client id for the brokers; it appears in their logs and selects quotas.
	ClientID string `yaml:"clientId"`

	// The time between two polls of this cluster. Rates, and what counts as not read in time, follow it. Metrics, pages and decisions
	// show a cluster with a longer interval later. At least 1s. Default: `interval` of the whole file.
	Interval Duration `yaml:"interval"`

	// The time between two samples of this cluster, or `none`. At least 100ms, at most the interval of the cluster. Default:
	// `sampleInterval` of the whole file, or the interval of the cluster if that is shorter.
	SampleInterval Samples `yaml:"sampleInterval"`

	// How long a broker has to answer a request. A broker that is up and needs longer counts as slow, and what it was asked for
	// is unknown. At most 8/10 of the interval, because all requests of a poll must end in that time. Default: `clusterDefaults`,
	// else 4/10 of the interval of the cluster.
	Timeout Duration `yaml:"timeout"`

	// How many requests a second are sent to all brokers of the cluster together, by polls and samples. Further ones wait for their
	// turn, and a poll takes longer; samples are left out while a poll waits. Default: `clusterDefaults`, else no limit.
	RequestsPerSecond float64 `yaml:"requestsPerSecond"`

	// How many connections to one broker may be open at once. One of them is for the list of brokers. At least 2. Default:
	// `clusterDefaults`, else no limit; 4 are usual.
	Connections int `yaml:"connections"`

	// What the provider of the cluster allows. It limits nothing: `lagscaler check` warns if the settings above exceed it.
	// Default: `clusterDefaults`.
	Quota *Quota `yaml:"quota"`

	// How long the brokers keep the committed offsets of a group without members (offsets.retention.minutes). Default: it is
	// read from a broker, which needs the permission DESCRIBE_CONFIGS on the cluster; without it 168h, the default of the brokers.
	OffsetsRetention Duration `yaml:"offsetsRetention"`

	// The ids that the Kafka cluster may have, as `kafka-cluster.sh cluster-id` prints them: one, or those of a failover pair.
	// A broker of any other cluster is refused. Default: the id that the cluster has when lagscaler first reads it. Set this
	// field after a cluster was rebuilt, to accept its new id.
	ClusterID []string `yaml:"clusterId"`

	// TLS for connections to the brokers. `tls: {}` means TLS with the certificate authorities of the system; without
	// it connections are plain text.
	TLS *TLS `yaml:"tls"`

	// SASL authentication. Default: none.
	SASL *SASL `yaml:"sasl"`

	// Which groups are read. The patterns must match the complete name. Default: `clusterDefaults`, else all.
	Groups Filter `yaml:"groups"`

	// Which topics count for the lag. The patterns must match the complete name. Default: `clusterDefaults`, else all.
	Topics Filter `yaml:"topics"`

	// Topics at whose batch headers lagscaler may look, for example `{include: ['payments\..*']}`. Transaction markers after a
	// commit, and a consumer that is stuck on the same number of records, show the same offsets; the headers distinguish them. Only
	// partitions whose commit and end do not move are looked at, at most 100 a poll and 16 KiB of each (a broker returns at least
	// one whole batch). Only headers are decoded, never a record. It needs the permission READ on these topics. Default: none.
	BatchHeaders *Filter `yaml:"batchHeaders"`

	origin string // see Origin
}

// ClusterDefaults is what holds for the clusters that do not set it themselves. Intervals have defaults of their own, `interval` and
// `sampleInterval`.
type ClusterDefaults struct {
	// How long a broker has to answer a request. It is shortened to 8/10 of the interval of a cluster. Default: 4/10 of the interval of
	// the cluster.
	Timeout Duration `yaml:"timeout"`

	// How many requests a second are sent to all brokers of one cluster together. Default: no limit.
	RequestsPerSecond float64 `yaml:"requestsPerSecond"`

	// How many connections to one broker may be open at once. At least 2. Default: no limit.
	Connections int `yaml:"connections"`

	// What the providers of the clusters allow, each of them. Default: nothing is known.
	Quota *Quota `yaml:"quota"`

	// Which groups are read. A cluster that sets include or exclude uses its own selection alone.
	Groups Filter `yaml:"groups"`

	// Which topics count for the lag. A cluster that sets include or exclude uses its own selection alone.
	Topics Filter `yaml:"topics"`
}

// Quota is what a provider allows a client.
type Quota struct {
	// Requests a second to all brokers of the cluster together. Default: not known.
	RequestsPerSecond float64 `yaml:"requestsPerSecond"`

	// New connections a second to all brokers of the cluster together. Default: not known.
	ConnectionsPerSecond float64 `yaml:"connectionsPerSecond"`

	// Connections that are open at once, to all brokers of the cluster together. Default: not known.
	Connections int `yaml:"connections"`
}

// TLS is the TLS configuration for connections to the brokers.
type TLS struct {
	// A file with certificate authorities (PEM) that verify the certificates of the brokers. Default: those of the system.
	CAFile string `yaml:"caFile"`

	// A file with the client certificate (PEM), for mutual TLS. It needs keyFile.
	CertFile string `yaml:"certFile"`

	// A file with the private key of the client certificate (PEM).
	KeyFile string `yaml:"keyFile"`

	// The name that the certificates of the brokers must contain. Default: the host of each broker.
	ServerName string `yaml:"serverName"`

	// Do not verify the certificates of the brokers. Anybody on the network path can then read the password. Only for tests.
	InsecureSkipVerify bool `yaml:"insecureSkipVerify"`

	pem PEM // of a cluster that was discovered
}

// Filter is a selection of names.
type Filter struct {
	// Only names that match one of these patterns. Default: all names.
	Include []Regexp `yaml:"include"`

	// No names that match one of these patterns.
	Exclude []Regexp `yaml:"exclude"`
}

// Record is the recording of polls.
type Record struct {
	// The file, with compressed JSON lines. Every start of the program begins a new file. Default: no recording.
	Path string `yaml:"path"`

	// The size in MiB at which a new file begins.
	MaxMiB int `yaml:"maxMiB"`

	// The number of full files that are kept in addition to the current one.
	Keep int `yaml:"keep"`
}

// Audit is the audit trail, which `lagscaler audit` prints. The log has the same entries as lines for people, without derivations.
type Audit struct {
	// The file, with JSON lines. Default: none; then only the log has the entries.
	Path string `yaml:"path"`

	// The size in MiB at which a new file begins. Older files have the time in their name.
	MaxMiB int `yaml:"maxMiB"`

	// The number of full files that are kept in addition to the current one.
	Keep int `yaml:"keep"`
}

// Memory is the storage of learned values.
type Memory struct {
	// A file. Default: learned values are lost at a restart. With Kubernetes, lagscaler uses ConfigMaps instead.
	File string `yaml:"file"`
}

// NamespaceRule is a permission: which namespaces may name which clusters, groups and topics in their KafkaScalers.
type NamespaceRule struct {
	// A pattern that matches the complete name of the namespace.
	Match Regexp `yaml:"match"`

	// Patterns of the clusters that it may name. Default: all.
	Clusters []Regexp `yaml:"clusters"`

	// Patterns of the groups that it may name. Default: all.
	Groups []Regexp `yaml:"groups"`

	// Patterns of the topics that it may name. A `topicPattern` is allowed only if it is one of them. A KafkaScaler that
	// names no topic has those that its group reads. Default: all.
	Topics []Regexp `yaml:"topics"`
}

// Log is the log of the program, on standard error.
type Log struct {
	// `debug`, `info`, `warn` or `error`.
	Level Level `yaml:"level"`

	// `text` or `json`.
	Format Format `yaml:"format"`
}

// Kubernetes is the connection to Kubernetes.
type Kubernetes struct {
	// `true`, `false` or `auto`. `auto` means true in a pod, or if kubeconfig is set.
	Enabled Switch `yaml:"enabled"`

	// A kubeconfig file. Default: the service account of the pod.
	Kubeconfig string `yaml:"kubeconfig"`

	// The namespace of the Lease and of the ConfigMaps with learned values. Default: the namespace of the pod. It is a part of the
	// identity of the installation: see leaseName.
	Namespace string `yaml:"namespace"`

	// The name of the Lease that all replicas of one installation use. The namespace and the name of the Lease are the identity of
	// the installation: statuses of KafkaScalers and field managers contain them. Another name makes it another installation, which
	// takes over after 15 s.
	LeaseName string `yaml:"leaseName"`

	// The namespaces whose KafkaScalers and workloads are watched. Default: all.
	WatchNamespaces []string `yaml:"watchNamespaces"`
}

// Files returns the configuration file and every file that it refers to.
func (c *Config) Files() []string { return c.files }
