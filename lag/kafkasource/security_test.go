package kafkasource_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/lagscaler/lagscaler/internal/testcert"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
	"github.com/lagscaler/lagscaler/lag/lagtest"
	"github.com/lagscaler/lagscaler/lag/rights"
)

// files are the PEM files of an authority and of a certificate it signed for 127.0.0.1, usable on both ends.
type files struct{ ca, cert, key string }

func certificates(t *testing.T) files {
	t.Helper()
	pair, err := testcert.Self(x509.Certificate{
		Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	cert := write(t, "cert.pem", pair.Cert)
	return files{cert, cert, write(t, "key.pem", pair.Key)}
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mutual is an embedded cluster that wants client certificates.
func mutual(t *testing.T, f files) *kfake.Cluster {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(f.ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return embedded(t, kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}))
}

func TestTLS(t *testing.T) {
	ours, theirs := certificates(t), certificates(t)
	c := mutual(t, ours)
	for name, tc := range map[string]struct {
		tls  *kafkasource.TLS
		want lag.ErrorCode
	}{
		"right":                 {&kafkasource.TLS{CAFile: ours.ca, CertFile: ours.cert, KeyFile: ours.key}, lag.OK},
		"unchecked":             {&kafkasource.TLS{CertFile: ours.cert, KeyFile: ours.key, InsecureSkipVerify: true}, lag.OK},
		"as texts":              {&kafkasource.TLS{CAPEM: text(t, ours.ca), CertPEM: text(t, ours.cert), KeyPEM: text(t, ours.key)}, lag.OK},
		"texts of others":       {&kafkasource.TLS{CAPEM: text(t, theirs.ca), CertPEM: text(t, ours.cert), KeyPEM: text(t, ours.key)}, lag.AuthenticationError},
		"other authority":       {&kafkasource.TLS{CAFile: theirs.ca, CertFile: ours.cert, KeyFile: ours.key}, lag.AuthenticationError},
		"no client certificate": {&kafkasource.TLS{CAFile: ours.ca}, lag.AuthenticationError},
		"other name":            {&kafkasource.TLS{CAFile: ours.ca, CertFile: ours.cert, KeyFile: ours.key, ServerName: "kafka"}, lag.AuthenticationError},
		"plain text":            {nil, lag.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, kafkasource.Config{Brokers: c.ListenAddrs(), TLS: tc.tls})
			expect(t, s.Observe(t.Context()), tc.want)
		})
	}
}

func text(t *testing.T, file string) string {
	t.Helper()
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem)
}

