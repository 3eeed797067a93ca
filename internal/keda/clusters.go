package keda

import (
	"fmt"
	"strings"
)

// clusters finds the name of a cluster by its brokers.
type clusters struct {
	byBroker map[string]string
	names    map[string]bool
	next     int
}

func newClusters(known []Cluster) *clusters {
	c := &clusters{byBroker: map[string]string{}, names: map[string]bool{}, next: 1}
	for _, k := range known {
		c.add(k.Name, k.Brokers)
	}
	return c
}

func (c *clusters) add(name string, brokers []string) {
	c.names[name] = true
	for _, b := range brokers {
		if c.byBroker[b] == "" { // of two clusters with a broker in common, the first
			c.byBroker[b] = name
		}
	}
}

// find returns the cluster that has one of the brokers, or adds a new one.
func (c *clusters) find(brokers []string) (name string, isNew bool) {
	for _, b := range brokers {
		if name := c.byBroker[b]; name != "" {
			return name, false
		}
	}
	name = "main"
	for ; c.names[name]; name = fmt.Sprintf("main-%d", c.next) {
		c.next++
	}
	c.add(name, brokers)
	return name, true
}

// cluster is the name of the trigger's cluster. A comment shows the configuration of a new one; beside a known one it names
// the settings of the trigger, which may differ.
func (c *conversion) cluster(t trigger, m map[string]string, brokers []string) string {
	name, isNew := c.clusters.find(brokers)
	connection := c.connection(m)
	if isNew {
		fields := append([]string{"name: " + name, "brokers: [" + strings.Join(brokers, ", ") + "]"}, connection...)
		c.note("Add to the configuration: clusters: [{%s}], with the TLS and SASL settings of the trigger.", strings.Join(fields, ", "))
	} else if len(connection) > 0 {
		c.note("The trigger has %s: cluster %s of the configuration must have the same.", strings.Join(connection, ", "), name)
	}
	if len(t.AuthenticationRef) > 0 {
		c.note("authenticationRef %s has no equivalent: the configuration has the credentials of every cluster.", t.AuthenticationRef["name"])
	}
	return name
}

// mechanisms are the names of the SASL mechanisms in the configuration.
var mechanisms = map[string]string{
	"plaintext": "PLAIN", "scram_sha256": "SCRAM-SHA-256", "scram_sha512": "SCRAM-SHA-512", "oauthbearer": "OAUTHBEARER", "aws_msk_iam": "AWS_MSK_IAM",
	"gssapi": "GSSAPI",
}

// connection are the TLS and SASL settings of a trigger, as the configuration of a cluster has them.
func (c *conversion) connection(m map[string]string) (fields []string) {
	unsafe := m["unsafeSsl"] != "" && pauses(m["unsafeSsl"])
	switch {
	case m["tls"] == "enable" && unsafe:
		fields = append(fields, "tls: {insecureSkipVerify: true}")
	case m["tls"] == "enable":
		fields = append(fields, "tls: {}")
	case unsafe:
		c.note("unsafeSsl has no effect without tls.")
	}
	sasl, region := m["sasl"], m["awsRegion"]
	if provider := m["saslTokenProvider"]; sasl == "oauthbearer" && provider == "aws_msk_iam" {
		sasl = provider
	} else if provider != "" && sasl != "oauthbearer" {
		c.note("saslTokenProvider %s has no effect without sasl oauthbearer.", provider)
	}
	switch {
	case sasl == "aws_msk_iam" && region != "":
		return append(fields, fmt.Sprintf("sasl: {mechanism: AWS_MSK_IAM, region: %s}", region))
	case mechanisms[sasl] != "":
		fields = append(fields, fmt.Sprintf("sasl: {mechanism: %s}", mechanisms[sasl]))
	}
	if sasl == "gssapi" {
		c.note("sasl gssapi: the realm, the keytab and the kerberosConfig of the TriggerAuthentication become realm, keytabFile and configFile in sasl.kerberos of the cluster.")
	}
	if region != "" {
		c.note("awsRegion %s has no effect without sasl aws_msk_iam.", region)
	}
	return fields
}
