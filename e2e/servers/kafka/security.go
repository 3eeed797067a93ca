package kafka

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// User may log in at the SASL listener by PLAIN, SCRAM-SHA-256 and
// SCRAM-SHA-512. He may do nothing until an ACL allows it; make those with
// [Cluster.Admin].
type User struct{ Name, Password string }

// SASLBootstrap is the address list of the listeners that authenticate and
// authorize. Only a cluster with Users has it.
func (c *Cluster) SASLBootstrap() string {
	return strings.Join(c.addresses(func(n *Node) string { return n.SASLAddress }), ",")
}

// security opens a SASL listener beside the plain one, which stays all-powerful.
func (n *Node) security() map[string]string {
	plain := "org.apache.kafka.common.security.plain.PlainLoginModule required"
	for _, u := range n.cluster.cfg.Users {
		plain += fmt.Sprintf(` user_%s="%s"`, u.Name, u.Password)
	}
	scram := "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	return map[string]string{
		"listeners":                                         "PLAINTEXT://" + n.Address + ",CONTROLLER://" + n.controller + ",AUTH://" + n.SASLAddress,
		"advertised.listeners":                              "PLAINTEXT://" + n.Address + ",AUTH://" + n.SASLAddress,
		"listener.security.protocol.map":                    "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,AUTH:SASL_PLAINTEXT",
		"listener.name.auth.sasl.enabled.mechanisms":        "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.auth.plain.sasl.jaas.config":         plain + ";",
		"listener.name.auth.scram-sha-256.sasl.jaas.config": scram,
		"listener.name.auth.scram-sha-512.sasl.jaas.config": scram,
		"authorizer.class.name":                             "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":                                       "User:ANONYMOUS",
		"allow.everyone.if.no.acl.found":                    "false",
	}
}

// Kerberos is how the brokers authenticate by GSSAPI at the listener of [Cluster.SASLBootstrap], which is at localhost.
type Kerberos struct {
	Principal string // of the brokers, kafka/localhost@REALM
	Keytab    string // with its keys
	Krb5Conf  string
}

// kerberos opens a SASL listener for GSSAPI beside the plain one.
func (n *Node) kerberos() map[string]string {
	k := n.cluster.cfg.Kerberos
	return map[string]string{
		"listeners":                                     "PLAINTEXT://" + n.Address + ",CONTROLLER://" + n.controller + ",AUTH://" + n.SASLAddress,
		"advertised.listeners":                          "PLAINTEXT://" + n.Address + ",AUTH://" + n.SASLAddress,
		"listener.security.protocol.map":                "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,AUTH:SASL_PLAINTEXT",
		"listener.name.auth.sasl.enabled.mechanisms":    "GSSAPI",
		"listener.name.auth.sasl.kerberos.service.name": "kafka",
		"listener.name.auth.gssapi.sasl.jaas.config": fmt.Sprintf(
			`com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true isInitiator=false keyTab="%s" principal="%s";`, k.Keytab, k.Principal),
	}
}

// addUsers gives the users their SCRAM credentials; PLAIN has them in the properties.
func (c *Cluster) addUsers(ctx context.Context) error {
	if len(c.cfg.Users) == 0 {
		return nil
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	// One mechanism at a time: Kafka refuses a user named twice in a request.
	for _, mechanism := range []kadm.ScramMechanism{kadm.ScramSha256, kadm.ScramSha512} {
		var upserts []kadm.UpsertSCRAM
		for _, u := range c.cfg.Users {
			upserts = append(upserts, kadm.UpsertSCRAM{
				User: u.Name, Password: u.Password, Mechanism: mechanism, Iterations: 4096,
			})
		}
		altered, err := kadm.NewClient(client).AlterUserSCRAMs(ctx, nil, upserts)
		if err == nil {
			err = altered.Error()
		}
		if err != nil {
			return fmt.Errorf("adding the users' SCRAM credentials: %w", err)
		}
	}
	return nil
}
