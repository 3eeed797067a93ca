package wire

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
)

// The hand-written codecs must agree with kmsg's generated ones in every version they speak, and survive any bytes.

func readAll() *TopicNames { return NewTopicNames(func(string) bool { return true }) }

func someName(r *rand.Rand) string {
	return []string{"", "orders", "größe", "a.b_c-d", "x" + strconv.Itoa(r.IntN(50))}[r.IntN(5)]
}

// someCommits is a random OffsetFetch answer.
func someCommits(r *rand.Rand, version int16) *kmsg.OffsetFetchResponse {
	resp := kmsg.NewPtrOffsetFetchResponse()
	resp.SetVersion(version)
	resp.ThrottleMillis = r.Int32N(100)
	for range r.IntN(4) {
		g := kmsg.NewOffsetFetchResponseGroup()
		g.Group, g.ErrorCode = someName(r), int16(r.IntN(3)*15)
		for range r.IntN(4) {
			t := kmsg.NewOffsetFetchResponseGroupTopic()
			t.Topic = someName(r)
			for range r.IntN(6) {
				p := kmsg.NewOffsetFetchResponseGroupTopicPartition()
				p.Partition, p.Offset, p.LeaderEpoch = r.Int32N(100), r.Int64N(1<<40)-1, r.Int32N(9)-1
				p.ErrorCode = int16(r.IntN(8) / 7 * 3)
				if r.IntN(2) == 0 {
					p.Metadata = kmsg.StringPtr(someName(r))
				}
				if r.IntN(3) == 0 {
					p.Offset = -1
				}
				t.Partitions = append(t.Partitions, p)
			}
			g.Topics = append(g.Topics, t)
		}
		resp.Groups = append(resp.Groups, g)
	}
	if version < OffsetFetchBatched && len(resp.Groups) > 0 {
		resp.ErrorCode = resp.Groups[0].ErrorCode
		for _, t := range resp.Groups[0].Topics {
			old := kmsg.NewOffsetFetchResponseTopic()
			old.Topic = t.Topic
			for _, p := range t.Partitions {
				old.Partitions = append(old.Partitions, kmsg.OffsetFetchResponseTopicPartition{
					Partition: p.Partition, Offset: p.Offset, LeaderEpoch: p.LeaderEpoch, Metadata: p.Metadata, ErrorCode: p.ErrorCode,
				})
			}
			resp.Topics = append(resp.Topics, old)
		}
	}
	return resp
}

// commitsByKmsg is what a kmsg answer says, in the terms of ours.
func commitsByKmsg(t *testing.T, raw []byte, version int16) []GroupCommits {
	t.Helper()
	resp := kmsg.NewPtrOffsetFetchResponse()
	resp.SetVersion(version)
	if err := resp.ReadFrom(raw); err != nil {
		t.Fatal(err)
	}
	if version < OffsetFetchBatched {
		g := kmsg.OffsetFetchResponseGroup{Group: "only", ErrorCode: resp.ErrorCode}
		for _, t := range resp.Topics {
			gt := kmsg.OffsetFetchResponseGroupTopic{Topic: t.Topic}
			for _, p := range t.Partitions {
				gt.Partitions = append(gt.Partitions, kmsg.OffsetFetchResponseGroupTopicPartition(p))
			}
			g.Topics = append(g.Topics, gt)
		}
		resp.Groups = []kmsg.OffsetFetchResponseGroup{g}
	}
	groups := make([]GroupCommits, 0, len(resp.Groups))
	for _, g := range resp.Groups {
		ours := GroupCommits{Group: g.Group, Code: g.ErrorCode}
		for _, t := range g.Topics {
			c := lag.TopicCommits{Topic: t.Topic}
			for _, p := range t.Partitions {
				pc := lag.PartitionCommit{Partition: p.Partition, Offset: p.Offset, Err: lag.ErrorCode(p.ErrorCode)}
				if pc.Err == lag.OK {
					pc.Known = lag.KnownCommitted
				}
				if pc.Err != lag.OK || pc.Offset >= 0 {
					c.Partitions = append(c.Partitions, pc)
				}
			}
			if len(c.Partitions) > 0 {
				ours.Topics = append(ours.Topics, c)
			}
		}
		groups = append(groups, ours)
	}
	return groups
}

func TestOffsetFetchAgreesWithKmsg(t *testing.T) {
	for version := int16(2); version <= 9; version++ {
		r := rand.New(rand.NewPCG(uint64(version), 1))
		for range 200 {
			sent := someCommits(r, version)
			raw := sent.AppendTo(nil)
			ours := &OffsetFetchResponse{names: readAll(), firstGroup: "only"}
			ours.SetVersion(version)
			if err := ours.ReadFrom(raw); err != nil {
				t.Fatalf("v%d: %v", version, err)
			}
			if want := commitsByKmsg(t, raw, version); !sameCommits(ours.Groups, want) {
				t.Fatalf("v%d:\ngot  %+v\nwant %+v", version, ours.Groups, want)
			}
			if version >= 3 && ours.ThrottleMillis != sent.ThrottleMillis {
				t.Errorf("v%d: throttle time %d, want %d", version, ours.ThrottleMillis, sent.ThrottleMillis)
			}
		}
	}
}

