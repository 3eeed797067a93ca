package chart

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
	"github.com/lagscaler/lagscaler/lag/shard"
)

// idleGroups are groups without members, beside the one that is scaled.
const idleGroups = 20

func idleGroup(i int) string { return fmt.Sprint("idle-", i) }

// shards are the processes that the pods of a release stand for.
type shards struct {
	*scenario
	program string

	mu   sync.Mutex
	pods map[string]*pod   // by the name of the pod
	flag map[string]string // --shard; empty: there is none
}

// followPods lets each Ready pod of the release be a process, which gets SIGTERM when the pod is deleted.
func (s *shards) followPods() {
	s.Follow(s.t, kube.PodHooks{
		Namespace: s.ns, Selector: "app.kubernetes.io/instance=" + s.name,
		Start: func(p kube.Pod) {
			object, err := s.Client().CoreV1().Pods(s.ns).Get(s.t.Context(), p.Name, metav1.GetOptions{})
			if err != nil {
				s.t.Errorf("reading a pod: %v", err)
				return
			}
			s.startPod(object)
		},
		Stop: func(p kube.Pod) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if one := s.pods[p.Name]; one != nil && one.Alive() {
				_ = one.Signal(syscall.SIGTERM)
			}
		},
	})
}

func (s *shards) startPod(object *corev1.Pod) {
	port, err := child.Port()
	if err != nil {
		s.t.Errorf("finding a port: %v", err)
		return
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	flag := ""
	var args []string
	for _, a := range object.Spec.Containers[0].Args[2:] {
		if value, is := strings.CutPrefix(a, "--shard="); is {
			flag = value
		}
		if strings.HasPrefix(a, "--advertise=") {
			a = "--advertise=http://" + address // a kubelet puts the address of the pod there
		}
		args = append(args, a)
	}
	p := s.startAt(s.program, address, true, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods[object.Name], s.flag[object.Name] = p, flag
	s.t.Logf("%s starts with --shard=%s at %s", object.Name, flag, address)
}

// alive are the processes that run, by the name of their pod.
func (s *shards) alive() map[string]*pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]*pod{}
	for name, p := range s.pods {
		if p.Alive() {
			out[name] = p
		}
	}
	return out
}

var exportedGroup = regexp.MustCompile(`(?m)^lagscaler_group_lag_records\{[^}]*group="([^"]+)"`)

// exports are the groups whose lag somebody exports, with the pods that do.
func (s *shards) exports() map[string][]string {
	alive := s.alive()
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[string][]string{}
	for name, p := range alive {
		wg.Go(func() {
			text, err := p.get("/metrics")
			if err != nil {
				return // it has not begun, or has ended
			}
			mu.Lock()
			defer mu.Unlock()
			for _, m := range exportedGroup.FindAllStringSubmatch(text, -1) {
				out[m[1]] = append(out[m[1]], name)
			}
		})
	}
	wg.Wait()
	return out
}

// watch looks at all series until the returned function is called, which tells for how long a group was missing at most. It notes
// groups that two processes export.
func (s *shards) watch() (ends func() (missing time.Duration, twice []string)) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	seen := map[string]time.Time{}
	var longest time.Duration
	var twice []string
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			now := time.Now()
			for group, by := range s.exports() {
				if before, known := seen[group]; known {
					longest = max(longest, now.Sub(before))
				}
				seen[group] = now
				if len(by) > 1 {
					twice = append(twice, fmt.Sprint(group, " by ", by))
				}
			}
			time.Sleep(300 * time.Millisecond)
		}
	}()
	return func() (time.Duration, []string) {
		cancel()
		<-done
		return longest, twice
	}
}

// awaitDivision waits until each group is exported by its shard of so many.
func (s *shards) awaitDivision(of int) {
	s.t.Helper()
	await(s.t, fmt.Sprint("every group to be exported by its shard of ", of), func() error {
		exports := s.exports()
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range idleGroups {
			name := idleGroup(i)
			want := ""
			if of > 1 {
				want = shard.Shard{Index: shard.Owner("main", name, of), Of: of}.String()
			}
			if by := exports[name]; len(by) != 1 || s.flag[by[0]] != want {
				return fmt.Errorf("%s is exported by %v; want one of shard %q", name, by, want)
			}
		}
		return nil
	})
}

// commitIdle makes the idle groups.
func (k *traffic) commitIdle(t *testing.T) {
	t.Helper()
	client := k.client()
	defer client.Close()
	for i := range idleGroups {
		offsets := kadm.Offsets{}
		offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 0, LeaderEpoch: -1})
		if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), idleGroup(i), offsets); err != nil {
			t.Fatal(err)
		}
	}
}

