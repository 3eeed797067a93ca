package config

import (
	"slices"
	"strings"
	"testing"
)

// messagesEnv has, beside the files of testEnv, those of receivers.
func messagesEnv() Env {
	env := testEnv()
	read := env.ReadFile
	env.ReadFile = func(name string) ([]byte, error) {
		if text, ok := map[string]string{
			"/etc/l/url": "https://hooks/hunter2\n", "/etc/l/no-url": "hunter2\n", "/etc/l/two": "the first secret of a receiver\r\nwhsec_c2VjcmV0c2VjcmV0c2VjcmV0\n",
			"/etc/l/five": strings.Repeat("a secret of a receiver\n", 5),
		}[name]; ok {
			return []byte(text), nil
		}
		return read(name)
	}
	return env
}

func TestMessages(t *testing.T) {
	c, err := Parse([]byte(minimal+`
messages:
- {name: incidents, url: "https://events/x?${PW}", secretFile: two, headers: {Authorization: "Bearer ${PW}"}}
- {name: chat, urlFile: url, format: text, kinds: [decision, stop], namespaces: [shop], groups: ["o.*"], reasons: [ScaleUp]}
`), messagesEnv())
	if err != nil {
		t.Fatal(err)
	}
	a, b := &c.Messages[0], &c.Messages[1]
	if a.Format != CloudEvents || len(a.Kinds) != 0 || a.Headers["Authorization"].Reveal() != "Bearer hunter2: #x" || a.URL.Reveal() != "https://events/x?hunter2: #x" {
		t.Errorf("%+v", a)
	}
	if got := a.Secrets(); !slices.Equal(got, []string{"the first secret of a receiver", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"}) {
		t.Errorf("secrets %q", got)
	}
	if b.URL.Reveal() != "https://hooks/hunter2" || b.Format != ChatText || !slices.Equal(b.Kinds, []MessageKind{"decision", "stop"}) || !b.Groups[0].Match("orders") || b.Secrets() != nil {
		t.Errorf("%+v", b)
	}
	if !slices.Contains(c.Files(), "/etc/l/url") || !slices.Contains(c.Files(), "/etc/l/two") {
		t.Errorf("files %v", c.Files())
	}
	shown, err := c.Redacted()
	if err != nil || strings.Contains(string(shown), "hunter2") || strings.Contains(string(shown), "first secret") || !strings.Contains(string(shown), "url: <secret>") {
		t.Errorf("%v: %s", err, shown)
	}
}

func TestMistakesInMessages(t *testing.T) {
	for text, want := range map[string]string{
		"{url: 'http://x'}":                                                "messages[0].name: is missing",
		"{name: A b, url: 'http://x'}":                                     `messages[0].name: "A b": must have small letters`,
		"{name: a}":                                                        "messages[0].url: is missing: set it or urlFile",
		"{name: a, url: hunter2}":                                          `messages[0].url: "<secret>": must be an address`,
		"{name: a, url: 'ftp://x/hunter2'}":                                "must be an address such as https://",
		"{name: a, urlFile: no-url}":                                       `messages[0].urlFile: "no-url": must be an address`,
		"{name: a, urlFile: nowhere}":                                      "messages[0].urlFile",
		"{name: a, url: 'http://x', urlFile: url}":                         "must not be set together with url",
		"{name: a, url: 'http://x', format: xml}":                          "must be cloudevents or text",
		"{name: a, url: 'http://x', kinds: [lag]}":                         "must be decision, rebalance, refusal, freeze, promise or stop",
		"{name: a, url: 'http://x', secret: short}":                        "must have at least 16 bytes",
		"{name: a, url: 'http://x', secret: 'whsec_%%%%'}":                 "begins with whsec_, and is not base64 after it",
		"{name: a, url: 'http://x', secret: 'whsec_aHVudGVyMg=='}":         "must have at least 16 bytes",
		"{name: a, url: 'http://x', secretFile: five}":                     "must have at most 4 lines",
		"{name: a, url: 'http://x', secret: x, secretFile: two}":           "must not be set together with secret",
		"{name: a, url: 'http://x', headers: {content-type: hunter2}}":     "is set by the format",
		"{name: a, url: 'http://x', headers: {'a b': hunter2}}":            "must be a header of HTTP",
		"{name: a, url: 'http://x', headers: {a: \"hunter2\\nb\"}}":        "with a value of one line",
		"{name: a, url: 'http://x', caFile: nowhere}":                      "messages[0].caFile",
		"{name: a, url: 'http://x'}\n- {name: a, url: 'http://y'}":         "messages[1].name: \"a\": is used twice",
		strings.Repeat("{name: a, url: 'http://x'}\n- ", 20) + "{name: b}": "messages: must have at most 20 receivers",
		"{name: a, url: 'http://x', reasons: ['(']}":                       "not a regular expression",
	} {
		_, err := Parse([]byte(minimal+"messages:\n- "+text+"\n"), messagesEnv())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error has a secret: %v", text, err)
		}
	}
}