func sameCommits(a, b []GroupCommits) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Group != b[i].Group || a[i].Code != b[i].Code || len(a[i].Topics) != len(b[i].Topics) {
			return false
		}
		for k := range a[i].Topics {
			if !reflect.DeepEqual(a[i].Topics[k], b[i].Topics[k]) {
				return false
			}
		}
	}
	return true
}

func TestOffsetFetchLeavesOutFilteredTopics(t *testing.T) {
	resp := kmsg.NewPtrOffsetFetchResponse()
	resp.SetVersion(9)
	g := kmsg.NewOffsetFetchResponseGroup()
	g.Group = "g"
	for _, name := range []string{"in", "out"} {
		topic := kmsg.NewOffsetFetchResponseGroupTopic()
		topic.Topic = name
		topic.Partitions = make([]kmsg.OffsetFetchResponseGroupTopicPartition, 3)
		g.Topics = append(g.Topics, topic)
	}
	resp.Groups = append(resp.Groups, g)
	ours := &OffsetFetchResponse{names: NewTopicNames(func(name string) bool { return name != "out" })}
	ours.SetVersion(9)
	if err := ours.ReadFrom(resp.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	if got := ours.Groups[0].Topics; len(got) != 1 || got[0].Topic != "in" || len(got[0].Partitions) != 3 {
		t.Errorf("commits %+v", got)
	}
}

func TestCommitSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	for range 500 {
		spread := []int{1, 3, 100}[r.IntN(3)]
		numbers := r.Perm(1 + r.IntN(60))
		commits := make([]lag.PartitionCommit, len(numbers))
		for i, n := range numbers {
			commits[i] = lag.PartitionCommit{Partition: int32(n * spread), Offset: int64(n), Known: lag.KnownCommitted}
		}
		got := new(CommitSorter).Sort([]lag.TopicCommits{{Topic: "b", Partitions: commits}, {Topic: "a"}})
		if got[0].Topic != "a" || len(got[1].Partitions) != len(numbers) {
			t.Fatalf("got %+v", got)
		}
		for i, c := range got[1].Partitions {
			if int(c.Partition) != i*spread || int(c.Offset) != i {
				t.Fatalf("spread %d: %+v at %d", spread, c, i)
			}
		}
	}
}

func FuzzOffsetFetch(f *testing.F) {
	for version := int16(2); version <= 9; version++ {
		f.Add(version, someCommits(rand.New(rand.NewPCG(uint64(version), 2)), version).AppendTo(nil))
	}
	f.Add(int16(9), []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, version int16, raw []byte) {
		version = 2 + (version&0x7fff)%8
		ours := &OffsetFetchResponse{names: readAll(), firstGroup: "only"}
		ours.SetVersion(version)
		if ours.ReadFrom(raw) != nil {
			return
		}
		for _, g := range ours.Groups {
			for _, topic := range new(CommitSorter).Sort(g.Topics) {
				if len(topic.Partitions) > len(raw) {
					t.Fatalf("%d partitions from %d bytes", len(topic.Partitions), len(raw))
				}
				for _, c := range topic.Partitions {
					if c.Known != 0 && (c.Err != lag.OK || c.Offset < 0 || c.Offset > lag.MaxOffset) {
						t.Fatalf("commit %+v", c)
					}
				}
			}
		}
	})
}

// someTopics asks for some partitions of random topics.
func someTopics(r *rand.Rand) *ListOffsets {
	req := &ListOffsets{ListOffsetsRequest: kmsg.NewPtrListOffsetsRequest(), Kind: []OffsetKind{EndOffset, StableOffset, StartOffset}[r.IntN(3)], TopicIndex: map[string]int32{}}
	for i := range 1 + r.IntN(4) {
		topic := lag.TopicRead{Name: "t" + strconv.Itoa(i), Partitions: make([]lag.PartitionRead, 1+r.IntN(5))}
		req.TopicIndex[topic.Name] = int32(i)
		for p := range topic.Partitions {
			topic.Partitions[p].LeaderEpoch = r.Int32N(5) - 1
			if r.IntN(3) > 0 {
				req.Partitions = append(req.Partitions, Partition{int32(i), int32(p)})
			}
		}
		req.Topics = append(req.Topics, topic)
	}
	return req
}