// TestShards: a release under load goes from one shard to three and to two with Helm, while a KafkaScaler acts whose groups are in two
// shards. No step is made for that, no series is there twice or missing for long, what was learned stays; then a shard dies.
func TestShards(t *testing.T) {
	t.Parallel()
	program, err := built.Program()
	if err != nil {
		t.Fatal(err)
	}
	other := 0
	for shard.Owner("main", idleGroup(other), 3) == shard.Owner("main", group, 3) {
		other++
	}
	st := setup{replicas: 2, namespaced: true, values: []string{"--set=mode=act"}, spec: "  minReplicas: 3\n"}
	s := &shards{scenario: open(t, st), program: program, pods: map[string]*pod{}, flag: map[string]string{}}
	s.kafka.commitIdle(t)
	s.Kubectl(t, "patch", "kafkascaler", scalerName, "--namespace="+s.shop, "--type=json", fmt.Sprintf(
		`--patch=[{"op": "add", "path": "/spec/sources/-", "value": {"cluster": "main", "group": %q, "processingTime": "20ms", "commitInterval": "500ms"}}]`, idleGroup(other)))
	s.kafka.rate.Store(20)
	sizes := s.WatchSizes(t, s.shop, worker)
	s.followPods()
	s.awaitDivision(1)
	size := func(n int32) {
		t.Helper()
		await(t, fmt.Sprint(n, " replicas"), func() error {
			if got := s.Replicas(t, s.shop, worker); got != n {
				return fmt.Errorf("%d replicas; last decision: %s", got, s.status("lastDecision"))
			}
			return nil
		})
	}
	size(3)

	for _, step := range []struct {
		of  int
		min int32
	}{{3, 4}, {2, 5}} {
		ends := s.watch()
		s.upgrade(fmt.Sprint("--set=shards=", step.of))
		s.awaitDivision(step.of)
		missing, twice := ends()
		t.Logf("to %d shards: a group was missing for %v at most", step.of, missing.Round(time.Second/10))
		if missing > 20*time.Second {
			t.Errorf("to %d shards: a group was missing for %v", step.of, missing)
		}
		if len(twice) > 0 {
			t.Errorf("to %d shards: %d times two processes exported a group: %s", step.of, len(twice), twice[0])
		}
		s.Kubectl(t, "patch", "kafkascaler", scalerName, "--namespace="+s.shop, "--type=merge", fmt.Sprintf(`--patch={"spec":{"minReplicas":%d}}`, step.min))
		size(step.min)
	}
	if got := fmt.Sprint(sizes()); got != "[2 3 4 5]" {
		t.Errorf("the sizes were %s", got)
	}
	memories, err := s.Client().CoreV1().ConfigMaps(s.ns).List(t.Context(), metav1.ListOptions{LabelSelector: "lagscaler.io/memory-of=" + s.name})
	if err != nil || len(memories.Items) != 1 {
		t.Errorf("%d memories were saved, %v; want one, which all shards find", len(memories.Items), err)
	}

	for name, p := range s.alive() {
		await(t, "every group on the page of "+name, func() error {
			text, err := p.get("/api/v1/groups?q=idle")
			if err == nil && !strings.Contains(text, fmt.Sprintf(`"total":%d,`, idleGroups)) {
				err = fmt.Errorf("it says %.200s", text)
			}
			return err
		}, p.Process)
	}

	var killed []string
	for name, p := range s.alive() {
		s.mu.Lock()
		flag := s.flag[name]
		s.mu.Unlock()
		if flag == "1/2" {
			killed = append(killed, name)
			p.Kill()
		}
	}
	time.Sleep(20 * time.Second) // a Lease lasts 15 s
	await(t, "the groups of the other shard alone to be exported", func() error {
		exports := s.exports()
		for i := range idleGroups {
			is, by := shard.Owner("main", idleGroup(i), 2), exports[idleGroup(i)]
			if is == 0 && len(by) != 1 || is == 1 && len(by) != 0 {
				return fmt.Errorf("%v are killed, and %s of shard %d is exported by %v", killed, idleGroup(i), is, by)
			}
		}
		return nil
	})
	await(t, "the pages to name the shard that is gone", func() error {
		for _, p := range s.alive() {
			text, err := p.get("/api/v1/groups")
			if err != nil {
				return err
			}
			if !strings.Contains(text, `"partial":["shard 1: nobody leads it"]`) {
				return fmt.Errorf("a page says %.300s", text)
			}
		}
		return nil
	})
	if len(killed) == 0 {
		t.Error("no process of the shard was there to be killed")
	}
}
