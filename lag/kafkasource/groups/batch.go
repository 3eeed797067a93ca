package groups

import (
	"context"
	"slices"
	"time"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
	"github.com/lagscaler/lagscaler/lag/parallel"
)

// job is one request about some groups of one coordinator.
type job struct {
	stage  lag.Stage
	groups []*group // sorted
	run    func(context.Context) ([]groupError, error)
}

// groupError is why one group could not be described, or its commits not be fetched.
type groupError struct {
	group *group
	code  lag.ErrorCode
}

// run does jobs at once, within the broker's bound. A job that fails as a whole fails each of its groups.
func (r *Reading) run(ctx context.Context, broker int32, jobs []job) [][]groupError {
	all := make([][]groupError, len(jobs))
	parallel.Each(jobs, func(i int, j job) {
		var err error
		if all[i], err = j.run(ctx); err == nil {
			return
		}
		r.round.FailBroker(j.stage, broker, err)
		all[i] = make([]groupError, len(j.groups))
		for k, g := range j.groups {
			all[i][k] = groupError{g, transport.Code(err)}
		}
	})
	return all
}

// setErrors notes why groups could not be read. The first reason stays. A group that is not there any more is Dead:
// DescribeGroups up to v5 has the state Dead for it, all other responses have error code 69.
func setErrors(all [][]groupError) {
	for _, e := range slices.Concat(all...) {
		switch {
		case e.code == cluster.GroupIDNotFound:
			e.group.State, e.group.At, e.group.Described = lag.Dead, time.Now(), true
		case e.group.Err == lag.OK:
			e.group.Err = e.code
		}
	}
}

func groupNames(groups []*group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Group
	}
	return names
}

// matcher matches the groups of a response with those asked for. A group that is not in the response is an error, too.
type matcher struct {
	asked    []*group // sorted
	answered map[*group]bool
	errors   []groupError
}

func match(asked []*group) *matcher {
	return &matcher{asked: asked, answered: make(map[*group]bool, len(asked))}
}

// next is the group of one entry of the response; ok is false when it was not asked for or has an error.
func (m *matcher) next(name string, code int16) (*group, bool) {
	i := index(m.asked, name)
	if i < 0 || m.answered[m.asked[i]] {
		return nil, false
	}
	g := m.asked[i]
	m.answered[g] = true
	if code != 0 {
		m.errors = append(m.errors, groupError{g, lag.ErrorCode(code)})
		return nil, false
	}
	return g, true
}

// fail sets the error of a group whose part of a response is not valid.
func (m *matcher) fail(g *group, code lag.ErrorCode) {
	m.errors = append(m.errors, groupError{g, code})
}

// failed are the groups with an error, and those that are not in the response.
func (m *matcher) failed() []groupError {
	for _, g := range m.asked {
		if !m.answered[g] {
			m.errors = append(m.errors, groupError{g, lag.Garbled})
		}
	}
	return m.errors
}
