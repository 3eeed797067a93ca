package kafka

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// pollInterval is the pause between two questions to a server that is not ready.
const pollInterval = 50 * time.Millisecond

// awaitReady returns when every node knows every broker as live, and the group
// coordinators answer: the offsets topic exists and is loaded.
func (c *Cluster) awaitReady(ctx context.Context) error {
	ids := make([]int, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		ids = append(ids, n.ID)
	}
	for _, n := range c.Nodes {
		if err := n.awaitBrokers(ctx, ids...); err != nil {
			return err
		}
	}
	for _, ask := range []func(context.Context, *kgo.Client) error{findCoordinator, listGroups} {
		for _, n := range c.Nodes {
			if err := n.await(ctx, ask); err != nil {
				return err
			}
		}
	}
	return c.addUsers(ctx)
}

// awaitBrokers returns when the node knows of a controller and of the brokers.
// Kafka lists a broker once it is registered and no longer fenced.
func (n *Node) awaitBrokers(ctx context.Context, ids ...int) error {
	return n.await(ctx, func(ctx context.Context, client *kgo.Client) error {
		response, err := metadata(ctx, client)
		if err != nil {
			return err
		}
		live := map[int]bool{}
		for _, b := range response.Brokers {
			live[int(b.NodeID)] = true
		}
		for _, id := range ids {
			if !live[id] {
				return fmt.Errorf("broker %d is not listed as live", id)
			}
		}
		return nil
	})
}

// awaitTopic returns when the node knows a leader of each partition of a topic.
func (n *Node) awaitTopic(ctx context.Context, topic string, partitions int) error {
	return n.await(ctx, func(ctx context.Context, client *kgo.Client) error {
		response, err := metadata(ctx, client, topic)
		if err != nil {
			return err
		}
		led := 0
		for _, t := range response.Topics {
			for _, p := range t.Partitions {
				if p.ErrorCode == 0 && p.Leader >= 0 {
					led++
				}
			}
		}
		if led < partitions {
			return fmt.Errorf("%d of %d partitions of %s have a leader", led, partitions, topic)
		}
		return nil
	})
}

// AwaitCoordinators waits until every running broker knows a leader of each partition of __consumer_offsets and lists
// the groups it coordinates. Brokers learn of a return one after another.
func (c *Cluster) AwaitCoordinators(t testing.TB) {
	t.Helper()
	const offsets = "__consumer_offsets"
	described, err := c.Admin(t).ListTopics(t.Context(), offsets)
	if err == nil {
		err = described.Error()
	}
	if err != nil {
		t.Fatalf("reading %s: %v", offsets, err)
	}
	c.awaitTopic(t, offsets, len(described[offsets].Partitions))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, n := range c.Nodes {
		if !n.running() || n.paused {
			continue
		}
		if err := n.await(ctx, listGroups); err != nil {
			t.Fatalf("waiting for the groups of broker %d: %v", n.ID, err)
		}
	}
}

// metadata asks the client's seed for the live brokers and the topics.
func metadata(ctx context.Context, client *kgo.Client, topics ...string) (*kmsg.MetadataResponse, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{} // nil would be all
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		request.Topics = append(request.Topics, t)
	}
	return ask[*kmsg.MetadataResponse](ctx, client, request)
}

// findCoordinator asks where some group's coordinator is, at which Kafka makes
// the offsets topic. The group itself never comes to be.
func findCoordinator(ctx context.Context, client *kgo.Client) error {
	request := kmsg.NewPtrFindCoordinatorRequest()
	request.CoordinatorKey = "lagscaler-harness"
	request.CoordinatorKeys = []string{request.CoordinatorKey}
	response, err := ask[*kmsg.FindCoordinatorResponse](ctx, client, request)
	if err != nil {
		return err
	}
	code := response.ErrorCode
	for _, c := range response.Coordinators {
		code = c.ErrorCode
	}
	return kerr.ErrorForCode(code)
}

// listGroups fails while the broker's coordinator loads its partitions.
func listGroups(ctx context.Context, client *kgo.Client) error {
	response, err := ask[*kmsg.ListGroupsResponse](ctx, client, kmsg.NewPtrListGroupsRequest())
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.ErrorCode)
}

// await repeats a question to this node until its answer is no error.
func (n *Node) await(ctx context.Context, question func(context.Context, *kgo.Client) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(n.Address), kgo.DialTimeout(time.Second))
	if err != nil {
		return fmt.Errorf("making a client for node %d: %w", n.ID, err)
	}
	defer client.Close()
	return poll(ctx, func() error {
		if !n.running() {
			return fatal{fmt.Errorf("node %d has ended: %w", n.ID, n.process.Wait(ctx))}
		}
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := question(attempt, client); err != nil {
			return fmt.Errorf("node %d: %w", n.ID, err)
		}
		return nil
	})
}

// ask sends one request to the client's only seed, without retries.
func ask[R kmsg.Response](ctx context.Context, client *kgo.Client, request kmsg.Request) (R, error) {
	var none R
	response, err := client.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		return none, err
	}
	typed, ok := response.(R)
	if !ok {
		return none, fmt.Errorf("the answer is a %T", response)
	}
	return typed, nil
}

// Eventually repeats try, 20 times a second, until it returns nil. When that
// does not come within a minute the test ends with what try said last.
func Eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll(ctx, try); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// fatal is an error that no waiting heals.
type fatal struct{ error }

// poll repeats try until it returns nil, a fatal error, or the context ends,
// which then tells what try said last.
func poll(ctx context.Context, try func() error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if f, ok := errors.AsType[fatal](err); ok {
			return f.error
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		}
	}
}
