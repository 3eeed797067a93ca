// Package image builds the container image and runs it as the chart's Deployment would: any user, no capabilities, no file that can be
// written.
package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/lagscaler/lagscaler/e2e/servers/built"
	"github.com/lagscaler/lagscaler/e2e/servers/child"
	"github.com/lagscaler/lagscaler/e2e/servers/kafka"
)

func TestMain(m *testing.M) {
	defer kafka.CloseShared()
	m.Run()
}

// container is one of the image, which was built from this checkout.
type container struct {
	t       *testing.T
	name    string
	tree    string   // its files
	storage []string // options of buildah
}

// user is one that no file of the image names.
const user = "1000660000:0"

// open builds the image and makes a container.
func open(t *testing.T) *container {
	t.Helper()
	if _, err := exec.LookPath("buildah"); err != nil {
		built.Need(t, &built.MissingError{Name: "buildah", Target: "buildah"})
	}
	checkout, err := built.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &container{t: t, storage: []string{"--storage-driver=vfs", "--root=" + dir + "/storage", "--runroot=" + dir + "/run"}}
	const name = "localhost/lagscaler:e2e"
	c.output("make", "--directory="+checkout, "image", "IMAGE_TOOL=buildah", "IMAGE="+name, "PLATFORMS=linux/"+runtime.GOARCH,
		"IMAGE_FOLDER="+dir+"/folder", "BUILDAH_OPTIONS="+strings.Join(c.storage, " "))
	c.name = c.buildah("from", name)
	t.Cleanup(func() { c.buildahIn(context.Background(), "rm", "--all") }) // it holds mounts within the folder
	c.tree = c.buildah("mount", c.name)
	return c
}

func (c *container) buildah(args ...string) string {
	c.t.Helper()
	return c.buildahIn(c.t.Context(), args...)
}

func (c *container) buildahIn(ctx context.Context, args ...string) string {
	c.t.Helper()
	return c.outputOf(exec.CommandContext(ctx, "buildah", append(slices.Clone(c.storage), args...)...))
}

func (c *container) output(name string, args ...string) string {
	c.t.Helper()
	return c.outputOf(exec.CommandContext(c.t.Context(), name, args...))
}

func (c *container) outputOf(cmd *exec.Cmd) string {
	c.t.Helper()
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		c.t.Fatalf("%s: %v\n%s%s", cmd, err, out, exit.Stderr)
	} else if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// run are the arguments of buildah that run the program as the chart's security context has it.
func (c *container) run(args ...string) []string {
	all := append(slices.Clone(c.storage), "run", "--isolation=chroot", "--user="+user, "--cap-drop=all")
	return append(append(all, c.name, "--", "/usr/local/bin/lagscaler"), args...)
}

func TestImage(t *testing.T) {
	c := open(t)
	t.Run("contents", c.contents)
	c.output("chmod", "--recursive", "a-w", c.tree) // stands for readOnlyRootFilesystem
	t.Run("commands", c.commands)
	t.Run("daemon", c.daemon)
}

// mostBytes is the documented limit of the unpacked image.
const mostBytes = 100 << 20

func (c *container) contents(t *testing.T) {
	var files []string
	size := int64(0)
	err := filepath.WalkDir(c.tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 || !info.Mode().IsRegular() {
			t.Errorf("%s: %s", path, info.Mode())
		}
		files = append(files, strings.TrimPrefix(path, c.tree))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/etc/passwd", "/etc/ssl/certs/ca-certificates.crt", "/licenses/LICENSE", "/licenses/THIRD_PARTY_NOTICES",
		"/usr/local/bin/lagscaler", "/usr/share/zoneinfo-go/zoneinfo.zip",
	}
	if slices.Sort(files); !slices.Equal(files, want) {
		t.Errorf("the image contains %q, want %q", files, want)
	}
	if size > mostBytes {
		t.Errorf("%d bytes unpacked, at most %d are documented", size, mostBytes)
	}
}

func (c *container) commands(t *testing.T) {
	for _, command := range []struct {
		args string
		want string
	}{
		{"version", "lagscaler "},
		{"plan --rate 1000 --processing-time 10ms --partitions 24", "recommended consumers     10"},
		{"check /etc/passwd", ""},
	} {
		cmd := exec.CommandContext(t.Context(), "buildah", c.run(strings.Fields(command.args)...)...)
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && command.want == "" {
			if exit.ExitCode() != 2 {
				t.Errorf("%s: exit code %d, want 2: the file is no configuration\n%s", command.args, exit.ExitCode(), out)
			}
			continue
		}
		if err != nil || !strings.Contains(string(out), command.want) {
			t.Errorf("%s: %v\n%s", command.args, err, out)
		}
	}
}

// daemon runs it with the arguments of the chart, until it shows the lag of a group on real Kafka, and ends it.
func (c *container) daemon(t *testing.T) {
	k := kafka.Shared(t, kafka.V43)
	topic, group := k.CreateTopic(t, "orders", 3), k.Name("shipping")
	k.Produce(t, topic, 10)
	kafka.Eventually(t, "a commit", func() error {
		var offsets kadm.Offsets
		for p := range int32(3) {
			offsets.Add(kadm.Offset{Topic: topic, Partition: p, At: 4, LeaderEpoch: -1})
		}
		resp, err := k.Admin(t).CommitOffsets(t.Context(), group, offsets)
		return errors.Join(err, resp.Error())
	})
	port, err := child.Port()
	if err != nil {
		t.Fatal(err)
	}
	config := t.TempDir()
	text := fmt.Sprintf("mode: observe\ninterval: 1s\nhealthListen: 127.0.0.1:0\nclusters: [{name: main, brokers: [%s]}]\n", k.Bootstrap())
	if err := os.WriteFile(filepath.Join(config, "lagscaler.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(config, 0o755); err != nil {
		t.Fatal(err)
	}
	args := c.run("run", "--config=/etc/lagscaler/config/lagscaler.yaml", fmt.Sprintf("--listen=127.0.0.1:%d", port))
	at := slices.Index(args, c.name)
	args = slices.Insert(args, at, "--volume="+config+":/etc/lagscaler/config:ro")
	log := filepath.Join(t.TempDir(), "log")
	p, err := child.Start(child.Command{Path: lookPath(t), Args: args, Env: os.Environ(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last output:\n%s", p.Tail(25))
		}
		p.Kill()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want := fmt.Sprintf("lagscaler_group_lag_records{kafka_cluster=\"main\",group=%q} 18", group)
	err = child.Await(ctx, func(ctx context.Context) error {
		page, err := child.Fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
		if err == nil && !strings.Contains(page, want) {
			return fmt.Errorf("no %s", want)
		}
		return err
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(30 * time.Second); err != nil {
		t.Errorf("it did not end by SIGTERM: %v", err)
	}
}

func lookPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("buildah")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
