package topics

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/lagscaler/lagscaler/lag"
	"github.com/lagscaler/lagscaler/lag/kafkasource/cluster"
	"github.com/lagscaler/lagscaler/lag/kafkasource/transport"
)

// Config says how topics are read.
type Config struct {
	MaxAge     time.Duration // of metadata
	StartEvery int           // polls between two readings of log start offsets
	Compare    time.Duration // between two comparisons of the times in records with arrivals; the first is after two fifths of it
	Partitions int           // that a ListOffsets request asks for
	Timeout    time.Duration // that a broker may take for offsets in remote storage
}

// Reader remembers topics from poll to poll. One poll at a time may use it.
type Reader struct {
	cfg     Config
	polls   int
	times   map[string]*topicTimes
	known   map[string]*topic    // metadata and log starts of consumed topics
	missing map[string]time.Time // topics that metadata does not know, and since when
	listed  []string             // all topics of the cluster that are not internal
	listAt  time.Time            // when they were listed
}

// NewReader makes a reader that knows no topic yet.
func NewReader(cfg Config) *Reader {
	return &Reader{cfg: cfg, times: map[string]*topicTimes{}, known: map[string]*topic{}, missing: map[string]time.Time{}}
}

// topic holds the metadata of a consumed topic and its offsets in the last poll.
// Nothing in read is changed in place, because observations share it.
type topic struct {
	read    lag.TopicRead
	fewerAt time.Time // brokers said that there are no more partitions, although groups commit to some; zero: they did not
}

// Need is what some group needs of a topic.
type Need struct {
	Stable         bool          // the last stable offset: the group reads committed data only
	Committed      bool          // it commits there, so the topic exists or did lately
	Partitions     int32         // so many it has at least, or had lately: a group commits to the last of them, or has it
	Past           time.Duration // how long ago some group wants to know the ends of its logs; 0: none
	Compare        bool          // somebody saves whether the times of its records agree with arrivals
	CommitsMissing bool          // its commits there are not in the response any more: was the topic deleted, or created again?
}

// ID is the id of a topic whose metadata is known.
func (r *Reader) ID(name string) ([16]byte, bool) {
	t, ok := r.known[name]
	if !ok {
		return [16]byte{}, false
	}
	return t.read.ID, true
}

// NamesByID are the names of the topics whose metadata is known.
func (r *Reader) NamesByID() map[[16]byte]string {
	byID := map[[16]byte]string{}
	for name, t := range r.known {
		byID[t.read.ID] = name
	}
	delete(byID, [16]byte{}) // of brokers without topic ids
	return byID
}

// List returns the topics of the cluster that match. All names are read again if they are older than Config.MaxAge. If that
// fails, the old names are used.
func (r *Reader) List(ctx context.Context, round *cluster.Round, match func(topic string) bool) []string {
	if time.Since(r.listAt) >= r.cfg.MaxAge {
		found, err := round.AllTopics(ctx)
		if err != nil {
			round.Fail(lag.StageMetadata, transport.AnyBroker, err)
		} else {
			r.listed, r.listAt = found, time.Now()
		}
	}
	return slices.DeleteFunc(slices.Clone(r.listed), func(topic string) bool { return !match(topic) })
}

// Absent are the sorted names of topics that did not exist in the last metadata that was read for them.
func (r *Reader) Absent(names []string) []string {
	var absent []string
	for _, name := range names {
		_, missing := r.missing[name]
		if _, known := r.known[name]; missing && !known {
			absent = append(absent, name)
		}
	}
	slices.Sort(absent)
	return slices.Compact(absent)
}

// Refresh reads metadata of the brokers and of every known topic, when it is older than Config.MaxAge or known to be wrong.
func (r *Reader) Refresh(ctx context.Context, round *cluster.Round) {
	if round.Cluster.MetadataOlderThan(r.cfg.MaxAge) {
		names := slices.Sorted(maps.Keys(r.known))
		if _, consumed := r.known[cluster.OffsetsTopic]; !consumed {
			names = append(names, cluster.OffsetsTopic)
		}
		if err := r.refresh(ctx, round, names, nil); err != nil {
			round.Fail(lag.StageMetadata, transport.AnyBroker, err)
		} else {
			round.Cluster.SetRefreshed()
		}
	}
	round.UseBrokers()
}

