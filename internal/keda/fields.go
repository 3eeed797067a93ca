package keda

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// version is the version of KEDA whose fields the conversion knows; testdata/keda-fields.txt lists them.
const version = "2.21"

// field is what the conversion knows of a field of the triggers kafka and apache-kafka.
type field struct {
	name string
	only string                          // the one trigger that has the field; empty: both
	ok   func(value string) (ok bool)    // nil: any value
	must string                          // what a value must be, for the error
	note func(name, value string) string // the comment; nil: the field is converted, or belongs to the connection
	def  string                          // KEDA's default, which needs no comment
}

// triggerFields are all fields of both triggers.
var triggerFields = []field{
	{name: "bootstrapServers"},
	{name: "bootstrapServersFromEnv"},
	{name: "consumerGroup"},
	{name: "consumerGroupFromEnv"},
	{name: "topic"},
	{name: "topicFromEnv"},
	{name: "activationLagThreshold", ok: atLeast(0), must: "a number of at least 0"},
	{name: "offsetResetPolicy", ok: oneOf("earliest", "latest"), must: "earliest or latest"},

	{name: "lagThreshold", ok: atLeast(1), must: "a number of at least 1", note: says("lagThreshold %s (lag in records per replica) has no equivalent: targetLag is the limit of the time lag, by default 30s.")},
	{name: "limitToPartitionsWithLag", ok: boolean, must: aBoolean, def: "false", note: says("limitToPartitionsWithLag has no equivalent: the plan uses the rate and the backlog of every partition.")},
	{name: "ensureEvenDistributionOfPartitions", ok: boolean, must: aBoolean, def: "false", note: says("ensureEvenDistributionOfPartitions is always on: a count is only used if it lowers the partitions of the busiest consumer.")},
	{name: "allowIdleConsumers", ok: boolean, must: aBoolean, def: "false", note: says("allowIdleConsumers has no equivalent: there are never more replicas than partitions, except if minReplicas requires it.")},
	{name: "excludePersistentLag", ok: boolean, must: aBoolean, def: "false", note: says("excludePersistentLag is always on: a stalled partition is excluded and reported (PartitionStalled).")},
	{name: "scaleToZeroOnInvalidOffset", ok: boolean, must: aBoolean, def: "false", note: says("scaleToZeroOnInvalidOffset has no equivalent: a group without committed offsets is never scaled down (NoCommittedOffsets).")},
	{name: "partitionLimitation", ok: partitions, must: "numbers and ranges of partitions, such as 1,2,10-12", note: says("partitionLimitation %s has no equivalent: all partitions of the topics count.")},
	{name: "fullMetadata", only: "kafka", ok: boolean, must: aBoolean, def: "true", note: says("fullMetadata has no equivalent: lagscaler reads the metadata of the topics that groups consume.")},
	{name: "version", only: "kafka", note: says("version %s has no equivalent: lagscaler asks every broker which versions it has.")},

	{name: "tls", ok: oneOf("enable", "disable"), must: "enable or disable"},
	{name: "unsafeSsl", only: "kafka", ok: boolean, must: aBoolean},
	{name: "sasl", ok: oneOf("none", "plaintext", "scram_sha256", "scram_sha512", "oauthbearer", "gssapi", "aws_msk_iam"), must: "a SASL mechanism of KEDA"},
	{name: "saslTokenProvider", only: "kafka", ok: oneOf("bearer", "aws_msk_iam"), must: "bearer or aws_msk_iam"},
	{name: "awsRegion"},
	{name: "identityOwner", note: says(credentials)},
	{name: "awsAccessKeyID", note: says(credentials)},
	{name: "awsAccessKeyIDFromEnv", note: says(credentials)},
	{name: "awsSecretAccessKeyFromEnv", note: says(credentials)},
}

const (
	aBoolean    = "true or false"
	credentials = "%n has no equivalent: lagscaler finds the credentials of AWS_MSK_IAM as every AWS tool does."
)

