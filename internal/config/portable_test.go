package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// moved is the configuration of the pod: the settings of the cluster, and the files of its Secret.
func moved(t *testing.T, c Cluster) (Cluster, Portable) {
	t.Helper()
	p, err := c.Portable("kafka", "KAFKA")
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("clusters:\n- name: %s\n  brokers: [%s]\n", c.Name, strings.Join(c.Brokers, ", "))
	for line := range strings.Lines(p.Text) {
		text += "  " + line
	}
	files := map[string]bool{"/tokens/kafka": true}
	env := map[string]string{}
	for _, k := range p.Keys {
		files[MountedAt("kafka", k.Name)] = true
		if k.Env {
			env[k.Name] = "https://user:hunter2@login.example/token"
		}
	}
	for _, name := range p.Mounted {
		files[MountedAt(name, "ca.crt")] = true
	}
	got, err := Parse([]byte(text), Env{
		Dir: "/etc/lagscaler", Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		ReadFile: func(name string) ([]byte, error) {
			if !files[name] {
				return nil, fmt.Errorf("%s is in no Secret", name)
			}
			return []byte("of the Secret"), nil
		},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return got.Clusters[0], p
}

// Whatever a cluster has: the pods read the same settings, and every secret from a Secret.
func TestPortable(t *testing.T) {
	for name, test := range map[string]struct {
		settings string
		text     string
		keys     []string // field=key, and the file
		mounted  string
		note     string
	}{
		"nothing":         {"", "", nil, "", ""},
		"the default":     {"clientId: lagscaler", "", nil, "", ""},
		"TLS":             {"tls: {}", "tls: {}", nil, "", ""},
		"not verified":    {"tls: {insecureSkipVerify: true}", "insecureSkipVerify: true", nil, "", ""},
		"a CA":            {"tls: {caFile: certs/ca.crt, serverName: kafka}", "caFile: /etc/lagscaler/secrets/kafka/ca.crt", []string{"tls.caFile=ca.crt of /home/me/certs/ca.crt"}, "", ""},
		"the same name":   {"tls: {certFile: a/tls.pem, keyFile: b/tls.pem}", "keyFile: /etc/lagscaler/secrets/kafka/tls.keyFile", []string{"tls.certFile=tls.pem of /home/me/a/tls.pem", "tls.keyFile=tls.keyFile of /home/me/b/tls.pem"}, "", ""},
		"the same file":   {"tls: {certFile: tls.pem, keyFile: tls.pem}", "keyFile: /etc/lagscaler/secrets/kafka/tls.pem", []string{"tls.certFile=tls.pem of /home/me/tls.pem"}, "", ""},
		"an odd name":     {"tls: {caFile: '..my ca (1)'}", "caFile: /etc/lagscaler/secrets/kafka/my-ca-1-", []string{"tls.caFile=my-ca-1- of /home/me/..my ca (1)"}, "", ""},
		"mounted already": {"tls: {caFile: /etc/lagscaler/secrets/strimzi/ca.crt}", "caFile: /etc/lagscaler/secrets/strimzi/ca.crt", nil, "strimzi", ""},
		"a password":      {"sasl: {mechanism: PLAIN, username: me, password: hunter2}", "passwordFile: /etc/lagscaler/secrets/kafka/password", []string{"sasl.passwordFile=password"}, "", ""},
		"its file":        {"sasl: {mechanism: SCRAM-SHA-512, usernameFile: user, passwordFile: pw}", "usernameFile: /etc/lagscaler/secrets/kafka/user", []string{"sasl.usernameFile=user of /home/me/user", "sasl.passwordFile=pw of /home/me/pw"}, "", ""},
		"of a variable":   {"sasl: {mechanism: PLAIN, username: '${USER}', password: '${PASSWORD}'}", "username: me", []string{"sasl.passwordFile=password"}, "", ""},
		"no variable":     {"{clientId: '$${HOME}', groups: {exclude: ['a$${b}.*']}}", "$${HOME}", nil, "", ""},
		"a token":         {"sasl: {mechanism: OAUTHBEARER, tokenFile: /tokens/kafka, extensions: {logicalCluster: lkc}}", "tokenFile: /tokens/kafka", nil, "", "sasl.tokenFile: the pod needs this file"},
		"a client secret": {"sasl: {mechanism: OAUTHBEARER, oauth: {tokenURL: 'https://login.example/token', clientId: me, clientSecret: hunter2}}", "clientSecretFile: /etc/lagscaler/secrets/kafka/clientSecret", []string{"sasl.oauth.clientSecretFile=clientSecret"}, "", ""},
		"a secret URL":    {"sasl: {mechanism: OAUTHBEARER, oauth: {tokenURL: 'https://user:hunter2@login.example/token', clientId: me, clientAssertionFile: /tokens/kafka}}", `tokenURL: "${KAFKA_TOKEN_URL}"`, []string{"sasl.oauth.tokenURL=KAFKA_TOKEN_URL"}, "", "clientAssertionFile"},
		"Kerberos":        {"sasl: {mechanism: GSSAPI, username: me, kerberos: {realm: EXAMPLE.COM, kdc: ['kdc:88'], keytabFile: me.keytab}}", "keytabFile: /etc/lagscaler/secrets/kafka/me.keytab", []string{"sasl.kerberos.keytabFile=me.keytab of /home/me/me.keytab"}, "", ""},
		"AWS":             {"{tls: {}, sasl: {mechanism: AWS_MSK_IAM, region: eu-central-1, aws: {profile: mine, roleArn: 'arn:aws:iam::123456789012:role/lagscaler'}}}", "roleArn: arn:aws:iam::123456789012:role/lagscaler", nil, "", "sasl.aws.profile mine is left out"},
		"filters":         {"{advertised: ['kafka-.*'], timeout: 2s, offsetsRetention: 24h, clusterId: [abc], groups: {include: ['a.*']}, topics: {exclude: [b]}, batchHeaders: {include: [c]}}", "batchHeaders:", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			settings := test.settings
			if !strings.HasPrefix(settings, "{") {
				settings = "{" + settings + "}"
			}
			text := "clusters:\n- {name: main, brokers: ['kafka-0:9092'], " + strings.TrimPrefix(settings, "{") + "\n"
			from, err := Parse([]byte(strings.ReplaceAll(text, ", }", "}")), Env{
				Dir: "/home/me", Lookup: func(name string) (string, bool) {
					return map[string]string{"USER": "me", "PASSWORD": "hunter2"}[name], true
				},
				ReadFile: func(string) ([]byte, error) { return []byte("hunter2"), nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			got, p := moved(t, from.Clusters[0])
			var keys []string
			for _, k := range p.Keys {
				of := k.Field + "=" + k.Name
				if k.File != "" {
					of += " of " + k.File
				}
				keys = append(keys, of)
			}
			if !strings.Contains(p.Text, test.text) || (test.text == "") != (p.Text == "") || !slices.Equal(keys, test.keys) || strings.Join(p.Mounted, " ") != test.mounted || !strings.Contains(strings.Join(p.Notes, "\n"), test.note) {
				t.Errorf("keys %q, mounted %q, notes %q, text\n%s", keys, p.Mounted, p.Notes, p.Text)
			}
			if all := fmt.Sprint(p); strings.Contains(all, "hunter2") {
				t.Errorf("a secret is in %s", all)
			}
			if want, got := flat(t, from.Clusters[0]), flat(t, got); !maps.Equal(want, got) {
				t.Errorf("the pods have\n%v\nand not\n%v", got, want)
			}
		})
	}
}

// flat are the settings that are not where a secret or a file is.
func flat(t *testing.T, c Cluster) map[string]string {
	t.Helper()
	var n yaml.Node
	if err := n.Encode(c); err != nil {
		t.Fatal(err)
	}
	prune(&n)
	out := map[string]string{}
	var walk func(n *yaml.Node, at string)
	walk = func(n *yaml.Node, at string) {
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			walk(n.Content[i+1], join(at, n.Content[i].Value))
		}
		for i, one := range n.Content {
			if n.Kind == yaml.SequenceNode {
				walk(one, fmt.Sprint(at, i))
			}
		}
		switch {
		case n.Kind != yaml.ScalarNode, strings.HasSuffix(at, "File"), at == "sasl.aws.profile", at == "sasl.oauth.tokenURL", n.Value == hiddenSecret:
		case at == "sasl.username" && c.SASL.UsernameFile != "":
		default:
			out[at] = n.Value
		}
	}
	walk(&n, "")
	return out
}

// Every secret of a cluster has a field that names a file with it: otherwise it could not be moved.
func TestSecretsHaveFiles(t *testing.T) {
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		names := fieldNames(typ)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if name := f.Tag.Get("yaml"); f.Type == reflect.TypeFor[Secret]() && !slices.Contains(names, name+"File") {
				t.Errorf("%s.%s has no field %sFile", typ.Name(), name, name)
			}
			if f.Tag.Get("yaml") != "" && f.Type != reflect.TypeFor[Secret]() && f.Type != reflect.TypeFor[Regexp]() {
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Cluster]())
}