// refresh reads metadata of the named topics. A topic that is not there is forgotten. have is how many partitions they have at
// least.
func (r *Reader) refresh(ctx context.Context, round *cluster.Round, names []string, have map[string]int32) error {
	wanted := make([]kmsg.MetadataRequestTopic, len(names))
	for i, name := range names {
		wanted[i] = kmsg.NewMetadataRequestTopic()
		wanted[i].Topic = &name
	}
	found, short, err := round.Metadata(ctx, wanted, have)
	for i := range found {
		if t := found[i].Topic; t != nil && *t == cluster.OffsetsTopic {
			round.Cluster.NoteOffsetsTopic(&found[i])
		}
		if err := r.store(&found[i]); err != nil {
			round.Fail(lag.StageMetadata, transport.AnyBroker, err)
		}
	}
	for name, code := range short {
		if t, ok := r.known[name]; ok && int64(len(t.read.Partitions)) < int64(have[name]) {
			if t.read.More = code; code == lag.OK {
				t.fewerAt = time.Now()
			}
		}
	}
	return err
}

// store remembers the metadata of a topic.
func (r *Reader) store(m *kmsg.MetadataResponseTopic) error {
	if m.Topic == nil {
		return nil
	}
	name := *m.Topic
	switch code := lag.ErrorCode(m.ErrorCode); code {
	case lag.UnknownTopic, lag.InvalidTopic, cluster.UnknownTopicID:
		delete(r.known, name)
		r.missing[name] = time.Now()
	case lag.OK:
		read, err := topicOf(m)
		if err != nil {
			return err
		}
		if before, ok := r.known[name]; ok && before.read.ID == read.ID {
			read.Partitions = append(read.Partitions, notTold(&before.read, &read)...)
			keepOffsets(read.Partitions, before.read.Partitions)
		}
		r.known[name] = &topic{read: read}
	default:
		read := lag.TopicRead{Name: name, ID: m.TopicID, Err: code}
		if before, ok := r.known[name]; ok && read.ID == [16]byte{} {
			read.ID = before.read.ID
		}
		r.known[name] = &topic{read: read}
	}
	return nil
}

func topicOf(m *kmsg.MetadataResponseTopic) (lag.TopicRead, error) {
	read := lag.TopicRead{Name: *m.Topic, ID: m.TopicID, Internal: m.IsInternal}
	read.Partitions = make([]lag.PartitionRead, len(m.Partitions))
	for i := range read.Partitions {
		read.Partitions[i] = lag.PartitionRead{Leader: -1, LeaderEpoch: lag.NoGeneration}
	}
	for _, p := range m.Partitions {
		if p.Partition < 0 || int(p.Partition) >= len(read.Partitions) {
			return read, transport.Garbled("topic %q has %d partitions, and one of them is number %d", read.Name, len(m.Partitions), p.Partition)
		}
		read.Partitions[p.Partition] = lag.PartitionRead{
			Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Replicas: int16(len(p.Replicas)), InSync: int16(len(p.ISR)),
		}
	}
	return read, nil
}

// notTold are partitions of the same topic that new metadata does not have. Partitions are only ever added: the broker that
// answered has not heard of the last ones yet. Without an id it may be another topic of that name, which has fewer.
func notTold(before, now *lag.TopicRead) []lag.PartitionRead {
	if now.ID == [16]byte{} || len(before.Partitions) <= len(now.Partitions) {
		return nil
	}
	rest := slices.Clone(before.Partitions[len(now.Partitions):])
	for i, p := range rest {
		rest[i] = lag.PartitionRead{Leader: p.Leader, LeaderEpoch: p.LeaderEpoch, Replicas: p.Replicas, InSync: p.InSync}
	}
	return rest
}

