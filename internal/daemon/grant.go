package daemon

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// GrantOptions say what the configuration of a cluster does not.
type GrantOptions struct {
	Style     rights.Style // empty: by the hosts and the authentication of the cluster
	Principal string       // as the brokers know the program; empty: by the authentication
}

// Lacking are rights that are missing, and what grants them.
type Lacking struct {
	Rights []rights.Right
	rights.Grant
}

// lacking are the rights that polls need and those that only details need.
func lacking(c config.Cluster, checked kafkasource.Checked, o GrantOptions) (style rights.Style, needed, details Lacking) {
	client := clientOf(c, o)
	client.ClusterID = checked.Cluster
	all := widen(c, checked)
	needed.Rights, details.Rights = rights.Missing(all, false), rights.Missing(all, true)
	needed.Grant, details.Grant = rights.Commands(client, needed.Rights), rights.Commands(client, details.Rights)
	return client.Style, needed, details
}

// widen replaces single names by what the configuration selects, where no group or no topic can be read: other names will come,
// and those that are not listed cannot be tried.
//
//	groups that can be read   refused            asked for
//	some                      shop               shop
//	none                      shop, orders       those that `groups` of the cluster selects; all without it
//	none                      the list of them   the same, and topics
func widen(c config.Cluster, checked kafkasource.Checked) []rights.Right {
	missing := checked.Missing()
	refused := func(o rights.Operation, on rights.Resource) int {
		n := 0
		for _, r := range missing {
			if r.Operation == o && r.Resource == on {
				n++
			}
		}
		return n
	}
	replace := func(o rights.Operation, on rights.Resource, by rights.Selection) {
		missing = slices.DeleteFunc(missing, func(r rights.Right) bool { return r.Operation == o && r.Resource == on })
		missing = append(missing, by.Of(o, on)...)
	}
	unlisted := refused(rights.Describe, rights.Cluster) > 0
	if checked.Groups == 0 && (unlisted || refused(rights.Describe, rights.Group) > 0) {
		replace(rights.Describe, rights.Group, selected(c.Groups))
	}
	unseen := checked.Topics == 0 && (refused(rights.Describe, rights.Group) > 0 || refused(rights.Describe, rights.Topic) > 0)
	if unseen {
		replace(rights.Describe, rights.Topic, selected(c.Topics))
	}
	if unseen && c.BatchHeaders != nil {
		replace(rights.Read, rights.Topic, selected(*c.BatchHeaders))
	}
	if n := refused(rights.DescribeConfigs, rights.Topic); unseen || n > 1 && n == checked.Topics {
		replace(rights.DescribeConfigs, rights.Topic, selected(c.Topics))
	}
	return missing
}

func selected(f config.Filter) rights.Selection {
	patterns := make([]string, 0, len(f.Include))
	for _, r := range f.Include {
		text, _ := r.MarshalText() // it has no errors
		patterns = append(patterns, string(text))
	}
	return rights.Select(patterns)
}

// clientOf is how an administrator of the cluster knows the program.
func clientOf(c config.Cluster, o GrantOptions) rights.Client {
	mechanism := ""
	if c.SASL != nil {
		mechanism = string(c.SASL.Mechanism)
	}
	var hosts []string
	for _, b := range c.Brokers {
		if host, _, err := net.SplitHostPort(b); err == nil {
			hosts = append(hosts, host)
		}
	}
	client := rights.Client{Style: cmp.Or(o.Style, rights.StyleOf(hosts, mechanism)), Brokers: c.Brokers, Principal: o.Principal}
	if client.Principal == "" {
		client.Principal = principalOf(c, client.Style)
	}
	for _, host := range hosts {
		region, name := rights.MSK(host)
		client.Region, client.Cluster = cmp.Or(client.Region, region), cmp.Or(client.Cluster, name)
	}
	if c.SASL != nil {
		client.Region = cmp.Or(client.Region, c.SASL.Region)
	}
	return client
}

// principalOf is the name under which brokers know the program, where its login says it.
//
//	SASL PLAIN, SCRAM    User:USERNAME; of Confluent Cloud and Event Hubs it is a key, and not known
//	AWS_MSK_IAM          the role, if one is assumed
//	OAUTHBEARER          not known: a claim of the token, which the brokers select
//	client certificate   its subject, unless the brokers map it
//	nothing              User:ANONYMOUS
func principalOf(c config.Cluster, style rights.Style) string {
	if c.SASL == nil {
		if c.TLS == nil || c.TLS.CertFile == "" {
			return "User:ANONYMOUS"
		}
		if subject := subjectOf(c.TLS.CertFile); subject != "" {
			return "User:" + subject
		}
		return ""
	}
	if style == rights.ConfluentCloud || style == rights.EventHubs {
		return ""
	}
	if c.SASL.AWS != nil && c.SASL.AWS.RoleARN != "" {
		return c.SASL.AWS.RoleARN
	}
	name := c.SASL.Username
	if c.SASL.UsernameFile != "" {
		text, err := os.ReadFile(c.SASL.UsernameFile)
		if err != nil {
			return ""
		}
		name = strings.TrimRight(string(text), "\r\n")
	}
	if name == "" {
		return ""
	}
	return "User:" + name
}

// subjectOf is the subject of the certificate in a file, as brokers name it without ssl.principal.mapping.rules.
func subjectOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return ""
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return ""
	}
	return cert.Subject.String()
}
