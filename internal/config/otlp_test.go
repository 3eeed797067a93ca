package config

import (
	"strings"
	"testing"
	"time"
)

func TestOTLP(t *testing.T) {
	c := parse(t, minimal+"otlp: {endpoint: 'http://collector:4318', headers: {Authorization: 'Bearer ${PW}'}}\n")
	if o := c.OTLP; o.Protocol != OTLPHTTP || time.Duration(o.Interval) != time.Minute || o.Headers["Authorization"].Reveal() != "Bearer hunter2: #x" {
		t.Errorf("%+v", o)
	}
	shown, err := c.Redacted()
	if err != nil || strings.Contains(string(shown), "hunter2") || !strings.Contains(string(shown), "Authorization: <secret>") {
		t.Errorf("%v: %s", err, shown)
	}
	if c := parse(t, minimal); c.OTLP != nil {
		t.Error("it is on by default")
	}
}

func TestMistakesInOTLP(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                 "otlp.endpoint: is missing",
		"{endpoint: collector:4318}":         "must be an address such as http://collector:4318",
		"{endpoint: 'ftp://x:1'}":            "must be an address such as http://collector:4318",
		"{endpoint: 'http://u:hunter2@x:1'}": "without user and query",
		"{endpoint: 'http://x:4317/v1', protocol: grpc}":      "must not have a path",
		"{endpoint: 'http://x:1', protocol: json}":            `otlp.protocol: "json": must be http/protobuf or grpc`,
		"{endpoint: 'http://x:1', interval: 10ms}":            `otlp.interval: "10ms": must be at least 1s`,
		"{endpoint: 'http://x:1', tls: {caFile: ca.pem}}":     "is for an endpoint that begins with https",
		"{endpoint: 'https://x:1', tls: {caFile: nowhere}}":   "otlp.tls.caFile",
		"{endpoint: 'https://x:1', tls: {certFile: ca.pem}}":  "otlp.tls.keyFile: is missing",
		"{endpoint: 'https://x:1', tls: {keyFile: ca.pem}}":   "otlp.tls.certFile: is missing",
		"{endpoint: 'http://x:1', headers: {a: '${ABSENT}'}}": "ABSENT is not set",
	} {
		_, err := Parse([]byte(minimal+"otlp: "+text+"\n"), testEnv())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error has the password: %v", text, err)
		}
	}
}