func TestTLSFilesAreCheckedAtOnce(t *testing.T) {
	none := write(t, "none.pem", []byte("no certificate"))
	for _, bad := range []kafkasource.TLS{{CAFile: "missing.pem"}, {CAFile: none}, {CertFile: none, KeyFile: none}, {CAPEM: "none"}, {CertPEM: "none", KeyPEM: "hunter2"}} {
		if _, err := kafkasource.New(kafkasource.Config{Brokers: []string{"k:9092"}, TLS: &bad}); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

// expect checks that the brokers could be read, or why not.
func expect(t *testing.T, o lag.Observation, want lag.ErrorCode) {
	t.Helper()
	if want == lag.OK {
		if len(o.Brokers) != 3 {
			t.Errorf("errors %+v", o.Errors)
		}
		quiet(t, o)
		return
	}
	if len(o.Errors) == 0 || o.Errors[0].Code != want {
		t.Errorf("errors %+v, want %s", o.Errors, want)
	}
}

func TestSASL(t *testing.T) {
	c := embedded(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "p"), kfake.Superuser("SCRAM-SHA-256", "bob", "q"),
		kfake.Superuser("SCRAM-SHA-512", "eve", "r"))
	for name, tc := range map[string]struct {
		sasl *kafkasource.SASL
		want lag.ErrorCode
	}{
		"PLAIN":           {&kafkasource.SASL{Mechanism: "PLAIN", Username: "ada", Password: "p"}, lag.OK},
		"SCRAM-SHA-256":   {&kafkasource.SASL{Mechanism: "SCRAM-SHA-256", Username: "bob", Password: "q"}, lag.OK},
		"SCRAM-SHA-512":   {&kafkasource.SASL{Mechanism: "SCRAM-SHA-512", Username: "eve", Password: "r"}, lag.OK},
		"files":           {&kafkasource.SASL{Mechanism: "PLAIN", UsernameFile: write(t, "u", []byte("ada\n")), PasswordFile: write(t, "p", []byte("p\r\n"))}, lag.OK},
		"wrong PLAIN":     {&kafkasource.SASL{Mechanism: "PLAIN", Username: "ada", Password: "x"}, lag.AuthenticationError},
		"wrong SCRAM":     {&kafkasource.SASL{Mechanism: "SCRAM-SHA-512", Username: "eve", Password: "x"}, lag.AuthenticationError},
		"other mechanism": {&kafkasource.SASL{Mechanism: "SCRAM-SHA-256", Username: "ada", Password: "p"}, lag.AuthenticationError},
		"missing file":    {&kafkasource.SASL{Mechanism: "PLAIN", Username: "ada", PasswordFile: "missing"}, lag.AuthenticationError},
		"none":            {nil, lag.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, source(t, kafkasource.Config{Brokers: c.ListenAddrs(), SASL: tc.sasl}).Observe(t.Context()), tc.want)
		})
	}
	if _, err := kafkasource.New(kafkasource.Config{Brokers: []string{"k:9092"}, SASL: &kafkasource.SASL{Mechanism: "SCRAM-SHA-1"}}); err == nil {
		t.Error("an unknown mechanism is accepted")
	}
}

func TestPasswordRotates(t *testing.T) {
	c := embedded(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "new"))
	file := write(t, "password", []byte("old"))
	s := source(t, kafkasource.Config{Brokers: c.ListenAddrs(), SASL: &kafkasource.SASL{Mechanism: "PLAIN", Username: "ada", PasswordFile: file}})
	expect(t, s.Observe(t.Context()), lag.AuthenticationError)
	if err := os.WriteFile(file, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		o := s.Observe(t.Context())
		if len(o.Errors) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("errors %+v", o.Errors)
		}
	}
}

func acl(resource kmsg.ACLResourceType, name string) kfake.ACL {
	return kfake.ACL{
		Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationDescribe, Allow: true,
	}
}

// guarded is an embedded cluster with ACLs, two groups and two topics, read by a user with the given rights.
func guarded(t *testing.T, headers func(string) bool, acls ...kfake.ACL) *kafkasource.Source {
	t.Helper()
	c := embedded(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "admin"),
		kfake.User("PLAIN", "reader", "reader", acls...))
	admin := lagtest.Kafka(t, nil, c.ListenAddrs(), kgo.SASL(plain.Auth{User: "admin", Pass: "admin"}.AsMechanism()))
	for _, name := range []string{"mine", "theirs"} {
		admin.Create(name, 1)
		admin.Append(name, 0, 3)
		admin.Commit(name, name, 0, 1)
		t.Cleanup(admin.Join("watch-"+name, name))
	}
	return source(t, kafkasource.Config{
		Brokers: c.ListenAddrs(), SASL: &kafkasource.SASL{Mechanism: "PLAIN", Username: "reader", Password: "reader"},
		Headers: headers,
	})
}

// missing are the rights that are missing, those for details left out.
func missing(c kafkasource.Checked) []string {
	var acls []string
	for _, r := range rights.Missing(c.Missing(), false) {
		acls = append(acls, r.String())
	}
	return acls
}

