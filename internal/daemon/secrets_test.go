package daemon

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/internal/config"
)

// mark is part of every secret of this test.
const mark = "hunter2"

// Secrets are in no page, no metric, no answer of the API and not in the log, while the clusters that they are for fail.
func TestSecretsAreNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(mark+"-of-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		http.Error(w, r.URL.String()+string(body)+r.Header.Get("Authorization"), http.StatusUnauthorized)
	})}
	endpoint, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = refuses.Serve(endpoint) }()
	t.Cleanup(func() { _ = refuses.Close() })
	d := start(t, func(c *config.Config) {
		plain := c.Clusters[0]
		plain.Name = "plain"
		plain.SASL = &config.SASL{Mechanism: "PLAIN", UsernameFile: file, PasswordFile: file, Password: config.NewSecret(mark + "-password")}
		token := c.Clusters[0]
		token.Name = "token"
		token.SASL = &config.SASL{Mechanism: "OAUTHBEARER", OAuth: &config.OAuth{
			TokenURL: config.TokenURL("http://user:" + mark + "@" + endpoint.Addr().String() + "/token?key=" + mark), ClientID: "reader", ClientSecret: config.NewSecret(mark + "-client"),
		}}
		c.Clusters = append(c.Clusters, plain, token)
		for _, format := range []config.MessageFormat{config.CloudEvents, config.ChatText} {
			c.Messages = append(c.Messages, config.MessageReceiver{
				Name: string(format), Format: format, URL: config.NewSecret("http://user:" + mark + "@" + endpoint.Addr().String() + "/" + mark + "?key=" + mark),
				Secret: config.NewSecret(mark + "-for-signing-requests"), Headers: map[string]config.Secret{"Authorization": config.NewSecret("Bearer " + mark)},
			})
		}
		c.Log.Level = config.Debug
		c.Interval, c.SampleInterval = config.Duration(time.Second), config.Samples(time.Second)
	})
	failing := func() bool {
		clusters := d.engine.Latest().Clusters
		for _, c := range clusters[1:] {
			if c.Snapshot == nil || len(c.Snapshot.Errors) == 0 {
				return false
			}
		}
		return len(clusters) == 3
	}
	for deadline := time.Now().Add(20 * time.Second); !failing() && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	if !failing() {
		t.Fatal("the clusters with secrets do not fail")
	}
	for _, path := range []string{"/", "/status", "/metrics", "/api/v1/status", "/api/v1/groups?page=all", "/api/v1/lag", "/decisions", "/api/v1/compare"} {
		resp, err := http.Get(d.url + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || strings.Contains(string(text), mark) {
			t.Errorf("%s (%v) prints a secret:\n%s", path, err, text)
		}
	}
	d.stop()
	if err := <-d.ended; err != nil && strings.Contains(err.Error(), mark) {
		t.Errorf("it ended with %v", err)
	}
	if strings.Contains(d.log.String(), mark) {
		t.Errorf("the log has a secret:\n%s", d.log.String())
	}
}
