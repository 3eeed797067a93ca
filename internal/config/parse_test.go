package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

var update = flag.Bool("update", false, "rewrite the golden files and the generated documents")

// testEnv has two environment variables and three files.
func testEnv() Env {
	vars := map[string]string{"PW": "hunter2: #x", "PORT": "9092"}
	files := map[string]string{"/etc/l/pw": "from-file\n", "/etc/l/empty": "\n", "/etc/l/ca.pem": "PEM"}
	return Env{
		Name:   "lagscaler.yaml",
		Dir:    "/etc/l",
		Lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

const minimal = "clusters:\n- name: main\n  brokers: [kafka:9092]\n"

// golden compares a text with a file, or writes the file with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// TestProblems parses every wrong file of testdata and compares all reported problems.
func TestProblems(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(text, testEnv())
			if err == nil {
				t.Fatal("no problem")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a secret is printed")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

// TestEachMistake adds one mistake to a valid file and looks for its field, line and reason.
func TestEachMistake(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"mode: off", `line 4: mode: "off": must be observe, advise or act`},
		{"interval: 10", `line 4: interval: "10": must be a duration such as 500ms, 30s or 1h30m`},
		{"interval: 0s", `line 4: interval: "0s": must be at least 1s`},
		{"interval: -1h", `line 4: interval: "-1h": must be at least 1s`},
		{"sampleInterval: 11s", `line 4: sampleInterval: "11s": must not be longer than interval`},
		{"sampleInterval: 1us", `line 4: sampleInterval: "1us": must be at least 100ms`},
		{"listen: 9090", `line 4: listen: "9090": must be HOST:PORT`},
		{"listen: ':http'", `line 4: listen: ":http": must be HOST:PORT with a port from 1 to 65535`},
		{"listen:", `line 4: listen: has no value; set one or remove the line`},
		{"webConfigFile: web.yml", `line 4: webConfigFile: "web.yml": open /etc/l/web.yml: file does not exist`},
		{"groups: [{slo: {lag: 1}}]", `line 4: groups[0].match: is missing: a pattern of group names; .* is every one`},
		{"groups: [{match: '('}]", "line 4: groups[0].match: \"(\": not a regular expression: error parsing regexp: missing closing ): `^(?:()$`"},
		{"groups: [{match: ''}]", `line 4: groups[0].match: must be a pattern; .* matches everything`},
		{"groups: [{match: a, cluster: other}]", `line 4: groups[0].cluster: "other": is not a cluster of this file; the clusters are main`},
		{"groups: [{match: a, slo: {lag: 0}}]", `line 4: groups[0].slo.lag: "0": must be greater than 0`},
		{"groups: [{match: a, slo: {lag: 1.5}}]", `line 4: groups[0].slo.lag: "1.5": must be a whole number`},
		{"groups: [{match: a, slo: {churn: 2}}]", `line 4: groups[0].slo.churn: "2": must be greater than 0 and at most 1`},
		{"groups: [{match: a, slo: {skew: .nan}}]", `line 4: groups[0].slo.skew: ".nan": must be greater than 0 and at most 1`},
		{"groups: [{match: a, isolation: serializable}]", `line 4: groups[0].isolation: "serializable": must be read_uncommitted or read_committed`},
		{"groups: {match: a}", `line 4: groups: must be a list`},
		{"metrics: [a]", `line 4: metrics: must be a mapping with the fields topics, partitions, maxGroups, maxSeries, compat`},
		{"metrics: {compat: maybe}", `line 4: metrics.compat: "maybe": must be true or false`},
		{"metrics: {maxGroups: 0}", `line 4: metrics.maxGroups: "0": must be greater than 0`},
		{"metrics: {topics: {a: b}}", `line 4: metrics.topics: must be a single value`},
		{"metrics: {partitions: {top: 3}}", `line 4: metrics.partitions.top: "3": must not be set without metrics.partitions.match`},
		{"namespaces: [{clusters: [main]}]", `line 4: namespaces[0].match: is missing: a pattern of namespaces; .* is every one`},
		{"kubernetes: {enabled: maybe}", `line 4: kubernetes.enabled: "maybe": must be auto, true or false`},
		{"kubernetes: {leaseName: ''}", `line 4: kubernetes.leaseName: is empty`},
		{"kubernetes: {watchNamespaces: ['']}", `line 4: kubernetes.watchNamespaces[0]: is empty`},
		{"kubernetes: {enabled: false, watchNamespaces: [a]}", `line 4: kubernetes.watchNamespaces: must not be set when kubernetes.enabled is false`},
		{"log: {level: loud}", `line 4: log.level: "loud": must be debug, info, warn or error`},
		{"log: {format: '${FMT}'}", `line 4: log.format: "${FMT}": the environment variable FMT is not set`},
		{"log: {format: text, format: json}", `line 4: log.format: "text": is set twice; the first is in line 4`},
		{"record: {maxMiB: -1}", `line 4: record.maxMiB: "-1": must be greater than 0`},
		{"colour: blue", `line 4: colour: unknown field; the fields are clusters, clusterDefaults, strimzi, groups, owners, mode,`},
		{"? [a]\n: b", `line 4: ?: unknown field; the fields are`},
		{"a: [", `line 4: not YAML: did not find expected node content`},
		{"---\nmode: act", `line 4: a second YAML document; only one is allowed`},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := Parse([]byte(minimal+c.text+"\n"), testEnv())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestEachClusterMistake does the same for the clusters of a file.
func TestEachClusterMistake(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{brokers: [a:1]}", `line 1: clusters[0].name: is missing: a name for the cluster`},
		{"{name: 'a b', brokers: [a:1]}", `line 1: clusters[0].name: "a b": may only have letters, digits, dots, dashes and underscores`},
		{"{name: a}", `line 1: clusters[0].brokers: is missing: at least one HOST:PORT`},
		{"{name: a, brokers: [a, ':1', 'a:0']}", `clusters[0].brokers[0]: "a": must be HOST:PORT`},
		{"{name: a, brokers: [a, ':1', 'a:0']}", `clusters[0].brokers[1]: ":1": must be HOST:PORT; the host is missing`},
		{"{name: a, brokers: ['a,b:1']}", `clusters[0].brokers[0]: "a,b:1": must be one HOST:PORT; several are a list`},
		{"{name: a, brokers: [a, ':1', 'a:0']}", `clusters[0].brokers[2]: "a:0": must be HOST:PORT with a port from 1 to 65535`},
		{"{name: a, brokers: [a:1], clusterId: [redpanda.initializing]}", `clusters[0].clusterId[0]: "redpanda.initializing": is what a broker says while it does not know the id of its cluster`},
		{"{name: a, brokers: [a:1], clusterId: [' x']}", `clusters[0].clusterId[0]: " x": must not have blanks`},
		{"{name: a, brokers: [a:1], clusterId: [x, x]}", `line 1: clusters[0].clusterId[1]: "x": is empty, or there twice`},
		{"{name: a, brokers: [a:1], clusterId: x}", `line 1: clusters[0].clusterId: "x": must be a list`},
		{"{name: a, brokers: [a:1], clientId: ''}", `line 1: clusters[0].clientId: is empty`},
		{"{name: a, brokers: [a:1], timeout: 9s}", `clusters[0].timeout: "9s": must be at most 8s, 8/10 of interval: increase interval for a slower cluster`},
		{"{name: a, brokers: [a:1], timeout: 1ms}", `clusters[0].timeout: "1ms": must be at least 100ms`},
		{"{name: a, brokers: [a:1], batchHeaders: {exclude: [b]}}", `line 1: clusters[0].batchHeaders: needs include: the topics whose batch headers may be read`},
		{"{name: a, brokers: [a:1], batchHeaders: {}}", `clusters[0].batchHeaders: needs include`},
		{"{name: a, brokers: [a:1], tls: {caFile: no.pem}}", `clusters[0].tls.caFile: "no.pem": open /etc/l/no.pem: file does not exist`},
		{"{name: a, brokers: [a:1], tls: {certFile: ca.pem}}", `clusters[0].tls.certFile: "ca.pem": a client certificate needs both certFile and keyFile`},
		{"{name: a, brokers: [a:1], tls: {insecureSkipVerify: true, caFile: ca.pem}}", `clusters[0].tls.caFile: "ca.pem": must not be set with insecureSkipVerify`},
		{"{name: a, brokers: [a:1], sasl: {username: u}}", `clusters[0].sasl.mechanism: is missing: how to authenticate, such as SCRAM-SHA-512`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: NTLM}}", `clusters[0].sasl.mechanism: "NTLM": must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, AWS_MSK_IAM or GSSAPI`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI}}", `clusters[0].sasl.username: is missing: the principal without its realm, such as lagscaler`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, password: p}}", `clusters[0].sasl.kerberos: is missing: the realm`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u@R, password: p, kerberos: {realm: R}}}", `clusters[0].sasl.username: "u@R": must be the principal without its realm`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, kerberos: {realm: R}}}", `clusters[0].sasl.password: is missing: set it or passwordFile`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, kerberos: {realm: R, kdc: [k]}, password: p}}", `clusters[0].sasl.kerberos.kdc[0]: "k": must be HOST:PORT`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, kerberos: {realm: R, kdc: ['k:88'], configFile: pw}, password: p}}", `clusters[0].sasl.kerberos.configFile: "pw": must not be set together with kdc`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, password: hunter2, kerberos: {realm: R, keytabFile: pw}}}", `clusters[0].sasl.password: "<secret>": must not be set with kerberos.keytabFile`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, kerberos: {realm: R, keytabFile: none}}}", `clusters[0].sasl.kerberos.keytabFile: "none": open`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, kerberos: {realm: R, keytabFile: pw, serviceName: ''}}}", `clusters[0].sasl.kerberos.serviceName: is empty`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: GSSAPI, username: u, password: p, tokenFile: pw, kerberos: {realm: R}}}", `clusters[0].sasl.tokenFile: "pw": must not be set with mechanism GSSAPI`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, password: p, kerberos: {realm: R}}}", `clusters[0].sasl.kerberos: must not be set with mechanism PLAIN`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u}}", `clusters[0].sasl.password: is missing: set it or passwordFile`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, password: p, passwordFile: pw}}", `clusters[0].sasl.passwordFile: "pw": must not be set together with password`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, passwordFile: empty}}", `clusters[0].sasl.passwordFile: "empty": the file is empty`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, password: ''}}", `clusters[0].sasl.password: is empty`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, password: p, region: eu}}", `clusters[0].sasl.region: "eu": must not be set with mechanism PLAIN`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER}}", `clusters[0].sasl.tokenFile: is missing: OAUTHBEARER needs tokenFile or oauth`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER, tokenFile: pw, oauth: {}}}", `clusters[0].sasl.tokenFile: "pw": must not be set together with oauth`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER, oauth: {tokenURL: 'login', clientId: c, clientSecret: s}}}", `clusters[0].sasl.oauth.tokenURL: "login": must be a URL such as https://`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, username: u}}", `clusters[0].sasl.region: is missing: the cluster's AWS region`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, username: u}}", `clusters[0].sasl.username: "u": must not be set with mechanism AWS_MSK_IAM`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, region: eu, aws: {roleArn: lagscaler}}}", `clusters[0].sasl.aws.roleArn: "lagscaler": must be such as arn:aws:iam::123456789012:role/lagscaler`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, region: eu, aws: {externalId: x}}}", `clusters[0].sasl.aws.externalId: "x": has no effect without roleArn`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, region: eu, aws: {roleArn: 'arn:aws:iam::123456789012:role/a', webIdentityTokenFile: pw, profile: p}}}", `clusters[0].sasl.aws.profile: "p": must not be set with webIdentityTokenFile`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: AWS_MSK_IAM, region: eu, aws: {roleArn: 'arn:aws:iam::123456789012:role/a', webIdentityTokenFile: none}}}", `clusters[0].sasl.aws.webIdentityTokenFile: "none":`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: PLAIN, username: u, password: p, aws: {profile: x}}}", `must not be set with mechanism PLAIN`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER, tokenFile: pw, extensions: {auth: x}}}", `the name "auth" must be letters only, and not auth`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER, tokenFile: pw, extensions: {pool: ä}}}", `the value of pool, "ä", must be printable ASCII characters`},
		{"{name: a, brokers: [a:1], sasl: {mechanism: OAUTHBEARER, oauth: {tokenURL: 'https://a/b', clientId: c, clientAssertionFile: pw, clientSecret: s}}}", `clusters[0].sasl.oauth.clientSecret: "<secret>": must not be set with clientAssertionFile`},
		{"{name: a, brokers: [a:1]}, {name: a, brokers: [a:1]}", `clusters[1].name: "a": is also the name of clusters[0]`},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := Parse([]byte("clusters: ["+c.text+"]\n"), testEnv())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestSecretsComeFromEnvironmentAndFiles(t *testing.T) {
	text := `
clusters:
- name: env
  brokers: ["kafka:${PORT}"]
  clientId: $${literal}
  sasl: {mechanism: PLAIN, username: u, password: "${PW}"}
- name: file
  brokers: [kafka:9092]
  sasl: {mechanism: SCRAM-SHA-256, usernameFile: pw, passwordFile: pw}
`
	c, err := Parse([]byte(text), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	env, file := c.Clusters[0], c.Clusters[1]
	if got := env.SASL.Password.Reveal(); got != "hunter2: #x" {
		t.Errorf("password from the environment = %q", got)
	}
	if env.Brokers[0] != "kafka:9092" || env.ClientID != "${literal}" {
		t.Errorf("broker %q, client id %q", env.Brokers[0], env.ClientID)
	}
	if file.SASL.Username != "from-file" || file.SASL.Password.Reveal() != "from-file" {
		t.Errorf("user %q, password %q", file.SASL.Username, file.SASL.Password.Reveal())
	}
	for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", env.SASL), fmt.Sprintf("%#v", env.SASL), redacted(t, c)} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("a secret is printed: %s", shown)
		}
	}
}

