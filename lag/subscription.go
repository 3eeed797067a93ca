package lag

import (
	"regexp"
	"slices"
	"sort"
)

// wants is what the members of a group read.
type wants struct {
	topics   []string // subscribed or assigned, sorted
	patterns []*regexp.Regexp
	known    bool // there are members, and all of them tell what they subscribe to
}

func wanted(g *GroupLag) wants {
	w := wants{known: len(g.Members) > 0}
	for i := range g.Members {
		m := &g.Members[i]
		w.topics = append(w.topics, m.Topics...)
		for _, a := range m.Assigned {
			w.topics = append(w.topics, a.Topic)
		}
		if m.Pattern != "" { // RE2 and Java agree on all but exotic patterns; what RE2 refuses is not judged
			re, err := regexp.Compile("^(?:" + m.Pattern + ")$")
			w.known = w.known && err == nil
			if err == nil {
				w.patterns = append(w.patterns, re)
			}
		}
		if m.Topics == nil && m.Pattern == "" {
			w.known = false
		}
	}
	slices.Sort(w.topics)
	w.topics = slices.Compact(w.topics)
	return w
}

func (w wants) has(topic string) bool {
	i := sort.SearchStrings(w.topics, topic)
	return i < len(w.topics) && w.topics[i] == topic ||
		slices.ContainsFunc(w.patterns, func(re *regexp.Regexp) bool { return re.MatchString(topic) })
}

func (w wants) orphaned(topic string) bool { return w.known && !w.has(topic) }
