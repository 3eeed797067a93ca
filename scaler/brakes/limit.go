package brakes

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Limit is a limit of the scalers that it selects, all together. A number that is 0 limits nothing.
type Limit struct {
	Name string // as people know it
	Selector
	AddedPerMinute int32   // replicas that may be added in any minute
	SteppingDown   float64 // the share of the scalers, above 0 and at most 1, that may step down within [DownFor]; one at least
	Replicas       int32   // in all
}

const (
	// AddedIn is the time for which an added replica counts in Limit.AddedPerMinute.
	AddedIn = time.Minute
	// DownFor is the time for which a scaler counts as stepping down: until then, what a step too far does can be seen.
	DownFor = 5 * time.Minute
	// waitsFor is how long an ask that got less than it wanted is remembered: until the next decision of its scaler, and a poll.
	waitsFor = 45 * time.Second
)

// Selector selects scalers. The zero value selects all.
type Selector struct {
	Namespaces []*regexp.Regexp  // of the complete name of the namespace; empty: all
	Labels     map[string]string // that the KafkaScaler must have; empty: any
}

// Selects reports whether it selects a scaler, by its name (namespace/name) and labels.
func (s Selector) Selects(name string, labels map[string]string) bool {
	namespace, _, _ := strings.Cut(name, "/")
	if len(s.Namespaces) > 0 && !slices.ContainsFunc(s.Namespaces, func(p *regexp.Regexp) bool { return p.MatchString(namespace) }) {
		return false
	}
	for key, value := range s.Labels {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return true
}

// stepping is how many of so many scalers may step down at once.
func (l *Limit) stepping(scalers int) int { return max(1, int(l.SteppingDown*float64(scalers))) }
