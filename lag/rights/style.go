package rights

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Style is what grants rights in a cluster.
type Style string

// The styles.
const (
	KafkaACLs         Style = "kafka-acls"         // the tool of Apache Kafka; also for Redpanda, MSK with SCRAM or mTLS, AutoMQ
	ConfluentCloud    Style = "confluent-cloud"    // `confluent kafka acl`
	ConfluentPlatform Style = "confluent-platform" // `confluent iam acl`: centralized ACLs
	IAM               Style = "iam"                // a policy document of AWS, for MSK with AWS_MSK_IAM
	Strimzi           Style = "strimzi"            // the ACLs of a KafkaUser: the User Operator removes others
	EventHubs         Style = "event-hubs"         // a role of Azure
)

// Styles are all of them.
var Styles = []Style{KafkaACLs, ConfluentCloud, ConfluentPlatform, IAM, Strimzi, EventHubs}

// StyleOf is the style of a cluster, by its bootstrap hosts and the SASL mechanism. Where these do not tell, it is that of Apache
// Kafka: Confluent Platform, for example, has no hosts of its own.
func StyleOf(hosts []string, mechanism string) Style {
	if mechanism == "AWS_MSK_IAM" {
		return IAM
	}
	for _, host := range hosts {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
		first, _, _ := strings.Cut(host, ".")
		switch {
		case strings.HasSuffix(host, ".confluent.cloud"):
			return ConfluentCloud
		case strings.Contains(host, ".servicebus."):
			return EventHubs
		case strings.HasSuffix(first, "-kafka-bootstrap"), strings.Contains(host, "-kafka-brokers."):
			return Strimzi
		}
	}
	return KafkaACLs
}

// Client is who needs rights, and where.
type Client struct {
	Style     Style
	Brokers   []string // bootstrap addresses
	Principal string   // as the brokers know the program, such as User:lagscaler; empty: not known
	ClusterID string   // as the brokers say; empty: not known
	Region    string   // of AWS; empty: not known
	Cluster   string   // the name of the cluster in MSK, or of the Kafka in Strimzi; empty: not known
}

// Grant is what grants rights to a client. An administrator of the cluster runs it.
type Grant struct {
	Text  string   // commands or a document, in lines; empty: nothing is to be granted
	Notes []string // what to fill in, and what cannot be expressed
}

// Commands are what grants the rights. Rights that say the same are granted once.
func Commands(c Client, missing []Right) Grant {
	if len(missing) == 0 {
		return Grant{}
	}
	var g Grant
	missing = slices.SortedFunc(slices.Values(missing), Compare)
	missing = slices.Compact(missing)
	missing = slices.DeleteFunc(missing, func(r Right) bool {
		why := inexpressible(c.Style, r)
		if why != "" {
			g.Notes = append(g.Notes, r.String()+" cannot be granted by name: "+why)
		}
		return why != ""
	})
	if len(missing) == 0 {
		return g
	}
	switch c.Style {
	case ConfluentCloud:
		g.confluentCloud(c, missing)
	case ConfluentPlatform:
		g.confluentPlatform(c, missing)
	case IAM:
		g.iam(c, missing)
	case Strimzi:
		g.strimzi(c, missing)
	case EventHubs:
		g.eventHubs(c)
	default:
		g.kafkaACLs(c, missing)
	}
	return g
}

// inexpressible is why a right on one resource cannot be granted: the name would mean another thing. Clients choose names of groups.
func inexpressible(style Style, r Right) string {
	switch {
	case r.Resource == Cluster || r.Extent == All:
		return ""
	case r.Name == "":
		return "it has none"
	case r.Name == "*":
		return "in an ACL it means every " + strings.ToLower(string(r.Resource))
	case (style == IAM || style == Strimzi) && !utf8.ValidString(r.Name):
		return "it has bytes that no document can have"
	case strings.ContainsRune(r.Name, 0):
		return "it has a character that no command can be given"
	}
	return ""
}

// note adds a note once.
func (g *Grant) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(g.Notes, text) {
		g.Notes = append(g.Notes, text)
	}
}
