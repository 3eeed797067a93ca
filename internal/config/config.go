package config

import "github.com/lagscaler/lagscaler/scaler"

// Config is the configuration file.
type Config struct {
	// The Kafka clusters to read. Each is polled on its own: one that is down never disturbs another.
	Clusters []Cluster `yaml:"clusters"`

	// What matters about which groups. The first entry whose match and cluster fit a group holds.
	// A group that no entry fits has the default thresholds, and its alerts are warnings at most.
	Groups []Group `yaml:"groups"`

	// What the program may do: `observe` (metrics only), `advise` (decides and shows, never writes a scale) or `act`.
	// Each scaler has a mode too; the weaker of the two wins, so this one is the kill switch.
	Mode scaler.Mode `yaml:"mode"`

	// The address of metrics, pages, API and health, as HOST:PORT.
	Listen string `yaml:"listen"`

	// A file in the format of the Prometheus exporter-toolkit: TLS, client certificates and basic auth on the port.
	// It is read again at each connection, so it may change at any time.
	WebConfigFile string `yaml:"webConfigFile"`

	// How often everything is read from Kafka. At least 1s.
	Interval Duration `yaml:"interval"`

	// How often the states of all groups are read, in one request a broker: the resolution of rebalance times.
	// At least 100ms, at most the interval.
	SampleInterval Duration `yaml:"sampleInterval"`

	// Which series are exposed.
	Metrics Metrics `yaml:"metrics"`

	// Recording of polls, for `lagscaler replay` and bug reports.
	Record Record `yaml:"record"`

	// Where what was learned is kept when there is no Kubernetes.
	Memory Memory `yaml:"memory"`

	// Workloads to scale, for use without the custom resource KafkaScaler.
	Scalers []Scaler `yaml:"scalers"`

	// Which Kubernetes namespaces may name which clusters and groups in their KafkaScalers.
	// A KafkaScaler also sets the alert thresholds of the groups that it names, so that their alerts may be critical.
	// Without an entry every namespace may name everything; with entries, only what one of them allows, and a KafkaScaler
	// that names anything else is refused and changes nothing.
	Namespaces []NamespaceRule `yaml:"namespaces"`

	// The program's own log.
	Log Log `yaml:"log"`

	// The connection to Kubernetes: scaled workloads, KafkaScalers, the Lease.
	Kubernetes Kubernetes `yaml:"kubernetes"`

	files []string // every file it was made from, the configuration file first
}

// Cluster is one Kafka cluster.
type Cluster struct {
	// The label kafka_cluster, and the name that KafkaScalers use. Letters, digits, dot, dash, underscore.
	Name string `yaml:"name"`

	// Bootstrap addresses, each HOST:PORT. The other brokers are found through them.
	Brokers []string `yaml:"brokers"`

	// How the program names itself to the brokers: in their logs, and for quotas.
	ClientID string `yaml:"clientId"`

	// TLS to the brokers. `tls: {}` is TLS with the system's certificate authorities; absent is plain text.
	TLS *TLS `yaml:"tls"`

	// SASL authentication to the brokers. Absent is none.
	SASL *SASL `yaml:"sasl"`

	// Which groups are read. The patterns must match the whole name.
	Groups Filter `yaml:"groups"`

	// Which topics count. The patterns must match the whole name.
	Topics Filter `yaml:"topics"`
}

// TLS is how to speak TLS with the brokers.
type TLS struct {
	// Certificate authorities (PEM) that the brokers' certificates are checked against. Absent: the system's.
	CAFile string `yaml:"caFile"`

	// The client certificate (PEM), for mutual TLS. Needs keyFile.
	CertFile string `yaml:"certFile"`

	// The client certificate's private key (PEM).
	KeyFile string `yaml:"keyFile"`

	// The name that the brokers' certificates must carry. Absent: the host of each broker.
	ServerName string `yaml:"serverName"`

	// Do not check the brokers' certificates: anybody in between can read the password. For tests only.
	InsecureSkipVerify bool `yaml:"insecureSkipVerify"`
}

// SASL is how to authenticate to the brokers.
type SASL struct {
	// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, `OAUTHBEARER` or `AWS_MSK_IAM`.
	Mechanism Mechanism `yaml:"mechanism"`

	// The user, for PLAIN and SCRAM.
	Username string `yaml:"username"`

	// A file that holds the user.
	UsernameFile string `yaml:"usernameFile"`

	// The password, for PLAIN and SCRAM. Write `${VAR}` to take it from the environment.
	Password Secret `yaml:"password"`

	// A file that holds the password. It is read again when it changes.
	PasswordFile string `yaml:"passwordFile"`

	// OAUTHBEARER: a file that holds a token, such as a projected service account token. It is read at each connection.
	TokenFile string `yaml:"tokenFile"`

	// OAUTHBEARER: where to get tokens with client credentials, instead of tokenFile.
	OAuth *OAuth `yaml:"oauth"`

	// AWS_MSK_IAM: the region of the cluster. The credentials come from the environment, as for every AWS tool.
	Region string `yaml:"region"`
}

