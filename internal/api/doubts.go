package api

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
)

// doubt is why a poll that failed nowhere does not know a group.
type doubt struct {
	code   string
	stage  lag.Stage
	detail string
}

const namesShown = 3

// doubts are the reasons for which groups are not complete although no part of the poll failed: one for each reason, with the
// groups of which it is true.
//
//	the group                                                             code
//	is denied by its coordinator, or listed by nobody, for less than 30 s GROUP_NOT_LISTED
//	had commits that are missing in the answer, for less than 30 s        COMMITS_MISSING
//	rebalances since the first poll, and never committed                  REBALANCE_IN_PROGRESS
//	has an error that nothing else names                                  that error
func doubts(c *engine.ClusterReport) (list []Error) {
	groups := map[doubt][]string{}
	var order []doubt
	for i := range c.Groups {
		g := &c.Groups[i]
		if g.Summary.Complete {
			continue
		}
		why, ok := doubtOf(g.Lag, &g.Summary)
		if !ok && !lag.Complete(c.Snapshot.Errors) {
			continue // an error of the poll says it
		}
		if groups[why] == nil {
			order = append(order, why)
		}
		groups[why] = append(groups[why], g.Lag.Group)
	}
	for _, why := range order {
		list = append(list, Error{Stage: string(why.stage), Code: why.code, Detail: named(groups[why]) + ": " + why.detail})
	}
	return list
}

// doubtOf is why a group is not complete; ok is false if an error of the poll may say it.
func doubtOf(g *lag.GroupLag, sum *lag.Summary) (why doubt, ok bool) {
	switch {
	case g.Err == lag.Unlisted, g.Err == lag.OK && g.Missed > 0:
		return doubt{lag.Unlisted.String(), lag.StageDescribe, "no broker knows them now; if their coordinator says for 30 s that they do not exist, they are believed gone"}, true
	case g.Err == lag.CommitsMissing:
		return doubt{g.Err.String(), lag.StageCommits, "commits that they had are missing in this poll; after 30 s they are believed gone"}, true
	case g.Err == lag.OK && !sum.Counted():
		return doubt{"REBALANCE_IN_PROGRESS", lag.StageDescribe, "who is in them, and what they read, is not known yet"}, true
	case g.Err != lag.OK:
		return doubt{g.Err.String(), lag.StageDescribe, "they cannot be read"}, false
	}
	code := lag.Unreachable
	for _, p := range g.Partitions {
		if !p.Answered() && p.Err != lag.OK {
			code = p.Err
			break
		}
	}
	return doubt{code.String(), lag.StageOffsets, "some of their partitions cannot be read"}, false
}

// named are the first groups of a list, and how many more there are.
func named(groups []string) string {
	var text strings.Builder
	text.WriteString("groups ")
	for i, name := range groups[:min(namesShown, len(groups))] {
		if i > 0 {
			text.WriteString(", ")
		}
		if strconv.Quote(name) != `"`+name+`"` { // it has characters that a terminal may obey
			name = strconv.Quote(name)
		}
		text.WriteString(name)
	}
	if n := len(groups) - namesShown; n > 0 {
		fmt.Fprintf(&text, " and %d more", n)
	}
	return text.String()
}
