package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/internal/engine"
	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/number"
)

// Problem is what is wrong, where, and what to do about it.
type Problem struct {
	Where string `json:"where"` // a cluster, a scaler, or what else it is about
	What  string `json:"what"`
	Do    string `json:"do"`
	Count int    `json:"count"`           // how often, or how many groups
	Group string `json:"group,omitempty"` // one of the groups, when it is about groups
}

// staleAfter is the greatest age of a cluster's last successful poll that is no problem, unless the cluster is polled less than three
// times in it.
const staleAfter = time.Minute

// problems are everything that is wrong now: outside the report, with its age, and in it.
func (p *pages) problems(r *engine.Report) []Problem {
	out := []Problem{}
	if p.Troubles != nil {
		out = append(out, p.Troubles()...)
	}
	for _, poll := range r.Polls {
		if age := p.Now().Sub(poll.LastSuccess); !poll.LastSuccess.IsZero() && age > max(staleAfter, 3*poll.Interval) {
			out = append(out, Problem{
				Where: poll.Cluster, What: "nothing was read for " + number.Seconds(age.Seconds()), Count: 1,
				Do: "the values on these pages are that old, and scalers keep the replicas or use their fallbackReplicas; the errors of this cluster show the reason",
			})
		}
		if held, ok := heldBack(&poll); ok {
			out = append(out, held)
		}
	}
	return append(out, p.digests.at(r).problems()...)
}

// heldBack is that the last poll was held back by quotas of brokers.
func heldBack(p *engine.PollStats) (Problem, bool) {
	var what []string
	q := &p.LastQuota
	if q.Throttled > 0 {
		what = append(what, "asked for pauses of "+number.Seconds(q.Throttled.Seconds())+" in all")
	}
	if q.Exceeded > 0 {
		what = append(what, fmt.Sprintf("refused %d requests (%s)", q.Exceeded, lag.QuotaExceeded))
	}
	if q.Refused > 0 {
		what = append(what, fmt.Sprintf("closed %d new connections", q.Refused))
	}
	if len(what) == 0 {
		return Problem{}, false
	}
	return Problem{
		Where: p.Cluster, What: "quotas: at the last poll, brokers " + strings.Join(what, ", "), Count: 1,
		Do: "polls take longer, and nothing else is lost while they end in their interval; set requestsPerSecond, connections or a longer interval of the cluster, or ask for a higher quota: lagscaler check prints what is needed",
	}, true
}

// problemsOf are the problems in a report, each kind once for each cluster or scaler. rows are those of all its groups.
func problemsOf(r *engine.Report, rows []Row) []Problem {
	var out []Problem
	for _, c := range r.Clusters {
		n := len(c.Groups)
		out = append(out, clusterProblems(c, rows[:n])...)
		rows = rows[n:]
	}
	for i := range r.Scalers {
		if p, ok := scalerProblem(&r.Scalers[i]); ok {
			out = append(out, p)
		}
	}
	return out
}

func clusterProblems(c *engine.ClusterReport, rows []Row) []Problem {
	var out []Problem
	add := func(what, group, do string) {
		i := slices.IndexFunc(out, func(p Problem) bool { return p.What == what })
		if i >= 0 {
			out[i].Count++
			return
		}
		out = append(out, Problem{Where: c.Name, What: what, Do: do, Count: 1, Group: group})
	}
	for _, e := range c.Snapshot.Errors {
		what := strings.ReplaceAll(string(e.Stage), "_", " ") + ": " + e.Code.String()
		if e.Broker >= 0 {
			what = fmt.Sprintf("broker %d, %s", e.Broker, what)
		}
		if e.Detail != "" {
			what += " (" + e.Detail + ")"
		}
		do := remedy(e.Code)
		if e.Stage == lag.StageHeaders && e.Code == lag.TopicDenied {
			do = "grant READ on the topic, or leave it out of batchHeaders; lagscaler check lists what is missing. Until then the rest stays unknown"
		}
		add(what, "", do)
	}
	for _, f := range c.Snapshot.Foreign {
		add(fmt.Sprintf("%s belongs to the Kafka cluster %q, and not to %q", f.Address, f.ClusterID, c.Snapshot.ClusterID), "", remedy(lag.ForeignCluster))
	}
	for i := range rows {
		switch row := &rows[i]; {
		case row.code != lag.OK:
			add("groups that could not be read: "+row.Error, row.Group, remedy(row.code)+oldest(rows, row.code))
		case row.partial:
			add("groups with partitions that could not be read", row.Group, "a partition has no leader, or a broker does not answer; the lag is at least the number shown, and these groups are not scaled in")
		}
		if rows[i].missed {
			add("groups with a topic that was read within the last day and that no member subscribes to, though records arrive", rows[i].Group,
				"start its consumers again if they are down; the page of the group names the topic. If the group left it on purpose, delete the group's offsets of the topic: kafka-consumer-groups.sh --delete-offsets")
		}
	}
	return out
}

