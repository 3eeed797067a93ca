package scale

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lagscaler/lagscaler/e2e/servers/closedloop"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// deletionCostVariable, when set, has TestWhichPodsGo measure for some minutes.
const deletionCostVariable = "LAGSCALER_DELETION_COST"

// stepDown is a step down whose pods somebody chooses.
type stepDown struct {
	name       string
	partitions int
	from, to   int32
	hot        bool // partition 0 gets 60 % of what a consumer can do
	static     bool // members are static, with the name of their pod and a session of 10 s; only classic ones
}

var stepDowns = []stepDown{
	{name: "16 partitions, 6 to 4 pods", partitions: 16, from: 6, to: 4},
	{name: "12 partitions, 15 to 12 pods: three are idle", partitions: 12, from: 15, to: 12},
	{name: "12 partitions, one of them hot, 6 to 4 pods", partitions: 12, from: 6, to: 4, hot: true},
	{name: "16 partitions, 6 to 4 pods, static members", partitions: 16, from: 6, to: 4, static: true},
	{name: "12 partitions, 15 to 12 pods: three are idle, static members", partitions: 12, from: 15, to: 12, static: true},
}

// groupProtocols are the ways in which partitions are handed over.
var groupProtocols = map[string][]kgo.Opt{
	"cooperative-sticky": {kgo.Balancers(kgo.CooperativeStickyBalancer())},
	"range":              {kgo.Balancers(kgo.RangeBalancer())},
	"KIP-848":            {kgo.ServerSideBalancer()},
}

const (
	workOnRecord    = 20 * time.Millisecond
	lateAfter       = 2 * time.Second // far below any targetLag, to see single pauses
	repeatedSteps   = 3
	settledFor      = 3 * time.Second
	deletionCostKey = "controller.kubernetes.io/pod-deletion-cost"
)

// crew are the consumers of the Ready pods of a Deployment.
type crew struct {
	plane                 *kube.ControlPlane
	ns                    string
	brokers, topic, group string
	options               []kgo.Opt
	static                bool

	mu      sync.Mutex
	clients map[string]context.CancelFunc // by pod
	owner   map[int32]string
	changed time.Time
	done    int
	late    int
	oldest  time.Duration
	closing sync.WaitGroup
}

func (c *crew) own(pod string, owned map[string][]int32, owns bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = time.Now()
	for _, p := range owned[c.topic] {
		switch {
		case owns:
			c.owner[p] = pod
		case c.owner[p] == pod:
			delete(c.owner, p)
		}
	}
}

func (c *crew) start(pod kube.Pod) {
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	c.clients[pod.Name], c.changed = cancel, time.Now()
	c.mu.Unlock()
	c.closing.Go(func() {
		client, err := kgo.NewClient(append([]kgo.Opt{
			kgo.SeedBrokers(strings.Split(c.brokers, ",")...), kgo.ClientID(pod.Name), kgo.ConsumerGroup(c.group), kgo.ConsumeTopics(c.topic),
			kgo.AutoCommitMarks(), kgo.AutoCommitInterval(time.Second), kgo.FetchMaxWait(100 * time.Millisecond),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.BlockRebalanceOnPoll(), kgo.HeartbeatInterval(time.Second),
			kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, owned map[string][]int32) { c.own(pod.Name, owned, true) }),
			kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, owned map[string][]int32) {
				_ = client.CommitMarkedOffsets(context.WithoutCancel(ctx)) // what is not committed is done again
				c.own(pod.Name, owned, false)
			}),
			kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, owned map[string][]int32) { c.own(pod.Name, owned, false) }),
		}, c.optionsOf(pod.Name)...)...)
		if err != nil {
			return // nobody gets its partitions, and the test says so
		}
		defer client.CloseAllowingRebalance()
		for ctx.Err() == nil {
			client.AllowRebalance()
			client.PollRecords(ctx, 10).EachRecord(func(r *kgo.Record) {
				time.Sleep(workOnRecord)
				client.MarkCommitRecords(r)
				c.count(time.Since(r.Timestamp))
			})
		}
	})
}

func (c *crew) optionsOf(pod string) []kgo.Opt {
	if c.static {
		return append(slices.Clone(c.options), kgo.InstanceID(pod), kgo.SessionTimeout(10*time.Second))
	}
	return c.options
}

func (c *crew) stop(pod kube.Pod) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clients[pod.Name]()
	delete(c.clients, pod.Name)
	c.changed = time.Now()
}

func (c *crew) count(age time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	if age > lateAfter {
		c.late++
	}
	c.oldest = max(c.oldest, age)
}

// settled reports whether so many pods share all partitions, and have for a while.
func (c *crew) settled(pods int32, partitions int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p, pod := range c.owner {
		if c.clients[pod] == nil {
			return fmt.Errorf("partition %d is still that of %s", p, pod)
		}
	}
	if len(c.clients) != int(pods) || len(c.owner) != partitions || time.Since(c.changed) < settledFor {
		return fmt.Errorf("%d pods have %d partitions, since %s", len(c.clients), len(c.owner), time.Since(c.changed))
	}
	return nil
}

func (c *crew) begin() (owner map[int32]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.late, c.oldest = 0, 0, 0
	return maps.Clone(c.owner)
}

// punctual reports whether no record was late since it was asked last, for two seconds at least.
func (c *crew) punctual() error {
	c.begin()
	time.Sleep(2 * time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.late > 0 || c.done == 0 {
		return fmt.Errorf("%d of %d are late", c.late, c.done)
	}
	return nil
}

// costs ranks the pods: the ones without a partition first, then those with the fewest, and the owner of a hot partition last.
func (c *crew) costs(hot bool) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	costs := map[string]int{}
	for pod := range c.clients {
		costs[pod] = 0
	}
	for p, pod := range c.owner {
		costs[pod]++
		if hot && p == 0 {
			costs[pod] += 1000
		}
	}
	return costs
}

