package seen

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lagscaler/lagscaler/lag"
)

// without is a state in which nothing is kept that follows from the members and the pods alone.
func (s State) without() State {
	s.Sources = slices.Clone(s.Sources)
	for i := range s.Sources {
		s.Sources[i].places, s.Sources[i].found, s.Sources[i].roster.calm = nil, nil, false
		if c := s.Sources[i].Readings.Columns; c != nil {
			columns := *c
			columns.tasks = nil
			s.Sources[i].Readings.Columns = &columns
		}
	}
	if s.fleet.listed != nil {
		s.fleet.listed = &listing{}
	}
	return s
}

// scene is what polls read: pods that come, go, restart and cannot be listed, and members that do the same.
type scene struct {
	now     time.Time
	skew    time.Duration // of the poll's clock
	pods    []Pod
	members []lag.Member
	owners  []int32
	serial  int
	lists   bool
}

func (s *scene) change(t *rapid.T) {
	s.serial++
	one := rapid.IntRange(0, 5).Draw(t, "which")
	switch rapid.SampledFrom([]string{"nothing", "nothing", "pod", "pod goes", "ready", "member", "member goes", "moves", "owner", "held by nobody", "listed", "clock", "skew"}).Draw(t, "what") {
	case "pod":
		name := fmt.Sprintf("worker-%d", rapid.SampledFrom([]int{one, s.serial}).Draw(t, "name"))
		s.pods = append(s.pods, Pod{Name: name, UID: fmt.Sprint("uid-", s.serial), IP: fmt.Sprintf("10.0.0.%d", one), HostNetwork: one == 5, Ready: true})
	case "pod goes":
		if one < len(s.pods) {
			s.pods = slices.Delete(slices.Clone(s.pods), one, one+1)
		}
	case "ready":
		if one < len(s.pods) {
			s.pods = slices.Clone(s.pods)
			s.pods[one].Ready = !s.pods[one].Ready
		}
	case "member":
		s.members = append(slices.Clone(s.members), lag.Member{
			ID: fmt.Sprintf("m-%04d", s.serial), Host: rapid.SampledFrom([]string{nat, fmt.Sprintf("/10.0.0.%d", one)}).Draw(t, "host"),
			ClientID: fmt.Sprintf("worker-%d", one),
		})
	case "member goes":
		if one < len(s.members) {
			s.members = slices.Delete(slices.Clone(s.members), one, one+1)
		}
	case "moves":
		if one < len(s.members) {
			s.members = slices.Clone(s.members)
			s.members[one].Host = fmt.Sprintf("/10.0.0.%d", s.serial%6)
		}
	case "owner":
		s.owners[one%len(s.owners)] = int32(s.serial % 4)
	case "held by nobody":
		s.owners[one%len(s.owners)] = -1
	case "listed":
		s.lists = !s.lists
	case "clock":
		s.now = s.now.Add(time.Duration(rapid.IntRange(-60, 2400).Draw(t, "seconds")) * time.Second)
	case "skew":
		s.skew = time.Duration(rapid.IntRange(-30, 30).Draw(t, "seconds")) * time.Second
	}
}

func (s *scene) poll(t *rapid.T) *Poll {
	s.now = s.now.Add(10 * time.Second)
	wl := Workload{Found: true, HasScale: true, Spec: 4, Status: 4, Ready: 4}
	if s.lists {
		wl.Pods = slices.Clone(s.pods)
	}
	g := &lag.GroupLag{GroupState: lag.GroupState{Group: "worker", State: lag.Stable, At: s.now}, ReadAt: s.now, Described: true, Members: s.members}
	topic := lag.TopicLag{Topic: "orders"}
	for i, owner := range s.owners {
		topic.Partitions = append(topic.Partitions, lag.PartitionLag{
			Partition: int32(i), Owner: min(owner, int32(len(s.members))-1), Committed: 5, End: 9, Known: lag.KnownCommitted | lag.KnownEnd,
		})
	}
	g.Topics = []lag.TopicLag{topic}
	p := &Poll{Now: s.now.Add(s.skew), Clock: Clock{}.Filled(), Workload: wl, Sources: []Source{{SourceSpec: SourceSpec{Cluster: "main", Group: "worker"}}}}
	if rapid.IntRange(0, 9).Draw(t, "reads") > 0 {
		p.Sources[0].Lag = g
	}
	return p
}

// What is kept from poll to poll, because it follows from the members and the pods alone, is what would be made anew.
func TestWhatIsKeptIsWhatWouldBeMadeAnew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scene{now: time.Unix(1e9, 0), lists: true, owners: make([]int32, rapid.IntRange(1, 4).Draw(t, "partitions"))}
		var state State
		for range rapid.IntRange(1, 60).Draw(t, "polls") {
			s.change(t)
			p := s.poll(t)
			anew := See(state.without(), p)
			state = See(state, p)
			a, b := &state.Sources[0], &anew.Sources[0]
			if !slices.Equal(a.roster.members, b.roster.members) || a.roster.outlived != b.roster.outlived || a.roster.began != b.roster.began {
				t.Fatalf("members kept\n%+v\nand anew\n%+v", a.roster, b.roster)
			}
			if !slices.Equal(state.fleet.pods, anew.fleet.pods) {
				t.Fatalf("pods kept\n%+v\nand anew\n%+v", state.fleet.pods, anew.fleet.pods)
			}
			if !reflect.DeepEqual(a.found, b.found) || !reflect.DeepEqual(a.Stands, b.Stands) || a.Useful != b.Useful {
				t.Fatalf("kept\n%+v\nand anew\n%+v", a, b)
			}
			for _, by := range []MappedBy{"", ByAddress, ByName, ByRatio} {
				if kept, made := state.Map(a, 45*time.Second, by), anew.Map(b, 45*time.Second, by); kept != made {
					t.Fatalf("kept %+v, and anew %+v", kept, made)
				}
			}
		}
	})
}