func redacted(t *testing.T, c *Config) string {
	t.Helper()
	text, err := c.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRedactedConfiguration: defaults are shown, secrets are not.
func TestRedactedConfiguration(t *testing.T) {
	text := minimal + `  sasl: {mechanism: PLAIN, username: u, password: "${PW}"}` + "\ngroups: [{match: 'a.*', slo: {lagTime: 1h}}]\n"
	c, err := Parse([]byte(text), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/redacted.golden", redacted(t, c))
}

func TestExampleLoads(t *testing.T) {
	t.Setenv("LAGSCALER_PASSWORD", "x")
	t.Setenv("PARTNERS_SECRET", "y")
	c, err := Load("../../docs/lagscaler.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Clusters) != 3 || !c.SLO("main", "orders-eu").Declared || c.Isolation("main", "ledger") != seen.ReadCommitted {
		t.Errorf("the configuration differs from the file: %+v", c)
	}
}

func TestBrokersWithoutAFile(t *testing.T) {
	c, err := Brokers([]string{"127.0.0.1:9092"})
	if err != nil || c.Clusters[0].Name != "default" || c.Mode != scaler.Advise {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err = Brokers([]string{"127.0.0.1"}); err == nil || err.Error() != `--brokers: brokers[0]: "127.0.0.1": must be HOST:PORT` {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../docs/lagscaler.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add(minimal)
	f.Add("clusters: &a [*a]")
	f.Add("a: ${")
	f.Add("- 1")
	f.Add("? {}\n: !!binary x\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse([]byte(text), testEnv())
		if err == nil {
			redacted(t, c)
			return
		}
		var wrong *Problems
		if !errors.As(err, &wrong) {
			t.Fatalf("%T: %v", err, err)
		}
		problems := wrong.All
		for _, p := range problems {
			if p.Path == "" && !strings.Contains(p.Message, "YAML") && !strings.Contains(p.Message, "empty") && !strings.Contains(p.Message, "must be a mapping") {
				t.Errorf("names no field: %v", p)
			}
			if p.Message == "" {
				t.Errorf("has no message: %+v", p)
			}
		}
		if len(problems) == 0 {
			t.Error("an error without a problem")
		}
	})
}
