package metrics

// Filter chooses what is exposed. The zero value exposes every group and no topics or partitions.
type Filter struct {
	Topics        func(group string) bool // groups that get series for each topic; nil: none
	Partitions    func(group string) bool // groups that get series for each partition; nil: none
	OverThreshold bool                    // of those only partitions whose lag exceeds the group's threshold
	Top           int                     // of those only so many of each group, the worst ones; 0: all
	MaxGroups     int                     // 0: no limit
	MaxSeries     int                     // of groups, topics and partitions; 0: no limit
}

// dropReason is why a group, or its topics and partitions, are not on the page.
type dropReason string

const (
	dropMaxGroups dropReason = "max_groups"
	dropMaxSeries dropReason = "max_series"
	dropDetail    dropReason = "detail" // the group is on the page, but its topics and partitions exceed max_series
)

var dropReasons = []dropReason{dropDetail, dropMaxGroups, dropMaxSeries}

// limiter keeps the page within its limits. A group that is on the page stays, so that series do not appear and disappear.
type limiter struct {
	in      map[key]bool // groups on the last page
	dropped map[string]map[dropReason]uint64
}

// admitted are the groups, topics and partitions of one page.
type admitted struct {
	groups     []*groupView
	topics     []*topicView
	partitions []*partitionView
	series     int
}

func newLimiter() *limiter {
	return &limiter{in: map[key]bool{}, dropped: map[string]map[dropReason]uint64{}}
}

// admit decides which groups are on the page: first those of the last page and the declared ones, then the others in their order.
func (l *limiter) admit(groups []*groupView, f *Filter) admitted {
	var a admitted
	in := make(map[key]bool, len(groups))
	for _, entitled := range []bool{true, false} {
		for _, g := range groups {
			if entitled != (l.in[g.key()] || g.slo.Declared) {
				continue
			}
			if !entitled && f.MaxGroups > 0 && len(in) >= f.MaxGroups {
				l.drop(g, dropMaxGroups)
				continue
			}
			n := count(groupTable, g)
			if !entitled && f.MaxSeries > 0 && a.series+n > f.MaxSeries {
				l.drop(g, dropMaxSeries)
				continue
			}
			in[g.key()] = true
			a.series += n
		}
	}
	l.in = in
	for _, g := range groups {
		if in[g.key()] {
			a.groups = append(a.groups, g)
			l.detail(g, f, &a)
		}
	}
	return a
}

// detail adds a group's topics and partitions if all of them fit within max_series.
func (l *limiter) detail(g *groupView, f *Filter, a *admitted) {
	var topics []*topicView
	var partitions []*partitionView
	n := 0
	if f.Topics != nil && f.Topics(g.lag.Group) {
		topics = g.topicViews()
		for _, t := range topics {
			n += count(topicTable, t)
		}
	}
	if f.Partitions != nil && f.Partitions(g.lag.Group) {
		partitions = g.partitionViews(f)
		for _, p := range partitions {
			n += count(partitionTable, p)
		}
	}
	if f.MaxSeries > 0 && a.series+n > f.MaxSeries && n > 0 {
		l.drop(g, dropDetail)
		return
	}
	a.series += n
	a.topics = append(a.topics, topics...)
	a.partitions = append(a.partitions, partitions...)
}

// drop counts a group that is not on the page, once for each poll.
func (l *limiter) drop(g *groupView, why dropReason) {
	if g.counted {
		return
	}
	if l.dropped[g.cluster] == nil {
		l.dropped[g.cluster] = map[dropReason]uint64{}
	}
	l.dropped[g.cluster][why]++
}
