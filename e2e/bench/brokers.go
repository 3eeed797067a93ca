package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// The cluster that is read: what a large shared one looks like to a lag exporter.
const (
	topics        = 50
	perTopic      = 100 // partitions
	answerDelay   = time.Millisecond
	startPatience = 5 * time.Minute
)

// serve runs three embedded brokers until standard input closes. It prints their addresses when they are filled.
func serve(ctx context.Context, groups int) error {
	names := make([]string, topics)
	for i := range names {
		names[i] = fmt.Sprintf("topic-%02d", i)
	}
	c, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(perTopic, names...),
		kfake.GroupMaxSessionTimeout(24*time.Hour), kfake.ListenFn(listenSlowly))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := fill(ctx, c.ListenAddrs(), names, groups, perTopic); err != nil {
		return err
	}
	delayed.Store(true)
	fmt.Println(strings.Join(c.ListenAddrs(), ","))
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // the parent's end is ours
	return nil
}

// start runs serve as a child and waits for its addresses.
func start(ctx context.Context, groups int) (addresses []string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-role", "brokers", "-groups", strconv.Itoa(groups)) // ourselves
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

// fill gives each group one member that holds a whole topic, and a commit for each of its partitions.
func fill(ctx context.Context, addresses []string, names []string, groups, partitions int) error {
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
				if err := populate(ctx, client, fmt.Sprintf("group-%05d", i), names[i%len(names)], partitions); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for i := range groups {
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

func populate(ctx context.Context, client *kgo.Client, group, topic string, partitions int) error {
	member, generation, err := join(ctx, client, group, topic)
	if err != nil {
		return fmt.Errorf("joining %s: %w", group, err)
	}
	assignment := kmsg.ConsumerMemberAssignment{Topics: []kmsg.ConsumerMemberAssignmentTopic{{Topic: topic}}}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.MemberID, commit.Generation = group, member, generation
	ct := kmsg.NewOffsetCommitRequestTopic()
	ct.Topic = topic
	for p := range int32(partitions) {
		assignment.Topics[0].Partitions = append(assignment.Topics[0].Partitions, p)
		cp := kmsg.NewOffsetCommitRequestTopicPartition()
		cp.Partition = p
		ct.Partitions = append(ct.Partitions, cp)
	}
	commit.Topics = append(commit.Topics, ct)
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.MemberID, sync.Generation = group, member, generation
	sync.ProtocolType, sync.Protocol = kmsg.StringPtr("consumer"), kmsg.StringPtr("range") // Apache Kafka wants them
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

func join(ctx context.Context, client *kgo.Client, group, topic string) (member string, generation int32, err error) {
	meta := kmsg.ConsumerMemberMetadata{Version: 1, Topics: []string{topic}}
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = group, "consumer", 12*3600*1000, 60000
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
