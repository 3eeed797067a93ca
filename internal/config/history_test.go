package config

import (
	"strings"
	"testing"
)

func TestHistory(t *testing.T) {
	c := parse(t, minimal+`history: {prometheus: 'https://me:hunter2@prometheus/api', headers: {Authorization: 'Bearer ${PW}'}, matchers: 'namespace="lagscaler", job!~"a|b"'}`+"\n")
	if h := c.History; string(h.Prometheus) != "https://me:hunter2@prometheus/api" || h.Headers["Authorization"].Reveal() != "Bearer hunter2: #x" {
		t.Errorf("%+v", h)
	}
	shown, err := c.Redacted()
	if err != nil || strings.Contains(string(shown), "hunter2") || !strings.Contains(string(shown), "Authorization: <secret>") {
		t.Errorf("%v: %s", err, shown)
	}
	if c := parse(t, minimal); c.History != nil {
		t.Error("it is on by default")
	}
}

func TestMistakesInHistory(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                              "history.prometheus: is missing",
		"{prometheus: 'prometheus:9090'}": "must be an address such as http://prometheus.monitoring:9090",
		"{prometheus: 'http://me:hunter2@x:1?query=up'}":                       "without a query",
		"{prometheus: 'http://x:1', tls: {caFile: ca.pem}}":                    "is for an address that begins with https",
		"{prometheus: 'https://x:1', tls: {caFile: nowhere}}":                  "history.tls.caFile",
		"{prometheus: 'https://x:1', tls: {certFile: ca.pem}}":                 "history.tls.keyFile: is missing",
		"{prometheus: 'http://x:1', matchers: '{a=\"b\"}'}":                    "must be label matchers without braces",
		"{prometheus: 'http://x:1', matchers: 'a=\"b\"} or up{'}":              "must be label matchers without braces",
		"{prometheus: 'http://x:1', matchers: 'a=\"b\",c'}":                    "must be label matchers without braces",
		"{prometheus: 'http://x:1', step: 1m}":                                 "history.step: unknown field",
		"{prometheus: 'http://x:1', headers: {X-Scope-OrgID: '${NOT_THERE}'}}": "NOT_THERE is not set",
	} {
		_, err := Parse([]byte(minimal+"history: "+text+"\n"), testEnv())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error has the password: %v", text, err)
		}
	}
}