// measuredStep is what became of one step.
type measuredStep struct {
	Moved  int // partitions that another pod has now
	Late   int
	Done   int
	Oldest time.Duration
	Hot    bool // the hot partition moved
}

// TestWhichPodsGo measures whether lagscaler should say which pods of a Deployment go (controller.kubernetes.io/pod-deletion-cost):
// partitions moved and records late, with and without, on a real Kafka and a real ReplicaSet controller. docs/decisions/pod-deletion-cost.md
// has the numbers.
func TestWhichPodsGo(t *testing.T) {
	if os.Getenv(deletionCostVariable) == "" {
		t.Skipf("skipped: this measures for some minutes what docs/decisions/pod-deletion-cost.md has; %s=1 runs it", deletionCostVariable)
	}
	for _, s := range stepDowns {
		for _, protocol := range slices.Sorted(maps.Keys(groupProtocols)) {
			if s.static && protocol != "cooperative-sticky" {
				continue
			}
			t.Run(s.name+"/"+protocol, func(t *testing.T) {
				t.Parallel()
				s.measure(t, protocol)
			})
		}
	}
}

func (s stepDown) measure(t *testing.T, protocol string) {
	plane, cluster := controlPlane(t), kafka.Shared(t, kafka.V43)
	topic := cluster.CreateTopic(t, "steps", int32(s.partitions))
	c := &crew{
		plane: plane, ns: plane.Namespace(t), brokers: cluster.Bootstrap(), topic: topic, group: cluster.Name("steps"), options: groupProtocols[protocol], static: s.static,
		clients: map[string]context.CancelFunc{}, owner: map[int32]string{},
	}
	t.Cleanup(c.closing.Wait)
	weights := closedloop.Even(s.partitions)
	able := int(time.Second/workOnRecord) * int(s.to)
	rate := able * 6 / 10
	if s.hot { // 30/s of the 50/s of a consumer, of 120/s in all
		weights[0] = 4
		rate = 30 * (s.partitions + 3) / 4
	}
	load := closedloop.Produce(t, strings.Split(c.brokers, ","), topic, weights)
	load.Set(rate)
	plane.Deploy(t, kube.Deployment{Namespace: c.ns, Name: workload, Replicas: s.to})
	plane.Follow(t, kube.PodHooks{Namespace: c.ns, Selector: "app=" + workload, Start: c.start, Stop: c.stop})
	var all []string
	for _, grown := range []bool{true, false} {
		for _, ranked := range []bool{false, true} {
			var steps []measuredStep
			for range repeatedSteps {
				before := s.to
				if !grown { // as after a rollout: all pods are about as old
					before = 0
					plane.Scale(t, c.ns, workload, 0)
					await(t, "no pod", func() error { return c.gone() })
				}
				steps = append(steps, s.step(t, c, before, ranked))
			}
			all = append(all, summary(grown, ranked, steps, s.hot))
		}
	}
	t.Logf("%s, %s\n%s", s.name, protocol, strings.Join(all, "\n"))
}

func (c *crew) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.clients)+len(c.owner) > 0 {
		return fmt.Errorf("%d pods, %d partitions", len(c.clients), len(c.owner))
	}
	return nil
}

// step scales up to where the step down begins, and measures that.
func (s stepDown) step(t *testing.T, c *crew, before int32, ranked bool) (m measuredStep) {
	t.Helper()
	if before > 0 {
		c.plane.Scale(t, c.ns, workload, before)
		awaitFor(t, 2*time.Minute, "the fleet before it grows", func() error { return c.settled(before, s.partitions) })
		time.Sleep(rand.N(2 * time.Second))
	}
	c.plane.Scale(t, c.ns, workload, s.from)
	awaitFor(t, 2*time.Minute, "the fleet before the step", func() error { return c.settled(s.from, s.partitions) })
	if ranked {
		for pod, cost := range c.costs(s.hot) {
			patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{deletionCostKey: fmt.Sprint(cost)}}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.plane.Client().CoreV1().Pods(c.ns).Patch(t.Context(), pod, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	awaitFor(t, 2*time.Minute, "no record to be late before the step", func() error { return c.punctual() })
	owner := c.begin()
	c.plane.Scale(t, c.ns, workload, s.to)
	awaitFor(t, 2*time.Minute, "the fleet after the step", func() error { return c.settled(s.to, s.partitions) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for p, pod := range c.owner {
		if owner[p] != pod {
			m.Moved++
			m.Hot = m.Hot || p == 0
		}
	}
	m.Late, m.Done, m.Oldest = c.late, c.done, c.oldest
	return m
}

func summary(grown, ranked bool, steps []measuredStep, hot bool) string {
	moved, late, done, hots := 0, 0, 0, 0
	oldest := time.Duration(0)
	var each []string
	for _, m := range steps {
		moved, late, done, oldest = moved+m.Moved, late+m.Late, done+m.Done, max(oldest, m.Oldest)
		if m.Hot {
			hots++
		}
		each = append(each, fmt.Sprint(m.Moved))
	}
	n := float64(len(steps))
	age := map[bool]string{true: "pods of two ages", false: "pods of one age"}[grown]
	how := map[bool]string{true: "ranked", false: "not ranked"}[ranked]
	line := fmt.Sprintf("| %s | %s | %.1f (%s) | %.1f of %.0f | %s |", age, how, float64(moved)/n, strings.Join(each, ", "), float64(late)/n, float64(done)/n,
		oldest.Round(100*time.Millisecond))
	if hot {
		line += fmt.Sprintf(" hot moved %d of %d |", hots, cmp.Or(len(steps), 1))
	}
	return line
}
