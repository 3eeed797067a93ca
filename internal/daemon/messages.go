package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/messages"
	"github.com/lagscaler/lagscaler/internal/messages/webhook"
	"github.com/lagscaler/lagscaler/internal/metrics"
)

// newMessenger makes what tells receivers what happens. Without Kubernetes what was told ends with the process.
func (d *Daemon) newMessenger(c *config.Config) (*webhook.Messenger, error) {
	receivers, err := receiversOf(c)
	if err != nil {
		return nil, err
	}
	o := webhook.Options{Source: "/lagscaler", Log: d.log}
	if d.kube != nil {
		o.Source, o.Store, o.Leading = "/lagscaler/"+d.kube.Installation(), d.kube, d.kube.Leading
	}
	return webhook.New(o, receivers), nil
}

// receiversOf are the receivers of a configuration. An error means that a file was changed after the configuration was read.
func receiversOf(c *config.Config) ([]webhook.Receiver, error) {
	var out []webhook.Receiver
	for i := range c.Messages {
		r := &c.Messages[i]
		client, err := receiverClient(r.CAFile)
		if err != nil {
			return nil, fmt.Errorf("messages[%d].caFile: %w", i, err)
		}
		one := webhook.Receiver{
			Name: r.Name, URL: r.URL.Reveal(), Text: r.Format == config.ChatText, Secrets: r.Secrets(), Headers: map[string]string{}, Client: client,
			Filter: messages.Filter{Namespaces: regexps(r.Namespaces), Groups: regexps(r.Groups), Reasons: regexps(r.Reasons)},
		}
		for name, value := range r.Headers {
			one.Headers[name] = value.Reveal()
		}
		for _, k := range r.Kinds {
			one.Filter.Kinds = append(one.Filter.Kinds, messages.Kind(k))
		}
		out = append(out, one)
	}
	return out, nil
}

// receiverClient follows no redirect: the headers and the messages are for the receiver that is configured.
func receiverClient(caFile string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxConnsPerHost: 1,
	}
	if caFile != "" {
		text, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no certificate in PEM", caFile)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// told is what became of messages, for the metrics.
func (d *Daemon) told() []metrics.Receiver {
	counts := d.messenger.Counts()
	out := make([]metrics.Receiver, len(counts))
	for i, c := range counts {
		out[i] = metrics.Receiver{Name: c.Receiver, Sent: c.Sent, Refused: c.Refused, Dropped: c.Dropped, Failed: c.Failed, Waiting: c.Waiting, Oldest: c.Oldest}
	}
	return out
}
