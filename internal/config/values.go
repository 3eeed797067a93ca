package config

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Duration is a time.Duration in the syntax of Go: 500ms, 30s, 1h30m.
type Duration time.Duration

// UnmarshalText parses a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("must be a duration such as 500ms, 30s or 1h30m")
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes a duration without units that are zero: 10m, not 10m0s.
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

// Samples is the time between two samples, or NoSamples.
type Samples time.Duration

// NoSamples means that a cluster is not sampled.
const NoSamples Samples = -1

// UnmarshalText parses a duration, or none.
func (s *Samples) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*s = NoSamples
		return nil
	}
	var d Duration
	if err := d.UnmarshalText(text); err != nil {
		return fmt.Errorf("must be none, or a duration such as 500ms or 30s")
	}
	*s = Samples(d)
	return nil
}

// MarshalText writes what UnmarshalText parses.
func (s Samples) MarshalText() ([]byte, error) {
	if s == NoSamples {
		return []byte("none"), nil
	}
	return Duration(s).MarshalText()
}

// Regexp is a pattern that must match the complete name. The zero value means that no pattern is set; it matches nothing.
type Regexp struct {
	text string
	re   *regexp.Regexp
}

// UnmarshalText parses a pattern in the syntax of package regexp (RE2), and anchors it at both ends.
func (r *Regexp) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return fmt.Errorf("must be a pattern; .* matches everything")
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

// Regexp is the compiled pattern, anchored at both ends; nil if no pattern is set.
func (r Regexp) Regexp() *regexp.Regexp { return r.re }

// Match reports whether the complete name matches. A pattern that is not set matches nothing.
func (r Regexp) Match(name string) bool { return r.re != nil && r.re.MatchString(name) }

// AnyMatch reports whether one of the patterns matches the complete name.
func AnyMatch(patterns []Regexp, name string) bool {
	return slices.ContainsFunc(patterns, func(r Regexp) bool { return r.Match(name) })
}

// Allows reports whether the filter includes a name and does not exclude it.
func (f Filter) Allows(name string) bool {
	return (len(f.Include) == 0 || AnyMatch(f.Include, name)) && !AnyMatch(f.Exclude, name)
}

// parseEnum sets a value that must be one of the allowed values.
func parseEnum[T ~string](to *T, text []byte, allowed ...T) error {
	if !slices.Contains(allowed, T(text)) {
		return fmt.Errorf("must be %s", oneOf(allowed))
	}
	*to = T(text)
	return nil
}

// oneOf lists words for an error message: "a, b or c".
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
	GSSAPI      Mechanism = "GSSAPI"
)

// UnmarshalText parses a mechanism.
func (m *Mechanism) UnmarshalText(text []byte) error {
	return parseEnum(m, text, Plain, Scram256, Scram512, OAuthBearer, MSKIAM, GSSAPI)
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

// UnmarshalText parses a level.
func (l *Level) UnmarshalText(text []byte) error { return parseEnum(l, text, Debug, Info, Warn, Error) }

// Slog is the level of log/slog.
func (l Level) Slog() slog.Level {
	return map[Level]slog.Level{Debug: slog.LevelDebug, Warn: slog.LevelWarn, Error: slog.LevelError}[l]
}

// Format is the format of log lines.
type Format string

// The log formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// UnmarshalText parses a format.
func (f *Format) UnmarshalText(text []byte) error { return parseEnum(f, text, Text, JSON) }

// Switch is on, off, or auto: the program decides by its environment.
type Switch string

// The values of a Switch.
const (
	Auto Switch = "auto"
	On   Switch = "true"
	Off  Switch = "false"
)

// UnmarshalText parses a switch.
func (s *Switch) UnmarshalText(text []byte) error { return parseEnum(s, text, Auto, On, Off) }

// Label is a label that a KafkaScaler must have, written as KEY=VALUE.
type Label struct{ Key, Value string }

var labelText = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._/-]*)=([A-Za-z0-9._-]*)$`)

// UnmarshalText parses KEY=VALUE.
func (l *Label) UnmarshalText(text []byte) error {
	m := labelText.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("must be KEY=VALUE, such as tier=batch")
	}
	l.Key, l.Value = string(m[1]), string(m[2])
	return nil
}

// MarshalText writes the label as it was read.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.Key + "=" + l.Value), nil }

// Time is a time of RFC 3339.
type Time time.Time

// UnmarshalText parses a time.
func (t *Time) UnmarshalText(text []byte) error {
	v, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("must be a time such as 2026-12-01T06:00:00Z")
	}
	*t = Time(v)
	return nil
}

// MarshalText writes the time; one that is not set is empty.
func (t Time) MarshalText() ([]byte, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return []byte(time.Time(t).Format(time.RFC3339)), nil
}