func TestListOffsetsRequestAgreesWithKmsg(t *testing.T) {
	for version := int16(2); version <= 10; version++ {
		r := rand.New(rand.NewPCG(uint64(version), 3))
		for range 200 {
			ours := someTopics(r)
			ours.SetVersion(version)
			want := kmsg.NewPtrListOffsetsRequest()
			want.SetVersion(version)
			want.IsolationLevel = ours.Kind.isolation
			for rest := ours.Partitions; len(rest) > 0; rest = rest[countSameTopic(rest):] {
				topic := kmsg.NewListOffsetsRequestTopic()
				topic.Topic = ours.Topics[rest[0].Topic].Name
				for _, pl := range rest[:countSameTopic(rest)] {
					p := kmsg.NewListOffsetsRequestTopicPartition()
					p.Partition, p.Timestamp = pl.Number, ours.Kind.timestamp
					p.CurrentLeaderEpoch = ours.Topics[pl.Topic].Partitions[pl.Number].LeaderEpoch
					topic.Partitions = append(topic.Partitions, p)
				}
				want.Topics = append(want.Topics, topic)
			}
			if got := ours.AppendTo(nil); !bytes.Equal(got, want.AppendTo(nil)) {
				t.Fatalf("v%d:\ngot  %x\nwant %x", version, got, want.AppendTo(nil))
			}
		}
	}
}

func TestListOffsetsAnswerAgreesWithKmsg(t *testing.T) {
	for version := int16(2); version <= 10; version++ {
		r := rand.New(rand.NewPCG(uint64(version), 4))
		for range 200 {
			asked := someTopics(r)
			resp := kmsg.NewPtrListOffsetsResponse()
			resp.SetVersion(version)
			resp.ThrottleMillis = r.Int32N(100)
			var want []Offset
			for rest := asked.Partitions; len(rest) > 0; rest = rest[countSameTopic(rest):] {
				topic := kmsg.NewListOffsetsResponseTopic()
				topic.Topic = asked.Topics[rest[0].Topic].Name
				for _, pl := range rest[:countSameTopic(rest)] {
					p := kmsg.NewListOffsetsResponseTopicPartition()
					p.Partition, p.ErrorCode, p.Offset, p.LeaderEpoch = pl.Number, int16(r.IntN(2)*6), r.Int64N(1<<40)-1, r.Int32N(9)
					p.Timestamp = r.Int64N(1 << 41)
					topic.Partitions = append(topic.Partitions, p)
					o := Offset{pl, lag.ErrorCode(p.ErrorCode), p.LeaderEpoch, p.Offset, p.Timestamp}
					if version < 4 {
						o.Epoch = lag.NoGeneration
					}
					want = append(want, o)
				}
				resp.Topics = append(resp.Topics, topic)
			}
			ours := &ListOffsetsResponse{asked: asked}
			ours.SetVersion(version)
			if err := ours.ReadFrom(resp.AppendTo(nil)); err != nil {
				t.Fatalf("v%d: %v", version, err)
			}
			if len(want)+len(ours.Offsets) > 0 && !reflect.DeepEqual(ours.Offsets, want) {
				t.Fatalf("v%d:\ngot  %+v\nwant %+v", version, ours.Offsets, want)
			}
			if ours.ThrottleMillis != resp.ThrottleMillis {
				t.Errorf("v%d: throttle time %d, want %d", version, ours.ThrottleMillis, resp.ThrottleMillis)
			}
		}
	}
}

func FuzzListOffsets(f *testing.F) {
	f.Add(int16(7), []byte{0, 0, 0, 0, 2, 3, 't', '0', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0})
	f.Add(int16(5), []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff})
	asked := someTopics(rand.New(rand.NewPCG(1, 5)))
	f.Fuzz(func(t *testing.T, version int16, raw []byte) {
		ours := &ListOffsetsResponse{asked: asked}
		ours.SetVersion(2 + (version&0x7fff)%9)
		if ours.ReadFrom(raw) != nil {
			return
		}
		for _, o := range ours.Offsets {
			if int(o.Topic) >= len(asked.Topics) || int(o.Number) >= len(asked.Topics[o.Topic].Partitions) {
				t.Fatalf("answer for a partition that is not there: %+v", o)
			}
			if o.Code == lag.OK && o.Offset > lag.MaxOffset {
				t.Fatalf("an offset that no partition can have: %+v", o)
			}
		}
	})
}

func TestTopicNamesAskTheFilterOnce(t *testing.T) {
	asked := 0
	names := NewTopicNames(func(name string) bool { asked++; return name == "orders" })
	for range 3 {
		if name, read := names.Name([]byte("orders")); name != "orders" || !read {
			t.Errorf("%q, %v", name, read)
		}
		if _, read := names.Name([]byte("other")); read {
			t.Error("a topic that is left out is read")
		}
	}
	if asked != 2 {
		t.Errorf("the filter was asked %d times", asked)
	}
}