// keepOffsets carries over the offsets of the last poll, unless the leader epoch changed:
// then the log may have been truncated, and its start is read again.
func keepOffsets(now, before []lag.PartitionRead) {
	for i := range now[:min(len(now), len(before))] {
		if b := &before[i]; b.LeaderEpoch == now[i].LeaderEpoch {
			now[i].Start, now[i].End, now[i].Known = b.Start, b.End, b.Known&(lag.KnownStart|lag.KnownEnd)
		}
	}
}

// consumed are the needed topics with their metadata, sorted, without offsets. Metadata of new topics is read now.
func (r *Reader) consumed(ctx context.Context, round *cluster.Round, needs map[string]Need) []lag.TopicRead {
	names := slices.Sorted(maps.Keys(needs))
	maps.DeleteFunc(r.missing, func(_ string, at time.Time) bool { return time.Since(at) > r.cfg.MaxAge }) // ask again
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return r.isKnown(name, needs[name]) })
	var failed error
	if len(unknown) > 0 {
		if failed = r.refresh(ctx, round, unknown, partitionsOf(unknown, needs)); failed != nil {
			round.Fail(lag.StageMetadata, transport.AnyBroker, failed)
		}
	}
	maps.DeleteFunc(r.known, func(name string, _ *topic) bool { _, ok := needs[name]; return !ok })
	maps.DeleteFunc(r.times, func(name string, _ *topicTimes) bool { _, ok := needs[name]; return !ok })
	var reads []lag.TopicRead
	for _, name := range names {
		t, ok := r.known[name]
		_, missing := r.missing[name]
		switch {
		case ok:
			reads = append(reads, t.withoutOffsets())
		case failed != nil:
			reads = append(reads, lag.TopicRead{Name: name, Err: transport.Code(failed)})
		case !missing: // the answer says nothing of it that can be used
			round.Fail(lag.StageMetadata, transport.AnyBroker, transport.Garbled("Metadata without the topic %q, which was asked for", name))
			reads = append(reads, lag.TopicRead{Name: name, Err: lag.Garbled})
		}
	}
	return reads
}

// partitionsOf is how many partitions topics have at least.
func partitionsOf(names []string, needs map[string]Need) map[string]int32 {
	have := make(map[string]int32, len(names))
	for _, name := range names {
		have[name] = needs[name].Partitions
	}
	return have
}

// isKnown reports whether metadata of the topic need not be asked for: it is known and nothing says that it is wrong,
// or it was found missing lately and nobody commits to it. Groups may subscribe for ever to a topic that nobody created.
func (r *Reader) isKnown(name string, n Need) bool {
	t, ok := r.known[name]
	_, missing := r.missing[name]
	return missing && !n.Committed || ok && !n.CommitsMissing && !cluster.LeaderMoved(t.read.Err) && !r.lacks(t, n)
}

// lacks reports whether metadata has fewer partitions than groups commit to, and brokers have not said lately that there are no
// more.
func (r *Reader) lacks(t *topic, n Need) bool {
	return t.read.Err == lag.OK && int64(len(t.read.Partitions)) < int64(n.Partitions) &&
		(t.fewerAt.IsZero() || time.Since(t.fewerAt) > r.cfg.MaxAge)
}

// withoutOffsets is the topic with no offset known but the log starts.
func (t *topic) withoutOffsets() lag.TopicRead {
	read := t.read
	read.Partitions = slices.Clone(read.Partitions)
	for i := range read.Partitions {
		p := &read.Partitions[i]
		p.End, p.Stable, p.At, p.Err = 0, 0, 0, lag.OK
		p.Known &= lag.KnownStart
		if p.Leader < 0 {
			p.Err = lag.LeaderNotAvailable
		}
	}
	return read
}

// storeOffsets keeps the offsets for the next poll.
func (r *Reader) storeOffsets(reads []lag.TopicRead) {
	for _, read := range reads {
		if t, ok := r.known[read.Name]; ok {
			t.read = read
		}
	}
}
