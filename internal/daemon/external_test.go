package daemon

import (
	"io"
	"strings"
	"testing"

	"github.com/lagscaler/lagscaler/internal/config"
)

// Without the setting nothing listens; with it, and without Kubernetes, the program says what is missing.
func TestExternalScalerIsOffByDefault(t *testing.T) {
	c, err := config.Brokers([]string{"127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	c.Kubernetes.Enabled = config.Off
	d, err := New(Options{Config: c, Log: io.Discard})
	if err != nil || d.external != nil {
		t.Errorf("%+v, %v", d.external, err)
	}
	c.ExternalScaler = &config.ExternalScaler{Listen: "127.0.0.1:0"}
	if _, err := New(Options{Config: c, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "externalScaler: needs Kubernetes") {
		t.Error(err)
	}
}

func TestAnswersAt(t *testing.T) {
	for _, c := range []struct{ listen, advertise, want string }{
		{":9092", "", ""},
		{"0.0.0.0:9092", "", ""},
		{"[::]:9092", "", ""},
		{"10.0.0.1:9092", "", "10.0.0.1:9092"},
		{":9092", "[10.0.0.1]:9092", "[10.0.0.1]:9092"},
		{"10.0.0.1:9092", "10.0.0.2:9092", "10.0.0.2:9092"},
	} {
		if got := answersAt(&config.ExternalScaler{Listen: c.listen, Advertise: c.advertise}); got != c.want {
			t.Errorf("listen %q, advertise %q: %q, want %q", c.listen, c.advertise, got, c.want)
		}
	}
	if got := answersAt(nil); got != "" {
		t.Errorf("without the endpoint: %q", got)
	}
}
