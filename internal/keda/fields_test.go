package keda_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/keda"
)

var source = flag.String("keda", "", "a `DIR` with the source of a KEDA, for example after go mod download github.com/kedacore/keda/v2@v2.21.0: compares its fields with testdata/keda-fields.txt, or with -update writes them there")

const fieldList = "testdata/keda-fields.txt"

// samples are a value for every field of KEDA's two triggers that is not its default, and what the output says of it.
// A field of testdata/keda-fields.txt that is not here fails the test.
var samples = map[string]struct{ value, want string }{
	"bootstrapServers":                   {"kafka-1.kafka:9092", "cluster: main"},
	"bootstrapServersFromEnv":            {"SERVERS", "# bootstrapServersFromEnv SERVERS has no effect beside bootstrapServers."},
	"consumerGroup":                      {"shop", "group: shop"},
	"consumerGroupFromEnv":               {"GROUP", "# consumerGroupFromEnv GROUP has no effect beside consumerGroup."},
	"topic":                              {"orders", "topics: [orders]"},
	"topicFromEnv":                       {"TOPIC", "# topicFromEnv TOPIC: "},
	"activationLagThreshold":             {"7", "activationLag: 7"},
	"offsetResetPolicy":                  {"earliest", "offsetReset: earliest"},
	"lagThreshold":                       {"50", "# lagThreshold 50 "},
	"limitToPartitionsWithLag":           {"true", "# limitToPartitionsWithLag has no equivalent"},
	"ensureEvenDistributionOfPartitions": {"True", "# ensureEvenDistributionOfPartitions is always on"},
	"allowIdleConsumers":                 {"1", "# allowIdleConsumers has no equivalent"},
	"excludePersistentLag":               {"true", "# excludePersistentLag is always on"},
	"scaleToZeroOnInvalidOffset":         {"true", "# scaleToZeroOnInvalidOffset has no equivalent"},
	"partitionLimitation":                {"0-3", "# partitionLimitation 0-3 has no equivalent"},
	"fullMetadata":                       {"false", "# fullMetadata has no equivalent"},
	"version":                            {"2.5.0", "# version 2.5.0 has no equivalent"},
	"tls":                                {"enable", "# The trigger has tls: {}"},
	"unsafeSsl":                          {"true", "# unsafeSsl has no effect without tls"},
	"sasl":                               {"plaintext", "# The trigger has sasl: {mechanism: PLAIN}"},
	"saslTokenProvider":                  {"bearer", "# saslTokenProvider bearer has no effect without sasl oauthbearer"},
	"awsRegion":                          {"eu-west-1", "# awsRegion eu-west-1 has no effect without sasl aws_msk_iam"},
	"identityOwner":                      {"operator", "# identityOwner has no equivalent"},
	"awsAccessKeyID":                     {"AKIA", "# awsAccessKeyID has no equivalent"},
	"awsAccessKeyIDFromEnv":              {"KEY", "# awsAccessKeyIDFromEnv has no equivalent"},
	"awsSecretAccessKeyFromEnv":          {"SECRET", "# awsSecretAccessKeyFromEnv has no equivalent"},
	"username":                           {"u", "# username has no effect in a trigger"},
	"password":                           {"hidden", "# password has no effect in a trigger"},
	"ca":                                 {"x", "# ca has no effect in a trigger"},
	"cert":                               {"x", "# cert has no effect in a trigger"},
	"key":                                {"hidden", "# key has no effect in a trigger"},
	"keyPassword":                        {"hidden", "# keyPassword has no effect in a trigger"},
	"scopes":                             {"x", "# scopes has no effect in a trigger"},
	"oauthTokenEndpointUri":              {"x", "# oauthTokenEndpointUri has no effect in a trigger"},
	"oauthExtensions":                    {"x", "# oauthExtensions has no effect in a trigger"},
	"keytab":                             {"x", "# keytab has no effect in a trigger"},
	"ccacheName":                         {"x", "# ccacheName has no effect in a trigger"},
	"realm":                              {"x", "# realm has no effect in a trigger"},
	"kerberosConfig":                     {"x", "# kerberosConfig has no effect in a trigger"},
	"kerberosServiceName":                {"x", "# kerberosServiceName has no effect in a trigger"},
	"kerberosDisableFAST":                {"true", "# kerberosDisableFAST has no effect in a trigger"},
}