func TestCheckNamesMissingACLs(t *testing.T) {
	all := []kfake.ACL{acl(kmsg.ACLResourceTypeCluster, "kafka-cluster"), acl(kmsg.ACLResourceTypeGroup, "*"), acl(kmsg.ACLResourceTypeTopic, "*")}
	read := acl(kmsg.ACLResourceTypeTopic, "mine")
	read.Operation = kmsg.ACLOperationRead
	for name, tc := range map[string]struct {
		acls    []kfake.ACL
		headers func(string) bool
		want    []string
	}{
		"all rights":        {all, nil, nil},
		"no cluster right":  {all[1:], nil, []string{"DESCRIBE on CLUSTER"}},
		"one topic":         {append([]kfake.ACL{acl(kmsg.ACLResourceTypeTopic, "mine")}, all[:2]...), nil, []string{`DESCRIBE on TOPIC "theirs"`}},
		"batch headers":     {append([]kfake.ACL{read}, all...), everyTopic, []string{`READ on TOPIC "theirs"`}},
		"those of one only": {append([]kfake.ACL{read}, all...), func(topic string) bool { return topic == "mine" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := guarded(t, tc.headers, tc.acls...)
			deadline := time.Now().Add(10 * time.Second)
			for {
				findings := s.Check(t.Context())
				if slices.Equal(missing(findings), tc.want) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("missing %q, want %q; findings %+v", missing(findings), tc.want, findings)
				}
			}
		})
	}
}

// A broker leaves the commits of topics that may not be described out of its answer, without an error.
func TestCheckNamesGroupsThatShowNothing(t *testing.T) {
	c := embedded(t)
	k := lagtest.Kafka(t, nil, c.ListenAddrs())
	k.Create("orders", 1)
	k.Append("orders", 0, 3)
	k.Commit("seen", "orders", 0, 1)
	for i := range 7 {
		k.Commit("hidden-"+strconv.Itoa(i), "orders", 0, 1)
	}
	c.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := r.(*kmsg.OffsetFetchRequest)
		answer := req.ResponseKind().(*kmsg.OffsetFetchResponse)
		for _, g := range req.Groups {
			group := kmsg.NewOffsetFetchResponseGroup()
			group.Group = g.Group
			if g.Group == "seen" {
				group.Topics = []kmsg.OffsetFetchResponseGroupTopic{{Topic: "orders", Partitions: []kmsg.OffsetFetchResponseGroupTopicPartition{{Offset: 1, LeaderEpoch: -1}}}}
			}
			answer.Groups = append(answer.Groups, group)
		}
		return answer, nil, true
	})
	for _, f := range source(t, kafkasource.Config{Brokers: c.ListenAddrs()}).Check(t.Context()).Findings {
		if f.Subject != "groups" {
			continue
		}
		for _, want := range []string{"8 of 8 can be read", `"hidden-0", "hidden-1"`, "and 2 more", "DESCRIBE on their topics"} {
			if !strings.Contains(f.Detail, want) {
				t.Errorf("%q does not say %q", f.Detail, want)
			}
		}
		return
	}
	t.Error("no finding about groups")
}

func TestCheckTellsWhatIsWrong(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := embedded(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "p"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	_ = listener.Close()
	for name, tc := range map[string]struct {
		cfg  kafkasource.Config
		code lag.ErrorCode
		says string
	}{
		"unreachable":    {kafkasource.Config{Brokers: []string{closed}}, lag.Unreachable, "refused"},
		"no SASL":        {kafkasource.Config{Brokers: c.ListenAddrs()[:1]}, lag.Unreachable, "may expect TLS or SASL"},
		"wrong password": {kafkasource.Config{Brokers: c.ListenAddrs()[:1], SASL: &kafkasource.SASL{Mechanism: "PLAIN", Username: "ada", Password: "x"}}, lag.AuthenticationError, "closed the connection during authentication"},
		"TLS to plain":   {kafkasource.Config{Brokers: c.ListenAddrs()[:1], TLS: &kafkasource.TLS{}, Limits: kafkasource.Limits{Dial: time.Second}}, lag.Unreachable, "TLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			f := source(t, tc.cfg).Check(ctx).Findings[0]
			if f.Code != tc.code || !strings.Contains(f.Detail, tc.says) {
				t.Errorf("finding %+v, want %s with %q", f, tc.code, tc.says)
			}
		})
	}
}
