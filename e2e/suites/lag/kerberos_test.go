package lag_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kdc"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource"
)

// TestKerberos reads a real broker behind a real KDC, with a password and with a keytab, while both are rotated.
func TestKerberos(t *testing.T) {
	t.Parallel()
	const password = "hunter2-password"
	center := kdc.Start(t)
	center.Administer("addprinc +requires_preauth -pw " + password + " reader")
	keytab := center.Service("robot")
	broker := center.Service("kafka/localhost")
	c := kafka.Start(t, kafka.Config{
		Version: kafka.Versions[0], Nodes: 1,
		Kerberos: &kafka.Kerberos{Principal: "kafka/localhost@" + kdc.Realm, Keytab: broker, Krb5Conf: center.Krb5Conf},
		// Brokers close connections after this time, so that there is a new authentication every second.
		Properties: map[string]string{"connections.max.reauth.ms": "1000", "offsets.topic.replication.factor": "1"},
	})
	topic := c.CreateTopic(t, "kerberos", 3)
	c.Produce(t, topic, 5)
	secret := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(secret+".new", []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(secret+".new", secret); err != nil {
			t.Fatal(err)
		}
	}
	write(password)
	open := func(s kafkasource.SASL) *kafkasource.Source {
		t.Helper()
		s.Mechanism, s.Kerberos.Realm, s.Kerberos.KDC = "GSSAPI", kdc.Realm, []string{center.Address}
		source, err := kafkasource.New(kafkasource.Config{Cluster: "main", Brokers: strings.Split(c.SASLBootstrap(), ","), SASL: &s})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { source.Close() })
		return source
	}
	sources := map[string]*kafkasource.Source{
		"password": open(kafkasource.SASL{Username: "reader", PasswordFile: secret}),
		"keytab":   open(kafkasource.SASL{Username: "robot", Kerberos: kafkasource.Kerberos{KeytabFile: keytab}}),
	}
	poll := func(when string) {
		t.Helper()
		for name, s := range sources {
			if o := s.Observe(t.Context()); !lag.Complete(o.Errors) {
				t.Errorf("%s, with a %s: %v", when, name, o.Errors)
			}
		}
	}
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		poll("at first")
	}
	// Both get new keys. Until the files have them, the tickets that are held go on; after that, new tickets are got with the new keys.
	asked := strings.Count(center.Log(), "AS_REQ")
	center.Administer("cpw -pw hunter2-rotated reader")
	center.Keytab("robot", keytab)
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		poll("between the KDC and the file")
	}
	write("hunter2-rotated")
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		poll("after the rotation")
	}
	if now := strings.Count(center.Log(), "AS_REQ"); now < asked+2 {
		t.Errorf("the KDC was asked %d times before the rotation and %d times after it: no new ticket was got", asked, now)
	}
	center.End()
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		poll("without the KDC")
	}
	center.Begin()
	for name, wrong := range map[string]struct {
		sasl kafkasource.SASL
		want []string
	}{
		"password": {kafkasource.SASL{Username: "reader", Password: password}, []string{"KDC_ERR_PREAUTH_FAILED", "reader@" + kdc.Realm}},
		// Without pre-authentication the KDC gives a ticket to everybody, and only who knows the password can use it.
		"password without pre-authentication": {kafkasource.SASL{Username: "robot", Password: password}, []string{"client password/keytab incorrect", "robot@" + kdc.Realm}},
		"principal":                           {kafkasource.SASL{Username: "nobody", Password: password}, []string{"KDC_ERR_C_PRINCIPAL_UNKNOWN", "nobody@" + kdc.Realm}},
		"service":                             {kafkasource.SASL{Username: "reader", PasswordFile: secret, Kerberos: kafkasource.Kerberos{ServiceName: "other"}}, []string{"KDC_ERR_S_PRINCIPAL_UNKNOWN", "other/localhost"}},
	} {
		o := open(wrong.sasl).Observe(t.Context())
		text := fmt.Sprint(o.Errors)
		for _, want := range append(wrong.want, center.Address) {
			if !strings.Contains(text, want) || strings.Contains(text, "hunter2") {
				t.Errorf("a wrong %s: %s does not say %s, or has the password", name, text, want)
			}
		}
	}
}
