package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
	"github.com/lagscaler/lagscaler/e2e/servers/kube"
)

// firstHour, when set, names the file that TestFirstHour writes; firstHourCache a cache of the Go toolchain that outlives it: the first run
// notes there what it took to compile with an empty cache, and later runs do not compile anew.
const (
	firstHour      = "LAGSCALER_FIRST_HOUR"
	firstHourCache = "LAGSCALER_FIRST_HOUR_CACHE"
)

// walk is somebody who reads the documentation for the first time, and types its commands in a fresh clone.
type walk struct {
	t     *testing.T
	clone string
	cache string // of the Go toolchain
	empty bool   // it was empty at the start
	warm  string // what the page says if it was not, and nobody noted how long it takes from an empty one
	env   []string
	text  strings.Builder
	shown [][2]string // what stands for paths and addresses of this machine in the transcript
	began time.Time
	loads []string // at the start, and at the end
	took  []step
}

// step is a line of the summary.
type step struct {
	what, before string
	wall, cpu    time.Duration
}

// TestFirstHour walks the first hour, from a fresh clone to a scaler that acts and back, and writes what was typed, what was printed and
// how long it took: make first-hour. Kafka, the control plane, Helm and the programs are real. There is no kubelet: consumers of this
// machine stand for the pods, and the program runs with what the chart renders.
func TestFirstHour(t *testing.T) {
	file := os.Getenv(firstHour)
	if file == "" {
		t.Skipf("skipped: this compiles everything with an empty cache and writes docs/first-hour.md; make first-hour runs it, with %s", firstHour)
	}
	w := newWalk(t)
	t.Cleanup(func() {
		if t.Failed() {
			file += ".failed"
		}
		w.write(file)
	})
	w.demo()
	w.kubernetes(w.ownKafka())
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	home := t.TempDir()
	w := &walk{t: t, clone: filepath.Join(home, "lagscaler"), cache: os.Getenv(firstHourCache), began: time.Now()}
	if w.cache == "" {
		w.cache = t.TempDir()
	}
	there, err := os.ReadDir(w.cache)
	if err != nil {
		t.Fatal(err)
	}
	w.empty = len(there) == 0
	w.loads = append(w.loads, load(t))
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "HOME="+home, "GOCACHE="+w.cache, "GOMODCACHE="+goenv(t, "GOMODCACHE"), "XDG_CACHE_HOME=",
		"MAKEFLAGS=", "MAKELEVEL=") // nobody's make runs this one
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "--quiet", root, w.clone).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.shown = [][2]string{{w.clone, "~/lagscaler"}, {home, "~"}}
	return w
}

// load is the load of the machine over the last five minutes: how many threads ran or waited for a core.
func load(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[1]
}

func goenv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (w *walk) say(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n\n", args...) }

// types runs a command and writes it down, with what it printed and how long it took.
func (w *walk) types(command string) (out string, wall, cpu time.Duration) {
	w.t.Helper()
	out, wall, cpu, err := w.run(command)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	w.show(command, out, wall)
	return out, wall, cpu
}

// tries is types of a command that may fail, because what it asks for is not known yet.
func (w *walk) tries(command string) {
	w.t.Helper()
	out, wall, _, err := w.run(command)
	if err != nil {
		w.t.Log(command, err)
	}
	w.show(command, out, wall)
}

func (w *walk) show(command, out string, wall time.Duration) {
	for _, s := range w.shown {
		out, command = strings.ReplaceAll(out, s[0], s[1]), strings.ReplaceAll(command, s[0], s[1])
	}
	fmt.Fprintf(&w.text, "```console\n$ %s\n%s\n```\n\n%s\n\n", strings.ReplaceAll(strings.TrimSpace(command), "\n", "\n> "), strings.TrimSpace(out), seconds(wall))
}

func (w *walk) run(command string) (out string, wall, cpu time.Duration, err error) {
	cmd := exec.CommandContext(w.t.Context(), "bash", "-c", command)
	cmd.Dir, cmd.Env = w.clone, w.env
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	began := time.Now()
	err = cmd.Run()
	return b.String(), time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), err
}

