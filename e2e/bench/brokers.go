package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/lagscaler/lagscaler/lag/shard"
)

// The cluster that is read: what a large shared one looks like to a lag exporter.
const (
	topics        = 50
	perTopic      = 100 // partitions
	answerDelay   = time.Millisecond
	startPatience = 5 * time.Minute
)

// fill says which groups a cluster has.
type fill struct {
	groups     int
	partitions int  // of one topic, which each group reads
	members    bool // each group has one, which holds the topic
	shards     int  // above 0: only the groups of the first of so many shards are like this; the others have one commit

	session time.Duration // of members; 0: half a day
}

// whole reports whether a group is one of those that are read.
func (f fill) whole(group string) bool {
	return f.shards == 0 || shard.Owner("bench", group, f.shards) == 0
}

// serve runs three embedded brokers until standard input closes. It prints their addresses when they are filled.
func serve(ctx context.Context, f fill) error {
	names := numbered(topics)
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(perTopic, names...),
		kfake.GroupMaxSessionTimeout(24*time.Hour), kfake.ListenFn(listenSlowly))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := f.into(ctx, c.ListenAddrs(), names); err != nil {
		return err
	}
	delayed.Store(true)
	fmt.Println(strings.Join(c.ListenAddrs(), ","))
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // the parent's end is ours
	return nil
}

// fillReal makes topics and groups in a cluster that runs.
func fillReal(ctx context.Context, addresses, names []string, f fill) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...))
	if err != nil {
		return err
	}
	defer client.Close()
	for some := range slices.Chunk(names, 50) {
		made, err := kadm.NewClient(client).CreateTopics(ctx, int32(f.partitions), 1, nil, some...)
		if err == nil {
			err = made.Error()
		}
		if err != nil {
			return fmt.Errorf("creating topics: %w", err)
		}
	}
	for _, broker := range client.SeedBrokers() {
		if err := awaitTopics(ctx, broker, names, f.partitions); err != nil {
			return err
		}
	}
	return f.into(ctx, addresses, names)
}

// awaitTopics waits until a broker knows a leader of each partition: the brokers learn of topics one after another, and refuse commits to
// others.
func awaitTopics(ctx context.Context, broker *kgo.Broker, names []string, partitions int) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range names {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	for {
		led := 0
		if resp, err := req.RequestWith(ctx, broker); err == nil {
			for i := range resp.Topics {
				for _, p := range resp.Topics[i].Partitions {
					if p.ErrorCode == 0 && p.Leader >= 0 {
						led++
					}
				}
			}
		}
		if led == len(names)*partitions {
			return nil
		}
		if err := sleep(ctx, 300*time.Millisecond); err != nil {
			return fmt.Errorf("a broker knows the leaders of %d of %d partitions: %w", led, len(names)*partitions, err)
		}
	}
}

// numbered are the names of topics.
func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("topic-%03d", i)
	}
	return names
}

// start runs serve as a child and waits for its addresses.
func start(ctx context.Context, f fill) (addresses []string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "brokers", "-groups", strconv.Itoa(f.groups), "-partitions", strconv.Itoa(f.partitions),
		"-members="+strconv.FormatBool(f.members), "-of", strconv.Itoa(f.shards)) // ourselves
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Env = append(os.Environ(), "GOGC=400") // they share the cores with what is measured: their collections would count as its time
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("brokers did not start: %w", err)
	}
	return strings.Split(strings.TrimSpace(line), ","), stop, nil
}

// into makes the groups: each has a commit for each partition of a topic.
func (f fill) into(ctx context.Context, addresses []string, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	versions := kversion.V3_9_0()
	versions.SetMaxKeyVersion(int16(kmsg.JoinGroup), 3) // later ones join in two steps
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.MaxVersions(versions))
	if err != nil {
		return err
	}
	defer client.Close()
	work := make(chan int)
	failed := make(chan error, 8)
	var wg sync.WaitGroup
	for range cap(failed) {
		wg.Go(func() {
			for i := range work {
				if err := f.populate(ctx, client, fmt.Sprintf("group-%05d", i), names[i%len(names)]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for i := range f.groups {
		select {
		case work <- i:
		case err := <-failed:
			return err
		}
	}
	close(work)
	wg.Wait()
	close(failed)
	return <-failed
}

func (f fill) populate(ctx context.Context, client *kgo.Client, group, topic string) error {
	switch {
	case !f.whole(group):
		return commitTo(ctx, client, group, topic, 1)
	case !f.members:
		return commitTo(ctx, client, group, topic, f.partitions)
	}
	return f.populateWhole(ctx, client, group, topic)
}

// commitTo commits to the first partitions of a topic for a group without members.
func commitTo(ctx context.Context, client *kgo.Client, group, topic string, partitions int) error {
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.Generation = group, -1
	commit.Topics = append(commit.Topics, commits(topic, partitions))
	committed, err := commit.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(committed.Topics[0].Partitions[0].ErrorCode)
}

// commits are those of the first partitions of a topic, at their first record.
func commits(topic string, partitions int) kmsg.OffsetCommitRequestTopic {
	ct := kmsg.NewOffsetCommitRequestTopic()
	ct.Topic = topic
	for p := range int32(partitions) {
		cp := kmsg.NewOffsetCommitRequestTopicPartition()
		cp.Partition = p
		ct.Partitions = append(ct.Partitions, cp)
	}
	return ct
}

// populateWhole makes a group with a member that holds the topic.
func (f fill) populateWhole(ctx context.Context, client *kgo.Client, group, topic string) error {
	member, generation, err := f.join(ctx, client, group, topic)
	if err != nil {
		return fmt.Errorf("joining %s: %w", group, err)
	}
	assignment := kmsg.ConsumerMemberAssignment{Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: topic}}}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.MemberID, commit.Generation = group, member, generation
	for p := range int32(f.partitions) {
		assignment.Topics[0].Partitions = append(assignment.Topics[0].Partitions, p)
	}
	commit.Topics = append(commit.Topics, commits(topic, f.partitions))
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = group, member, generation
	sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range") // as in join: brokers demand it
	sync.GroupAssignment = []kmsg.SyncGroupRequestGroupAssignment{{MemberID: member, MemberAssignment: assignment.AppendTo(nil)}}
	synced, err := sync.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	committed, err := commit.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	return errors.Join(kerr.ErrorForCode(synced.ErrorCode), kerr.ErrorForCode(committed.Topics[0].Partitions[0].ErrorCode))
}

func (f fill) join(ctx context.Context, client *kgo.Client, group, topic string) (member string, generation int32, err error) {
	meta := kmsg.ConsumerMemberMetadata{Version: 1, Topics: []string{topic}}
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = group, "consumer", int32(cmp.Or(f.session, 12*time.Hour).Milliseconds()), 60000
	req.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range", Metadata: meta.AppendTo(nil)}}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return "", 0, err
	}
	return resp.MemberID, resp.Generation, kerr.ErrorForCode(resp.ErrorCode)
}

// listenSlowly adds answerDelay to each answer once the cluster is filled: a broker on another machine.
func listenSlowly(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	return slowListener{l}, err
}

var delayed atomic.Bool

type slowListener struct{ net.Listener }

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return slowConn{c}, err
}

type slowConn struct{ net.Conn }

func (c slowConn) Write(b []byte) (int, error) {
	if delayed.Load() {
		time.Sleep(answerDelay)
	}
	return c.Conn.Write(b)
}
