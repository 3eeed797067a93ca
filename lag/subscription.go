package lag

import (
	"regexp"
	"slices"
	"sort"
)

// subscription is the topics that the members of a group want.
type subscription struct {
	topics   []string // subscribed or assigned, sorted
	patterns []*regexp.Regexp
	known    bool // there are members, and all of them send what they subscribe to
}

func subscriptionOf(g *GroupLag) subscription {
	s := subscription{known: len(g.Members) > 0}
	for i := range g.Members {
		m := &g.Members[i]
		s.topics = append(s.topics, m.Topics...)
		for _, a := range m.Assigned {
			s.topics = append(s.topics, a.Topic)
		}
		if m.Pattern != "" { // RE2 and Java agree on all but exotic patterns; a pattern that RE2 refuses leaves it unknown
			re, err := regexp.Compile("^(?:" + m.Pattern + ")$")
			s.known = s.known && err == nil
			if err == nil {
				s.patterns = append(s.patterns, re)
			}
		}
		if m.Topics == nil && m.Pattern == "" {
			s.known = false
		}
	}
	slices.Sort(s.topics)
	s.topics = slices.Compact(s.topics)
	return s
}

func (s subscription) includes(topic string) bool {
	i := sort.SearchStrings(s.topics, topic)
	return i < len(s.topics) && s.topics[i] == topic ||
		slices.ContainsFunc(s.patterns, func(re *regexp.Regexp) bool { return re.MatchString(topic) })
}