// until types a command again and again until its output is good, and writes down the last time, and how long it took.
func (w *walk) until(what, command string, good func(out string) error) time.Duration {
	w.t.Helper()
	began := time.Now()
	var last string
	var wall time.Duration
	await(w.t, what, func() (err error) {
		last, wall, _, err = w.run(command)
		return errors.Join(err, good(last))
	})
	waited := time.Since(began)
	w.say("%s later:", seconds(waited))
	w.show(command, last, wall)
	return waited
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func (w *walk) note(what, before string, wall, cpu time.Duration) {
	w.took = append(w.took, step{what, before, wall, cpu})
}

// demo is the first part of the README.
func (w *walk) demo() {
	w.say("## Watch it work")
	w.say("The README says that Go and make are enough.")
	w.coldly("make demo DURATION=1s", "`make demo DURATION=1s` with an empty cache; the modules are downloaded already", "167 s silent; 342 s of CPU")
	out, wall, _ := w.types("make demo DURATION=60s")
	if !strings.Contains(out, "ScaleUp") {
		w.t.Errorf("the demo shows nothing:\n%s", out)
	}
	w.note("`make demo DURATION=60s` with a warm cache, without the 60 s of the demo", "2.8 s", wall-time.Minute, 0)
}

// coldly types a command that compiles with an empty cache, or takes what it took from the notes in the cache.
func (w *walk) coldly(command, what, before string) {
	w.t.Helper()
	notes := map[string]struct{ Wall, CPU time.Duration }{}
	file := filepath.Join(w.cache, "first-hour.json")
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &notes)
	}
	if one, ok := notes[command]; ok && err == nil {
		w.note(what, before, one.Wall, one.CPU)
		w.types(command)
		return
	}
	if !w.empty { // nobody measured it with an empty cache
		w.warm = "The cache of the Go toolchain was not empty when this walk began, so the table does not say how long it takes to compile everything.\n\n"
		w.types(command)
		return
	}
	out, wall, cpu := w.types(command)
	if !strings.Contains(out, "packages compiled") && strings.Contains(command, "demo") {
		w.t.Errorf("%s is silent while it compiles:\n%s", command, out)
	}
	notes[command] = struct{ Wall, CPU time.Duration }{wall, cpu}
	if text, err = json.Marshal(notes); err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.note(what, before, wall, cpu)
}

// ownKafka looks at a real Kafka.
func (w *walk) ownKafka() *traffic {
	w.say("## Look at your own Kafka")
	w.say("A Kafka %s with three brokers, a topic with %d partitions, and a group of two consumers.", kafka.V43, partitions)
	cluster := kafka.Start(w.t, kafka.Config{Version: kafka.V43})
	cluster.CreateTopicNamed(w.t, topic, partitions, nil)
	k := startTraffic(w.t, cluster.Bootstrap(), nil)
	k.rate.Store(60)
	w.coldly("make build", "`make build` after that, which compiles what the demo does not need", "a part of the demo")
	w.env = append(w.env, "PATH="+filepath.Join(w.clone, "bin")+":"+os.Getenv("PATH"))
	return k
}