// refusals are the combinations of fields that KEDA refuses; a field counts if it is a boolean that is true.
var refusals = []struct {
	field   string
	against string // must not be true, too; empty: a topic must be set
	only    string // the one trigger that refuses it; empty: both
}{
	{field: "limitToPartitionsWithLag", against: "allowIdleConsumers"},
	{field: "limitToPartitionsWithLag"},
	{field: "limitToPartitionsWithLag", against: "ensureEvenDistributionOfPartitions", only: "kafka"},
	{field: "ensureEvenDistributionOfPartitions", only: "kafka"},
}

// refused checks the combinations.
func (c *conversion) refused(at, kind string, m map[string]string) {
	on := func(name string) bool { b, _ := strconv.ParseBool(m[name]); return b }
	topic := m["topic"] != "" || m["topicFromEnv"] != ""
	for _, r := range refusals {
		switch {
		case r.only != "" && r.only != kind || !on(r.field):
		case r.against == "" && !topic:
			c.fail("%s: %s: KEDA refuses it without a topic", at, r.field)
		case r.against != "" && on(r.against):
			c.fail("%s: %s: KEDA refuses it together with %s", at, r.field, r.against)
		}
	}
	if full, err := strconv.ParseBool(m["fullMetadata"]); kind == "kafka" && err == nil && !full && !topic {
		c.fail("%s: fullMetadata: KEDA refuses %q without a topic", at, m["fullMetadata"])
	}
}

// authFields are the fields that KEDA reads from a TriggerAuthentication only. In a trigger they have no effect.
var authFields = []string{
	"username", "password", "ca", "cert", "key", "keyPassword", "scopes", "oauthTokenEndpointUri", "oauthExtensions",
	"keytab", "ccacheName", "realm", "kerberosConfig", "kerberosServiceName", "kerberosDisableFAST",
}

func says(text string) func(string, string) string {
	return func(name, value string) string {
		return strings.NewReplacer("%s", value, "%n", name).Replace(text)
	}
}

func atLeast(n int64) func(string) bool {
	return func(s string) bool {
		v, err := strconv.ParseInt(s, 10, 64)
		return err == nil && v >= n
	}
}

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

func boolean(s string) bool {
	_, err := strconv.ParseBool(s)
	return err == nil
}

// partitions reports whether KEDA can read a list of partitions.
func partitions(s string) bool {
	for part := range strings.SplitSeq(s, ",") {
		first, last, ranges := strings.Cut(part, "-")
		for _, n := range []string{first, last} {
			if _, err := strconv.ParseInt(strings.TrimSpace(n), 10, 32); err != nil && (ranges || n == first) {
				return false
			}
		}
	}
	return true
}

// fields checks the fields of a trigger and comments on those that are not converted. The value of a field that KEDA does not
// know is not printed: it may be a password.
func (c *conversion) fields(at string, t trigger, m map[string]string) {
	for _, f := range triggerFields {
		value, set := m[f.name]
		if !set || f.only != "" && f.only != t.Type {
			continue
		}
		if f.ok != nil && !f.ok(value) {
			c.fail("%s: %s: must be %s, not %q", at, f.name, f.must, value)
		} else if f.note != nil && !f.isDefault(value) {
			c.note("%s", f.note(f.name, value))
		}
	}
	for _, name := range sorted(names(m)) {
		i := slices.IndexFunc(triggerFields, func(f field) bool { return f.name == name && (f.only == "" || f.only == t.Type) })
		switch {
		case slices.Contains(authFields, name):
			c.note("%s has no effect in a trigger: KEDA reads it from a TriggerAuthentication, lagscaler from the configuration.", name)
		case i < 0:
			c.note("%s has no equivalent: KEDA %s does not know it in a trigger %s.", name, version, t.Type)
		}
	}
}

// isDefault reports whether a value is KEDA's default, in any spelling of a boolean.
func (f field) isDefault(value string) bool {
	b, err := strconv.ParseBool(value)
	return f.def != "" && (value == f.def || err == nil && fmt.Sprint(b) == f.def)
}
