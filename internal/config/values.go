package config

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Duration is a time.Duration written as Go writes it: 500ms, 30s, 1h30m.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("want a duration such as 500ms, 30s or 1h30m")
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes a duration without its empty units: 10m, not 10m0s.
func (d Duration) MarshalText() ([]byte, error) {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return []byte(s), nil
}

// Regexp is a pattern that must match a whole name. The zero value matches nothing and is not set.
type Regexp struct {
	text string
	re   *regexp.Regexp
}

// NewRegexp compiles a pattern that must match a whole name.
func NewRegexp(pattern string) (Regexp, error) {
	var r Regexp
	err := r.UnmarshalText([]byte(pattern))
	return r, err
}

// UnmarshalText reads a pattern in the syntax of Go's regexp (RE2), anchored at both ends.
func (r *Regexp) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return fmt.Errorf("want a pattern; .* matches everything")
	}
	re, err := regexp.Compile("^(?:" + string(text) + ")$")
	if err != nil {
		return fmt.Errorf("not a regular expression: %w", err)
	}
	r.text, r.re = string(text), re
	return nil
}

// MarshalText writes the pattern as it was read.
func (r Regexp) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// IsZero reports whether no pattern is set.
func (r Regexp) IsZero() bool { return r.re == nil }

// Regexp is the compiled pattern, anchored at both ends; nil when none is set.
func (r Regexp) Regexp() *regexp.Regexp { return r.re }

// Match reports whether the whole name matches. A pattern that is not set matches nothing.
func (r Regexp) Match(name string) bool { return r.re != nil && r.re.MatchString(name) }

func anyMatch(patterns []Regexp, name string) bool {
	return slices.ContainsFunc(patterns, func(r Regexp) bool { return r.Match(name) })
}

// Allows reports whether the filter lets a name through.
func (f Filter) Allows(name string) bool {
	return (len(f.Include) == 0 || anyMatch(f.Include, name)) && !anyMatch(f.Exclude, name)
}

// hidden stands for a secret wherever a configuration is shown.
const hidden = "<secret>"

// Secret is a text that is never printed: every way of formatting it shows <secret>.
type Secret struct{ text string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text. Only what sends it to its server calls this.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether no secret is set.
func (s Secret) IsZero() bool { return s.text == "" }

// UnmarshalText reads a secret.
func (s *Secret) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return fmt.Errorf("is empty")
	}
	s.text = string(text)
	return nil
}

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String hides the secret; empty stays empty.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// choose reads one of a closed set of words.
func choose[T ~string](to *T, text []byte, words ...T) error {
	if !slices.Contains(words, T(text)) {
		return fmt.Errorf("want %s", oneOf(words))
	}
	*to = T(text)
	return nil
}

// oneOf lists words for people: "a, b or c".
func oneOf[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Mechanism is a SASL mechanism by its registered name.
type Mechanism string

// The SASL mechanisms.
const (
	Plain       Mechanism = "PLAIN"
	Scram256    Mechanism = "SCRAM-SHA-256"
	Scram512    Mechanism = "SCRAM-SHA-512"
	OAuthBearer Mechanism = "OAUTHBEARER"
	MSKIAM      Mechanism = "AWS_MSK_IAM"
)

// UnmarshalText reads a mechanism.
func (m *Mechanism) UnmarshalText(text []byte) error {
	return choose(m, text, Plain, Scram256, Scram512, OAuthBearer, MSKIAM)
}

// Level is the least severe message that is logged.
type Level string

// The log levels.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// UnmarshalText reads a level.
func (l *Level) UnmarshalText(text []byte) error { return choose(l, text, Debug, Info, Warn, Error) }

// Slog is the level as log/slog has it.
func (l Level) Slog() slog.Level {
	return map[Level]slog.Level{Debug: slog.LevelDebug, Warn: slog.LevelWarn, Error: slog.LevelError}[l]
}

// Format is how log lines look.
type Format string

// The log formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// UnmarshalText reads a format.
func (f *Format) UnmarshalText(text []byte) error { return choose(f, text, Text, JSON) }

// Switch is on, off, or decided by the surroundings.
type Switch string

// The positions of a Switch.
const (
	Auto Switch = "auto"
	On   Switch = "true"
	Off  Switch = "false"
)

// UnmarshalText reads a switch.
func (s *Switch) UnmarshalText(text []byte) error { return choose(s, text, Auto, On, Off) }
