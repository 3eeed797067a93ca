package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
)

// Problem is something that is wrong, where, and what to do about it.
type Problem struct {
	Where string `json:"where"`
	What  string `json:"what"`
	Do    string `json:"do"`
	Count int    `json:"count"` // how often, or how many groups
}

// problems are what is wrong with a report, each kind once for each cluster or scaler.
func problems(r *engine.Report, now time.Time) []Problem {
	var out []Problem
	for i := range r.Clusters {
		out = append(out, clusterProblems(&r.Clusters[i])...)
	}
	for _, p := range r.Polls {
		if !p.LastSuccess.IsZero() && now.Sub(p.LastSuccess) > time.Minute {
			out = append(out, Problem{
				Where: p.Cluster, What: "nothing was read for " + ago(now.Sub(p.LastSuccess)), Count: 1,
				Do: "what is shown is as old as that; see the errors of this cluster",
			})
		}
	}
	for i := range r.Scalers {
		out = append(out, scalerProblems(&r.Scalers[i])...)
	}
	return out
}

func clusterProblems(c *engine.ClusterReport) []Problem {
	var out []Problem
	add := func(what string, code lag.ErrorCode) {
		i := slices.IndexFunc(out, func(p Problem) bool { return p.What == what })
		if i >= 0 {
			out[i].Count++
			return
		}
		out = append(out, Problem{Where: c.Name, What: what, Do: remedy(code), Count: 1})
	}
	for _, e := range c.Snapshot.Errors {
		what := strings.ReplaceAll(string(e.Stage), "_", " ") + ": " + e.Code.String()
		if e.Broker >= 0 {
			what = fmt.Sprintf("broker %d, %s", e.Broker, what)
		}
		if e.Detail != "" {
			what += " (" + e.Detail + ")"
		}
		add(what, e.Code)
	}
	for i := range c.Snapshot.Groups {
		g := &c.Snapshot.Groups[i]
		if g.Err != lag.OK {
			add("groups that could not be read: "+g.Err.String(), g.Err)
		} else if s := g.Summary(); s.Unknown > 0 {
			add("groups of which some partitions did not answer", lag.LeaderNotAvailable)
		}
	}
	return out
}

// remedies say what to do about an error, in one sentence.
var remedies = map[lag.ErrorCode]string{
	lag.Unreachable:         "check the address, the listener and the network policy; polling goes on and recovers by itself",
	lag.AuthenticationError: "check the SASL mechanism, the user, the password and the certificates; lagscaler check tells which",
	lag.TopicDenied:         "grant DESCRIBE on the topic; lagscaler check lists what is missing",
	lag.GroupDenied:         "grant DESCRIBE on the group; lagscaler check lists what is missing",
	lag.ClusterDenied:       "grant DESCRIBE on the cluster, or only groups with a right of their own are listed",
	lag.CoordinatorLoading:  "a coordinator is loading its partitions; it passes in a second",
	lag.Unlisted:            "no broker lists the group: a coordinator may be moving; gone for good after a few polls",
	lag.LeaderNotAvailable:  "a partition has no leader: look at the brokers; a partial group is never scaled down",
	lag.UnknownTopic:        "a topic was just deleted, or metadata is old; it passes with the next poll",
	lag.Garbled:             "an answer that does not decode: is that address a Kafka broker, and is TLS set as it wants?",
	lag.NotAsked:            "the broker is too old to tell; the numbers that need it are absent",
}

func remedy(c lag.ErrorCode) string {
	if do, ok := remedies[c]; ok {
		return do
	}
	return "see the broker's log for the same time"
}

func scalerProblems(s *engine.ScalerReport) []Problem {
	where := s.Name
	switch {
	case s.Refused != "":
		return []Problem{{where, s.Refused, "nothing is decided for this scaler until that is mended", 1}}
	case s.Disposition == scaler.Failed:
		return []Problem{{where, "a write failed: " + s.Failure, "check the rights of the service account and the API server; it is tried again at the next decision", 1}}
	case s.Disposition == scaler.Conflict && s.Workload.Owner.Owns():
		return []Problem{{
			where, fmt.Sprintf("%s %s owns the target", s.Workload.Owner.Kind, s.Workload.Owner.Name),
			"remove or pause it, or let this scaler advise", 1,
		}}
	case s.Decision.Overdue:
		return []Problem{{where, "a hold is past its deadline: " + string(s.Decision.Verdict), "see its runbook: HoldOverdue", 1}}
	}
	return nil
}