// TestFields converts a trigger with each field of KEDA, and looks for what became of it: no field is lost in silence.
func TestFields(t *testing.T) {
	listed := map[string]bool{}
	for line := range strings.Lines(read(t, fieldList)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		trigger, name := words[0], words[1]
		listed[name] = true
		t.Run(trigger+"/"+name, func(t *testing.T) {
			s, ok := samples[name]
			if !ok {
				t.Fatalf("KEDA has the field %s: convert it or say that it has no equivalent, and add a sample", name)
			}
			m := map[string]string{"bootstrapServers": "kafka-0.kafka:9092", "consumerGroup": "g"}
			if !strings.HasPrefix(name, "topic") { // KEDA refuses some fields without a topic
				m["topic"] = "orders"
			}
			m[name] = s.value
			out, err := keda.Convert([]byte(withAuthentication(scaledObject("a", trigger, m))), known, keda.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out, s.want) {
				t.Errorf("no %q in\n%s", s.want, out)
			}
			if strings.Contains(out, "does not know") || strings.Contains(out, "hidden") {
				t.Errorf("the field is not known, or its value is printed\n%s", out)
			}
			accepted(t, out)
		})
	}
	for name := range samples {
		if !listed[name] {
			t.Errorf("%s is no field of KEDA any more", name)
		}
	}
}

// scaledObject is a ScaledObject with one trigger.
func scaledObject(name, trigger string, metadata map[string]string) string {
	var fields []string
	for k, v := range metadata {
		fields = append(fields, fmt.Sprintf("%s: %q", k, v))
	}
	return fmt.Sprintf("apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: %s}\nspec: {scaleTargetRef: {name: %s}, triggers: [{type: %s, metadata: {%s}}]}\n",
		name, name, trigger, strings.Join(fields, ", "))
}

// withAuthentication gives the trigger a TriggerAuthentication.
func withAuthentication(object string) string {
	return strings.Replace(object, ", metadata: {", ", authenticationRef: {name: kafka}, metadata: {", 1)
}

