package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/shard"
	"github.com/lagscaler/lagscaler/rebalancemon"
	"github.com/lagscaler/lagscaler/scaler"
	"github.com/lagscaler/lagscaler/scaler/asleep"
	"github.com/lagscaler/lagscaler/scaler/seen"
)

// declared are the scalers of one reading, and what follows from them for the clusters. Only scalers includes those whose
// declaration does not apply, see scaler.Scaler.Applies.
type declared struct {
	scalers []scaler.Scaler                 // sorted by name: those that this process decides, or is about to
	all     []scaler.Scaler                 // sorted by name: also those of other shards, for what belongs to groups of this one
	view    *shard.View                     // which groups are read; nil: all
	needed  map[groupName]bool              // groups of other shards that are read for a scaler of this one
	groups  map[string][]string             // by cluster, sorted: the scaled groups, which never vanish from snapshots
	hints   map[string][]rebalancemon.Hint  // by cluster: resizes and rollouts of their targets
	labels  map[groupName]map[string]string // whose groups are, as their scalers say; the first by name decides
	slos    map[groupName]lag.SLO           // thresholds that scalers set for their groups; the first by name decides
	topics  map[string][]string             // by cluster, sorted: the topics that scalers name
	match   map[string][]topicNames         // by cluster: those that they name by a pattern
	names   map[groupName][]topicNames      // topics that scalers name for a group
	sleeps  map[groupName]bool              // groups of a target that has no replica
	learns  map[groupName]bool              // groups of which something is learned and saved
}

// topicNames accepts the topics that a scaler names.
type topicNames func(topic string) bool

type groupName struct{ cluster, group string }

// declare takes in the scalers, each in the mode that is in force: the kill switch holds whatever the platform knows of it.
func declare(all []scaler.Scaler, global scaler.Mode, view *shard.View) declared {
	all = slices.Clone(all) // the platform's own may be read by others
	d := declared{
		scalers: all, all: all, view: view, needed: map[groupName]bool{}, groups: map[string][]string{}, hints: map[string][]rebalancemon.Hint{}, slos: map[groupName]lag.SLO{}, labels: map[groupName]map[string]string{},
		topics: map[string][]string{}, match: map[string][]topicNames{},
		names: map[groupName][]topicNames{}, sleeps: map[groupName]bool{},
		learns: map[groupName]bool{},
	}
	slices.SortFunc(all, func(a, b scaler.Scaler) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		all[i].Mode = scaler.Weaker(global, all[i].Mode)
	}
	d.divide()
	for i := range all {
		s := &all[i]
		if !s.Applies() {
			continue
		}
		for _, src := range s.Sources {
			if d.isRead(src.Cluster, src.Group) {
				d.add(s, src)
			}
		}
	}
	for _, groups := range d.groups {
		slices.Sort(groups)
	}
	d.sortTopics()
	return d
}

// add takes in one group of a scaler.
func (d *declared) add(s *scaler.Scaler, src seen.SourceSpec) {
	for _, h := range s.Hints {
		h.Group = src.Group
		d.hints[src.Cluster] = append(d.hints[src.Cluster], h)
	}
	d.topics[src.Cluster] = append(d.topics[src.Cluster], src.Topics...)
	if src.TopicPattern != "" {
		d.match[src.Cluster] = append(d.match[src.Cluster], src.Wants())
	}
	name := groupName{src.Cluster, src.Group}
	if wants := src.Wants(); wants != nil {
		d.names[name] = append(d.names[name], wants)
	}
	d.sleeps[name] = d.sleeps[name] || s.Workload.Sized() && s.Workload.Spec == 0
	d.learns[name] = d.learns[name] || s.Mode != scaler.Observe
	if _, known := d.slos[name]; known {
		return
	}
	slo := s.Policy.SLO
	slo.Declared = true
	if s.Policy.Objective > 0 {
		slo.Promised = s.Policy.TargetLag
	}
	slo.CommitInterval, slo.CommitsWithin, slo.LeavesBehind = src.CommitInterval, src.CommitsWithin, src.LeavesBehind
	if 10*src.ProcessingTime > lag.StallAfterUnknown { // shorter ones change nothing
		slo.ProcessingTime = src.ProcessingTime
	}
	d.slos[name] = slo
	d.labels[name] = s.Owners
	d.groups[src.Cluster] = append(d.groups[src.Cluster], src.Group)
}

// topicNames are the topics of a cluster that scalers name.
func (d *declared) topicNames(cluster string) lag.TopicNames {
	names := lag.TopicNames{Names: d.topics[cluster]}
	if match := d.match[cluster]; len(match) > 0 {
		names.Match = func(topic string) bool {
			return slices.ContainsFunc(match, func(m topicNames) bool { return m(topic) })
		}
	}
	return names
}

// groupNames are the groups of a cluster that scalers name, the time lags that groups may have, and what is known of the times in
// records. It is used while the engine takes in something else, so it refers to nothing that changes.
func (d *declared) groupNames(cluster string, configured func(cluster, group string) lag.SLO, times []lag.RecordTimes, now time.Time) lag.GroupNames {
	slos, learns := d.slos, d.learns
	return lag.GroupNames{
		Names: slices.Compact(slices.Clone(d.groups[cluster])),
		Target: func(group string) time.Duration {
			return cmp.Or(slos[groupName{cluster, group}].LagTime, configured(cluster, group).LagTime)
		},
		Saves: func(group string) bool { return learns[groupName{cluster, group}] },
		Trusted: func(topic string, id [16]byte) bool {
			return slices.ContainsFunc(times, func(r lag.RecordTimes) bool { return r.Topic == topic && r.Trusted(id, now) })
		},
	}
}

// remember adds the topics that are remembered of targets at zero: of a group whose commits expired nobody else knows them.
func (d *declared) remember(asleep func(one *scaler.Scaler) asleep.State) {
	for i := range d.scalers {
		if one := &d.scalers[i]; one.Applies() {
			for _, m := range asleep(one).Marks {
				d.topics[m.Cluster] = append(d.topics[m.Cluster], m.Topic)
			}
		}
	}
	d.sortTopics()
}

func (d *declared) sortTopics() {
	for cluster, topics := range d.topics {
		slices.Sort(topics)
		d.topics[cluster] = slices.Compact(topics)
	}
}

// of is what is declared of the groups of a cluster; left is what was saved of them.
func (d *declared) of(cluster string, left map[string][]lag.Left) *lag.Declared {
	return &lag.Declared{
		Keep: d.groups[cluster], Left: left,
		Names: func(group, topic string) bool {
			return slices.ContainsFunc(d.names[groupName{cluster, group}], func(names topicNames) bool { return names(topic) })
		},
		Sleeps: func(group string) bool { return d.sleeps[groupName{cluster, group}] },
	}
}
