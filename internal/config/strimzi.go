package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Strimzi is a selection of Kafka resources of Strimzi. Each of them becomes a cluster, as it comes, changes and goes. Its address and
// certificate authorities are those of the resource's status; it is read in the way that the listener's authentication asks for.
type Strimzi struct {
	// The namespace of the Kafka resources. lagscaler needs the permission to list and watch them there, and the Secret of `user`: the chart
	// grants both in this namespace alone.
	Namespace string `yaml:"namespace"`

	// Labels that the Kafka resources must have, such as `{example.com/lag: "yes"}`. Default: all of the namespace.
	Selector map[string]string `yaml:"selector"`

	// The name of the listener (`spec.kafka.listeners`) at which lagscaler reads.
	Listener string `yaml:"listener"`

	// The KafkaUser as which lagscaler reads, with the authentication scram-sha-512 or tls: its Secret, which Strimzi makes, has the same name.
	// `{name}` is replaced by the name of the Kafka resource. Default: none, for a listener without authentication.
	User string `yaml:"user"`

	// The names of the clusters: `{name}` and `{namespace}` are replaced by those of the Kafka resource. Default `{name}`.
	Name string `yaml:"name"`

	// What else applies to each of these clusters: the fields of [clusters[]](#clusters), without name, brokers and clusterId, and without
	// sasl if there is a user.
	Settings *Cluster `yaml:"settings"`
}

func (s *Strimzi) setDefaults() { s.Name = "{name}" }

// Selects is the selector in the form of Kubernetes: a=b,c=d.
func (s *Strimzi) Selects() string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(s.Selector)) {
		all = append(all, key+"="+s.Selector[key])
	}
	return strings.Join(all, ",")
}

// Materials are what a Kafka resource says of its cluster.
type Materials struct {
	Origin          string
	Namespace, Name string // of the resource
	Brokers         []string
	ClusterID       string
	TLS             bool
	CA              string // PEM; empty: those of the system
	Username        string
	Password        Secret
	Cert            string // PEM; empty: none
	Key             Secret
}

// Part is the cluster of a Kafka resource. Its error says what is wrong in it.
func (s *Strimzi) Part(m Materials, interval Duration) Part {
	var c Cluster
	if c.setDefaults(); s.Settings != nil {
		c = *s.Settings
	}
	c.origin, c.Brokers = m.Origin, m.Brokers
	c.Name = strings.NewReplacer("{name}", m.Name, "{namespace}", m.Namespace).Replace(s.Name)
	if m.ClusterID != "" {
		c.ClusterID = []string{m.ClusterID}
	}
	if m.TLS {
		t := TLS{}
		if c.TLS != nil {
			t = *c.TLS
		}
		t.pem = PEM{CA: m.CA, Cert: m.Cert, Key: m.Key}
		c.TLS = &t
	}
	if m.Username != "" {
		c.SASL = &SASL{Mechanism: Scram512, Username: m.Username, Password: m.Password}
	}
	v := &validator{interval: interval}
	v.nameAndBrokers("", &c, nil)
	p := Part{Origin: m.Origin, Cluster: c}
	if len(v.problems) > 0 {
		for i := range v.problems {
			v.problems[i].Path = strings.TrimPrefix(v.problems[i].Path, ".")
		}
		p.Err = &Problems{File: m.Origin, All: v.problems}
	}
	return p
}

// With is the configuration with clusters that were discovered, and how that ended for each of them: the Reloader does the same.
func (c *Config) With(discovered []Part) (*Config, []PartState) { return merge(c, discovered, nil) }

// Without is the configuration without the clusters of these origins.
func (c *Config) Without(origins Unusable) *Config {
	next := *c
	next.Clusters = slices.DeleteFunc(slices.Clone(c.Clusters), func(k Cluster) bool { return origins[k.origin] != nil })
	return &next
}

// PEM are certificates and keys that are in no file.
type PEM struct {
	CA, Cert string
	Key      Secret
}

// PEM are the certificates and keys of a cluster that was discovered; zero: there are none, the fields of the file apply.
func (t *TLS) PEM() PEM { return t.pem }

// labelValue is the form of the value of a label in Kubernetes.
var labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$`)

func (v *validator) strimzi(c *Config) {
	if len(c.Strimzi) > 0 && c.Kubernetes.Enabled == Off {
		v.forbid("when kubernetes.enabled is false", "strimzi")
	}
	for i := range c.Strimzi {
		s, at := &c.Strimzi[i], fmt.Sprintf("strimzi[%d]", i)
		v.require(at+".namespace", s.Namespace == "", "the namespace of the Kafka resources")
		v.require(at+".listener", s.Listener == "", "the name of a listener, such as tls")
		if s.Name == "" {
			v.addProblem(at+".name", "is empty")
		} else if probe := strings.NewReplacer("{name}", "a", "{namespace}", "b").Replace(s.Name); !clusterName.MatchString(probe) {
			v.addProblem(at+".name", "may only have {name}, {namespace}, letters, digits, dots, dashes and underscores")
		}
		for _, key := range slices.Sorted(maps.Keys(s.Selector)) {
			if !labelKey.MatchString(key) || !labelValue.MatchString(s.Selector[key]) {
				v.addProblem(at+".selector", "%s=%s is not a label of Kubernetes", key, s.Selector[key])
			}
		}
		if k := s.Settings; k != nil {
			set := at + ".settings"
			v.forbid("here: it is that of the Kafka resource", set+".name", set+".brokers", set+".clusterId")
			if s.User != "" {
				v.forbid("together with user", set+".sasl")
			}
			v.clusterSettings(set, k)
		}
	}
}