// TestFieldsOfKEDA compares the list with the source of a KEDA. Without -keda it checks that the list has both triggers.
func TestFieldsOfKEDA(t *testing.T) {
	if *source == "" {
		have := read(t, fieldList)
		if strings.Count(have, "\napache-kafka ") < 20 || strings.Count(have, "\nkafka ") < 30 {
			t.Errorf("the list is short:\n%s", have)
		}
		return
	}
	var lines []string
	for trigger, file := range map[string]string{"kafka": "kafka_scaler.go", "apache-kafka": "apache_kafka_scaler.go"} {
		text := read(t, filepath.Join(*source, "pkg/scalers", file))
		tags := regexp.MustCompile(`keda:"name=(\w+),([^"]*)"`).FindAllStringSubmatch(text, -1)
		if all := strings.Count(text, `keda:"`); len(tags) == 0 || len(tags) != all {
			t.Errorf("%s has %d tags, %d of them are understood", file, all, len(tags))
		}
		for _, tag := range tags {
			lines = append(lines, trigger+" "+tag[1]+"\n")
			if strings.Contains(tag[2], "resolvedEnv") {
				lines = append(lines, trigger+" "+tag[1]+"FromEnv\n")
			}
		}
		text += read(t, filepath.Join(*source, "pkg/scalers/aws/aws_common.go"))
		for _, name := range regexp.MustCompile(`[tT]riggerMetadata\["(\w+)"\]`).FindAllStringSubmatch(text, -1) {
			lines = append(lines, trigger+" "+name[1]+"\n")
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if *update {
		text := "# The fields of KEDA's triggers kafka and apache-kafka, from pkg/scalers of " + filepath.Base(*source) + "\n# (kafka_scaler.go, apache_kafka_scaler.go, aws/aws_common.go; internal/keda/fields_test.go reads them).\n" + strings.Join(lines, "")
		if err := os.WriteFile(fieldList, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	listed := slices.DeleteFunc(slices.Collect(strings.Lines(read(t, fieldList))), func(line string) bool { return line[0] == '#' })
	for _, line := range lines {
		if !slices.Contains(listed, line) {
			t.Errorf("%s: a new field: %s", *source, line)
		}
	}
	for _, line := range listed {
		if !slices.Contains(lines, line) {
			t.Errorf("%s: a field less: %s", *source, line)
		}
	}
}

// TestRefusals are the combinations that KEDA refuses, and twins that it takes.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		kind, fields string // beside brokers and group
		want         string // in the error; empty: converted
	}{
		{"kafka", "topic=o limitToPartitionsWithLag=true allowIdleConsumers=true", "limitToPartitionsWithLag: KEDA refuses it together with allowIdleConsumers"},
		{"apache-kafka", "topic=o limitToPartitionsWithLag=1 allowIdleConsumers=t", "limitToPartitionsWithLag: KEDA refuses it together with allowIdleConsumers"},
		{"kafka", "topic=o limitToPartitionsWithLag=true allowIdleConsumers=false", ""},
		{"kafka", "limitToPartitionsWithLag=true", "limitToPartitionsWithLag: KEDA refuses it without a topic"},
		{"kafka", "topicFromEnv=TOPIC limitToPartitionsWithLag=true", ""},
		{"kafka", "topic=o limitToPartitionsWithLag=true ensureEvenDistributionOfPartitions=true", "limitToPartitionsWithLag: KEDA refuses it together with ensure"},
		{"apache-kafka", "topic=o limitToPartitionsWithLag=true ensureEvenDistributionOfPartitions=true", ""},
		{"kafka", "ensureEvenDistributionOfPartitions=true", "ensureEvenDistributionOfPartitions: KEDA refuses it without a topic"},
		{"apache-kafka", "ensureEvenDistributionOfPartitions=true", ""},
		{"kafka", "fullMetadata=false", `fullMetadata: KEDA refuses "false" without a topic`},
		{"kafka", "fullMetadata=false topic=o", ""},
		{"kafka", "topic=o partitionLimitation=1,2-x", `partitionLimitation: must be numbers and ranges of partitions, such as 1,2,10-12, not "1,2-x"`},
		{"kafka", "topic=o partitionLimitation=1,,2", `partitionLimitation: must be`},
		{"kafka", "topic=o partitionLimitation=1,2-5,7", ""},
	} {
		m := map[string]string{"bootstrapServers": "k:9092", "consumerGroup": "g"}
		for _, pair := range strings.Fields(tt.fields) {
			name, value, _ := strings.Cut(pair, "=")
			m[name] = value
		}
		_, err := keda.Convert([]byte(scaledObject("a", tt.kind, m)), nil, keda.Options{})
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want %s", tt.kind, tt.fields, err, tt.want)
		}
	}
}

// TestAuthentication are the connections that KEDA 2.21 refuses, and twins that it takes. A TriggerAuthentication may have what
// the trigger lacks.
func TestAuthentication(t *testing.T) {
	const msk = "sasl=oauthbearer saslTokenProvider=aws_msk_iam "
	for _, tt := range []struct {
		kind, fields string
		ref          bool
		want         []string // in the error, each on its own line; none: converted
	}{
		{"kafka", "sasl=aws_msk_iam tls=enable awsRegion=eu-west-1 identityOwner=operator", false, []string{`sasl: KEDA refuses "aws_msk_iam" in a trigger kafka`}},
		{"apache-kafka", "sasl=aws_msk_iam tls=enable awsRegion=eu-west-1 identityOwner=operator", false, nil},
		{"kafka", msk + "tls=enable awsRegion=eu-west-1 identityOwner=operator", false, nil},
		{"apache-kafka", "sasl=oauthbearer", true, []string{`sasl: KEDA refuses "oauthbearer" in a trigger apache-kafka`}},
		{"kafka", "sasl=oauthbearer", true, nil},
		{"kafka", "sasl=oauthbearer saslTokenProvider=bearer", false, []string{`sasl: KEDA refuses "oauthbearer" without an authenticationRef`}},
		{"apache-kafka", "sasl=gssapi", true, []string{`sasl: KEDA refuses "gssapi" in a trigger apache-kafka`}},
		{"kafka", "sasl=gssapi", true, nil},

		{"kafka", msk + "awsRegion=eu-west-1", false, []string{"tls: KEDA refuses AWS_MSK_IAM without tls enable", "without credentials"}},
		{"kafka", msk + "awsRegion=eu-west-1", true, nil},
		{"kafka", msk + "awsRegion=eu-west-1 tls=disable", true, []string{"tls: KEDA refuses AWS_MSK_IAM without tls enable"}},
		{"kafka", msk + "tls=enable", true, []string{"awsRegion: KEDA refuses AWS_MSK_IAM without it"}},
		{"apache-kafka", "sasl=aws_msk_iam", false, []string{"awsRegion: KEDA", "tls: KEDA", "without credentials"}},
		{"apache-kafka", "sasl=aws_msk_iam awsRegion=eu-west-1 tls=enable awsAccessKeyIDFromEnv=ID", false, []string{"without credentials"}},
		{"apache-kafka", "sasl=aws_msk_iam awsRegion=eu-west-1 tls=enable awsAccessKeyIDFromEnv=ID awsSecretAccessKeyFromEnv=KEY", false, nil},

		{"kafka", "sasl=plaintext", false, []string{`sasl: KEDA refuses "plaintext" without an authenticationRef`}},
		{"kafka", "sasl=plaintext", true, nil},
		{"kafka", "sasl=scram_sha256", false, []string{`sasl: KEDA refuses "scram_sha256" without an authenticationRef`}},
		{"apache-kafka", "sasl=scram_sha256", false, nil},
		{"apache-kafka", "sasl=plaintext", false, []string{`sasl: KEDA refuses "plaintext" without an authenticationRef`}},
		{"kafka", "sasl=none", false, nil},
		{"kafka", "sasl=scram", false, []string{"sasl: must be a SASL mechanism"}},
	} {
		m := map[string]string{"bootstrapServers": "k:9092", "consumerGroup": "g", "topic": "o"}
		for _, pair := range strings.Fields(tt.fields) {
			name, value, _ := strings.Cut(pair, "=")
			m[name] = value
		}
		object := scaledObject("a", tt.kind, m)
		if tt.ref {
			object = withAuthentication(object)
		}
		_, err := keda.Convert([]byte(object), nil, keda.Options{})
		var got []string
		if err != nil {
			got = strings.Split(err.Error(), "\n")
		}
		if !slices.EqualFunc(got, tt.want, strings.Contains) {
			t.Errorf("%s %s, authenticationRef %v: %q, want %q", tt.kind, tt.fields, tt.ref, got, tt.want)
		}
	}
}

// TestCronRefusals are the windows that KEDA 2.21 refuses.
func TestCronRefusals(t *testing.T) {
	const all = "start=0_8_*_*_* end=0_18_*_*_* timezone=Europe/Berlin desiredReplicas=3"
	for _, tt := range []struct{ from, to, want string }{
		{"", "", ""},
		{"timezone=Europe/Berlin", "", "timezone is missing"},
		{"Europe/Berlin", "Berlin", "Berlin"},
		{"desiredReplicas=3", "", `desiredReplicas: "" is not a number`},
		{"=3", "=0", "desiredReplicas: KEDA refuses 0"},
		{"=3", "=-1", "must"},
		{"0_18", "0_8", "start"},
		{"start=0_8_*_*_*", "", "start"},
		{"0_18_*_*_*", "0_0_18_*_*_*", "end"},
		{"0_18_*_*_*", "@daily", "end"},
	} {
		var fields []string
		for _, pair := range strings.Fields(strings.Replace(all, tt.from, tt.to, 1)) {
			name, value, _ := strings.Cut(pair, "=")
			fields = append(fields, fmt.Sprintf("%s: %q", name, strings.ReplaceAll(value, "_", " ")))
		}
		object := strings.Replace(scaledObject("a", "kafka", map[string]string{"bootstrapServers": "k:9092", "consumerGroup": "g"}),
			"triggers: [", "triggers: [{type: cron, metadata: {"+strings.Join(fields, ", ")+"}}, ", 1)
		_, err := keda.Convert([]byte(object), nil, keda.Options{})
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", fields, err, tt.want)
		}
	}
}
