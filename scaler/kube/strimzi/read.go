package strimzi

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ResourceName stands for the name of the Kafka resource in Selection.User.
const ResourceName = "{name}"

// Selection says which Kafka resources are clusters to read, and how.
type Selection struct {
	Namespace string
	Labels    string // a label selector such as a=b,c=d; empty: all
	Listener  string // the name of the listener
	User      string // the KafkaUser, whose Secret has its name; {name} stands for the name of the Kafka resource; empty: none
}

// Secret is the name of the Secret of the user for a Kafka resource.
func (s Selection) Secret(kafka string) string {
	return strings.ReplaceAll(s.User, ResourceName, kafka)
}

// Found is one cluster.
type Found struct {
	Namespace, Name string // of the Kafka resource; the name is empty if a whole Selection cannot be read
	By              Selection
	Err             error // why the rest is not known

	Brokers   []string
	ClusterID string // empty: not known yet
	TLS       bool
	CA        string // certificate authorities of the brokers, PEM; empty: those of the system

	Username, Password string // of SCRAM-SHA-512; empty: none
	Cert, Key          string // of the user, PEM; empty: none
}

// Origin names the resource for people.
func (f Found) Origin() string {
	if f.Name == "" {
		return "Strimzi in " + f.Namespace
	}
	return "Kafka " + f.Namespace + "/" + f.Name
}

// String names the resource, and no secret.
func (f Found) String() string { return f.Origin() }

// GoString is String, for %#v.
func (f Found) GoString() string { return f.Origin() }

// read is what a Kafka resource and the Secret of its user say. The Secret is nil if it does not exist.
//
//	authentication of the listener   needs of the Secret
//	none                             nothing
//	scram-sha-512                    password
//	tls                              user.crt, user.key
//	any other                        nothing: the configuration has to say it
func read(kafka *unstructured.Unstructured, s Selection, secret *corev1.Secret) (f Found) {
	f = Found{Namespace: kafka.GetNamespace(), Name: kafka.GetName()}
	f.ClusterID, _, _ = unstructured.NestedString(kafka.Object, "status", "clusterId")
	declared := named(kafka, s.Listener, "spec", "kafka", "listeners")
	if declared == nil {
		f.Err = fmt.Errorf("spec.kafka.listeners has no listener %q", s.Listener)
		return f
	}
	f.TLS, _ = declared["tls"].(bool)
	if f.Err = f.address(named(kafka, s.Listener, "status", "listeners"), s.Listener); f.Err == nil {
		kind, _, _ := unstructured.NestedString(declared, "authentication", "type")
		f.Err = f.user(kind, s, secret)
	}
	return f
}

// named is the listener of a name in a list of the resource; nil: there is none. The status of old versions has the name in type.
func named(kafka *unstructured.Unstructured, name string, path ...string) map[string]any {
	all, _, _ := unstructured.NestedSlice(kafka.Object, path...)
	for _, one := range all {
		listener, _ := one.(map[string]any)
		of, _ := listener["name"].(string)
		kind, _ := listener["type"].(string)
		if cmp.Or(of, kind) == name {
			return listener
		}
	}
	return nil
}

// address reads where the brokers are, from the listener in the status.
func (f *Found) address(status map[string]any, listener string) error {
	servers, _ := status["bootstrapServers"].(string)
	for address := range strings.SplitSeq(servers, ",") {
		if address = strings.TrimSpace(address); address != "" {
			f.Brokers = append(f.Brokers, address)
		}
	}
	if len(f.Brokers) == 0 {
		return fmt.Errorf("status.listeners has no bootstrapServers of listener %q yet: Strimzi's operator writes them when the listener is ready", listener)
	}
	certificates, _ := status["certificates"].([]any)
	for _, one := range certificates {
		pem, _ := one.(string)
		f.CA += strings.TrimSpace(pem) + "\n"
	}
	return nil
}

// user reads the credentials from the Secret.
func (f *Found) user(authentication string, s Selection, secret *corev1.Secret) error {
	var keys []string
	switch authentication {
	case "scram-sha-512":
		keys = []string{"password"}
	case "tls":
		keys = []string{"user.crt", "user.key"}
	default:
		return nil
	}
	if s.User == "" {
		return fmt.Errorf("the listener %q has the authentication %s, and no user is configured", s.Listener, authentication)
	}
	name := s.Secret(f.Name)
	if secret == nil {
		return fmt.Errorf("there is no Secret %s/%s: Strimzi's operator makes it for the KafkaUser %s", f.Namespace, name, name)
	}
	if of := secret.Labels["strimzi.io/cluster"]; of != "" && of != f.Name {
		return fmt.Errorf("the Secret %s/%s is of a user of the cluster %s", f.Namespace, name, of)
	}
	var missing []error
	for _, key := range keys {
		if len(secret.Data[key]) == 0 {
			missing = append(missing, fmt.Errorf("the Secret %s/%s has no %s, which the authentication %s of listener %q needs", f.Namespace, name, key, authentication, s.Listener))
		}
	}
	if len(missing) > 0 {
		return errors.Join(missing...)
	}
	if authentication == "tls" {
		f.Cert, f.Key = string(secret.Data["user.crt"]), string(secret.Data["user.key"])
		return nil
	}
	f.Username, f.Password = name, string(secret.Data["password"])
	return nil
}