// OAuth is the client credentials grant of OAuth 2.0.
type OAuth struct {
	// The token endpoint, an https address.
	TokenURL string `yaml:"tokenURL"`

	// The client's id.
	ClientID string `yaml:"clientId"`

	// The client's secret. Write `${VAR}` to take it from the environment.
	ClientSecret Secret `yaml:"clientSecret"`

	// A file that holds the client's secret. It is read again when it changes.
	ClientSecretFile string `yaml:"clientSecretFile"`

	// Scopes to ask for.
	Scopes []string `yaml:"scopes"`
}

// Filter chooses names.
type Filter struct {
	// Only names that match one of these. Empty: all.
	Include []Regexp `yaml:"include"`

	// But no name that matches one of these.
	Exclude []Regexp `yaml:"exclude"`
}

// Group says what matters about the groups it matches.
type Group struct {
	// A pattern that matches the whole name of the group.
	Match Regexp `yaml:"match"`

	// Only in this cluster. Absent: in every one.
	Cluster string `yaml:"cluster"`

	// How late is late: the thresholds of the alerts. A group named here is declared, so its alerts may be critical.
	SLO SLO `yaml:"slo"`

	// `read_committed` for consumers that only see committed transactions: their log ends at the last stable offset.
	// It cannot be seen from outside.
	Isolation scaler.Isolation `yaml:"isolation"`
}

// SLO holds the thresholds of a group's alerts. Absent ones have their defaults.
type SLO struct {
	// Records that the worst partition may lag behind. Default 50000.
	Lag int64 `yaml:"lag"`

	// Time that the worst partition may lag behind. Absent: none, and no burn rate alerts.
	LagTime Duration `yaml:"lagTime"`

	// Rebalances an hour that neither a resize nor a rollout explains. Default 4.
	RebalancesPerHour float64 `yaml:"rebalancesPerHour"`

	// How long a rebalance may take. Default 30s.
	RebalanceTime Duration `yaml:"rebalanceTime"`

	// Share of the members that may change in a minute, 0 to 1. Default 0.1.
	Churn float64 `yaml:"churn"`

	// How uneven partitions may be spread, 0 (the best possible split) to 1 (one member has everything). Default 0.3.
	Skew float64 `yaml:"skew"`
}

// Metrics chooses the series beyond those of the groups.
type Metrics struct {
	// A pattern of group names that get series for each topic. Absent: none.
	Topics Regexp `yaml:"topics"`

	// Which groups get series for each partition.
	Partitions PartitionMetrics `yaml:"partitions"`

	// At most so many groups are exposed. A group that is in stays in; declared and scaled groups always are.
	MaxGroups int `yaml:"maxGroups"`

	// At most so many series of groups, topics and partitions.
	MaxSeries int `yaml:"maxSeries"`

	// Serve /metrics/compat: the names of kafka_exporter, kafka-lag-exporter and kminion, from the same numbers.
	Compat bool `yaml:"compat"`
}

// PartitionMetrics chooses the partitions that get series.
type PartitionMetrics struct {
	// A pattern of group names that get series for each partition. Absent: none.
	Match Regexp `yaml:"match"`

	// Only partitions whose lag exceeds the group's threshold (slo.lag).
	OverThreshold bool `yaml:"overThreshold"`

	// Only so many partitions of each group, those with the greatest lag. Absent: all.
	Top int `yaml:"top"`
}

// Record is where polls are recorded.
type Record struct {
	// The file, compressed JSON lines; each start begins a new one. Absent: nothing is recorded.
	Path string `yaml:"path"`

	// A new file is begun at this size, in MiB.
	MaxMiB int `yaml:"maxMiB"`

	// How many full files are kept beside the current one.
	Keep int `yaml:"keep"`
}

// Memory is where what was learned about the workloads is kept.
type Memory struct {
	// A file. Absent: nothing is kept over a restart. With Kubernetes ConfigMaps are used instead.
	File string `yaml:"file"`
}

// NamespaceRule allows some namespaces to name some clusters and groups.
type NamespaceRule struct {
	// A pattern that matches the whole name of the namespace.
	Match Regexp `yaml:"match"`

	// Patterns of the clusters it may name. Empty: all.
	Clusters []Regexp `yaml:"clusters"`

	// Patterns of the groups it may name. Empty: all.
	Groups []Regexp `yaml:"groups"`
}

// Log is the program's own log, on standard error.
type Log struct {
	// `debug`, `info`, `warn` or `error`.
	Level Level `yaml:"level"`

	// `text` or `json`.
	Format Format `yaml:"format"`
}

// Kubernetes is the connection to Kubernetes.
type Kubernetes struct {
	// `true`, `false`, or `auto`: when running in a pod, or when kubeconfig is set.
	Enabled Switch `yaml:"enabled"`

	// A kubeconfig file. Absent: the pod's own service account.
	Kubeconfig string `yaml:"kubeconfig"`

	// Where the Lease and the saved memory live. Absent: the pod's own namespace.
	Namespace string `yaml:"namespace"`

	// The name of the Lease that replicas of one installation share.
	LeaseName string `yaml:"leaseName"`

	// Namespaces whose KafkaScalers and workloads are watched. Empty: all.
	WatchNamespaces []string `yaml:"watchNamespaces"`
}

// Files are all files the configuration was made from, the configuration file first.
func (c *Config) Files() []string { return c.files }
