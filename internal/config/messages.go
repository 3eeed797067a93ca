package config

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// MessageReceiver is a receiver of messages.
type MessageReceiver struct {
	// The name in the log and in metrics. It is unique. Messages that wait for a receiver are stored under this name.
	Name string `yaml:"name"`

	// The address: `https://…` or `http://…`. It is treated as a secret, because the address of an incoming webhook of a chat is one. Set it or urlFile.
	URL Secret `yaml:"url"`

	// A file with the address. It is read again when it changes.
	URLFile string `yaml:"urlFile"`

	// `cloudevents`, a batch of CloudEvents 1.0 in JSON, or `text`, `{"text": …}`, the format of the incoming webhooks of Slack, Mattermost and others.
	Format MessageFormat `yaml:"format"`

	// The secret that signs each request, as described in Standard Webhooks. If it begins with `whsec_`, the rest is base64. Default: requests are not signed.
	Secret Secret `yaml:"secret"`

	// A file with the secret. If it has several lines, each line is a secret, and every request has a signature of each: during a
	// rotation a receiver needs to know only one of them. The file is read again when it changes.
	SecretFile string `yaml:"secretFile"`

	// Headers of each request, such as `{Authorization: "Bearer ${TOKEN}"}`.
	Headers map[string]Secret `yaml:"headers"`

	// The kinds of messages: `decision`, `rebalance`, `refusal`, `freeze`, `promise`, `stop`. Default: all.
	Kinds []MessageKind `yaml:"kinds"`

	// Patterns of the namespaces of scalers. A group that no scaler names has none. Default: all messages.
	Namespaces []Regexp `yaml:"namespaces"`

	// Patterns of groups: of the scaler, or the one that rebalanced. Default: all messages.
	Groups []Regexp `yaml:"groups"`

	// Patterns of reasons: of a decision (docs/scaling.md) or a refusal, or the cause of a rebalance or a stop. Default: all messages.
	Reasons []Regexp `yaml:"reasons"`

	// A file with certificate authorities (PEM) that verify the certificate of the receiver. Default: those of the system. It is read again when it changes.
	CAFile string `yaml:"caFile"`
}

// MessageFormat is how a receiver wants its messages.
type MessageFormat string

// The formats of messages.
const (
	CloudEvents MessageFormat = "cloudevents"
	ChatText    MessageFormat = "text"
)

// UnmarshalText takes one of the formats.
func (f *MessageFormat) UnmarshalText(text []byte) error {
	return parseEnum(f, text, CloudEvents, ChatText)
}

// MessageKind is what a message is about.
type MessageKind string

// MessageKinds are the kinds of messages.
var MessageKinds = []MessageKind{"decision", "rebalance", "refusal", "freeze", "promise", "stop"}

// UnmarshalText takes one of the kinds.
func (k *MessageKind) UnmarshalText(text []byte) error { return parseEnum(k, text, MessageKinds...) }

func (r *MessageReceiver) setDefaults() { r.Format = CloudEvents }

// Secrets are the secrets that sign.
func (r *MessageReceiver) Secrets() []string {
	var out []string
	for line := range strings.Lines(r.Secret.Reveal()) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

const (
	mostReceivers   = 20
	signingPrefix   = "whsec_"
	leastSignature  = 16 // bytes of a secret
	mostSignatures  = 4
	receiverAddress = "must be an address such as https://events.example.com/lagscaler"
)

var receiverName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (v *validator) messages(c *Config) {
	if len(c.Messages) > mostReceivers {
		v.addProblem("messages", "must have at most %d receivers", mostReceivers)
	}
	var names []string
	for i := range c.Messages {
		r := &c.Messages[i]
		v.receiver(fmt.Sprintf("messages[%d]", i), r)
		if r.Name != "" && slices.Contains(names, r.Name) {
			v.addProblem(fmt.Sprintf("messages[%d].name", i), "is used twice")
		}
		names = append(names, r.Name)
	}
}

func (v *validator) receiver(at string, r *MessageReceiver) {
	v.require(at+".name", r.Name == "", "the name of the receiver in the log and in metrics")
	if r.Name != "" && !receiverName.MatchString(r.Name) {
		v.addProblem(at+".name", "must have small letters, digits and -, at most 63")
	}
	v.fromFile(at+".url", at+".urlFile", &r.URLFile, r.URL.IsZero(), &r.URL)
	if u, err := url.Parse(strings.TrimSpace(r.URL.Reveal())); !r.URL.IsZero() && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		v.addProblem(v.written(at+".url", at+".urlFile"), receiverAddress)
	} else {
		r.URL = NewSecret(strings.TrimSpace(r.URL.Reveal()))
	}
	if v.has(at+".secret") || v.has(at+".secretFile") {
		v.fromFile(at+".secret", at+".secretFile", &r.SecretFile, r.Secret.IsZero(), &r.Secret)
		v.signing(v.written(at+".secret", at+".secretFile"), r)
	}
	for name, value := range r.Headers {
		if strings.TrimSpace(name) == "" || strings.ContainsAny(name, " :\r\n") || strings.ContainsAny(value.Reveal(), "\r\n") {
			v.addProblem(at+".headers."+name, "must be a header of HTTP with a value of one line")
		}
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			v.addProblem(at+".headers."+name, "is set by the format")
		}
	}
	v.requireReadable(at+".caFile", &r.CAFile)
}

// signing checks the secrets that sign.
func (v *validator) signing(at string, r *MessageReceiver) {
	secrets := r.Secrets()
	if len(secrets) > mostSignatures {
		v.addProblem(at, "must have at most %d lines, each a secret", mostSignatures)
	}
	for _, s := range secrets {
		key := []byte(s)
		if text, ok := strings.CutPrefix(s, signingPrefix); ok {
			var err error
			if key, err = base64.StdEncoding.DecodeString(text); err != nil {
				v.addProblem(at, "begins with %s, and is not base64 after it", signingPrefix)
				continue
			}
		}
		if len(key) < leastSignature {
			v.addProblem(at, "must have at least %d bytes", leastSignature)
		}
	}
}

// written is the one of two fields that the file has: the first, if it has none.
func (v *validator) written(first, second string) string {
	if !v.has(first) && v.has(second) {
		return second
	}
	return first
}
