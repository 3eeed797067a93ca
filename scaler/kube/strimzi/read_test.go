package strimzi

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kafka is a resource as Strimzi writes it, with three listeners.
func kafka(name string) *unstructured.Unstructured {
	listener := func(name string, tls bool, authentication string) map[string]any {
		l := map[string]any{"name": name, "port": int64(9092), "type": "internal", "tls": tls}
		if authentication != "" {
			l["authentication"] = map[string]any{"type": authentication}
		}
		return l
	}
	status := func(name, servers string, certificates ...any) map[string]any {
		return map[string]any{"name": name, "bootstrapServers": servers, "certificates": certificates}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kafka.strimzi.io/v1beta2", "kind": "Kafka",
		"metadata": map[string]any{"namespace": "kafka", "name": name},
		"spec": map[string]any{"kafka": map[string]any{"listeners": []any{
			listener("plain", false, ""), listener("tls", true, "tls"), listener("scram", true, "scram-sha-512"), listener("oauth", true, "oauth"), listener("new", true, "tls"),
		}}},
		"status": map[string]any{"clusterId": "id-1", "listeners": []any{
			status("plain", "orders-kafka-bootstrap.kafka.svc:9092"),
			status("tls", "orders-kafka-bootstrap.kafka.svc:9093", "CA1\n", "CA2"),
			status("scram", "a:9094, b:9094", "CA1"),
			map[string]any{"type": "oauth", "bootstrapServers": "a:9095"},
		}},
	}}
}

func secretOf(cluster string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kafka", Name: "reader", Labels: map[string]string{"strimzi.io/cluster": cluster}}, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	return s
}

func TestRead(t *testing.T) {
	both := secretOf("orders", map[string]string{"password": "hunter2", "user.crt": "CERT", "user.key": "hunter2-key"})
	for name, c := range map[string]struct {
		by     Selection
		secret *corev1.Secret
		want   Found
		err    string
	}{
		"no authentication":    {Selection{Listener: "plain"}, nil, Found{Brokers: []string{"orders-kafka-bootstrap.kafka.svc:9092"}}, ""},
		"a user is not needed": {Selection{Listener: "plain", User: "reader"}, both, Found{Brokers: []string{"orders-kafka-bootstrap.kafka.svc:9092"}}, ""},
		"tls":                  {Selection{Listener: "tls", User: "reader"}, both, Found{Brokers: []string{"orders-kafka-bootstrap.kafka.svc:9093"}, TLS: true, CA: "CA1\nCA2\n", Cert: "CERT", Key: "hunter2-key"}, ""},
		"scram":                {Selection{Listener: "scram", User: "reader"}, both, Found{Brokers: []string{"a:9094", "b:9094"}, TLS: true, CA: "CA1\n", Username: "reader", Password: "hunter2"}, ""},
		"another authentication is of the configuration": {Selection{Listener: "oauth"}, nil, Found{Brokers: []string{"a:9095"}, TLS: true}, ""},

		"no listener":         {Selection{Listener: "external"}, nil, Found{}, `spec.kafka.listeners has no listener "external"`},
		"not ready":           {Selection{Listener: "new", User: "reader"}, both, Found{}, `status.listeners has no bootstrapServers of listener "new" yet`},
		"no user":             {Selection{Listener: "tls"}, nil, Found{}, `the listener "tls" has the authentication tls, and no user is configured`},
		"no secret":           {Selection{Listener: "tls", User: "{name}-reader"}, nil, Found{}, "there is no Secret kafka/orders-reader: Strimzi's operator makes it"},
		"of another cluster":  {Selection{Listener: "tls", User: "reader"}, secretOf("other", nil), Found{}, "the Secret kafka/reader is of a user of the cluster other"},
		"a user of TLS":       {Selection{Listener: "scram", User: "reader"}, secretOf("orders", map[string]string{"user.key": "hunter2"}), Found{}, "the Secret kafka/reader has no password, which the authentication scram-sha-512"},
		"a user of SCRAM":     {Selection{Listener: "tls", User: "reader"}, secretOf("orders", map[string]string{"password": "hunter2"}), Found{}, "has no user.crt"},
		"without the key too": {Selection{Listener: "tls", User: "reader"}, secretOf("orders", map[string]string{"password": "hunter2"}), Found{}, "has no user.key"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(kafka("orders"), c.by, c.secret)
			if got.Err != nil || c.err != "" {
				if got.Err == nil || !strings.Contains(got.Err.Error(), c.err) || c.err == "" || strings.Contains(got.Err.Error(), "hunter2") {
					t.Errorf("%v, want %s", got.Err, c.err)
				}
				return
			}
			want := c.want
			want.Namespace, want.Name, want.ClusterID = "kafka", "orders", "id-1"
			if a, b := show(got), show(want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
			for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(format, []any{got, &got, struct{ F Found }{got}}); strings.Contains(text, "hunter2") {
					t.Errorf("%s prints %s", format, text)
				}
			}
		})
	}
}

func show(f Found) string {
	return fmt.Sprintf("%s %v %s %v %q %q %q %q %q", f.Origin(), f.Brokers, f.ClusterID, f.TLS, f.CA, f.Username, f.Password, f.Cert, f.Key)
}

// Whatever somebody writes into a resource is an error of it, or a cluster with an address.
func FuzzRead(f *testing.F) {
	for _, object := range []*unstructured.Unstructured{kafka("orders"), {Object: map[string]any{"spec": map[string]any{"kafka": map[string]any{"listeners": "a"}}}}} {
		text, err := object.MarshalJSON()
		if err == nil {
			f.Add(text)
		}
	}
	f.Add([]byte(`{"kind":"Kafka","spec":{"kafka":{"listeners":[1,{"name":"tls","tls":"yes"}]}},"status":{"listeners":[null,{"name":"tls","certificates":[1],"bootstrapServers":", ,"}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var o unstructured.Unstructured
		if o.UnmarshalJSON(text) != nil || o.Object == nil {
			return
		}
		for _, listener := range []string{"tls", "scram", "plain", ""} {
			if got := read(&o, Selection{Listener: listener, User: "reader"}, nil); got.Err == nil && len(got.Brokers) == 0 {
				t.Errorf("%v without an error", got.Brokers)
			}
		}
	})
}
