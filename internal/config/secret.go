package config

import (
	"fmt"
	"log/slog"
	"net/url"
)

// hiddenSecret replaces a secret in every output.
const hiddenSecret = "<secret>"

// Secret is a text that is never printed: every format shows <secret>.
type Secret struct{ text string }

// NewSecret makes a Secret of a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text. Only code that sends the secret to a server may call it.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether no secret is set.
func (s Secret) IsZero() bool { return s.text == "" }

// UnmarshalText sets the secret.
func (s *Secret) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return fmt.Errorf("is empty")
	}
	s.text = string(text)
	return nil
}

// MarshalText returns <secret>.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns <secret>, or an empty text if no secret is set.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return hiddenSecret
}

// GoString returns <secret>, for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue returns <secret>, for logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// TokenURL is a URL whose user and query may be secret: they are never printed.
type TokenURL string

// UnmarshalText sets the URL.
func (u *TokenURL) UnmarshalText(text []byte) error {
	*u = TokenURL(text)
	return nil
}

// MarshalText is the URL without its user and its query.
func (u TokenURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// String is the URL without its user and its query.
func (u TokenURL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil {
		return hiddenSecret
	}
	if parsed.User != nil {
		parsed.User = url.User("secret")
	}
	if parsed.RawQuery != "" {
		parsed.RawQuery = "secret"
	}
	return parsed.String()
}

// GoString is String, for %#v.
func (u TokenURL) GoString() string { return u.String() }

// LogValue is String, for logs.
func (u TokenURL) LogValue() slog.Value { return slog.StringValue(u.String()) }