// kubernetes installs the chart, lets init write the first KafkaScaler, and goes from advise to act and back.
func (w *walk) kubernetes(k *traffic) {
	t := w.t
	c := kube.Start(t, kube.Config{})
	c.InstallCRDs(t, kube.ServiceMonitors, kube.PodMonitors, kube.PrometheusRules)
	shop := "shop"
	c.Kubectl(t, "create", "namespace", shop)
	c.Deploy(t, kube.Deployment{Namespace: shop, Name: "orders-worker", Replicas: 2})
	k.follow(c, shop, "orders-worker")
	w.env = append(w.env, "KUBECONFIG="+c.Kubeconfig(),
		"PATH="+filepath.Join(w.clone, "bin")+":"+filepath.Dir(tool(t, "helm"))+":"+filepath.Dir(c.KubectlPath())+":"+os.Getenv("PATH"))
	w.shown = append(w.shown, [2]string{c.Kubeconfig(), "~/.kube/config"})

	first, _, _ := strings.Cut(k.brokers, ",")
	lag := "lagscaler lag --brokers " + first
	await(t, "two members", func() error {
		out, _, _, err := w.run(lag)
		if err == nil && !regexp.MustCompile(`orders .* Stable +2 `).MatchString(out) {
			err = errors.New(out)
		}
		return err
	})
	_, wall, _ := w.types(lag)
	w.note("`lagscaler lag` on this Kafka", "0.3 s, a row for each partition, no totals", wall, 0)
	w.types("lagscaler check --brokers " + first)

	w.say("## Let lagscaler propose the values and the first KafkaScaler")
	w.types("lagscaler init --brokers " + first)
	w.types("cat lagscaler-init/values.yaml lagscaler-init/kafkascalers.yaml")

	w.say("## Install on Kubernetes, in mode advise")
	w.say("With the values for kube-prometheus-stack from docs/install.md. Kubernetes %s; no image is pulled, because there is no kubelet.", "1.37")
	w.types("cat > monitoring.yaml <<'EOF'\n" + monitoring(t) + "EOF")
	r := &release{ControlPlane: c, t: t, helm: "helm", ns: "lagscaler", name: "lagscaler"}
	_, wall, _ = w.types("helm install lagscaler charts/lagscaler --namespace lagscaler --create-namespace --values lagscaler-init/values.yaml --values monitoring.yaml --set image.repository=REGISTRY/lagscaler")
	w.note("`helm install`", "1.1 s; nobody said where the image comes from", wall, 0)
	w.types("kubectl --namespace lagscaler get servicemonitors,prometheusrules,configmaps -o name")
	c.AwaitReady(t, r.ns, r.name, 2)
	p := r.startProgram(filepath.Join(w.clone, "bin", "lagscaler"), true)
	w.shown = append(w.shown, [2]string{p.url, "http://localhost:9090"}, [2]string{p.root, "/etc/lagscaler"})
	await(t, "the program to be ready", func() error { _, err := p.get("/readyz"); return err }, p.Process)

	w.say("## The first KafkaScaler, in advise")
	w.say("The comment in the file asks for an estimate of the time of a record.")
	w.types("sed -i 's/# processingTime:/processingTime:/' lagscaler-init/kafkascalers.yaml")
	w.types("kubectl apply -f lagscaler-init/kafkascalers.yaml")
	get := "kubectl --namespace " + shop + " get kafkascalers"
	waited := w.until("a decision", get, func(out string) error { return want(out, "advise") })
	w.note("first status after `kubectl apply`", "3 s", waited, 0)
	w.say("More records arrive: 300 per second instead of 60.")
	k.rate.Store(300)
	w.until("advice to scale up", get, func(out string) error { return want(out, "ScaleUp") })
	w.types("lagscaler explain " + shop + "/orders-worker --server " + p.url)
	w.tries("lagscaler price " + shop + "/orders-worker --server " + p.url)
	w.tries("lagscaler check --config " + filepath.Join(p.root, "config", "lagscaler.yaml"))

	w.say("## Act")
	w.types("kubectl --namespace " + shop + " patch kafkascaler orders-worker --type merge --patch '{\"spec\":{\"mode\":\"act\"}}'")
	_, wall, _ = w.types("helm upgrade lagscaler charts/lagscaler --namespace lagscaler --reuse-values --set mode=act")
	p.mount()
	waited = w.until("more replicas", "kubectl --namespace "+shop+" get deployment orders-worker", func(out string) error {
		if m := regexp.MustCompile(`orders-worker +\d+/(\d+)`).FindStringSubmatch(out); m == nil || m[1] == "2" {
			return errors.New(out)
		}
		return nil
	})
	w.note("from `helm upgrade --set mode=act` to the write", "9 s", wall+waited, 0)
	w.say("The status of the KafkaScaler shows the replicas that the last poll found, and what it decided. The next poll, within 10 s, finds the new ones.")
	w.types(get)

	w.say("## And back")
	w.types("kubectl --namespace " + shop + " annotate kafkascaler orders-worker lagscaler.io/paused=true")
	waited = w.until("the pause", "kubectl --namespace "+shop+" get kafkascaler orders-worker -o jsonpath='{range .status.conditions[*]}{.type}={.status} {.reason}: {.message}{\"\\n\"}{end}'",
		func(out string) error { return want(out, "Paused=True") })
	w.note("a pause takes effect", "10 s", waited, 0)
	w.types("helm upgrade lagscaler charts/lagscaler --namespace lagscaler --reuse-values --set mode=advise")
	p.Kill()
	w.types("helm uninstall lagscaler --namespace lagscaler")
	w.say("What remains is listed in docs/install.md. What a scaler learns is saved every five minutes, and this walk was shorter.")
	w.types("kubectl --namespace lagscaler get leases,configmaps,pods -o name")
}

// monitoring are the values for kube-prometheus-stack in docs/install.md.
func monitoring(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(serviceMonitor:.*?)```").FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("docs/install.md has no values for kube-prometheus-stack")
	}
	return m[1]
}

// write writes the transcript.
func (w *walk) write(file string) {
	w.t.Helper()
	w.loads = append(w.loads, load(w.t))
	var b strings.Builder
	fmt.Fprintf(&b, `# The first hour

This is a walk through the documentation, as somebody types it who sees lagscaler for the first time: every command and what it printed. `+"`make first-hour`"+` walks again and writes this page.
Kafka, the control plane, Helm and all programs are real. There is no kubelet: consumers on this machine stand for the pods, and the program runs with the configuration, the rights and
the arguments that the chart renders.

The times are of %d cores that other programs also use: the load average over five minutes was %s at the beginning of the walk and %s at its end. Of what compiles, the CPU time says more
than the time on the clock. The column "before" is of an earlier walk, in which each place of doubt was written down.

%s| step | before | now |
|---|---|---|
`, runtime.NumCPU(), w.loads[0], w.loads[1], w.warm)
	for _, s := range w.took {
		now := seconds(s.wall)
		if s.cpu > 0 {
			now = fmt.Sprintf("%.0f s of CPU, %s", s.cpu.Seconds(), now)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s.what, s.before, now)
	}
	fmt.Fprintf(&b, "| the whole walk | | %.0f min |\n\n%s", time.Since(w.began).Minutes(), strings.TrimSuffix(w.text.String(), "\n"))
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		w.t.Error(err)
	}
}
