package metrics

import (
	"strconv"

	"github.com/lagscaler/lagscaler/lag"
)

// compatView is the object of one series of another tool's metric. Its level determines which fields are set.
type compatView struct {
	labels
	cluster  *lag.Snapshot
	topic    *lag.TopicRead
	offsets  *lag.PartitionRead
	group    *groupView
	row      *lag.TopicLag
	position *lag.PartitionLag
	stale    bool
}

func (v *compatView) isStale() bool { return v.stale }

// compatMakers are the metrics of /metrics/compat: the groups of the main page, with all their partitions.
func (p *Page) compatMakers() ([]maker, error) {
	s := p.views()
	type about struct {
		tool  *tool
		level level
	}
	views := map[about][]*compatView{}
	var all []maker
	for _, r := range compatTable {
		a := about{r.tool, r.level}
		if _, ok := views[a]; !ok {
			views[a] = s.compatViews(r.tool, r.level)
		}
		all = append(all, makers([]row[*compatView]{r.row()}, views[a])...)
	}
	return all, nil
}

func (s *viewSet) compatViews(t *tool, l level) []*compatView {
	var views []*compatView
	switch l {
	case perCluster, perTopic, perPartition:
		for _, c := range s.clusters {
			views = append(views, c.compatViews(t, l)...)
		}
	default:
		for _, g := range s.groups {
			views = append(views, g.compatViews(t, l)...)
		}
	}
	return views
}

func (c *clusterView) compatViews(t *tool, l level) []*compatView {
	cluster := compatView{labels: newLabels(t.cluster, c.report.Name), cluster: c.report.Snapshot, stale: c.stale}
	if l == perCluster {
		return []*compatView{&cluster}
	}
	var views []*compatView
	for i := range c.report.Snapshot.Topics {
		topic := cluster
		topic.topic = &c.report.Snapshot.Topics[i]
		topic.labels = cluster.with(t.topic, topic.topic.Name)
		if l == perTopic {
			views = append(views, &topic)
			continue
		}
		for n := range topic.topic.Partitions {
			partition := topic
			partition.offsets = &topic.topic.Partitions[n]
			partition.labels = topic.with(t.partition, strconv.Itoa(n))
			views = append(views, &partition)
		}
	}
	return views
}

func (g *groupView) compatViews(t *tool, l level) []*compatView {
	group := compatView{labels: newLabels(t.cluster, g.cluster, t.group, g.lag.Group), group: g, stale: g.stale}
	if l == perGroup {
		return []*compatView{&group}
	}
	var views []*compatView
	for i := range g.lag.Topics {
		if g.lag.Topics[i].Orphaned {
			continue
		}
		topic := group
		topic.row = &g.lag.Topics[i]
		topic.labels = group.with(t.topic, topic.row.Topic)
		if l == perGroupTopic {
			views = append(views, &topic)
			continue
		}
		for n := range topic.row.Partitions {
			partition := topic
			partition.position = &topic.row.Partitions[n]
			partition.labels = topic.with(t.partition, strconv.Itoa(int(partition.position.Partition)))
			views = append(views, &partition)
		}
	}
	return views
}
