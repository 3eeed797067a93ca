package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// Everything that is wrong with the endpoint is said at once, with its field and its value.
func TestExternalScaler(t *testing.T) {
	const cluster = "clusters: [{name: main, brokers: ['k:9092']}]\n"
	for _, c := range []struct {
		name, text string
		want       []string // none: it is right
	}{
		{"plain", "externalScaler: {listen: ':9092', advertise: '[10.0.0.1]:9092'}", nil},
		{"with certificates", "externalScaler: {listen: ':9092', tls: {certFile: there, keyFile: there, clientCAFile: there}}", nil},
		{"without an address", "externalScaler: {advertise: 'a:1'}", []string{"externalScaler.listen: is missing"}},
		{"all of it wrong", "externalScaler: {listen: x, advertise: ':9092', tls: {certFile: gone, clientCAFile: gone}}", []string{
			`externalScaler.listen: "x": must be HOST:PORT`, `externalScaler.advertise: ":9092": must be HOST:PORT; the host is missing`, `externalScaler.tls.certFile: "gone"`,
			"externalScaler.tls.keyFile: is missing", "externalScaler.tls.clientCAFile:",
		}},
		{"without Kubernetes", "kubernetes: {enabled: false}\nexternalScaler: {listen: ':9092'}", []string{"externalScaler: must not be set when kubernetes.enabled is false"}},
	} {
		_, err := Parse([]byte(cluster+c.text), Env{Name: "f", ReadFile: func(name string) ([]byte, error) {
			if !strings.HasSuffix(name, "there") {
				return nil, fs.ErrNotExist
			}
			return []byte("x"), nil
		}})
		if (err != nil) != (len(c.want) > 0) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, text := range c.want {
			if problems := (*Problems)(nil); !errors.As(err, &problems) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: no %q in\n%v", c.name, text, err)
			}
		}
	}
}