// oldest says how old the values of the groups are that could not be read for the same reason; empty if there are none.
func oldest(rows []Row, code lag.ErrorCode) string {
	age := -1.0
	for i := range rows {
		if rows[i].code == code && rows[i].AgeSeconds != nil {
			age = max(age, *rows[i].AgeSeconds)
		}
	}
	if age < 0 {
		return ""
	}
	return "; the oldest values shown are from " + number.Seconds(age) + " ago"
}

// remedies say in one sentence what to do about an error.
var remedies = map[lag.ErrorCode]string{
	lag.Unreachable:         "check the address, the listener and the network policy; polling continues and recovers by itself",
	lag.Slow:                "the broker answers, but too late: look at its load and quotas; set timeout of the cluster, or a longer interval",
	lag.AuthenticationError: "check the SASL mechanism, the user, the password and the certificates; lagscaler check shows which of them is wrong",
	lag.TopicDenied:         "grant DESCRIBE on the topic; lagscaler check lists what is missing",
	lag.GroupDenied:         "grant DESCRIBE on the group; lagscaler check lists what is missing",
	lag.ClusterDenied:       "grant DESCRIBE on the cluster; without it only groups that have their own grant are listed",
	lag.CoordinatorLoading:  "a coordinator is loading its partitions; this usually takes a second",
	lag.NoCoordinator:       "a partition of __consumer_offsets has no leader: its brokers are down or fenced. Its groups are unknown until one of them is back; check the replication factor of __consumer_offsets",
	lag.QuotaExceeded:       "a quota of the brokers refuses requests: set requestsPerSecond or a longer interval of the cluster, or ask for a higher quota",
	lag.Unlisted:            "no broker lists the group: its coordinator may be moving; if its coordinator says for 30 s that it does not exist, it is taken for deleted",
	lag.CommitsMissing:      "known commits are missing from the answer: the coordinator may be moving, or they were deleted; accepted after 30 s",
	lag.LeaderNotAvailable:  "a partition has no leader: check the brokers",
	lag.UnknownTopic:        "a topic was just deleted, or the metadata is outdated; the next poll should work",
	lag.Garbled:             "the answer could not be decoded: check that the address is a Kafka broker and that TLS is set as on its listener",
	lag.ForeignCluster:      "nothing is read from there: correct the address, or if this is the right cluster, for example because it was built anew, set its id as clusterId",
	lag.AddressRefused:      "if the broker is right to advertise it, allow its host with the field advertised of the cluster; if not, find out who answers in its place",
	lag.UnsupportedVersion:  "the broker is too old for this request; the values that need it are missing",
}

func remedy(c lag.ErrorCode) string {
	if do, ok := remedies[c]; ok {
		return do
	}
	return "see the broker's log for the same time"
}

// scalerProblem is what prevents a scaler from scaling, if anything does.
func scalerProblem(s *engine.ScalerReport) (Problem, bool) {
	p := Problem{Where: s.Name, Count: 1}
	_, why, stopped := s.Decision.StoppedBy()
	switch owner := s.Workload.Owner; {
	case s.Refused():
		p.What, p.Do = s.Refusal.String(), "nothing is decided for this scaler until this is fixed"
	case s.Disposition == scaler.Failed:
		p.What = "a write failed: " + s.Failure
		p.Do = "check the permissions of the service account and the API server; the next decision tries again"
	case s.Disposition == scaler.Conflict && owner.Owns():
		p.What = fmt.Sprintf("%s %s owns the target", owner.Kind, owner.Name)
		p.Do = "remove or pause it, or let this scaler advise"
	case s.Disposition == scaler.Conflict:
		p.What = "the target was resized by another writer: " + s.Failure
		p.Do = "the next poll decides again; if this repeats, find out what else writes the replicas"
	case s.Decision.NamesWrong():
		p.What = namesWrong(&s.Decision)
		p.Do = "correct the name in the scaler's sources, or create the topic; a group exists once a consumer of the target has joined it"
	case s.Decision.Verdict == scaler.ZeroByHandWaiting:
		p.What = "records wait, and somebody set the replicas to 0"
		p.Do = "scale the target to 1 or more to resume it, or set onZeroByHand: wake"
	case stopped:
		p.What, p.Do = why, "see the runbook of the alert LagscalerScaleDownStopped"
	case s.Decision.Overdue:
		p.What, p.Do = "a verdict is past its deadline: "+string(s.Decision.Verdict), "see the runbook of the alert LagscalerHoldOverdue"
	default:
		return p, false
	}
	return p, true
}

// namesWrong is what a scaler's sources name and what does not exist.
func namesWrong(d *scaler.Decision) string {
	var names []string
	for i := range d.Needs {
		if what := d.Needs[i].Absent(); what != "" {
			names = append(names, what)
		}
	}
	return strings.Join(names, "; ")
}
